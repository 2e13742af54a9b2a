"""Exercise `bidirectional-summary`: the summary of each sequence that a two-way network gives, from its states."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged

EXERCISE = Exercise(
    id="bidirectional-summary",
    chapter="06_deep_bidirectional",
    place=1,
    title="What a two-way network says of the whole sequence",
    defines=("summary_from_state", "summary_from_output"),
    hints=(
        "Which step does each direction read last? The forward network has seen the whole sequence after its last "
        "valid step, the backward network after step 0.",
        "h_n's first axis goes layer by layer, forward before backward, so the top layer's states are its last two "
        "entries, each (B, H). In output, the features :H are forward and H: are backward.",
        "torch.cat([h_n[-2], h_n[-1]], dim=-1), where h_n is state_n[0] if state_n is a tuple. From output: "
        "torch.cat([output[torch.arange(B), lengths - 1, :H], output[:, 0, H:]], dim=-1).",
    ),
    forbidden=("rnnbook.encode", "rnnbook.models"),
)
Run = tuple[Tensor, Tensor, Tensor | tuple[Tensor, Tensor], Tensor]


def ran(cell: str, B: int, T: int, H: int, L: int = 1, full: bool = False) -> Run:
    """A two-way network over a ragged batch: output (B, T, 2H), lengths (B,), state, and the right summary (B, 2H)."""
    rnn = getattr(nn, cell)(3, H, L, batch_first=True, bidirectional=True).double()
    lengths = torch.full((B,), T) if full else (torch.arange(B) % (T - 1) + 1)[torch.randperm(B)]
    x = torch.randn(B, T, 3, dtype=torch.float64)
    with torch.no_grad():
        output, state_n = rnn(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        output, _ = pad_packed_sequence(output, batch_first=True, total_length=T)
    h_n = state_n[0] if cell == "LSTM" else state_n
    return output, lengths, state_n, torch.cat([h_n[-2], h_n[-1]], dim=1)


def state_mistakes(state_n: Tensor | tuple[Tensor, Tensor]) -> dict:
    """What people write instead of `summary_from_state`, and what it gives."""
    h_n, c_n = state_n if isinstance(state_n, tuple) else (state_n, None)
    L, (_, B, H) = len(h_n) // 2, h_n.shape
    forward, backward = h_n[-2], h_n[-1]
    mistakes = {
        "Your halves are swapped: the forward state comes first.": torch.cat([backward, forward], dim=1),
        "view and reshape do not swap axes: they mix the states of different sequences. Join h_n[-2] and h_n[-1] along "
        "the last axis.": lambda: h_n[-2:].reshape(B, 2 * H),
        "You took both directions of all layers, and view mixes the states of different sequences. Join h_n[-2] and "
        "h_n[-1] along the last axis.": h_n.reshape(B, -1),
        "You took all layers: the top layer alone sums up.": h_n.transpose(0, 1).reshape(B, -1),
        "This is the bottom layer: the top layer's states stand last.": torch.cat([h_n[0], h_n[1]], dim=1),
        "This is the backward half alone: h_n[-1] is one direction of the top layer.": backward,
        "This is the forward half alone: the backward one stands behind it.": forward,
        "h_n[:, -1] are the states of the batch's last sequence: the batch is axis 1 of h_n.": h_n[:, -1],
        "h_n[:, -1] are the states of the batch's last sequence, here all in one row.": h_n[:, -1].reshape(-1),
        "You stacked the two directions: join them along the features, (B, 2H).": torch.stack([forward, backward], 1),
        "h_n[-2:] has the directions first: join them along the features, (B, 2H).": h_n[-2:],
        "You joined the directions along the batch: join them along the features, (B, 2H).": (
            torch.cat([forward, backward])
        ),
        "You added the two directions: join them, so that both remain.": forward + backward,
        "You averaged the two directions: join them, so that both remain.": (forward + backward) / 2,
        "You took the larger of the two directions: join them, so that both remain.": forward.maximum(backward),
        "You interleaved the directions: first all H forward numbers of a row, then all H backward ones.": (
            torch.stack([forward, backward], dim=-1).flatten(1)
        ),
        "h_n goes layer by layer, in each layer forward before backward: it is h_n.view(L, 2, B, H), not "
        "(2, L, B, H).": torch.cat([h_n[L - 1], h_n[2 * L - 1]], dim=1),
        "You took the first direction of the first layer and the last of the last: take both of the top layer.": (
            torch.cat([h_n[0], h_n[-1]], dim=1)
        ),
        "You took the forward states of two layers: take both directions of the top layer.": (
            lambda: torch.cat([h_n[-4], h_n[-2]], dim=1)
        ),
        "You took the backward states of two layers: take both directions of the top layer.": (
            lambda: torch.cat([h_n[-3], h_n[-1]], dim=1)
        ),
    }
    if c_n is not None:
        mistakes |= {
            "This is c_n, the LSTM's memory: its output state is h_n, the first of the pair.": (
                torch.cat([c_n[-2], c_n[-1]], dim=1)
            ),
            "An LSTM's state is the pair (h_n, c_n). You took the last of each, both backward: take h_n[-2] and "
            "h_n[-1].": torch.cat([h_n[-1], c_n[-1]], dim=1),
            "An LSTM's state is the pair (h_n, c_n), and you joined these two: take h_n alone, its last two states.": (
                torch.cat([h_n, c_n], dim=-1)
            ),
            "You joined h_n and c_n: h_n alone is the summary.": (
                torch.cat([h_n[-2], h_n[-1], c_n[-2], c_n[-1]], dim=1)
            ),
        }
    return mistakes


def output_mistakes(output: Tensor, lengths: Tensor) -> dict:
    """What people write instead of `summary_from_output`, and what it gives."""
    B, T, H = output.shape[0], output.shape[1], output.shape[2] // 2
    rows = torch.arange(B)
    last, first = output[rows, lengths - 1], output[:, 0]
    valid = (torch.arange(T) < lengths[:, None])[..., None]

    def joined(forward: Tensor, backward: Tensor) -> Tensor:
        return torch.cat([forward[:, :H], backward[:, H:]], dim=1)

    return {
        "You took both halves at the last step. There the backward half has read one step only: it ends at step 0. "
        "(In shorter rows, output[:, -1] is padding, too. H is half of output's last axis.)": output[:, -1],
        "You took both halves at each row's last valid step. There the backward half has read one step only: it ends "
        "at step 0. (H is half of output's last axis.)": last,
        "You took both halves at step 0. There the forward half has read one step only: it ends at the last valid "
        "step.": first,
        "The forward half comes from step T - 1, which is padding in the shorter rows: take it at lengths - 1.": (
            joined(output[:, -1], first)
        ),
        "Each half stands at the wrong end: forward ends at the last valid step, backward at step 0.": (
            joined(first, last)
        ),
        "The backward half comes from the last step, forward from step 0: it is the other way round.": (
            joined(first, output[:, -1])
        ),
        "Your halves are swapped: the forward state comes first.": torch.cat([first[:, H:], last[:, :H]], dim=1),
        "You took the wrong features: :H are forward, H: are backward.": (
            torch.cat([last[:, H:], first[:, :H]], dim=1)
        ),
        "You took the same features from both steps: :H are forward, H: are backward.": (
            torch.cat([last[:, :H], first[:, :H]], dim=1)
        ),
        "You took the backward features from both steps: :H are forward, H: are backward.": (
            torch.cat([last[:, H:], first[:, H:]], dim=1)
        ),
        "You are one step too late with the forward half: its last valid step is lengths - 1.": (
            lambda: joined(output[rows, lengths], first)
        ),
        "You joined both whole steps: take :H of the last valid step and H: of step 0.": torch.cat(
            [last, first], dim=1
        ),
        "You added the two steps: join :H of the last valid step and H: of step 0.": last + first,
        "You took the largest value over time: take one step for each half.": output.amax(1),
        "You took the largest value over the valid steps: take one step for each half.": (
            output.masked_fill(~valid, -torch.inf).amax(1)
        ),
        "The forward half comes from one step of all rows, where the longest ends: row b ends at lengths[b] - 1.": (
            joined(output[:, lengths.max() - 1], first)
        ),
        "The backward half comes from lengths[b] steps before the end: the padding stands at the end, and step 0 is "
        "output[:, 0].": joined(last, output[rows, -lengths]),
        "You averaged over the valid steps: take one step for each half.": (output * valid).sum(1) / lengths[:, None],
        "You took every row at every row's last step: pair row b with lengths[b], output[rows, steps].": (
            lambda: torch.cat([output[:, lengths - 1, :H], output[:, :1, H:].expand(-1, B, -1)], dim=-1)
        ),
    }


def assert_from_state(student, cell: str, B: int, H: int, L: int) -> None:
    """Checks the summary from the state of one batch."""
    _, _, state_n, right = ran(cell, B, 4, H, L)
    what = f"the summary of {B} sequences by nn.{cell} with H = {H} and {L} layer{'s' * (L > 1)}"
    assert_equal_arrays(student.summary_from_state(state_n), right, mistakes=state_mistakes(state_n), what=what)


@points(2)
@pytest.mark.parametrize(("cell", "B", "H"), [("RNN", 4, 4), ("GRU", 3, 5), ("GRU", 5, 2), ("RNN", 1, 3)])
def test_one_layer(student, cell, B, H):
    """From h_n, (2, B, H): one layer."""
    assert_from_state(student, cell, B, H, 1)


@points(2)
@pytest.mark.parametrize(("cell", "B", "H", "L"), [("GRU", 3, 5, 2), ("RNN", 5, 2, 3)])
def test_several_layers(student, cell, B, H, L):
    """From h_n, (2L, B, H): the top layer of several."""
    assert_from_state(student, cell, B, H, L)


@points(2)
@pytest.mark.parametrize(("B", "H", "L"), [(3, 5, 1), (4, 2, 2)])
def test_lstm(student, B, H, L):
    """From the pair (h_n, c_n) of an LSTM."""
    assert_from_state(student, "LSTM", B, H, L)


@points(1)
@pytest.mark.parametrize(("B", "T", "H"), [(4, 4, 4), (3, 5, 2)])
def test_output_without_padding(student, B, T, H):
    """From output, (B, T, 2H), of sequences of one length."""
    output, lengths, _, right = ran("GRU", B, T, H, full=True)
    got = student.summary_from_output(output, lengths)
    what = f"the summary from output of {B} sequences of {T} steps, H = {H},"
    assert_equal_arrays(got, right, mistakes=output_mistakes(output, lengths), what=what)


@points(1)
@pytest.mark.parametrize(("cell", "B", "T", "H"), [("GRU", 3, 6, 2), ("LSTM", 5, 4, 3)])
@pytest.mark.parametrize("scale", [1, 0])
def test_output_with_padding(student, cell, B, T, H, scale):
    """From output, (B, T, 2H), of a padded batch."""
    output, lengths, _, right = ran(cell, B, T, H, L=2)
    padding = (torch.arange(T) >= lengths[:, None])[..., None]
    output = torch.where(padding, scale * torch.randn_like(output), output)
    got = student.summary_from_output(output, lengths)
    what = f"the summary from output for lengths {lengths.tolist()}, T = {T}, H = {H},"
    assert_equal_arrays(got, right, mistakes=output_mistakes(output, lengths), what=what)


@points(1)
def test_gradient(student):
    """Gradients reach the states that are summed up, and no others."""
    output, lengths, h_n, _ = ran("GRU", 3, 5, 2, L=2)
    g = torch.randn(3, 4, dtype=torch.float64)
    (got,) = student.grad("summary_from_state", (h_n,), upstream=g)
    right = torch.cat([torch.zeros_like(h_n[:2]), g.view(3, 2, 2).transpose(0, 1)])
    assert_equal_arrays(got, right, what="the gradient of summary_from_state with respect to h_n")
    (got,) = student.grad("summary_from_output", (output, lengths), upstream=g)
    right = torch.zeros_like(output)
    right[torch.arange(3), lengths - 1, :2] = g[:, :2]
    right[:, 0, 2:] = g[:, 2:]
    assert_equal_arrays(got, right, what="the gradient of summary_from_output with respect to output")


@points(1)
def test_arguments_unchanged(student):
    """The arguments stay as they are."""
    output, lengths, state_n, _ = ran("LSTM", 3, 5, 2)
    student.summary_from_state(state_n)
    assert_unchanged(student, "state_n")
    student.summary_from_output(output, lengths)
    assert_unchanged(student, "output", "lengths")
