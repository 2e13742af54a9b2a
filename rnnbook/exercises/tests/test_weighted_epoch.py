"""Exercise `weighted-epoch`: one epoch of training, its steps in the right order, its mean over examples."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="weighted-epoch",
    chapter="08_sentiment",
    place=4,
    title="One epoch of training",
    defines=("MeanOfWords", "plain_descent", "train_epoch"),
    hints=(
        "Say what happens to one batch, in words: old gradients go, the model answers, the loss compares, gradients "
        "come, the long ones are shortened, the parameters move. That is the order of the lines.",
        "The loss of a batch is a mean over its examples. Ten examples must weigh ten times as much as one, so add up "
        "loss.item() * len(targets), and divide by the number of all examples in the end. And before the loop: which "
        "mode should the model be in?",
        "model.train(); for ids, lengths, targets in batches: loss = F.cross_entropy(model(ids, lengths), targets); "
        "optimizer.zero_grad(); loss.backward(); nn.utils.clip_grad_norm_(model.parameters(), max_norm); "
        "optimizer.step(); total += loss.item() * len(targets); count += len(targets). Return total / count.",
    ),
    forbidden=("rnnbook.train", "rnnbook.models", "rnnbook.recipes"),
)
Batch = tuple[Tensor, Tensor, Tensor]
LOOSE = 1e9  # a norm that no gradient reaches


class MeanOfWords(nn.Module):
    """The model of the task."""

    def __init__(self, vocabulary_size: int, embedding_size: int, classes: int, dropout: float):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=0)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(embedding_size, classes)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        return self.linear(self.dropout(self.embedding(ids).sum(dim=1) / lengths[:, None]))


class Case:
    """A model on the learner's side, one on ours with the same parameters, and batches for both.

    Args:
        student: the fixture.
        sizes: examples in each batch.
        rate: learning rate.
        max_norm: of the gradients.
        dropout: its probability.
        mode: of the model before the epoch.
    """

    def __init__(self, student, sizes: tuple[int, ...], rate: float, max_norm: float = LOOSE, dropout=0.0, mode=True):
        self.rate, self.max_norm, self.dropout, self.mode = rate, max_norm, dropout, mode
        start = MeanOfWords(9, 3, 2, dropout).double()
        for parameter in start.parameters():
            nn.init.normal_(parameter)
        start.embedding.weight.data[0] = 0
        self.start = {name: value.detach().clone() for name, value in start.state_dict().items()}
        self.batches = [self.batch(size) for size in sizes]
        torch.optim.SGD(start.parameters())  # before the learner's turn: a process's first optimizer takes seconds
        self.model = student.MeanOfWords(9, 3, 2, dropout).double()
        self.model.load_state_dict(self.start)
        self.model.train(mode)
        self.call = (self.model, self.batches, student.plain_descent(self.model, rate), max_norm)

    def batch(self, size: int) -> Batch:
        """Texts of one to four words, and labels."""
        lengths = torch.randint(1, 5, (size,))
        ids = torch.randint(1, 9, (size, 4)).masked_fill(torch.arange(4) >= lengths[:, None], 0)
        return ids, lengths, torch.randint(0, 2, (size,))

    def run(self, way: Callable) -> dict[str, Tensor]:
        """What a way to train gives: the mean loss, and the parameters by name."""
        model = MeanOfWords(9, 3, 2, self.dropout).double()
        model.load_state_dict(self.start)
        model.train()
        loss = torch.tensor(way(model, self), dtype=torch.float64)
        return {"loss": loss} | {name: value.detach() for name, value in model.state_dict().items()}


def train(
    model: MeanOfWords,
    case: Case,
    *,
    clip: str = "norm",
    clear: str = "before",
    mode: bool = True,
    mean: str = "examples",
    reduction: str = "mean",
    after: bool = False,
    once: bool = False,
    skip: int = 0,
) -> float:
    """The reference, with one thing done in another way.

    Args:
        clip: "norm", "value", "each" parameter by itself, or "none" in time for the step.
        clear: gradients "before" backward, "after" it, or "never".
        mode: whether the model is in training mode.
        mean: of the losses: over "examples", over "batches", "sum", "total" over examples, or "last".
        reduction: of the loss in a batch.
        after: whether the loss is taken from a second answer, after the step.
        once: whether there is one step, at the end.
        skip: batches at the end that are left out.
    """
    model.train(mode)
    optimizer = torch.optim.SGD(model.parameters(), lr=case.rate)
    losses, counts = [], []
    batches = case.batches[: len(case.batches) - skip]
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets, reduction=reduction)
        if clear == "before" and not once:
            optimizer.zero_grad()
        loss.backward()
        if clear == "after":
            optimizer.zero_grad()
        if not once:
            move(model, optimizer, case.max_norm, clip)
        if after:
            loss = F.cross_entropy(model(ids, lengths), targets, reduction=reduction)
        losses.append(loss.item())
        counts.append(len(targets))
    if once:
        move(model, optimizer, case.max_norm, clip)
    sums = [loss * count for loss, count in zip(losses, counts, strict=True)]
    return {
        "examples": sum(sums) / sum(counts),
        "batches": sum(losses) / len(losses),
        "sum": sum(losses),
        "weighted sum": sum(sums),
        "over batches": sum(sums) / len(sums),
        "over examples": sum(losses) / sum(counts),
        "last": losses[-1],
    }[mean]


def move(model: nn.Module, optimizer: torch.optim.Optimizer, max_norm: float, clip: str) -> None:
    """A step with clipped gradients."""
    parameters = [*model.parameters()]
    if clip == "norm":
        nn.utils.clip_grad_norm_(parameters, max_norm)
    elif clip == "value":
        nn.utils.clip_grad_value_(parameters, max_norm)
    elif clip == "each":
        for parameter in parameters:
            nn.utils.clip_grad_norm_(parameter, max_norm)
    optimizer.step()


UNCLIPPED = (
    "The step was made with gradients that were not clipped: clip_grad_norm_ stands between loss.backward(), which "
    "makes them, and optimizer.step(), which uses them."
)
MISTAKES = {
    "That is the mean of the batches' means, in which a batch of one example weighs as much as a full one: multiply "
    "each loss by len(targets), and divide by the number of all examples.": {"mean": "batches"},
    "You added up the batches' losses without dividing by anything.": {"mean": "sum"},
    "You added up the losses of all examples: divide by their number.": {"mean": "weighted sum"},
    "You divided the sum over all examples by the number of batches: divide by the number of examples.": (
        {"mean": "over batches"}
    ),
    "Each batch's loss is a mean already: multiply it by len(targets) before you divide by the number of examples.": (
        {"mean": "over examples"}
    ),
    "That is the last batch's loss: return the mean over all examples of the epoch.": {"mean": "last"},
    UNCLIPPED: {"clip": "none"},
    "The gradients were clipped by value, which turns their direction: clip_grad_norm_ shortens them all by one "
    "factor.": {"clip": "value"},
    "Each parameter's gradient was clipped by itself: clip_grad_norm_ takes all parameters at once.": {"clip": "each"},
    "The gradients of all batches add up: optimizer.zero_grad() comes before each backward().": {"clear": "never"},
    "The gradients of all batches add up, and the step was made with gradients that were not clipped.": (
        {"clear": "never", "clip": "none"}
    ),
    "Nothing was learned: zero_grad() after backward() throws the new gradients away, or step() is missing.": (
        {"clear": "after"}
    ),
    "The model was in evaluation mode, so that dropout did nothing: call model.train() first.": {"mode": False},
    "You added up the losses in a batch (reduction='sum'): take their mean.": {"reduction": "sum"},
    "You added up the losses in a batch (reduction='sum'), and then divided by the number of examples: the value is "
    "right, but the step is as many times too large as the batch has examples. Take the mean.": (
        {"reduction": "sum", "mean": "over examples"}
    ),
    "The loss was taken after the step, from a second answer: take the one that the step was made from.": (
        {"after": True}
    ),
    "The parameters moved only once, at the end: make a step after each batch.": {"once": True},
    "The last batch is missing, which is smaller than the others.": {"skip": 1},
}


def taught(student, case: Case) -> float:
    """The loss that the learner's function gives."""
    try:
        got = student.train_epoch(*case.call)
    except LearnerError as error:
        if "does not require grad" not in error.said:
            raise
        raise AssertionError(
            f"There is no gradient: no_grad(), detach() or .item() has cut the loss from the model.\n{error}"
        ) from None
    remedy = ""
    if isinstance(got, Tensor):
        remedy = " A tensor that was added up keeps the graphs of all batches in memory: add up loss.item()."
    assert isinstance(got, float | int), f"train_epoch should return a number, but it is {describe(got)}.{remedy}"
    return float(got)


def close(got: dict, values: dict) -> bool:
    """Whether loss and parameters are equal."""
    return all(torch.allclose(got[name].to(value), value, atol=1e-9) for name, value in values.items())


def does(fault: dict, case: Case, got: dict, right: dict) -> bool:
    """Whether this fault gives what the learner's epoch gave; where it changes nothing, it is none."""
    if "skip" in fault and len(case.batches) == 1:
        return False
    values = case.run(partial(train, **fault))
    return close(got, values) and not close(right, values)


def assert_trained(student, case: Case, note: str = "") -> None:
    """Checks the loss, and the parameters afterwards."""
    right = case.run(train)
    got = {"loss": torch.tensor(taught(student, case), dtype=torch.float64)} | case.model.state_dict()
    guess = None
    if not close(got, right):
        guess = next((sentence for sentence, fault in MISTAKES.items() if does(fault, case, got, right)), None)
    sizes = [len(targets) for _, _, targets in case.batches]
    what = f"(for batches of {sizes} examples, learning rate {case.rate:g}{note})"
    for name, value in right.items():
        label = f"the loss {what}" if name == "loss" else f"the model's {name} afterwards {what}"
        assert_equal_arrays(got[name], value, mistakes={guess: got[name]} if guess else None, what=label)


@points(2)
@pytest.mark.parametrize("sizes", [(4,), (4, 4, 4)])
def test_steps(student, sizes):
    """A step for each batch, with the gradient of that batch alone."""
    assert_trained(student, Case(student, sizes, 0.5))


@points(3)
@pytest.mark.parametrize("sizes", [(6, 1), (5, 5, 2), (1, 7, 3)])
@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_mean_over_examples(student, sizes, rate):
    """Each example weighs the same, also in a last batch that is smaller."""
    assert_trained(student, Case(student, sizes, rate))


@points(2)
@pytest.mark.parametrize("max_norm", [0.2, 0.02])
def test_clipping(student, max_norm):
    """The gradients are clipped by their norm before the step."""
    assert_trained(student, Case(student, (4, 4, 2), 1.0, max_norm), f", max_norm {max_norm:g}")


@points(2)
def test_training_mode(student):
    """The model trains in training mode, also when it comes from an evaluation."""
    case = Case(student, (4, 3), 0.5, dropout=1.0, mode=False)
    assert_trained(student, case, ", dropout 1, after an evaluation")
    assert case.model.training is True, "After train_epoch the model should be in training mode, model.train()."


@points(1)
def test_batches_unchanged(student):
    """The batches stay as they are."""
    case = Case(student, (3, 2), 0.5)
    taught(student, case)
    assert_unchanged(student, "model", "batches", "optimizer", "max_norm")
