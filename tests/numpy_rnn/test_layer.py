import numpy as np
import pytest
import torch
from numpy_rnn.oracle import TIGHT, draw
from torch import nn

from rnnbook.numpy_rnn import Linear


class TestLinear:
    @pytest.mark.parametrize("leading", [(), (5,), (2, 5)])
    def test_equals_torch(self, rng, leading):
        linear, theirs = Linear(3, 4, rng), nn.Linear(3, 4, dtype=torch.float64)
        theirs.load_state_dict({name: torch.tensor(param) for name, param in linear.params.items()})
        (x, x_), (d_y, d_y_) = draw(rng, *leading, 3), draw(rng, *leading, 4)
        y_ = theirs(x_)
        np.testing.assert_allclose(linear.forward(x), y_.detach(), **TIGHT)
        (y_ * d_y_).sum().backward()
        np.testing.assert_allclose(linear.backward(d_y), x_.grad, **TIGHT)
        np.testing.assert_allclose(linear.grads["weight"], theirs.weight.grad, **TIGHT)
        np.testing.assert_allclose(linear.grads["bias"], theirs.bias.grad, **TIGHT)

    def test_the_initialisation_is_torchs(self):
        linear = Linear(100, 30, np.random.default_rng(0))
        assert 0.09 < np.abs(linear.weight).max() <= 0.1
        assert 0.05 < np.abs(linear.bias).max() <= 0.1

    def test_wrong_shapes_are_refused(self, rng):
        linear = Linear(3, 4, rng)
        with pytest.raises(RuntimeError, match="call forward before backward"):
            linear.backward(np.zeros((2, 4)))
        with pytest.raises(ValueError, match=r"h has shape \(2, 5\), expected \(2, 3\)"):
            linear.forward(np.zeros((2, 5)))
        linear.forward(np.zeros((2, 3)))
        with pytest.raises(ValueError, match=r"d_y has shape \(4,\), expected \(2, 4\)"):
            linear.backward(np.zeros(4))

    @pytest.mark.parametrize("name", ["input_size", "output_size"])
    def test_a_size_below_1_is_refused(self, rng, name):
        with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
            Linear(**{"input_size": 3, "output_size": 4, name: 0}, rng=rng)
