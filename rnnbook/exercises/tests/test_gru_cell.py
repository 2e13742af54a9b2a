"""Exercise `gru-cell`: values, gates, gradients and manners of one step of a GRU, against torch.nn.GRUCell."""

import itertools
from functools import partial

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="gru-cell",
    chapter="04_lstm_gru",
    place=2,
    title="One step of a GRU, in torch's convention",
    defines=("gru_cell",),
    hints=(
        "Compute the two products apart: W_ih x + b_ih and W_hh h + b_hh, each (B, 3H). For r and z you add them. For "
        "n you do not: what happens to the state's part first?",
        "Cut both into three blocks: i_r, i_z, i_n = (x @ W_ih.T + b_ih).chunk(3, dim=1), and the same for h_r, h_z, "
        "h_n. Then r = sigmoid(i_r + h_r), and z likewise. The reset gate multiplies h_n, its bias included.",
        "n = torch.tanh(i_n + r * h_n). In torch z says how much of the old state stays: h_1 = (1 - z) * n + z * h.",
    ),
    forbidden=(
        *("torch.nn.GRUCell", "torch.nn.GRU", "torch.nn.RNNBase", "torch.nn.RNNCellBase", "torch.gru"),
        *("torch.gru_cell", "torch._VF", "rnnbook.layers", "rnnbook.numpy_rnn", "rnnbook.models"),
    ),
)
NAMES = ("x", "h", "W_ih", "W_hh", "b_ih", "b_hh")
R, Z, N = range(3)


def inputs(B: int, D: int, H: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
    """A batch x (B, D) and h (B, H), and the parameters W_ih (3H, D), W_hh (3H, H), b_ih (3H,), b_hh (3H,)."""
    shapes = [(B, D), (B, H), (3 * H, D), (3 * H, H), (3 * H,), (3 * H,)]
    return tuple(torch.randn(shape, dtype=torch.float64).to(dtype) for shape in shapes)


def expected(x, h, W_ih, W_hh, b_ih, b_hh) -> Tensor:
    """The right answer, h_1 (B, H): torch's cell with these parameters."""
    cell = torch.nn.GRUCell(x.shape[1], h.shape[1], dtype=x.dtype)
    parameters = {"weight_ih": W_ih, "weight_hh": W_hh, "bias_ih": b_ih, "bias_hh": b_hh}
    return torch.func.functional_call(cell, parameters, (x, h))


ORDERS = {
    "rzn": "",
    "zrn": "You took the gates in the order z, r, n: torch's order is r, z, n.",
    "rnz": "You took the gates in the order r, n, z: torch's order is r, z, n.",
    "nrz": "You took the gates in the order n, r, z: torch's order is r, z, n.",
    "nzr": "You took the gates in the order n, z, r: torch's order is r, z, n.",
}
SHARES = {
    "old": "",
    "new": "You swapped z and 1 - z: in torch z is the share of the old state, h_1 = (1 - z) * n + z * h.",
}
RESETS = {
    "after": "",
    "before": "You applied the reset gate before the product: in torch it is r * (W_hn h + b_hn).",
    "outside": "You left b_hn outside the reset gate: r multiplies the whole of W_hn h + b_hn.",
}
BIASES = {
    (1, 1): "",
    (1, 0): "You left out the bias b_hh.",
    (0, 1): "You left out the bias b_ih.",
    (0, 0): "You left out both biases.",
    (2, 0): "You used b_ih twice, and b_hh not at all.",
}
TEXTBOOK = "You have the GRU of the textbooks, not torch's."


def gru(given: tuple, order: str = "rzn", share: str = "old", reset: str = "after", biases: tuple = (1, 1)) -> Tensor:
    """h_1 in another convention; the choices are the keys of the dictionaries above."""
    x, h, W_ih, W_hh, b_ih, b_hh = given
    b_ih, b_hh = biases[0] * b_ih, biases[1] * b_hh
    of_x, of_h, W, b = (
        dict(zip(order, blocks, strict=True))
        for blocks in ((x @ W_ih.T + b_ih).chunk(3, 1), (h @ W_hh.T + b_hh).chunk(3, 1), W_hh.chunk(3), b_hh.chunk(3))
    )
    r, z = torch.sigmoid(of_x["r"] + of_h["r"]), torch.sigmoid(of_x["z"] + of_h["z"])
    of_state = {
        "after": r * of_h["n"],
        "before": (r * h) @ W["n"].T + b["n"],
        "outside": r * (of_h["n"] - b["n"]) + b["n"],
    }
    n = torch.tanh(of_x["n"] + of_state[reset])
    return (1 - z) * n + z * h if share == "old" else (1 - z) * h + z * n


def conventions(given: tuple) -> dict:
    """Every other convention, those with the fewest differences first."""
    found = {}
    for choices in itertools.product(ORDERS, SHARES, RESETS, BIASES):
        order, share, reset, biases = choices
        said = [ORDERS[order], SHARES[share], RESETS[reset], BIASES[biases]]
        said = [TEXTBOOK] * (share == "new" and reset == "before") + [sentence for sentence in said if sentence]
        found[" ".join(said)] = partial(gru, given, *choices)
    return dict(sorted(found.items(), key=lambda item: item[0].count("You ")))


def mistakes(given: tuple) -> dict:
    """What people write instead, and what it gives for h_1."""
    x, h, W_ih, W_hh, b_ih, b_hh = given
    of_x, of_h = x @ W_ih.T + b_ih, h @ W_hh.T + b_hh  # (B, 3H)
    (i_r, i_z, i_n), (h_r, h_z, h_n) = of_x.chunk(3, dim=1), of_h.chunk(3, dim=1)
    r, z = torch.sigmoid(i_r + h_r), torch.sigmoid(i_z + h_z)
    n = torch.tanh(i_n + r * h_n)

    def mix(n: Tensor, z: Tensor = z) -> Tensor:
        return (1 - z) * n + z * h

    def every_third() -> Tensor:
        r, z, i_n, h_n = (part[:, k::3] for part, k in ((of_x + of_h, 0), (of_x + of_h, 1), (of_x, 2), (of_h, 2)))
        return mix(torch.tanh(i_n + torch.sigmoid(r) * h_n), torch.sigmoid(z))

    return {
        "You left out the reset gate: r multiplies the state's part of n.": mix(torch.tanh(i_n + h_n)),
        "Your reset gate multiplies the input's part too: it is i_n + r * h_n.": mix(torch.tanh(r * (i_n + h_n))),
        "Your reset gate multiplies the input's part: it belongs to the state's part, i_n + r * h_n.": (
            mix(torch.tanh(r * i_n + h_n))
        ),
        "You put the reset gate outside the tanh: n = tanh(i_n + r * h_n).": mix(r * torch.tanh(i_n + h_n)),
        "You took 1 - r for the reset gate: r = 1 lets the state through.": mix(torch.tanh(i_n + (1 - r) * h_n)),
        "You put h itself where W_hn h + b_hn should be: n = tanh(i_n + r * (W_hn h + b_hn)).": (
            mix(torch.tanh(i_n + r * h))
        ),
        "You counted b_hn twice: it is in W_hn h + b_hn already.": (mix(torch.tanh(i_n + r * h_n + b_hh.chunk(3)[N]))),
        "You left out the update gate: h_1 = (1 - z) * n + z * h.": n,
        "You left out 1 - z, which is the share of the new value n: h_1 = (1 - z) * n + z * h.": n + z * h,
        "You multiplied n by z too: h_1 = (1 - z) * n + z * h.": z * n + z * h,
        "You mixed with r: the update gate z decides between n and h.": mix(n, r),
        "You multiplied the old state by r in h_1 too: r belongs into n alone.": (1 - z) * n + z * r * h,
        "You took every third column for a gate: the gates are three blocks of H columns, one after the other.": (
            every_third
        ),
        "You applied a sigmoid to n: it goes through tanh.": mix(torch.sigmoid(i_n + r * h_n)),
        "You left out the tanh of n.": mix(i_n + r * h_n),
        "You applied tanh to the gates: r and z go through a sigmoid, which makes them fractions from 0 to 1.": (
            mix(torch.tanh(i_n + torch.tanh(i_r + h_r) * h_n), torch.tanh(i_z + h_z))
        ),
        "You left out the sigmoids: r and z go through a sigmoid, which makes them fractions from 0 to 1.": (
            mix(torch.tanh(i_n + (i_r + h_r) * h_n), i_z + h_z)
        ),
        "You squashed h_1 once more: it is a mixture of n and h, and needs no tanh.": torch.tanh(mix(n)),
        "You left out the product W_hh h: every gate sees it.": gru((x, h, W_ih, 0 * W_hh, b_ih, b_hh)),
        "You left out the product W_ih x: every gate sees it.": gru((x, h, 0 * W_ih, W_hh, b_ih, b_hh)),
        "Your rows are not independent: row b starts from h[b], not from the row before.": partial(leaking, *given),
        # This one has a value only where the sizes happen to fit.
        "You left W_ih untransposed: it is (out, in), so a batch needs x @ W_ih.T.": (
            lambda: gru((x, h, W_ih.T, W_hh, b_ih, b_hh))
        ),
    } | conventions(given)


def leaking(x, h, *parameters) -> Tensor:
    """The step when a loop over the batch hands the new state on from row to row."""
    state, rows = h[:1], []
    for row in x:
        state = expected(row[None], state, *parameters)
        rows.append(state)
    return torch.cat(rows)


def step(student, given: tuple[Tensor, ...]):
    """The learner's step; matrices that do not fit together are explained."""
    try:
        return student.gru_cell(*given)
    except LearnerError as error:
        if "cannot be multiplied" in error.said:
            told = "Two matrices do not fit together. Both weights are (out, in), W_ih (3H, D) and W_hh (3H, H), so a "
            told += "batch needs x @ W_ih.T and h @ W_hh.T; a single gate's block is W_hh[:H] and the like, (H, H)."
        elif "must match" in error.said or "to unpack" in error.said:
            told = "Two shapes do not fit. Each of the two products is (B, 3H), a row for each of the batch. Cut it "
            told += "along dim=1, which gives each gate (B, H), as h is."
        else:
            raise
        raise AssertionError(f"{told}\n{error}") from None


def assert_step(got, given: tuple[Tensor, ...], what: str = "", **options) -> None:
    """Checks h_1."""
    assert_equal_arrays(got, expected(*given), mistakes=mistakes(given), what=f"h_1{what}", **options)


@points(1)
def test_one_step(student):
    """One step with four rows, six inputs and two hidden units."""
    given = inputs(4, 6, 2)
    assert_step(step(student, given), given)


@points(3)
@pytest.mark.parametrize(("B", "D", "H"), [(2, 3, 5), (5, 4, 2), (1, 1, 3), (3, 7, 1), (4, 2, 6)])
def test_sizes(student, B, D, H):
    """One step with batch, input and hidden sizes all different."""
    given = inputs(B, D, H)
    assert_step(step(student, given), given, f" (for batch {B}, input size {D}, hidden size {H})")


@points(4)
def test_gates(student):
    """Each gate, open and shut, does what torch's convention says."""
    x, h, W_ih, W_hh, b_ih, b_hh = inputs(2, 3, 4)
    for (name, block, is_open), effect in {
        ("update gate", Z, True): "z = 1, the old state stays as it is",
        ("update gate", Z, False): "z = 0, the new value replaces the old state",
        ("reset gate", R, True): "r = 1, the new value sees the whole of W_hn h + b_hn",
        ("reset gate", R, False): "r = 0, the new value sees the input alone, not even b_hn",
    }.items():
        bias = b_ih.clone().view(3, 4)  # a row for each block
        bias[block] = 200.0 if is_open else -200.0
        given = (x, h, W_ih, W_hh, bias.view(-1), b_hh)
        assert_step(step(student, given), given, f" ({name} forced to {effect})")


@points(2)
def test_biases(student):
    """Both biases count, each by itself; they are not one, because r multiplies b_hn alone."""
    x, h, W_ih, W_hh, b_ih, b_hh = inputs(2, 3, 5)
    for given in [(x, h, W_ih, W_hh, b_ih, 0 * b_hh), (x, h, W_ih, W_hh, 0 * b_ih, b_hh)]:
        assert_step(step(student, given), given)


@points(2)
def test_several_steps(student):
    """The state goes into the next step, three steps long."""
    x, h, *parameters = inputs(2, 3, 5)
    right = got = h
    for t in range(3):
        given = (x + t, right, *parameters)
        got = step(student, (x + t, got, *parameters))
        assert_step(got, given, f" after step {t + 1}")
        right = expected(*given)


@points(1)
def test_arguments_unchanged(student):
    """The arguments stay as they are."""
    step(student, inputs(2, 3, 5))
    assert_unchanged(student, *NAMES)


@points(1)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_follows(student, dtype):
    """The state has the dtype of the arguments."""
    given = inputs(2, 3, 5, dtype)
    got = step(student, given)
    assert_step(got, given, atol=1e-5)
    assert got.dtype == dtype, f"With arguments of dtype {dtype}, h_1 should be {dtype} too, but it is {got.dtype}."


@points(2)
def test_gradient(student):
    """The gradient reaches every argument."""
    given = inputs(2, 3, 5)
    upstream = torch.randn(2, 5, dtype=torch.float64)
    assert_step(step(student, given), given)
    leaves = [value.clone().requires_grad_() for value in given]
    right = torch.autograd.grad(expected(*leaves), leaves, upstream)
    for i, (name, got) in enumerate(zip(NAMES, student.grad("gru_cell", given, range(6), upstream), strict=True)):
        wrong = {f"No gradient reaches {name}: is it unused, or cut off by detach() or .data?": 0 * right[i]}
        assert_equal_arrays(got, right[i], mistakes=wrong, what=f"the gradient with respect to {name}")
