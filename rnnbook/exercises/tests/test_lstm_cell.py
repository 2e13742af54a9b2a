"""Exercise `lstm-cell`: values, gates, gradients and manners of one step of an LSTM, against torch.nn.LSTMCell."""

import itertools
from functools import partial

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged, unpack
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="lstm-cell",
    chapter="04_lstm_gru",
    place=1,
    title="One step of an LSTM",
    defines=("lstm_cell",),
    hints=(
        "All four gates need the same two products, one of x and one of h. The matrices hold the four in blocks of H "
        "rows: what shape has x @ W_ih.T, and which of its columns belong to the forget gate?",
        "gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh is (B, 4H). gates.chunk(4, dim=1) cuts it into i, f, g, o, each "
        "(B, H), in this order. Three of them go through a sigmoid. Which one goes through tanh, and why?",
        "i, f, o = torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o) and g = torch.tanh(g). Then c_1 = f * c + "
        "i * g and h_1 = o * torch.tanh(c_1). Return h_1, c_1.",
    ),
    forbidden=(
        *("torch.nn.LSTMCell", "torch.nn.LSTM", "torch.nn.RNNBase", "torch.nn.RNNCellBase", "torch.lstm"),
        *("torch.lstm_cell", "torch._VF", "rnnbook.layers", "rnnbook.numpy_rnn", "rnnbook.models"),
    ),
)
NAMES = ("x", "h", "c", "W_ih", "W_hh", "b_ih", "b_hh")
I, F, G, O = range(4)


def inputs(B: int, D: int, H: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
    """A batch x (B, D), h and c (B, H), and the parameters W_ih (4H, D), W_hh (4H, H), b_ih (4H,), b_hh (4H,)."""
    shapes = [(B, D), (B, H), (B, H), (4 * H, D), (4 * H, H), (4 * H,), (4 * H,)]
    return tuple(torch.randn(shape, dtype=torch.float64).to(dtype) for shape in shapes)


def expected(x, h, c, W_ih, W_hh, b_ih, b_hh) -> tuple[Tensor, Tensor]:
    """The right answer, h_1 and c_1, (B, H): torch's cell with these parameters."""
    cell = torch.nn.LSTMCell(x.shape[1], h.shape[1], dtype=x.dtype)
    parameters = {"weight_ih": W_ih, "weight_hh": W_hh, "bias_ih": b_ih, "bias_hh": b_hh}
    return torch.func.functional_call(cell, parameters, (x, (h, c)))


def finish(blocks: list[Tensor], c: Tensor, order: str = "ifgo", squash: dict | None = None) -> tuple[Tensor, Tensor]:
    """h_1 and c_1 from the four blocks before their nonlinearity, when they are taken in this order."""
    functions = {"i": torch.sigmoid, "f": torch.sigmoid, "g": torch.tanh, "o": torch.sigmoid} | (squash or {})
    gate = {name: functions[name](block) for name, block in zip(order, blocks, strict=True)}
    c_1 = gate["f"] * c + gate["i"] * gate["g"]
    return gate["o"] * torch.tanh(c_1), c_1


ORDERS = {
    "ifgo": "",
    "ifog": "You took the gates in the order i, f, o, g: torch's order is i, f, g, o.",
    "figo": "You took the gates in the order f, i, g, o: torch's order is i, f, g, o.",
    "fiog": "You took the gates in the order f, i, o, g: torch's order is i, f, g, o.",
    "igfo": "You took the gates in the order i, g, f, o, as TensorFlow's older code does: torch's is i, f, g, o.",
    "giof": "You took the gates in the order g, i, o, f: torch's order is i, f, g, o.",
}
BIASES = {
    (1, 1): "",
    (1, 0): "You left out the bias b_hh.",
    (0, 1): "You left out the bias b_ih.",
    (0, 0): "You left out both biases.",
    (2, 0): "You used b_ih twice, and b_hh not at all.",
}


def mistakes(x, h, c, W_ih, W_hh, b_ih, b_hh) -> dict:
    """What people write instead, and what it gives for h_1 and c_1; some have a value only where the sizes fit."""

    def cut(total: Tensor) -> list[Tensor]:
        return [*total.chunk(4, dim=1)]

    def one(x):
        return torch.ones_like(x)

    total = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    blocks = cut(total)
    i, f, g, o = *(torch.sigmoid(block) for block in blocks[:2]), torch.tanh(blocks[G]), torch.sigmoid(blocks[O])
    h_1, c_1 = finish(blocks, c)
    every_fourth = [*total.unflatten(1, (-1, 4)).unbind(2)]
    always = {
        "You took every fourth column for a gate: the gates are four blocks of H columns, one after the other.": (
            finish(every_fourth, c)
        ),
        "You left out the state h: every gate sees W_hh h too.": finish(cut(x @ W_ih.T + b_ih + b_hh), c),
        "You left out the input x: every gate sees W_ih x too.": finish(cut(h @ W_hh.T + b_ih + b_hh), c),
        "You left out the forget gate: the old cell state is multiplied by f.": finish(blocks, c, squash={"f": one}),
        "You left out the input gate: the new value g is multiplied by i.": finish(blocks, c, squash={"i": one}),
        "You left out the output gate: h_1 is o times tanh(c_1).": (torch.tanh(c_1), c_1),
        "You put 1 - i in the place of the forget gate: an LSTM's forget gate has weights of its own.": (
            o * torch.tanh((1 - i) * c + i * g),
            (1 - i) * c + i * g,
        ),
        "You put 1 - f in the place of the input gate: an LSTM's input gate has weights of its own.": (
            o * torch.tanh(f * c + (1 - f) * g),
            f * c + (1 - f) * g,
        ),
        "You took 1 - f for the forget gate: f = 1 keeps the old cell state, f = 0 forgets it.": (
            o * torch.tanh((1 - f) * c + i * g),
            (1 - f) * c + i * g,
        ),
        "You added 1 to the forget gate: some libraries do, torch's equations do not.": (
            finish([blocks[I], blocks[F] + 1, blocks[G], blocks[O]], c)
        ),
        "You applied a sigmoid to g: it goes through tanh, so that the cell can be told to go down too.": (
            finish(blocks, c, squash={"g": torch.sigmoid})
        ),
        "You applied a ReLU to g: it goes through tanh.": finish(blocks, c, squash={"g": torch.relu}),
        "You left out the tanh of g.": finish(blocks, c, squash={"g": lambda block: block}),
        "You applied tanh to the gates: i, f and o go through a sigmoid, which makes them fractions from 0 to 1.": (
            finish(blocks, c, squash=dict.fromkeys("ifo", torch.tanh))
        ),
        "You left out the sigmoids: i, f and o go through a sigmoid, which makes them fractions from 0 to 1.": (
            finish(blocks, c, squash=dict.fromkeys("ifo", lambda block: block))
        ),
        "You left out the tanh of the cell state: h_1 = o * tanh(c_1).": (o * c_1, c_1),
        "You applied a sigmoid to the cell state: h_1 = o * tanh(c_1).": (o * torch.sigmoid(c_1), c_1),
        "You made h_1 from the old cell state: h_1 = o * tanh(c_1), and c_1 comes first.": (o * torch.tanh(c), c_1),
        "You squashed the cell state: c_1 = f * c + i * g, without tanh, or it would fade at every step.": (
            o * torch.tanh(torch.tanh(c_1)),
            torch.tanh(c_1),
        ),
        "You multiplied f and h: the forget gate multiplies the cell state c.": (
            o * torch.tanh(f * h + i * g),
            f * h + i * g,
        ),
        "You multiplied where the equation adds: c_1 = f * c + i * g.": (o * torch.tanh(f * c * i * g), f * c * i * g),
        "You fed c to the gates in the place of h: they see the hidden state.": (
            finish(cut(x @ W_ih.T + b_ih + c @ W_hh.T + b_hh), c)
        ),
        "You swapped the states: the gates see h, and the forget gate multiplies c.": (
            finish(cut(x @ W_ih.T + b_ih + c @ W_hh.T + b_hh), h)
        ),
        "You returned the states in the wrong order: first h_1, then c_1.": (c_1, h_1),
        "You returned the old cell state: c_1 is the one after the step.": (h_1, c),
    }
    orders_and_biases = {
        f"{ORDERS[order]} {BIASES[ih, hh]}".strip(): partial(
            lambda order, ih, hh: finish(cut(total + (ih - 1) * b_ih + (hh - 1) * b_hh), c, order), order, ih, hh
        )
        for order, (ih, hh) in itertools.product(ORDERS, BIASES)
    }
    computed_when_asked = {
        "Your rows are not independent: row b starts from h[b] and c[b], not from the row before.": (
            lambda: leaking(x, h, c, W_ih, W_hh, b_ih, b_hh)
        ),
        "You left W_ih untransposed: it is (out, in), so a batch needs x @ W_ih.T.": (
            lambda: finish(cut(x @ W_ih + b_ih + h @ W_hh.T + b_hh), c)
        ),
    }
    return always | orders_and_biases | computed_when_asked


def leaking(x, h, c, *parameters) -> tuple[Tensor, Tensor]:
    """The step when a loop over the batch hands the new states on from row to row."""
    state, rows = (h[:1], c[:1]), []
    for row in x:
        state = expected(row[None], *state, *parameters)
        rows.append(state)
    return tuple(map(torch.cat, zip(*rows, strict=True)))


def part(wrong: dict, k: int) -> dict:
    """The mistakes' values for h_1 (k = 0) or c_1 (k = 1)."""
    return {sentence: (lambda pair=pair: (pair() if callable(pair) else pair)[k]) for sentence, pair in wrong.items()}


def assert_step(got, given: tuple[Tensor, ...], what: str = "", **options) -> None:
    """Checks h_1 and c_1; the cell state first, because h_1 is made from it."""
    got_h, got_c = unpack(got, "h_1", "c_1")
    h_1, c_1 = expected(*given)
    wrong = mistakes(*given)
    assert_equal_arrays(got_c, c_1, mistakes=part(wrong, 1), what=f"c_1{what}", **options)
    assert_equal_arrays(got_h, h_1, mistakes=part(wrong, 0), what=f"h_1{what}", **options)


def step(student, given: tuple[Tensor, ...]):
    """The learner's step; matrices that do not fit together are explained."""
    try:
        return student.lstm_cell(*given)
    except LearnerError as error:
        if "cannot be multiplied" in error.said:
            told = "Two matrices do not fit together. Both weights are (out, in), W_ih (4H, D) and W_hh (4H, H), so a "
            told += "batch needs x @ W_ih.T and h @ W_hh.T; a single gate's block is W_hh[:H] and the like, (H, H)."
        elif "must match" in error.said or "to unpack" in error.said:
            told = "Two shapes do not fit. The sum of the two products is (B, 4H), a row for each of the batch. Cut it "
            told += "along dim=1, which gives each gate (B, H), as h and c are."
        else:
            raise
        raise AssertionError(f"{told}\n{error}") from None


@points(1)
def test_one_step(student):
    """One step with three rows, eight inputs and two hidden units."""
    given = inputs(3, 8, 2)
    assert_step(step(student, given), given)


@points(3)
@pytest.mark.parametrize(("B", "D", "H"), [(2, 3, 5), (5, 4, 2), (1, 1, 3), (3, 7, 1), (4, 2, 6)])
def test_sizes(student, B, D, H):
    """One step with batch, input and hidden sizes all different."""
    given = inputs(B, D, H)
    assert_step(step(student, given), given, f" (for batch {B}, input size {D}, hidden size {H})")


@points(4)
def test_gates(student):
    """Each gate, open and shut, does what its name says."""
    x, h, c, W_ih, W_hh, b_ih, b_hh = inputs(2, 3, 4)
    for gates, effect in {
        (("input", I, False), ("forget", F, True)): "the old cell state stays as it is",
        (("input", I, True), ("forget", F, False)): "the new value replaces the old cell state",
        (("input", I, True), ("forget", F, True)): "the new value is added to the old cell state",
        (("input", I, False), ("forget", F, False)): "the cell state is erased",
        (("output", O, True),): "the whole of tanh(c_1) is shown",
        (("output", O, False),): "nothing of the cell state is shown",
    }.items():
        bias = b_ih.clone().view(4, 4)  # a row for each block
        for _, block, is_open in gates:
            bias[block] = 200.0 if is_open else -200.0
        given = (x, h, c, W_ih, W_hh, bias.view(-1), b_hh)
        forced = ", ".join(f"{name} gate {'open' if is_open else 'shut'}" for name, _, is_open in gates)
        assert_step(step(student, given), given, f" ({forced}: {effect})")


@points(1)
def test_biases(student):
    """Both biases count, each by itself."""
    x, h, c, W_ih, W_hh, b_ih, b_hh = inputs(2, 3, 5)
    for given in [(x, h, c, W_ih, W_hh, b_ih, 0 * b_hh), (x, h, c, W_ih, W_hh, 0 * b_ih, b_hh)]:
        assert_step(step(student, given), given)


@points(2)
def test_several_steps(student):
    """The two states go into the next step, three steps long."""
    x, h, c, *parameters = inputs(2, 3, 5)
    right = got = (h, c)
    for t in range(3):
        given = (x + t, *right, *parameters)
        got = unpack(step(student, (x + t, *got, *parameters)), "h_1", "c_1")
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
    """The states have the dtype of the arguments."""
    given = inputs(2, 3, 5, dtype)
    got = step(student, given)
    assert_step(got, given, atol=1e-5)
    for name, value in zip(("h_1", "c_1"), got, strict=True):
        assert value.dtype == dtype, f"With arguments of dtype {dtype}, {name} should be {dtype}, not {value.dtype}."


@points(2)
def test_gradient(student):
    """The gradient reaches every argument, through h_1 and through c_1."""
    given = inputs(2, 3, 5)
    upstream = tuple(torch.randn(2, 2, 5, dtype=torch.float64))
    assert_step(step(student, given), given)
    leaves = [value.clone().requires_grad_() for value in given]
    right = torch.autograd.grad(expected(*leaves), leaves, upstream)
    h_1, c_1 = expected(*leaves)
    h_alone = torch.autograd.grad(h_1, leaves, upstream[0], retain_graph=True)
    c_alone = torch.autograd.grad(c_1, leaves, upstream[1], materialize_grads=True)
    for i, (name, got) in enumerate(zip(NAMES, student.grad("lstm_cell", given, range(7), upstream), strict=True)):
        wrong = {
            f"No gradient reaches {name}: is it unused, or cut off by detach() or .data?": 0 * right[i],
            "No gradient goes back through c_1: is it detached?": h_alone[i],
            "No gradient goes back through h_1: is it detached?": c_alone[i],
        }
        assert_equal_arrays(got, right[i], mistakes=wrong, what=f"the gradient with respect to {name}")
