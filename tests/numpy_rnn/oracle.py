"""What the NumPy layers are measured by: torch's layers in float64, and numerical derivatives."""

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

TIGHT = {"rtol": 0, "atol": 1e-10}
sizes = st.integers(1, 6)


def draw(rng, *shape):
    """Random numbers as a NumPy array and as a torch leaf of the same values."""
    array = rng.normal(size=shape)
    return array, torch.tensor(array, requires_grad=True)


@st.composite
def batches(draw):
    """B, T, and the lengths of a ragged batch or None for a full one; length 1 and length T occur often."""
    B, T = draw(sizes), draw(sizes)
    lengths = st.lists(st.sampled_from([1, T]) | st.integers(1, T), min_size=B, max_size=B)
    return B, T, draw(st.none() | lengths)


def assert_equals_torch(ours, theirs, rng, batch, with_state):
    """Same parameters, inputs and upstream gradients: outputs, final states and all gradients agree to 1e-10.

    Args:
        ours: a layer of one direction, or a stack of them.
        theirs: torch's layer; it gets our parameters.
        rng: NumPy's random generator.
        batch: B, T and the lengths, or None.
        with_state: whether there is a first state.
    """
    (B, T, lengths), H = batch, theirs.hidden_size
    is_pair, single = isinstance(theirs, nn.LSTM), not hasattr(ours, "levels")
    directions = 2 if theirs.bidirectional else 1

    def as_state(parts):  # one layer alone has no axis for the layers
        parts = [part[0] for part in parts] if single else parts
        return tuple(parts) if is_pair else parts[0]

    def as_parts(state):
        parts = state if is_pair else (state,)
        return [part[None] for part in parts] if single else parts

    names = {name + "_l0" if single else name: name for name in ours.params}
    theirs.load_state_dict({name_: torch.tensor(ours.params[name]) for name_, name in names.items()}, strict=True)
    x, x_ = draw(rng, B, T, theirs.input_size)
    d_output, d_output_ = draw(rng, B, T, directions * H)
    states = [draw(rng, theirs.num_layers * directions, B, H) for _ in range(1 + is_pair)]
    d_states = [draw(rng, theirs.num_layers * directions, B, H) for _ in range(1 + is_pair)]

    output, state_n = ours.forward(x, as_state([state for state, _ in states]) if with_state else None, lengths)
    given = x_ if lengths is None else pack_padded_sequence(x_, lengths, batch_first=True, enforce_sorted=False)
    state_0_ = tuple(state_ for _, state_ in states) if is_pair else states[0][1]
    output_, state_n_ = theirs(given, state_0_ if with_state else None)
    if lengths is not None:
        output_, _ = pad_packed_sequence(output_, batch_first=True, total_length=T)
    parts_n_ = state_n_ if is_pair else (state_n_,)
    np.testing.assert_allclose(output, output_.detach(), err_msg="output", **TIGHT)
    for part, part_ in zip(as_parts(state_n), parts_n_, strict=True):
        np.testing.assert_allclose(part, part_.detach(), err_msg="state_n", **TIGHT)

    d_x, d_state_0 = ours.backward(d_output, as_state([d_state for d_state, _ in d_states]))
    loss_ = (output_ * d_output_).sum()
    for part_, (_, d_part_) in zip(parts_n_, d_states, strict=True):
        loss_ = loss_ + (part_ * d_part_).sum()
    loss_.backward()
    np.testing.assert_allclose(d_x, x_.grad, err_msg="d_x", **TIGHT)
    if with_state:
        for d_part, (_, state_) in zip(as_parts(d_state_0), states, strict=True):
            np.testing.assert_allclose(d_part, state_.grad, err_msg="d_state_0", **TIGHT)
    assert ours.grads.keys() == ours.params.keys()
    for name_, parameter_ in theirs.named_parameters():
        np.testing.assert_allclose(ours.grads[names[name_]], parameter_.grad, err_msg=name_, **TIGHT)


def numerical_gradient(loss, array, eps=1e-6):
    """Central differences of `loss()` over the entries of `array`, which is put back as it was."""
    gradient = np.empty_like(array)
    for i in np.ndindex(array.shape):
        value = array[i]
        array[i] = value + eps
        above = loss()
        array[i] = value - eps
        below = loss()
        array[i] = value
        gradient[i] = (above - below) / (2 * eps)
    return gradient
