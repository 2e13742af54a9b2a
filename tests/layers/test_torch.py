"""torch's own checks of its recurrent modules, adapted to ours: what they make sure of, in other words.

They are in PyTorch's repository, in test/test_nn.py (named in each docstring), test/test_modules.py and
test/nn/test_packed_sequence.py.
"""

import copy
import io
import pickle

import pytest
import torch
from layers.oracle import assert_equal, draw_state, flat, kinds, leaf, make, make_cells
from torch import nn
from torch.nn.utils import parametrizations, prune
from torch.nn.utils.rnn import pad_sequence

from rnnbook.layers import RNN


@kinds
@pytest.mark.parametrize("bias", [True, False])
def test_a_cell_in_a_loop_has_gradients_everywhere(kind, bias):
    """test_RNN_cell, test_LSTM_cell"""
    cell, _ = make_cells(kind, 10, 20, bias)
    x, state = torch.randn(3, 10), draw_state(kind, 3, 20)
    for _ in range(6):
        state = cell(x, state)
    sum(part.sum() for part in flat(state)).backward()
    assert all((parameter.grad != 0).any() for parameter in cell.parameters())


@kinds
def test_a_cell_does_not_broadcast(kind):
    """test_RNN_cell_no_broadcasting: a state of one row is not that of every row."""
    cell, _ = make_cells(kind, 3, 4)
    for rows, columns in ((1, 4), (2, 1), (3, 4), (2, 5)):
        h = torch.zeros(rows, columns)
        with pytest.raises(ValueError, match="expected"):
            cell(torch.zeros(2, 3), (h, h) if kind == "lstm" else h)


@kinds
def test_the_default_state_is_a_state_of_zeros(kind):
    """test_rnn_initial_hidden_state"""
    layer, x, zeros = make(kind, 30, 20, 2), torch.randn(10, 32, 30), torch.zeros(2, 10, 20)
    assert_equal(layer(x), layer(x, (zeros, zeros) if kind == "lstm" else zeros))


def test_relu_lets_pass_what_tanh_does_not():
    """test_RNN_nonlinearity, test_RNN_nonlinearity_passed_as_arg"""
    layer = RNN(1, 1, 1, "relu")
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            parameter.fill_(1 if name.startswith("weight_ih") else 0)
    x = torch.tensor([[[2.0], [-3.0]]])
    assert layer(x)[0].flatten().tolist() == [2, 0]
    layer.nonlinearity = "tanh"
    torch.testing.assert_close(layer(x)[0], x.tanh())


@kinds
def test_the_graph_can_be_walked_twice(kind):
    """test_rnn_retain_variables"""
    layer, x = make(kind, 10, 20, num_layers=2), leaf(5, 6, 10)
    output, _ = layer(x)
    first, second = (torch.autograd.grad(output.sum(), [x, *layer.parameters()], retain_graph=True) for _ in range(2))
    assert_equal(first, second)


@kinds
@pytest.mark.parametrize("bidirectional", [True, False])
def test_sequences_of_several_lengths(kind, bidirectional):
    """test_variable_sequence: one by one, and together; the gradients of their sum are the same."""
    layer = make(kind, 3, 4, num_layers=2, bidirectional=bidirectional)
    sequences = [leaf(length, 3) for length in (5, 1, 3, 5, 2)]
    alone = [layer(sequence[None]) for sequence in sequences]
    together = layer(pad_sequence(sequences, batch_first=True), lengths=[len(sequence) for sequence in sequences])
    assert_equal(together[0], pad_sequence([output[0] for output, _ in alone], batch_first=True))
    for part, *parts in zip(*(flat(state) for state in (together[1], *(state for _, state in alone))), strict=True):
        assert_equal(part, torch.cat(parts, dim=1))
    wanted = [*sequences, *layer.parameters()]
    assert_equal(
        torch.autograd.grad(together[0].sum() + sum(part.sum() for part in flat(together[1])), wanted),
        torch.autograd.grad(sum(part.sum() for results in alone for part in flat(results)), wanted),
    )


@kinds
@pytest.mark.parametrize("p", [0.0, 0.276, 0.731, 1.0])
@pytest.mark.parametrize("training", [True, False])
def test_dropout_between_layers_and_nowhere_else(kind, p, training):
    """test_RNN_dropout: the first layer is untouched; the second sees a share 1 - p of it, scaled by 1 / (1 - p)."""
    layer = make(kind, 10, 500, num_layers=2, dropout=p).train(training)
    single = make(kind, 10, 500)
    single.load_state_dict({name: value for name, value in layer.state_dict().items() if "l0" in name})
    x = torch.randn(8, 2, 10)
    below, state = single(x)
    top = nn.ModuleList([make(kind, 500, 500)])[0]
    top.load_state_dict({name.replace("l1", "l0"): v for name, v in layer.state_dict().items() if "l1" in name})
    torch.manual_seed(5)
    output, state_n = layer(x)
    assert_equal([part[:1] for part in flat(state_n)], flat(state))
    if not training or p == 0:
        assert_equal(output, top(below)[0])
    elif p == 1:
        assert_equal(output, top(torch.zeros_like(below))[0])
    else:
        torch.manual_seed(5)
        mask = nn.functional.dropout(torch.ones(2, 8, 500), p).transpose(0, 1)  # time comes first inside
        assert (mask == 0).double().mean().item() == pytest.approx(p, abs=0.02)
        assert mask.unique().tolist() == pytest.approx([0, 1 / (1 - p)])
        assert_equal(output, top(below * mask)[0])


@kinds
def test_dropout_can_be_changed_later(kind):
    """test_RNN_change_dropout"""
    layer, x = make(kind, 10, 20, num_layers=2, dropout=0.5), torch.randn(3, 4, 10)
    whole = layer.eval()(x)
    assert not torch.equal(layer.train()(x)[0], whole[0])
    layer.dropout = 0.0
    assert_equal(layer(x), whole)
    layer.dropout = 0.5
    assert not torch.equal(layer(x)[0], whole[0])


@kinds
def test_parameters_can_be_made_from_others(kind):
    """test_rnn_weight_norm, test_rnn_pruning"""
    layer, x = make(kind, 3, 4, num_layers=2), torch.randn(2, 5, 3)
    before = layer(x)
    parametrizations.weight_norm(layer, "weight_hh_l0")
    assert_equal(layer(x), before)
    with torch.no_grad():
        layer.parametrizations.weight_hh_l0.original0.mul_(2)
    assert not torch.allclose(layer(x)[0], before[0])
    layer(x)[0].sum().backward()
    assert (layer.parametrizations.weight_hh_l0.original1.grad != 0).any()

    layer = make(kind, 3, 4)
    prune.l1_unstructured(layer, "weight_hh_l0", amount=layer.weight_hh_l0.numel())
    without = make(kind, 3, 4)
    without.load_state_dict({n.replace("_orig", ""): p for n, p in layer.state_dict().items() if "mask" not in n})
    with torch.no_grad():
        without.weight_hh_l0.zero_()
    assert_equal(layer(x), without(x))


@kinds
def test_two_directions_can_share_their_parameters(kind):
    """test_cudnn_weight_tying"""
    layer, x = make(kind, 3, 4, bidirectional=True), torch.randn(2, 5, 3)
    for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
        setattr(layer, f"{name}_reverse", getattr(layer, name))
    assert len(list(layer.parameters())) == 4
    output, _ = layer(x)
    turned, _ = layer(x.flip(1))
    assert_equal(output, turned.flip(1).roll(4, dims=2))  # what was forward is backward now
    torch.optim.SGD(layer.parameters(), lr=0.1).step(lambda: layer(x)[0].sum().backward())
    assert torch.equal(layer.weight_hh_l0, layer.weight_hh_l0_reverse)


@kinds
@pytest.mark.parametrize("form", ["layer", "cell"])
@pytest.mark.parametrize("how", ["deepcopy", "pickle", "torch.save"])
def test_copies_are_equal_and_apart(kind, form, how):
    """test_container_copy, and test_pickle of test_modules.py"""
    if form == "cell":
        layer, shape = make_cells(kind, 3, 4)[0], (2, 3)
    else:
        layer, shape = make(kind, 3, 4, 2, bidirectional=True, layer_norm=True, dropout=0.1), (2, 5, 3)
    if how == "deepcopy":
        twin = copy.deepcopy(layer)
    elif how == "pickle":
        twin = pickle.loads(pickle.dumps(layer))
    else:
        file = io.BytesIO()
        torch.save(layer, file)
        file.seek(0)
        twin = torch.load(file, weights_only=False)
    x, original = torch.randn(shape), layer.eval()(torch.ones(shape))
    assert_equal(twin.eval()(x), layer(x))
    assert repr(twin) == repr(layer)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.add_(1)
    assert_equal(layer(torch.ones(shape)), original)


@kinds
@pytest.mark.parametrize("p", [0.0, 0.1234])
@pytest.mark.parametrize("training", [True, False])
def test_a_copy_drops_anew(kind, p, training):
    """test_RNN_dropout_state: no mask is kept in the module, or goes along with it."""
    layer, x = make(kind, 50, 100, num_layers=2, dropout=p).train(training), torch.randn(3, 2, 50)
    runs = [layer(x), layer(x)]
    twin = pickle.loads(pickle.dumps(layer))
    assert twin.training == training
    runs.append(twin(x))
    for first, second in ((0, 1), (0, 2), (1, 2)):
        if training and p > 0:
            assert not torch.allclose(runs[first][0], runs[second][0])
        else:
            assert_equal(runs[first], runs[second])


@kinds
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"layer_norm": True}], ids=str)
def test_a_state_dict_goes_into_a_file_and_back(kind, options):
    """test_save_load of test_modules.py, and what load_state_dict says to another layer's."""
    options = {"num_layers": 2, "bidirectional": True, **options}
    layer, file = make(kind, 3, 4, **options), io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    twin = make(kind, 3, 4, **options)
    assert str(twin.load_state_dict(torch.load(file, weights_only=True))) == "<All keys matched successfully>"
    x = torch.randn(2, 5, 3)
    assert_equal(twin(x), layer(x))
    for other, message in (
        (make(kind, 3, 4, **{**options, "num_layers": 3}), "Missing key.*weight_ih_l2"),
        (make(kind, 3, 4, **{**options, "bidirectional": False}), "Unexpected key.*weight_ih_l0_reverse"),
        (make(kind, 3, 5, **options), "size mismatch for weight_ih_l0"),
    ):
        with pytest.raises(RuntimeError, match=f"(?s){message}"):
            other.load_state_dict(layer.state_dict())


@kinds
def test_parameters_are_named_layer_by_layer_and_direction_by_direction(kind):
    """The names that all_weights and pretrained networks go by; a layer without biases has None in their place."""
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    suffixes = ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
    layer = make(kind, 3, 4, num_layers=2, bidirectional=True)
    assert [name for name, _ in layer.named_parameters()] == [name + suffix for suffix in suffixes for name in names]
    cell, _ = make_cells(kind, 3, 4)
    assert [name for name, _ in cell.named_parameters()] == names
    for module, name in ((make(kind, 3, 4, bias=False), "bias_ih_l0"), (make_cells(kind, 3, 4, False)[0], "bias_hh")):
        assert getattr(module, name) is None
        assert not any("bias" in name for name, _ in module.named_parameters())


@kinds
def test_inputs_that_are_not_contiguous(kind):
    """test_non_contiguous_tensors of test_modules.py"""
    layer = make(kind, 3, 4, bidirectional=True)
    x, state = torch.randn(2, 5, 3), draw_state(kind, 2, 2, 4)
    scattered = torch.empty(5, 3, 2).permute(2, 0, 1).copy_(x)
    parts = [torch.empty(4, 2, 2).permute(1, 2, 0).copy_(part.detach()) for part in flat(state)]
    assert not any(tensor.is_contiguous() for tensor in (scattered, *parts))
    assert_equal(layer(scattered, tuple(parts) if kind == "lstm" else parts[0]), layer(x, state))


@kinds
def test_inputs_are_left_as_they_are(kind):
    x, state = torch.randn(2, 5, 3), draw_state(kind, 1, 2, 4)
    lengths = torch.tensor([5, 2])
    given = [x, lengths, *flat(state)]
    before = [tensor.clone() for tensor in given]
    make(kind, 3, 4)(x, state, lengths)
    assert all(torch.equal(*pair) for pair in zip(given, before, strict=True))


@pytest.mark.parametrize("kind", ["tanh", "lstm", "gru"])
@pytest.mark.parametrize("lengths", [None, [3, 1]])
@pytest.mark.parametrize("layer_norm", [False, True])
def test_first_and_second_derivatives_against_differences(kind, lengths, layer_norm):
    """test_grad and test_gradgrad of test_modules.py"""
    layer = make(kind, 2, 2, bidirectional=True, layer_norm=layer_norm)
    given = (leaf(2, 3, 2), *flat(draw_state(kind, 2, 2, 2)))

    def results(x, *state):
        return tuple(flat(layer(x, state if kind == "lstm" else state[0], lengths)))

    assert torch.autograd.gradcheck(results, given)
    assert torch.autograd.gradgradcheck(results, given)


@pytest.mark.parametrize("kind", ["tanh", "lstm", "gru"])
@pytest.mark.parametrize("bias", [True, False])
def test_first_and_second_derivatives_of_cells_against_differences(kind, bias):
    cell, _ = make_cells(kind, 3, 2, bias)

    def results(x, *state):
        return tuple(flat(cell(x, state if kind == "lstm" else state[0])))

    given = (leaf(2, 3), *flat(draw_state(kind, 2, 2)))
    assert torch.autograd.gradcheck(results, given)
    assert torch.autograd.gradgradcheck(results, given)


@kinds
def test_a_sequence_of_length_zero_or_an_empty_batch_is_an_error(kind):
    """test_error_RNN_seq_len_zero"""
    for shape in ((2, 0, 3), (0, 5, 3), (0, 0, 3)):
        with pytest.raises(ValueError, match="no axis may be empty"):
            make(kind, 3, 4)(torch.zeros(shape))


@kinds
def test_train_and_eval_change_nothing_where_nothing_is_dropped(kind):
    """test_forward of test_modules.py"""
    layer, x = make(kind, 3, 4, num_layers=2, bidirectional=True, layer_norm=True, residual=True), torch.randn(2, 5, 3)
    assert_equal(layer.train()(x), layer.eval()(x))
    with torch.no_grad():
        assert not layer(x)[0].requires_grad
