"""The loop over time and the loop back, once for all recurrent layers."""

from collections.abc import Sequence

import numpy as np

from rnnbook.numpy_rnn.layer import Array, Generator, Layer, check_sizes, sum_of_outer_products
from rnnbook.shapes import check_shape

Rows = slice | Array  # of a batch


class Recurrent(Layer):
    """A layer that reads a batch of sequences step by step: the loops. `RNN`, `LSTM` and `GRU` say what a step is.

    They do so in two methods, which see only the rows of the batch that have something to read at that step:

        step(projected, state) -> state after the step, and whatever step_back needs
        step_back(d_state, kept) -> d_state before the step, and d_a

    a_t = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh, (B, G·H), goes into the nonlinearities; `projected` is the input's part
    of it, W_ih x_t + b_ih. The state is h, (B, H); what a cell remembers besides stands to its right.

    Names, shapes and initialisation, U(-1/√H, 1/√H), are those of torch's recurrent layers. The way back is
    backpropagation through time (Werbos, 1990, "Backpropagation through time: what it does and how to do it").

    Args:
        input_size: D, features at each time step.
        hidden_size: H, size of the state.
        rng: `numpy.random.Generator` that draws the parameters.
        dtype: floating-point type.
        bias: whether b_ih and b_hh are there.

    Raises:
        ValueError: a size is below 1.
    """

    blocks = 1  # G: weights and biases hold a block of H rows for each gate
    biases = ("bias_ih", "bias_hh")
    bias_ih = bias_hh = 0  # what a layer without biases adds

    def __init__(
        self, input_size: int, hidden_size: int, rng: Generator, dtype: type = np.float64, *, bias: bool = True
    ):
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        D, H, GH = input_size, hidden_size, self.blocks * hidden_size
        biases = dict.fromkeys(self.biases if bias else (), (GH,))
        super().__init__(rng, dtype, H**-0.5, weight_ih=(GH, D), weight_hh=(GH, H), **biases)
        self.input_size, self.hidden_size = D, H

    def forward(self, x: Array, h_0: Array | None = None, lengths: Array | None = None) -> tuple[Array, Array]:
        """Read the sequences from left to right.

        Args:
            x: inputs, (B, T, D).
            h_0: state before the first step, (B, H); zeros by default.
            lengths: how many steps each sequence has, integers from 1 to T, (B,); T by default. The rest is padding.

        Returns:
            output: the state after every step, (B, T, H); zeros where a sequence has ended.
            h_n: the state after each sequence's last step, (B, H).

        Raises:
            ValueError: an array has the wrong shape, or a length is not an integer from 1 to T.
        """
        x = as_batch(x, self.input_size, self.dtype)  # (B, T, D)
        x, rows = by_step(x, lengths)  # (T, B, D); rows[t]: the sequences that have an element t
        (T, B, _), H = x.shape, self.hidden_size
        state, kept = self._joined("h_0", h_0, B), []
        h = np.zeros((T + 1, B, H), self.dtype)  # h[t] is the state before step t
        h[0] = state[:, :H]

        # The input's part does not wait for the state: one product serves all time steps.
        projected = x @ self.weight_ih.T + self.bias_ih  # (T, B, G·H)
        for t, reading in enumerate(rows):
            before, state = state, state.copy()  # where a sequence has ended, the state stays
            state[reading], keep = self.step(projected[t, reading], before[reading])
            h[t + 1, reading] = state[reading, :H]
            kept.append(keep)

        self._kept = x, rows, h[:T], kept
        return h[1:].swapaxes(0, 1), self._parted(state)

    def backward(self, d_output: Array | None = None, d_h_n: Array | None = None) -> tuple[Array, Array]:
        """Go back through time, from the last step to the first, and leave the parameters' gradients in `grads`.

        Args:
            d_output: gradient that comes through `output`, (B, T, H); None if the loss does not use it.
            d_h_n: gradient that comes through `h_n`, (B, H); None if the loss does not use it.

        Returns:
            d_x: gradient of the inputs, (B, T, D).
            d_h_0: gradient of the first state, (B, H).

        Raises:
            ValueError: an array has the wrong shape.
            RuntimeError: there was no `forward`.
        """
        x, rows, h, kept = self.kept
        T, B, H = h.shape
        d_output = np.zeros((B, T, H), self.dtype) if d_output is None else np.asarray(d_output, self.dtype)
        check_shape("d_output", d_output, B, T, H)
        d_state = self._joined("d_h_n", d_h_n, B)

        d_a = np.zeros((T, B, self.blocks * H), self.dtype)
        for t in reversed(range(T)):
            reading = rows[t]
            # h_t reaches the loss in two ways: through output_t, and through the next state.
            d_state[reading, :H] += d_output[reading, t]
            d_state[reading], d_a[t, reading] = self.step_back(d_state[reading], kept[t])

        # Every step uses the same parameters: their gradients are sums over time, and over the batch.
        grads = {"weight_ih": sum_of_outer_products(d_a, x), "bias_ih": d_a.sum(axis=(0, 1))}
        grads |= self.recurrent_grads(d_a, h)
        self.grads = {name: grads[name] for name in self.names}
        return (d_a @ self.weight_ih).swapaxes(0, 1), self._parted(d_state)

    def recurrent_grads(self, d_a: Array, h: Array) -> dict[str, Array]:
        """Gradients of W_hh and b_hh in a_t = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh, with h[t] the state before t."""
        return {"weight_hh": sum_of_outer_products(d_a, h), "bias_hh": d_a.sum(axis=(0, 1))}

    def kept_over_time(self, place: int) -> Array:
        """What `step` kept at this place, of all steps: (T, B, H), zeros where a sequence has ended."""
        _, rows, h, kept = self.kept
        values = np.zeros_like(h)
        for t, reading in enumerate(rows):
            values[t, reading] = kept[t][place]
        return values

    def _joined(self, name: str, state: Array | None, B: int) -> Array:
        """A state as the loops carry it: its parts side by side, checked, in an array of its own; zeros for None."""
        joined = []
        for part_name, part in self.parts(name, state).items():
            joined.append(np.zeros((B, self.hidden_size)) if part is None else np.asarray(part))
            check_shape(part_name, joined[-1], B, self.hidden_size)
        return np.concatenate(joined, axis=1, dtype=self.dtype)

    def _parted(self, state: Array) -> Array:
        """A state as `forward` and `backward` give it."""
        return self.whole(np.split(state, state.shape[1] // self.hidden_size, axis=1))

    @staticmethod
    def parts(name: str, state: Array | None) -> dict[str, Array | None]:
        """What a state consists of, by name: h alone."""
        return {name: state}

    @staticmethod
    def whole(parts: Sequence[Array]) -> Array:
        """The state that consists of these parts."""
        (h,) = parts
        return h


def as_batch(x: Array, input_size: int, dtype: type) -> Array:
    """The inputs as an array of that type, if they are (B, T, D)."""
    x = np.asarray(x, dtype)
    check_shape("x", x, "B", "T", input_size, remedy="for a single sequence write x[None]" if x.ndim == 2 else "")
    return x


def as_lengths(lengths: Array, B: int, T: int) -> Array:
    """The lengths as an array, if they are B integers from 1 to T."""
    lengths = np.asarray(lengths)
    check_shape("lengths", lengths, B, remedy="one length for each sequence")
    if not np.issubdtype(lengths.dtype, np.integer):
        raise ValueError(f"lengths must be integers, got {lengths.dtype}")
    if lengths.min() < 1 or lengths.max() > T:
        raise ValueError(f"lengths must lie in 1..{T}, got {lengths.min()}..{lengths.max()}")
    return lengths


def by_step(x: Array, lengths: Array | None) -> tuple[Array, list[Rows]]:
    """Time comes first, (B, T, D) -> (T, B, D); beside it, for each step, the rows whose sequence has not ended.

    Padding becomes zeros: whatever it was, NaN too, it must not get into a sum.
    """
    x = x.swapaxes(0, 1)
    T, B, _ = x.shape
    if lengths is None:
        return x, [slice(None)] * T
    reading = np.arange(T)[:, None] < as_lengths(lengths, B, T)  # (T, B)
    return np.where(reading[:, :, None], x, 0), list(reading)
