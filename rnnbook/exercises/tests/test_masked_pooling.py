"""Exercise `masked-pooling`: mean and maximum over the valid steps of each row of a padded batch."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged

EXERCISE = Exercise(
    id="masked-pooling",
    chapter="05_padding_packing",
    place=1,
    title="Mean and maximum over the valid steps",
    defines=("masked_mean", "masked_max"),
    hints=(
        "Do it for one row first: row b has its valid steps in output[b, :lengths[b]]. For all rows at once you need "
        "to know of each step whether it is valid: step t of row b is, when t < lengths[b].",
        "valid = torch.arange(output.shape[1]) < lengths[:, None] is (B, T). With [..., None] behind it, it is "
        "(B, T, 1) and fits output. What must stand in the padding so that it cannot change a sum? And a maximum?",
        "output.masked_fill(~valid[..., None], 0) is harmless in a sum, and .sum(dim=1) / lengths[:, None] is the "
        "mean. For the maximum fill with -torch.inf, then .amax(dim=1).",
    ),
    forbidden=("torch.masked", "torch.nested", "torch.segment_reduce", "rnnbook.encode", "rnnbook.models"),
)


def inputs(B: int, T: int, H: int, shortest: int = 1) -> tuple[Tensor, Tensor]:
    """States (B, T, H), and lengths (B,) of which none is T, so that there is padding in every row."""
    output = torch.randn(B, T, H, dtype=torch.float64)
    lengths = torch.arange(B) % (T - shortest) + shortest
    return output, lengths[torch.randperm(B)]


def masked_mean(output: Tensor, lengths: Tensor) -> Tensor:
    return torch.stack([row[:length].mean(0) for row, length in zip(output, lengths.tolist(), strict=True)])


def masked_max(output: Tensor, lengths: Tensor) -> Tensor:
    return torch.stack([row[:length].amax(0) for row, length in zip(output, lengths.tolist(), strict=True)])


def mistakes(pool: Callable, output: Tensor, lengths: Tensor) -> dict:
    """What people write instead of either function, and what it gives."""
    T = output.shape[1]
    swapped = masked_mean if pool is masked_max else masked_max
    rows = torch.arange(len(output))
    return {
        "You took in the padding: only the first lengths[b] steps of row b count.": pool(
            output, torch.full_like(lengths, T)
        ),
        "You took the steps of the padding and left out the valid ones: is the mask the wrong way round?": lambda: pool(
            output.flip(1), T - lengths
        ),
        "You took one step too many: the valid steps of row b are 0 to lengths[b] - 1, so t < lengths[b].": lambda: (
            pool(output, (lengths + 1).clamp(max=T))
        ),
        "You took one step too few: the last valid step is lengths[b] - 1, and t < lengths[b] includes it.": lambda: (
            pool(output, lengths - 1)
        ),
        "You took as many steps of each row as the longest has: each row has its own length.": (
            pool(output, lengths.max().expand_as(lengths))
        ),
        "You took as many steps of each row as the shortest has: each row has its own length.": (
            pool(output, lengths.min().expand_as(lengths))
        ),
        "You pooled over the whole batch at once: each row has a result of its own.": lambda: pool(
            torch.cat([row[:n] for row, n in zip(output, lengths.tolist(), strict=True)])[None], lengths.sum()[None]
        )[0],
        "You pooled over time and features at once: each row has H results, one for each feature.": (
            pool(output.flatten(1)[..., None], lengths * output.shape[2])[:, 0]
        ),
        "You read time on axis 0, but the batch is there: row b is output[b], and its steps are on axis 1.": lambda: (
            pool(output.transpose(0, 1), lengths)
        ),
        "You pooled over the features: pool over time, axis 1.": lambda: (
            output.mean(2) if pool is masked_mean else output.amax(2)
        ),
        "You pooled over the batch: pool over time, axis 1.": lambda: (
            output.mean(0) if pool is masked_mean else output.amax(0)
        ),
        "This is the last valid state: pool over all valid steps.": output[rows, lengths - 1],
        "Mean and maximum are the wrong way round.": swapped(output, lengths),
        # These have a value only where the sizes happen to fit.
        "Your mask is spread along the wrong axes. It is (B, T), and output is (B, T, H): valid[..., None].": lambda: (
            pooled_with(pool, output, (torch.arange(T) < lengths[:, None])[None], lengths)
        ),
        "Your mask lies along the features. It is (B, T), and output is (B, T, H): valid[..., None].": lambda: (
            pooled_with(pool, output, (torch.arange(T) < lengths[:, None])[:, None], lengths)
        ),
    }


def pooled_with(pool: Callable, output: Tensor, mask: Tensor, lengths: Tensor) -> Tensor:
    """What a mask of the wrong shape gives."""
    if pool is masked_mean:
        return (output * mask).sum(1) / lengths[:, None]
    return output.masked_fill(~mask, -torch.inf).amax(1)


def mean_mistakes(output: Tensor, lengths: Tensor) -> dict:
    """What people write instead of `masked_mean`, and what it gives."""
    B, T, _ = output.shape
    total = masked_mean(output, lengths) * lengths[:, None]
    return mistakes(masked_mean, output, lengths) | {
        "You divided by T: divide by the number of valid steps.": total / T,
        "You added up the valid steps, but did not divide by their number.": total,
        "Your sum has the padding in it, though you divided by the right number.": output.sum(1) / lengths[:, None],
        "You divided each row by the longest length: divide row b by lengths[b].": total / lengths.max(),
        "You divided by the number of all valid steps of the batch: divide row b by lengths[b].": total / lengths.sum(),
        "You divided by the batch size: divide row b by lengths[b].": total / B,
        "You rounded down: use /, not //.": total // lengths[:, None],
        "The valid steps are multiplied by 0 or 1 and then averaged over all rows: keep the rows apart.": lambda: (
            total.mean(0)
        ),
        "You divided column by column: lengths is (B,), and has to be (B, 1) to divide rows.": lambda: total / lengths,
        "You multiplied the padding by 0, and 0 times NaN or infinity is NaN: replace it, by masked_fill or where.": (
            lambda: pooled_with(masked_mean, output, (torch.arange(T) < lengths[:, None])[..., None], lengths)
        ),
    }


def max_mistakes(output: Tensor, lengths: Tensor) -> dict:
    """What people write instead of `masked_max`, and what it gives."""
    valid = (torch.arange(output.shape[1]) < lengths[:, None])[..., None]  # (B, T, 1)
    steps = output.masked_fill(~valid, -torch.inf)
    return mistakes(masked_max, output, lengths) | {
        "The zeros of the masked padding take part: where all valid values are negative, a 0 wins. Put -infinity "
        "there.": output.masked_fill(~valid, 0).amax(1),
        "NaN times 0 and NaN minus infinity are NaN: replace what stands in the padding, by masked_fill or where.": (
            (output * valid).amax(1)
        ),
        "You took the smallest values.": output.masked_fill(~valid, torch.inf).amin(1),
        "You took the largest absolute values.": steps.masked_fill(~valid, 0).abs().amax(1),
        "You gave the steps where the largest values stand: give the values.": steps.argmax(1),
    }


def call(student, name: str, output: Tensor, lengths: Tensor):
    """What the learner's function gives."""
    got = getattr(student, name)(output, lengths)
    pair = isinstance(got, tuple) and len(got) == 2
    assert not pair, (
        f"{name} gives a pair: torch's max(dim=...) gives the values and their steps. Take .values, or amax."
    )
    return got


FUNCTIONS = {"masked_mean": (masked_mean, mean_mistakes), "masked_max": (masked_max, max_mistakes)}


def assert_right(student, name: str, output: Tensor, lengths: Tensor, what: str = "", more: dict | None = None) -> None:
    """Checks one of the functions on one batch."""
    pool, wrong = FUNCTIONS[name]
    got = call(student, name, output, lengths)
    what = f"{name} for lengths {lengths.tolist()}{what}"
    assert_equal_arrays(got, pool(output, lengths), mistakes=(more or {}) | wrong(output, lengths), what=what)


SIZES = pytest.mark.parametrize(("B", "T", "H"), [(4, 4, 4), (3, 7, 5), (5, 4, 2), (6, 3, 1), (1, 5, 3)])


@points(2)
@SIZES
def test_mean(student, B, T, H):
    """The mean over the valid steps; all sizes equal, then all different."""
    assert_right(student, "masked_mean", *inputs(B, T, H))


@points(2)
@SIZES
def test_max(student, B, T, H):
    """The maximum over the valid steps; all sizes equal, then all different."""
    assert_right(student, "masked_max", *inputs(B, T, H))


@points(1)
def test_negative(student):
    """The maximum of values that are all negative."""
    output, lengths = inputs(4, 5, 3)
    output = -output.abs() - 2000
    right = masked_max(output, lengths)
    got = call(student, "masked_max", output, lengths)
    filler = {
        "What you filled the padding with is larger than the valid values: fill with -infinity.": (
            lambda: torch.full_like(right, got.max().item())
        )
    }
    what = f"masked_max for lengths {lengths.tolist()}, where all values are below -2000,"
    assert_equal_arrays(got, right, mistakes=max_mistakes(output, lengths) | filler, what=what)


@points(1)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_more_padding(student, name):
    """More padding changes nothing, and neither does none."""
    output, lengths = inputs(3, 5, 2)
    longer = torch.cat([output, torch.randn(3, 20, 2, dtype=torch.float64)], dim=1)
    assert_right(student, name, longer, lengths, ", with 20 more steps of padding,")
    assert_right(student, name, output, torch.tensor([5, 5, 5]), ", where no row has padding,")


@points(2)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("padding", [1e6, torch.inf, torch.nan])
def test_padding_is_not_read(student, name, padding):
    """What stands in the padding does not matter: a million, infinity, NaN."""
    output, lengths = inputs(4, 6, 3)
    output[torch.arange(6) >= lengths[:, None]] = padding
    assert_right(student, name, output, lengths, f", with {padding} in the padding,")


@points(1)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradient(student, name):
    """The gradient reaches the valid steps, and the padding not at all."""
    output, lengths = inputs(3, 5, 2)
    upstream = torch.randn(3, 2, dtype=torch.float64)
    leaf = output.clone().requires_grad_()
    (right,) = torch.autograd.grad(FUNCTIONS[name][0](leaf, lengths), leaf, upstream)
    (got,) = student.grad(name, (output, lengths), upstream=upstream)
    what = f"the gradient of {name} with respect to output, for lengths {lengths.tolist()},"
    assert_equal_arrays(got, right, what=what)


@points(1)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_unchanged(student, name):
    """The arguments stay as they are."""
    call(student, name, *inputs(3, 5, 2))
    assert_unchanged(student, "output", "lengths")
