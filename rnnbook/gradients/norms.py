"""The norm of the loss's gradient at every step, and how far back it reaches."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rnnbook.encode import State, parts_of, state_of
from rnnbook.gradients.copies import traceable
from rnnbook.shapes import check_shape


@dataclass(frozen=True)
class Flow:
    """How strongly the loss depends on each step: norms of each sequence's gradients, averaged over the batch.

    Attributes:
        h: norms of dL/dh_t, (L * directions, T), layers and directions in torch's order. Column t is the state that
            has just read x[:, t], in both directions.
        x: norms of dL/dx_t, (T,).
        c: norms of dL/dc_t for an LSTM, shaped as h, with what reaches the loss through h_t; else None.
        parameters: norm of the gradient of all the layer's parameters together, which `clip_grad_norm_` would limit.
    """

    h: np.ndarray
    x: np.ndarray
    c: np.ndarray | None
    parameters: float


@torch.enable_grad()
def flow(
    layer: nn.Module,
    x: Tensor,
    loss: Callable[[Tensor, State], Tensor] | None = None,
    *,
    state_0: State | None = None,
    dtype: torch.dtype = torch.float64,
) -> Flow:
    """Follow the loss's gradient from the last step to the first, in one backward pass for all of them.

    >>> flow(nn.LSTM(5, 20, batch_first=True), torch.randn(8, 100, 5)).h.shape
    (1, 100)

    Args:
        layer: an RNN, LSTM or GRU, torch's or ours with all its options. Dropout does not act, as in evaluation.
        x: inputs, (B, T, D), or (T, B, D) for a layer without batch_first; the output of an embedding, for instance.
        loss: takes `output` and `state_n` as the layer returns them, and returns a scalar. By default half the sum of
            squares of the top layer's h_n, so that dL/dh_T = h_T.
        state_0: state before the first step, as the layer takes it; zeros by default.
        dtype: of all that is computed; what `loss` multiplies with must have it too.

    Raises:
        TypeError: it is another kind of layer.
        ValueError: a tensor has the wrong shape, or the loss is no scalar that depends on the layer's output.
    """
    copy = traceable(layer, dtype)
    x = x.detach().to(dtype).requires_grad_()
    if state_0 is not None:
        state_0 = state_of([part.detach().to(dtype) for part in parts_of(state_0)])
    trace = []
    output, state_n = copy(x, state_0, trace=trace)
    top = parts_of(state_n)[0][-len(copy.directions) :]
    value = top.square().sum() / 2 if loss is None else loss(output, state_n)
    if value.ndim > 0 or not value.requires_grad:
        raise ValueError("loss(output, state_n) must return a scalar that depends on what it is given")

    states = [part for run in trace for state in run for part in parts_of(state)]
    wanted = [x, *states, *copy.parameters()]
    d_x, *gradients = torch.autograd.grad(value, wanted, allow_unused=True, materialize_grads=True)
    d_states, d_weights = gradients[: len(states)], gradients[len(states) :]
    norms = _norm(torch.stack(d_states)).mean(dim=-1)
    norms = norms.reshape(len(trace), -1, len(copy.parts)).cpu().numpy()  # (L * directions, T, 1), or 2 for h and c
    return Flow(
        h=norms[:, :, 0],
        x=_norm(d_x).mean(dim=0 if copy.batch_first else 1).cpu().numpy(),
        c=norms[:, :, 1] if "c" in copy.parts else None,
        parameters=float(_norm(torch.cat([gradient.flatten() for gradient in d_weights]))),
    )


def _norm(vectors: Tensor) -> Tensor:
    """Euclidean norms along the last axis, of numbers so small or large that their squares are not to be had."""
    vectors = vectors.double()
    scale = vectors.abs().amax(dim=-1, keepdim=True)
    scale = torch.where((scale > 0) & scale.isfinite(), scale, 1.0)
    return (vectors / scale).square().sum(dim=-1).sqrt() * scale.squeeze(-1)


def effective_memory(norms: np.ndarray, fraction: float = 0.01) -> int:
    """Count how many steps back the gradient's norm stays at `fraction` of its last value or above.

    From `Flow.x` it tells how long an input goes on mattering to the loss. Where the answer is T - 1, read "at least".
    From an LSTM's `Flow.h` it tells less: dL/dh_t falls at the first step already, where most of the gradient takes the
    other way, through c.

    >>> effective_memory([1e-5, 0.001, 0.02, 0.3, 1.0])
    2

    Args:
        norms: one for each step, the first step first, (T,).
        fraction: of the last norm; less than this counts as forgotten.

    Raises:
        ValueError: norms is not a row of numbers that ends above zero.
    """
    norms = np.asarray(norms, np.float64)
    check_shape("norms", norms, "T", remedy="one layer and direction at a time, such as Flow.h[0]")
    if np.isnan(norms).any() or norms[-1] <= 0:
        raise ValueError(f"norms must be numbers, the last of them above zero, got {norms}")
    (forgotten,) = np.nonzero(norms[::-1] < fraction * norms[-1])
    return int(forgotten[0]) - 1 if len(forgotten) else len(norms) - 1
