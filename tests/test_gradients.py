"""Gradient flow against finite differences, torch's own differentiation of its fused layers, and closed forms."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rnnbook import gradients, layers, numpy_rnn
from rnnbook.gradients import effective_memory, flow, jacobian, numerical_gradient, singular_values

KINDS = {"tanh": nn.RNN, "relu": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CLOSE = {"rtol": 1e-10, "atol": 1e-14}


def make(kind, input_size=3, hidden_size=4, seed=0, **options):
    torch.manual_seed(seed)
    if KINDS[kind] is nn.RNN:
        options["nonlinearity"] = kind
    layer = KINDS[kind](input_size, hidden_size, batch_first=True, **options).double()
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -(hidden_size**-0.5), hidden_size**-0.5)  # with all the digits of float64
    return layer


def draw(*shape, seed=1):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def parts_of(state):
    return state if isinstance(state, tuple) else (state,)


def half_square(output, state_n):
    """The default loss of a layer in one direction, written another way."""
    return (output[:, -1] ** 2).sum() / 2


class TestFlow:
    @pytest.mark.parametrize("kind", KINDS)
    def test_one_layer_against_torch_from_each_state_on(self, kind):
        """dL/dh_t is the gradient of torch's own layer started at h_t."""
        layer, x = make(kind), draw(5, 6, 3)
        found = flow(layer, x)
        for t in range(5):
            _, state = layer(x[:, : t + 1])
            parts = [part.detach().requires_grad_() for part in parts_of(state)]
            output, _ = layer(x[:, t + 1 :], tuple(parts) if kind == "lstm" else parts[0])
            expected = dict(zip("hc", torch.autograd.grad(half_square(output, None), parts), strict=False))
            if kind == "lstm":  # c_t reaches the loss through h_t = o_t tanh(c_t) as well
                h, tanh_c = parts[0], parts[1].tanh()
                expected["c"] = expected["c"] + expected["h"] * h / tanh_c * (1 - tanh_c**2)
            for part, gradient in expected.items():
                wanted = gradient[0].norm(dim=-1).mean().item()
                np.testing.assert_allclose(getattr(found, part)[0, t], wanted, err_msg=f"{part}, {t}", **CLOSE)

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("bidirectional", [False, True])
    def test_every_state_of_a_stack_against_a_nudge_to_it(self, kind, bidirectional):
        layer, x = make(kind, num_layers=2, bidirectional=bidirectional), draw(3, 4, 3)
        loss = random_loss(layer, x)
        found = flow(layer, x, loss)
        assert found.h.shape == (4 if bidirectional else 2, 4)
        for k, t in np.ndindex(*found.h.shape):
            nudge = torch.zeros(3, 4, dtype=torch.float64, requires_grad=True)
            (gradient,) = torch.autograd.grad(loss(*nudged(layer, x, k, t, nudge)), nudge)
            np.testing.assert_allclose(found.h[k, t], gradient.norm(dim=-1).mean().item(), err_msg=f"{k}, {t}", **CLOSE)

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(
        "options", [{}, {"num_layers": 3}, {"num_layers": 2, "bidirectional": True, "bias": False}]
    )
    def test_inputs_and_parameters_against_torch(self, kind, options):
        layer, x = make(kind, **options), draw(3, 5, 3)
        loss = random_loss(layer, x)
        found = flow(layer, x, loss)
        x.requires_grad_()
        loss(*layer(x)).backward()
        np.testing.assert_allclose(found.x, x.grad.norm(dim=-1).mean(0), **CLOSE)
        total = nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
        assert found.parameters == pytest.approx(total.item(), rel=1e-12)

    def test_the_default_loss_is_half_the_square_of_the_final_states_of_the_top_layer(self):
        layer, x = make("gru", num_layers=2, bidirectional=True), draw(3, 5, 3)
        found = flow(layer, x)
        given = flow(layer, x, lambda output, h_n: (h_n[2] ** 2).sum() / 2 + (h_n[3] ** 2).sum() / 2)
        np.testing.assert_allclose(found.h, given.h, **CLOSE)
        _, h_n = layer(x)
        ends = h_n.detach().norm(dim=-1).mean(-1)  # dL/dh at the end is h itself
        assert found.h[2, -1] == pytest.approx(ends[2].item())
        assert found.h[3, 0] == pytest.approx(ends[3].item()), "the backward direction ends at the first step"
        assert found.h[3, -1] < ends[3]

    def test_a_step_that_the_loss_does_not_see_has_no_gradient(self):
        found = flow(make("lstm"), draw(2, 5, 3), lambda output, state_n: output[:, 2].sum())
        for norms in (found.h[0], found.c[0], found.x):
            assert (norms[:3] > 0).all()
            assert (norms[3:] == 0).all()

    def test_a_state_that_leads_nowhere_has_no_gradient(self):
        found = flow(make("lstm", num_layers=2), draw(2, 5, 3), lambda output, state_n: state_n[1][0].sum())
        assert (found.h[1] == 0).all(), "the loss looks at the layer below"
        assert found.h[0, -1] == 0, "and there at c_n"
        assert (found.c[0] > 0).all()

    def test_only_an_lstm_has_a_c(self):
        assert flow(make("gru"), draw(2, 3, 3)).c is None
        assert flow(make("lstm", num_layers=2), draw(2, 3, 3)).c.shape == (2, 3)

    @pytest.mark.parametrize("kind", KINDS)
    def test_our_layers_and_time_first_layers_give_the_same(self, kind):
        theirs, x = make(kind, num_layers=2), draw(2, 5, 3)
        options = {"nonlinearity": kind} if kind in ("tanh", "relu") else {}
        ours = getattr(layers, type(theirs).__name__)(3, 4, num_layers=2, **options).double()
        time_first = type(theirs)(3, 4, num_layers=2, **options).double()
        for other in (ours, time_first):
            other.load_state_dict(theirs.state_dict())
        wanted = flow(theirs, x, lambda output, state_n: output[0, 1].sum())
        np.testing.assert_array_equal(flow(ours, x, lambda output, state_n: output[0, 1].sum()).h, wanted.h)
        found = flow(time_first, x.transpose(0, 1), lambda output, state_n: output[1, 0].sum())
        np.testing.assert_array_equal(found.h, wanted.h)
        np.testing.assert_array_equal(found.x, wanted.x)

    @pytest.mark.parametrize("kind", ["gru", "lstm"])
    def test_it_starts_from_the_given_state(self, kind):
        layer, x = make(kind, num_layers=2), draw(2, 6, 3)
        _, state = layer(x[:, :2])
        whole, rest = flow(layer, x), flow(layer, x[:, 2:], state_0=state)
        np.testing.assert_allclose(rest.h, whole.h[:, 2:], **CLOSE)
        assert not np.allclose(flow(layer, x[:, 2:]).h, rest.h)

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_loss_is_given_what_the_layer_returns(self, kind):
        layer, x = make(kind, num_layers=2, bidirectional=True), draw(2, 5, 3)
        state_0 = draw(4, 2, 4), draw(4, 2, 4, seed=2)
        state_0 = state_0 if kind == "lstm" else state_0[0]
        given = []
        flow(layer, x, lambda output, state_n: given.extend((output, state_n)) or output.sum(), state_0=state_0)
        output, state_n = layer(x, state_0)
        torch.testing.assert_close(given[0], output)
        assert type(given[1]) is type(state_n)
        for found, expected in zip(parts_of(given[1]), parts_of(state_n), strict=True):
            torch.testing.assert_close(found, expected)

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_layer_with_all_our_extras(self, kind):
        """Against the gradients that the layer itself has in evaluation."""
        torch.manual_seed(0)
        options = {"num_layers": 2, "dropout": 0.9, "variational_dropout": 0.9, "layer_norm": True, "residual": True}
        if kind in ("tanh", "relu"):
            options["nonlinearity"] = kind
        layer = getattr(layers, KINDS[kind].__name__)(4, 4, **options).double()
        x = draw(2, 5, 4).requires_grad_()
        found = flow(layer, x)
        assert layer.training
        layer.eval()
        trace = []
        _, state_n = layer(x, trace=trace)
        h = [state[0] if kind == "lstm" else state for run in trace for state in run]
        (parts_of(state_n)[0][-1].square().sum() / 2).backward(inputs=[x, *h])
        np.testing.assert_allclose(found.x, x.grad.norm(dim=-1).mean(0), **CLOSE)
        expected = [each.grad.norm(dim=-1).mean() for each in h]
        np.testing.assert_allclose(found.h.flatten(), expected, **CLOSE)

    def test_the_loss_may_have_weights_of_its_own(self):
        layer, x, head = make("gru"), draw(2, 4, 3), nn.Linear(4, 2).double()
        found = flow(layer, x, lambda output, h_n: head(h_n[0]).square().mean())
        assert (found.h > 0).all()
        assert head.weight.grad is None


def random_loss(layer, x):
    """A loss that looks at every output and every final state."""
    output, state_n = layer(x)
    upstream = [draw(*part.shape, seed=7 + i) for i, part in enumerate((output, *parts_of(state_n)))]

    def loss(output, state_n):
        return sum((part * u).sum() for part, u in zip((output, *parts_of(state_n)), upstream, strict=True))

    return loss


def nudged(layer, x, k, t, nudge):
    """What torch's layer returns when `nudge` is added to the h that recurrence k reaches at step t."""
    below, finals = x, []
    directions = 2 if layer.bidirectional else 1
    for index in range(layer.num_layers):
        outputs = []
        for direction in range(directions):
            suffix = f"_l{index}" + ("_reverse" if direction else "")
            options = {"nonlinearity": layer.nonlinearity} if isinstance(layer, nn.RNN) else {}
            single = type(layer)(below.shape[2], layer.hidden_size, batch_first=True, **options).double()
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            single.load_state_dict({f"{name}_l0": getattr(layer, name + suffix).detach() for name in names})
            there = below.flip(1) if direction else below
            if index * directions + direction == k:
                after = (x.shape[1] - 1 - t if direction else t) + 1
                early, state = single(there[:, :after])
                h, *c = parts_of(state)
                h = h + nudge
                output = torch.cat([early[:, :-1], h.transpose(0, 1)], dim=1)
                if after < x.shape[1]:
                    late, state = single(there[:, after:], (h, *c) if c else h)
                    output = torch.cat([output, late], dim=1)
                else:
                    state = (h, *c) if c else h
            else:
                output, state = single(there)
            outputs.append(output.flip(1) if direction else output)
            finals.append(parts_of(state))
        below = torch.cat(outputs, dim=2)
    state_n = tuple(torch.cat(parts) for parts in zip(*finals, strict=True))
    return below, state_n if len(state_n) == 2 else state_n[0]


class TestNothingIsLeftBehind:
    """The tutorials' measurement left gradients in the parameters, changed x, and wanted x to be a leaf."""

    @pytest.fixture(params=["flow", "jacobian", "singular_values", "check"])
    def measure(self, request):
        def call(layer, x):
            if request.param == "flow":
                return flow(layer, x)
            if request.param == "check":
                return gradients.check(layer, x)
            return getattr(gradients, request.param)(layer, x[:1], 0)

        return call

    def test_on_the_layer(self, measure):
        layer, x = make("gru"), draw(2, 4, 3)
        layer.weight_ih_l0.grad = torch.full_like(layer.weight_ih_l0, 7.0)
        before = copy.deepcopy(layer)
        layer.eval()
        measure(layer, x)
        assert not layer.training
        layer.train()
        measure(layer, x)
        assert layer.training
        for name, parameter in layer.named_parameters():
            assert torch.equal(parameter, getattr(before, name)), name
            assert parameter.requires_grad
            if name == "weight_ih_l0":
                assert (parameter.grad == 7).all()
            else:
                assert parameter.grad is None, name

    def test_on_frozen_parameters(self):
        for layer in (make("lstm"), layers.LSTM(3, 4)):
            layer.requires_grad_(False)
            assert flow(layer, draw(2, 4, 3)).parameters > 0
            assert not any(parameter.requires_grad for parameter in layer.parameters())

    def test_on_an_embedded_input(self, measure):
        embedding = nn.Embedding(9, 3).double()
        x = embedding(torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]]))
        x.retain_grad()
        measure(make("tanh"), x)
        assert x.grad is None
        assert embedding.weight.grad is None
        x.sum().backward()  # its graph is still there
        assert (embedding.weight.grad[1:] == 1).all()

    def test_on_a_leaf(self, measure):
        x = draw(2, 4, 3)
        measure(make("tanh"), x)
        assert not x.requires_grad
        x.requires_grad_()
        measure(make("tanh"), x)
        assert x.grad is None
        assert torch.equal(x, draw(2, 4, 3))

    def test_on_torch_itself(self, measure):
        layer, x = make("lstm"), draw(2, 4, 3)
        random_state = torch.get_rng_state()
        with torch.no_grad():
            measure(layer, x)
            assert not torch.is_grad_enabled()
        assert torch.equal(torch.get_rng_state(), random_state)

    def test_dropout_neither_acts_nor_is_switched_off(self):
        torch.manual_seed(0)
        layer = nn.LSTM(3, 4, num_layers=2, dropout=0.9, batch_first=True)
        first, second = flow(layer, draw(2, 5, 3)), flow(layer, draw(2, 5, 3))
        np.testing.assert_array_equal(first.h, second.h)
        assert layer.training


class TestOnePass:
    """The tutorials went back anew from each step: T passes of up to T steps."""

    def test_one_forward_and_one_backward_pass_whatever_the_length(self, monkeypatch):
        steps, passes = [], []
        step, grad = layers.GRU.step, torch.autograd.grad
        monkeypatch.setattr(layers.GRU, "step", staticmethod(lambda *given: steps.append(1) or step(*given)))
        monkeypatch.setattr(torch.autograd, "grad", lambda *a, **options: passes.append(1) or grad(*a, **options))
        monkeypatch.setattr(torch.Tensor, "backward", lambda *given, **options: pytest.fail("another backward pass"))
        flow(make("gru"), draw(2, 37, 3))
        assert (len(steps), len(passes)) == (37, 1)


class TestSmallAndLarge:
    """In float32 the tutorials' curves ended at 0 and at infinity."""

    def layer(self, radius, **options):
        torch.manual_seed(0)
        return gradients.scale_to_radius(nn.RNN(3, 16, batch_first=True, **options), radius)

    def test_what_is_zero_in_float32_is_small_in_float64(self):
        layer, x = self.layer(0.5), draw(2, 400, 3)
        single = flow(layer, x, dtype=torch.float32).h
        assert single.dtype == np.float64, "what comes out is float64 all the same"
        assert (single[0, :200] == 0).all()
        found = flow(layer, x)
        assert (found.h > 0).all()
        assert (found.x > 0).all()
        assert 0 < found.h[0, 0] < 1e-100

    def test_norms_whose_squares_are_zero_or_infinite(self):
        scale = 1e-200
        layer, x = make("tanh"), draw(2, 4, 3)
        small = flow(layer, x, lambda output, h_n: scale * h_n.sum())
        usual = flow(layer, x, lambda output, h_n: h_n.sum())
        large = flow(layer, x, lambda output, h_n: h_n.sum() / scale)
        for norms in ("h", "x", "parameters"):
            np.testing.assert_allclose(getattr(small, norms) / scale, getattr(usual, norms), rtol=1e-12)
            np.testing.assert_allclose(getattr(large, norms) * scale, getattr(usual, norms), rtol=1e-12)

    def test_an_infinite_gradient_has_an_infinite_norm(self):
        found = flow(make("tanh"), draw(2, 4, 3), lambda output, h_n: h_n.sum() * 1e200 * 1e200)
        assert found.h[0, -1] == np.inf

    def test_what_is_infinite_in_float32_is_large_in_float64(self):
        layer = self.layer(6.0, nonlinearity="relu", bias=False)
        x = draw(2, 100, 3)
        loss = lambda output, h_n: h_n.sum()  # noqa: E731
        assert not np.isfinite(flow(layer, x, loss, dtype=torch.float32).parameters)
        found = flow(layer, x, loss)
        assert np.isfinite(found.parameters)
        assert found.parameters > 1e38

    def test_computed_in_float64_whatever_the_layer_has(self):
        layer, x = make("lstm").float(), draw(2, 30, 3).float()
        state_0 = draw(1, 2, 4).float(), draw(1, 2, 4, seed=2).float()
        found = flow(layer, x, state_0=state_0).h
        state_0 = state_0[0].double(), state_0[1].double()
        np.testing.assert_array_equal(found, flow(layer.double(), x.double(), state_0=state_0).h)


class TestFlowRefuses:
    def test_what_is_no_recurrent_layer(self):
        for other in (nn.Linear(3, 4), nn.Sequential(make("gru")), nn.GRUCell(3, 4)):
            with pytest.raises(TypeError, match=rf"{type(other).__name__} is no RNN, LSTM or GRU.*model\.rnn"):
                flow(other, draw(2, 4, 3))
        with pytest.raises(ValueError, match="proj_size"):
            flow(nn.LSTM(3, 4, proj_size=2), draw(4, 2, 3))

    @pytest.mark.parametrize(
        ("x", "says"),
        [
            (draw(4, 3), r"x has shape \(4, 3\), expected \(B, T, 3\): for a single sequence write x.unsqueeze\(0\)"),
            (draw(2, 4, 5), r"expected \(B, T, 3\)"),
            (draw(2, 0, 3), "no axis may be empty"),
        ],
    )
    def test_a_wrong_shape(self, x, says):
        with pytest.raises(ValueError, match=says):
            flow(make("gru"), x)

    def test_a_single_sequence_for_a_layer_without_batch_first(self):
        with pytest.raises(ValueError, match=r"expected \(T, B, 3\): .* x\.unsqueeze\(1\)"):
            flow(nn.GRU(3, 4), draw(4, 3))

    def test_a_wrong_state(self):
        with pytest.raises(ValueError, match=r"h_0 has shape \(2, 4\), expected \(1, 2, 4\)"):
            flow(make("gru"), draw(2, 4, 3), state_0=draw(2, 4))
        with pytest.raises(ValueError, match=r"c_0 has shape \(2, 2, 4\), expected \(1, 2, 4\)"):
            flow(make("lstm"), draw(2, 4, 3), state_0=(draw(1, 2, 4), draw(2, 2, 4)))

    def test_a_loss_that_is_none(self):
        x = draw(2, 4, 3)
        for loss in (lambda output, h_n: output[:, -1].sum(dim=0), lambda output, h_n: torch.tensor(1.0)):
            with pytest.raises(ValueError, match="must return a scalar that depends"):
                flow(make("gru"), x, loss)


class TestEffectiveMemory:
    @given(st.floats(0.05, 0.99), st.sampled_from([0.5, 0.1, 0.01, 1e-6]))
    def test_of_a_geometric_decay(self, factor, fraction):
        norms = 3.7 * factor ** np.arange(400.0)[::-1]
        steps = np.log(fraction) / np.log(factor)
        if abs(steps - round(steps)) > 1e-9:
            assert effective_memory(norms, fraction) == min(int(steps), 399)

    def test_one_percent_of_nine_tenths(self):
        assert effective_memory(0.9 ** np.arange(100.0)[::-1]) == 43  # 0.9^43 = 0.0108, 0.9^44 = 0.0097

    def test_what_comes_back_after_a_gap_does_not_count(self):
        assert effective_memory([1, 1, 1e-9, 0.5, 1]) == 1

    def test_at_the_edges(self):
        assert effective_memory([0.01, 1.0]) == 1, "exactly the fraction is still there"
        assert effective_memory([5.0, 3.0, 2.0]) == 2, "a gradient that grows on its way back reaches the first step"
        assert effective_memory([0.0, 1.0]) == 0
        assert effective_memory([1.0]) == 0
        assert type(effective_memory(np.ones(7))) is int

    @pytest.mark.parametrize("norms", [[1.0, 0.0], [1.0, np.nan], [np.nan, 1.0]])
    def test_refuses_what_has_no_end(self, norms):
        with pytest.raises(ValueError, match="the last of them above zero"):
            effective_memory(norms)

    def test_takes_one_row(self):
        with pytest.raises(ValueError, match=r"such as Flow\.h\[0\]"):
            effective_memory(np.ones((2, 5)))


class TestJacobian:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(("start", "end"), [(0, 5), (2, 4), (3, None), (2, 2)])
    def test_against_torch_from_the_earlier_state_on(self, kind, start, end):
        layer, x = make(kind, bias=kind != "gru"), draw(1, 5, 3)
        _, before = layer(x[:, :start]) if start else (None, None)
        parts = parts_of(before) if start else [torch.zeros(1, 1, 4).double()] * (2 if kind == "lstm" else 1)

        def later(*parts):
            if start == end:
                return torch.cat(parts, dim=-1).flatten()
            _, state = layer(x[:, start:end], parts if len(parts) == 2 else parts[0])
            return torch.cat(parts_of(state), dim=-1).flatten()

        expected = torch.autograd.functional.jacobian(later, tuple(part.detach() for part in parts))
        expected = torch.cat([block[:, 0, 0] for block in expected], dim=1)
        np.testing.assert_allclose(jacobian(layer, x, start, end), expected[:4, :4], **CLOSE)
        if kind == "lstm":
            np.testing.assert_allclose(jacobian(layer, x, start, end, state=True), expected, **CLOSE)

    def test_is_diag_of_one_minus_h_squared_times_w_and_not_its_transpose(self):
        """The tutorials have W_hhᵀ diag(tanh'(h_{t-1})), which is far off; states are h_1 ... h_T."""
        layer, x = make("tanh", hidden_size=16), draw(6, 3)
        h = layer(x[None])[0][0].detach().numpy()
        w = layer.weight_hh_l0.detach().numpy()
        product = np.eye(16)
        for t in range(1, 7):
            step = np.diag(1 - h[t - 1] ** 2) @ w  # h[t - 1] is h_t, because Python counts from 0
            np.testing.assert_allclose(jacobian(layer, x, t - 1, t), step, **CLOSE)
            product = step @ product
        np.testing.assert_allclose(jacobian(layer, x, 0), product, **CLOSE)
        wrong = w.T @ np.diag(1 - np.tanh(h[0]) ** 2)
        right = jacobian(layer, x, 1, 2)
        assert np.linalg.norm(wrong - right) > np.linalg.norm(right)
        assert np.linalg.norm(wrong.T - right) > 0.01 * np.linalg.norm(right), "nor is it right transposed"

    @pytest.mark.parametrize("kind", KINDS)
    def test_is_the_product_of_those_of_its_steps(self, kind):
        layer, x = make(kind, seed=3), draw(6, 3)
        state = kind == "lstm"
        product = np.eye(8 if state else 4)
        for t in range(6):
            product = jacobian(layer, x, t, t + 1, state=state) @ product
        np.testing.assert_allclose(jacobian(layer, x, 0, state=state), product, **CLOSE)

    def test_against_finite_differences(self):
        layer, x = make("gru"), draw(1, 4, 3)
        h_1 = layer(x[:, :1])[1].detach()
        for i in range(4):
            with torch.no_grad():
                row = numerical_gradient(lambda h, i=i: layer(x[:, 1:], torch.from_numpy(h))[1][0, 0, i], h_1.numpy())
            np.testing.assert_allclose(jacobian(layer, x, 1)[i], row[0, 0], rtol=1e-7, atol=1e-10)

    def test_a_scalar_network_at_zero(self):
        layer = make("tanh", 1, 1)
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.zero_()
            layer.weight_hh_l0.fill_(-0.7)
        assert jacobian(layer, torch.zeros(9, 1), 0).item() == pytest.approx((-0.7) ** 9, rel=1e-14)
        assert jacobian(layer, torch.zeros(9, 1), 2, 5).item() == pytest.approx((-0.7) ** 3, rel=1e-14)

    def test_a_closed_door_leaves_the_product_of_the_forget_gates(self):
        layer, x = make("lstm"), draw(7, 3)
        layer.weight_hh_l0.data.zero_()
        gate = torch.sigmoid(x @ layer.weight_ih_l0.T + layer.bias_ih_l0 + layer.bias_hh_l0)[:, 4:8]  # (T, H)
        found = jacobian(layer, x, 0, state=True)
        np.testing.assert_allclose(found[4:, 4:], np.diag(gate.prod(dim=0).detach()), **CLOSE)
        assert (found[:, :4] == 0).all(), "h_0 has no way to anything"
        assert (jacobian(layer, x, 0) == 0).all()

    def test_an_orthogonal_matrix_keeps_lengths_where_relu_is_open(self):
        layer = make("relu", 1, 8)
        torch.manual_seed(0)
        nn.init.orthogonal_(layer.weight_hh_l0)
        with torch.no_grad():
            layer.weight_ih_l0.fill_(1)
        x = 10.0 ** torch.arange(12)[:, None]  # ever larger, so that all states are above zero
        assert (layer(x[None].double())[0] > 0).all()
        np.testing.assert_allclose(singular_values(layer, x, 0), np.ones(8), rtol=1e-12)

    @pytest.mark.parametrize("kind", ["tanh", "relu"])
    @pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
    def test_no_singular_value_passes_the_bound(self, kind, scale):
        layer, x = make(kind, hidden_size=8), draw(10, 3)
        layer.weight_hh_l0.data.mul_(scale)
        largest = np.linalg.norm(layer.weight_hh_l0.detach(), 2)
        for steps in (1, 4, 10):
            values = singular_values(layer, x, 10 - steps)
            assert values[0] <= largest**steps * (1 + 1e-12)
        assert values.shape == (8,)
        assert (np.diff(values) <= 0).all()

    def test_singular_values_are_those_of_the_jacobian(self):
        layer, x = make("lstm"), draw(5, 3)
        for state in (False, True):
            matrix = jacobian(layer, x, 1, 4, state=state)
            found = singular_values(layer, x, 1, 4, state=state)
            np.testing.assert_allclose(found**2, np.linalg.eigvalsh(matrix @ matrix.T)[::-1], rtol=1e-8, atol=1e-15)

    def test_a_batch_of_one_and_time_first(self):
        layer, x = make("gru"), draw(5, 3)
        other = nn.GRU(3, 4).double()
        other.load_state_dict(layer.state_dict())
        wanted = jacobian(layer, x, 1)
        for found in (jacobian(layer, x[None], 1), jacobian(other, x, 1), jacobian(other, x[:, None], 1)):
            np.testing.assert_array_equal(found, wanted)

    def test_in_float64_whatever_the_layer_has(self):
        layer, x = make("tanh").float(), draw(5, 3).float()
        found = jacobian(layer, x, 0)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, jacobian(layer.double(), x.double(), 0))

    @pytest.mark.parametrize(("start", "end"), [(3, 2), (-1, 2), (0, 6), (6, None)])
    def test_refuses_states_that_are_not_there(self, start, end):
        with pytest.raises(ValueError, match=r"0 <= start <= end <= T = 5"):
            jacobian(make("gru"), draw(5, 3), start, end)

    def test_refuses_what_has_no_single_jacobian(self):
        for options in ({"num_layers": 2}, {"bidirectional": True}):
            with pytest.raises(ValueError, match="one layer in one direction"):
                jacobian(make("gru", **options), draw(5, 3), 0)
        with pytest.raises(ValueError, match=r"x has shape \(2, 5, 3\), expected \(1, T, 3\): one sequence"):
            jacobian(make("gru"), draw(2, 5, 3), 0)
        with pytest.raises(ValueError, match="state=True is for an LSTM"):
            jacobian(make("gru"), draw(5, 3), 0, state=True)

    @pytest.mark.parametrize(
        ("layer", "x", "says"),
        [
            (make("gru"), draw(5, 4), r"\(5, 4\), expected \(T, 3\)"),
            (make("gru"), draw(5), r"\(5,\), expected \(T, 3\)"),
            (make("gru"), draw(1, 1, 5, 3), r"\(1, 1, 5, 3\), expected \(T, 3\)"),
            (make("gru"), draw(0, 3), r"\(0, 3\), expected \(T, 3\): no axis may be empty"),
            (nn.GRU(3, 4), draw(5, 2, 3), r"\(5, 2, 3\), expected \(T, 1, 3\): one sequence at a time"),
        ],
    )
    def test_refuses_a_wrong_shape_as_it_was_given(self, layer, x, says):
        with pytest.raises(ValueError, match=f"x has shape {says}"):
            jacobian(layer, x, 0)


class TestNumericalGradient:
    def test_is_central(self):
        """Of a³ the error is ε², with a one-sided difference 3aε."""
        a = np.array([[1.0, -2.0], [0.5, 3.0]])
        found = numerical_gradient(lambda a: (a**3).sum(), a, epsilon=1e-3)
        np.testing.assert_allclose(found - 3 * a**2, 1e-6, rtol=1e-4)

    def test_puts_every_entry_back(self):
        a = np.random.default_rng(0).standard_normal((3, 4))
        before = a.copy()
        numerical_gradient(lambda _: (a**2).sum(), a)
        np.testing.assert_array_equal(a, before)

        def fail(_):
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            numerical_gradient(fail, a)
        np.testing.assert_array_equal(a, before)

    def test_of_a_number(self):
        assert numerical_gradient(lambda a: float(a) ** 2, np.array(3.0)).item() == pytest.approx(6)

    @pytest.mark.parametrize("dtype", [np.float32, np.int64])
    def test_refuses_what_is_not_float64(self, dtype):
        with pytest.raises(ValueError, match="need float64"):
            numerical_gradient(lambda a: a.sum(), np.zeros(3, dtype))


class TestCheck:
    @pytest.mark.parametrize("kind", KINDS)
    def test_torch_is_right(self, kind):
        layer = make(kind, num_layers=2, bidirectional=True)
        errors = gradients.check(layer, draw(2, 3, 3))
        assert list(errors) == ["x", *dict(layer.named_parameters())]
        assert max(errors.values()) < 1e-6

    def test_our_numpy_network_is_right(self):
        rng = np.random.default_rng(0)
        x = rng.standard_normal((2, 5, 3))
        x.setflags(write=False)  # entries are changed in a copy
        makers = (numpy_rnn.RNN, numpy_rnn.GRU, numpy_rnn.LSTM, numpy_rnn.TextbookGRU, numpy_rnn.Linear)
        for layer in (*(make(3, 4, rng) for make in makers), numpy_rnn.Stack("lstm", 3, 4, rng, num_layers=2)):
            before = {name: parameter.copy() for name, parameter in layer.params.items()}
            errors = gradients.check(layer, x)
            assert list(errors) == ["x", *layer.params]
            assert max(errors.values()) < 1e-8
            for name, parameter in layer.params.items():
                np.testing.assert_array_equal(parameter, before[name])

    def test_it_finds_the_derivative_of_tanh_taken_of_h(self):
        """The tutorials' 1 - tanh²(h); training alone would not show it."""
        rng = np.random.default_rng(0)

        class Wrong(numpy_rnn.Layer):
            def __init__(self):
                super().__init__(rng, np.float64, 1.0, weight=(4, 3))

            def forward(self, x):
                self._kept = x, np.tanh(x @ self.weight.T)
                return self._kept[1]

            def backward(self, d_h):
                x, h = self.kept
                d_a = d_h * (1 - np.tanh(h) ** 2)
                self.grads = {"weight": np.einsum("bh,bd->hd", d_a, x)}
                return d_a @ self.weight

        errors = gradients.check(Wrong(), rng.standard_normal((5, 3)))
        assert min(errors.values()) > 0.05

    @pytest.mark.parametrize("name", ["x", "weight_ih", "bias_hh"])
    def test_it_names_what_is_wrong(self, name):
        rng = np.random.default_rng(0)
        layer = numpy_rnn.RNN(3, 4, rng)
        backward = layer.backward

        def wrong(*upstream):
            d_x, d_h_0 = backward(*upstream)
            if name == "x":
                return d_x * 1.001, d_h_0
            layer.grads[name] = layer.grads[name] * 1.001
            return d_x, d_h_0

        layer.backward = wrong
        errors = gradients.check(layer, rng.standard_normal((2, 5, 3)))
        assert errors.pop(name) == pytest.approx(0.001, rel=1e-3)
        assert max(errors.values()) < 1e-8

    def test_it_looks_at_all_that_is_returned(self):
        """An LSTM's final cell state among it: only the final state shows here."""

        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, c):
                return c.clone()

            @staticmethod
            def backward(ctx, d_c):
                return 2 * d_c

        class Wrong(nn.LSTM):
            def forward(self, x):
                output, (h_n, c_n) = super().forward(x)
                return output, (h_n, Double.apply(c_n))

        assert min(gradients.check(Wrong(3, 4).double(), draw(2, 3, 3)).values()) > 0.01

    def test_refuses_float32(self):
        with pytest.raises(ValueError, match="need float64, got float32"):
            gradients.check(make("gru").float(), draw(2, 3, 3).float())


class TestRadius:
    @pytest.mark.parametrize(
        ("matrix", "radius"),
        [
            ([[0.5, 0], [0, -2]], 2),
            ([[0, -3], [3, 0]], 3),  # a rotation: its eigenvalues are ±3i
            ([[0, 100], [0, 0]], 0),
            ([[1, 100], [0, 1]], 1),
        ],
    )
    def test_of_known_matrices(self, matrix, radius):
        assert gradients.spectral_radius(np.array(matrix)) == pytest.approx(radius)
        tensor = torch.tensor(matrix, requires_grad=True, dtype=torch.float32)
        assert gradients.spectral_radius(tensor) == pytest.approx(radius)

    def test_is_the_growth_of_powers(self):
        w = np.random.default_rng(0).standard_normal((8, 8)) / 3
        power = np.linalg.norm(np.linalg.matrix_power(w, 400)) ** (1 / 400)
        assert gradients.spectral_radius(w) == pytest.approx(power, rel=0.02)

    @pytest.mark.parametrize("radius", [0.5, 1.25])
    @pytest.mark.parametrize(
        "module",
        [
            lambda: nn.RNN(3, 8),
            lambda: nn.LSTM(3, 8, num_layers=2, bidirectional=True),
            lambda: nn.GRU(3, 8, bias=False),
            lambda: nn.LSTMCell(3, 8),
            lambda: layers.RNN(3, 8, num_layers=2),
            lambda: nn.Sequential(nn.Linear(3, 3), nn.GRU(3, 8)),
        ],
    )
    def test_every_gate_gets_it_and_nothing_else_changes(self, module, radius):
        torch.manual_seed(0)
        module = module()
        parameters = dict(module.named_parameters())
        before = {name: parameter.detach().clone() for name, parameter in parameters.items()}
        assert gradients.scale_to_radius(module, radius) is module
        for name, parameter in module.named_parameters():
            assert parameter is parameters[name]
            assert parameter.requires_grad
            if "weight_hh" not in name:
                assert torch.equal(parameter, before[name]), name
                continue
            for gate, old in zip(parameter.split(8), before[name].split(8), strict=True):
                assert gradients.spectral_radius(gate) == pytest.approx(radius, rel=1e-5)
                ratio = (gate / old).detach()
                torch.testing.assert_close(ratio, ratio[0, 0].expand(8, 8))

    def test_refuses_what_cannot_be_scaled(self):
        with pytest.raises(ValueError, match=r"radius must be above zero, got 0"):
            gradients.scale_to_radius(nn.RNN(3, 4), 0)
        with pytest.raises(ValueError, match="Linear has no weight_hh"):
            gradients.scale_to_radius(nn.Linear(3, 4), 1)
        with pytest.raises(ValueError, match="with a proj_size are not square"):
            gradients.scale_to_radius(nn.LSTM(3, 4, proj_size=2), 1)
        layer = nn.RNN(3, 2, num_layers=2)
        layer.weight_hh_l1.data = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
        before = layer.weight_hh_l0.clone()
        with pytest.raises(ValueError, match="draw it anew"):
            gradients.scale_to_radius(layer, 1)
        assert torch.equal(layer.weight_hh_l0, before)
