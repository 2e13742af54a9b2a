import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from layers.oracle import (
    KINDS,
    assert_equal,
    assert_equal_with_gradients,
    draw_state,
    flat,
    kinds,
    leaf,
    make,
    make_cells,
    properties,
    sizes,
)
from torch import nn

from rnnbook import layers
from rnnbook.layers import GRUCell, LSTMCell, RNNCell


class TestCells:
    @kinds
    @properties
    @given(B=sizes, D=sizes, H=sizes, bias=st.booleans(), with_state=st.booleans())
    def test_equal_torchs(self, kind, B, D, H, bias, with_state):
        ours, theirs = make_cells(kind, D, H, bias)
        x, state = leaf(B, D), draw_state(kind, B, H) if with_state else None
        given = flat(x, state)
        assert_equal_with_gradients(
            ours(x, state), theirs(x, state), [*given, *ours.parameters()], [*given, *theirs.parameters()]
        )

    @kinds
    @pytest.mark.parametrize("bias", [True, False])
    def test_the_same_seed_gives_the_same_parameters(self, kind, bias):
        name, options = KINDS[kind]
        states = []
        for module in (layers, nn):
            torch.manual_seed(3)
            states.append(getattr(module, f"{name}Cell")(3, 20, bias, **options).state_dict())
        assert list(states[0]) == list(states[1])
        assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])

    @pytest.mark.parametrize(
        ("x", "h", "message"),
        [
            ((3,), None, r"x has shape \(3,\), expected \(B, 3\): for a single input write x\.unsqueeze\(0\)"),
            ((2, 5), None, r"x has shape \(2, 5\), expected \(B, 3\)$"),
            ((0, 3), None, r"x has shape \(0, 3\), expected \(B, 3\): no axis may be empty"),
            ((2, 7, 3), None, r"x has shape \(2, 7, 3\), expected \(B, 3\)$"),
            ((2, 3), (4,), r"h has shape \(4,\), expected \(2, 4\)"),
            ((2, 3), (1, 4), r"h has shape \(1, 4\), expected \(2, 4\)"),
        ],
    )
    @pytest.mark.parametrize("cls", [RNNCell, LSTMCell, GRUCell])
    def test_wrong_shapes_are_refused(self, cls, x, h, message):
        state = None if h is None else torch.zeros(h)
        if state is not None and cls is LSTMCell:
            with pytest.raises(ValueError, match=message.replace("h has", "c has")):
                cls(3, 4)(torch.zeros(x), (torch.zeros(2, 4), state))
            state = (state, state)
        with pytest.raises(ValueError, match=message):
            cls(3, 4)(torch.zeros(x), state)

    @pytest.mark.parametrize("cls", [RNNCell, LSTMCell, GRUCell])
    def test_wrong_sizes_are_refused(self, cls):
        with pytest.raises(ValueError, match="input_size must be an integer, at least 1, got -1"):
            cls(-1, 4)
        with pytest.raises(ValueError, match="hidden_size must be an integer, at least 1, got 0"):
            cls(3, 0)

    def test_the_size_stands_in_the_representation(self):
        assert repr(RNNCell(3, 4)) == "RNNCell(3, 4, bias=True, nonlinearity='tanh')"
        assert repr(LSTMCell(3, 4, bias=False)) == "LSTMCell(3, 4, bias=False)"


@kinds
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_default_state_has_the_inputs_dtype(kind, dtype):
    cell, _ = make_cells(kind, 3, 4)
    for module, shape in (make(kind, 3, 4), (2, 5, 3)), (cell, (2, 3)):
        results = flat(module.to(dtype)(torch.zeros(shape, dtype=dtype)))
        assert {result.dtype for result in results} == {dtype}


@kinds
def test_the_default_state_is_on_the_inputs_device(kind):
    cell, _ = make_cells(kind, 3, 4)
    for module, shape in (make(kind, 3, 4, bidirectional=True), (2, 5, 3)), (cell, (2, 3)):
        results = flat(module.to("meta")(torch.zeros(shape, device="meta")))
        assert {result.device.type for result in results} == {"meta"}


@kinds
def test_the_default_state_is_zero(kind):
    cell, _ = make_cells(kind, 3, 4)
    x, zeros = torch.randn(2, 3), torch.zeros(2, 4)
    assert_equal(cell(x), cell(x, (zeros, zeros) if kind == "lstm" else zeros))
