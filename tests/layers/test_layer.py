import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from layers.oracle import (
    TIGHT,
    assert_equal,
    assert_equal_with_gradients,
    draw_state,
    flat,
    kinds,
    leaf,
    make,
    make_cells,
    make_pair,
    make_theirs,
    properties,
    run_packed,
    sizes,
)
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from rnnbook import layers
from rnnbook.layers import GRU, LSTM, RNN
from rnnbook.layers.layer import ROWS_AT_A_TIME

options = {
    "num_layers": st.integers(1, 3),
    "bidirectional": st.booleans(),
    "bias": st.booleans(),
    "batch_first": st.booleans(),
}


class TestEqualsTorch:
    @kinds
    @properties
    @given(B=sizes, T=sizes, D=sizes, H=sizes, with_state=st.booleans(), options=st.fixed_dictionaries(options))
    def test_full_batches(self, kind, B, T, D, H, with_state, options):
        ours, theirs = make_pair(kind, D, H, **options)
        x = leaf(*((B, T) if options["batch_first"] else (T, B)), D)
        state_0 = draw_state(kind, options["num_layers"] * (1 + options["bidirectional"]), B, H) if with_state else None
        given = flat(x, state_0)
        assert_equal_with_gradients(
            ours(x, state_0), theirs(x, state_0), [*given, *ours.parameters()], [*given, *theirs.parameters()]
        )

    @kinds
    @properties
    @given(
        lengths=st.lists(st.integers(1, 6), min_size=1, max_size=5),
        beyond=st.integers(0, 2),
        D=sizes,
        H=sizes,
        with_state=st.booleans(),
        options=st.fixed_dictionaries(options),
    )
    def test_ragged_batches_against_packing(self, kind, lengths, beyond, D, H, with_state, options):
        ours, theirs = make_pair(kind, D, H, **options)
        B, T = len(lengths), max(lengths) + beyond
        x = leaf(*((B, T) if options["batch_first"] else (T, B)), D)
        state_0 = draw_state(kind, options["num_layers"] * (1 + options["bidirectional"]), B, H) if with_state else None
        given = flat(x, state_0)
        assert_equal_with_gradients(
            ours(x, state_0, torch.tensor(lengths)),
            run_packed(theirs, x, lengths, state_0),
            [*given, *ours.parameters()],
            [*given, *theirs.parameters()],
        )

    @kinds
    @pytest.mark.parametrize("bias", [True, False])
    @pytest.mark.parametrize("bidirectional", [True, False])
    @pytest.mark.parametrize("num_layers", [1, 3])
    def test_state_dicts_load_both_ways_and_the_same_seed_gives_the_same(self, kind, num_layers, bidirectional, bias):
        options = {"num_layers": num_layers, "bidirectional": bidirectional, "bias": bias}
        torch.manual_seed(3)
        ours = make(kind, 3, 20, **options)
        torch.manual_seed(3)
        theirs = make_theirs(kind, 3, 20, **options)
        state, state_ = ours.state_dict(), theirs.state_dict()
        assert list(state) == list(state_)
        assert all(torch.equal(state[name], state_[name]) for name in state)
        ours.load_state_dict(state_, strict=True)
        theirs.load_state_dict(state, strict=True)

    @pytest.mark.parametrize(
        ("kind", "positional"),
        [
            ("tanh", (3, 4, 2, "relu", False, False, 0.5, True)),
            ("lstm", (3, 4, 2, False, False, 0.5, True)),
            ("gru", (3, 4, 2, False, False, 0.5, True)),
        ],
    )
    def test_arguments_by_position_mean_the_same(self, kind, positional):
        name = "RNN" if kind == "tanh" else kind.upper()
        ours, theirs = getattr(layers, name)(*positional), getattr(nn, name)(*positional)
        names = ["input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional"]
        for name in [*names, *(["nonlinearity"] if kind == "tanh" else [])]:
            assert getattr(ours, name) == getattr(theirs, name), name

    @kinds
    def test_dropout_is_torchs_in_training_and_nothing_in_evaluation(self, kind):
        """With the same seed torch drops the very same outputs, so place, scale and mask are all compared."""
        ours, theirs = make_pair(kind, 5, 7, num_layers=3, dropout=0.4, bidirectional=True)
        x = leaf(4, 6, 5)

        def run(module):
            torch.manual_seed(1)
            return module(x)

        assert_equal(run(ours), run(theirs))
        assert not torch.allclose(ours(x)[0], ours(x)[0])
        assert_equal(ours.eval()(x), theirs.eval()(x))

    @kinds
    def test_more_rows_than_are_projected_at_a_time(self, kind):
        """The blocks of rows join without a seam, where they divide the steps and where they do not."""
        ours, theirs = make_pair(kind, 2, 3, bidirectional=True)
        for B, T in ((ROWS_AT_A_TIME // 4, 11), (ROWS_AT_A_TIME + 1, 2), (1, ROWS_AT_A_TIME + 1)):
            x = torch.randn(B, T, 2)
            assert_equal(ours(x), theirs(x))


class TestMeaning:
    @kinds
    def test_equals_a_loop_over_the_cell(self, kind):
        layer, (cell, _) = make(kind, 3, 4), make_cells(kind, 3, 4)
        cell.load_state_dict({name.removesuffix("_l0"): param for name, param in layer.state_dict().items()})
        x, state = leaf(2, 6, 3), draw_state(kind, 1, 2, 4)
        output, state_n = layer(x, state)
        state = tuple(part[0] for part in state) if kind == "lstm" else state[0]
        for t in range(6):
            state = cell(x[:, t], state)
            torch.testing.assert_close(output[:, t], flat(state)[0], **TIGHT)
        assert_equal([part[0] for part in flat(state_n)], state)

    @kinds
    def test_two_directions_are_two_layers_of_one_direction(self, kind):
        both = make(kind, 3, 4, bidirectional=True)
        there, back = make(kind, 3, 4), make(kind, 3, 4)
        weights = both.state_dict()
        there.load_state_dict({name: p for name, p in weights.items() if not name.endswith("_reverse")})
        back.load_state_dict({n.removesuffix("_reverse"): p for n, p in weights.items() if n.endswith("_reverse")})
        x = torch.randn(2, 6, 3)
        output, state_n = both(x)
        (forward, last), (backward, first) = there(x), back(x.flip(1))
        assert_equal(output, torch.cat([forward, backward.flip(1)], dim=-1))
        for part, *parts in zip(flat(state_n), flat(last), flat(first), strict=True):
            assert_equal(part, torch.cat(parts))

    @kinds
    def test_a_state_depends_on_its_past_only_and_a_backward_one_on_its_future_only(self, kind):
        x = leaf(1, 6, 3)
        layer = make(kind, 3, 4, bidirectional=True)
        output, _ = layer(x)
        for t in range(6):
            for direction, seen in ((slice(0, 4), slice(0, t + 1)), (slice(4, 8), slice(t, 6))):
                (reached,) = torch.autograd.grad(output[0, t, direction].sum(), x, retain_graph=True)
                expected = torch.zeros(6, 3, dtype=torch.bool)
                expected[seen] = True
                if kind == "relu":  # a unit that is off passes nothing on
                    assert not (reached[0] != 0)[~expected].any()
                else:
                    assert torch.equal(reached[0] != 0, expected)

    @kinds
    @pytest.mark.parametrize("lengths", [None, [6, 2, 4]])
    def test_sequences_of_a_batch_do_not_touch(self, kind, lengths):
        x = leaf(3, 6, 3)
        output, state_n = make(kind, 3, 4, num_layers=2, bidirectional=True)(x, lengths=lengths)
        (reached,) = torch.autograd.grad(output[1].sum() + sum(part[:, 1].sum() for part in flat(state_n)), x)
        assert (reached[1] != 0).any()
        assert (reached[[0, 2]] == 0).all()

    @kinds
    def test_cutting_the_sequence_changes_nothing_when_the_state_is_carried(self, kind):
        layer = make(kind, 3, 4, num_layers=2)
        x = leaf(2, 9, 3)
        whole, state_n = layer(x)
        first, state = layer(x[:, :4])
        second, state = layer(x[:, 4:], state)
        assert_equal(torch.cat([first, second], dim=1), whole)
        assert_equal(state, state_n)

    @kinds
    def test_shapes(self, kind):
        output, state_n = make(kind, 3, 4, num_layers=2, bidirectional=True)(torch.zeros(5, 7, 3))
        assert output.shape == (5, 7, 8)
        assert {part.shape for part in flat(state_n)} == {(4, 5, 4)}
        assert isinstance(state_n, tuple) == (kind == "lstm")
        output, _ = make(kind, 3, 4, batch_first=False)(torch.zeros(7, 5, 3))
        assert output.shape == (7, 5, 4)

    @pytest.mark.parametrize(("cls", "blocks"), [(RNN, 1), (LSTM, 4), (GRU, 3)])
    def test_the_number_of_parameters(self, cls, blocks):
        """Each gate has its own rows; time plays no part. nn.RNN(10, 20) has 640: two biases, no output layer."""
        layer = cls(10, 20)
        for T in (1, 40):
            layer(torch.zeros(2, T, 10))
            assert sum(param.numel() for param in layer.parameters()) == 640 * blocks


class TestLengths:
    @kinds
    def test_each_row_is_what_it_is_alone(self, kind):
        layer, lengths = make(kind, 3, 4, num_layers=2, bidirectional=True), [4, 1, 6]
        x = torch.randn(3, 8, 3)
        output, state_n = layer(x, lengths=lengths)
        for row, length in enumerate(lengths):
            alone, state_alone = layer(x[row : row + 1, :length])
            assert_equal(output[row, :length], alone[0])
            assert (output[row, length:] == 0).all()
            assert_equal([part[:, row] for part in flat(state_n)], [part[:, 0] for part in flat(state_alone)])

    @kinds
    @pytest.mark.parametrize("filling", [torch.nan, torch.inf, 1e300])
    def test_what_stands_in_the_padding_is_never_read(self, kind, filling):
        layer, lengths = make(kind, 3, 4, num_layers=2, bidirectional=True), torch.tensor([4, 1, 6])
        x, padding = torch.randn(3, 6, 3), torch.arange(6) >= lengths[:, None]
        results = []
        for value in (0.0, filling):
            batch = x.masked_fill(padding[:, :, None], value).requires_grad_()
            output, state_n = layer(batch, lengths=lengths)
            loss = output.square().sum() + sum(part.sum() for part in flat(state_n))
            results.append([output, *flat(state_n), *torch.autograd.grad(loss, [batch, *layer.parameters()])])
        assert_equal(*results)
        assert (results[0][-len(list(layer.parameters())) - 1][padding] == 0).all()

    def test_a_relu_that_would_explode_in_the_padding_does_no_harm(self):
        layer = make("relu", 1, 4, bidirectional=True)
        with torch.no_grad():
            layer.weight_hh_l0.copy_(100 * torch.eye(4))
            layer.weight_hh_l0_reverse.copy_(100 * torch.eye(4))
        output, h_n = layer(torch.ones(2, 400, 1), lengths=[3, 2])  # 100 to the 400th is infinite
        grads = torch.autograd.grad(output.sum() + h_n.sum(), list(layer.parameters()))
        assert output.isfinite().all()
        assert all(grad.isfinite().all() for grad in grads)

    @kinds
    def test_lengths_of_T_are_no_lengths(self, kind):
        layer, x = make(kind, 3, 4, bidirectional=True), torch.randn(2, 5, 3)
        assert_equal(layer(x, lengths=torch.tensor([5, 5])), layer(x))

    @kinds
    def test_the_order_of_the_rows_does_not_matter(self, kind):
        layer, x = make(kind, 3, 4, bidirectional=True), torch.randn(4, 5, 3)
        lengths, order = torch.tensor([3, 5, 1, 2]), [2, 0, 3, 1]
        output, state_n = layer(x, lengths=lengths)
        output_, state_n_ = layer(x[order], lengths=lengths[order])
        assert_equal(output[order], output_)
        assert_equal([part[:, order] for part in flat(state_n)], state_n_)

    def test_any_form_of_integers_will_do(self):
        layer, x = make("gru", 3, 4), torch.randn(3, 5, 3)
        expected = layer(x, lengths=torch.tensor([5, 2, 3]))
        for lengths in ([5, 2, 3], (5, 2, 3), torch.tensor([5, 2, 3], dtype=torch.uint8)):
            assert_equal(layer(x, lengths=lengths), expected)

    @pytest.mark.parametrize(
        ("lengths", "message"),
        [
            ([5, 0], r"lengths\[1\] is 0, expected 1 to T = 5: leave empty sequences out"),
            ([6, 1], r"lengths\[0\] is 6, expected 1 to T = 5"),
            ([5], r"lengths has shape \(1,\), expected \(2,\)"),
            ([5.0, 1.0], r"lengths must be integers"),
        ],
    )
    @kinds
    def test_wrong_lengths_are_refused(self, kind, lengths, message):
        with pytest.raises(ValueError, match=message):
            make(kind, 3, 4)(torch.zeros(2, 5, 3), lengths=torch.tensor(lengths))

    def test_lengths_may_be_on_another_device_than_the_input(self):
        output, _ = make("gru", 3, 4).to("meta")(torch.zeros(2, 5, 3, device="meta"), lengths=torch.tensor([5, 1]))
        assert output.device.type == "meta"

    def test_a_packed_sequence_is_told_what_to_do(self):
        packed = pack_padded_sequence(torch.zeros(2, 5, 3), [5, 2], batch_first=True)
        with pytest.raises(TypeError, match=r"give the padded batch instead, as layer\(x, lengths=lengths\)"):
            make("lstm", 3, 4)(packed)


class TestTrace:
    @kinds
    @pytest.mark.parametrize("lengths", [None, [5, 2]])
    def test_it_holds_every_state_in_the_order_of_time(self, kind, lengths):
        layer, trace = make(kind, 3, 4, num_layers=2, bidirectional=True), []
        output, state_n = layer(torch.randn(2, 5, 3), lengths=lengths, trace=trace)
        assert [len(states) for states in trace] == [5] * 4
        top = torch.cat([torch.stack([flat(s)[0] for s in states], dim=1) for states in trace[2:]], dim=-1)
        for row, length in enumerate(lengths or [5, 5]):
            assert torch.equal(top[row, :length], output[row, :length])
            for k, states in enumerate(trace):
                last = flat(states[0 if k % 2 else length - 1])
                assert all(torch.equal(a[row], b[k, row]) for a, b in zip(last, flat(state_n), strict=True))

    @kinds
    def test_its_states_are_nodes_of_the_graph(self, kind):
        """dL/dh_t, with all that follows from h_t, is the gradient of the rest of the sequence read from h_t on."""
        layer, x, trace = make(kind, 3, 4), torch.randn(2, 6, 3), []
        output, _ = layer(x, trace=trace)
        found = torch.autograd.grad(output[:, -1].square().sum(), [flat(state)[0] for state in trace[0]])
        for t, gradient in enumerate(found[:-1]):
            parts = [part.detach()[None].requires_grad_() for part in flat(trace[0][t])]
            rest, _ = layer(x[:, t + 1 :], tuple(parts) if kind == "lstm" else parts[0])
            (expected,) = torch.autograd.grad(rest[:, -1].square().sum(), parts[0])
            torch.testing.assert_close(gradient, expected[0], **TIGHT)

    def test_without_it_nothing_is_kept(self):
        layer = make("lstm", 3, 4)
        before = set(vars(layer))
        layer(torch.zeros(2, 5, 3))
        assert set(vars(layer)) == before


class TestErrors:
    @kinds
    @pytest.mark.parametrize(
        ("batch_first", "x", "message"),
        [
            (True, (5, 3), r"x has shape \(5, 3\), expected \(B, T, 3\): for a single .* x\.unsqueeze\(0\)"),
            (False, (5, 3), r"x has shape \(5, 3\), expected \(T, B, 3\): for a single .* x\.unsqueeze\(1\)"),
            (True, (3,), r"x has shape \(3,\), expected \(B, T, 3\)$"),
            (True, (2, 5, 4), r"x has shape \(2, 5, 4\), expected \(B, T, 3\)$"),
            (True, (2, 0, 3), r"x has shape \(2, 0, 3\), expected \(B, T, 3\): no axis may be empty"),
            (True, (0, 5, 3), r"x has shape \(0, 5, 3\), expected \(B, T, 3\): no axis may be empty"),
        ],
    )
    def test_wrong_inputs_are_refused(self, kind, batch_first, x, message):
        with pytest.raises(ValueError, match=message):
            make(kind, 3, 4, batch_first=batch_first)(torch.zeros(x))

    @kinds
    @pytest.mark.parametrize("part", ["h_0", "c_0"])
    @pytest.mark.parametrize(
        ("batch_first", "bidirectional", "shape", "expected"),
        [
            (True, False, (2, 1, 4), (1, 2, 4)),
            (False, False, (1, 2, 4), (1, 5, 4)),
            (True, False, (2, 4), (1, 2, 4)),
            (True, False, (1, 2, 3), (1, 2, 4)),
            (True, False, (1, 1, 4), (1, 2, 4)),
            (True, True, (1, 2, 4), (2, 2, 4)),
        ],
    )
    def test_wrong_states_are_refused(self, kind, part, batch_first, bidirectional, shape, expected):
        layer, x = make(kind, 3, 4, batch_first=batch_first, bidirectional=bidirectional), torch.zeros(2, 5, 3)
        right, wrong = torch.zeros(expected), torch.zeros(shape)
        if kind != "lstm":
            part, state_0 = "h_0", wrong
        else:
            state_0 = (wrong, right) if part == "h_0" else (right, wrong)
        message = f"{part} has shape {shape}, expected {expected}: (L * directions, B, H), whatever batch_first is"
        with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)").replace("*", r"\*")):
            layer(x, state_0)

    @kinds
    def test_a_state_of_another_form_is_refused(self, kind):
        h_0 = torch.zeros(1, 2, 4)
        state_0, message = (h_0, "h_0 and c_0, got 1") if kind == "lstm" else ((h_0, h_0), "h_0, got 2")
        with pytest.raises(ValueError, match=f"the state must be {message}"):
            make(kind, 3, 4)(torch.zeros(2, 5, 3), state_0)

    @kinds
    @pytest.mark.parametrize("form", ["layer", "cell"])
    def test_another_dtype_or_device_is_refused(self, kind, form):
        """test_rnn_check_device; and what NumPy's float64 meets in a float32 network, before it meets a kernel."""
        module = (make(kind, 3, 4) if form == "layer" else make_cells(kind, 3, 4)[0]).float()
        x, h = torch.zeros(2, 5, 3).float(), torch.zeros(1, 2, 4).float()
        x, h, suffix = (x, h, "_0") if form == "layer" else (x[:, 0], h[0], "")
        expected = "expected torch.float32 on cpu as"
        for other, got in [
            (torch.float64, "torch.float64 on cpu"),
            (torch.int64, "torch.int64 on cpu"),
            ("meta", "torch.float32 on meta"),
        ]:
            with pytest.raises(ValueError, match=rf"x is {got}, {expected} the weights: write x\.to\('cpu', torch"):
                module(x.to(other))
            for part in ("h", "c") if kind == "lstm" else ("h",):
                state = h.to(other) if part == "h" else h, h if part == "h" else h.to(other)
                with pytest.raises(
                    ValueError, match=rf"{part}{suffix} is {got}, {expected} x: write {part}{suffix}\.to"
                ):
                    module(x, state if kind == "lstm" else state[0])

    @kinds
    @pytest.mark.parametrize("form", ["layer", "cell"])
    def test_what_is_no_tensor_is_refused(self, kind, form):
        module = make(kind, 3, 4) if form == "layer" else make_cells(kind, 3, 4)[0]
        x = torch.zeros((2, 5, 3) if form == "layer" else (2, 3))
        with pytest.raises(TypeError, match="x is a ndarray, expected a tensor"):
            module(x.numpy())
        with pytest.raises(TypeError, match=r"h.* is a float, expected a tensor"):
            module(x, (0.0, 0.0) if kind == "lstm" else 0.0)

    @pytest.mark.parametrize("cls", [RNN, LSTM, GRU])
    @pytest.mark.parametrize(
        ("sizes", "options", "message"),
        [
            ((3, 4), {"dropout": 0.5}, "dropout acts between layers only: use num_layers > 1, or nn.Dropout"),
            ((3, 4), {"num_layers": 2, "dropout": 1.5}, "dropout is a probability, between 0 and 1, got 1.5"),
            ((3, 4), {"num_layers": 2, "dropout": -0.1}, "dropout is a probability, between 0 and 1"),
            ((3, 4), {"variational_dropout": 2}, "variational_dropout is a probability, between 0 and 1, got 2"),
            ((3, 4), {"num_layers": 0}, "num_layers must be an integer, at least 1, got 0"),
            ((3, 0), {}, "hidden_size must be an integer, at least 1, got 0"),
            ((3, 4.0), {}, "hidden_size must be an integer, at least 1, got 4.0"),
            ((3, 4), {"num_layers": 2, "dropout": True}, "dropout is a probability, between 0 and 1, got True"),
            ((-1, 4), {}, "input_size must be an integer, at least 1, got -1"),
            ((3, 4), {"residual": True}, "the input has 3 features, the output 4"),
            ((4, 4), {"residual": True, "bidirectional": True}, "the input has 4 features, the output 8"),
        ],
    )
    def test_wrong_options_are_refused(self, cls, sizes, options, message):
        with pytest.raises(ValueError, match=message):
            cls(*sizes, **options)


def test_what_is_set_stands_in_the_representation():
    assert repr(RNN(3, 4, num_layers=2)) == "RNN(3, 4, num_layers=2, batch_first=True, bias=True, nonlinearity='tanh')"
    layer = LSTM(3, 4, 2, bias=False, dropout=0.5, bidirectional=True, residual=True)
    expected = "num_layers=2, batch_first=True, bias=False, bidirectional=True, dropout=0.5, residual=True"
    assert repr(layer) == f"LSTM(3, 4, {expected})"
