import doctest

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnnbook import layers
from rnnbook.layers import RNN, RNNCell

TIGHT = {"rtol": 0, "atol": 1e-10}
properties = settings(max_examples=30)
sizes = st.integers(1, 5)
nonlinearities = st.sampled_from(["tanh", "relu"])


@pytest.fixture(autouse=True)
def float64():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def leaf(*shape):
    return torch.randn(*shape, requires_grad=True)


def assert_equal_gradients(ours, theirs, outputs, outputs_, inputs):
    """The gradients of a random combination of the outputs agree, for the inputs and for all parameters."""
    weights = [torch.randn_like(output) for output in outputs]

    def gradients(outputs, module):
        loss = sum((weight * output).sum() for weight, output in zip(weights, outputs, strict=True))
        return torch.autograd.grad(loss, [*inputs, *module.parameters()])

    names = [*(f"input {i}" for i in range(len(inputs))), *(name for name, _ in ours.named_parameters())]
    pairs = zip(names, gradients(outputs, ours), gradients(outputs_, theirs), strict=True)
    for name, grad, grad_ in pairs:
        torch.testing.assert_close(grad, grad_, **TIGHT, msg=lambda text, name=name: f"{name}: {text}")


class TestRNNCell:
    @properties
    @given(B=sizes, D=sizes, H=sizes, bias=st.booleans(), nonlinearity=nonlinearities, with_h=st.booleans())
    def test_equals_torch(self, B, D, H, bias, nonlinearity, with_h):
        ours, theirs = RNNCell(D, H, bias, nonlinearity), nn.RNNCell(D, H, bias, nonlinearity)
        theirs.load_state_dict(ours.state_dict())
        inputs = [leaf(B, D), leaf(B, H)] if with_h else [leaf(B, D)]
        output, output_ = ours(*inputs), theirs(*inputs)
        torch.testing.assert_close(output, output_, **TIGHT)
        assert_equal_gradients(ours, theirs, [output], [output_], inputs)

    @pytest.mark.parametrize("bias", [True, False])
    def test_state_dict_loads_both_ways_and_the_same_seed_gives_the_same_parameters(self, bias):
        assert_exchangeable(lambda: RNNCell(3, 4, bias), lambda: nn.RNNCell(3, 4, bias))

    @pytest.mark.parametrize(
        ("x", "h", "message"),
        [
            ((3,), None, r"x has shape \(3,\), expected \(B, 3\): for a single input write x\.unsqueeze\(0\)"),
            ((2, 5), None, r"x has shape \(2, 5\), expected \(B, 3\)$"),
            ((2, 3), (4,), r"h has shape \(4,\), expected \(2, 4\)"),
            ((2, 3), (1, 4), r"h has shape \(1, 4\), expected \(2, 4\)"),
        ],
    )
    def test_wrong_shapes_are_refused(self, x, h, message):
        with pytest.raises(ValueError, match=message):
            RNNCell(3, 4)(torch.zeros(x), None if h is None else torch.zeros(h))

    def test_gradcheck(self):
        assert torch.autograd.gradcheck(RNNCell(3, 4), (leaf(2, 3), leaf(2, 4)))


class TestRNN:
    @properties
    @given(
        B=sizes,
        T=sizes,
        D=sizes,
        H=sizes,
        num_layers=st.integers(1, 3),
        nonlinearity=nonlinearities,
        bias=st.booleans(),
        batch_first=st.booleans(),
        with_h_0=st.booleans(),
    )
    def test_equals_torch(self, B, T, D, H, num_layers, nonlinearity, bias, batch_first, with_h_0):
        options = (D, H, num_layers, nonlinearity, bias, batch_first)
        ours, theirs = RNN(*options), nn.RNN(*options)
        theirs.load_state_dict(ours.state_dict())
        x, h_0 = leaf(*((B, T) if batch_first else (T, B)), D), leaf(num_layers, B, H)
        inputs = [x, h_0] if with_h_0 else [x]
        outputs, outputs_ = ours(*inputs), theirs(*inputs)
        for output, output_ in zip(outputs, outputs_, strict=True):
            torch.testing.assert_close(output, output_, **TIGHT)
        assert_equal_gradients(ours, theirs, outputs, outputs_, inputs)

    def test_gradcheck(self):
        assert torch.autograd.gradcheck(RNN(2, 3, num_layers=2), (leaf(2, 4, 2), leaf(2, 2, 3)))

    @pytest.mark.parametrize("bias", [True, False])
    @pytest.mark.parametrize("num_layers", [1, 3])
    def test_state_dict_loads_both_ways_and_the_same_seed_gives_the_same_parameters(self, num_layers, bias):
        options = {"num_layers": num_layers, "bias": bias}
        assert_exchangeable(lambda: RNN(3, 20, **options), lambda: nn.RNN(3, 20, **options))

    def test_dropout_is_torchs_in_training_and_nothing_in_evaluation(self):
        """With the same seed torch drops the very same outputs, so place, scale and mask are all compared."""
        options = {"num_layers": 3, "dropout": 0.4, "batch_first": True}
        ours, theirs = RNN(5, 7, **options), nn.RNN(5, 7, **options)
        theirs.load_state_dict(ours.state_dict())
        x = leaf(4, 6, 5)

        def run(module):
            torch.manual_seed(1)
            return module(x)

        for output, output_ in zip(run(ours), run(theirs), strict=True):
            torch.testing.assert_close(output, output_, **TIGHT)
        assert not torch.allclose(ours(x)[0], ours(x)[0])
        ours.eval()
        theirs.eval()
        torch.testing.assert_close(ours(x)[0], theirs(x)[0], **TIGHT)

    @pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
    def test_equals_a_loop_over_the_cell(self, nonlinearity):
        rnn, cell = RNN(3, 4, nonlinearity=nonlinearity), RNNCell(3, 4, nonlinearity=nonlinearity)
        cell.load_state_dict({name.removesuffix("_l0"): param for name, param in rnn.state_dict().items()})
        x, h = leaf(2, 6, 3), leaf(2, 4)
        output, h_n = rnn(x, h[None])
        for t in range(6):
            h = cell(x[:, t], h)
            torch.testing.assert_close(output[:, t], h, **TIGHT)
        torch.testing.assert_close(h_n[0], h, **TIGHT)

    def test_a_state_depends_on_its_past_only(self):
        x = leaf(1, 6, 3)
        output, _ = RNN(3, 4, num_layers=2)(x)
        for t in range(6):
            (reached,) = torch.autograd.grad(output[0, t].sum(), x, retain_graph=True)
            assert (reached[0, : t + 1] != 0).all()
            assert (reached[0, t + 1 :] == 0).all()

    def test_sequences_of_a_batch_do_not_touch(self):
        x = leaf(3, 6, 3)
        output, _ = RNN(3, 4)(x)
        (reached,) = torch.autograd.grad(output[1].sum(), x)
        assert (reached[1] != 0).all()
        assert (reached[[0, 2]] == 0).all()

    def test_cutting_the_sequence_changes_nothing_when_the_state_is_carried(self):
        rnn = RNN(3, 4, num_layers=2)
        x = leaf(2, 9, 3)
        whole, h_n = rnn(x)
        first, h = rnn(x[:, :4])
        second, h = rnn(x[:, 4:], h)
        torch.testing.assert_close(torch.cat([first, second], dim=1), whole, **TIGHT)
        torch.testing.assert_close(h, h_n, **TIGHT)

    def test_batch_comes_first_by_default(self):
        output, h_n = RNN(3, 4, num_layers=2)(torch.zeros(5, 7, 3))
        assert output.shape == (5, 7, 4)
        assert h_n.shape == (2, 5, 4)

    @pytest.mark.parametrize("T", [1, 40])
    def test_the_number_of_parameters_does_not_depend_on_time(self, T):
        rnn = RNN(10, 20)
        rnn(torch.zeros(2, T, 10))
        assert sum(param.numel() for param in rnn.parameters()) == 640

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
    def test_the_default_state_has_the_inputs_dtype(self, dtype):
        for module, shape in (RNN(3, 4), (2, 5, 3)), (RNNCell(3, 4), (2, 3)):
            outputs = module.to(dtype)(torch.zeros(shape, dtype=dtype))
            assert all(output.dtype == dtype for output in outputs)

    def test_the_default_state_is_on_the_inputs_device(self):
        output, h_n = RNN(3, 4).to("meta")(torch.zeros(2, 5, 3, device="meta"))
        assert output.device.type == h_n.device.type == "meta"
        assert RNNCell(3, 4).to("meta")(torch.zeros(2, 3, device="meta")).device.type == "meta"

    @pytest.mark.parametrize(
        ("batch_first", "x", "h_0", "message"),
        [
            (True, (5, 3), None, r"x has shape \(5, 3\), expected \(B, T, 3\): .* x\.unsqueeze\(0\)"),
            (False, (5, 3), None, r"x has shape \(5, 3\), expected \(T, B, 3\): .* x\.unsqueeze\(1\)"),
            (True, (2, 5, 4), None, r"x has shape \(2, 5, 4\), expected \(B, T, 3\)$"),
            (True, (2, 0, 3), None, r"x has shape \(2, 0, 3\), expected \(B, T, 3\): no axis may be empty"),
            (True, (2, 5, 3), (2, 1, 4), r"h_0 has shape \(2, 1, 4\), expected \(1, 2, 4\): \(L, B, H\), whatever"),
            (False, (2, 5, 3), (1, 2, 4), r"h_0 has shape \(1, 2, 4\), expected \(1, 5, 4\)"),
            (True, (2, 5, 3), (2, 4), r"h_0 has shape \(2, 4\), expected \(1, 2, 4\)"),
        ],
    )
    def test_wrong_shapes_are_refused(self, batch_first, x, h_0, message):
        with pytest.raises(ValueError, match=message):
            RNN(3, 4, batch_first=batch_first)(torch.zeros(x), None if h_0 is None else torch.zeros(h_0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RNN(3, 4, dropout=0.5), "dropout acts between layers only"),
        (lambda: RNN(3, 4, num_layers=2, dropout=1.5), "between 0 and 1"),
        (lambda: RNN(3, 4, nonlinearity="sigmoid"), "nonlinearity must be 'tanh' or 'relu', got 'sigmoid'"),
        (lambda: RNNCell(3, 4, nonlinearity="sigmoid"), "nonlinearity must be 'tanh' or 'relu', got 'sigmoid'"),
        (lambda: RNN(3, 4, num_layers=0), "num_layers must be at least 1, got 0"),
        (lambda: RNN(3, 0), "hidden_size must be at least 1, got 0"),
        (lambda: RNNCell(-1, 4), "input_size must be at least 1, got -1"),
    ],
)
def test_wrong_options_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_shape_stands_in_the_representation():
    assert repr(RNNCell(3, 4)) == "RNNCell(3, 4, bias=True, nonlinearity='tanh')"
    assert "3, 4, num_layers=2, batch_first=True" in repr(RNN(3, 4, num_layers=2))


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(layers).failed == 0


def assert_exchangeable(make_ours, make_theirs):
    torch.manual_seed(3)
    ours = make_ours()
    torch.manual_seed(3)
    theirs = make_theirs()
    state, state_ = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(state_)
    assert all(torch.equal(state[name], state_[name]) for name in state)
    ours.load_state_dict(state_, strict=True)
    theirs.load_state_dict(state, strict=True)
