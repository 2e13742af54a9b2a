"""What recurrent cells and layers share: parameters and states. The cell, which makes one step."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnnbook.encode import State, check_kind, first_state, state_of
from rnnbook.shapes import check_shape


class Recurrent(nn.Module):
    """The parameters of recurrences under torch's names, and the form of their state.

    A subclass says what a step is: `step(projected, state, weight_hh, bias_hh, **options)` returns the next state.

    Attributes:
        gates: a weight or bias has a block of H rows for each gate; so many of them belong together.
        parts: what the state consists of.
        sums_biases: whether a step does nothing to b_hh but add it, so that it may as well come with b_ih.
    """

    gates = (1,)
    parts = ("h",)
    sums_biases = True

    def __init__(self, bias: bool, **sizes: int):
        super().__init__()
        for name, size in sizes.items():
            if not isinstance(size, int) or size < 1:
                raise ValueError(f"{name} must be an integer, at least 1, got {size}")
            setattr(self, name, size)
        self.bias = bias

    def add_parameters(self, input_size: int, suffix: str = "") -> None:
        """The parameters of one recurrence, drawn from U(-1/√H, 1/√H)."""
        D, H = input_size, self.hidden_size
        rows, bound = sum(self.gates) * H, 1 / math.sqrt(H)
        shapes = {"weight_ih": (rows, D), "weight_hh": (rows, H), "bias_ih": (rows,), "bias_hh": (rows,)}
        for name, shape in shapes.items():
            wanted = self.bias or name.startswith("weight")
            parameter = nn.Parameter(torch.empty(shape).uniform_(-bound, bound)) if wanted else None
            self.register_parameter(name + suffix, parameter)

    def parameters_of(self, suffix: str = "") -> Iterator[Tensor | None]:
        """weight_ih, weight_hh, bias_ih and bias_hh of one recurrence."""
        return (getattr(self, name + suffix) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))


class Cell(Recurrent):
    """One step of a recurrence, for the reader and for loops of one's own.

    Args:
        input_size: D, features of the input.
        hidden_size: H, size of the state.
        bias: whether b_ih and b_hh are there.
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True):
        super().__init__(bias, input_size=input_size, hidden_size=hidden_size)
        self.add_parameters(input_size)

    def forward(self, x: Tensor, state: State | None = None) -> State:
        """Make one step.

        Args:
            x: input, (B, D).
            state: state before the step, (B, H), for an LSTM a pair (h, c); zeros by default.

        Returns:
            State after the step, in the same form.

        Raises:
            TypeError: x is no tensor.
            ValueError: a tensor has the wrong shape, dtype or device.
        """
        check_kind("x", x, self.weight_ih, "the weights")
        remedy = "for a single input write x.unsqueeze(0)" if x.ndim == 1 else ""
        check_shape("x", x, "B", self.input_size, remedy=remedy)
        state = state_of(first_state(self.parts, state, x, len(x), self.hidden_size))
        weight_ih, weight_hh, bias_ih, bias_hh = self.parameters_of()
        projected = F.linear(x, weight_ih, bias_ih)  # (B, G * H)
        return self.step(projected, state, weight_hh, bias_hh)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}, bias={self.bias}"
