"""Exercise `stateful-step`: a step of truncated backpropagation through time, with the state of an LSTM carried."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged, unpack
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="stateful-step",
    chapter="09_language_models",
    place=3,
    title="A training step that carries the state",
    defines=("CharLSTM", "plain_descent", "train_on_stream", "train_step"),
    hints=(
        "It is the training step that you know: logits, loss, old gradients away, backward, clip, step. Two things are "
        "new: the model also takes a state, and gives one back. What still hangs on the state that it gives back?",
        "The state of an LSTM is a pair (h, c), and both hang on the graph of this chunk. Cut both: h.detach(), "
        "c.detach(). F.cross_entropy wants (B * T, V) and (B * T,): flatten(0, 1) joins the first two axes.",
        "logits, (h, c) = model(inputs, state); loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten()); "
        "optimizer.zero_grad(); loss.backward(); nn.utils.clip_grad_norm_(model.parameters(), max_norm); "
        "optimizer.step(); return loss.item(), (h.detach(), c.detach()).",
    ),
    forbidden=("rnnbook.train", "rnnbook.models", "rnnbook.recipes"),
)
LOOSE = 1e9  # a norm that no gradient reaches
Batch = tuple[Tensor, Tensor]
State = tuple[Tensor, Tensor]


class CharLSTM(nn.Module):
    """The model of the task."""

    def __init__(self, vocabulary_size: int, embedding_size: int, hidden_size: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.lstm = nn.LSTM(embedding_size, hidden_size, batch_first=True)
        self.linear = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        output, state = self.lstm(self.embedding(ids), state)
        return self.linear(output), state


class Case:
    """A model on the learner's side, one on ours with the same parameters, and the chunks of a text.

    Args:
        student: the fixture.
        B: rows.
        steps: symbols in each chunk.
        rate: learning rate.
        max_norm: of the gradients.
    """

    def __init__(self, student, B: int, steps: tuple[int, ...], rate: float, max_norm: float = LOOSE):
        self.student, self.rate, self.max_norm, self.B, self.steps = student, rate, max_norm, B, steps
        start = CharLSTM(5, 3, 4).double()
        for parameter in start.parameters():
            nn.init.normal_(parameter)
        self.start = {name: value.detach().clone() for name, value in start.state_dict().items()}
        rows = torch.randint(5, (B, sum(steps) + 1))
        self.batches = [*zip(rows[:, :-1].split(steps, 1), rows[:, 1:].split(steps, 1), strict=True)]
        torch.optim.SGD(start.parameters())  # before the learner's turn: a process's first optimizer takes seconds
        self.fresh()

    def fresh(self) -> tuple:
        """A model and its optimizer on the learner's side, as they were in the beginning."""
        self.model = self.student.CharLSTM(5, 3, 4).double()
        self.model.load_state_dict(self.start)
        self.optimizer = self.student.plain_descent(self.model, self.rate)
        return self.model, self.optimizer

    def run(self, way: Callable) -> dict[str, Tensor]:
        """What a way to train gives: losses, h and c at the end, and the parameters by name."""
        model = CharLSTM(5, 3, 4).double()
        model.load_state_dict(self.start)
        losses, (h, c) = way(model, self)
        outcome = {"losses": torch.tensor(losses, dtype=torch.float64), "h": h.detach(), "c": c.detach()}
        return outcome | {name: value.detach() for name, value in model.state_dict().items()}


def train(
    model: CharLSTM,
    case: Case,
    *,
    carry: str = "hc",
    clear: str = "before",
    clip: str = "norm",
    loss: str = "mean",
    after: str = "",
) -> tuple[list[float], State]:
    """The reference, with one thing done in another way.

    Args:
        carry: which parts of the state go on to the next chunk; the others start at zero.
        clear: gradients "before" backward, "after" it, or "never".
        clip: "norm", "value", "each" parameter by itself, or "none" in time for the step.
        loss: "mean" over all targets, "sum", "sum over time" and mean over rows, or of the "last" step.
        after: what is taken from a second reading, after the step: "loss" or "state".
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=case.rate)
    losses, state = [], None
    for inputs, targets in case.batches:
        before = state
        logits, state = model(inputs, before)
        value = criterion(logits, targets, loss)
        if clear == "before":
            optimizer.zero_grad()
        value.backward()
        if clear == "after":
            optimizer.zero_grad()
        shorten([*model.parameters()], case.max_norm, clip)
        optimizer.step()
        logits, late = model(inputs, before)
        losses.append((criterion(logits, targets, loss) if after == "loss" else value).item())
        h, c = (part.detach() for part in (late if after == "state" else state))
        state = (h if "h" in carry else h * 0, c if "c" in carry else c * 0)
    return losses, (h, c)


def criterion(logits: Tensor, targets: Tensor, loss: str) -> Tensor:
    """The loss of a chunk."""
    each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")  # (B, T)
    ways = {"mean": each.mean(), "sum": each.sum(), "sum over time": each.sum(1).mean(), "last": each[:, -1].mean()}
    return ways[loss]


def shorten(parameters: list[Tensor], max_norm: float, clip: str) -> None:
    """Clips gradients."""
    if clip == "norm":
        nn.utils.clip_grad_norm_(parameters, max_norm)
    elif clip == "value":
        nn.utils.clip_grad_value_(parameters, max_norm)
    elif clip == "each":
        for parameter in parameters:
            nn.utils.clip_grad_norm_(parameter, max_norm)


UNCLIPPED = (
    "The step was made with gradients that were not clipped: clip_grad_norm_ stands between loss.backward(), which "
    "makes them, and optimizer.step(), which uses them."
)
MISTAKES = {
    "The state is not carried, each chunk starts from zeros again: call model(inputs, state), and return the state "
    "that the model gives back.": {"carry": ""},
    "Only h is carried, and c starts from zero in each chunk: an LSTM's state is the pair (h, c).": {"carry": "h"},
    "Only c is carried, and h starts from zero in each chunk: an LSTM's state is the pair (h, c).": {"carry": "c"},
    UNCLIPPED: {"clip": "none"},
    "The gradients were clipped by value, which turns their direction: clip_grad_norm_ shortens them all by one "
    "factor.": {"clip": "value"},
    "Each parameter's gradient was clipped by itself: clip_grad_norm_ takes all parameters at once.": {"clip": "each"},
    "The gradients of all chunks add up: optimizer.zero_grad() comes before each backward().": {"clear": "never"},
    "Nothing was learned: zero_grad() after backward() throws the new gradients away, or step() is missing.": (
        {"clear": "after"}
    ),
    "The loss is a sum over all targets: take their mean, or a longer chunk makes a longer step.": {"loss": "sum"},
    "The loss is summed over time: take the mean over all B * T targets.": {"loss": "sum over time"},
    "The loss is that of each row's last step: take the mean over all B * T targets.": {"loss": "last"},
    "The loss was taken after the step, from a second reading: return the one that the step was made from.": (
        {"after": "loss"}
    ),
    "The chunk was read a second time, after the step, for its state: return the one that came with the logits.": (
        {"after": "state"}
    ),
}
HISTORY = {
    (True, True): "The state that you return still hangs on the graph of its chunk. The next backward would go back "
    "through it, and all chunks would stay in memory: return (h.detach(), c.detach()).",
    (False, True): "You cut h from its history, but c hangs on the graph of its chunk still. An LSTM's memory is c: "
    "return (h.detach(), c.detach()).",
    (True, False): "You cut c from its history, but h hangs on the graph of its chunk still: return (h.detach(), "
    "c.detach()).",
}


def read(case: Case, batches: list[Batch]) -> tuple:
    """Losses, the last state and its history, from the learner's steps through these chunks."""
    try:
        return case.student.train_on_stream(*case.fresh(), batches, case.max_norm)
    except LearnerError as error:
        if "does not require grad" in error.said:
            told = "There is no gradient: no_grad(), detach() or .item() has cut the loss from the model."
        elif "second time" in error.said or "inplace operation" in error.said:
            history = tuple(read(case, batches[:1])[2]) if len(batches) > 1 else (True, True)
            told = HISTORY.get(history, HISTORY[True, True])
            if "inplace operation" in error.said:
                told += " Keeping the graphs (retain_graph=True) is no remedy: they belong to parameters of before."
        else:
            raise
        raise AssertionError(f"{told}\n{error}") from None


def assert_form(loss, state) -> State:
    """Checks that a step gave a number and a pair of tensors."""
    remedy = ""
    if isinstance(loss, Tensor):
        remedy = " A tensor keeps the graph of its chunk in memory: return loss.item()."
    assert isinstance(loss, float), f"The loss should be a Python number, but it is {describe(loss)}.{remedy}"
    h, c = unpack(state, "h", "c")
    for name, part in (("h", h), ("c", c)):
        assert isinstance(part, Tensor), f"{name} of the state should be a tensor, but it is {describe(part)}."
    return h, c


def close(got: dict[str, Tensor], values: dict[str, Tensor], skip: str = "") -> bool:
    """Whether all values are equal."""
    return all(
        got[name].shape == value.shape and torch.allclose(got[name].to(value), value, atol=1e-9)
        for name, value in values.items()
        if name != skip
    )


def guess(case: Case, got: dict[str, Tensor], right: dict[str, Tensor]) -> str | None:
    """The mistake that does what the learner's steps did."""
    for sentence, fault in MISTAKES.items():
        values = case.run(partial(train, **fault))
        if close(got, values) and not close(values, right):
            return sentence
    return None


def assert_trained(case: Case) -> None:
    """Checks losses, the last state and the parameters afterwards."""
    right = case.run(train)
    losses, state, _ = read(case, case.batches)
    h, c = assert_form(losses[0], state)
    got = {"losses": torch.tensor(losses, dtype=torch.float64), "h": h, "c": c} | case.model.state_dict()
    sentence = None if close(got, right) else guess(case, got, right)
    what = f"(for chunks of {list(case.steps)} symbols in {case.B} rows, learning rate {case.rate:g})"
    labels = {"losses": "losses", "h": "h at the end", "c": "c at the end"}
    for name, value in right.items():
        label = labels.get(name, f"the model's {name} afterwards")
        mistakes = {sentence: got[name]} if sentence else None
        assert_equal_arrays(got[name], value, mistakes=mistakes, what=f"{label} {what}")


@points(2)
@pytest.mark.parametrize(("B", "T"), [(4, 4), (2, 3)])
def test_one_step(student, B, T):
    """A step on the first chunk: the loss and the state it gives, and what it changes."""
    case = Case(student, B, (T,), 0.5)
    inputs, targets = case.batches[0]
    loss, state = unpack(student.train_step(*case.fresh(), inputs, targets, None, LOOSE), "loss", "state")
    assert_form(loss, state)
    assert_trained(case)


@points(3)
@pytest.mark.parametrize("rate", [0.0, 0.5])
@pytest.mark.parametrize(("B", "steps"), [(2, (4, 4, 4)), (3, (3, 3, 1)), (1, (2, 2))])
def test_state_is_carried(student, B, steps, rate):
    """Each chunk starts from the state that the one before has left, and makes a step of its own."""
    assert_trained(Case(student, B, steps, rate))


@points(2)
def test_history_is_cut(student):
    """The state that a step returns has no history: neither h nor c."""
    case = Case(student, 2, (3, 3), 0.5)
    history = tuple(read(case, case.batches[:1])[2])
    assert history == (False, False), HISTORY.get(history, f"h and c should be tensors without a history: {history}.")
    assert_trained(case)


@points(2)
@pytest.mark.parametrize("max_norm", [0.2, 0.02])
def test_clipping(student, max_norm):
    """The gradients are clipped by their norm before the step."""
    assert_trained(Case(student, 2, (4, 4, 2), 1.0, max_norm))


@points(1)
def test_arguments_unchanged(student):
    """Inputs, targets and the state that was given stay as they are."""
    case = Case(student, 2, (3,), 0.5)
    state = tuple(torch.randn(1, 2, 4, dtype=torch.float64) for _ in range(2))
    student.train_step(*case.fresh(), *case.batches[0], state, LOOSE)
    assert_unchanged(student, "model", "optimizer", "inputs", "targets", "state", "max_norm")
