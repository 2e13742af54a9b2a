"""Is a gradient right? What it should be, from differences of the function itself."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from rnnbook.numpy_rnn import Layer


def numerical_gradient(function: Callable[[np.ndarray], float], array: np.ndarray, epsilon: float = 1e-6) -> np.ndarray:
    """Estimate the gradient of a number by central differences, (f(a + ε) - f(a - ε)) / 2ε, entry by entry.

    Args:
        function: takes the array, returns the number. While it runs, one entry of the array is changed in place, and
            put back after it. So it may as well use what holds the array: `lambda _: loss(layer.forward(x))`.
        array: float64, of any shape.
        epsilon: smaller, and rounding weighs more (1e-16 / ε); larger, and curvature does (ε²).

    Returns:
        Array of the same shape.

    Raises:
        ValueError: the array is not float64, whose digits such small differences need.
    """
    if array.dtype != np.float64:
        raise ValueError(f"central differences need float64, got {array.dtype}: convert the layer and its input")
    gradient = np.empty_like(array)
    for index, value in np.ndenumerate(array):
        try:
            array[index] = value + epsilon
            above = float(function(array))
            array[index] = value - epsilon
            below = float(function(array))
        finally:
            array[index] = value
        gradient[index] = (above - below) / (2 * epsilon)
    return gradient


@torch.enable_grad()
def check(
    layer: Layer | nn.Module, x: np.ndarray | Tensor, *, epsilon: float = 1e-6, seed: int = 0
) -> dict[str, float]:
    """Compare a layer's gradients with central differences, for a randomly weighted sum of all that it returns.

    >>> max(check(numpy_rnn.RNN(3, 4, rng), rng.standard_normal((2, 5, 3))).values()) < 1e-7
    True

    Args:
        layer: from `numpy_rnn`, with its `backward`, or a torch module; float64, and in evaluation mode if it has
            dropout. A NumPy layer keeps the gradients in `grads`, a module has none left behind.
        x: its input, float64.
        epsilon: of the differences.
        seed: of the weights in the sum.

    Returns:
        By name, "x" and each parameter: the largest error in the gradient, relative to its largest entry.

    Raises:
        ValueError: the layer or x is not float64.
    """
    rng = np.random.default_rng(seed)
    is_torch = isinstance(layer, nn.Module)
    forward = layer if is_torch else layer.forward
    x = x.detach().clone().requires_grad_() if is_torch else np.array(x)
    arrays = {"x": x, **(dict(layer.named_parameters()) if is_torch else layer.params)}

    def draw(result):
        if isinstance(result, tuple):
            return tuple(map(draw, result))
        weights = rng.standard_normal(tuple(result.shape))
        return torch.from_numpy(weights) if is_torch else weights

    def weighted_sum(result, weights):
        if isinstance(result, tuple):
            return sum(map(weighted_sum, result, weights))
        return (result * weights).sum()

    result = forward(x)
    upstream = draw(result)
    if is_torch:
        found = torch.autograd.grad(weighted_sum(result, upstream), arrays.values())
        arrays = {name: tensor.detach().numpy() for name, tensor in arrays.items()}  # the same memory
    else:
        d_x = layer.backward(*upstream) if isinstance(upstream, tuple) else layer.backward(upstream)
        found = [d_x[0] if isinstance(d_x, tuple) else d_x, *(layer.grads[name] for name in layer.params)]

    errors = {}
    with torch.no_grad():
        for (name, array), gradient in zip(arrays.items(), found, strict=True):
            expected = numerical_gradient(lambda _: weighted_sum(forward(x), upstream), array, epsilon)
            largest = np.abs(expected).max() or 1.0
            errors[name] = float(np.abs(np.asarray(gradient) - expected).max() / largest)
    return errors
