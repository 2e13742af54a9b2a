"""Exercise `dropout-and-norm`: a batch norm over the valid steps, and dropout where it acts, off in evaluation."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="dropout-and-norm",
    chapter="08_sentiment",
    place=2,
    title="Dropout that drops, and a norm on the right axis",
    defines=("StepNorm", "RegularisedClassifier"),
    hints=(
        "nn.BatchNorm1d reads (N, features), and needs no axis moved if you give it just that. What are the N things "
        "here? Only the valid steps. For dropout: an nn.LSTM of one layer has no place between layers, so nn.Dropout "
        "has to stand on its own.",
        "A mask (B, T) picks steps out of (B, T, F): output[valid] is (N, F). In the other direction, result = "
        "torch.zeros_like(output) and result[valid] = ... puts them back. In the classifier use one nn.Dropout twice: "
        "on the word vectors, and on the normalised summary.",
        "result[valid] = self.norm(output[valid]). And: x = self.dropout(self.embedding(ids)); pack it; _, (h_n, _) = "
        "self.lstm(packed); return self.linear(self.dropout(self.norm(h_n[-1]))). nn.Dropout knows by itself when it "
        "is off: eval() tells it.",
    ),
    forbidden=("rnnbook.models", "rnnbook.encode"),
)
EPS = 1e-5  # of torch's norms


def step_norm(student, features: int):
    """The learner's StepNorm with random scale and shift, which are given back too."""
    model = student.StepNorm(features)
    state = {"norm.weight": torch.rand(features) + 0.5, "norm.bias": torch.randn(features)}
    state |= {"norm.running_mean": torch.randn(features), "norm.running_var": torch.rand(features) + 0.5}
    state["norm.num_batches_tracked"] = torch.tensor(0)
    assert_same_names(model.state_dict(), state, f"StepNorm({features})", "self.norm is an nn.BatchNorm1d(features).")
    model.load_state_dict(state)
    return model, state


def assert_same_names(got: dict[str, Tensor], state: dict[str, Tensor], call: str, remedy: str) -> None:
    """Checks the names and shapes of a model's parameters."""
    for name, value in state.items():
        assert name in got, f"{call} lacks {name}: {remedy}"
        expected, found = tuple(value.shape), tuple(got[name].shape)
        assert found == expected, f"In {call}, {name} should have shape {expected}, but it has {found}: {remedy}"
    strange = sorted(got.keys() - state.keys())
    assert not strange, f"{call} should have the parameters of its parts alone, but it has {', '.join(strange)} too."


def states(lengths: list[int], features: int, spare: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """A padded batch of states, features of different means and scales; lengths; the mask of valid steps."""
    T, n = max(lengths) + spare, torch.tensor(lengths)
    output = torch.randn(len(lengths), T, features) * (1 + torch.arange(features)) + 3 * torch.randn(features)
    return output, n, torch.arange(T) < n[:, None]


def normed(x: Tensor, axes: tuple[int, ...], state: dict[str, Tensor], correction: int = 0) -> Tensor:
    """x with mean 0 and variance 1 over these axes, then scaled and shifted."""
    mean, var = x.mean(axes, keepdim=True), x.var(axes, keepdim=True, correction=correction)
    return (x - mean) / (var + EPS).sqrt() * state["norm.weight"] + state["norm.bias"]


def by_running(x: Tensor, state: dict[str, Tensor]) -> Tensor:
    """x normalised by the running statistics, as in evaluation."""
    mean, var = state["norm.running_mean"], state["norm.running_var"]
    return (x - mean) / (var + EPS).sqrt() * state["norm.weight"] + state["norm.bias"]


def assert_normed(got, right: Tensor, output: Tensor, valid: Tensor, state: dict[str, Tensor], mode: str) -> None:
    """Checks what StepNorm gives: first the valid steps, then the padding."""
    shown = got.masked_fill(~valid[..., None], 0) if isinstance(got, Tensor) and got.shape == output.shape else got
    inside = valid[..., None]
    zeroed = output * inside

    def wrong_axis() -> Tensor:
        scale, shift = state["norm.weight"][:, None], state["norm.bias"][:, None]
        mean, var = output.mean((0, 2), keepdim=True), output.var((0, 2), keepdim=True, correction=0)
        return ((output - mean) / (var + EPS).sqrt() * scale + shift) * inside  # has a value where T == F

    def wrong_axis_running() -> Tensor:
        named = {name: value[:, None] for name, value in state.items() if value.ndim}
        return by_running(output, named) * inside

    wrong = {
        "Time is normalised, not the features: nn.BatchNorm1d takes axis 1 of (B, T, F) for the features, and says "
        "nothing when T happens to be F. Give it (N, F), the valid steps below each other.": wrong_axis,
        "Time is normalised, not the features: nn.BatchNorm1d takes axis 1 of (B, T, F) for the features.": (
            wrong_axis_running
        ),
        "The padding counts in mean and variance: take them over the valid steps only, output[valid].": lambda: (
            normed(output, (0, 1), state) * inside
        ),
        "The padding counts in mean and variance, as zeros: take them over the valid steps only, output[valid].": (
            lambda: normed(zeroed, (0, 1), state) * inside
        ),
        "That is a layer norm, over the features of each step: StepNorm normalises each feature over the steps of the "
        "batch.": lambda: normed(output, (2,), state) * inside,
        "The mean and variance are those of evaluation, running_mean and running_var: in training they come from the "
        "batch.": lambda: by_running(output, state) * inside,
        "All features share one mean and variance: each has its own.": lambda: (
            (
                (output - output[valid].mean()) / (output[valid].var(correction=0) + EPS).sqrt() * state["norm.weight"]
                + state["norm.bias"]
            )
            * inside
        ),
        "Each text is normalised by itself: mean and variance are those of all valid steps of the batch.": lambda: (
            torch.stack([normed(row * 1, (0,), state) for row in output]) * inside
        ),
        "Scale and shift are missing, norm.weight and norm.bias: use the nn.BatchNorm1d itself.": lambda: (
            (right - state["norm.bias"]) / state["norm.weight"] * inside
        ),
        "In evaluation the batch must not matter, but you normalise by its mean and variance: self.norm knows its mode "
        "by itself, so call it, and do not set training=True.": lambda: torch.zeros_like(output).masked_scatter(
            inside, normed(output[valid], (0,), state)
        ),
        "Nothing is normalised.": zeroed,
    }
    what = f"StepNorm {mode}, for valid steps {valid.sum(1).tolist()}, T = {output.shape[1]}, F = {output.shape[2]},"
    assert_equal_arrays(shown, right, mistakes=wrong, what=what)
    padding = got.masked_fill(inside, 0).abs().max().item()
    assert padding == 0, (
        f"{what} is right in the valid steps, but should be 0 in the padding: one number is {padding:.3g}."
    )


def called(model, *args):
    """What the learner's model gives; an error of BatchNorm1d is explained."""
    try:
        return model(*args)
    except LearnerError as error:
        if "running_mean should contain" in error.said or "elements not" in error.said:
            told = (
                "nn.BatchNorm1d takes axis 1 for the features, and in (B, T, F) that is time. Give it (N, F), the "
                "valid steps below each other: output[valid]."
            )
            raise AssertionError(f"{told}\n{error}") from None
        raise


@points(3)
@pytest.mark.parametrize(
    ("lengths", "features", "spare"), [([4, 4, 4], 4, 0), ([4, 2, 1], 4, 0), ([2, 5, 3], 3, 0), ([2, 3], 5, 7)]
)
def test_step_norm(student, lengths, features, spare):
    """StepNorm in training: each feature over the valid steps of the batch; T equal to F too."""
    model, state = step_norm(student, features)
    output, lengths, valid = states(lengths, features, spare)
    right = torch.zeros_like(output)
    right[valid] = normed(output[valid], (0,), state)
    assert_normed(called(model, output, lengths), right, output, valid, state, "in training")


@points(1)
def test_step_norm_in_evaluation(student):
    """StepNorm in evaluation: by the running mean and variance, which training has moved."""
    model, state = step_norm(student, 3)
    output, lengths, valid = states([2, 4], 3)
    called(model, output, lengths)
    moved = model.state_dict()
    mean = 0.9 * state["norm.running_mean"] + 0.1 * output[valid].mean(0)
    wrong = {
        "The padding has gone into the running mean.": 0.9 * state["norm.running_mean"] + 0.1 * output.mean((0, 1)),
        "The running mean has not moved in training: call self.norm, which keeps it.": state["norm.running_mean"],
    }
    assert_equal_arrays(moved["norm.running_mean"], mean, mistakes=wrong, what="running_mean after a step of training")
    model.load_state_dict(state)
    model.eval()
    right = by_running(output, state) * valid[..., None]
    assert_normed(called(model, output, lengths), right, output, valid, state, "in evaluation")


class Right(nn.Module):
    """The classifier of the task, without dropout, with large random weights."""

    def __init__(self, V: int, D: int, H: int, C: int):
        super().__init__()
        self.embedding = nn.Embedding(V, D, padding_idx=0)
        self.lstm = nn.LSTM(D, H, batch_first=True)
        self.norm = nn.LayerNorm(H)
        self.linear = nn.Linear(H, C)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1, 1)

    def summary(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """The last valid state, (B, H)."""
        packed = pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
        return self.lstm(packed)[1][0][-1]

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        return self.linear(self.norm(self.summary(ids, lengths)))


def classifiers(student, V: int, D: int, H: int, C: int, dropout: float) -> tuple:
    """The learner's classifier and the right one, with the same parameters."""
    right, call = Right(V, D, H, C), f"RegularisedClassifier({V}, {D}, {H}, {C}, {dropout:g})"
    model = student.RegularisedClassifier(V, D, H, C, dropout)
    state = {name: value.detach() for name, value in right.state_dict().items()}
    got = model.state_dict()
    remedy = "it is made of embedding, lstm (one layer), norm (nn.LayerNorm) and linear."
    extra = " BatchNorm keeps running statistics; the summary goes through nn.LayerNorm(hidden_size)."
    assert "norm.running_mean" not in got, f"{call}: {remedy}{extra}"
    assert_same_names(got, state, call, remedy)
    model.load_state_dict(state)
    return model, right, call


@points(2)
@pytest.mark.parametrize(("D", "H", "C"), [(4, 4, 4), (3, 5, 2)])
def test_classifier_in_evaluation(student, D, H, C):
    """RegularisedClassifier after eval(): no dropout, a layer norm on the last valid state."""
    model, right, call = classifiers(student, 9, D, H, C, 0.5)
    model.eval()
    lengths = torch.tensor([3, 5, 1, 4])
    ids = torch.randint(1, 9, (4, 7))
    first, second = (called(model, ids, lengths) for _ in range(2))
    same = not isinstance(first, Tensor) or (first.shape == second.shape and torch.equal(first, second))
    assert same, (
        "After model.eval() two calls disagree: dropout is still on. nn.Dropout knows its mode; F.dropout does not, "
        "unless you give it self.training."
    )
    h = right.summary(ids, lengths)
    full = right.summary(ids, torch.full_like(lengths, 7))

    def over_the_batch() -> Tensor:
        scaled = (h - h.mean(0)) / (h.var(0, correction=0) + EPS).sqrt()
        return right.linear(scaled * right.norm.weight + right.norm.bias)

    wrong = {
        "The summary is not normalised: self.norm comes between the last valid state and self.linear.": right.linear(h),
        "The LSTM has read the padding: take each row's state after its own last valid step.": (
            right.linear(right.norm(full))
        ),
        "The LSTM has read the padding, and the summary is not normalised.": right.linear(full),
        "You normalised over the batch: a layer norm is over the features of each text.": over_the_batch,
        "There is a softmax on top: give the logits.": right(ids, lengths).softmax(1),
        "Scale and shift of the norm are missing: call self.norm.": lambda: right.linear(F.layer_norm(h, (H,))),
    }
    what = f"{call} in evaluation, for lengths {lengths.tolist()},"
    assert_equal_arrays(first, right(ids, lengths).detach(), mistakes=wrong, what=what)


ROWS = 400


def in_training(student, dropout: float) -> tuple:
    """What a classifier, whose logits are its normalised and dropped summary, says of one text, many times."""
    H = 3
    model, right, call = classifiers(student, 6, 4, H, H, dropout)
    right.linear.weight.data.copy_(torch.eye(H))
    right.linear.bias.data.zero_()
    model.load_state_dict({name: value.detach() for name, value in right.state_dict().items()})
    ids = torch.randint(1, 6, (1, 4)).expand(ROWS, -1).contiguous()
    lengths = torch.full((ROWS,), 4)
    got = called(model, ids, lengths)
    expected = right(ids, lengths).detach()
    assert_equal_arrays(torch.zeros_like(got) if isinstance(got, Tensor) else got, 0 * expected, what=f"{call}")
    return got, call


@points(2)
def test_dropout_on_the_summary(student):
    """In training, half of the summary's features are dropped, before the linear layer."""
    model, right, call = classifiers(student, 6, 4, 5, 2, 1.0)
    ids, lengths = torch.randint(1, 6, (3, 4)), torch.tensor([4, 2, 1])
    right.embedding.weight.data[0] = 0
    wrong = {
        "In training nothing is dropped: nn.LSTM's own dropout acts between its layers, and with one layer there is no "
        "between. Put nn.Dropout on the word vectors and before self.linear.": right(ids, lengths),
        "The word vectors are dropped, the summary is not: dropout comes before self.linear too.": (
            right(0 * ids, lengths)
        ),
        "Dropout acts on the logits: it belongs before self.linear. The answer itself must not be thrown away.": (
            torch.zeros(3, 2)
        ),
        "Dropout acts before the norm, which makes features of the zeros again: it comes after self.norm.": (
            right.linear(right.norm(torch.zeros(3, 5)))
        ),
    }
    what = f"{call} in training, where the whole summary is dropped and the bias is left,"
    bias = right.linear.bias.detach().expand(3, 2)
    assert_equal_arrays(called(model, ids, lengths), bias, mistakes=wrong, what=what)
    got, call = in_training(student, 0.5)
    share = (got == 0).double().mean().item()
    assert abs(share - 0.5) < 0.08, (
        f"{call} in training should drop half of the summary's features, but it drops {share:.0%}. (A logit is 0 where "
        "its feature was dropped: here linear is the identity, without a bias.)"
    )


@points(2)
def test_dropout_on_the_words(student):
    """In training, features of the word vectors are dropped too, and nothing else is lost."""
    got, call = in_training(student, 0.5)
    assert (got != 0).any(), "In training all of the summary is dropped: the probability is the one that was given."
    kept = [column[column != 0] for column in got.T]
    varied = [len(column) > 1 and bool((column - column[0]).abs().max() > 1e-4) for column in kept]
    assert all(varied), (
        "In training no word vector loses anything: one text, read many times, gives the same features each time. "
        f"Dropout acts on the embedded words, before the LSTM, as well.\n{call} was given one text {ROWS} times."
    )
    model, right, call = classifiers(student, 6, 4, 5, 2, 0.0)
    ids, lengths = torch.randint(1, 6, (3, 4)), torch.tensor([4, 2, 1])
    what = f"{call} in training, where nothing is dropped,"
    assert_equal_arrays(called(model, ids, lengths), right(ids, lengths).detach(), what=what)
