"""From one state to a later one: the matrix by which gradients are multiplied on their way back."""

import numpy as np
import torch
from torch import Tensor, nn

from rnnbook.encode import first_state, parts_of, state_of
from rnnbook.gradients.copies import traceable
from rnnbook.shapes import check_shape


@torch.enable_grad()
def jacobian(layer: nn.Module, x: Tensor, start: int, end: int | None = None, *, state: bool = False) -> np.ndarray:
    """Compute dh_end/dh_start: how each entry of a state depends on each entry of an earlier one.

    States are numbered as in the equations: h_0 is the initial state, here zeros, and h_t the state after t steps. For
    one step of a tanh RNN the Jacobian is diag(1 - h_t²) W_hh, for several the product of theirs, the last step on the
    left (Pascanu, Mikolov and Bengio, 2013, "On the difficulty of training recurrent neural networks").

    Args:
        layer: an RNN, LSTM or GRU of one layer and one direction, torch's or ours.
        x: one sequence, (T, D), or a batch of one, as the layer takes it.
        start: number of the earlier state.
        end: number of the later state; T, the last, by default.
        state: for an LSTM, take its whole state, h above c. Otherwise c_start counts as a constant.

    Returns:
        (H, H), float64, one row for each entry of h_end; with `state=True` (2H, 2H).

    Raises:
        TypeError: it is another kind of layer.
        ValueError: there are more layers, directions or sequences than one, x has the wrong shape, there are no such
            states, or `state=True` asks for the c of a layer that has none.
    """
    copy = traceable(layer, torch.float64)
    if copy.num_layers > 1 or copy.bidirectional:
        raise ValueError("jacobian takes one layer in one direction: give it each layer as a layer of its own")
    if state and "c" not in copy.parts:
        raise ValueError("state=True is for an LSTM: for other layers h is the whole state")
    if x.ndim == 3:
        axes = (1, "T") if copy.batch_first else ("T", 1)
        check_shape("x", x, *axes, copy.input_size, remedy="one sequence at a time")
        x = x.squeeze(axes.index(1))
    check_shape("x", x, "T", copy.input_size)
    copy.batch_first, x = True, x.detach().double().unsqueeze(0)  # (1, T, D)
    T = x.shape[1]
    end = T if end is None else end
    if not 0 <= start <= end <= T:
        raise ValueError(f"start={start} and end={end} must be numbers of states, 0 <= start <= end <= T = {T}")

    before = copy(x[:, :start])[1] if start > 0 else state_of(first_state(copy.parts, None, x, 1, 1, copy.hidden_size))
    first = [part.detach().requires_grad_() for part in parts_of(before)]  # (1, 1, H) each
    last = parts_of(copy(x[:, start:end], state_of(first))[1]) if end > start else first
    count = 2 if state else 1  # h alone, or h and c
    later = torch.cat(last[:count], dim=-1).flatten()  # (H,) or (2H,)
    each = torch.eye(len(later)).to(later)
    rows = torch.autograd.grad(later, first[:count], each, is_grads_batched=True, materialize_grads=True)
    return torch.cat(rows, dim=-1).flatten(1).cpu().numpy()


def singular_values(
    layer: nn.Module, x: Tensor, start: int, end: int | None = None, *, state: bool = False
) -> np.ndarray:
    """Compute the singular values of `jacobian`, the largest first: (H,), or (2H,) with `state=True`.

    They are the factors by which the steps in between stretch or shrink a gradient, each in its own direction. Values
    below 1e-16 times the largest are rounding errors.
    """
    return np.linalg.svd(jacobian(layer, x, start, end, state=state), compute_uv=False)
