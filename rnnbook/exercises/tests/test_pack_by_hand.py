"""Exercise `pack-by-hand`: what a PackedSequence holds, from a padded batch; and the way back."""

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged
from rnnbook.exercises.compare import unpack as entries
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="pack-by-hand",
    chapter="05_padding_packing",
    place=4,
    title="Packing by hand",
    defines=("pack", "unpack"),
    hints=(
        "Draw the batch of the example with its longest row on top, and read it column by column: at step 0 all rows "
        "are still there, at step 1 fewer. How many are there at each step is batch_sizes.",
        "Sort first: sorted_indices = lengths.argsort(descending=True), and go on with x[sorted_indices] and "
        "lengths[sorted_indices]. Then the rows that have a step t are the first batch_sizes[t], so data is "
        "torch.cat of x_sorted[:batch_sizes[t], t]. On the way back, split data by batch_sizes.",
        "batch_sizes[t] is (lengths > t).sum(). On the way back, row i of the sorted batch has (batch_sizes > i).sum() "
        "steps, and sorted_indices[i] is where it belongs: x[sorted_indices[:n], t] = the n rows of data of step t.",
    ),
    forbidden=("torch.nn.utils.rnn", "torch._pack_padded_sequence", "torch._pad_packed_sequence", "torch.nested"),
)
# Each of these orders differs from its inverse: who goes back the wrong way gets something else.
DISTINCT = [[2, 4, 3], [3, 1, 5, 2], [1, 6, 4, 2, 3]]


def inputs(lengths: list[int], D: int, spare: int = 1) -> tuple[Tensor, Tensor]:
    """A padded batch (B, T, D) with `spare` steps that no row uses, random numbers in the padding, and its lengths."""
    return torch.randn(len(lengths), max(lengths) + spare, D, dtype=torch.float64), torch.tensor(lengths)


def pack(x: Tensor, lengths: Tensor, sorted_indices: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """The right answer; rows of one length may be in any order, so that it may be given."""
    if sorted_indices is None:
        sorted_indices = lengths.argsort(descending=True, stable=True)
    batch_sizes = torch.stack([(lengths > t).sum() for t in range(int(lengths.max()))])
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


def zeroed(x: Tensor, lengths: Tensor) -> Tensor:
    """The batch with zeros in its padding."""
    return x * (torch.arange(x.shape[1]) < lengths[:, None])[..., None]


def order_mistakes(lengths: Tensor) -> dict:
    """What people write instead of sorted_indices, and what it gives."""
    right = lengths.argsort(descending=True, stable=True)
    return {
        "You sorted from the shortest to the longest: the longest row comes first.": lengths.argsort(stable=True),
        "This is the inverse, unsorted_indices: sorted_indices[i] says which row of x comes to place i.": (
            right.argsort()
        ),
        "You left the rows in their order: sorted_indices begins with the row that is longest.": (
            torch.arange(len(lengths))
        ),
        "These are the batch_sizes: return data, batch_sizes, sorted_indices in this order.": (
            pack(torch.zeros(len(lengths), int(lengths.max())), lengths)[1]
        ),
        "These are the sorted lengths: sorted_indices says which rows they belong to.": lengths[right],
    }


def size_mistakes(lengths: Tensor, T: int) -> dict:
    """What people write instead of batch_sizes, and what it gives."""
    right = pack(torch.zeros(len(lengths), T), lengths)[1]
    running = torch.stack([(lengths > t).sum() for t in range(T)])
    return {
        "These are the lengths: batch_sizes[t] says how many rows have a step t.": lengths,
        "These are the sorted lengths: batch_sizes[t] says how many rows have a step t.": (
            lengths.sort(descending=True).values
        ),
        "These are the sorted_indices: return data, batch_sizes, sorted_indices in this order.": (
            lengths.argsort(descending=True, stable=True)
        ),
        "You went on to the end of the padding: batch_sizes ends with the last step that any row has.": running,
        "You counted one step too late: batch_sizes[t] counts the lengths > t, since counting starts at 0.": (
            torch.stack([(lengths >= t).sum() for t in range(len(right))])
        ),
        "The first entry is missing: at step 0 all rows are there.": right[1:],
        "You began with an entry too many: batch_sizes[0] is for step 0.": (
            torch.stack([(lengths >= t).sum() for t in range(len(right) + 1)])
        ),
        "You counted the rows that are over: count those that still have a step t.": len(lengths) - right,
        "You counted the whole batch at each step: count the rows that still have a step t.": (
            torch.full_like(right, len(lengths))
        ),
        "batch_sizes is the wrong way round: it begins with step 0, where all rows are there.": right.flip(0),
    }


def data_mistakes(x: Tensor, lengths: Tensor) -> dict:
    """What people write instead of data, and what it gives."""
    valid = torch.arange(x.shape[1]) < lengths[:, None]
    order = lengths.argsort(descending=True, stable=True)
    longest = int(lengths.max())
    return {
        "Your data goes row after row: it goes step after step, first step 0 of all rows, then step 1.": x[valid],
        "Your data goes row after row, the longest first: it goes step after step, first step 0 of all rows, then "
        "step 1.": x[order][valid[order]],
        "Within a step your rows stand in their old order: the longest comes first, as in sorted_indices.": (
            x.transpose(0, 1)[valid.T]
        ),
        "Within a step your rows go from the shortest to the longest: the longest comes first.": (
            x[order.flip(0)].transpose(0, 1)[valid[order.flip(0)].T]
        ),
        "The padding is in your data: leave it out.": x[order].transpose(0, 1).flatten(0, 1),
        "The padding of the shorter rows is in your data: leave it out.": (
            x[order, :longest].transpose(0, 1).flatten(0, 1)
        ),
        "The padding is in your data, which goes row after row: leave it out, and go step after step.": (
            x.flatten(0, 1)
        ),
        "You took each step's rows from x as it is, but counted them as if it were sorted: the rows with a step t are "
        "the first ones of x[sorted_indices] only.": (
            torch.cat([x[: int(n), t] for t, n in enumerate(pack(x, lengths)[1])])
        ),
        "You took the shortest rows at each step, and their padding: the longest come first.": (
            torch.cat([x[lengths.argsort()][: int(n), t] for t, n in enumerate(pack(x, lengths)[1])])
        ),
        "You sorted by the inverse: take x[sorted_indices].": (
            torch.cat([x[order.argsort()][: int(n), t] for t, n in enumerate(pack(x, lengths)[1])])
        ),
        "Your data kept an axis too many: it is one long (N, D), all valid steps below each other.": x[order],
    }


def packed(student, x: Tensor, lengths: Tensor) -> tuple:
    """What the learner's `pack` gives."""
    return entries(student.pack(x, lengths), "data", "batch_sizes", "sorted_indices")


@points(2)
@pytest.mark.parametrize("lengths", DISTINCT)
def test_order(student, lengths):
    """sorted_indices: the longest row first."""
    x, lengths = inputs(lengths, 2)
    what = f"sorted_indices for lengths {lengths.tolist()}"
    right = lengths.argsort(descending=True)
    assert_equal_arrays(packed(student, x, lengths)[2], right, mistakes=order_mistakes(lengths), what=what)


@points(2)
@pytest.mark.parametrize("lengths", [*DISTINCT, [2, 3, 3, 1], [1, 1], [4]])
def test_batch_sizes(student, lengths):
    """batch_sizes: how many rows have a step 0, a step 1, and so on."""
    x, lengths = inputs(lengths, 3)
    wrong = size_mistakes(lengths, x.shape[1])
    what = f"batch_sizes for lengths {lengths.tolist()} and {x.shape[1]} steps"
    assert_equal_arrays(packed(student, x, lengths)[1], pack(x, lengths)[1], mistakes=wrong, what=what)


@points(3)
@pytest.mark.parametrize(("lengths", "D"), [*zip(DISTINCT, (3, 4, 2), strict=True), ([3], 2), ([1], 1)])
def test_data(student, lengths, D):
    """data: all valid steps, step after step, the longest row first."""
    x, lengths = inputs(lengths, D)
    what = f"data for lengths {lengths.tolist()} and D = {D}"
    assert_equal_arrays(
        packed(student, x, lengths)[0], pack(x, lengths)[0], mistakes=data_mistakes(x, lengths), what=what
    )


@points(1)
@pytest.mark.parametrize("lengths", [[2, 3, 3, 2, 3], [2, 2, 2]])
def test_equal_lengths(student, lengths):
    """Rows of one length stand in any order, the same one everywhere."""
    x, lengths = inputs(lengths, 2)
    data, batch_sizes, order = packed(student, x, lengths)
    right = pack(x, lengths)
    whole = isinstance(order, Tensor) and order.dtype in (torch.int64, torch.int32)
    if not whole or sorted(order.tolist()) != [*range(len(lengths))]:
        assert_equal_arrays(order, right[2], mistakes=order_mistakes(lengths), what="sorted_indices")
    ordered = lengths[order].tolist()
    assert ordered == sorted(ordered, reverse=True), (
        f"sorted_indices should put the longest rows first.\nlengths: {lengths.tolist()}\nyours:   {order.tolist()}, "
        f"which are rows of length {ordered}"
    )
    more = f"for lengths {lengths.tolist()} and your sorted_indices {order.tolist()}"
    assert_equal_arrays(batch_sizes, right[1], what=f"batch_sizes {more}")
    assert_equal_arrays(data, pack(x, lengths, order)[0], mistakes=data_mistakes(x, lengths), what=f"data {more}")


def assert_unpacks(student, x: Tensor, lengths: Tensor) -> None:
    """Checks the way back to a batch."""
    data, batch_sizes, order = pack(x, lengths)
    T, longest = x.shape[1], int(lengths.max())
    try:
        got, got_lengths = entries(student.unpack(data, batch_sizes, order, T), "x", "lengths")
    except LearnerError as error:
        if "dtype" not in error.said:
            raise
        remedy = "Your zeros are float32 whatever data is: make them by data.new_zeros(...)."
        raise AssertionError(f"{remedy}\n{error}") from None
    right, what = zeroed(x, lengths), f"for lengths {lengths.tolist()} and total_length {T}"
    ordered = right[order]
    valid = torch.arange(T) < lengths[order][:, None]

    def row_after_row() -> Tensor:
        filled = torch.zeros_like(x)
        filled[valid] = data
        return filled

    wrong = {
        "Your rows are still sorted, the longest first: row i of them belongs to place sorted_indices[i].": ordered,
        "You sorted the rows once more: going back takes the inverse of sorted_indices, its argsort.": ordered[order],
        "You filled the rows one after the other, but data goes step after step.": row_after_row(),
        "You filled the rows one after the other, but data goes step after step. (After that the rows must go back to "
        "their places.)": row_after_row()[order.argsort()],
        "You wrote data below each other and cut that into rows: data goes step after step, and each row has steps "
        "from several places of it.": torch.cat(
            [data, data.new_zeros(len(lengths) * T - len(data), data.shape[1])]
        ).view_as(x)[order.argsort()],
        "The steps of each row are in the wrong order: the first part of data is step 0.": right.flip(1),
        "Time stands first: the result is (B, T, D).": right.transpose(0, 1),
        "Time stands first, and the rows are still sorted: the result is (B, T, D).": ordered.transpose(0, 1),
        "Your batch ends with its longest row: pad it to total_length steps.": right[:, :longest],
        "Your batch ends with its longest row, and the rows are still sorted: pad it to total_length steps.": (
            ordered[:, :longest]
        ),
    }
    assert_equal_arrays(got, right, mistakes=wrong, what=f"x {what}")
    running = lengths[order]
    wrong = {
        "The lengths are still sorted, the longest first: they belong to the rows in their old order.": running,
        "You sorted the lengths once more: going back takes the inverse of sorted_indices.": running[order],
        "These are the batch_sizes: row i of the sorted batch has as many steps as batch_sizes has entries above i.": (
            batch_sizes
        ),
        "Your lengths are one too small: the last step that a row has is its length minus 1.": lengths - 1,
        "These are all total_length: count the valid steps of each row.": torch.full_like(lengths, T),
    }
    assert_equal_arrays(got_lengths, lengths, mistakes=wrong, what=f"lengths {what}")


@points(3)
@pytest.mark.parametrize(("lengths", "D"), [*zip(DISTINCT, (3, 4, 2), strict=True), ([2, 3, 3, 1], 2), ([3], 2)])
def test_unpack(student, lengths, D):
    """The way back: the rows in their old order, zeros in the padding, and the lengths."""
    assert_unpacks(student, *inputs(lengths, D, spare=0))


@points(1)
@pytest.mark.parametrize("spare", [1, 4])
def test_total_length(student, spare):
    """The way back to more steps than the longest row has."""
    assert_unpacks(student, *inputs([2, 4, 3], 2, spare))


@points(2)
def test_gradient(student):
    """Gradients pass both ways."""
    x, lengths = inputs([3, 1, 5, 2], 2)
    data, batch_sizes, order = pack(x, lengths)
    upstream = torch.randn_like(data)
    leaf = x.clone().requires_grad_()
    (right,) = torch.autograd.grad(pack(leaf, lengths)[0], leaf, upstream)
    (got,) = student.grad("pack", (x, lengths), upstream=(upstream, None, None))
    assert_equal_arrays(got, right, what="the gradient of data with respect to x")
    upstream = torch.randn_like(x)
    (got,) = student.grad("unpack", (data, batch_sizes, order, x.shape[1]), upstream=(upstream, None))
    right = pack(upstream, lengths)[0]
    assert_equal_arrays(got, right, what="the gradient of x, unpacked, with respect to data")


@points(1)
def test_arguments_unchanged(student):
    """The arguments stay as they are."""
    x, lengths = inputs([2, 4, 3], 2)
    student.pack(x, lengths)
    assert_unchanged(student, "x", "lengths")
    student.unpack(*pack(x, lengths), x.shape[1])
    assert_unchanged(student, "data", "batch_sizes", "sorted_indices", "total_length")
