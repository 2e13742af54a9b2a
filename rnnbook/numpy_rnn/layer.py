"""What every layer is, parameters and their gradients, and the simplest one: the linear layer."""

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


class Linear(Layer):
    """Output layer: y = W h + b, with the names and the initialisation, U(-1/√D, 1/√D), of `torch.nn.Linear`.

    Args:
        input_size: D, features that come in.
        output_size: C, features that go out.
        rng: `numpy.random.Generator` that draws the parameters.
        dtype: floating-point type.

    Raises:
        ValueError: a size is below 1.
    """

    def __init__(self, input_size: int, output_size: int, rng: Generator, dtype: type = np.float64):
        check_sizes(input_size=input_size, output_size=output_size)
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


def check_sizes(**sizes: int) -> None:
    """Refuse a size below 1, by its name."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
