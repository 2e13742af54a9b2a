"""Exercise `gradient-check`: central differences for a function of an array, and a relative error."""

from collections.abc import Callable

import numpy as np
import pytest

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_raises, assert_unchanged
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="gradient-check",
    chapter="03_bptt",
    place=1,
    title="Is this gradient right?",
    defines=("length", "three_steps", "numerical_gradient", "relative_error"),
    hints=(
        "Do one entry by hand: change it alone, up and down by epsilon, and ask the function both times. What do you "
        "divide the difference by? And what must be true of that entry before you go on to the next?",
        "Make a float64 copy of x first: np.array(x, dtype=np.float64). Loop `for i in np.ndindex(x.shape):`, which "
        "gives the place of each entry, whatever the shape; x[i] reads and sets it.",
        "In the loop: up, down = x.copy(), x.copy(); up[i] += epsilon; down[i] -= epsilon; gradient[i] = (function(up) "
        "- function(down)) / (2 * epsilon). And the relative error: np.linalg.norm(a - b) over the larger of the two "
        "norms, or 0.0 where that is 0.",
    ),
    forbidden=(
        *("scipy.optimize", "scipy.differentiate", "numpy.gradient", "torch.autograd", "torch.func"),
        *("torch.Tensor.backward", "rnnbook.gradients", "rnnbook.numpy_rnn"),
    ),
)
COARSE = 0.25  # with so large an epsilon, the quotient's own error tells one formula from another


def length(x: np.ndarray) -> float:
    return np.sqrt((x**2).sum())


def three_steps(W_hh: np.ndarray) -> float:
    h = np.arange(1, len(W_hh) + 1) / len(W_hh)
    for _ in range(3):
        h = np.tanh(W_hh @ h)
    return h.sum()


def given(student, function: Callable, x: np.ndarray):
    """The learner's copy of a given function."""
    name = function.__name__
    copy = getattr(student, name)
    assert_equal_arrays(copy(x), float(function(x)), what=f"{name}(x), which was given: copy its cell from the task,")
    return copy


def quotients(function: Callable, x: np.ndarray, epsilon: float) -> np.ndarray:
    """The right answer."""
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i], down[i] = x[i] + epsilon, x[i] - epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


def mistakes(function: Callable, x: np.ndarray, epsilon: float) -> dict:
    """What people write instead, and what it gives."""
    exact = np.array(x, dtype=np.float64)
    right, here = quotients(function, x, epsilon), function(exact)

    def moved(way: Callable[[np.ndarray, tuple], float]) -> Callable[[], np.ndarray]:
        def compute() -> np.ndarray:
            worn, gradient = exact.copy(), np.zeros_like(exact)
            for i in np.ndindex(x.shape):
                gradient[i] = way(worn, i)
            return gradient

        return compute

    def at(y: np.ndarray, i: tuple | int, step: float) -> float:
        y = y.copy()
        y[i] += step
        return function(y)

    def never_restored(y: np.ndarray, i: tuple) -> float:
        y[i] += epsilon
        up = function(y)
        y[i] -= 2 * epsilon
        return (up - function(y)) / (2 * epsilon)

    def forward_never_restored(y: np.ndarray, i: tuple) -> float:
        y[i] += epsilon
        return (function(y) - here) / epsilon

    def aliased(y: np.ndarray, i: tuple) -> float:
        y[i] += epsilon
        up = function(y)
        y[i] -= epsilon
        return (up - function(y)) / (2 * epsilon)

    def whole_steps(dtype: type) -> Callable[[], np.ndarray]:
        def compute() -> np.ndarray:
            gradient = np.zeros(x.shape)
            for i in np.ndindex(x.shape):
                up, down = x.astype(dtype), x.astype(dtype)
                up[i], down[i] = up[i] + epsilon, down[i] - epsilon
                gradient[i] = (function(up) - function(down)) / (2 * epsilon)
            return gradient

        return compute

    def whole_rows() -> np.ndarray:
        gradient = np.zeros_like(exact)
        for row in range(len(x)):
            gradient[row] = (at(exact, row, epsilon) - at(exact, row, -epsilon)) / (2 * epsilon)
        return gradient

    return {
        "These are forward differences, f(x + ε) - f(x) over ε. Central ones, (f(x + ε) - f(x - ε)) / (2ε), have an "
        "error of the order ε² in the place of ε.": moved(lambda y, i: (at(y, i, epsilon) - here) / epsilon),
        "These are backward differences: take (f(x + ε) - f(x - ε)) / (2ε).": (
            moved(lambda y, i: (here - at(y, i, -epsilon)) / epsilon)
        ),
        "You divided by ε: the two points are 2ε apart.": 2 * right,
        "You did not divide: the two points are 2ε apart.": 2 * epsilon * right,
        "You multiplied by ε / 2 in the place of dividing by 2ε: mind the brackets in ... / (2 * epsilon).": (
            right * epsilon**2
        ),
        "You took half of the difference forward: f(x) stands where f(x - ε) should. Did you step back by 2ε?": (
            moved(aliased)
        ),
        "The sign is wrong: take f(x + ε) - f(x - ε).": -right,
        "You moved all entries at once: each entry has its own two points.": (
            np.full(x.shape, (function(exact + epsilon) - function(exact - epsilon)) / (2 * epsilon))
        ),
        "You moved a whole row at once: np.ndindex(x.shape) gives the place of each entry, whatever the shape.": (
            whole_rows
        ),
        "You moved all entries at once: each entry has its own two points, and the gradient has the shape of x.": (
            (function(exact + epsilon) - function(exact - epsilon)) / (2 * epsilon)
        ),
        "An entry was still changed when its successors had their turn: put it back, or begin with a new copy.": (
            moved(never_restored)
        ),
        "An entry was still changed when its successors had their turn: put it back, or begin with a new copy. And "
        "these are forward differences: take central ones.": moved(forward_never_restored),
        "The gradient has been flattened: give it the shape of x.": right.ravel() if x.ndim != 1 else right,
        "This is the gradient for another epsilon, or by another method: take central differences, with the epsilon "
        "that is given.": quotients(function, x, 1e-6),
        "You used the epsilon 1e-5, and not the one that is given.": quotients(function, x, 1e-5),
        "You used the epsilon 1e-4, and not the one that is given.": quotients(function, x, 1e-4),
        "The entries stayed whole numbers, because x is an array of integers: make a float64 copy of it first.": (
            whole_steps(x.dtype.type)
        ),
        "You computed in float32, because x is float32: make a float64 copy of it first.": whole_steps(np.float32),
        "The gradient's array holds whole numbers, because np.zeros_like(x) takes over the dtype of x: make a float64 "
        "copy of x first.": right.astype(x.dtype),
        "You stored the gradient in float32: it is float64, whatever the dtype of x is.": right.astype(np.float32),
        "The gradient is all zeros: does the function see the array that you change?": np.zeros(x.shape),
        "You returned the function's value.": here,
    }


def assert_gradient(student, function: Callable, x: np.ndarray, epsilon: float, what: str = "") -> None:
    """Checks the learner's difference quotients."""
    copy = given(student, function, np.array(x, dtype=np.float64))
    try:
        got = student.numerical_gradient(copy, x, epsilon)
    except LearnerError as error:
        if x.ndim < 2 or "matmul" not in error.said:
            raise
        raise AssertionError(
            f"The function got an array of another shape than x: change one entry of x, and keep its shape.\n{error}"
        ) from None
    if x.ndim == 0 and isinstance(got, float):
        got = np.array(got)
    shown = f"numerical_gradient({function.__name__}, x, {epsilon:g}) for {what}x of shape {x.shape}"
    right = quotients(function, x, epsilon)
    tolerance = max(1e-8, 1e-12 / epsilon)  # rounding errors of the function are divided by epsilon
    wrong = mistakes(function, x, epsilon)
    if isinstance(got, np.ndarray) and got.shape == x.shape and np.isclose(got.flat[0], right.flat[0], tolerance):
        wrong["The first entry is right. Is an entry still changed when its successors have their turn?"] = got
    assert_equal_arrays(got, right, mistakes=wrong, what=shown, atol=tolerance)
    assert got.dtype == np.float64, f"{shown} should be float64, but it is {got.dtype}."


@points(2)
@pytest.mark.parametrize("epsilon", [COARSE, 1e-6])
def test_vector(student, epsilon):
    """The gradient for a vector, by central differences, with the epsilon that is given."""
    assert_gradient(student, length, np.array([3.0, 4.0, -1.5]), epsilon)


@points(2)
@pytest.mark.parametrize("epsilon", [COARSE, 1e-4])
def test_matrix(student, epsilon):
    """The gradient for a matrix, of a function that needs one."""
    assert_gradient(student, three_steps, normal(3, 3), epsilon)


@points(2)
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (1,), (1, 5), (2, 1, 2, 2), ()])
def test_any_shape(student, shape):
    """The gradient has the shape of the array, whatever that is."""
    assert_gradient(student, length, normal(*shape), COARSE)


@points(1)
def test_default_epsilon(student):
    """Without an epsilon it is 1e-6."""
    x = normal(3)
    got = student.numerical_gradient(given(student, length, x), x)
    another = "You have another default: write epsilon=1e-6 in the line with def."
    wrong = {
        f"{another} Yours seems to be {epsilon:g}.": quotients(length, x, epsilon) for epsilon in (0.1, 0.01, 1e-3)
    }
    wrong |= mistakes(length, x, 1e-6)
    assert_equal_arrays(got, x / length(x), mistakes=wrong, what="numerical_gradient(length, x)", atol=1e-7)


@points(2)
@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_float64(student, dtype):
    """It computes in float64, also for whole numbers and for float32."""
    x = np.array([3, 4, 7], dtype=dtype)
    assert_gradient(student, length, x, 1e-6, f"{x.dtype} ")


@points(2)
def test_arguments_unchanged(student):
    """The array stays as it is, to the last digit."""
    x = normal(3, 3)
    student.numerical_gradient(given(student, three_steps, x), x, 1e-6)
    assert_unchanged(student, "function", "x", "epsilon")


@points(2)
@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 4)])
def test_relative_error(student, shape):
    """The relative error of two arrays."""
    a = normal(*shape)
    assert_error(student, a, a + 0.1 * normal(*shape))
    assert_error(student, 3 * a, a)
    assert_error(student, a, 3 * a)


@points(1)
def test_scale(student):
    """The relative error of tiny gradients is that of the same gradients enlarged; equal ones have 0, zeros too."""
    a, b = 1e-10 * normal(2, 3), 1e-10 * normal(2, 3)
    assert_error(student, a, b, " for numbers of the size 1e-10")
    assert_error(student, a, a, " of an array and itself")
    assert_error(student, a, 0 * a, " of an array and zeros")
    assert_error(student, 0 * a, 0 * a, " of zeros and zeros")


@points(1)
def test_other_shape(student):
    """Arrays of different shapes raise a ValueError, also where NumPy would stretch one of them."""
    what = "relative_error for arrays of the shapes (3,) and (3, 1)"
    assert_raises(lambda: student.relative_error(normal(3), normal(3, 1)), "ValueError", what=what)


def normal(*shape: int) -> np.ndarray:
    """Standard normal numbers."""
    return np.array(np.random.normal(size=shape))  # noqa: NPY002


def assert_error(student, a: np.ndarray, b: np.ndarray, what: str = "") -> None:
    """Checks the learner's relative error."""
    norm = np.linalg.norm
    larger, gap = max(norm(a), norm(b)), norm(a - b)
    right = gap / larger if larger else 0.0
    with np.errstate(all="ignore"):
        by_entry = abs(a - b) / (abs(a) + abs(b))
        wrong = {
            "This is 0 / 0: where both arrays are zeros, the error is 0.": np.float64(gap) / np.float64(larger),
            "This is the absolute error: divide by the larger of the two norms.": gap,
            "You divided by the norm of a: divide by the larger of the two norms.": gap / norm(a),
            "You divided by the norm of b: divide by the larger of the two norms.": gap / norm(b),
            "You divided by the smaller of the two norms: take the larger.": gap / min(norm(a), norm(b)),
            "You divided by the sum of the norms: divide by the larger of the two.": gap / (norm(a) + norm(b)),
            "You squared the error: take the square roots of the sums.": right**2,
            "You compared the norms: take the norm of the difference, a - b.": abs(norm(a) - norm(b)) / larger,
            "You took entry by entry, which is in use too, but is upset by a single tiny entry: divide norms.": (
                by_entry.max()
            ),
            "You took the mean over the entries: divide norms.": by_entry.mean(),
            "You took largest entries in the place of norms.": abs(a - b).max() / max(abs(a).max(), abs(b).max()),
            "You took sums of absolute values in the place of norms, which add squares.": (
                abs(a - b).sum() / max(abs(a).sum(), abs(b).sum())
            ),
            "You returned an error for each entry: return one number.": by_entry,
            "You added a small number to the divisor, which hides the errors of tiny gradients: treat 0 by itself.": (
                gap / (larger + 1e-8)
            ),
            "You made the divisor at least 1e-8, which hides the errors of tiny gradients: treat 0 by itself.": (
                gap / max(larger, 1e-8)
            ),
        }
    got = student.relative_error(a, b)
    assert_equal_arrays(got, float(right), mistakes=wrong, what=f"relative_error(a, b){what}")
