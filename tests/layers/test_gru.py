import math

import pytest
import torch

from rnnbook.layers import GRUCell, gru_step

OPEN, CLOSED = 1e3, -1e3  # arguments at which a sigmoid is exactly 1 and 0


def sigmoid(a):
    return 1 / (1 + math.exp(-a))


@pytest.mark.parametrize("bias", [True, False])
def test_a_step_unit_by_unit(bias):
    """The equations with no matrix in them; torch's order of gates is r, z, n."""
    H = 3
    projected, h = torch.randn(2, 3 * H), torch.randn(2, H)
    weight_hh, bias_hh = torch.randn(3 * H, H), torch.randn(3 * H)
    found = gru_step(projected, h, weight_hh, bias_hh if bias else None)
    for b in range(2):
        for k in range(H):
            x_r, x_z, x_n = (projected[b, row].item() for row in (k, H + k, 2 * H + k))
            h_r, h_z, h_n = (
                (sum(weight_hh[row, j] * h[b, j] for j in range(H)) + (bias_hh[row] if bias else 0)).item()
                for row in (k, H + k, 2 * H + k)
            )
            r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
            n = math.tanh(x_n + r * h_n)
            assert found[b, k].item() == pytest.approx((1 - z) * n + z * h[b, k].item(), abs=1e-14)


@pytest.mark.parametrize(
    ("gates", "expected"),
    [
        ((OPEN, OPEN, 0.7), lambda h: h),  # z open: the state stays
        ((CLOSED, CLOSED, 0.7), lambda h: torch.tensor(0.7).tanh()),  # r closed: the candidate does not see h
        ((OPEN, CLOSED, 0.7), lambda h: (0.7 + h).tanh()),  # r open: W_hn, here the identity, brings it in
    ],
)
def test_what_open_and_closed_gates_do(gates, expected):
    cell, h = GRUCell(2, 5), torch.randn(3, 5)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.bias_ih.copy_(torch.tensor(gates).repeat_interleave(5))
        cell.weight_hh[10:].copy_(torch.eye(5))
    torch.testing.assert_close(cell(torch.randn(3, 2), h), expected(h).expand(3, 5), rtol=0, atol=1e-14)
