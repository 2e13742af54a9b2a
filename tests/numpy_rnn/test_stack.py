import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_rnn.oracle import TIGHT, assert_equals_torch, batches, sizes
from torch import nn

from rnnbook.numpy_rnn import GRU, LSTM, RNN, Stack, sgd_step
from rnnbook.numpy_rnn.stack import reverse_by_length

TORCH = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@pytest.mark.parametrize("cell", TORCH)
@pytest.mark.parametrize(("num_layers", "bidirectional"), [*itertools.product([1, 2, 3], [False, True])])
@settings(max_examples=12)
@given(batch=batches(), D=sizes, H=sizes, bias=st.booleans(), with_state=st.booleans(), seed=st.integers(0, 9))
def test_equals_torch_forward_and_backward(cell, num_layers, bidirectional, batch, D, H, bias, with_state, seed):
    rng = np.random.default_rng(seed)
    options = {"num_layers": num_layers, "bidirectional": bidirectional, "bias": bias}
    theirs = TORCH[cell](D, H, batch_first=True, **options).double()
    assert_equals_torch(Stack(cell, D, H, rng, **options), theirs, rng, batch, with_state)


def test_equals_torch_with_relu(rng):
    options = {"num_layers": 2, "bidirectional": True, "nonlinearity": "relu"}
    theirs = nn.RNN(3, 4, batch_first=True, **options).double()
    assert_equals_torch(Stack("rnn", 3, 4, rng, **options), theirs, rng, (3, 5, [5, 1, 3]), with_state=True)


@pytest.mark.parametrize(("cell", "kind"), [("rnn", RNN), ("lstm", LSTM), ("gru", GRU)])
def test_one_layer_in_one_direction_is_the_layer(cell, kind):
    stack, layer = Stack(cell, 3, 4, np.random.default_rng(0)), kind(3, 4, np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(2, 5, 3))
    np.testing.assert_array_equal(stack.forward(x)[0], layer.forward(x)[0])
    assert [*stack.params] == [f"{name}_l0" for name in layer.params]


@pytest.mark.parametrize("cell", TORCH)
@pytest.mark.parametrize("options", [{}, {"num_layers": 3}, {"bidirectional": True}, {"num_layers": 2, "bias": False}])
def test_parameters_have_the_names_order_and_shapes_of_torchs_state_dict(rng, cell, options):
    theirs = {name: tuple(p.shape) for name, p in TORCH[cell](3, 4, **options).state_dict().items()}
    ours = {name: p.shape for name, p in Stack(cell, 3, 4, rng, **options).params.items()}
    assert [*ours.items()] == [*theirs.items()]


@pytest.mark.parametrize("cell", TORCH)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_gradient_that_is_left_out_is_zero(rng, cell, bidirectional):
    stack = Stack(cell, 3, 4, rng, num_layers=2, bidirectional=bidirectional)
    output, state_n = stack.forward(rng.normal(size=(2, 5, 3)), lengths=[5, 2])
    (d_x, _), (one, _), (other, _) = (
        stack.backward(*given) for given in [(output, state_n), (output, None), (None, state_n)]
    )
    np.testing.assert_allclose(one + other, d_x, **TIGHT)


@pytest.mark.parametrize("cell", TORCH)
def test_everything_is_of_the_dtype_that_was_asked_for(rng, cell):
    stack = Stack(cell, 3, 4, rng, num_layers=2, bidirectional=True, dtype=np.float32)
    output, state_n = stack.forward(rng.normal(size=(2, 5, 3)), lengths=[5, 2])
    d_x, d_state_0 = stack.backward(rng.normal(size=(2, 5, 8)), np.asarray(state_n, np.float64))
    arrays = [output, np.asarray(state_n), d_x, np.asarray(d_state_0), *stack.params.values(), *stack.grads.values()]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_a_step_of_gradient_descent_lowers_the_loss(rng):
    stack, x = Stack("gru", 3, 4, rng, num_layers=2, bidirectional=True), rng.normal(size=(2, 5, 3))
    before, _ = stack.forward(x)
    stack.backward(before)  # of ½ Σ output²
    norm = sgd_step(stack, learning_rate=1e-3)
    after, _ = stack.forward(x)
    fall = 0.5 * ((before**2).sum() - (after**2).sum())
    assert fall == pytest.approx(1e-3 * norm**2, rel=0.05)


class TestErrors:
    def test_of_the_constructor(self, rng):
        with pytest.raises(ValueError, match=r"there is no cell 'lsmt'. Did you mean lstm\? There are: rnn, lstm, gru"):
            Stack("lsmt", 3, 4, rng)
        with pytest.raises(ValueError, match="num_layers must be at least 1, got 0"):
            Stack("lstm", 3, 4, rng, num_layers=0)
        with pytest.raises(ValueError, match="hidden_size must be at least 1, got 0"):
            Stack("lstm", 3, 0, rng)

    @pytest.mark.parametrize(
        ("shape", "message"),
        [
            ((5, 3), r"x has shape \(5, 3\), expected \(B, T, 3\): for a single sequence write x\[None\]"),
            ((0, 5, 3), r"x has shape \(0, 5, 3\), expected \(B, T, 3\): no axis may be empty"),
            ((2, 5, 2), r"x has shape \(2, 5, 2\), expected \(B, T, 3\)"),
        ],
    )
    def test_of_the_input(self, rng, shape, message):
        with pytest.raises(ValueError, match=message):
            Stack("gru", 3, 4, rng, num_layers=2).forward(np.zeros(shape))

    def test_of_the_lengths(self, rng):
        for lengths, message in (
            ([5, 0], r"must lie in 1\.\.5, got 0\.\.5"),
            ([5, 6], r"got 5\.\.6"),
            ([5.0, 1], "int"),
        ):
            with pytest.raises(ValueError, match=message):
                Stack("gru", 3, 4, rng, bidirectional=True).forward(np.zeros((2, 5, 3)), lengths=lengths)

    def test_of_the_states(self, rng):
        x, zeros = np.zeros((2, 5, 3)), np.zeros((4, 2, 4))
        gru, lstm = (Stack(cell, 3, 4, rng, num_layers=2, bidirectional=True) for cell in ("gru", "lstm"))
        expected = r"expected \(4, 2, 4\): \(L·directions, B, H\)"
        with pytest.raises(ValueError, match=rf"h_0 has shape \(2, 4\), {expected}"):
            gru.forward(x, np.zeros((2, 4)))
        with pytest.raises(ValueError, match=rf"c_0 has shape \(2, 2, 4\), {expected}"):
            lstm.forward(x, (zeros, np.zeros((2, 2, 4))))
        with pytest.raises(ValueError, match=r"the state of an LSTM is a pair: pass \(h_0, c_0\)"):
            lstm.forward(x, zeros)
        lstm.forward(x)
        with pytest.raises(ValueError, match=rf"d_c_n has shape \(2, 4, 4\), {expected}"):
            lstm.backward(None, (zeros, np.zeros((2, 4, 4))))

    def test_of_the_way_back(self, rng):
        stack = Stack("gru", 3, 4, rng, bidirectional=True)
        with pytest.raises(RuntimeError, match="call forward before backward"):
            stack.backward(np.zeros((2, 5, 8)))
        stack.forward(np.zeros((2, 5, 3)))
        with pytest.raises(ValueError, match=r"d_output has shape \(2, 5, 7\), expected \(2, 5, 8\)"):
            stack.backward(np.zeros((2, 5, 7)))


def test_reversing_leaves_padding_where_it_is_and_undoes_itself(rng):
    x, lengths = rng.normal(size=(3, 4, 2)), np.array([4, 1, 3])
    reversed_x = reverse_by_length(x, lengths)
    for row, before, length in zip(reversed_x, x, lengths, strict=True):
        np.testing.assert_array_equal(row, np.concatenate([before[:length][::-1], before[length:]]))
    np.testing.assert_array_equal(reverse_by_length(reversed_x, lengths), x)
    np.testing.assert_array_equal(reverse_by_length(x, None), x[:, ::-1])
