import math

import pytest
import torch

from rnnbook.layers import RNN, RNNCell, rnn_step


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("bias", [True, False])
def test_a_step_unit_by_unit(nonlinearity, bias):
    """The equation with no matrix in it."""
    projected, h, weight_hh, bias_hh = torch.randn(2, 4), torch.randn(2, 4), torch.randn(4, 4), torch.randn(4)
    found = rnn_step(projected, h, weight_hh, bias_hh if bias else None, nonlinearity)
    for b in range(2):
        for k in range(4):
            a = projected[b, k] + sum(weight_hh[k, j] * h[b, j] for j in range(4)) + (bias_hh[k] if bias else 0)
            expected = math.tanh(a) if nonlinearity == "tanh" else max(a.item(), 0)
            assert found[b, k].item() == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("make", [RNN, RNNCell])
def test_another_nonlinearity_is_refused(make):
    with pytest.raises(ValueError, match="nonlinearity must be 'tanh' or 'relu', got 'sigmoid'"):
        make(3, 4, nonlinearity="sigmoid")
    changed = make(3, 4)
    changed.nonlinearity = "sigmoid"
    with pytest.raises(ValueError, match="nonlinearity must be 'tanh' or 'relu', got 'sigmoid'"):
        changed(torch.zeros((2, 5, 3) if make is RNN else (2, 3)))
