"""Exercise `last-valid-state`: for each row of a padded batch, the state after its last valid step."""

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged

EXERCISE = Exercise(
    id="last-valid-state",
    chapter="02_rnn",
    place=4,
    title="The state after the last valid step",
    defines=("last_valid_state",),
    hints=(
        "A row of length 3 has its valid steps at 0, 1 and 2. For row b, which step is it? Write it for one row first.",
        "output[b, lengths[b] - 1] is right for row b, of shape (H,). Stack these for all rows, or index with two "
        "tensors at once: one holds the rows, the other the steps.",
        "The rows are torch.arange(B), the steps lengths - 1: output[rows, steps] pairs them up and is (B, H).",
    ),
)


def inputs(B: int, T: int, H: int, shortest: int = 1) -> tuple[Tensor, Tensor]:
    """States (B, T, H), and lengths (B,) of which none is T, so that there is padding in every row."""
    output = torch.randn(B, T, H, dtype=torch.float64)
    lengths = torch.arange(B) % (T - shortest) + shortest
    return output, lengths[torch.randperm(B)]


def expected(output: Tensor, lengths: Tensor) -> Tensor:
    """The right answer, (B, H)."""
    return torch.stack([row[length - 1] for row, length in zip(output, lengths.tolist(), strict=True)])


def mistakes(output: Tensor, lengths: Tensor) -> dict:
    """What people write instead, and what it gives."""
    rows = torch.arange(len(output))
    right = expected(output, lengths)
    valid = (torch.arange(output.shape[1]) < lengths[:, None])[..., None]  # (B, T, 1)
    return {
        "You took the last step, which is padding in the shorter rows.": output[:, -1],
        "You took the first step.": output[:, 0],
        "You are one step too late: counting starts at 0, so the last valid step is lengths - 1.": (
            lambda: output[rows, lengths]
        ),
        "You are one step too early: the last valid step is lengths - 1.": output[rows, lengths - 2],
        "You took the same step of all rows, where the longest ends.": output[:, lengths.max() - 1],
        "You took the same step of all rows, where the shortest ends.": output[:, lengths.min() - 1],
        "You counted from the end of the padded row: count from its start.": output[rows, -lengths],
        "You took the largest value over time: take the state of one step.": output.amax(1),
        "You took the largest value over the valid steps: take the state of one step.": (
            output.masked_fill(~valid, -torch.inf).amax(1)
        ),
        "You averaged over time: take the state of one step.": output.mean(1),
        "You averaged over the valid steps: take the state of one step.": (output * valid).sum(1) / lengths[:, None],
        "You added up the valid steps: take the state of one step.": (output * valid).sum(1),
        "All your states come from row 0: take row b's own, output[b, lengths[b] - 1].": output[0, lengths - 1],
        "You returned the last row's state alone: keep the states of all rows.": right[-1],
        "You returned the first row's state alone: does the loop return too early?": right[0],
        "You took every row at every row's last step: pair row b with lengths[b], as output[rows, steps] does.": (
            output[:, lengths - 1]
        ),
        "You kept the axis of time: the result is (B, H).": right[:, None],
        # This one has a value only where the sizes happen to fit.
        "You used the lengths on the batch axis: they count steps, and time is axis 1.": (
            lambda: output[lengths - 1, rows]
        ),
    }


@points(2)
def test_square(student):
    """Batch, steps and hidden size all equal."""
    given = inputs(4, 4, 4, shortest=2)
    what = f"the result for lengths {given[1].tolist()}"
    assert_equal_arrays(student.last_valid_state(*given), expected(*given), mistakes=mistakes(*given), what=what)


@points(2)
@pytest.mark.parametrize(("B", "T", "H"), [(3, 7, 5), (5, 4, 2), (6, 3, 1), (1, 5, 3)])
def test_sizes(student, B, T, H):
    """Batch, steps and hidden size all different."""
    given = inputs(B, T, H)
    what = f"the result for lengths {given[1].tolist()}"
    assert_equal_arrays(student.last_valid_state(*given), expected(*given), mistakes=mistakes(*given), what=what)


@points(1)
def test_extremes(student):
    """Rows of length 1 and rows without padding; a batch of one step."""
    for output, lengths in [
        (torch.randn(4, 3, 2), torch.tensor([1, 3, 1, 3])),
        (torch.randn(3, 1, 2), torch.tensor([1, 1, 1])),
    ]:
        got = student.last_valid_state(output, lengths)
        wrong = mistakes(output, lengths)
        what = f"the result for lengths {lengths.tolist()}"
        assert_equal_arrays(got, expected(output, lengths), mistakes=wrong, what=what)


@points(2)
def test_padding_is_not_read(student):
    """What stands in the padding does not matter."""
    output, lengths = inputs(4, 6, 3)
    right = expected(output, lengths)
    padding = torch.arange(6) >= lengths[:, None]  # (B, T)
    output[padding] = 1e6
    got = student.last_valid_state(output, lengths)
    what = "the result, with a million in the padding,"
    assert_equal_arrays(got, right, mistakes=mistakes(output, lengths), what=what)


@points(2)
def test_gradient(student):
    """The gradient reaches the last valid step of each row, and no other step."""
    output, lengths = inputs(3, 5, 2)
    upstream = torch.randn(3, 2, dtype=torch.float64)
    leaf = output.clone().requires_grad_()
    (right,) = torch.autograd.grad(expected(leaf, lengths), leaf, upstream)
    (got,) = student.grad("last_valid_state", (output, lengths), upstream=upstream)
    assert_equal_arrays(got, right, what="the gradient with respect to output")


@points(1)
def test_arguments_unchanged(student):
    """The arguments stay as they are."""
    student.last_valid_state(*inputs(3, 5, 2))
    assert_unchanged(student, "output", "lengths")
