"""Exercise `rnn-cell`: values, gradient, dtype and manners of one step of a tanh RNN, against torch.nn.RNNCell."""

import pytest
import torch

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged

EXERCISE = Exercise(
    id="rnn-cell",
    chapter="02_rnn",
    place=1,
    title="One step of a recurrent network",
    defines=("rnn_cell",),
    hints=(
        "Write down the shapes first: x is (B, D), W_ih is (H, D), the result must be (B, H). Which side is W_ih on?",
        "There are two parts, one of x and one of h, each with its own matrix and bias. What comes after adding them?",
        "`x @ W_ih.T + b_ih` is the input's part. The state's looks the same, with h, W_hh and b_hh. Then torch.tanh.",
    ),
    forbidden=(
        *("torch.nn.RNNCell", "torch.nn.RNN", "torch.rnn_tanh_cell", "torch.rnn_tanh", "torch._VF"),
        *("rnnbook.layers", "rnnbook.numpy_rnn"),
    ),
)
NAMES = ("x", "h", "W_ih", "W_hh", "b_ih", "b_hh")


def inputs(B: int, D: int, H: int, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    """A batch x (B, D) and h (B, H), and the parameters W_ih (H, D), W_hh (H, H), b_ih (H,), b_hh (H,)."""
    shapes = [(B, D), (B, H), (H, D), (H, H), (H,), (H,)]
    return tuple(torch.randn(shape, dtype=torch.float64).to(dtype) for shape in shapes)


def expected(x, h, W_ih, W_hh, b_ih, b_hh) -> torch.Tensor:
    """The right answer, h_1 (B, H): torch's cell with these parameters."""
    cell = torch.nn.RNNCell(x.shape[1], h.shape[1], dtype=x.dtype)
    parameters = {"weight_ih": W_ih, "weight_hh": W_hh, "bias_ih": b_ih, "bias_hh": b_hh}
    return torch.func.functional_call(cell, parameters, (x, h))


def mistakes(x, h, W_ih, W_hh, b_ih, b_hh) -> dict:
    """What people write instead, and what it gives."""
    part_x, part_h = x @ W_ih.T + b_ih, h @ W_hh.T + b_hh
    total = part_x + part_h
    return {
        "You left out the tanh: h_1 = tanh(...).": total,
        "You applied a sigmoid: this cell squashes with tanh.": torch.sigmoid(total),
        "You applied a ReLU: this cell squashes with tanh.": torch.relu(total),
        "You applied tanh to the two parts and then added them: add first.": torch.tanh(part_x) + torch.tanh(part_h),
        "You left out the bias b_hh.": torch.tanh(total - b_hh),
        "You left out the bias b_ih.": torch.tanh(total - b_ih),
        "You left out both biases.": torch.tanh(total - b_ih - b_hh),
        "You used b_ih twice, and b_hh not at all.": torch.tanh(total - b_hh + b_ih),
        "You left out the state h: a recurrent cell adds W_hh h.": torch.tanh(part_x),
        "You left out the input x.": torch.tanh(part_h),
        "You left W_hh untransposed: it is (out, in), so a batch needs h @ W_hh.T.": torch.tanh(
            part_x + h @ W_hh + b_hh
        ),
        "Your rows are not independent: row b starts from h[b], not from the row before.": (
            leaking(x, h, W_ih, W_hh, b_ih, b_hh)
        ),
        # The others have a value only where the sizes happen to fit.
        "You left W_ih untransposed: it is (out, in), so a batch needs x @ W_ih.T.": (
            lambda: torch.tanh(x @ W_ih + b_ih + part_h)
        ),
        "You left both matrices untransposed: they are (out, in), so a batch needs x @ W_ih.T and h @ W_hh.T.": (
            lambda: torch.tanh(x @ W_ih + b_ih + h @ W_hh + b_hh)
        ),
        "You swapped the matrices: W_ih belongs to x and W_hh to h.": (
            lambda: torch.tanh(x @ W_hh.T + b_ih + h @ W_ih.T + b_hh)
        ),
    }


def leaking(x, h, *parameters) -> torch.Tensor:
    """The step when the loop over the batch hands the new state on from row to row."""
    state, rows = h[:1], []
    for row in x:
        state = expected(row[None], state, *parameters)
        rows.append(state)
    return torch.cat(rows)


@points(1)
def test_square(student):
    """One step with all sizes equal."""
    given = inputs(4, 4, 4)
    assert_equal_arrays(student.rnn_cell(*given), expected(*given), mistakes=mistakes(*given), what="h_1")


@points(2)
@pytest.mark.parametrize(("B", "D", "H"), [(2, 3, 5), (5, 4, 2), (1, 1, 3), (3, 7, 1)])
def test_sizes(student, B, D, H):
    """One step with batch, input and hidden sizes all different."""
    given = inputs(B, D, H)
    what = f"h_1 (for batch {B}, input size {D}, hidden size {H})"
    assert_equal_arrays(student.rnn_cell(*given), expected(*given), mistakes=mistakes(*given), what=what)


@points(2)
def test_rows_are_independent(student):
    """Each row of the batch is computed on its own."""
    x, h, *parameters = inputs(4, 3, 5)
    whole = student.rnn_cell(x, h, *parameters)
    assert_equal_arrays(whole, expected(x, h, *parameters), mistakes=mistakes(x, h, *parameters), what="h_1")
    for b in range(4):
        alone = student.rnn_cell(x[b : b + 1], h[b : b + 1], *parameters)
        assert_equal_arrays(alone, whole[b : b + 1], what=f"row {b} of the batch, computed alone,")


@points(1)
def test_biases(student):
    """Both biases count, each by itself."""
    x, h, W_ih, W_hh, b_ih, b_hh = inputs(2, 3, 5)
    for given in [(x, h, W_ih, W_hh, b_ih, 0 * b_hh), (x, h, W_ih, W_hh, 0 * b_ih, b_hh)]:
        assert_equal_arrays(student.rnn_cell(*given), expected(*given), mistakes=mistakes(*given), what="h_1")


@points(2)
def test_gradient(student):
    """The gradient reaches every argument."""
    given = inputs(2, 3, 5)
    upstream = torch.randn(2, 5, dtype=torch.float64)
    leaves = [value.clone().requires_grad_() for value in given]
    h_1 = expected(*leaves)
    right = torch.autograd.grad(h_1, leaves, upstream)
    x, h, W_ih, W_hh, b_ih, b_hh = leaves
    total = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    twice = torch.autograd.grad(total, leaves, upstream * (1 - torch.tanh(h_1) ** 2), retain_graph=True)
    left_out = torch.autograd.grad(total, leaves, upstream)
    for i, (name, got) in enumerate(zip(NAMES, student.grad("rnn_cell", given, range(6), upstream), strict=True)):
        mistakes = {
            f"No gradient reaches {name}: is it unused, or cut off by detach() or .data?": 0 * right[i],
            "The derivative of tanh is 1 - h_1 ** 2, because h_1 is the tanh already: you took tanh twice.": twice[i],
            "You left out the derivative of tanh, 1 - h_1 ** 2.": left_out[i],
        }
        assert_equal_arrays(got, right[i], mistakes=mistakes, what=f"the gradient with respect to {name}")


@points(1)
def test_arguments_unchanged(student):
    """The arguments stay as they are."""
    student.rnn_cell(*inputs(2, 3, 5))
    assert_unchanged(student, *NAMES)


@points(1)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_follows(student, dtype):
    """The result has the dtype of the arguments."""
    given = inputs(2, 3, 5, dtype)
    got = student.rnn_cell(*given)
    assert_equal_arrays(got, expected(*given), mistakes=mistakes(*given), what="h_1", atol=1e-5)
    assert got.dtype == dtype, f"With arguments of dtype {dtype}, h_1 should be {dtype} too, but it is {got.dtype}."
