import numpy as np
import pytest
from numpy_rnn.oracle import TIGHT
from scipy.special import expit

from rnnbook.numpy_rnn import LSTM
from rnnbook.numpy_rnn.lstm import sigmoid


@pytest.fixture
def open_lstm():
    """One unit whose forget and output gates are open, and whose input gate is shut: c stays as it is."""
    lstm = LSTM(1, 1, np.random.default_rng(0))
    for param in lstm.params.values():
        param[:] = 0
    lstm.bias_ih[:] = [-60, 60, 0, 60]
    return lstm


def test_with_an_open_forget_gate_the_cell_state_and_its_gradient_stay_what_they_are(open_lstm):
    c_0 = np.array([[0.7]])
    output, (h_n, c_n) = open_lstm.forward(np.ones((1, 100, 1)), (np.zeros((1, 1)), c_0))
    np.testing.assert_allclose(c_n, c_0, **TIGHT)
    np.testing.assert_allclose(output, np.tanh(0.7), **TIGHT)
    np.testing.assert_allclose(h_n, output[:, -1], **TIGHT)
    _, (d_h_0, d_c_0) = open_lstm.backward(None, (np.zeros((1, 1)), np.ones((1, 1))))
    np.testing.assert_allclose(d_c_0, 1, **TIGHT)
    np.testing.assert_allclose(d_h_0, 0, **TIGHT)


def test_the_state_is_a_pair(rng):
    lstm = LSTM(3, 4, rng)
    _, state_n = lstm.forward(np.zeros((5, 7, 3)))
    assert [part.shape for part in state_n] == [(5, 4), (5, 4)]
    with pytest.raises(ValueError, match=r"the state of an LSTM is a pair: pass \(h_0, c_0\)"):
        lstm.forward(np.zeros((5, 7, 3)), np.zeros((5, 4)))
    with pytest.raises(ValueError, match=r"the state of an LSTM is a pair: pass \(d_h_n, d_c_n\)"):
        lstm.backward(None, (np.zeros((5, 4)),))


@pytest.mark.filterwarnings("error")
def test_sigmoid_equals_scipys_and_does_not_overflow():
    a = np.array([-1e4, -800, -30, -1, 0, 0.5, 30, 800, 1e4])
    np.testing.assert_allclose(sigmoid(a), expit(a), **TIGHT)
    np.testing.assert_allclose(sigmoid(a.astype(np.float32)), expit(a), rtol=0, atol=1e-7)
