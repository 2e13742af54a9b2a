"""Exercise `deep-bidirectional`: a stack of two-way LSTM layers made of cells, against torch.nn.LSTM."""

import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged, unpack
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="deep-bidirectional",
    chapter="06_deep_bidirectional",
    place=2,
    title="A deep two-way LSTM from cells",
    defines=("DeepBidirectional",),
    hints=(
        "Begin with one direction of one layer: a function that takes a cell, a batch and an order of the steps, and "
        "gives the states in time order and the last h and c. The backward direction is the same with the order "
        "turned round.",
        "At a step that is padding for a row, its state must stay as it was: h = torch.where(valid[:, t, None], new_h, "
        "h), and the same for c. Going backward, a row then keeps its zeros until its own last valid step. In the end "
        "set the padding of output to 0.",
        "For layer l: cell 2 * l goes over range(T), cell 2 * l + 1 over reversed(range(T)); torch.cat the two outputs "
        "along the last axis; that is the next layer's input, after nn.Dropout unless it is the last layer. h_n is "
        "torch.stack of the last h of all cells, in the order of the cells.",
    ),
    forbidden=(
        *("torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN", "torch.nn.RNNBase", "torch.lstm", "torch.gru", "torch._VF"),
        *("rnnbook.layers", "rnnbook.numpy_rnn", "rnnbook.models", "rnnbook.encode"),
    ),
)
States = list[tuple[Tensor, Tensor, Tensor]]  # for each cell: its states in time order (B, T, H), its last h and c


def built(student, D: int, H: int, L: int, dropout: float = 0.0):
    """The learner's network, and torch's with the same parameters, both in training mode."""
    with warnings.catch_warnings(action="ignore"):  # torch warns of dropout where there is no "between"
        right = nn.LSTM(D, H, L, batch_first=True, bidirectional=True, dropout=dropout)
    model = student.DeepBidirectional(D, H, L, dropout)
    model.load_state_dict(checked(model.state_dict(), right))
    return model, right


def checked(got: dict[str, Tensor], right: nn.LSTM) -> dict[str, Tensor]:
    """torch's parameters by the learner's names, which have been checked."""
    state = {f"cells.{i}.{name}": value.detach() for i, cell in enumerate(cells(right)) for name, value in cell.items()}
    D, H, L = right.input_size, right.hidden_size, right.num_layers
    call = f"DeepBidirectional({D}, {H}, {L})"
    numbers = {name.split(".")[1] for name in got if name.startswith("cells.")}
    assert numbers, f"{call} has no parameters under the name cells: self.cells = nn.ModuleList of {2 * L} nn.LSTMCell."
    assert len(numbers) == 2 * L, f"{call} needs {2 * L} cells, two for each layer, but yours has {len(numbers)}."
    for name, value in state.items():
        assert name in got, f"{call} lacks the parameter {name}: each of self.cells is an nn.LSTMCell."
        expected, found = tuple(value.shape), tuple(got[name].shape)
        remedy = ""
        if found[0] in (H, 3 * H):
            remedy = " An nn.LSTMCell holds four gates in one parameter."
        elif name.endswith("weight_ih") and found == (4 * H, H) and not name.startswith(("cells.0.", "cells.1.")):
            remedy = " From the second layer on, both cells read both halves of the layer below, 2H features."
        elif name.endswith("weight_ih") and found == (4 * H, 2 * H):
            remedy = " cells.0 and cells.1 are the first layer, which reads x, of D features."
        elif name.endswith("weight_ih") and found == (4 * H, D):
            remedy = " From the second layer on, a cell reads the layer below, not x."
        assert found == expected, f"In {call}, {name} should have shape {expected}, but it is {found}.{remedy}"
    strange = sorted(got.keys() - state.keys())
    assert not strange, f"{call} should have the parameters of its cells alone, but it has {', '.join(strange)} too."
    return state


def cells(rnn: nn.LSTM) -> list[dict[str, Tensor]]:
    """The parameters of torch's network, cell by cell: layer by layer, forward before backward."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    suffixes = [f"_l{layer}{way}" for layer in range(rnn.num_layers) for way in ("", "_reverse")]
    return [{name: getattr(rnn, name + suffix) for name in names} for suffix in suffixes]


def torchs(rnn: nn.LSTM, x: Tensor, lengths: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """What torch gives for the packed batch."""
    output, state_n = rnn(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
    return pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])[0], state_n


def turned(x: Tensor, lengths: Tensor) -> Tensor:
    """Each row's valid part back to front."""
    return torch.stack([torch.cat([row[:n].flip(0), row[n:]]) for row, n in zip(x, lengths.tolist(), strict=True)])


def whole(x: Tensor, lengths: Tensor) -> Tensor:
    """Each padded row back to front."""
    return x.flip(1)


def kept(x: Tensor, lengths: Tensor) -> Tensor:
    """Each row as it is."""
    return x


@torch.no_grad()
def faulty(
    rnn: nn.LSTM,
    x: Tensor,
    lengths: Tensor,
    turn: Callable = turned,
    back: Callable = turned,
    ragged: bool = True,
    carry: bool = False,
    drop: tuple[str, ...] = (),
    order: tuple[int, int] = (0, 1),
    shown: str = "h",
) -> States:
    """The stack with a fault, right by default.

    Args:
        rnn: torch's network.
        x: batch of sequences, (B, T, D).
        lengths: number of valid steps, (B,).
        turn: what prepares the input of the backward cells.
        back: what brings their states into the order of time.
        ragged: whether each row ends at its length.
        carry: whether a cell starts from the state that the cell before it ended with.
        drop: what is dropped altogether: "input", "between", "steps".
        order: which of a layer's cells goes forward, and which backward.
        shown: which of h and c is the output.
    """
    B, T, _ = x.shape
    parameters, results = cells(rnn), []
    end = lengths if ragged else torch.full_like(lengths, T)
    below = 0 * x if "input" in drop else x
    h = c = x.new_zeros(B, rnn.hidden_size)
    for layer in range(rnn.num_layers):
        halves = []
        for way, place in enumerate(order):
            cell = nn.LSTMCell(below.shape[2], rnn.hidden_size, dtype=x.dtype)
            cell.load_state_dict(parameters[2 * layer + place])
            if not carry:
                h = c = x.new_zeros(B, rnn.hidden_size)
            given, states = turn(below, lengths) if way else below, []
            for t in range(T):
                valid = (t < end)[:, None]
                new_h, new_c = cell(given[:, t], (0 * h if "steps" in drop else h, c))
                h, c = torch.where(valid, new_h, h), torch.where(valid, new_c, c)
                states.append((h if shown == "h" else c) * valid)
            states = torch.stack(states, dim=1)
            halves.append(back(states, lengths) if way else states)
            results.append((halves[-1], h, c))
        below = torch.cat(halves, dim=2)
        below = 0 * below if "between" in drop else below
    return results


def mistakes(rnn: nn.LSTM, x: Tensor, lengths: Tensor, valid: Tensor) -> dict:
    """What people write instead, and what it gives for the valid part of output."""

    def gives(**fault) -> Callable[[], Tensor]:
        return lambda: torch.cat([states for states, _, _ in faulty(rnn, x, lengths, **fault)[-2:]], dim=2) * valid

    def reads_forward() -> Tensor:
        """One layer whose backward cell reads what its forward cell gave; where D = H."""
        forward = faulty(rnn, x, lengths)[0][0]
        backward = faulty(rnn, forward, lengths)[1][0]
        return torch.cat([forward, backward], dim=2)

    right = gives()()
    forward, backward = right.chunk(2, dim=2)
    return {
        "The backward half is in the order in which the cell went: bring its states back into the order of time before "
        "you join the halves.": gives(back=kept),
        "The backward cell starts in the padding: it must start at each row's own last valid step.": (
            gives(turn=whole, back=whole, ragged=False)
        ),
        "The backward cell starts in the padding, and its states are not brought back into the order of time.": (
            gives(turn=whole, back=kept, ragged=False)
        ),
        "You turned the padded rows as a whole, but then stopped at each row's length: the backward cell read padding "
        "instead of the row. Turn only the valid part.": gives(turn=whole, back=whole),
        "The backward cell goes forward: it must read each row from its last valid step to its first.": (
            gives(turn=kept, back=kept)
        ),
        "The backward cell goes forward, and its states are turned afterwards: turn its input too.": gives(turn=kept),
        "Your halves are swapped: the forward half comes first.": torch.cat([backward, forward], dim=2),
        "The cells are swapped: cell 2l goes forward, cell 2l + 1 backward.": gives(order=(1, 0)),
        "One cell goes both ways: each direction has its own.": gives(order=(0, 0)),
        "A cell starts from the state that the cell before it ended with: each one starts from zeros.": (
            gives(carry=True)
        ),
        "The backward cell reads what the forward cell gave: both read the layer's input.": reads_forward,
        "This is the forward half alone.": forward,
        "This is the backward half alone.": backward,
        "You added the two halves: join them along the last axis, (B, T, 2H).": forward + backward,
        "You joined the halves along time: join them along the last axis, (B, T, 2H).": (
            torch.cat([forward, backward], dim=1)
        ),
        "Time stands first in your output: torch.stack(states, dim=1) puts the batch first.": right.transpose(0, 1),
        "Your output holds c, the memory: the output of an LSTM is h.": gives(shown="c"),
        "This is the last step alone: output holds the top layer's states at every step.": right[:, -1],
        "You looped over the batch: x is (B, T, D), so step t is x[:, t].": lambda: (
            torch.cat([cell[0] for cell in faulty(rnn, x.transpose(0, 1), lengths)[-2:]], dim=2) * valid
        ),
        "You looped over the batch: x is (B, T, D), so step t is x[:, t], and not x[t].": lambda: (
            torch.cat([cell[0] for cell in faulty(rnn, x.transpose(0, 1), lengths)[-2:]], dim=2).transpose(0, 1) * valid
        ),
        "This is the first layer's output: output holds the top layer's states.": lambda: torch.cat(
            [states for states, _, _ in faulty(rnn, x, lengths)[:2]], dim=2
        ),
    }


def state_mistakes(rnn: nn.LSTM, x: Tensor, lengths: Tensor, index: int) -> dict:
    """What people write instead of h_n (index 1) or c_n (index 2), and what it gives."""
    right = faulty(rnn, x, lengths)
    state = torch.stack([cell[index] for cell in right])
    L, B, H = rnn.num_layers, *state.shape[1:]
    name, other = ("h_n", "c_n") if index == 1 else ("c_n", "h_n")
    padding = torch.stack([cell[index] for cell in faulty(rnn, x, lengths, ragged=False, turn=whole)])
    half = torch.stack([(padding if i % 2 == 0 else state)[i] for i in range(2 * L)])
    return {
        f"This is {other}: return output, (h_n, c_n).": torch.stack([cell[3 - index] for cell in right]),
        f"{name} has all forward cells first: it goes layer by layer, in each layer forward before backward.": (
            state.view(L, 2, B, H).transpose(0, 1).reshape(2 * L, B, H)
        ),
        f"In {name} backward comes before forward: it goes like the cells.": (
            state.view(L, 2, B, H).flip(1).reshape(2 * L, B, H)
        ),
        f"{name} begins with the top layer: it begins with the first.": (
            state.view(L, 2, B, H).flip(0).reshape(2 * L, B, H)
        ),
        f"{name} holds the top layer alone: it holds the states of all {2 * L} cells.": state[-2:],
        f"{name} is not batch first: it is (2L, B, H), as torch has it.": state.transpose(0, 1),
        f"You joined the two directions of {name}: it has an entry for each cell, (2L, B, H).": (
            torch.cat([state[::2], state[1::2]], dim=2)
        ),
        f"{name} is the state at the end of the padding: a row's state stays as it is after its last valid step.": (
            padding
        ),
        f"The forward part of {name} has read the padding: a row's state stays as it is after its last valid step.": (
            half
        ),
        f"The backward part of {name} is from each row's last step, where that cell starts: it ends at step 0.": (
            torch.stack([cell[0][torch.arange(B), lengths - 1] if i % 2 else cell[1] for i, cell in enumerate(right)])
        ),
        f"{name} is output's state at the last step: the backward cells end at step 0, and the forward ones at each "
        "row's last valid step.": torch.stack([cell[0][:, -1] for cell in right]),
    }


def assert_close(got, expected: Tensor, mistakes: Callable[[], dict], what: str) -> None:
    """`assert_equal_arrays`, which computes the mistakes only when there is one: each of them runs a whole stack."""
    try:
        assert_equal_arrays(got, expected, what=what)
    except AssertionError:
        assert_equal_arrays(got, expected, mistakes=mistakes(), what=what)


def assert_equals(got, right: nn.LSTM, x: Tensor, lengths: Tensor, more: dict | None = None, note: str = "") -> None:
    """Checks what the learner's network gave against torch's: output where it is valid, the padding, the state."""
    output, state_n = unpack(got, "output", "(h_n, c_n)")
    h_n, c_n = unpack(state_n, "h_n", "c_n")
    expected, (right_h, right_c) = torchs(right, x, lengths)
    valid = (torch.arange(x.shape[1]) < lengths[:, None])[..., None]
    what = f"(for lengths {lengths.tolist()}, D = {right.input_size}, H = {right.hidden_size}, "
    what += f"{right.num_layers} layer{'s' * (right.num_layers > 1)}{note})"
    shown = output
    if isinstance(output, Tensor) and output.shape == expected.shape:
        shown = torch.where(valid, output, 0)

    def shorter_rows() -> Tensor:
        """The learner's output, if it is right in the rows without padding and wrong in others."""
        full = lengths == x.shape[1]
        assert full.any()
        assert torch.allclose(shown[full], expected[full], atol=1e-5)
        return shown

    padded = {
        "The rows without padding are right, the shorter ones are not. In the padding neither h nor c may change, and "
        "a backward cell starts from zeros at each row's last valid step, lengths[b] - 1.": shorter_rows
    }
    assert_close(
        shown, expected.detach(), lambda: (more or {}) | mistakes(right, x, lengths, valid) | padded, f"output {what}"
    )
    padding = int((output.masked_fill(valid, 0) != 0).sum())
    assert not padding, (
        f"output should be 0 in the padding, after each row's length, but {padding} of its numbers there are not "
        f"{what}. The valid part is right: multiply output by the mask in the end."
    )
    assert_close(h_n, right_h.detach(), lambda: state_mistakes(right, x, lengths, 1), f"h_n {what}")
    assert_close(c_n, right_c.detach(), lambda: state_mistakes(right, x, lengths, 2), f"c_n {what}")


def batch(lengths: list[int], D: int, spare: int = 0) -> tuple[Tensor, Tensor]:
    """Sequences with random numbers in their padding, as long as the longest and `spare` steps, and their lengths."""
    return torch.randn(len(lengths), max(lengths) + spare, D), torch.tensor(lengths)


@points(1)
@pytest.mark.parametrize(("D", "H", "L"), [(3, 5, 1), (3, 4, 3)])
def test_parameters(student, D, H, L):
    """self.cells holds two cells for each layer."""
    built(student, D, H, L)


@points(2)
@pytest.mark.parametrize(("lengths", "D", "H"), [([3, 3, 3], 3, 3), ([5, 5], 3, 4)])
def test_one_layer(student, lengths, D, H):
    """One layer, both directions, no padding."""
    model, right = built(student, D, H, 1)
    x, lengths = batch(lengths, D)
    assert_equals(model(x, lengths), right, x, lengths)


@points(3)
@pytest.mark.parametrize(("lengths", "D", "H", "L"), [([4, 4], 3, 5, 2), ([2, 2, 2], 4, 3, 3), ([1], 2, 3, 2)])
def test_deep(student, lengths, D, H, L):
    """Several layers, no padding; a single step too."""
    model, right = built(student, D, H, L)
    x, lengths = batch(lengths, D)
    assert_equals(model(x, lengths), right, x, lengths)


@points(3)
@pytest.mark.parametrize(("lengths", "D", "H", "L"), [([3, 5, 1, 4], 2, 3, 1), ([2, 6, 1, 4], 3, 2, 2)])
@pytest.mark.parametrize("spare", [0, 2])
def test_lengths(student, lengths, D, H, L, spare):
    """Rows of different lengths in a padded batch; the longest may end before it."""
    model, right = built(student, D, H, L)
    x, lengths = batch(lengths, D, spare)
    assert_equals(model(x, lengths), right, x, lengths)


@points(2)
@pytest.mark.parametrize("L", [1, 3])
def test_dropout_in_training(student, L):
    """With dropout 1 all is dropped between layers, and nothing anywhere else."""
    model, right = built(student, 3, 4, L, dropout=1.0)
    x, lengths = batch([2, 4, 1], 3)
    valid = (torch.arange(4) < lengths[:, None])[..., None]

    def gives(*drop: str) -> Callable[[], Tensor]:
        return lambda: torch.cat([states for states, _, _ in faulty(right, x, lengths, drop=drop)[-2:]], dim=2) * valid

    wrong = {
        "Dropout acts on the top layer's output: it belongs between the layers only.": torch.zeros(3, 4, 8),
        "Nothing is dropped: in training, drop from the output of each layer but the last.": gives(),
        "Dropout acts on x: it belongs between the layers only.": gives("input"),
        "Dropout acts on x too: it belongs between the layers only.": gives("input", "between"),
        "Dropout acts on the state from step to step: it belongs between the layers only.": gives("steps"),
        "Dropout acts on the state from step to step too: it belongs between the layers only.": (
            gives("steps", "between")
        ),
    }
    assert_equals(model(x, lengths), right, x, lengths, wrong, ", dropout 1.0 in training")


@points(1)
def test_dropout_in_evaluation(student):
    """After eval() nothing is dropped."""
    model, right = built(student, 3, 4, 2, dropout=0.7)
    x, lengths = batch([2, 4, 1], 3)
    model.eval()
    first, second = (unpack(model(x, lengths), "output", "(h_n, c_n)")[0] for _ in range(2))
    same = not isinstance(first, Tensor) or (first.shape == second.shape and torch.equal(first, second))
    assert same, (
        "After model.eval() two calls disagree: dropout is still on. Use nn.Dropout, or hand self.training on to "
        "F.dropout."
    )
    assert_equals(model(x, lengths), right.eval(), x, lengths, note=", dropout 0.7 in evaluation")


@points(2)
def test_gradient(student):
    """Gradients reach x and all parameters; what stands in the padding gets none."""
    model, right = built(student, 3, 2, 2)
    x, lengths = batch([2, 4, 1], 3)
    upstream = torch.randn(3, 4, 4)
    assert_equals(model(x, lengths), right, x, lengths)
    leaf = x.clone().requires_grad_()
    parameters = [value for cell in cells(right) for value in cell.values()]
    names = [f"cells.{i}.{name}" for i, cell in enumerate(cells(right)) for name in cell]
    expected = torch.autograd.grad(torchs(right, leaf, lengths)[0], [leaf, *parameters], upstream)
    got = student.grad(model, (x, lengths), wrt=(0, *names), upstream=(upstream, None))
    for value, correct, name in zip(got, expected, ["x", *names], strict=True):
        try:
            assert_equal_arrays(value, correct, what=f"the gradient with respect to {name}")
        except AssertionError as error:
            cut = "output is right, but its gradient is not: is something cut off by detach(), .data or no_grad(), "
            raise AssertionError(f"{cut}between the steps or between the layers?\n{error}") from None


@points(1)
def test_manners(student):
    """In a float64 model everything is float64, and the arguments stay as they are."""
    model, right = built(student, 3, 2, 2)
    model.double()
    x, lengths = batch([2, 4, 1], 3)
    try:
        got = model(x.double(), lengths)
    except LearnerError as error:
        if "dtype" not in str(error):
            raise
        remedy = "Something in your network is float32 whatever x is: make the first states by x.new_zeros(...)."
        raise AssertionError(f"{remedy}\n{error}") from None
    assert_unchanged(student, "x", "lengths")
    assert_equals(got, right.double(), x.double(), lengths)
