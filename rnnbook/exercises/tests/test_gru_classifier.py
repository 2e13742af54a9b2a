"""Exercise `gru-classifier`: embedding, GRU and linear layer, against torch's GRU over the packed batch."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="gru-classifier",
    chapter="08_sentiment",
    place=1,
    title="A GRU that classifies texts",
    defines=("GRUClassifier",),
    hints=(
        "Three parts in a row: ids (B, T) become vectors (B, T, D), the GRU reads them, and one vector for each text "
        "goes through the linear layer. Which vector has seen the whole text, and none of the padding?",
        "Pack the batch, pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False), and take h_n: "
        "it holds each row's state after its own last step. h_n goes layer by layer, in each layer forward before "
        "backward. So the top layer stands at its end.",
        "_, h_n = self.gru(packed); summary = torch.cat([h_n[-2], h_n[-1]], dim=1) if self.gru.bidirectional else "
        "h_n[-1]; return self.linear(summary). The linear layer reads 2H features in the two-way case. The embedding "
        "is nn.Embedding(V, D, padding_idx=0).",
    ),
    forbidden=("rnnbook.models", "rnnbook.encode"),
)


class Right(nn.Module):
    """The model of the task, with large random weights: no mistake hides behind small numbers."""

    def __init__(self, V: int, D: int, H: int, C: int, num_layers: int = 1, bidirectional: bool = False):
        super().__init__()
        self.embedding = nn.Embedding(V, D, padding_idx=0)
        self.gru = nn.GRU(D, H, num_layers, batch_first=True, bidirectional=bidirectional)
        self.linear = nn.Linear(2 * H if bidirectional else H, C)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1, 1)
        self.embedding.weight.data[0] = 0
        self.call = f"GRUClassifier({V}, {D}, {H}, {C}, {num_layers}, {bidirectional})"

    def states(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The top layer's output, and h_n, of the packed batch."""
        x = pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
        output, h_n = self.gru(x)
        return pad_packed_sequence(output, batch_first=True, total_length=ids.shape[1])[0], h_n

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        h_n = self.states(ids, lengths)[1]
        return self.linear(torch.cat([*h_n[-2:]], dim=1) if self.gru.bidirectional else h_n[-1])


def built(student, V: int, D: int, H: int, C: int, L: int = 1, both: bool = False) -> tuple:
    """The learner's model and the right one, with the same parameters."""
    right = Right(V, D, H, C, L, both)
    model = student.GRUClassifier(V, D, H, C, L, both)
    fresh = model.state_dict()
    assert_fits(fresh, right)
    model.load_state_dict({name: value.detach() for name, value in right.state_dict().items()})
    return model, right, fresh


def assert_fits(got: dict[str, Tensor], right: Right) -> None:
    """Checks the names and shapes of the learner's parameters."""
    H, L, both = right.gru.hidden_size, right.gru.num_layers, right.gru.bidirectional
    for name, value in right.state_dict().items():
        remedy = "Give the parts the names embedding, gru and linear."
        if "_reverse" in name:
            remedy = "Hand bidirectional on to nn.GRU."
        elif "_l" in name and not name.endswith("_l0"):
            remedy = "Hand num_layers on to nn.GRU."
        assert name in got, f"{right.call} lacks the parameter {name}. {remedy}"
        expected, found = tuple(value.shape), tuple(got[name].shape)
        remedy = ""
        if name == "linear.weight" and both and found[1:] == (H,):
            remedy = " The summary of a two-way GRU has 2H features: you take one direction only."
        elif name == "linear.weight" and found[1:] == (H * L * (1 + both),) and L > 1:
            remedy = " The summary is the top layer's state alone, not that of all layers."
        elif name.startswith("gru") and found[0] != expected[0]:
            remedy = " A GRU holds three gates in one parameter: is it an nn.GRU?"
        assert found == expected, f"In {right.call}, {name} should have shape {expected}, but it has {found}.{remedy}"
    strange = sorted(got.keys() - right.state_dict().keys())
    assert not strange, (
        f"{right.call} needs an embedding, a GRU and a linear layer, but it has {', '.join(strange)} too."
    )


def batch(V: int, lengths: list[int], spare: int = 0) -> tuple[Tensor, Tensor]:
    """Texts of these lengths, in ids from 1, padded with 0 to the longest and `spare` steps."""
    lengths = torch.tensor(lengths)
    ids = torch.randint(1, V, (len(lengths), int(lengths.max()) + spare))
    return ids.masked_fill(torch.arange(ids.shape[1]) >= lengths[:, None], 0), lengths


@torch.no_grad()
def mistakes(right: Right, ids: Tensor, lengths: Tensor) -> dict:
    """What people write instead, and the logits that it gives."""
    gru, linear, both = right.gru, right.linear, right.gru.bidirectional
    B, T = ids.shape
    output, h_n = right.states(ids, lengths)
    full = torch.full_like(lengths, T)
    output_all, h_all = right.states(ids, full)
    last, rows = lengths - 1, torch.arange(B)
    H = gru.hidden_size
    logits = right(ids, lengths)

    def pair(h: Tensor) -> Tensor:
        return torch.cat([*h[-2:]], dim=1) if both else h[-1]

    def wrong_axis() -> Tensor:
        other = nn.GRU(gru.input_size, H, gru.num_layers, bidirectional=both)
        other.load_state_dict(gru.state_dict())
        return linear(pair(other(right.embedding(ids))[1]))

    return {
        "You put softmax on top: give the logits, since nn.CrossEntropyLoss applies softmax itself. Applied twice, it "
        "keeps the loss from ever reaching 0.": logits.softmax(1),
        "You put log_softmax on top: give the logits, since nn.CrossEntropyLoss applies it itself.": (
            logits.log_softmax(1)
        ),
        "You put the sigmoid on top: give the logits.": logits.sigmoid(),
        "You give the class with the highest score: give the scores of all classes, the logits.": logits.argmax(1),
        "The GRU has read the padding: this is the state at the last step of the padded batch, output[:, -1]. Take "
        "each row's state after its own last valid step.": lambda: linear(output_all[:, -1]),
        "This is output[:, -1] of the packed batch, which is 0 in the padding. Take each row's state after its own "
        "last valid step, lengths - 1.": lambda: linear(output[:, -1]),
        "The GRU has read the padding: h_n belongs to the end of the padded batch. Pack the batch first.": lambda: (
            linear(pair(h_all))
        ),
        "The backward half comes from each row's last valid step, where it has read one word only: it has read the "
        "whole text after step 0.": lambda: linear(output[rows, last]),
        "The backward direction has started in the padding: pack the batch first.": lambda: linear(
            torch.cat([output_all[rows, last, :H], output_all[:, 0, H:]], dim=1)
        ),
        "The backward direction has started in the padding, and its half comes from the last valid step: pack the "
        "batch first, and take h_n.": lambda: linear(output_all[rows, last]),
        "This is the first layer's state: h_n goes from the first layer to the top one, which stands at its end.": (
            lambda: linear(torch.cat([*h_n[:2]], dim=1) if both else h_n[0])
        ),
        "The two directions are the wrong way round: h_n[-2] is forward, h_n[-1] backward, and the linear layer reads "
        "forward first.": lambda: linear(torch.cat([h_n[-1], h_n[-2]], dim=1)),
        "You took the last step of each of two layers: the top layer's two directions are h_n[-2] and h_n[-1].": (
            lambda: linear(torch.cat([h_n[0], h_n[2]], dim=1))
        ),
        "h_n.view(B, -1) mixes the texts: h_n is (L * directions, B, H), so index its first axis.": lambda: linear(
            h_n.reshape(B, -1)
        ),
        "h_n[:, -1] is the last text of the batch: h_n is (L * directions, B, H), even with batch_first.": lambda: (
            linear(h_n[:, -1])
        ),
        "You have the logits of every layer: h_n is (L * directions, B, H), and squeeze(0) leaves it as it is when "
        "there are several. Take h_n[-1].": lambda: linear(h_n),
        "You have logits at every step: one vector for each text goes through the linear layer.": lambda: linear(
            output
        ),
        "You have logits at every step, in the padding too: one vector for each text goes through the linear layer.": (
            lambda: linear(output_all)
        ),
        "The batch axis is lost: squeeze() without an axis drops it where the batch is a single text. Index, h_n[-1], "
        "instead of squeezing.": lambda: logits[0],
        "The GRU runs along the batch instead of the words: is batch_first=True missing?": wrong_axis,
        "You took the mean over all steps: take the state after the last valid one.": lambda: linear(
            output_all.mean(1)
        ),
    }


def assert_logits(model, right: Right, ids: Tensor, lengths: Tensor) -> None:
    """Checks the logits of a batch."""
    what = f"the logits of {right.call} for lengths {lengths.tolist()} in a batch of {ids.shape[1]} steps"
    got = answer(model, ids, lengths)
    assert_equal_arrays(got, right(ids, lengths).detach(), mistakes=mistakes(right, ids, lengths), what=what)


def answer(model, ids: Tensor, lengths: Tensor):
    """What the learner's model gives; two errors of torch are explained."""
    try:
        return model(ids, lengths)
    except LearnerError as error:
        if "enforce_sorted" in error.said:
            told = "The texts come in any order of length: pack_padded_sequence(..., enforce_sorted=False)."
        elif "shapes cannot be multiplied" in error.said:
            told = "The linear layer got a summary of another width than it was made for: H features, 2H if two-way."
        else:
            raise
        raise AssertionError(f"{told}\n{error}") from None


@points(2)
@pytest.mark.parametrize(("V", "D", "H", "C", "L", "both"), [(9, 3, 5, 2, 1, False), (7, 4, 3, 5, 2, True)])
def test_parameters(student, V, D, H, C, L, both):
    """The parts have their names and sizes, and the padding's vector is zero."""
    model, _, fresh = built(student, V, D, H, C, L, both)
    norm = fresh["embedding.weight"][0].norm().item()
    assert norm == 0, (
        f"Id 0 is padding, and its vector should be zero, but it has the norm {norm:.3g}: nn.Embedding(..., "
        "padding_idx=0) makes it zero and keeps it so in training."
    )
    index = model.embedding.padding_idx
    assert index == 0, f"The embedding's padding_idx should be 0, but it is {index}: training would move that vector."


@points(2)
@pytest.mark.parametrize(("B", "T", "D", "H", "C"), [(3, 3, 3, 3, 3), (4, 6, 2, 5, 3)])
def test_whole_rows(student, B, T, D, H, C):
    """One layer, one direction, texts of one length: logits (B, C)."""
    model, right, _ = built(student, 8, D, H, C)
    assert_logits(model, right, *batch(8, [T] * B))


@points(2)
@pytest.mark.parametrize("spare", [0, 9])
def test_padding(student, spare):
    """Texts of different lengths in a padded batch, in any order."""
    model, right, _ = built(student, 8, 3, 4, 2)
    assert_logits(model, right, *batch(8, [2, 5, 1, 3], spare))


@points(2)
@pytest.mark.parametrize(("L", "both"), [(2, False), (1, True), (3, False), (2, True)])
def test_layers_and_directions(student, L, both):
    """Several layers, and both directions, over a padded batch."""
    model, right, _ = built(student, 8, 3, 4, 3, L, both)
    assert_logits(model, right, *batch(8, [2, 5, 1], 2))


@points(1)
@pytest.mark.parametrize(("L", "both"), [(1, False), (2, True)])
def test_one_text(student, L, both):
    """A batch of a single text gives (1, C)."""
    model, right, _ = built(student, 8, 3, 4, 2, L, both)
    assert_logits(model, right, *batch(8, [4], 1))
    assert_logits(model, right, *batch(8, [1]))


@points(1)
def test_gradient(student):
    """Gradients reach all parameters, and the arguments stay as they are."""
    model, right, _ = built(student, 8, 2, 3, 2, 2, True)
    ids, lengths = batch(8, [2, 4, 1])
    assert_logits(model, right, ids, lengths)
    assert_unchanged(student, "ids", "lengths")
    names = [name for name, _ in right.named_parameters()]
    upstream = torch.randn(3, 2)
    expected = torch.autograd.grad(right(ids, lengths), [*right.parameters()], upstream)
    got = student.grad(model, (ids, lengths), wrt=tuple(names), upstream=upstream)
    for name, value, correct in zip(names, got, expected, strict=True):
        assert_equal_arrays(value, correct, what=f"the gradient with respect to {name}")
