"""Ragged batches through torch's fast kernels, without packing.

A packed sequence leaves the fast path: on a CPU, torch walks it step by step. Here the kernels read the padded batch
as if it were full, and three facts make the result exactly that of the packed call:

- going forward, no valid step sees the padding, which comes later;
- going backward is going forward over sequences that are reversed, each by its own length;
- an input feature that is 1 past the end can close an LSTM's input gate and open its forget gate, so that the cell
  keeps its value from the last valid step on. The output there is the state itself, but the cell is nowhere in it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnnbook.shapes import check_shape

State = Tensor | tuple[Tensor, Tensor]  # h, or the pair (h, c) of an LSTM

#: torch's kernels, by a module's `mode`.
KERNELS = {"RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu, "LSTM": torch.lstm, "GRU": torch.gru}

#: Where a step past the end pushes each gate, in the order of the weights' rows. An LSTM's cell stays as it is with
#: i = 0 and f = 1 (i, f, g, o). A ReLU is held at 0, since it could grow until it is infinite, and infinity times a
#: gradient of 0 is not 0. The states of tanh and GRU are bounded: what they do in the padding does no harm.
HOLD = {"LSTM": (-1, 1, 0, 0), "RNN_RELU": (-1,)}


def encode(
    rnn: nn.RNN | nn.LSTM | nn.GRU, x: Tensor, lengths: Tensor, state_0: State | None = None
) -> tuple[Tensor, State]:
    """Read a padded batch as `rnn` reads a packed one: the same outputs, final states and gradients.

    It stands for these lines, and is made for the CPU, where it is several times as fast for an LSTM:

        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        output, state_n = rnn(packed, state_0)
        output, _ = pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])

    What stands in the padding is never read. Dropout between layers acts in training, as in `rnn` itself.

    Args:
        rnn: any number of layers, one or two directions; its `batch_first` plays no part, as with a packed sequence.
        x: inputs, (B, T, D), padded at the end.
        lengths: the number of valid steps of each sequence, (B,), integers from 1 to T, in any order, on any device.
        state_0: state before the first step, (L * directions, B, H), of an LSTM the pair (h_0, c_0); zeros by default.

    Returns:
        output: the top layer's state after every step, (B, T, directions * H), zeros past the end.
        state_n: the state after each sequence's last step, in the form of state_0; a backward direction's last step
            is the first of the sequence.

    Raises:
        TypeError: rnn is no nn.RNN, nn.LSTM or nn.GRU, or x no tensor.
        ValueError: a tensor has the wrong shape, dtype or device, a length is not from 1 to T, or rnn has a proj_size.
    """
    if not isinstance(rnn, nn.RNN | nn.LSTM | nn.GRU):
        raise TypeError(f"encode takes an nn.RNN, nn.LSTM or nn.GRU, got {type(rnn).__name__}")
    if rnn.proj_size > 0:
        raise ValueError(f"encode cannot project: leave out proj_size={rnn.proj_size}, or pack the batch")
    check_kind("x", x, rnn.weight_ih_l0, "the weights")
    remedy = "write x.unsqueeze(0) for a batch of one" if x.ndim == 2 else ""
    check_shape("x", x, "B", "T", rnn.input_size, remedy=remedy)
    B, T, _ = x.shape
    lengths = check_lengths(lengths, B, T).to(x.device)
    names = ("h_0", "c_0") if rnn.mode == "LSTM" else ("h_0",)
    state = first_state(names, state_0, x, rnn.num_layers * (2 if rnn.bidirectional else 1), B, rnn.hidden_size)

    if lengths.min() == T:  # nothing is padding
        output, state_n = rnn(x if rnn.batch_first else x.transpose(0, 1), state_0)
        return output if rnn.batch_first else output.transpose(0, 1), state_n

    # Sequences of similar length read together meet less padding. oneDNN's LSTM takes as long for a row in a batch of
    # any size, if there is work enough; the other kernels take time for each step, and want all rows at once.
    rows = max(16, 2048 // T) if rnn.mode == "LSTM" else B
    if rows >= B:
        output, *state_n = _read(rnn, x, lengths, state)
    else:
        order = lengths.argsort()
        back = order.argsort()
        groups = [
            _read(rnn, x.index_select(0, group), lengths[group], [part.index_select(1, group) for part in state])
            for group in order.split(rows)
        ]
        outputs, *finals = zip(*groups, strict=True)
        output = torch.cat(outputs).index_select(0, back)
        state_n = [torch.cat(parts, dim=1).index_select(1, back) for parts in finals]
    return output, state_of(state_n)


def _read(rnn: nn.RNNBase, x: Tensor, lengths: Tensor, state: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Output, h_n and, for an LSTM, c_n, layer by layer and direction by direction."""
    T, steps = x.shape[1], int(lengths.max())
    past_end = ~valid_steps(lengths, steps)[..., None]  # (B, steps, 1)
    directions = 2 if rnn.bidirectional else 1

    output, finals = x[:, :steps].masked_fill(past_end, 0), []
    for layer in range(rnn.num_layers):
        below = F.dropout(output, rnn.dropout, rnn.training) if layer > 0 else output
        if rnn.mode in HOLD:
            below = torch.cat((below, past_end.to(x.dtype)), dim=-1)  # (B, steps, features + 1)
        outputs = []
        for direction in range(directions):
            k = layer * directions + direction
            ordered = reverse_by_length(below, lengths) if direction == 1 else below
            output, *final = _run(rnn, k, ordered, [part[k : k + 1] for part in state])
            finals.append([last_valid(output, lengths)[None], *final[1:]])
            outputs.append(reverse_by_length(output, lengths) if direction == 1 else output)
        output = torch.cat(outputs, dim=-1).masked_fill(past_end, 0)  # (B, steps, directions * H)
    return F.pad(output, (0, 0, 0, T - steps)), *(torch.cat(parts) for parts in zip(*finals, strict=True))


def _run(rnn: nn.RNNBase, k: int, x: Tensor, state: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The recurrence number k, counted as in the states, over all steps from left to right."""
    weight_ih, *others = rnn.all_weights[k]
    if rnn.mode in HOLD:
        # Far beyond where a sigmoid is exactly 0 or 1, and still finite when multiplied by a gradient.
        push = torch.finfo(x.dtype).max ** 0.5
        column = push * x.new_tensor(HOLD[rnn.mode]).repeat_interleave(rnn.hidden_size)  # (gates * H,)
        weight_ih = torch.cat((weight_ih, column[:, None]), dim=1)  # (gates * H, features + 1)
    return KERNELS[rnn.mode](x, state_of(state), [weight_ih, *others], rnn.bias, 1, 0.0, rnn.training, False, True)


def reverse_by_length(x: Tensor, lengths: Tensor) -> Tensor:
    """Turn each sequence back to front and leave its padding where it is; `x.flip(1)` would bring the padding first.

    >>> reverse_by_length(torch.tensor([[1, 2, 3], [4, 5, 0]]), torch.tensor([3, 2]))
    tensor([[3, 2, 1],
            [5, 4, 0]])

    Args:
        x: a padded batch, (B, T, ...).
        lengths: the number of valid steps of each sequence, (B,).

    Returns:
        Tensor of x's shape. Reversed again it is x.

    Raises:
        ValueError: the shapes do not fit, or a length is not from 1 to T.
    """
    check_shape("x", x, "B", "T", *x.shape[2:])
    B, T = x.shape[:2]
    lengths = check_lengths(lengths, B, T).to(x.device)
    t = torch.arange(T, device=x.device)
    step = torch.where(valid_steps(lengths, T), lengths[:, None] - 1 - t, t)  # (B, T)
    row = torch.arange(B, device=x.device)[:, None]
    return _Reordering.apply(x, (row * T + step).flatten())


class _Reordering(torch.autograd.Function):
    """A permutation of the steps that is its own inverse, and therefore its own gradient.

    torch's gradient of indexing allows for steps that are picked twice, and takes twice as long.
    """

    @staticmethod
    def forward(ctx, x: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        return x.flatten(0, 1).index_select(0, index).view(x.shape)

    @staticmethod
    def backward(ctx, d_x: Tensor) -> tuple[Tensor, None]:
        (index,) = ctx.saved_tensors
        return _Reordering.apply(d_x, index), None


def last_valid(output: Tensor, lengths: Tensor) -> Tensor:
    """Pick the output at each sequence's last valid step, (B, T, F) -> (B, F), where `output[:, -1]` may be padding.

    Args:
        output: a padded batch, (B, T, F).
        lengths: the number of valid steps of each sequence, (B,).

    Raises:
        ValueError: the shapes do not fit, or a length is not from 1 to T.
    """
    check_shape("output", output, "B", "T", "F")
    B, T, _ = output.shape
    lengths = check_lengths(lengths, B, T).to(output.device)
    return output[torch.arange(B, device=output.device), lengths - 1]


def valid_steps(lengths: Tensor, T: int) -> Tensor:
    """The mask of a padded batch, (B, T): True up to each sequence's end, False past it."""
    return torch.arange(T, device=lengths.device) < lengths[:, None]


def check_lengths(lengths: Tensor, B: int, T: int) -> Tensor:
    """Refuse what is not one length from 1 to T for each of B sequences. A list is made a tensor.

    Raises:
        ValueError: with what came, what was expected, and the remedy.
    """
    lengths = torch.as_tensor(lengths)
    if lengths.is_floating_point() or lengths.dtype == torch.bool:
        raise ValueError(f"lengths must be integers, got {lengths.dtype}: write lengths.long()")
    check_shape("lengths", lengths, B, remedy="one for each sequence")
    for row, length in enumerate(lengths.tolist()):
        if not 1 <= length <= T:
            remedy = "leave empty sequences out of the batch" if length < 1 else "the batch ends before"
            raise ValueError(f"lengths[{row}] is {length}, expected 1 to T = {T}: {remedy}")
    return lengths


def parts_of(state: State) -> tuple[Tensor, ...]:
    """h -> (h,), and an LSTM's (h, c) as it is: the parts of a state one by one."""
    return tuple(state) if isinstance(state, tuple | list) else (state,)


def state_of(parts: Sequence[Tensor]) -> State:
    """(h,) -> h, and (h, c) as it is: a state as torch's modules take and return it."""
    return parts[0] if len(parts) == 1 else tuple(parts)


def first_state(names: Sequence[str], state: State | None, x: Tensor, *shape: int) -> tuple[Tensor, ...]:
    """The parts of the state before the first step, each of this shape; zeros of x's dtype on x's device for None.

    Raises:
        ValueError: there are more parts or fewer than names, or one has another shape, dtype or device.
    """
    if state is None:
        return tuple(x.new_zeros(shape) for _ in names)
    parts = parts_of(state)
    if len(parts) != len(names):
        raise ValueError(f"the state must be {' and '.join(names)}, got {len(parts)} tensor(s)")
    remedy = "(L * directions, B, H), whatever batch_first is" if len(shape) == 3 else ""
    for name, part in zip(names, parts, strict=True):
        check_kind(name, part, x, "x")
        check_shape(name, part, *shape, remedy=remedy)
    return parts


def check_kind(name: str, tensor: Tensor, like: Tensor, what: str) -> None:
    """Refuse what is no tensor, or one of another dtype or on another device than what it is to be combined with.

    Raises:
        TypeError, ValueError: with what came, what was expected, and the remedy.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name} is a {type(tensor).__name__}, expected a tensor")
    if tensor.dtype != like.dtype or tensor.device != like.device:
        got, expected = (f"{each.dtype} on {each.device}" for each in (tensor, like))
        remedy = f"write {name}.to({str(like.device)!r}, {like.dtype})"
        raise ValueError(f"{name} is {got}, expected {expected} as {what}: {remedy}")
