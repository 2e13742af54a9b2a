"""Exercise `count-parameters`: the size of a recurrent network from its settings, against torch.nn.RNN."""

import pytest
import torch

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="count-parameters",
    chapter="01_sequences",
    place=4,
    title="How many parameters?",
    defines=("count_parameters",),
    hints=(
        "Begin with one layer in one direction. It has two matrices and two biases: write down the four shapes.",
        "Only the width of the input-to-hidden matrix differs from layer to layer. The first layer reads the input, "
        "the others the states of the layer below, of all its directions.",
        "With H = hidden_size and a layer that reads W numbers, each direction has H * W + H * H + 2 * H parameters. "
        "Multiply by the directions and add up the layers: W is input_size in the first, directions * H in the others.",
    ),
    forbidden=("torch.nn", "rnnbook.layers", "rnnbook.models"),
)


def expected(D: int, H: int, num_layers: int = 1, bidirectional: bool = False, bias: bool = True) -> int:
    """What torch counts; tensors on the device "meta" have a shape but no memory."""
    network = torch.nn.RNN(D, H, num_layers, bidirectional=bidirectional, bias=bias, device="meta")
    return sum(parameter.numel() for parameter in network.parameters())


def count(reads: list[int], H: int, directions: int, biases: int) -> int:
    """The formula, for layers that read so many numbers each."""
    return sum(directions * (H * width + H * H + biases * H) for width in reads)


def mistakes(D: int, H: int, num_layers: int = 1, bidirectional: bool = False, bias: bool = True) -> dict:
    """What people write instead, and what it gives."""
    L, directions, biases = num_layers, 1 + bidirectional, 2 * bias
    reads = [D] + [directions * H] * (L - 1)
    right = count(reads, H, directions, biases)
    return {
        "The number is right, but a count is an integer: use // instead of /.": float(right),
        "You counted one bias: there are two, b_ih and b_hh, of H numbers each.": right - directions * L * H,
        "You left out the biases.": count(reads, H, directions, 0),
        "You counted biases, though bias=False.": count(reads, H, directions, 2),
        "You left out the matrix W_hh, of (H, H) numbers in each layer.": right - directions * L * H * H,
        "You left out the matrix W_ih, of (H, D) numbers in the first layer.": right - directions * H * D,
        "You counted one layer only.": count([D], H, directions, biases),
        "Your layers above the first read input_size numbers: they read the states of the layer below.": (
            count([D] * L, H, directions, biases)
        ),
        "Your layers above the first read H numbers: with two directions below they read 2 * H.": (
            count([D] + [H] * (L - 1), H, directions, biases)
        ),
        "Your first layer reads hidden_size numbers: it reads the input.": (
            count([directions * H] * L, H, directions, biases)
        ),
        "You counted one direction: with bidirectional=True each layer has a second set of all its parameters.": (
            count([D] + [H] * (L - 1), H, 1, biases)
        ),
        "You counted one direction in each layer: there are two sets of parameters.": count(reads, H, 1, biases),
        "You counted an output layer too: nn.RNN has none.": right + D * (directions * H + 1),
    }


def assert_count(student, *sizes: int, **settings) -> None:
    """Checks the count for these settings."""
    call = (
        f"count_parameters({', '.join([*map(str, sizes), *(f'{name}={value}' for name, value in settings.items())])})"
    )
    got = student.count_parameters(*sizes, **settings)
    assert_equal_arrays(got, expected(*sizes, **settings), mistakes=mistakes(*sizes, **settings), what=call)


@points(3)
@pytest.mark.parametrize("sizes", [(3, 5), (7, 2), (1, 1), (100, 256)])
def test_one_layer(student, sizes):
    """One layer in one direction."""
    assert_count(student, *sizes)


@points(1)
def test_without_bias(student):
    """Without biases."""
    assert_count(student, 3, 5, bias=False)


@points(2)
@pytest.mark.parametrize("num_layers", [2, 3, 6])
def test_layers(student, num_layers):
    """Several layers."""
    assert_count(student, 10, 40, num_layers=num_layers)


@points(1)
def test_directions(student):
    """Both directions."""
    assert_count(student, 10, 40, bidirectional=True)


@points(2)
@pytest.mark.parametrize("num_layers", [2, 3, 4])
@pytest.mark.parametrize("bias", [True, False])
def test_layers_of_both_directions(student, num_layers, bias):
    """Several layers of both directions, with and without biases."""
    assert_count(student, 10, 40, num_layers=num_layers, bidirectional=True, bias=bias)


@points(1)
def test_by_formula(student):
    """A formula, which counts what no memory could hold."""
    try:
        assert_count(student, 10**7, 10**8, num_layers=3, bidirectional=True)
    except LearnerError as error:
        if error.status != "memory" and "alloc" not in str(error):
            raise
        raise AssertionError(
            "You built the network to count its parameters. This one, with input_size 10,000,000 and hidden_size "
            "100,000,000, fits into no memory: count by a formula, without torch.nn."
        ) from None
