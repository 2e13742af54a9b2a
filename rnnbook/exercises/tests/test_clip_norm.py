"""Exercise `clip-norm`: gradients clipped by their common norm, checked against its definition."""

import math

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_raises, assert_unchanged, unpack
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="clip-norm",
    chapter="03_bptt",
    place=3,
    title="Clip the gradients by their norm",
    defines=("clip_norm",),
    hints=(
        "All gradients together are one long vector. How do you get its length without building it?",
        "norm = the square root of the sum, over all gradients that are not None, of (g ** 2).sum(). The same factor "
        "goes to all of them. When is the factor 1, whatever the formula says?",
        "scale = max_norm / norm if norm > max_norm else 1.0, then [None if g is None else g * scale for g in "
        "gradients]. Before that: if not math.isfinite(norm), raise a FloatingPointError. norm is a Python number: "
        ".item().",
    ),
    forbidden=(
        *("torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grads_with_norm_", "torch.nn.utils.get_total_norm"),
        *("torch.nn.utils.clip_grad", "torch.nn.utils.clip_grad_value_", "rnnbook.numpy_rnn", "rnnbook.train"),
    ),
)
Gradients = list[Tensor | None]
SHAPES = ((3, 4), (4,), (2, 1, 5))
CLOSE = 1e-5  # torch divides by norm + 1e-6, which is right as well


def inputs(norm: float, *shapes: tuple[int, ...]) -> Gradients:
    """Gradients of these shapes whose common norm is this one."""
    gradients = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    scale = norm / norm_of(gradients)
    return [g * scale for g in gradients]


def norm_of(gradients: Gradients) -> float:
    """The right norm."""
    present = [g.reshape(-1) for g in gradients if g is not None]
    return torch.cat(present).norm().item() if present else 0.0


def scaled(gradients: Gradients, *scales: float) -> Gradients:
    """Each gradient times its factor; the last factor is that of all others too."""
    scales += scales[-1:] * len(gradients)
    return [None if g is None else g * scale for g, scale in zip(gradients, scales, strict=False)]


def mistakes(gradients: Gradients, max_norm: float) -> dict[str, Gradients]:
    """What people write instead, and the gradients that it gives."""
    norm = norm_of(gradients)
    norms = [0.0 if g is None else g.norm().item() for g in gradients]
    root = math.sqrt(sum(norms))
    largest = max((g.abs().max().item() for g in gradients if g is not None), default=0.0)
    absolute = sum(g.abs().sum().item() for g in gradients if g is not None)
    count = sum(g.numel() for g in gradients if g is not None)

    def ratio(length: float) -> float:
        return max_norm / length if length > max_norm else 1.0

    def apply(function) -> Gradients:
        return [None if g is None else function(g) for g in gradients]

    def at_least_tiny(number: float) -> float:
        return number or 1e-300

    return {
        "You clipped by value, which changes the direction: multiply all gradients by the same factor.": (
            apply(lambda g: g.clamp(-max_norm, max_norm))
        ),
        "You clipped each gradient by its own norm, which changes the direction: the norm is that of all together.": (
            scaled(gradients, *map(ratio, norms))
        ),
        "You changed gradients whose norm is small enough: they stay as they are, and are never scaled up.": (
            scaled(gradients, max_norm / at_least_tiny(norm))
        ),
        "You divided by the norm, but did not multiply by max_norm.": scaled(gradients, 1 / at_least_tiny(norm)),
        "You divided by the norm where it is too large, but did not multiply by max_norm.": (
            scaled(gradients, 1 / norm if norm > max_norm else 1.0)
        ),
        "You left the gradients as they were: their norm is too large.": gradients,
        "The factor is upside down: it is max_norm / norm.": scaled(gradients, norm / max_norm),
        "You did not take the square root: the norm is the root of the sum of squares.": (
            scaled(gradients, ratio(norm**2))
        ),
        "You added up the gradients' norms: add their squares, and take the root of the sum.": (
            scaled(gradients, ratio(sum(norms)))
        ),
        "You added up the norms without squaring them, and took the root: add the squares of the norms.": (
            scaled(gradients, ratio(root))
        ),
        "You added up absolute values: the norm is the root of the sum of squares.": scaled(gradients, ratio(absolute)),
        "You took the largest entry for the norm: the norm is the root of the sum of squares.": (
            scaled(gradients, ratio(largest))
        ),
        "You took the largest of the gradients' norms: the norm is that of all together.": (
            scaled(gradients, ratio(max(norms, default=0.0)))
        ),
        "You took the norm of the first gradient alone: the norm is that of all together.": (
            scaled(gradients, ratio(norms[0] if norms else 0.0))
        ),
        "You took the norm of the last gradient alone: the norm is that of all together.": (
            scaled(gradients, ratio(norms[-1] if norms else 0.0))
        ),
        "You divided by the number of entries: the norm is no mean.": (
            scaled(gradients, ratio(norm / math.sqrt(max(count, 1))))
        ),
        "Gradients of zeros stay zeros: max_norm / norm divides by zero here.": apply(lambda g: g * math.nan),
        "You set the gradients to zero.": apply(lambda g: 0 * g),
        "You swapped the signs: the factor is positive.": scaled(gradients, -ratio(norm)),
        "You returned signs or directions: each gradient times max_norm / norm.": apply(torch.sign),
    }


def clip(student, gradients: Gradients, max_norm: float):
    """The learner's call; what None and zeros do to it is explained."""
    try:
        return student.clip_norm(gradients, max_norm)
    except LearnerError as error:
        if "NoneType" in error.said:
            told = "One of the gradients is None. Leave it out of the norm, and keep its None in its place."
        elif "ZeroDivisionError" in error.raised:
            told = "These gradients have the norm 0: divide by the norm only where it is larger than max_norm."
        elif "equal size" in error.said:
            told = "The gradients have different shapes: stack their norms, or flatten each and join them by torch.cat."
        elif not any(g is not None for g in gradients):
            told = "All gradients are None here, as when nothing was learned from yet: their norm is 0."
        else:
            raise
        raise AssertionError(f"{told}\n{error}") from None


def assert_clipped(got, gradients: Gradients, max_norm: float, what: str = "") -> None:
    """Checks the clipped gradients and the norm before."""
    clipped, norm = unpack(got, "clipped", "norm")
    right_norm = norm_of(gradients)
    named = {
        "That is the norm after clipping: return the one before.": min(right_norm, max_norm),
        "You did not take the square root: the norm is the root of the sum of squares.": right_norm**2,
        "You added up the gradients' norms: add their squares, and take the root of the sum.": (
            sum(g.norm().item() for g in gradients if g is not None)
        ),
        "You returned the factor: return the norm before clipping.": min(1.0, max_norm / (right_norm or 1.0)),
        "That is the square of what it should be, or its root.": math.sqrt(right_norm),
    }
    assert isinstance(clipped, list | tuple), (
        f"The clipped gradients should be a list, as `gradients` is, but they are {describe(clipped)}. "
        "First the gradients, then the norm."
    )
    wish = f"The list should have as many entries as `gradients`, {len(gradients)}"
    assert len(clipped) == len(gradients), f"{wish}, but it has {len(clipped)}. Does it keep the place of a None?"
    right = scaled(gradients, max_norm / right_norm if right_norm > max_norm else 1.0)
    guess = next((sentence for sentence, wrong in mistakes(gradients, max_norm).items() if same(clipped, wrong)), None)
    for i, (mine, theirs) in enumerate(zip(right, clipped, strict=True)):
        place = f"clipped[{i}]{what}"
        if mine is None:
            assert theirs is None, f"gradients[{i}] is None, so {place} should be None, but it is {describe(theirs)}."
            continue
        wrong = {guess: theirs} if guess else None
        assert_equal_arrays(theirs, mine, mistakes=wrong, what=place, atol=CLOSE)
        wish = f"{place} should have the dtype of gradients[{i}], {mine.dtype}"
        assert theirs.dtype == mine.dtype, f"{wish}, but it has {theirs.dtype}."
    assert_equal_arrays(norm, right_norm, mistakes=named, what=f"the norm before clipping{what}", atol=CLOSE)


def same(clipped: list, wrong: Gradients) -> bool:
    """Whether the learner's gradients are what a mistake gives."""
    return all(a is b or is_close(a, b) for a, b in zip(clipped, wrong, strict=True))


def is_close(a, b: Tensor | None) -> bool:
    """Whether the learner's gradient is this one."""
    if not isinstance(a, Tensor) or b is None or a.shape != b.shape:
        return False
    return torch.allclose(a.to(b), b, rtol=CLOSE, atol=CLOSE, equal_nan=True)


@points(3)
@pytest.mark.parametrize(("norm", "max_norm"), [(7.0, 1.0), (100.0, 5.0), (0.3, 0.1)])
def test_too_large(student, norm, max_norm):
    """Gradients whose norm is too large have the norm max_norm afterwards, and the direction that they had."""
    gradients = inputs(norm, *SHAPES)
    what = f" (for a norm of {norm:g} and max_norm {max_norm:g})"
    assert_clipped(clip(student, gradients, max_norm), gradients, max_norm, what)


@points(2)
@pytest.mark.parametrize(("norm", "max_norm"), [(0.5, 1.0), (4.99, 5.0), (1e-6, 1.0)])
def test_small_enough(student, norm, max_norm):
    """Gradients whose norm is small enough stay as they are."""
    gradients = inputs(norm, *SHAPES)
    what = f" (for a norm of {norm:g} and max_norm {max_norm:g})"
    got = clip(student, gradients, max_norm)
    assert_clipped(got, gradients, max_norm, what)
    for i, (theirs, mine) in enumerate(zip(got[0], gradients, strict=True)):
        assert_equal_arrays(theirs * 1e6, mine * 1e6, what=f"a million times clipped[{i}]{what}", atol=1e-8)


@points(1)
def test_one_tensor(student):
    """A single gradient; and one large gradient beside small ones."""
    gradients = [torch.tensor([100.0, 3.0, -4.0], dtype=torch.float64)]
    assert_clipped(clip(student, gradients, 5.0), gradients, 5.0, " for (100, 3, -4) and max_norm 5")
    gradients = [*inputs(0.1, (2, 2)), *inputs(50.0, (3,)), *inputs(0.1, (4,))]
    assert_clipped(clip(student, gradients, 1.0), gradients, 1.0)


@points(1)
@pytest.mark.parametrize("norm", [0.5, 20.0])
def test_none(student, norm):
    """A parameter without a gradient: its None stays in its place."""
    first, *others = inputs(norm, *SHAPES)
    for gradients in ([first, None, *others], [None, first, *others, None]):
        assert_clipped(clip(student, gradients, 1.0), gradients, 1.0)


@points(1)
def test_zeros(student):
    """Gradients of zeros stay zeros, and their norm is 0; the same where there are none at all."""
    gradients = scaled(inputs(1.0, *SHAPES), 0.0)
    assert_clipped(clip(student, gradients, 1.0), gradients, 1.0, " for gradients of zeros")
    assert_clipped(clip(student, [None, None], 1.0), [None, None], 1.0, " where all gradients are None")


@points(2)
@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_not_finite(student, number):
    """An infinite gradient, or NaN, raises a FloatingPointError: no factor can mend it."""
    gradients = inputs(1.0, *SHAPES)
    gradients[1][2] = number
    what = f"clip_norm for gradients with {number} among them"
    assert_raises(lambda: student.clip_norm(gradients, 1.0), "FloatingPointError", what=what)


@points(1)
@pytest.mark.parametrize("norm", [0.5, 20.0])
def test_float32(student, norm):
    """float32 gradients stay float32."""
    gradients = [g.float() for g in inputs(norm, *SHAPES)]
    assert_clipped(clip(student, gradients, 1.0), gradients, 1.0)


@points(1)
def test_arguments_unchanged(student):
    """The gradients that were given stay as they are."""
    clip(student, [*inputs(20.0, *SHAPES), None], 1.0)
    assert_unchanged(student, "gradients", "max_norm")
