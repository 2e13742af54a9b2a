"""The vanilla recurrent network."""

import numpy as np

from rnnbook.numpy_rnn.layer import Array, Generator
from rnnbook.numpy_rnn.recurrent import Recurrent


class RNN(Recurrent):
    """Recurrent layer over a batch of sequences: h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh).

    The equation, the names and the initialisation are those of `torch.nn.RNN` (Elman, 1990, "Finding structure in
    time"; with ReLU in place of tanh: Le et al., 2015, "A simple way to initialize recurrent networks of rectified
    linear units").

    >>> rnn = RNN(5, 20, np.random.default_rng(0))
    >>> output, h_n = rnn.forward(np.zeros((3, 7, 5)))  # (3, 7, 20) and (3, 20)
    >>> d_x, d_h_0 = rnn.backward(d_h_n=np.ones((3, 20)))  # (3, 7, 5) and (3, 20)

    Args:
        input_size: D, features at each time step.
        hidden_size: H, size of the state.
        rng: `numpy.random.Generator` that draws the parameters.
        dtype: floating-point type.
        nonlinearity: "tanh" or "relu".
        bias: whether b_ih and b_hh are there.

    Raises:
        ValueError: a size is below 1, or the nonlinearity is neither of the two.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        rng: Generator,
        dtype: type = np.float64,
        *,
        nonlinearity: str = "tanh",
        bias: bool = True,
    ):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        super().__init__(input_size, hidden_size, rng, dtype, bias=bias)
        self.nonlinearity = nonlinearity

    def step(self, projected: Array, h: Array) -> tuple[Array, Array]:
        """One step: W_ih x_t + b_ih and h_{t-1}, (B, H) each, give h_t, which is also all that `step_back` needs."""
        # h_t = tanh(a_t), where a_t = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh
        a = projected + h @ self.weight_hh.T + self.bias_hh  # (B, H)
        h = np.tanh(a) if self.nonlinearity == "tanh" else np.maximum(a, 0)
        return h, h

    def step_back(self, d_h: Array, h: Array) -> tuple[Array, Array]:
        """The step back: d_h_t, (B, H), gives d_h_{t-1}, and d_a_t, (B, H)."""
        # tanh'(a_t) = 1 - tanh²(a_t) = 1 - h_t²; relu'(a_t) is 1 where h_t > 0, else 0
        d_a = d_h * (1 - h**2 if self.nonlinearity == "tanh" else h > 0)  # (B, H)
        # a_t = W_hh h_{t-1} + ..., so dL/dh_{t-1} = W_hhᵀ dL/da_t; a batch holds vectors as rows
        return d_a @ self.weight_hh, d_a
