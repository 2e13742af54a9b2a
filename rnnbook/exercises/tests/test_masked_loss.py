"""Exercise `masked-loss`: cross entropy averaged over the valid positions of a padded batch."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="masked-loss",
    chapter="05_padding_packing",
    place=2,
    title="A loss that does not count padding",
    defines=("masked_loss",),
    hints=(
        "How many positions count? Not B times T, but the sum of lengths. A mask (B, T) tells which: position t of row "
        "b counts when t < lengths[b].",
        "Index with the mask before you compute anything: logits[valid] is (N, C) and targets[valid] is (N,), where N "
        "positions are valid. What stands in the padding is then gone, NaN or not. What happens when N is 0?",
        'F.cross_entropy(logits[valid], targets[valid], reduction="sum") is 0 for no positions at all. Divide it by '
        "valid.sum().clamp(min=1).",
    ),
    forbidden=("torch.nn.utils.rnn", "torch.nested", "torch.masked", "rnnbook.models", "rnnbook.train"),
)


def inputs(B: int, T: int, C: int, shortest: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Logits (B, T, C), targets (B, T), which are 0 in the padding, and lengths (B,), of which none is T."""
    logits = 2 * torch.randn(B, T, C, dtype=torch.float64)
    lengths = (torch.arange(B) % (T - shortest) + shortest)[torch.randperm(B)]
    targets = torch.randint(0, C, (B, T))
    targets[:, 0] = torch.arange(B) % C  # a valid target may be 0
    return logits, targets.masked_fill(~mask(lengths, T), 0), lengths


def mask(lengths: Tensor, T: int) -> Tensor:
    """Which positions are valid, (B, T)."""
    return torch.arange(T) < lengths[:, None]


def masked_loss(logits: Tensor, targets: Tensor, lengths: Tensor) -> Tensor:
    valid = mask(lengths, targets.shape[1])
    return F.cross_entropy(logits[valid], targets[valid], reduction="sum") / max(1, int(lengths.sum()))


def mistakes(logits: Tensor, targets: Tensor, lengths: Tensor) -> dict:
    """What people write instead, and what it gives."""
    B, T, C = logits.shape
    valid = mask(lengths, T)
    right = masked_loss(logits, targets, lengths)
    each = -logits.log_softmax(-1).gather(-1, targets.clamp(0, C - 1)[..., None])[..., 0]  # (B, T)
    kept = each.masked_fill(~valid, 0)
    sums, total = kept.sum(1), kept.sum()
    rows = sums / lengths.clamp(min=1)

    def classes_on_axis_1() -> Tensor:
        """The loss of each position without the transpose: T = C alone allows it, and view or reshape always do."""
        return F.cross_entropy(logits.reshape(B, C, T), targets, reduction="none")

    axes = (
        "cross_entropy seeks the classes on axis 1, where yours are not: it wants (B, C, T), which is "
        "logits.transpose(1, 2), or (N, C), which is logits[valid]. (view and reshape do not swap axes.)"
    )
    return {
        "The padding counts: average over the valid positions alone.": each.mean(),
        "You divided by B times T: divide by the number of valid positions.": total / (B * T),
        "You added up the losses of the valid positions, but did not divide by their number.": total,
        "The padding is in the sum, though you divided by the number of valid positions.": each.sum() / lengths.sum(),
        "You divided by the batch size B: divide by the number of valid positions.": total / B,
        "You divided by the number of steps T: divide by the number of valid positions.": total / T,
        "You averaged within each row, then over the rows: a step of a short row then counts more than one of a long "
        "row. Add up all valid positions, then divide once.": sums[lengths > 0].div(lengths[lengths > 0]).mean(),
        "You averaged within each row, then over the rows, rows without any step among them. Add up all valid "
        "positions, then divide once.": rows.mean(),
        "You averaged within each row, then over the rows, and a row of length 0 makes 0/0. Add up all valid "
        "positions, then divide once.": (sums / lengths).mean(),
        "You divided by one too many: to guard against 0, raise the number of valid positions to at least 1, "
        "clamp(min=1).": total / (lengths.sum() + 1),
        "You replaced the logits of the padding, but its positions still count: they are in the mean.": (
            each.masked_fill(~valid, math.log(C)).mean()
        ),
        "nll_loss wants log-probabilities, and you gave it logits: take cross_entropy.": lambda: F.nll_loss(
            logits[valid], targets[valid]
        ),
        "Your softmax runs over the steps: the classes are on the last axis.": lambda: F.nll_loss(
            logits.log_softmax(1)[valid], targets[valid]
        ),
        "This is a squared error: the loss is minus the logarithm of the right class's probability.": lambda: (
            F.mse_loss(logits[valid], F.one_hot(targets[valid], C).to(logits.dtype))
        ),
        "You averaged at each step, then over the steps. Add up all valid positions, then divide once.": (
            (kept.sum(0) / valid.sum(0).clamp(min=1)).sum() / lengths.max()
        ),
        "You left out all targets that are 0, valid ones too: 0 is a class. Which positions count is for the lengths "
        "to say.": lambda: kept[targets != 0].sum() / (valid & (targets != 0)).sum(),
        "You gave one loss for each row: the result is a single number, of shape ().": rows,
        "You added up each row: the result is a single number, of shape ().": sums,
        "You gave one loss for each position: the result is a single number, of shape ().": each,
        "You gave one loss for each position, the padding's made 0: the result is a single number, of shape ().": kept,
        "You gave the losses of all valid positions: the result is their mean.": each[valid],
        "You took the softmax twice: cross_entropy has one inside and wants logits.": (
            F.cross_entropy(logits.softmax(-1)[valid], targets[valid])
        ),
        "The sign is wrong: the loss is minus the logarithm of the probability.": -right,
        "You averaged probabilities: the loss is minus the logarithm of each.": (-each).exp()[valid].mean(),
        "You averaged 1 minus the probability: the loss is minus the logarithm of the probability.": (
            1 - (-each).exp()[valid].mean()
        ),
        "You took the logarithm to base 2: take the natural one.": right / math.log(2),
        "You divided by the number of classes too: divide by the number of valid positions alone.": right / C,
        "You took one position too many in each row: t < lengths[b].": lambda: masked_loss(
            logits, targets, (lengths + 1).clamp(max=T)
        ),
        "You took one position too few in each row: t < lengths[b].": lambda: masked_loss(
            logits, targets, (lengths - 1).clamp(min=0)
        ),
        "You took the padding and left out the valid positions: is the mask the wrong way round?": each[~valid].mean(),
        axes: lambda: classes_on_axis_1()[valid].mean(),
        f"The padding counts. And {axes}": lambda: classes_on_axis_1().mean(),
    }


def assert_right(student, given: tuple, more: dict | None = None, note: str = "") -> None:
    """Checks the loss of one batch."""
    got = student.masked_loss(*given)
    what = f"the loss for lengths {given[2].tolist()}{note}"
    assert_equal_arrays(got, masked_loss(*given), mistakes=(more or {}) | mistakes(*given), what=what)


@points(1)
def test_square(student):
    """Batch, steps and classes all equal."""
    assert_right(student, inputs(4, 4, 4))


@points(2)
@pytest.mark.parametrize(("B", "T", "C", "shortest"), [(3, 7, 5, 1), (2, 5, 3, 2), (6, 4, 2, 0), (1, 5, 4, 3)])
def test_sizes(student, B, T, C, shortest):
    """Batch, steps and classes all different; also a row of length 0 among others."""
    assert_right(student, inputs(B, T, C, shortest))


@points(1)
def test_large_logits(student):
    """Logits of ±1000 do not overflow."""
    logits, targets, lengths = inputs(3, 5, 4)
    wrong = {
        "exp overflows, which makes NaN: use cross_entropy or log_softmax, which avoid it.": torch.tensor(torch.nan),
        "The probability of a target became 0: use cross_entropy or log_softmax instead of the logarithm of a "
        "softmax.": torch.tensor(torch.inf),
    }
    assert_right(student, (logits.sign() * 1000, targets, lengths), wrong, ", with logits of ±1000,")


@points(1)
@pytest.mark.parametrize("padding", [1e6, torch.inf, torch.nan])
def test_logits_in_the_padding(student, padding):
    """What logits stand in the padding does not matter: a million, infinity, NaN."""
    logits, targets, lengths = inputs(4, 6, 3)
    logits[~mask(lengths, 6)] = padding
    nan = {
        "The padding makes NaN: 0 times NaN is NaN, so a mask on the losses comes too late. Select the valid "
        "positions, logits[valid].": torch.tensor(torch.nan)
    }
    assert_right(student, (logits, targets, lengths), nan, f", with logits of {padding} in the padding,")


@points(1)
@pytest.mark.parametrize("padding", [2, -1, 99])
def test_targets_in_the_padding(student, padding):
    """What targets stand in the padding does not matter, even those that are no class."""
    logits, targets, lengths = inputs(4, 6, 3)
    given = logits, targets.masked_fill(~mask(lengths, 6), padding), lengths
    try:
        assert_right(student, given, note=f", with targets of {padding} in the padding,")
    except LearnerError as error:
        if "Target" not in error.said and "index" not in error.said:
            raise
        remedy = f"Your code stops at a target of {padding} in the padding: select the valid positions first."
        raise AssertionError(f"{remedy}\n{error}") from None


def assert_right_gradient(student, given: tuple, note: str) -> None:
    """Checks the gradient with respect to logits."""
    logits, targets, lengths = given
    leaf = logits.clone().requires_grad_()
    (right,) = torch.autograd.grad(masked_loss(leaf, targets, lengths), leaf)
    (got,) = student.grad("masked_loss", given)
    late = {
        "The loss is right, but its gradient is NaN: a mask on the losses comes too late, because on the way back 0 "
        "meets NaN. Select the valid positions before cross_entropy, or replace the logits of the padding.": (
            right.masked_fill(~mask(lengths, logits.shape[1])[..., None], torch.nan)
        )
    }
    what = f"the gradient with respect to logits, for lengths {lengths.tolist()}{note}"
    assert_equal_arrays(got, right, mistakes=late, what=what)


@points(2)
@pytest.mark.parametrize("padding", [0.5, torch.nan])
def test_nothing_valid(student, padding):
    """A batch without any valid position has loss 0 and gradient 0."""
    logits, targets, lengths = inputs(2, 3, 4)
    given = logits.fill_(padding), targets, torch.zeros_like(lengths)
    note = f", all logits {padding},"
    nan = {
        "No position is valid, and 0/0 is NaN, which would go on into every weight: divide by at least 1, and let no "
        "NaN of the padding in.": torch.tensor(torch.nan)
    }
    assert_right(student, given, nan, note)
    try:
        assert_right_gradient(student, given, note)
    except LearnerError as error:
        if not str(error).startswith("No gradient"):
            raise
        remedy = "Where no position is valid, your 0 is a new tensor without a graph, and loss.backward() would stop."
        raise AssertionError(f"{remedy} A sum over no positions at all is a 0 with a graph.\n{error}") from None


@points(1)
@pytest.mark.parametrize("padding", [0.0, torch.inf, torch.nan])
def test_gradient(student, padding):
    """The gradient reaches the valid positions, and the padding not at all."""
    logits, targets, lengths = inputs(3, 5, 4)
    logits[~mask(lengths, 5)] = padding
    assert_right_gradient(student, (logits, targets, lengths), f" and {padding} in the padding,")


@points(1)
def test_arguments_unchanged(student):
    """The arguments stay as they are."""
    student.masked_loss(*inputs(3, 5, 4))
    assert_unchanged(student, "logits", "targets", "lengths")
