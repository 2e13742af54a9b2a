"""The long short-term memory."""

from collections.abc import Sequence

import numpy as np

from rnnbook.numpy_rnn.layer import Array
from rnnbook.numpy_rnn.recurrent import Recurrent

Pair = tuple[Array, Array]


class LSTM(Recurrent):
    """Long short-term memory over a batch of sequences: a cell state c beside h, changed by sums and through gates.

    i, f, o = σ(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), g likewise with tanh, and then
    c_t = f ⊙ c_{t-1} + i ⊙ g and h_t = o ⊙ tanh(c_t).

    Equations, names, gate order (i, f, g, o) and initialisation are those of `torch.nn.LSTM` (Hochreiter &
    Schmidhuber, 1997, "Long short-term memory"; the forget gate f is from Gers et al., 2000, "Learning to forget").

    >>> lstm = LSTM(5, 20, np.random.default_rng(0))
    >>> output, (h_n, c_n) = lstm.forward(np.zeros((3, 7, 5)))  # (3, 7, 20) and twice (3, 20)

    Args:
        input_size: D, features at each time step.
        hidden_size: H, size of h and of c.
        rng: `numpy.random.Generator` that draws the parameters.
        dtype: floating-point type.
        bias: whether b_ih and b_hh are there.

    Raises:
        ValueError: a size is below 1.
    """

    blocks = 4  # i, f, g, o

    def forward(self, x: Array, state_0: Pair | None = None, lengths: Array | None = None) -> tuple[Array, Pair]:
        """Read the sequences from left to right.

        Args:
            x: inputs, (B, T, D).
            state_0: the pair (h_0, c_0) before the first step, each (B, H); zeros by default.
            lengths: how many steps each sequence has, integers from 1 to T, (B,); T by default. The rest is padding.

        Returns:
            output: h after every step, (B, T, H); zeros where a sequence has ended.
            state_n: the pair (h_n, c_n) after each sequence's last step, each (B, H).

        Raises:
            ValueError: an array has the wrong shape, or a length is not an integer from 1 to T.
        """
        return super().forward(x, state_0, lengths)

    def backward(self, d_output: Array | None = None, d_state_n: Pair | None = None) -> tuple[Array, Pair]:
        """Go back through time, from the last step to the first, and leave the parameters' gradients in `grads`.

        Args:
            d_output: gradient that comes through `output`, (B, T, H); None if the loss does not use it.
            d_state_n: gradients that come through (h_n, c_n), each (B, H); None if the loss does not use them.

        Returns:
            d_x: gradient of the inputs, (B, T, D).
            d_state_0: gradients of h_0 and c_0, a pair of (B, H).

        Raises:
            ValueError: an array has the wrong shape.
            RuntimeError: there was no `forward`.
        """
        return super().backward(d_output, d_state_n)

    def step(self, projected: Array, state: Array) -> tuple[Array, tuple[Array, ...]]:
        """One step: W_ih x_t + b_ih, (B, 4H), and h_{t-1} beside c_{t-1}, (B, 2H), give h_t beside c_t."""
        h, c = np.split(state, 2, axis=1)
        # a = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh
        a = projected + h @ self.weight_hh.T + self.bias_hh  # (B, 4H)
        a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        # c_t = f ⊙ c_{t-1} + i ⊙ g
        c_t = f * c + i * g
        # h_t = o ⊙ tanh(c_t)
        tanh_c_t = np.tanh(c_t)
        h_t = o * tanh_c_t
        return np.concatenate((h_t, c_t), axis=1), (i, f, g, o, c, tanh_c_t)

    def step_back(self, d_state: Array, kept: tuple[Array, ...]) -> tuple[Array, Array]:
        """The step back: d_h_t beside d_c_t, (B, 2H), gives d_h_{t-1} beside d_c_{t-1}, and d_a, (B, 4H)."""
        i, f, g, o, c, tanh_c_t = kept
        d_h_t, d_c_t = np.split(d_state, 2, axis=1)
        # h_t = o ⊙ tanh(c_t), so c_t reaches the loss in two ways: through h_t, and through c_{t+1}
        d_o = d_h_t * tanh_c_t
        d_c_t = d_c_t + d_h_t * o * (1 - tanh_c_t**2)
        # c_t = f ⊙ c_{t-1} + i ⊙ g: from c_t straight to c_{t-1} the gradient is multiplied by f alone
        d_i, d_f, d_g, d_c = d_c_t * g, d_c_t * c, d_c_t * i, d_c_t * f
        # σ' = σ (1 - σ), tanh' = 1 - tanh²
        d_a = np.concatenate((d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 - g**2), d_o * o * (1 - o)), axis=1)
        # a = W_hh h_{t-1} + ..., so h_{t-1} reaches the loss through all four
        d_h = d_a @ self.weight_hh  # (B, H)
        return np.concatenate((d_h, d_c), axis=1), d_a

    @staticmethod
    def parts(name: str, state: Pair | None) -> dict[str, Array | None]:
        """What a state consists of, by name: "h_0" and "c_0", or "d_h_n" and "d_c_n"."""
        names = name, name.replace("h", "c")
        if state is None:
            return dict.fromkeys(names)
        if len(state) != 2:
            raise ValueError(f"the state of an LSTM is a pair: pass ({', '.join(names)})")
        return dict(zip(names, state, strict=True))

    @staticmethod
    def whole(parts: Sequence[Array]) -> Pair:
        """The pair of the two parts."""
        h, c = parts
        return h, c


def sigmoid(a: Array) -> Array:
    """σ(a) = 1 / (1 + exp(-a)), written as (1 + tanh(a/2)) / 2, which is the same and cannot overflow."""
    return 0.5 * (1 + np.tanh(0.5 * a))
