"""What holds for every recurrent layer: equality with torch, and the manners of the two loops."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_rnn.oracle import TIGHT, assert_equals_torch, batches, sizes
from torch import nn

from rnnbook.numpy_rnn import GRU, LSTM, RNN, TextbookGRU

TORCH = {"rnn": nn.RNN, "relu": partial(nn.RNN, nonlinearity="relu"), "lstm": nn.LSTM, "gru": nn.GRU}
OURS = {"rnn": RNN, "relu": partial(RNN, nonlinearity="relu"), "lstm": LSTM, "gru": GRU, "textbook": TextbookGRU}


@pytest.fixture(params=OURS)
def layer(request, rng):
    return OURS[request.param](3, 4, rng)


def parts(layer, state):
    """The arrays that a state consists of: h, for an LSTM h and c."""
    return [*layer.parts("h", state).values()]


def random_state(layer, rng, B):
    return layer.whole([rng.normal(size=(B, 4)) for _ in parts(layer, None)])


def assert_equal(ours, expected):
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(one, other, **TIGHT)


@pytest.mark.parametrize("cell", TORCH)
@settings(max_examples=40)
@given(batch=batches(), D=sizes, H=sizes, bias=st.booleans(), with_state=st.booleans(), seed=st.integers(0, 9))
def test_equals_torch_forward_and_backward(cell, batch, D, H, bias, with_state, seed):
    rng = np.random.default_rng(seed)
    theirs = TORCH[cell](D, H, bias=bias, batch_first=True).double()
    assert_equals_torch(OURS[cell](D, H, rng, bias=bias), theirs, rng, batch, with_state)


class TestGradients:
    def test_one_that_is_left_out_is_zero(self, layer, rng):
        layer.forward(rng.normal(size=(2, 5, 3)))
        d_output, d_state_n = rng.normal(size=(2, 5, 4)), random_state(layer, rng, 2)
        d_x, d_state_0 = layer.backward(d_output, d_state_n)
        (one_x, one_state), (other_x, other_state) = layer.backward(d_output), layer.backward(None, d_state_n)
        np.testing.assert_allclose(one_x + other_x, d_x, **TIGHT)
        sums = [a + b for a, b in zip(parts(layer, one_state), parts(layer, other_state), strict=True)]
        assert_equal(sums, parts(layer, d_state_0))

    def test_backward_overwrites_those_of_the_backward_before(self, layer, rng):
        layer.forward(rng.normal(size=(2, 5, 3)))
        d_output = rng.normal(size=(2, 5, 4))
        layer.backward(d_output)
        first = layer.grads
        layer.backward(d_output)
        for name, grad in layer.grads.items():
            np.testing.assert_array_equal(grad, first[name])

    def test_each_has_memory_of_its_own(self, layer, rng):
        layer.forward(rng.normal(size=(2, 5, 3)))
        layer.backward(np.ones((2, 5, 4)))
        grads = [*layer.grads.values()]
        assert not any(np.shares_memory(a, b) for i, a in enumerate(grads) for b in grads[:i])

    def test_inputs_and_parameters_are_left_as_they_were(self, layer, rng):
        x, state_0, d_output, d_state_n = (
            *(rng.normal(size=(2, 5, 3)), random_state(layer, rng, 2)),
            *(rng.normal(size=(2, 5, 4)), random_state(layer, rng, 2)),
        )
        given = [x, d_output, *parts(layer, state_0), *parts(layer, d_state_n), *layer.params.values()]
        copies = [array.copy() for array in given]
        layer.forward(x, state_0, [5, 2])
        layer.backward(d_output, d_state_n)
        for array, copy in zip(given, copies, strict=True):
            np.testing.assert_array_equal(array, copy)


class TestSequences:
    def test_cutting_them_changes_nothing_when_the_state_is_carried(self, layer, rng):
        x = rng.normal(size=(2, 9, 3))
        whole, state_n = layer.forward(x)
        first, state = layer.forward(x[:, :4])
        second, state = layer.forward(x[:, 4:], state)
        np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, **TIGHT)
        assert_equal(parts(layer, state), parts(layer, state_n))

    def test_a_state_depends_on_its_past_only(self, layer, rng):
        x = rng.normal(size=(2, 7, 3))
        before, _ = layer.forward(x)
        x[:, 4] += 1
        after, _ = layer.forward(x)
        np.testing.assert_array_equal(before[:, :4], after[:, :4])
        assert (before[:, 4:] != after[:, 4:]).any(axis=(0, 2)).all()

    def test_those_of_a_batch_do_not_touch(self, layer, rng):
        x = rng.normal(size=(5, 7, 3))
        together, _ = layer.forward(x)
        alone = np.concatenate([layer.forward(x[b : b + 1])[0] for b in range(5)])
        np.testing.assert_allclose(together, alone, **TIGHT)


class TestLengths:
    LENGTHS = (4, 1, 7, 3)

    def test_a_ragged_batch_equals_its_sequences_one_by_one(self, layer, rng):
        x, state_0 = rng.normal(size=(4, 7, 3)), random_state(layer, rng, 4)
        d_output, d_state_n = rng.normal(size=(4, 7, 4)), random_state(layer, rng, 4)
        output, state_n = layer.forward(x, state_0, self.LENGTHS)
        d_x, d_state_0 = layer.backward(d_output, d_state_n)
        grads = layer.grads

        sums = dict.fromkeys(grads, 0)
        for b, length in enumerate(self.LENGTHS):
            row = slice(b, b + 1)

            def state_of(state, row=row):
                return layer.whole([part[row] for part in parts(layer, state)])

            alone, end = layer.forward(x[row, :length], state_of(state_0))
            np.testing.assert_allclose(output[row, :length], alone, **TIGHT)
            assert_equal(parts(layer, state_of(state_n)), parts(layer, end))
            d_alone, d_start = layer.backward(d_output[row, :length], state_of(d_state_n))
            np.testing.assert_allclose(d_x[row, :length], d_alone, **TIGHT)
            assert_equal(parts(layer, state_of(d_state_0)), parts(layer, d_start))
            sums = {name: sums[name] + grad for name, grad in layer.grads.items()}
            assert not output[b, length:].any()
            assert not d_x[b, length:].any()
        assert_equal(grads.values(), sums.values())

    @pytest.mark.parametrize("padding", [1e9, np.nan, np.inf])
    def test_padding_may_hold_anything(self, layer, rng, padding):
        x, d_output = rng.normal(size=(4, 7, 3)), rng.normal(size=(4, 7, 4))

        def everything():
            output, state_n = layer.forward(x, None, self.LENGTHS)
            d_x, d_state_0 = layer.backward(d_output, state_n)
            return [output, *parts(layer, state_n), d_x, *parts(layer, d_state_0), *layer.grads.values()]

        expected = everything()
        for b, length in enumerate(self.LENGTHS):
            x[b, length:] = d_output[b, length:] = padding
        assert_equal(everything(), expected)

    def test_full_length_is_the_default(self, layer, rng):
        x, d_output = rng.normal(size=(4, 7, 3)), rng.normal(size=(4, 7, 4))
        output, state_n = layer.forward(x)
        d_x, d_state_0 = layer.backward(d_output)
        output_, state_n_ = layer.forward(x, lengths=np.full(4, 7))
        d_x_, d_state_0_ = layer.backward(d_output)
        assert_equal([output, d_x], [output_, d_x_])
        assert_equal(parts(layer, state_n) + parts(layer, d_state_0), parts(layer, state_n_) + parts(layer, d_state_0_))

    @pytest.mark.parametrize(
        ("lengths", "message"),
        [
            ([7, 0, 3, 1], r"lengths must lie in 1\.\.7, got 0\.\.7"),
            ([7, 8, 3, 1], r"lengths must lie in 1\.\.7, got 1\.\.8"),
            ([-1, 7, 3, 1], r"lengths must lie in 1\.\.7, got -1\.\.7"),
            ([7.0, 2.0, 3.0, 1.0], "lengths must be integers, got float64"),
            ([True] * 4, "lengths must be integers, got bool"),
            ([7, 2, 3], r"lengths has shape \(3,\), expected \(4,\): one length for each sequence"),
            ([[7, 2, 3, 1]], r"lengths has shape \(1, 4\), expected \(4,\)"),
            (7, r"lengths has shape \(\), expected \(4,\)"),
        ],
    )
    def test_wrong_ones_are_refused(self, layer, lengths, message):
        with pytest.raises(ValueError, match=message):
            layer.forward(np.zeros((4, 7, 3)), lengths=lengths)


class TestParameters:
    def test_the_initialisation_is_torchs(self, layer):
        wide = type(layer)(30, 100, np.random.default_rng(0))
        for param in wide.params.values():
            assert np.abs(param).max() <= 0.1
            assert param.mean() == pytest.approx(0, abs=0.02)
            assert param.std() == pytest.approx(0.1 / 3**0.5, rel=0.1)
        assert len({param.ravel()[0] for param in wide.params.values()}) == len(wide.params)

    @pytest.mark.parametrize("cell", TORCH)
    @pytest.mark.parametrize("bias", [True, False])
    def test_names_and_shapes_are_torchs(self, rng, cell, bias):
        theirs = TORCH[cell](3, 4, bias=bias).named_parameters()
        ours = OURS[cell](3, 4, rng, bias=bias).params
        assert [(f"{name}_l0", param.shape) for name, param in ours.items()] == [(n, tuple(p.shape)) for n, p in theirs]

    @pytest.mark.parametrize("name", ["input_size", "hidden_size"])
    def test_a_size_below_1_is_refused(self, layer, name):
        with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
            type(layer)(**{"input_size": 3, "hidden_size": 4, name: 0}, rng=np.random.default_rng(0))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("bias", [True, False])
    @pytest.mark.parametrize("lengths", [None, [5, 2]])
    def test_everything_is_of_the_dtype_that_was_asked_for(self, layer, rng, dtype, bias, lengths):
        layer = type(layer)(3, 4, rng, dtype, bias=bias)
        output, state_n = layer.forward(rng.normal(size=(2, 5, 3)), random_state(layer, rng, 2), lengths)
        d_x, d_state_0 = layer.backward(rng.normal(size=(2, 5, 4)), random_state(layer, rng, 2))
        arrays = [output, d_x, *parts(layer, state_n), *parts(layer, d_state_0)]
        arrays += [*layer.params.values(), *layer.grads.values()]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}


class TestErrors:
    @pytest.mark.parametrize(
        ("shape", "message"),
        [
            ((5, 3), r"x has shape \(5, 3\), expected \(B, T, 3\): for a single sequence write x\[None\]"),
            ((3,), r"x has shape \(3,\), expected \(B, T, 3\)$"),
            ((2, 5, 4), r"x has shape \(2, 5, 4\), expected \(B, T, 3\)$"),
            ((2, 0, 3), r"x has shape \(2, 0, 3\), expected \(B, T, 3\): no axis may be empty"),
            ((0, 5, 3), r"x has shape \(0, 5, 3\), expected \(B, T, 3\): no axis may be empty"),
        ],
    )
    def test_wrong_inputs_are_refused(self, layer, shape, message):
        with pytest.raises(ValueError, match=message):
            layer.forward(np.zeros(shape))

    @pytest.mark.parametrize("shape", [(4,), (1, 4), (2, 3), (1, 2, 4)])
    def test_wrong_states_are_refused_by_the_name_of_the_part(self, layer, shape):
        x, right = np.zeros((2, 5, 3)), parts(layer, layer.forward(np.zeros((2, 5, 3)))[1])
        for i, name in enumerate(layer.parts("h_0", None)):
            state = layer.whole([np.zeros(shape) if i == j else part for j, part in enumerate(right)])
            with pytest.raises(ValueError, match=rf"^{name} has shape \({', '.join(map(str, shape))},?\), expected"):
                layer.forward(x, state)
            layer.forward(x)
            with pytest.raises(ValueError, match=rf"^d_{name[0]}_n has shape .*, expected \(2, 4\)"):
                layer.backward(None, state)

    def test_the_way_back_needs_the_way_there_and_a_gradient_of_its_outputs_shape(self, layer):
        with pytest.raises(RuntimeError, match="call forward before backward"):
            layer.backward(np.zeros((2, 5, 4)))
        layer.forward(np.zeros((2, 5, 3)))
        with pytest.raises(ValueError, match=r"d_output has shape \(2, 4\), expected \(2, 5, 4\)"):
            layer.backward(np.zeros((2, 4)))
