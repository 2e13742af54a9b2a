"""Exercise `softmax-temperature`: values, limits and numerical safety of the softmax with a temperature."""

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_raises, assert_unchanged

EXERCISE = Exercise(
    id="softmax-temperature",
    chapter="02_rnn",
    place=3,
    title="Softmax with a temperature",
    defines=("softmax",),
    hints=(
        "Adding the same number to all logits of a row does not change its probabilities. Which number makes the "
        "largest logit 0, so that exp cannot overflow?",
        "Use max and sum over dim=-1 with keepdim=True, so that the results line up with the rows. Treat the "
        "temperatures below 0 and equal to 0 before you divide.",
        "z = (logits - logits.amax(dim=-1, keepdim=True)) / temperature, then exp(z) over its sum. For temperature 0: "
        "zeros with a 1 at logits.argmax(dim=-1), by torch.nn.functional.one_hot or scatter.",
    ),
    forbidden=(
        *("torch.softmax", "torch.log_softmax", "torch.Tensor.softmax", "torch.Tensor.log_softmax"),
        *("torch.nn.functional.softmax", "torch.nn.functional.log_softmax", "torch.nn.functional.gumbel_softmax"),
        *("torch.nn.Softmax", "torch.nn.LogSoftmax", "torch.special.softmax", "torch.special.log_softmax"),
        *("scipy.special.softmax", "scipy.special.log_softmax"),
        *("rnnbook.numpy_rnn.softmax", "rnnbook.numpy_rnn.losses.softmax"),
    ),
)


def expected(logits: Tensor, temperature: float) -> Tensor:
    """The right answer for temperatures above 0."""
    return torch.softmax(logits.double() / temperature, dim=-1).to(logits.dtype)


def naive(logits: Tensor) -> Tensor:
    """Softmax without a shift."""
    return torch.exp(logits) / torch.exp(logits).sum(dim=-1, keepdim=True)


def mistakes(logits: Tensor, temperature: float) -> dict:
    """What people write instead, and what it gives."""
    z = logits / temperature
    shifted = torch.exp(z - z.max())
    largest = torch.nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)
    return {
        "You multiplied by the temperature: the logits are divided by it.": torch.softmax(logits * temperature, -1),
        "You left out the temperature.": torch.softmax(logits, -1),
        "You divided the probabilities by the temperature: divide the logits, before exp.": (
            torch.softmax(logits, -1) / temperature
        ),
        "You normalised over the whole array: each row along the last axis sums to 1.": shifted / shifted.sum(),
        "You normalised over the first axis: it is the last one, dim=-1.": torch.softmax(z, 0),
        "You normalised over the second axis: it is the last one, dim=-1.": lambda: torch.softmax(z, 1),
        "You did not divide by the sum.": torch.exp(z),
        "You shifted and took exp, but did not divide by the sum.": torch.exp(z - z.amax(-1, keepdim=True)),
        # Two that have a value only where the sizes happen to fit.
        "The sums are divided along the wrong axis: sum(dim=-1, keepdim=True) lines them up with the rows.": (
            lambda: torch.exp(z - z.amax(-1, keepdim=True)) / torch.exp(z - z.amax(-1, keepdim=True)).sum(-1)
        ),
        "The maxima are subtracted along the wrong axis: amax(dim=-1, keepdim=True) lines them up with the rows.": (
            lambda: torch.exp(z - z.amax(-1)) / torch.exp(z - z.amax(-1)).sum(-1)
        ),
        "exp overflows or underflows here: subtract the largest logit of each row first.": naive(z),
        "You shifted all rows by the largest logit of the whole array: each row needs its own.": (
            shifted / shifted.sum(dim=-1, keepdim=True)
        ),
        "You always gave all probability to the largest logit: that is for temperature 0.": largest,
        "You returned logarithms of the probabilities.": torch.log_softmax(z, -1),
    }


@points(1)
def test_vector(student):
    """One vector of logits at temperature 1."""
    logits = torch.randn(5)
    got = student.softmax(logits, 1.0)
    assert_equal_arrays(got, expected(logits, 1), mistakes=mistakes(logits, 1), what="the distribution")


@points(1)
@pytest.mark.parametrize("temperature", [0.5, 2.0, 3])
def test_temperature(student, temperature):
    """Temperatures below and above 1."""
    logits = torch.randn(5, dtype=torch.float64)
    right, wrong = expected(logits, temperature), mistakes(logits, temperature)
    what = f"the distribution at temperature {temperature}"
    assert_equal_arrays(student.softmax(logits, temperature), right, mistakes=wrong, what=what)


@points(1)
@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (1, 4), (2, 3, 4)])
def test_last_axis(student, shape):
    """Several axes: each row along the last one is a distribution."""
    logits = torch.randn(shape, dtype=torch.float64)
    right, wrong = expected(logits, 0.7), mistakes(logits, 0.7)
    what = f"the result for logits of shape {shape}"
    assert_equal_arrays(student.softmax(logits, 0.7), right, mistakes=wrong, what=what)


@points(2)
@pytest.mark.parametrize("temperature", [1.0, 0.01])
def test_large_logits(student, temperature):
    """Logits of ±1000 give no NaN."""
    logits = torch.tensor([[1000.0, 999.0, 998.0], [-1000.0, -999.0, -1001.0], [0.0, 1000.0, -1000.0]])
    right, wrong = expected(logits, temperature), mistakes(logits, temperature)
    what = f"the result for logits of ±1000 at temperature {temperature}"
    assert_equal_arrays(student.softmax(logits, temperature), right, mistakes=wrong, what=what)


@points(2)
@pytest.mark.parametrize("temperature", [0, 0.0])
def test_zero(student, temperature):
    """Temperature 0 gives all probability to the first largest logit."""
    logits = torch.tensor([[1.0, 3.0, 2.0], [5.0, 0.0, 5.0], [-2.0, -1.0, -1.0]])
    right = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    largest = (logits == logits.amax(dim=-1, keepdim=True)).float()
    wrong = {
        "Dividing by a temperature of 0 gives NaN: treat 0 before you divide.": right * torch.nan,
        "Equal largest logits share the probability: give all of it to the first.": largest / largest.sum(-1)[:, None],
        "Each of the largest logits has probability 1: give it to the first alone.": largest,
        "You took the last of the largest logits: take the first, as argmax does.": (
            torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
        ),
        "You returned the index of the largest logit: return a distribution, 1 there and 0 elsewhere.": right.argmax(
            -1
        ),
        "You returned the index of the largest logit of all: return a distribution for each row.": logits.argmax(),
        "At temperature 0 you used temperature 1.": torch.softmax(logits, -1),
    }
    got = student.softmax(logits, temperature)
    assert_equal_arrays(got, right, mistakes=wrong, what="the result at temperature 0")


@points(1)
def test_negative(student):
    """A negative temperature raises a ValueError."""
    logits = torch.tensor([1.0, 2.0])
    assert_raises(lambda: student.softmax(logits, -0.5), "ValueError", what="softmax(logits, -0.5)")


@points(1)
def test_arguments_unchanged(student):
    """The logits stay as they are."""
    student.softmax(torch.randn(2, 3), 0.5)
    assert_unchanged(student, "logits", "temperature")


@points(1)
@pytest.mark.parametrize("temperature", [0.5, 0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_follows(student, temperature, dtype):
    """The result has the dtype of the logits, at temperature 0 too."""
    got = student.softmax(torch.tensor([1.0, 2.0], dtype=dtype), temperature)
    right = expected(torch.tensor([1.0, 2.0], dtype=dtype), temperature or 1e-3)
    assert_equal_arrays(got, right, what=f"the result at temperature {temperature}", atol=1e-5)
    assert got.dtype == dtype, f"For logits of dtype {dtype}, the result should be {dtype} too, but it is {got.dtype}."
