"""Layer normalisation, variational dropout, residual connections: against loops that write the equations out."""

import pytest
import torch
from layers.oracle import assert_equal, draw_state, flat, kinds, make
from torch.nn import functional as F

GATES = {"tanh": (1,), "relu": (1,), "lstm": (4,), "gru": (2, 1)}


def norm(a, gain, sizes):
    """Mean 0 and variance 1 in each group of columns, then the gain."""
    groups = []
    for group in a.split(sizes, dim=1):
        centred = group - group.mean(dim=1, keepdim=True)
        groups.append(centred / (centred.square().mean(dim=1, keepdim=True) + 1e-5).sqrt())
    return gain * torch.cat(groups, dim=1)


def written_out(kind, layer, x, state, mask=1.0):
    """One layer in one direction: all states' parts, step by step."""
    p, H = dict(layer.named_parameters()), layer.hidden_size
    sizes = [count * H for count in GATES[kind]]
    zero = x.new_zeros(sum(sizes))
    b_ih, b_hh = p.get("bias_ih_l0", zero), p.get("bias_hh_l0", zero)
    h, c = (state[0][0], state[1][0]) if kind == "lstm" else (state[0], None)
    states = []
    for x_t in x.unbind(dim=1):
        from_x, from_h = x_t @ p["weight_ih_l0"].T, (mask * h) @ p["weight_hh_l0"].T
        if layer.layer_norm:
            from_x = norm(from_x, p["norm_ih_l0.weight"], sizes)
            from_h = norm(from_h, p["norm_hh_l0.weight"], sizes)
        from_x, from_h = from_x + b_ih, from_h + b_hh
        if kind == "lstm":
            a = from_x + from_h
            i, f, o = (a[:, k * H : (k + 1) * H].sigmoid() for k in (0, 1, 3))
            c = f * c + i * a[:, 2 * H : 3 * H].tanh()
            shown = c
            if layer.layer_norm:
                shown = norm(c, p["norm_c_l0.weight"], [H]) + p["norm_c_l0.bias"]
            h = o * shown.tanh()
        elif kind == "gru":
            r, z = ((from_x + from_h)[:, k * H : (k + 1) * H].sigmoid() for k in (0, 1))
            h = (1 - z) * (from_x[:, 2 * H :] + r * from_h[:, 2 * H :]).tanh() + z * h
        else:
            h = torch.tanh(from_x + from_h) if kind == "tanh" else torch.relu(from_x + from_h)
        states.append((h, c) if kind == "lstm" else (h,))
    return torch.stack([parts[0] for parts in states], dim=1), [part[None] for part in states[-1]]


def with_random_gains(layer):
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.startswith("norm"):
                parameter.copy_(torch.rand_like(parameter) + 0.5)
    return layer


class TestLayerNorm:
    @kinds
    @pytest.mark.parametrize("bias", [True, False])
    def test_against_the_equations(self, kind, bias):
        layer = with_random_gains(make(kind, 3, 4, bias=bias, layer_norm=True))
        x, state = torch.randn(2, 5, 3), draw_state(kind, 1, 2, 4)
        assert_equal(layer(x, state), written_out(kind, layer, x, state))

    @kinds
    def test_the_size_of_the_weights_does_not_matter(self, kind):
        """The invariance that gives the method its name; not so the size of the bias, which stays outside."""
        layer, x = make(kind, 3, 4, layer_norm=True), torch.randn(2, 5, 3)
        outputs = []
        with torch.no_grad():
            for factor in (1e3, 7):
                layer.weight_ih_l0.mul_(factor)
                layer.weight_hh_l0.mul_(factor)
                outputs.append(layer(x)[0])
            torch.testing.assert_close(*outputs, rtol=0, atol=1e-5)
            layer.bias_ih_l0.mul_(7)
            assert not torch.allclose(layer(x)[0], outputs[0], atol=1e-2)

    @kinds
    def test_a_constant_added_to_all_inputs_of_the_units_does_not_matter(self, kind):
        layer, x = make(kind, 3, 4, layer_norm=True), torch.randn(2, 5, 3)
        before = layer(x)
        with torch.no_grad():
            rows = layer.weight_ih_l0.split([4 * count for count in GATES[kind]])
            for group, shift in zip(rows, (0.7, -0.4), strict=False):
                group.add_(shift)  # every unit of the group gets the same more
        assert_equal(layer(x), before)

    def test_a_forget_bias_keeps_its_effect(self):
        layer = make("lstm", 3, 4, layer_norm=True)
        with torch.no_grad():
            layer.bias_ih_l0[:4] = -1e3  # nothing is written
            layer.bias_ih_l0[4:8] = 1e3  # nothing is forgotten
        state = draw_state("lstm", 1, 2, 4)
        assert_equal(layer(torch.randn(2, 9, 3), state)[1][1], state[1])

    @kinds
    def test_every_recurrence_has_its_own_gains(self, kind):
        layer = make(kind, 3, 4, num_layers=2, bidirectional=True, layer_norm=True)
        output, _ = layer(torch.randn(2, 5, 3))
        output.square().sum().backward()
        gains = {name: p for name, p in layer.named_parameters() if name.startswith("norm")}
        assert len(gains) == 4 * (4 if kind == "lstm" else 2)
        assert all((gain.grad != 0).any() for gain in gains.values())


class TestVariationalDropout:
    @kinds
    @pytest.mark.parametrize("layer_norm", [False, True])
    def test_against_the_equations(self, kind, layer_norm):
        layer = make(kind, 3, 4, variational_dropout=0.4, layer_norm=layer_norm)
        x, state = torch.randn(6, 5, 3), draw_state(kind, 1, 6, 4)
        torch.manual_seed(5)
        results = layer(x, state)
        torch.manual_seed(5)
        mask = F.dropout(torch.ones(6, 4), 0.4)
        assert 0 in mask
        assert_equal(results, written_out(kind, layer, x, state, mask))
        assert_equal(layer.eval()(x, state), written_out(kind, layer, x, state))

    def masks(self, p, **options):
        """The masks of a ReLU network that shows them: h_t = 1 + m h_{t-1}, from h_0 = 0. (runs, T, B, H)"""
        layer = make("relu", 200, 100, num_layers=2, bidirectional=True, variational_dropout=p, **options)
        with torch.no_grad():
            for name, parameter in layer.named_parameters():
                parameter.zero_()
                if name.startswith("weight_hh"):
                    parameter.copy_(torch.eye(100))
                if name.startswith("bias_ih"):
                    parameter.fill_(1)
        trace = []
        layer(torch.zeros(50, 4, 200), trace=trace)
        runs = []
        for k, states in enumerate(trace):
            h = torch.stack(states if k % 2 == 0 else states[::-1])  # in the order of reading
            runs.append((h[1:] - 1) / h[:-1])
        return torch.stack(runs)

    @pytest.mark.parametrize("p", [0.25, 0.8])
    def test_one_mask_for_all_steps_and_another_for_every_row_and_recurrence(self, p):
        masks = self.masks(p)
        torch.testing.assert_close(masks, masks[:, :1].expand_as(masks))
        first = masks[:, 0]
        kept = first > 0.5
        torch.testing.assert_close(first[kept], torch.full_like(first[kept], 1 / (1 - p)))
        assert kept.double().mean().item() == pytest.approx(1 - p, abs=0.02)
        flat_masks = kept.flatten(0, 1)
        assert len(flat_masks.unique(dim=0)) == len(flat_masks)  # no two rows of any recurrence are alike
        assert not torch.equal(kept, self.masks(p)[:, 0] > 0.5)  # drawn anew in every call

    def test_all_and_nothing(self):
        assert (self.masks(0.0) == 1).all()
        assert (self.masks(1.0) == 0).all()

    @kinds
    def test_what_is_dropped_is_the_state_on_its_way_in_and_nothing_else(self, kind):
        """With W_hh = 0 there is nothing to drop: a GRU's z h_{t-1}, an LSTM's cell and the outputs are untouched."""
        layer, x = make(kind, 3, 4, variational_dropout=0.9), torch.randn(2, 5, 3)
        with torch.no_grad():
            layer.weight_hh_l0.zero_()
        assert_equal(layer.train()(x), layer.eval()(x))


class TestResidual:
    @kinds
    @pytest.mark.parametrize("bidirectional", [False, True])
    @pytest.mark.parametrize("same_size", [False, True])
    @pytest.mark.parametrize("lengths", [None, [5, 2]])
    def test_against_layers_one_by_one(self, kind, bidirectional, same_size, lengths):
        H, width = 4, 8 if bidirectional else 4
        D = width if same_size else 3
        layer = make(kind, D, H, num_layers=3, bidirectional=bidirectional, residual=True)
        x, output, states = torch.randn(2, 5, D), None, []
        for k in range(3):
            single = make(kind, D if k == 0 else width, H, bidirectional=bidirectional)
            single.load_state_dict(
                {name.replace(f"l{k}", "l0"): value for name, value in layer.state_dict().items() if f"l{k}" in name}
            )
            below = x if k == 0 else output
            output, state_n = single(below, lengths=lengths)
            states.append(flat(state_n))
            if k > 0 or same_size:
                output = output + below
        if lengths:
            output[1, 2:] = 0
        found, found_states = layer(x, lengths=lengths)
        assert_equal(found, output)
        assert_equal(found_states, [torch.cat(parts) for parts in zip(*states, strict=True)])

    @kinds
    def test_dropout_does_not_touch_what_is_added(self, kind):
        layer, x = make(kind, 4, 4, num_layers=2, dropout=1.0, residual=True), torch.randn(2, 5, 4)
        first = make(kind, 4, 4, residual=True)
        first.load_state_dict({name: value for name, value in layer.state_dict().items() if "l0" in name})
        second = make(kind, 4, 4)
        second.load_state_dict({n.replace("l1", "l0"): v for n, v in layer.state_dict().items() if "l1" in n})
        below, _ = first(x)
        assert_equal(layer(x)[0], below + second(torch.zeros(2, 5, 4))[0])


@kinds
@pytest.mark.parametrize("lengths", [[6, 1, 4]])
def test_with_all_extras_each_row_is_what_it_is_alone(kind, lengths):
    layer = make(kind, 8, 4, num_layers=2, bidirectional=True, layer_norm=True, residual=True, variational_dropout=0.5)
    layer = with_random_gains(layer).eval()
    x = torch.randn(3, 6, 8)
    output, state_n = layer(x, lengths=lengths)
    for row, length in enumerate(lengths):
        alone, state_alone = layer(x[row : row + 1, :length])
        assert_equal(output[row, :length], alone[0])
        assert (output[row, length:] == 0).all()
        assert_equal([part[:, row] for part in flat(state_n)], [part[:, 0] for part in flat(state_alone)])


@kinds
def test_extras_that_are_off_leave_torchs_parameters(kind):
    plain = make(kind, 3, 4).state_dict()
    assert list(make(kind, 4, 4, variational_dropout=0.5, residual=True).state_dict()) == list(plain)
    extra = set(make(kind, 3, 4, layer_norm=True).state_dict()) - set(plain)
    names = {"norm_ih_l0.weight", "norm_hh_l0.weight"}
    assert extra == (names | {"norm_c_l0.weight", "norm_c_l0.bias"} if kind == "lstm" else names)


@pytest.mark.parametrize(
    ("kind", "positional"),
    [
        ("tanh", (4, 4, 1, "tanh", True, True, 0.0, False)),
        ("lstm", (4, 4, 1, True, True, 0.0, False)),
        ("gru", (4, 4, 1, True, True, 0.0, False)),
    ],
)
def test_extras_are_given_by_name(kind, positional):
    """What follows in torch's constructors by position means something else."""
    make(kind, *positional)
    with pytest.raises(TypeError, match="positional arguments"):
        make(kind, *positional, True)
