"""The gated recurrent unit, as torch computes it and as the textbooks write it."""

import numpy as np

from rnnbook.numpy_rnn.layer import Array, sum_of_outer_products
from rnnbook.numpy_rnn.lstm import sigmoid
from rnnbook.numpy_rnn.recurrent import Recurrent


class GRU(Recurrent):
    """Gated recurrent unit over a batch of sequences: the new state is a mixture of the old one and a candidate n.

    r, z = σ(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), n = tanh(W_in x_t + b_in + r ⊙ (W_hn h_{t-1} + b_hn)), and then
    h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}.

    Equations, names, gate order (r, z, n) and initialisation are those of `torch.nn.GRU`, after Cho et al., 2014,
    "Learning phrase representations using RNN encoder–decoder"; what differs, `TextbookGRU` says.

    >>> gru = GRU(5, 20, np.random.default_rng(0))
    >>> output, h_n = gru.forward(np.zeros((3, 7, 5)))  # (3, 7, 20) and (3, 20)

    Args:
        input_size: D, features at each time step.
        hidden_size: H, size of the state.
        rng: `numpy.random.Generator` that draws the parameters.
        dtype: floating-point type.
        bias: whether b_ih and b_hh are there.

    Raises:
        ValueError: a size is below 1.
    """

    blocks = 3  # r, z, n

    def step(self, projected: Array, h: Array) -> tuple[Array, tuple[Array, ...]]:
        """One step: W_ih x_t + b_ih, (B, 3H), and h_{t-1}, (B, H), give h_t."""
        # s = W_hh h_{t-1} + b_hh
        s = h @ self.weight_hh.T + self.bias_hh  # (B, 3H)
        x_r, x_z, x_n = np.split(projected, 3, axis=1)  # the input's parts, (B, H) each
        s_r, s_z, s_n = np.split(s, 3, axis=1)  # the state's parts
        # r = σ(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr), z likewise
        r, z = sigmoid(x_r + s_r), sigmoid(x_z + s_z)
        # n = tanh(W_in x_t + b_in + r ⊙ (W_hn h_{t-1} + b_hn))
        n = np.tanh(x_n + r * s_n)
        # h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}
        h_t = (1 - z) * n + z * h
        return h_t, (r, z, n, h, s_n)

    def step_back(self, d_h_t: Array, kept: tuple[Array, ...]) -> tuple[Array, Array]:
        """The step back: d_h_t, (B, H), gives d_h_{t-1}, and d_a, (B, 3H)."""
        r, z, n, h, s_n = kept
        # h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}
        d_n, d_z = d_h_t * (1 - z), d_h_t * (h - n)
        # n = tanh(a_n), where a_n = x_n + r ⊙ s_n, and tanh' = 1 - tanh²
        d_a_n = d_n * (1 - n**2)
        d_r, d_s_n = d_a_n * s_n, d_a_n * r
        # r = σ(x_r + s_r), z likewise, and σ' = σ (1 - σ)
        d_a_r, d_a_z = d_r * r * (1 - r), d_z * z * (1 - z)
        # h_{t-1} reaches h_t through the mixture, and through s = W_hh h_{t-1} + b_hh
        d_s = np.concatenate((d_a_r, d_a_z, d_s_n), axis=1)  # (B, 3H)
        d_h = d_h_t * z + d_s @ self.weight_hh
        return d_h, np.concatenate((d_a_r, d_a_z, d_a_n), axis=1)

    def recurrent_grads(self, d_a: Array, h: Array) -> dict[str, Array]:
        """Gradients of W_hh and b_hh, from d_s: it equals d_a but in the block of n, where d_s_n = r ⊙ d_a_n."""
        d_s, r = d_a.copy(), self.kept_over_time(0)  # (T, B, 3H), (T, B, H)
        d_s[:, :, 2 * self.hidden_size :] *= r
        return super().recurrent_grads(d_s, h)


class TextbookGRU(Recurrent):
    """The gated recurrent unit as it stands in many textbooks. It is not torch's, in three ways.

    r, z = σ(W_ih x_t + b_ih + W_hh h_{t-1}), n = tanh(W_in x_t + b_in + W_hn (r ⊙ h_{t-1})), and then
    h_t = (1 - z) ⊙ h_{t-1} + z ⊙ n.

    - There is one bias, `bias_ih`. In torch's GRU two are needed, because r multiplies b_hn.
    - The reset gate acts before the product with W_hn, in torch's after it (Cho et al., 2014, "Learning phrase
      representations using RNN encoder–decoder", equation 8). The two are different functions.
    - z is the share of the new, in torch's (and Cho's) GRU that of the old (Chung et al., 2014, "Empirical evaluation
      of gated recurrent neural networks on sequence modeling"). This is a name only: σ(-a) = 1 - σ(a), so changing
      the signs of z's rows in all parameters leads from one to the other.

    Args:
        input_size: D, features at each time step.
        hidden_size: H, size of the state.
        rng: `numpy.random.Generator` that draws the parameters.
        dtype: floating-point type.
        bias: whether b_ih is there.

    Raises:
        ValueError: a size is below 1.
    """

    blocks = 3  # r, z, n
    biases = ("bias_ih",)

    def step(self, projected: Array, h: Array) -> tuple[Array, tuple[Array, ...]]:
        """One step: W_ih x_t + b_ih, (B, 3H), and h_{t-1}, (B, H), give h_t."""
        x_r, x_z, x_n = np.split(projected, 3, axis=1)
        W_hr, W_hz, W_hn = np.split(self.weight_hh, 3)
        # r = σ(W_ir x_t + b_ir + W_hr h_{t-1}), z likewise
        r, z = sigmoid(x_r + h @ W_hr.T), sigmoid(x_z + h @ W_hz.T)
        # n = tanh(W_in x_t + b_in + W_hn (r ⊙ h_{t-1}))
        reset_h = r * h
        n = np.tanh(x_n + reset_h @ W_hn.T)
        # h_t = (1 - z) ⊙ h_{t-1} + z ⊙ n
        h_t = (1 - z) * h + z * n
        return h_t, (r, z, n, h, reset_h)

    def step_back(self, d_h_t: Array, kept: tuple[Array, ...]) -> tuple[Array, Array]:
        """The step back: d_h_t, (B, H), gives d_h_{t-1}, and d_a, (B, 3H)."""
        r, z, n, h, _ = kept
        W_hr, W_hz, W_hn = np.split(self.weight_hh, 3)
        # h_t = (1 - z) ⊙ h_{t-1} + z ⊙ n
        d_n, d_z = d_h_t * z, d_h_t * (n - h)
        # n = tanh(x_n + W_hn (r ⊙ h_{t-1})), and tanh' = 1 - tanh²
        d_a_n = d_n * (1 - n**2)
        d_reset_h = d_a_n @ W_hn
        d_r = d_reset_h * h
        # r = σ(x_r + W_hr h_{t-1}), z likewise, and σ' = σ (1 - σ)
        d_a_r, d_a_z = d_r * r * (1 - r), d_z * z * (1 - z)
        d_a = np.concatenate((d_a_r, d_a_z, d_a_n), axis=1)  # (B, 3H)
        # h_{t-1} reaches h_t through the mixture, through r ⊙ h_{t-1}, and through both gates
        d_h = d_h_t * (1 - z) + d_reset_h * r + d_a_r @ W_hr + d_a_z @ W_hz
        return d_h, d_a

    def recurrent_grads(self, d_a: Array, h: Array) -> dict[str, Array]:
        """The gradient of W_hh: W_hr and W_hz multiply h_{t-1}, but W_hn multiplies r ⊙ h_{t-1}."""
        d_gates, d_a_n = np.split(d_a, [2 * self.hidden_size], axis=2)
        reset_h = self.kept_over_time(-1)  # (T, B, H)
        return {"weight_hh": np.concatenate((sum_of_outer_products(d_gates, h), sum_of_outer_products(d_a_n, reset_h)))}
