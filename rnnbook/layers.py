"""Recurrent cells and layers in torch, exchangeable with torch's own.

A cell makes one step, for the reader and for loops of one's own; a layer reads whole sequences. Both take their
step from the same function, which holds the equation. Parameters have torch's names and shapes, so that
`load_state_dict` works in both directions.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnnbook.shapes import check_shape

NONLINEARITIES = {"tanh": torch.tanh, "relu": torch.relu}


def rnn_step(projected: Tensor, h: Tensor, weight_hh: Tensor, bias_hh: Tensor | None, nonlinearity: str) -> Tensor:
    """One step of the recurrence, with the input's part already computed.

    Args:
        projected: W_ih x_t + b_ih, (B, H).
        h: state before the step, (B, H).
        weight_hh: (H, H).
        bias_hh: (H,), or None.
        nonlinearity: "tanh" or "relu".

    Returns:
        State after the step, (B, H).
    """
    # h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)
    return NONLINEARITIES[nonlinearity](projected + F.linear(h, weight_hh, bias_hh))


class RNNCell(nn.Module):
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
        super().__init__()
        _check_options(nonlinearity, input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.bias, self.nonlinearity = bias, nonlinearity
        add_parameters(self, input_size, hidden_size, bias)

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        """Make one step.

        Args:
            x: input, (B, D).
            h: state before the step, (B, H); zeros by default.

        Returns:
            State after the step, (B, H).

        Raises:
            ValueError: a tensor has the wrong shape.
        """
        remedy = "for a single input write x.unsqueeze(0)" if x.ndim == 1 else ""
        check_shape("x", x, "B", self.input_size, remedy=remedy)
        B = len(x)
        if h is None:
            h = x.new_zeros(B, self.hidden_size)
        check_shape("h", h, B, self.hidden_size)
        projected = F.linear(x, self.weight_ih, self.bias_ih)  # (B, H)
        return rnn_step(projected, h, self.weight_hh, self.bias_hh, self.nonlinearity)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}, bias={self.bias}, nonlinearity={self.nonlinearity!r}"


class RNN(nn.Module):
    """Recurrent layers, one on top of the other, that read a batch of sequences; equal to `torch.nn.RNN`.

    In each layer h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh) (Elman, 1990, "Finding structure in time").
    One thing differs from torch: `batch_first` is True by default, so that inputs and outputs are (B, T, features).
    As in torch, it does not touch the states: `h_0` and `h_n` are (L, B, H) either way.

    >>> rnn = RNN(5, 20, num_layers=2)
    >>> output, h_n = rnn(torch.randn(3, 7, 5))  # (3, 7, 20) and (2, 3, 20)
    >>> torch.equal(output[:, -1], h_n[-1])  # both hold the top layer's last state
    True

    Args:
        input_size: D, features at each time step.
        hidden_size: H, size of each layer's state.
        num_layers: L; each layer reads the states of the one below.
        nonlinearity: "tanh" or "relu".
        bias: whether the layers have b_ih and b_hh.
        batch_first: True for (B, T, features), False for (T, B, features).
        dropout: probability of dropping an output of a layer on its way to the next, in training.
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
    ):
        super().__init__()
        _check_options(nonlinearity, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        if dropout > 0 and num_layers == 1:
            raise ValueError("dropout acts between layers only: use num_layers > 1, or nn.Dropout on the output")
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.nonlinearity, self.bias, self.batch_first = nonlinearity, bias, batch_first
        self.dropout = nn.Dropout(dropout)
        for layer in range(num_layers):
            add_parameters(self, input_size if layer == 0 else hidden_size, hidden_size, bias, f"_l{layer}")

    def forward(self, x: Tensor, h_0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read the sequences from left to right.

        Args:
            x: inputs, (B, T, D).
            h_0: each layer's state before the first step, (L, B, H); zeros by default.

        Returns:
            output: the top layer's state after every step, (B, T, H).
            h_n: each layer's state after the last step, (L, B, H).

        Raises:
            ValueError: a tensor has the wrong shape.
        """
        x = self._time_first(x)  # (T, B, D): each step is one block of memory
        B = x.shape[1]
        if h_0 is None:
            h_0 = x.new_zeros(self.num_layers, B, self.hidden_size)
        check_shape("h_0", h_0, self.num_layers, B, self.hidden_size, remedy="(L, B, H), whatever batch_first is")

        output, h_n = x, []
        for layer, h in enumerate(h_0):
            below = self.dropout(output) if layer > 0 else x
            output, h = self._run(layer, below, h)  # (T, B, H), (B, H)
            h_n.append(h)
        return output.transpose(0, 1) if self.batch_first else output, torch.stack(h_n)

    def _run(self, layer: int, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """One layer over all time steps: (T, B, features) and (B, H) -> (T, B, H) and (B, H)."""
        weight_ih, weight_hh, bias_ih, bias_hh = (
            getattr(self, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        states = []
        # The input's part does not wait for the state: one product serves all time steps.
        for projected in F.linear(x, weight_ih, bias_ih):  # T times (B, H)
            h = rnn_step(projected, h, weight_hh, bias_hh, self.nonlinearity)
            states.append(h)
        return torch.stack(states), h

    def _time_first(self, x: Tensor) -> Tensor:
        axes = ("B", "T") if self.batch_first else ("T", "B")
        # torch.nn.RNN reads a 2-D input as one sequence without a batch axis, even where it was a batch without time.
        remedy = f"for a single sequence write x.unsqueeze({axes.index('B')})" if x.ndim == 2 else ""
        check_shape("x", x, *axes, self.input_size, remedy=remedy)
        return x.transpose(0, 1) if self.batch_first else x

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}, num_layers={self.num_layers}, batch_first={self.batch_first}"


def add_parameters(module: nn.Module, input_size: int, hidden_size: int, bias: bool, suffix: str = "") -> None:
    """Give a module the parameters of one recurrence, under torch's names, drawn from U(-1/√H, 1/√H)."""
    D, H = input_size, hidden_size
    bound = 1 / math.sqrt(H)
    for name, shape in {"weight_ih": (H, D), "weight_hh": (H, H), "bias_ih": (H,), "bias_hh": (H,)}.items():
        wanted = bias or name.startswith("weight")
        parameter = nn.Parameter(torch.empty(shape).uniform_(-bound, bound)) if wanted else None
        module.register_parameter(name + suffix, parameter)


def _check_options(nonlinearity: str, **sizes: int) -> None:
    if nonlinearity not in NONLINEARITIES:
        raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
