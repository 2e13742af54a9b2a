"""The recurrent network of Elman: its step, its cell, its layer."""

import torch
from torch import Tensor
from torch.nn import functional as F

from rnnbook.layers.layer import Layer
from rnnbook.layers.recurrent import Cell

NONLINEARITIES = {"tanh": torch.tanh, "relu": torch.relu}


def rnn_step(
    projected: Tensor, h: Tensor, weight_hh: Tensor, bias_hh: Tensor | None, nonlinearity: str, linear=F.linear
) -> Tensor:
    """One step of the recurrence, with the input's part already computed.

    Args:
        projected: W_ih x_t + b_ih, (B, H).
        h: state before the step, (B, H).
        weight_hh: (H, H).
        bias_hh: (H,), or None.
        nonlinearity: "tanh" or "relu".
        linear: what computes W_hh h + b_hh.

    Returns:
        State after the step, (B, H).

    Raises:
        ValueError: another nonlinearity.
    """
    # h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)
    return NONLINEARITIES[_known(nonlinearity)](projected + linear(h, weight_hh, bias_hh))


class _RNN:
    """What the cell and the layer have in common."""

    def step(self, projected: Tensor, h: Tensor, weight_hh: Tensor, bias_hh: Tensor | None, **options) -> Tensor:
        return rnn_step(projected, h, weight_hh, bias_hh, self.nonlinearity, **options)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, nonlinearity={self.nonlinearity!r}"


class RNNCell(_RNN, Cell):
    """One step of a recurrent network, h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh); equals `torch.nn.RNNCell`.

    >>> cell = RNNCell(5, 20)
    >>> h = cell(torch.randn(3, 5))  # (3, 20), from a state of zeros
    >>> h = cell(torch.randn(3, 5), h)  # and a step further

    Args:
        input_size: D, features of the input.
        hidden_size: H, size of the state.
        bias: whether b_ih and b_hh are there.
        nonlinearity: "tanh" or "relu".
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh"):
        super().__init__(input_size, hidden_size, bias)
        self.nonlinearity = _known(nonlinearity)


class RNN(_RNN, Layer):
    """Recurrent layers, one on top of the other, that read sequences; equal to `torch.nn.RNN`.

    In each layer h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh) (Elman, 1990, "Finding structure in time").

    >>> rnn = RNN(5, 20, num_layers=2)
    >>> output, h_n = rnn(torch.randn(3, 7, 5))  # (3, 7, 20) and (2, 3, 20)
    >>> torch.equal(output[:, -1], h_n[-1])  # both hold the top layer's last state
    True

    Args:
        nonlinearity: "tanh" or "relu".
        others: see `Layer`; the order is that of `torch.nn.RNN`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        **extras,
    ):
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, **extras)
        self.nonlinearity = _known(nonlinearity)


def _known(nonlinearity: str) -> str:
    if nonlinearity not in NONLINEARITIES:
        raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
    return nonlinearity
