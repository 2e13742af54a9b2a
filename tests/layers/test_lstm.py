import math

import pytest
import torch

from rnnbook.layers import LSTM, LSTMCell, lstm_step

OPEN, CLOSED = 1e3, -1e3  # arguments at which a sigmoid is exactly 1 and 0


def sigmoid(a):
    return 1 / (1 + math.exp(-a))


@pytest.mark.parametrize("bias", [True, False])
def test_a_step_unit_by_unit(bias):
    """The equations with no matrix in them; torch's order of gates is i, f, g, o."""
    H = 3
    projected, h, c = torch.randn(2, 4 * H), torch.randn(2, H), torch.randn(2, H)
    weight_hh, bias_hh = torch.randn(4 * H, H), torch.randn(4 * H)
    h_1, c_1 = lstm_step(projected, (h, c), weight_hh, bias_hh if bias else None)
    for b in range(2):
        for k in range(H):
            a = [
                projected[b, row] + sum(weight_hh[row, j] * h[b, j] for j in range(H)) + (bias_hh[row] if bias else 0)
                for row in (k, H + k, 2 * H + k, 3 * H + k)
            ]
            i, f, g, o = sigmoid(a[0]), sigmoid(a[1]), math.tanh(a[2]), sigmoid(a[3])
            cell = f * c[b, k].item() + i * g
            assert c_1[b, k].item() == pytest.approx(cell, abs=1e-14)
            assert h_1[b, k].item() == pytest.approx(o * math.tanh(cell), abs=1e-14)


@pytest.mark.parametrize(
    ("gates", "expected"),
    [
        ((CLOSED, OPEN, 0.7, OPEN), lambda h, c: (c.tanh(), c)),  # keeps its cell
        ((OPEN, CLOSED, 0.7, OPEN), lambda h, c: (torch.tensor(0.7).tanh().tanh(), torch.tensor(0.7).tanh())),
        ((OPEN, OPEN, OPEN, OPEN), lambda h, c: ((c + 1).tanh(), c + 1)),  # counts
        ((CLOSED, CLOSED, 0.7, OPEN), lambda h, c: (0 * h, 0 * c)),  # forgets
        ((CLOSED, OPEN, 0.7, CLOSED), lambda h, c: (0 * h, c)),  # keeps it to itself
    ],
)
def test_what_open_and_closed_gates_do(gates, expected):
    cell, h, c = LSTMCell(2, 5), torch.randn(3, 5), torch.randn(3, 5)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.bias_ih.copy_(torch.tensor(gates).repeat_interleave(5))
    for found, wanted in zip(cell(torch.randn(3, 2), (h, c)), expected(h, c), strict=True):
        torch.testing.assert_close(found, wanted.expand(3, 5), rtol=0, atol=1e-14)


def test_no_projection():
    with pytest.raises(TypeError, match="proj_size"):
        LSTM(3, 4, proj_size=2)
