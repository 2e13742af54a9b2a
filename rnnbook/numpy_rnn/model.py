"""A recurrent network with an output layer: training it takes one more function, and so does writing with it."""

import numpy as np

from rnnbook.numpy_rnn.layer import Array, Generator, Layer, Linear
from rnnbook.numpy_rnn.losses import one_hot, softmax
from rnnbook.numpy_rnn.rnn import RNN
from rnnbook.numpy_rnn.stack import Stack
from rnnbook.shapes import check_shape


class RNNModel:
    """An `RNN` with a `Linear` output layer: y_t = W h_t + b, at every step or on the last state only.

    Args:
        input_size: D, features at each time step (V, the vocabulary's size, for one-hot characters).
        hidden_size: H, size of the state.
        output_size: C, number of classes.
        rng: `numpy.random.Generator` that draws the parameters.
        every_step: True for an output at every step (many-to-many), False for one a sequence (many-to-one).
        dtype: floating-point type.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        rng: Generator,
        every_step: bool = True,
        dtype: type = np.float64,
    ):
        self.rnn = RNN(input_size, hidden_size, rng, dtype)
        self.linear = Linear(hidden_size, output_size, rng, dtype)
        self.every_step = every_step

    @property
    def params(self) -> dict[str, Array]:
        """The parameters of both layers, named as in torch's state_dict: "rnn.weight_ih", "linear.bias"."""
        return with_prefix(rnn=self.rnn.params, linear=self.linear.params)

    @property
    def grads(self) -> dict[str, Array]:
        """Their gradients, under the same names."""
        return with_prefix(rnn=self.rnn.grads, linear=self.linear.grads)

    def forward(self, x: Array, h_0: Array | None = None) -> tuple[Array, Array]:
        """Read the sequences and give logits.

        Args:
            x: inputs, (B, T, D).
            h_0: state before the first step, (B, H); zeros by default.

        Returns:
            logits: (B, T, C) with `every_step`, else (B, C).
            h_n: the state after the last step, (B, H).
        """
        output, h_n = self.rnn.forward(x, h_0)
        return self.linear.forward(output if self.every_step else h_n), h_n

    def backward(self, d_logits: Array) -> tuple[Array, Array]:
        """From the gradient of the logits to d_x, (B, T, D), and d_h_0, (B, H), leaving the others in `grads`."""
        d_h = self.linear.backward(d_logits)
        return self.rnn.backward(d_output=d_h) if self.every_step else self.rnn.backward(d_h_n=d_h)


def with_prefix(**parts: dict[str, Array]) -> dict[str, Array]:
    """{"rnn": {"weight_ih": array}} -> {"rnn.weight_ih": array}."""
    return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}


def sgd_step(model: Layer | RNNModel | Stack, learning_rate: float, max_norm: float | None = None) -> float:
    """One step of gradient descent, in place: θ ← θ - η g.

    Args:
        model: a layer or model whose `backward` has run.
        learning_rate: η.
        max_norm: if all gradients together have a larger Euclidean norm, they are scaled down to it, which keeps
            their direction (Pascanu et al., 2013).

    Returns:
        The gradients' norm before scaling.

    Raises:
        RuntimeError: there was no `backward`.
        FloatingPointError: the norm is not finite; the parameters are left as they were.
    """
    grads = model.grads
    if not grads:
        raise RuntimeError("call backward before sgd_step: there are no gradients yet")
    norm = float(np.sqrt(sum((grad**2).sum() for grad in grads.values())))
    if not np.isfinite(norm):
        raise FloatingPointError(f"the gradients' norm is {norm}: lower the learning rate, or clip with max_norm")
    # g ← g · max_norm / ‖g‖ where ‖g‖ is too large
    scale = 1.0 if max_norm is None or norm <= max_norm else max_norm / norm
    for name, param in model.params.items():
        param -= learning_rate * scale * grads[name]
    return norm


def sample(model: RNNModel, start_ids: list[int], length: int, temperature: float, rng: Generator) -> list[int]:
    """Let a model of one-hot symbols continue a text, each drawn symbol being its next input.

    Args:
        model: `RNNModel` whose outputs are its input symbols, output_size = input_size = V.
        start_ids: the beginning, at least one id.
        length: how many ids to draw.
        temperature: of the softmax; 0 always takes the most probable symbol.
        rng: `numpy.random.Generator`.

    Returns:
        The drawn ids, a list of `length` integers without the beginning.

    Raises:
        ValueError: the beginning is empty or has an unknown id, or the model's input and output sizes differ.
    """
    V, C = model.rnn.input_size, len(model.linear.bias)
    if C != V:
        raise ValueError(f"sampling feeds outputs back as inputs, but input_size is {V} and output_size {C}")
    check_shape("start_ids", np.asarray(start_ids), "T")
    ids, inputs, h = [], start_ids, None
    for _ in range(length):
        logits, h = model.forward(one_hot(inputs, V)[None], h)  # (1, T, V) or (1, V)
        p = softmax(logits.reshape(-1, V)[-1], temperature)  # (V,)
        inputs = [int(rng.choice(V, p=p))]
        ids += inputs
    return ids
