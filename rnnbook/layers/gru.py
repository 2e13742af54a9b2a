"""The gated recurrent unit: its step, its cell, its layer."""

import torch
from torch import Tensor
from torch.nn import functional as F

from rnnbook.layers.layer import Layer
from rnnbook.layers.recurrent import Cell


def gru_step(projected: Tensor, h: Tensor, weight_hh: Tensor, bias_hh: Tensor | None, linear=F.linear) -> Tensor:
    """One step of the recurrence, with the input's part already computed.

    Args:
        projected: W_ih x_t + b_ih, (B, 3H), the parts of r, z and n side by side.
        h: state before the step, (B, H).
        weight_hh: (3H, H).
        bias_hh: (3H,), or None.
        linear: what computes W_hh h + b_hh.

    Returns:
        State after the step, (B, H).
    """
    x_r, x_z, x_n = projected.chunk(3, dim=-1)  # (B, H) each
    h_r, h_z, h_n = linear(h, weight_hh, bias_hh).chunk(3, dim=-1)
    r = torch.sigmoid(x_r + h_r)  # reset gate: how much of the old state the candidate sees
    z = torch.sigmoid(x_z + h_z)  # update gate: how much of the old state stays
    # n = tanh(W_in x + b_in + r (W_hn h + b_hn))
    n = torch.tanh(x_n + r * h_n)  # the candidate
    # h_t = (1 - z) n + z h_{t-1}
    return torch.lerp(n, h, z)


class _GRU:
    """What the cell and the layer have in common."""

    gates = (2, 1)  # r and z, and n
    sums_biases = False  # r multiplies one of them
    step = staticmethod(gru_step)


class GRUCell(_GRU, Cell):
    """One step of a gated recurrent unit; equals `torch.nn.GRUCell`.

    >>> cell = GRUCell(5, 20)
    >>> h = cell(torch.randn(3, 5))  # (3, 20), from a state of zeros
    >>> h = cell(torch.randn(3, 5), h)  # and a step further

    Args:
        input_size: D, features of the input.
        hidden_size: H, size of the state.
        bias: whether b_ih and b_hh are there.
    """


class GRU(_GRU, Layer):
    """Layers of gated recurrent units, one on top of the other, that read sequences; equal to `torch.nn.GRU`.

    In each layer, with x = W_ih x_t + b_ih and h = W_hh h_{t-1} + b_hh in three parts,

        r, z = σ(x_r + h_r), σ(x_z + h_z)    n = tanh(x_n + r h_n)    h_t = (1 - z) n + z h_{t-1}

    (Cho et al., 2014, "Learning phrase representations using RNN encoder-decoder", where the reset gate r acts before
    the product with W_hn; torch lets it act after, and has a second bias).

    >>> gru = GRU(5, 20, num_layers=2)
    >>> output, h_n = gru(torch.randn(3, 7, 5))  # (3, 7, 20) and (2, 3, 20)

    Args: see `Layer`; the order is that of `torch.nn.GRU`.
    """
