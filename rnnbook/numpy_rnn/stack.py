"""Recurrent layers on top of each other, reading in one direction or in two."""

import numpy as np

from rnnbook.nearest import suggest
from rnnbook.numpy_rnn.gru import GRU
from rnnbook.numpy_rnn.layer import Array, Generator, check_sizes
from rnnbook.numpy_rnn.lstm import LSTM, Pair
from rnnbook.numpy_rnn.recurrent import Recurrent, as_batch, as_lengths
from rnnbook.numpy_rnn.rnn import RNN
from rnnbook.shapes import check_shape

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}

State = Array | Pair


class Stack:
    """Recurrent layers one on top of the other, in one direction or in two; equal to `torch.nn.RNN`, LSTM and GRU.

    Each layer reads the outputs of the one below. With two directions there is a second layer beside each, which reads
    every sequence from its own last step to its first (Schuster & Paliwal, 1997, "Bidirectional recurrent neural
    networks"); their outputs stand side by side. The parameters have the names of torch's state_dict, "weight_ih_l0",
    "weight_ih_l0_reverse", "weight_ih_l1" and so on, and the states its order.

    >>> stack = Stack("lstm", 5, 20, np.random.default_rng(0), num_layers=2, bidirectional=True)
    >>> output, (h_n, c_n) = stack.forward(np.zeros((3, 7, 5)))  # (3, 7, 40) and twice (4, 3, 20)

    Args:
        cell: "rnn", "lstm" or "gru".
        input_size: D, features at each time step.
        hidden_size: H, size of each layer's state.
        rng: `numpy.random.Generator` that draws the parameters.
        num_layers: L.
        bidirectional: whether there are two directions.
        dtype: floating-point type.
        options: of the cell: `bias`, and for "rnn" `nonlinearity`.

    Raises:
        ValueError: there is no such cell, or a size is below 1.
    """

    def __init__(
        self,
        cell: str,
        input_size: int,
        hidden_size: int,
        rng: Generator,
        num_layers: int = 1,
        bidirectional: bool = False,
        dtype: type = np.float64,
        **options,
    ):
        if cell not in CELLS:
            raise ValueError(f"there is no cell {cell!r}. {suggest(cell, CELLS)}")
        check_sizes(num_layers=num_layers)
        self.cell, self.input_size, self.hidden_size, self.dtype = CELLS[cell], input_size, hidden_size, dtype
        self.levels = []  # from the bottom to the top, the directions of each
        for D in [input_size] + [hidden_size * (1 + bidirectional)] * (num_layers - 1):
            level = [self.cell(D, hidden_size, rng, dtype, **options) for _ in range(1 + bidirectional)]
            self.levels.append(level[:1] + [Reversed(layer) for layer in level[1:]])

    @property
    def params(self) -> dict[str, Array]:
        """The parameters of all layers, named as in torch's state_dict: the arrays themselves."""
        return self._named("params")

    @property
    def grads(self) -> dict[str, Array]:
        """Their gradients, under the same names."""
        return self._named("grads")

    def forward(self, x: Array, state_0: State | None = None, lengths: Array | None = None) -> tuple[Array, State]:
        """Read the sequences.

        Args:
            x: inputs, (B, T, D).
            state_0: h_0, (L·directions, B, H), for "lstm" the pair (h_0, c_0) of such arrays; zeros by default.
            lengths: how many steps each sequence has, integers from 1 to T, (B,); T by default. The rest is padding.

        Returns:
            output: the top layer's states, (B, T, directions·H); zeros where a sequence has ended.
            state_n: as `state_0`: each layer's state after the last step that it has read.

        Raises:
            ValueError: an array has the wrong shape, or a length is not an integer from 1 to T.
        """
        output, state_n = as_batch(x, self.input_size, self.dtype), []
        for level, states in zip(self.levels, self._by_level("h_0", state_0, len(output)), strict=True):
            runs = [layer.forward(output, state, lengths) for layer, state in zip(level, states, strict=True)]
            outputs, ends = zip(*runs, strict=True)
            output = np.concatenate(outputs, axis=2)  # (B, T, directions·H)
            state_n += ends
        return output, self._stacked(state_n)

    def backward(self, d_output: Array | None = None, d_state_n: State | None = None) -> tuple[Array, State]:
        """Go back from the top layer to the lowest, and leave the parameters' gradients in `grads`.

        Args:
            d_output: gradient that comes through `output`, (B, T, directions·H); None if the loss does not use it.
            d_state_n: gradient that comes through `state_n`, of its form; None if the loss does not use it.

        Returns:
            d_x: gradient of the inputs, (B, T, D).
            d_state_0: gradient of `state_0`, of its form.

        Raises:
            ValueError: an array has the wrong shape.
            RuntimeError: there was no `forward`.
        """
        x, *_ = self.levels[0][0].kept  # (T, B, D)
        T, B, _ = x.shape
        H, directions = self.hidden_size, len(self.levels[0])
        d_output = np.zeros((B, T, directions * H), self.dtype) if d_output is None else np.asarray(d_output)
        check_shape("d_output", d_output, B, T, directions * H)
        d_state_0 = []
        for level, d_states in zip(self.levels[::-1], self._by_level("d_h_n", d_state_n, B)[::-1], strict=True):
            parts = zip(level, np.split(d_output, directions, axis=2), d_states, strict=True)
            runs = [layer.backward(d_part, d_state) for layer, d_part, d_state in parts]
            d_inputs, d_starts = zip(*runs, strict=True)
            # Both directions read the same input.
            d_output = sum(d_inputs)  # of the layer below
            d_state_0 = [*d_starts, *d_state_0]
        return d_output, self._stacked(d_state_0)

    def _named(self, what: str) -> dict[str, Array]:
        """`params` or `grads` of all layers."""
        return {
            f"{name}_l{number}{suffix}": array
            for number, level in enumerate(self.levels)
            for layer, suffix in zip(level, ("", "_reverse"), strict=False)
            for name, array in getattr(layer, what).items()
        }

    def _by_level(self, name: str, state: State | None, B: int) -> list[list[State | None]]:
        """The states of a whole stack, checked and handed out: for each level, one for each direction."""
        directions = len(self.levels[0])
        count = len(self.levels) * directions
        if state is None:
            each = [None] * count
        else:
            parts = self.cell.parts(name, state)
            for name, part in parts.items():
                check_shape(name, np.asarray(part), count, B, self.hidden_size, remedy="(L·directions, B, H)")
            each = [self.cell.whole(of_one) for of_one in zip(*parts.values(), strict=True)]
        return [each[first : first + directions] for first in range(0, count, directions)]

    def _stacked(self, states: list[State]) -> State:
        """The states of all layers and directions as one, (L·directions, B, H) or a pair of those."""
        parts = zip(*(self.cell.parts("h", state).values() for state in states), strict=True)
        return self.cell.whole([np.stack(part) for part in parts])


class Reversed:
    """A layer as it reads from the other side: each sequence from its own last step to its first.

    Args:
        layer: the layer, whose `params` and `grads` these are too.
    """

    def __init__(self, layer: Recurrent):
        self.layer, self._lengths = layer, None

    @property
    def params(self) -> dict[str, Array]:
        """The layer's parameters."""
        return self.layer.params

    @property
    def grads(self) -> dict[str, Array]:
        """Their gradients."""
        return self.layer.grads

    def forward(self, x: Array, state_0: State | None = None, lengths: Array | None = None) -> tuple[Array, State]:
        """As the layer's own; `state_n` is the state after each sequence's first step, which is read last."""
        self._lengths = lengths
        output, state_n = self.layer.forward(reverse_by_length(x, lengths), state_0, lengths)
        return reverse_by_length(output, lengths), state_n

    def backward(self, d_output: Array, d_state_n: State | None = None) -> tuple[Array, State]:
        """As the layer's own."""
        # Reversing permutes the steps, and undoes itself: the gradient goes the same way.
        d_x, d_state_0 = self.layer.backward(reverse_by_length(d_output, self._lengths), d_state_n)
        return reverse_by_length(d_x, self._lengths), d_state_0


def reverse_by_length(x: Array, lengths: Array | None) -> Array:
    """Each row's own sequence back to front, (B, T, ...); padding stays where it is."""
    B, T, *_ = x.shape
    steps, ends = np.arange(T), as_lengths(np.full(B, T) if lengths is None else lengths, B, T)[:, None]
    source = np.where(steps < ends, ends - 1 - steps, steps)  # (B, T)
    return np.take_along_axis(x, source[:, :, None], axis=1)
