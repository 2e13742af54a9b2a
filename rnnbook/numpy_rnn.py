"""A recurrent network in NumPy, with its backward pass written out by hand.

`RNN` reads a batch of sequences, `Linear` turns its states into logits, and `RNNModel` puts the two together.
One step of training is four lines:

    logits, h_n = model.forward(x)
    loss, d_logits = cross_entropy(logits, targets)
    model.backward(d_logits)
    sgd_step(model, learning_rate=0.1, max_norm=1.0)

`d_z` always stands for the gradient of the loss with respect to `z`, and has the shape of `z`.
"""

import numpy as np

from rnnbook.shapes import check_shape

Array = np.ndarray
Generator = np.random.Generator


class Layer:
    """Parameters as attributes under torch's names and, after `backward`, their gradients in `grads`.

    `forward` keeps what `backward` needs: do not change its inputs or outputs in place between the two.

    Args:
        rng: `numpy.random.Generator` that draws the parameters.
        dtype: floating-point type of the parameters, and so of everything computed.
        bound: the parameters are drawn from U(-bound, bound).
        shapes: the shape of each parameter, by name.
    """

    def __init__(self, rng: Generator, dtype: type, bound: float, **shapes: tuple[int, ...]):
        self.dtype = dtype
        self.names = tuple(shapes)
        for name, shape in shapes.items():
            setattr(self, name, rng.uniform(-bound, bound, shape).astype(dtype))
        self.grads = {}
        self._kept = None

    @property
    def params(self) -> dict[str, Array]:
        """The parameters by name: the arrays themselves, so that a change in place takes effect."""
        return {name: getattr(self, name) for name in self.names}

    @property
    def kept(self):
        """What the latest `forward` kept for `backward`."""
        if self._kept is None:
            raise RuntimeError("call forward before backward: it keeps the values that backward needs")
        return self._kept


class RNN(Layer):
    """Recurrent layer over a batch of sequences: h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh).

    The equation, the names and the initialisation, U(-1/√H, 1/√H), are those of `torch.nn.RNN` (Elman, 1990,
    "Finding structure in time"); `backward` is backpropagation through time (Werbos, 1990).

    Args:
        input_size: D, features at each time step.
        hidden_size: H, size of the state.
        rng: `numpy.random.Generator` that draws the parameters.
        dtype: floating-point type.
    """

    def __init__(self, input_size: int, hidden_size: int, rng: Generator, dtype: type = np.float64):
        D, H = input_size, hidden_size
        super().__init__(rng, dtype, H**-0.5, weight_ih=(H, D), weight_hh=(H, H), bias_ih=(H,), bias_hh=(H,))
        self.input_size, self.hidden_size = input_size, hidden_size

    def forward(self, x: Array, h_0: Array | None = None) -> tuple[Array, Array]:
        """Read the sequences from left to right.

        Args:
            x: inputs, (B, T, D).
            h_0: state before the first step, (B, H); zeros by default.

        Returns:
            output: the state after every step, (B, T, H).
            h_n: the state after the last step, (B, H).

        Raises:
            ValueError: an array has the wrong shape.
        """
        x = np.asarray(x, self.dtype)
        remedy = "for a single sequence write x[None]" if x.ndim == 2 else ""
        check_shape("x", x, "B", "T", self.input_size, remedy=remedy)
        B, T, _ = x.shape
        h = np.zeros((B, T + 1, self.hidden_size), self.dtype)  # h[:, t] is the state before step t
        if h_0 is not None:
            check_shape("h_0", np.asarray(h_0), B, self.hidden_size)
            h[:, 0] = h_0

        # The input's part does not wait for the state: one product serves all time steps.
        projected = x @ self.weight_ih.T + self.bias_ih + self.bias_hh  # (B, T, H)
        for t in range(T):
            # h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)
            h[:, t + 1] = np.tanh(projected[:, t] + h[:, t] @ self.weight_hh.T)  # (B, H)

        self._kept = x, h
        return h[:, 1:], h[:, -1]

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
        x, h = self.kept
        B, T, _ = x.shape
        H = self.hidden_size
        d_output = np.zeros((B, T, H), self.dtype) if d_output is None else np.asarray(d_output, self.dtype)
        d_h = np.zeros((B, H), self.dtype) if d_h_n is None else np.asarray(d_h_n, self.dtype)
        check_shape("d_output", d_output, B, T, H)
        check_shape("d_h_n", d_h, B, H)

        d_a = np.empty((B, T, H), self.dtype)  # of a_t, the argument of tanh
        for t in reversed(range(T)):
            # h_t reaches the loss in two ways: through output_t, and through the next state.
            d_h = d_h + d_output[:, t]
            # tanh'(a_t) = 1 - tanh²(a_t) = 1 - h_t²
            d_a[:, t] = d_h * (1 - h[:, t + 1] ** 2)
            # a_t = W_hh h_{t-1} + ..., so dL/dh_{t-1} = W_hhᵀ dL/da_t; a batch holds vectors as rows
            d_h = d_a[:, t] @ self.weight_hh  # (B, H)

        # Every step uses the same parameters: their gradients are sums over time, and over the batch.
        d_bias = d_a.sum(axis=(0, 1))
        self.grads = {
            "weight_ih": sum_of_outer_products(d_a, x),
            "weight_hh": sum_of_outer_products(d_a, h[:, :-1]),
            "bias_ih": d_bias,
            "bias_hh": d_bias.copy(),
        }
        return d_a @ self.weight_ih, d_h


class Linear(Layer):
    """Output layer: y = W h + b, with the names and the initialisation, U(-1/√D, 1/√D), of `torch.nn.Linear`.

    Args:
        input_size: D, features that come in.
        output_size: C, features that go out.
        rng: `numpy.random.Generator` that draws the parameters.
        dtype: floating-point type.
    """

    def __init__(self, input_size: int, output_size: int, rng: Generator, dtype: type = np.float64):
        super().__init__(rng, dtype, input_size**-0.5, weight=(output_size, input_size), bias=(output_size,))

    def forward(self, h: Array) -> Array:
        """(..., D) -> (..., C), whatever the leading axes are."""
        h = np.asarray(h, self.dtype)
        check_shape("h", h, *h.shape[:-1], self.weight.shape[1])
        self._kept = h
        # y = W h + b
        return h @ self.weight.T + self.bias

    def backward(self, d_y: Array) -> Array:
        """Leave the gradients of `weight` and `bias` in `grads`; (..., C) -> d_h, (..., D)."""
        h = self.kept
        d_y = np.asarray(d_y, self.dtype)
        check_shape("d_y", d_y, *h.shape[:-1], self.weight.shape[0])
        self.grads = {
            "weight": sum_of_outer_products(d_y, h),
            "bias": d_y.sum(axis=tuple(range(d_y.ndim - 1))),
        }
        return d_y @ self.weight


def sum_of_outer_products(d_y: Array, x: Array) -> Array:
    """Gradient of W in y = W x: the sum of d_y xᵀ over all leading axes, (..., M) and (..., N) -> (M, N)."""
    return d_y.reshape(-1, d_y.shape[-1]).T @ x.reshape(-1, x.shape[-1])


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


def softmax(logits: Array, temperature: float = 1.0) -> Array:
    """Probabilities from logits: p_i = exp(z_i / τ) / Σ_j exp(z_j / τ).

    A low temperature sharpens, a high one flattens. τ = 0 is the limit: everything on the largest logit (argmax),
    equals sharing.

    Args:
        logits: z, (..., C).
        temperature: τ, at least 0.

    Returns:
        Probabilities, (..., C).

    Raises:
        ValueError: the temperature is negative or not a number.
    """
    if not temperature >= 0:
        raise ValueError(f"temperature must be 0 (argmax) or more, got {temperature}")
    logits = np.asarray(logits)
    # The shift cancels in the fraction, and the largest exponent becomes 0: exp cannot overflow.
    shifted = logits - logits.max(axis=-1, keepdims=True)
    weights = np.exp(shifted / temperature) if temperature > 0 else (shifted == 0).astype(shifted.dtype)
    return weights / weights.sum(axis=-1, keepdims=True)


def cross_entropy(logits: Array, targets: Array) -> tuple[float, Array]:
    """Mean of -log p(target) over all positions, and its gradient.

    Args:
        logits: (..., C), before any softmax.
        targets: class ids, integers of shape (...), or one-hot rows, (..., C).

    Returns:
        loss: float, in nats.
        d_logits: (..., C).

    Raises:
        ValueError: the targets have another shape, are not integers, name a class outside 0..C-1, or are not one-hot.
    """
    logits = np.asarray(logits)
    is_target = as_one_hot(np.asarray(targets), logits.shape)  # (..., C)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    # L = -1/N Σ log p(target), N positions
    N = log_p[..., 0].size
    loss = -log_p[is_target].sum() / N
    # dL/dz = (p - one_hot(target)) / N
    d_logits = (np.exp(log_p) - is_target) / N
    return float(loss), d_logits


def as_one_hot(targets: Array, shape: tuple[int, ...]) -> Array:
    """Targets for logits of the given shape, (..., C), checked: class ids, (...), or one-hot already."""
    *leading, C = shape
    if targets.shape != shape:
        check_shape("targets", targets, *leading, remedy=f"one class id for each row of the logits, {shape}")
        return one_hot(targets, C)
    if not (np.isin(targets, (0, 1)).all() and (targets.sum(axis=-1) == 1).all()):
        raise ValueError("targets of the logits' shape must be one-hot, a single 1 in each row; or pass class ids")
    return targets == 1


def one_hot(ids: Array, size: int) -> Array:
    """Class ids, integers of shape (...), as rows with a single True, (..., size)."""
    ids = np.asarray(ids)
    if not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(f"class ids must be integers, got {ids.dtype}")
    if ids.min() < 0 or ids.max() >= size:
        raise ValueError(f"class ids must lie in 0..{size - 1}, got {ids.min()}..{ids.max()}")
    return ids[..., None] == np.arange(size)


def sgd_step(model: Layer | RNNModel, learning_rate: float, max_norm: float | None = None) -> float:
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
