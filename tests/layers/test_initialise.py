import pytest
import torch
from layers.oracle import KINDS, kinds, make, make_cells, make_theirs
from torch import nn

from rnnbook import layers
from rnnbook.layers import orthogonal, set_forget_bias

LSTMS = {
    "ours": lambda: layers.LSTM(3, 4),
    "torch's": lambda: nn.LSTM(3, 4),
    "ours, deep": lambda: layers.LSTM(3, 4, num_layers=2, bidirectional=True, layer_norm=True),
    "torch's, deep": lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True),
    "torch's, projected": lambda: nn.LSTM(3, 4, proj_size=2),
    "our cell": lambda: layers.LSTMCell(3, 4),
    "torch's cell": lambda: nn.LSTMCell(3, 4),
}


class TestSetForgetBias:
    @pytest.mark.parametrize("make_lstm", LSTMS.values(), ids=LSTMS)
    @pytest.mark.parametrize("value", [0, 1, -2.5])
    def test_the_sum_of_the_two_biases_is_the_value_and_nothing_else_changes(self, make_lstm, value):
        lstm = make_lstm()
        before = {name: parameter.detach().clone() for name, parameter in lstm.named_parameters()}
        assert set_forget_bias(lstm, value) is lstm
        for name, parameter in lstm.named_parameters():
            changed = parameter.detach() != before[name]
            if name.startswith("bias"):
                assert (parameter[4:8] == (value if "ih" in name else 0)).all()
                changed[4:8] = False
            assert not changed.any()
            assert parameter.requires_grad

    def test_the_gates_start_at_its_sigmoid(self):
        """With nothing to read and nothing written, the cell is multiplied by σ(value) at each step."""
        lstm = layers.LSTM(3, 4)
        with torch.no_grad():
            lstm.weight_hh_l0.zero_()
            lstm.bias_ih_l0[:4] = -1e3
        c_0 = torch.rand(1, 2, 4)
        _, (_, c_n) = set_forget_bias(lstm, 1.5)(torch.zeros(2, 7, 3), (torch.zeros(1, 2, 4), c_0))
        torch.testing.assert_close(c_n, c_0 * torch.sigmoid(torch.tensor(1.5)) ** 7)

    def test_in_a_model_all_lstms_are_set_and_nothing_else(self):
        model = nn.ModuleList([layers.LSTM(3, 4), nn.GRU(3, 4), nn.LSTMCell(3, 4), layers.RNN(3, 4)])
        gru, rnn = [[p.clone() for p in model[k].parameters()] for k in (1, 3)]
        set_forget_bias(model, 1)
        assert (model[0].bias_ih_l0[4:8] == 1).all()
        assert (model[2].bias_ih[4:8] == 1).all()
        for before, module in ((gru, model[1]), (rnn, model[3])):
            assert all(torch.equal(*pair) for pair in zip(before, module.parameters(), strict=True))

    @pytest.mark.parametrize("module", [nn.Linear(3, 4), nn.GRU(3, 4), layers.GRU(3, 4), layers.RNNCell(3, 4)])
    def test_without_a_forget_gate_it_says_so(self, module):
        with pytest.raises(ValueError, match=f"{type(module).__name__} has no forget gate: give an LSTM"):
            set_forget_bias(module, 1)

    @pytest.mark.parametrize("cls", [layers.LSTM, nn.LSTM, layers.LSTMCell, nn.LSTMCell])
    def test_without_biases_it_says_so(self, cls):
        with pytest.raises(ValueError, match="has no biases: build it with bias=True"):
            set_forget_bias(cls(3, 4, bias=False), 1)

    def test_what_is_refused_is_left_as_it_was(self):
        model = nn.ModuleList([layers.LSTM(3, 4), nn.LSTM(3, 4, bias=False)])
        before = model[0].bias_ih_l0.clone()
        with pytest.raises(ValueError, match="has no biases"):
            set_forget_bias(model, 7)
        assert torch.equal(model[0].bias_ih_l0, before)


class TestOrthogonal:
    @kinds
    @pytest.mark.parametrize("whose", ["ours", "torch's", "our cell", "torch's cell"])
    def test_every_gate_keeps_lengths_and_nothing_else_changes(self, kind, whose):
        if "cell" in whose:
            module = make_cells(kind, 3, 4)["torch" in whose]
        else:
            module = (make if whose == "ours" else make_theirs)(kind, 3, 4, num_layers=2, bidirectional=True)
        before = {name: parameter.detach().clone() for name, parameter in module.named_parameters()}
        assert orthogonal(module) is module
        count = 0
        for name, parameter in module.named_parameters():
            if "weight_hh" not in name:
                assert torch.equal(parameter, before[name])
                continue
            for gate in parameter.split(4):
                torch.testing.assert_close(gate @ gate.T, torch.eye(4), rtol=0, atol=1e-12)
                count += 1
            assert parameter.requires_grad
        assert count == {"RNN": 1, "LSTM": 4, "GRU": 3}[KINDS[kind][0]] * (1 if "cell" in whose else 4)

    def test_the_gates_differ(self):
        gates = orthogonal(layers.LSTM(3, 4)).weight_hh_l0.split(4)
        assert not any(torch.allclose(gates[i], gates[j]) for i in range(4) for j in range(i))

    def test_in_a_model_all_are_drawn(self):
        model = orthogonal(nn.Sequential(nn.Linear(3, 3), nn.GRU(3, 4)))
        gate = model[1].weight_hh_l0[:4]
        torch.testing.assert_close(gate @ gate.T, torch.eye(4), rtol=0, atol=1e-12)

    def test_without_a_recurrent_matrix_it_says_so(self):
        with pytest.raises(ValueError, match="Linear has no weight_hh: give a recurrent layer"):
            orthogonal(nn.Linear(3, 4))

    def test_matrices_that_are_not_square_are_refused(self):
        with pytest.raises(ValueError, match="with a proj_size are not square: build it without"):
            orthogonal(nn.Sequential(nn.LSTM(3, 4, proj_size=2)))
