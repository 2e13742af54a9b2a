"""From logits to probabilities, and to the loss with its gradient."""

import numpy as np

from rnnbook.numpy_rnn.layer import Array
from rnnbook.shapes import check_shape


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
