"""The LSTM: its step, its cell, its layer."""

import torch
from torch import Tensor
from torch.nn import functional as F

from rnnbook.layers.layer import Layer
from rnnbook.layers.recurrent import Cell


def lstm_step(
    projected: Tensor,
    state: tuple[Tensor, Tensor],
    weight_hh: Tensor,
    bias_hh: Tensor | None,
    linear=F.linear,
    norm_c=lambda c: c,
) -> tuple[Tensor, Tensor]:
    """One step of the recurrence, with the input's part already computed.

    Args:
        projected: W_ih x_t + b_ih, (B, 4H), the parts of i, f, g and o side by side.
        state: h and c before the step, (B, H) each.
        weight_hh: (4H, H).
        bias_hh: (4H,), or None.
        linear: what computes W_hh h + b_hh.
        norm_c: what normalises c on its way to h.

    Returns:
        h and c after the step, (B, H) each.
    """
    h, c = state
    # a = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh
    a_i, a_f, a_g, a_o = (projected + linear(h, weight_hh, bias_hh)).chunk(4, dim=-1)  # (B, H) each
    i = torch.sigmoid(a_i)  # input gate: how much of the new to write
    f = torch.sigmoid(a_f)  # forget gate: how much of the old to keep
    g = torch.tanh(a_g)  # the new
    o = torch.sigmoid(a_o)  # output gate: how much of the cell to show
    # c_t = f c_{t-1} + i g
    c = f * c + i * g
    # h_t = o tanh(c_t)
    h = o * torch.tanh(norm_c(c))
    return h, c


class _LSTM:
    """What the cell and the layer have in common."""

    gates = (4,)
    parts = ("h", "c")
    step = staticmethod(lstm_step)


class LSTMCell(_LSTM, Cell):
    """One step of an LSTM; equals `torch.nn.LSTMCell`. The state is the pair (h, c).

    >>> cell = LSTMCell(5, 20)
    >>> h, c = cell(torch.randn(3, 5))  # (3, 20) each, from a state of zeros
    >>> h, c = cell(torch.randn(3, 5), (h, c))  # and a step further

    Args:
        input_size: D, features of the input.
        hidden_size: H, size of h and of c.
        bias: whether b_ih and b_hh are there.
    """


class LSTM(_LSTM, Layer):
    """Layers of LSTM, one on top of the other, that read sequences; equal to `torch.nn.LSTM`.

    In each layer, with a = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh in four parts,

        i, f, o = σ(a_i), σ(a_f), σ(a_o)    g = tanh(a_g)    c_t = f c_{t-1} + i g    h_t = o tanh(c_t)

    (Hochreiter and Schmidhuber, 1997, "Long short-term memory"; the forget gate f: Gers et al., 2000, "Learning to
    forget"). The states `state_0` and `state_n` are pairs, (h_0, c_0) and (h_n, c_n). torch's `proj_size` is not built.

    >>> lstm = LSTM(5, 20, num_layers=2)
    >>> output, (h_n, c_n) = lstm(torch.randn(3, 7, 5))  # (3, 7, 20), and (2, 3, 20) each

    Args: see `Layer`; the order is that of `torch.nn.LSTM`.
    """
