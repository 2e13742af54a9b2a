import numpy as np
import pytest
import torch
from numpy_rnn.oracle import TIGHT, numerical_gradient
from torch import nn

from rnnbook.numpy_rnn import GRU, TextbookGRU

B, T, D, H = 3, 6, 4, 5


def transcribed(gru, x, h_0):
    """The equations of the textbook for one sequence, column vectors and one gate after the other: (T, D) -> (T, H)."""

    def logistic(a):
        return 1 / (1 + np.exp(-a))

    W_r, W_z, W_n = gru.weight_ih.reshape(3, H, D)
    U_r, U_z, U_n = gru.weight_hh.reshape(3, H, H)
    b_r, b_z, b_n = gru.bias_ih.reshape(3, H)
    h, states = h_0, []
    for x_t in x:
        r = logistic(W_r @ x_t + U_r @ h + b_r)
        z = logistic(W_z @ x_t + U_z @ h + b_z)
        n = np.tanh(W_n @ x_t + U_n @ (r * h) + b_n)
        h = (1 - z) * h + z * n
        states.append(h)
    return np.array(states)


class TestTextbookGRU:
    def test_equals_the_equations(self, rng):
        gru, x, h_0 = TextbookGRU(D, H, rng), rng.normal(size=(B, T, D)), rng.normal(size=(B, H))
        output, h_n = gru.forward(x, h_0)
        for b in range(B):
            np.testing.assert_allclose(output[b], transcribed(gru, x[b], h_0[b]), **TIGHT)
        np.testing.assert_allclose(h_n, output[:, -1], **TIGHT)

    @pytest.mark.parametrize("lengths", [None, [6, 1, 3]])
    @pytest.mark.parametrize("bias", [True, False])
    def test_gradients_equal_finite_differences(self, rng, lengths, bias):
        gru, x, h_0 = TextbookGRU(D, H, rng, bias=bias), rng.normal(size=(B, T, D)), rng.normal(size=(B, H))
        d_output, d_h_n = rng.normal(size=(B, T, H)), rng.normal(size=(B, H))

        def loss():
            output, h_n = gru.forward(x, h_0, lengths)
            return (output * d_output).sum() + (h_n * d_h_n).sum()

        loss()
        d_x, d_h_0 = gru.backward(d_output, d_h_n)
        np.testing.assert_allclose(d_x, numerical_gradient(loss, x), atol=1e-8)
        np.testing.assert_allclose(d_h_0, numerical_gradient(loss, h_0), atol=1e-8)
        assert gru.grads.keys() == gru.params.keys() == {"weight_ih", "weight_hh", *["bias_ih"] * bias}
        for name, param in gru.params.items():
            np.testing.assert_allclose(gru.grads[name], numerical_gradient(loss, param), atol=1e-8, err_msg=name)


class TestAgainstTorch:
    """The same weights in the textbook's GRU and in torch's, whose second bias is zero."""

    @pytest.fixture
    def weights(self, rng):
        return {name: rng.normal(size=param.shape) for name, param in TextbookGRU(D, H, rng).params.items()}

    def difference(self, weights, changed):
        """Largest difference of the outputs when the textbook's GRU has the changed weights."""
        rng = np.random.default_rng(1)
        gru, theirs = TextbookGRU(D, H, rng), nn.GRU(D, H, batch_first=True).double()
        for name, param in gru.params.items():
            param[:] = changed[name]
        parameters = {f"{name}_l0": torch.tensor(param) for name, param in weights.items()}
        theirs.load_state_dict({**parameters, "bias_hh_l0": torch.zeros(3 * H)})
        x = rng.normal(size=(B, T, D))
        return np.abs(gru.forward(x)[0] - theirs(torch.tensor(x))[0].detach().numpy()).max()

    @staticmethod
    def with_z_negated(weights):
        changed = {name: weight.copy() for name, weight in weights.items()}
        for weight in changed.values():
            weight[H : 2 * H] *= -1
        return changed

    def test_z_means_the_opposite_and_the_reset_gate_stands_elsewhere(self, weights):
        both = self.difference(weights, weights)
        reset_alone = self.difference(weights, self.with_z_negated(weights))
        assert both > 0.5
        assert 0.1 < reset_alone < both

    def test_where_the_reset_gate_is_open_only_the_meaning_of_z_differs(self, weights):
        weights["bias_ih"][:H] = 60  # r = 1
        assert self.difference(weights, weights) > 0.5
        assert self.difference(weights, self.with_z_negated(weights)) < 1e-10

    def test_where_the_reset_gate_is_shut_its_place_does_not_matter_either(self, weights):
        weights["bias_ih"][:H] = -60  # r = 0
        assert self.difference(weights, self.with_z_negated(weights)) < 1e-10


def test_the_two_biases_of_the_candidate_are_not_one(rng):
    """In torch's GRU the reset gate multiplies b_hn: moving it over to b_in is another function."""
    gru, x = GRU(D, H, rng), rng.normal(size=(B, T, D))
    output, _ = gru.forward(x)
    for rows, same in ((slice(0, 2 * H), True), (slice(2 * H, None), False)):
        gru.bias_ih[rows] += gru.bias_hh[rows]
        gru.bias_hh[rows] = 0
        assert np.allclose(gru.forward(x)[0], output, **TIGHT) == same
