"""Exercise `reverse-by-length`: each row's valid part back to front, the padding where it was."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="reverse-by-length",
    chapter="05_padding_packing",
    place=3,
    title="Each row back to front, by its own length",
    defines=("reverse_by_length",),
    hints=(
        "Write down, for a row of length 3 in a batch of 5 steps, which step of x comes to which step of the result: "
        "0, 1, 2, 3, 4 take theirs from 2, 1, 0, 3, 4.",
        "Step t of row b takes step lengths[b] - 1 - t where t < lengths[b], and step t itself in the padding. "
        "torch.where makes a table of these numbers, (B, T), from both.",
        "With steps = torch.arange(x.shape[1]), source = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - "
        "steps, steps). Then x[torch.arange(len(x))[:, None], source] takes them, whatever axes follow.",
    ),
    forbidden=("rnnbook.encode", "rnnbook.layers", "rnnbook.models", "torch.nested"),
)


def inputs(B: int, T: int, *trailing: int, shortest: int = 1) -> tuple[Tensor, Tensor]:
    """Values (B, T, ...), none of them 0, and lengths (B,), of which none is T."""
    x = torch.randn(B, T, *trailing, dtype=torch.float64)
    lengths = torch.arange(B) % (T - shortest) + shortest
    return x, lengths[torch.randperm(B)]


def by_row(x: Tensor, lengths: Tensor, change: Callable[[Tensor, int], Tensor]) -> Tensor:
    """Each row of x, (T, ...), after `change(row, length)`."""
    return torch.stack([change(row, length) for row, length in zip(x, lengths.tolist(), strict=True)])


def reverse_by_length(x: Tensor, lengths: Tensor) -> Tensor:
    return by_row(x, lengths, lambda row, n: torch.cat([row[:n].flip(0), row[n:]]))


def sources(x: Tensor, lengths: Tensor) -> Tensor:
    """Which step of x comes to which place, (B, T)."""
    return reverse_by_length(torch.arange(x.shape[1]).expand(x.shape[:2]), lengths)


def flat(x: Tensor, lengths: Tensor) -> Tensor:
    """All valid steps of the batch turned as one row."""
    valid, result = torch.arange(x.shape[1]) < lengths[:, None], x.clone()
    result[valid] = x[valid].flip(0)
    return result


def overwritten(row: Tensor, length: int) -> Tensor:
    """A row turned step by step in place."""
    row = row.clone()
    for t in range(length):
        row[t] = row[length - 1 - t]
    return row


def mistakes(x: Tensor, lengths: Tensor) -> dict:
    """What people write instead, and what it gives."""
    T = x.shape[1]
    right = reverse_by_length(x, lengths)
    return {
        "You turned the whole padded rows, so that the padding comes first: turn the first lengths[b] steps of row b "
        "only.": x.flip(1),
        "You turned the padding too: it stays as it is.": (
            by_row(x, lengths, lambda row, n: torch.cat([row[:n].flip(0), row[n:].flip(0)]))
        ),
        "You lost the padding: what stands there stays there, it does not become 0.": (
            by_row(x, lengths, lambda row, n: torch.cat([row[:n].flip(0), 0 * row[n:]]))
        ),
        "Your padding holds copies of step 0: an index below 0 was raised to 0. The padding stays as it is.": (
            by_row(x, lengths, lambda row, n: torch.cat([row[:n].flip(0), row[:1].expand_as(row[n:])]))
        ),
        "You gave the rows back as they were: the valid part of each has to be turned.": x,
        "You turned the order of the rows: turn each row's steps, on axis 1.": x.flip(0),
        "You turned the last axis: turn the steps, on axis 1.": x.flip(-1),
        "You turned one step too many, the first one of the padding.": (
            lambda: reverse_by_length(x, (lengths + 1).clamp(max=T))
        ),
        "You turned one step too few: the first lengths[b] steps of row b are valid.": (
            lambda: reverse_by_length(x, lengths - 1)
        ),
        "Counting starts at 0: step 0 of the result is step lengths[b] - 1, not lengths[b].": (
            lambda: by_row(x, lengths, lambda row, n: torch.cat([row[1 : n + 1].flip(0), row[n:]]))
        ),
        "You turned as many steps in each row as the longest has: each row has its own length.": (
            reverse_by_length(x, lengths.max().expand_as(lengths))
        ),
        "You turned as many steps in each row as the shortest has: each row has its own length.": (
            reverse_by_length(x, lengths.min().expand_as(lengths))
        ),
        "You used the lengths in the order of the longest first, but the rows are not sorted.": (
            reverse_by_length(x, lengths.sort(descending=True).values)
        ),
        "You moved the padding to the front: the valid part, turned, stays at the front.": (
            by_row(x, lengths, lambda row, n: torch.cat([row[n:], row[:n].flip(0)]))
        ),
        "You turned the whole rows and then set the padding to 0: the valid steps must come first.": (
            by_row(x.flip(1), lengths, lambda row, n: torch.cat([row[:n], 0 * row[n:]]))
        ),
        "You took all your rows from row 0: row b comes from x[b].": lambda: reverse_by_length(
            x[:1].expand_as(x), lengths
        ),
        "You turned all valid steps of the batch as one long row: turn each row by itself.": lambda: flat(x, lengths),
        "You turned the axes after time too: each step keeps its values in their order.": (
            by_row(x, lengths, lambda row, n: torch.cat([row[:n].flip([*range(row.dim())]), row[n:]]))
        ),
        "Your result reads from itself while it is written: its second half comes from the first one, which is new "
        "already. Read from x.": by_row(x, lengths, overwritten),
        "You turned the last lengths[b] steps of row b: the valid ones stand first, the padding behind them.": (
            by_row(x, lengths, lambda row, n: torch.cat([row[: len(row) - n], row[len(row) - n :].flip(0)]))
        ),
        "You took the steps for every row out of every row: pair row b with its own steps, x[rows, steps], where rows "
        "is (B, 1).": lambda: x[:, sources(x, lengths)],
        "You returned the last row alone: keep all of them.": right[-1],
        "Time and batch are swapped: the result has the shape of x.": right.transpose(0, 1),
    }


def assert_right(student, x: Tensor, lengths: Tensor) -> None:
    """Checks the result for one batch."""
    try:
        got = student.reverse_by_length(x, lengths)
    except LearnerError as error:
        if "step must be greater than zero" not in error.said:
            raise
        raise AssertionError(f"torch knows no [::-1]: turn a tensor by flip(0).\n{error}") from None
    what = f"the result for lengths {lengths.tolist()} and x of shape {tuple(x.shape)}"
    assert_equal_arrays(got, reverse_by_length(x, lengths), mistakes=mistakes(x, lengths), what=what)


@points(2)
def test_square(student):
    """Batch, steps and features all equal."""
    assert_right(student, *inputs(4, 4, 4))


@points(2)
@pytest.mark.parametrize(("B", "T", "D"), [(3, 7, 5), (5, 4, 2), (6, 5, 1), (1, 5, 3)])
def test_sizes(student, B, T, D):
    """Batch, steps and features all different."""
    assert_right(student, *inputs(B, T, D))


@points(1)
def test_extremes(student):
    """Rows of length 1, rows without padding, a batch of one step."""
    assert_right(student, torch.randn(4, 3, 2), torch.tensor([1, 3, 1, 3]))
    assert_right(student, torch.randn(3, 1, 2), torch.tensor([1, 1, 1]))


@points(2)
@pytest.mark.parametrize("trailing", [(), (2, 3)])
def test_other_axes(student, trailing):
    """No axis after time, as in a batch of ids (whole numbers), and two of them."""
    x, lengths = inputs(3, 5, *trailing)
    if not trailing:
        x = torch.arange(1, 16).reshape(3, 5)  # token ids
    assert_right(student, x, lengths)


@points(1)
def test_twice(student):
    """Turned twice, everything is where it was."""
    x, lengths = inputs(4, 6, 3)
    once = student.reverse_by_length(x, lengths)
    assert_equal_arrays(once, reverse_by_length(x, lengths), mistakes=mistakes(x, lengths), what="the result")
    assert_equal_arrays(student.reverse_by_length(once, lengths), x, what="x, turned twice,")


@points(1)
def test_gradient(student):
    """The gradient is turned in the same way."""
    x, lengths = inputs(3, 5, 2)
    upstream = torch.randn(3, 5, 2, dtype=torch.float64)
    (got,) = student.grad("reverse_by_length", (x, lengths), upstream=upstream)
    assert_equal_arrays(got, reverse_by_length(upstream, lengths), what="the gradient with respect to x")


@points(1)
def test_arguments_unchanged(student):
    """The arguments stay as they are."""
    student.reverse_by_length(*inputs(3, 5, 2))
    assert_unchanged(student, "x", "lengths")
