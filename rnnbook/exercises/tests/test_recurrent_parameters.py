"""Exercise `recurrent-parameters`: the size of any RNN, LSTM or GRU, and the hidden size that a budget allows."""

import functools
import itertools

import pytest
import torch

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_raises
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="recurrent-parameters",
    chapter="04_lstm_gru",
    place=4,
    title="Cells of equal size",
    defines=("recurrent_parameters", "hidden_size_for"),
    hints=(
        "A gate is a small recurrent layer of its own: two matrices and two biases. How many such blocks does each "
        "cell compute in a step? The new value of an LSTM or a GRU is one of them.",
        "With H = hidden_size, a layer that reads W numbers has gates * (H * W + H * H + 2 * H) parameters in each "
        "direction, where gates is 1, 4 or 3. W is input_size in the first layer, and directions * H in the others.",
        "The count grows with H, so try H = 1, 2, 3, ... and stop before the first that is over the budget: "
        "`while recurrent_parameters(cell, input_size, H + 1, ...) <= budget: H += 1`. Doubling H first is quicker.",
    ),
    forbidden=("torch.nn", "rnnbook.layers", "rnnbook.models", "rnnbook.numpy_rnn"),
)
CELLS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
MADE_OF = {
    "rnn": "a vanilla RNN has one block",
    "lstm": "an LSTM has 4 blocks, three gates and the new value",
    "gru": "a GRU has 3 blocks, two gates and the new value",
}


@functools.cache
def expected(cell: str, D: int, H: int, num_layers: int = 1, bidirectional: bool = False, bias: bool = True) -> int:
    """What torch counts; tensors on the device "meta" have a shape but no memory."""
    network = CELLS[cell](D, H, num_layers, bidirectional=bidirectional, bias=bias, device="meta")
    return sum(parameter.numel() for parameter in network.parameters())


def largest(cell: str, D: int, budget: int, **settings) -> int:
    """The largest hidden size whose count is within the budget; 0 if none is."""
    low, high = 0, budget + 1  # even an RNN of this size would be over the budget: it has more than H * H parameters
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if formula(cell, D, middle, **settings) <= budget else (low, middle)
    return low


def formula(cell: str, D: int, H: int, num_layers: int = 1, bidirectional: bool = False, bias: bool = True) -> int:
    """The same as `expected`, quicker."""
    directions = 1 + bidirectional
    return count([D] + [directions * H] * (num_layers - 1), H, GATES[cell], directions, 2 * bias)


def count(reads: list[int], H: int, gates: int, directions: int, biases: int) -> int:
    """The formula, for layers that read so many numbers each."""
    return gates * directions * sum(H * width + H * H + biases * H for width in reads)


def mistakes(cell: str, D: int, H: int, num_layers: int = 1, bidirectional: bool = False, bias: bool = True) -> dict:
    """What people write instead of the count, and what it gives."""
    L, directions, biases, gates = num_layers, 1 + bidirectional, 2 * bias, GATES[cell]
    reads = [D] + [directions * H] * (L - 1)
    right = count(reads, H, gates, directions, biases)
    of_another_cell = {
        f"You counted {others}, but {MADE_OF[cell]}.": count(reads, H, others, directions, biases)
        for others in range(1, 6)
        if others != gates
    }
    return of_another_cell | {
        "The number is right, but a count is an integer: use // instead of /.": float(right),
        "You counted one bias: torch's cells have two, b_ih and b_hh"
        + (", in each direction." if bidirectional else "."): count(reads, H, gates, directions, 1),
        "You left out the biases.": count(reads, H, gates, directions, 0),
        "You counted biases, though bias=False.": count(reads, H, gates, directions, 2),
        "You counted one bias, though bias=False.": count(reads, H, gates, directions, 1),
        "Each block has biases of its own: multiply them by the number of blocks too.": (
            count(reads, H, gates, directions, 0) + biases * directions * L * H
        ),
        "Each block reads the input with a matrix of its own: multiply W_ih by the number of blocks too.": (
            right - (gates - 1) * directions * H * sum(reads)
        ),
        "Each block reads the state with a matrix of its own: multiply W_hh by the number of blocks too.": (
            right - (gates - 1) * directions * L * H * H
        ),
        "You left out the matrices W_hh.": right - gates * directions * L * H * H,
        "You left out the matrices W_ih.": right - gates * directions * H * sum(reads),
        "You counted one layer only.": count([D], H, gates, directions, biases),
        "You took every layer for the first: those above read the states of the layer below, not the input.": (
            count([D] * L, H, gates, directions, biases)
        ),
        "Your layers above the first read H numbers: with two directions below they read 2 * H.": (
            count([D] + [H] * (L - 1), H, gates, directions, biases)
        ),
        "Your first layer reads hidden_size numbers: it reads the input.": (
            count([directions * H] * L, H, gates, directions, biases)
        ),
        "You left out the second direction: with bidirectional=True each layer has all its parameters twice.": (
            count([D] + [H] * (L - 1), H, gates, 1, biases)
        ),
        "You counted one direction in each layer: there are two sets of parameters.": (
            count(reads, H, gates, 1, biases)
        ),
        "You took W_hh for wider than it is: the two directions of a layer do not see each other's states.": (
            right + gates * directions * L * (directions - 1) * H * H
        ),
        "You counted an output layer too: the recurrent layers alone have none.": right + D * (directions * H + 1),
    }


def wrong_sizes(cell: str, D: int, budget: int, **settings) -> dict:
    """What people write instead of the hidden size, and what it gives."""
    right = largest(cell, D, budget, **settings)
    of_another_cell = {
        f'That would be right for {MADE_OF[other].split(" has")[0]}: the cell here is "{cell}".': (
            largest(other, D, budget, **settings)
        )
        for other in CELLS
        if other != cell
    }
    return {
        "The number is right, but a hidden size is an integer.": float(right),
        "That is one too many: its parameters are over the budget, though perhaps nearer to it.": right + 1,
        "That is one too few: the next hidden size is still within the budget, which may be used up.": right - 1,
        "You returned the number of parameters: return the hidden size.": formula(cell, D, right, **settings),
        "Did you hand num_layers, bidirectional and bias on to recurrent_parameters?": largest(cell, D, budget),
    } | of_another_cell


def said(name: str, cell: str, *sizes: int, **settings) -> str:
    """The call as the learner would write it."""
    arguments = [f'"{cell}"', *map(str, sizes), *(f"{key}={value}" for key, value in settings.items())]
    return f"{name}({', '.join(arguments)})"


def assert_count(student, cell: str, *sizes: int, **settings) -> None:
    """Checks the count for these settings."""
    got = student.recurrent_parameters(cell, *sizes, **settings)
    wrong = mistakes(cell, *sizes, **settings)
    what = said("recurrent_parameters", cell, *sizes, **settings)
    assert_equal_arrays(got, expected(cell, *sizes, **settings), mistakes=wrong, what=what)


def assert_size(student, cell: str, D: int, budget: int, **settings) -> None:
    """Checks the hidden size for this budget."""
    got = student.hidden_size_for(cell, D, budget, **settings)
    right, wrong = largest(cell, D, budget, **settings), wrong_sizes(cell, D, budget, **settings)
    if isinstance(got, int) and got > right:
        wrong["That is too large: its parameters are over the budget."] = got
    elif isinstance(got, int):
        wrong["That is too small: a larger hidden size is still within the budget."] = got
    what = said("hidden_size_for", cell, D, budget, **settings)
    assert_equal_arrays(got, right, mistakes=wrong, what=what)


@points(3)
@pytest.mark.parametrize("cell", [*CELLS])
def test_one_layer(student, cell):
    """One layer of each cell, in one direction."""
    for sizes in [(3, 5), (7, 2), (1, 1), (100, 256)]:
        assert_count(student, cell, *sizes)


@points(1)
def test_without_bias(student):
    """Without biases."""
    for cell in CELLS:
        assert_count(student, cell, 3, 5, bias=False)


@points(3)
def test_layers_and_directions(student):
    """Several layers, one direction and two, with and without biases."""
    settings = itertools.product((2, 4), (False, True), (True, False))
    for cell, (num_layers, bidirectional, bias) in itertools.product(CELLS, settings):
        assert_count(student, cell, 10, 40, num_layers=num_layers, bidirectional=bidirectional, bias=bias)


@points(1)
def test_by_formula(student):
    """A formula, which counts what no memory could hold."""
    try:
        assert_count(student, "lstm", 10**7, 10**8, num_layers=3, bidirectional=True)
    except LearnerError as error:
        if error.status != "memory" and "alloc" not in str(error):
            raise
        raise AssertionError(
            "You built the network to count its parameters. This one, with input_size 10,000,000 and hidden_size "
            "100,000,000, fits into no memory: count by a formula, without torch.nn."
        ) from None


@points(1)
def test_unknown_cell(student):
    """A cell of another name raises a ValueError."""
    what = 'recurrent_parameters("mlp", 3, 5)'
    assert_raises(lambda: student.recurrent_parameters("mlp", 3, 5), "ValueError", names="mlp", what=what)


@points(3)
def test_hidden_size(student):
    """The largest hidden size whose parameters are within a budget."""
    for cell, budget in itertools.product(CELLS, (1000, 4321, 60_000)):
        assert_size(student, cell, 10, budget)


@points(2)
def test_hidden_size_with_settings(student):
    """The same for several layers and two directions; a budget may be used up to the last parameter."""
    settings = {"num_layers": 3, "bidirectional": True, "bias": False}
    for cell, spare in itertools.product(CELLS, (-1, 0, 1)):
        assert_size(student, cell, 10, expected(cell, 10, 17, **settings) + spare, **settings)


@points(1)
def test_no_hidden_size(student):
    """A budget too small for a single hidden unit raises a ValueError."""
    assert_size(student, "gru", 3, expected("gru", 3, 1))
    budget = expected("gru", 3, 1) - 1
    what = said("hidden_size_for", "gru", 3, budget)
    assert_raises(lambda: student.hidden_size_for("gru", 3, budget), "ValueError", what=what)
