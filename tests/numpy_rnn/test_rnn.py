import numpy as np
import pytest

from rnnbook.numpy_rnn import RNN


def test_a_step_back_has_the_slope_of_the_nonlinearity_at_and_beside_zero(rng):
    """relu has the slope 0 at 0, as in torch; tanh has 1."""
    h = np.array([[-0.5, 0.0, 0.5]])
    tanh, relu = RNN(1, 3, rng), RNN(1, 3, rng, nonlinearity="relu")
    np.testing.assert_array_equal(tanh.step_back(np.full((1, 3), 2.0), h)[1], [[1.5, 2, 1.5]])
    np.testing.assert_array_equal(relu.step_back(np.full((1, 3), 2.0), np.maximum(h, 0))[1], [[0, 0, 2]])


def test_the_state_of_relu_is_not_bounded_and_never_negative(rng):
    rnn = RNN(1, 1, rng, nonlinearity="relu", bias=False)
    rnn.weight_ih[:], rnn.weight_hh[:] = 1, 2
    output, _ = rnn.forward(np.array([[[1.0], [0], [0], [-20]]]))
    assert output.ravel().tolist() == [1, 2, 4, 0]


def test_an_unknown_nonlinearity_is_refused(rng):
    with pytest.raises(ValueError, match="nonlinearity must be 'tanh' or 'relu', got 'sigmoid'"):
        RNN(3, 4, rng, nonlinearity="sigmoid")
