"""Exercise `forget-bias`: the forget gates of an nn.LSTM set to a chosen bias, and nothing else."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_raises
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.student import Handle
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="forget-bias",
    chapter="04_lstm_gru",
    place=3,
    title="A forget gate that starts open",
    defines=("make_lstm", "set_forget_bias"),
    hints=(
        "Print [(name, p.shape) for name, p in lstm.named_parameters()] for an LSTM of two layers and two directions. "
        "Which of the parameters hold a bias of a forget gate, and where in them?",
        "Each bias is (4H,), four blocks in the order i, f, g, o: the forget gate's is bias[H : 2 * H]. Loop over "
        "named_parameters() to reach all layers and directions, and change numbers inside `with torch.no_grad():`.",
        'In the loop: if name.startswith("bias_ih"): parameter[H : 2 * H] = value, and if name.startswith("bias_hh"): '
        "parameter[H : 2 * H] = 0, with H = lstm.hidden_size. Before it: if not lstm.bias, raise a ValueError. After "
        "it: return lstm.",
    ),
    forbidden=("rnnbook.layers",),
)


def ready(student, D: int, H: int, **options) -> tuple[Handle, nn.LSTM]:
    """An LSTM on the learner's side, and torch's with the same parameters."""
    lstm, right = student.make_lstm(D, H, **options), nn.LSTM(D, H, **options)
    lstm.load_state_dict(right.state_dict())
    return lstm, right


def set_forget_bias(student, lstm: Handle, value: float):
    """The learner's call; torch's refusal to have a parameter changed in place is explained."""
    try:
        return student.set_forget_bias(lstm, value)
    except LearnerError as error:
        if "in-place operation" not in error.said:
            raise
        raise AssertionError(
            "torch keeps track of what is done to a parameter, and refuses to have it changed in place. Change it "
            f"inside `with torch.no_grad():`.\n{error}"
        ) from None


def expected(before: dict[str, Tensor], value: float) -> dict[str, Tensor]:
    """The right parameters: `value` in the forget gates' part of each bias_ih, 0 in that of each bias_hh."""
    return put(before, value, 0.0)


def put(
    before: dict[str, Tensor],
    ih: float | None,
    hh: float | None,
    blocks: tuple[int, ...] = (1,),
    where: Callable[[str], bool] = lambda name: name.startswith("bias"),
) -> dict[str, Tensor]:
    """The parameters with some numbers in some blocks of bias_ih and bias_hh; None leaves what is there."""
    after = {name: parameter.clone() for name, parameter in before.items()}
    for name in filter(where, after):
        number = ih if "_ih_" in name else hh
        if number is not None:
            for block in blocks:
                after[name].chunk(4)[block][:] = number
    return after


def mistakes(before: dict[str, Tensor], value: float) -> list[tuple[str, dict[str, Tensor]]]:
    """What people do instead, and the parameters that it gives."""
    right = expected(before, value)
    zeros = {name: 0 * tensor if name.startswith("bias") else tensor for name, tensor in before.items()}
    plus = {name: tensor.clone() for name, tensor in before.items() if name.startswith("bias_ih")}
    for tensor in plus.values():
        tensor.chunk(4)[1].add_(value)
    H = before["weight_hh_l0"].shape[1]
    last = f"_l{max(int(name[len('bias_ih_l')]) for name in plus)}"
    quarter = {name: tensor.clone() for name, tensor in before.items()}
    for name in quarter:
        if name.startswith("bias"):
            quarter[name][H // 4 : H // 2] = value if name in plus else 0.0
    rest = "the forget gate's is the second of the four blocks, bias[H : 2 * H]. Leave the others as they are."
    wrong_blocks = {
        (0,): f"You set the first block, which is the input gate's: {rest}",
        (2,): f"You set the third block, which belongs to the new value g: {rest}",
        (3,): f"You set the last block, which is the output gate's: {rest}",
        (0, 1): f"You set the first two blocks: {rest}",
        (1, 2, 3): f"You set all blocks from the second on: {rest}",
        (0, 1, 2, 3): f"You set the whole bias: {rest}",
    }
    return [
        ("Nothing has changed: change the parameters of `lstm` itself, not those of a copy or of a new LSTM.", before),
        (
            f"You put the value into both biases. The gate adds the two, so that its bias is now {2 * value:g}: put "
            "the value into bias_ih, and 0 into bias_hh.",
            put(before, value, value),
        ),
        (
            "You left bias_hh as it was. The gate adds its two biases, so that this random number is still in it: put "
            "0 into the forget gate's part of bias_hh.",
            put(before, value, None),
        ),
        (
            "You set bias_hh, and left bias_ih as it was: put the value into bias_ih, and 0 into bias_hh.",
            put(before, None, value),
        ),
        ("You added the value to what was there: put it in its place.", right | plus),
        (
            "You added the value to what was there: put it in its place, and 0 into the forget gate's part of bias_hh.",
            before | plus,
        ),
        (
            "You set the first layer only: the others have bias_ih_l1, bias_ih_l2 and so on.",
            put(before, value, 0.0, where=lambda name: "bias" in name and "_l0" in name),
        ),
        (
            "You set the forward direction only: the names of the backward one's biases end in _reverse.",
            put(before, value, 0.0, where=lambda name: "bias" in name and "_reverse" not in name),
        ),
        (
            "You set one layer in one direction only: named_parameters() gives the biases of all.",
            put(before, value, 0.0, where=lambda name: "bias" in name and name.endswith("_l0")),
        ),
        ("You set all other biases to 0: leave the other gates' as they are.", put(zeros, value, 0.0)),
        (
            "You set all other biases to 0, and both forget biases to the value: leave the other gates' as they are, "
            "and set one forget bias to the value, the other to 0.",
            put(zeros, value, value),
        ),
        (
            "You set the whole of bias_hh to 0: only the forget gate's part, bias_hh[H : 2 * H].",
            right | {name: tensor for name, tensor in zeros.items() if name.startswith("bias_hh")},
        ),
        (
            "You changed the weights too: a bias is a parameter whose name starts with bias.",
            put(before, value, 0.0, where=lambda name: True),
        ),
        (
            "You changed the weights in the place of the biases: a bias's name starts with bias.",
            put(before, value, 0.0, where=lambda name: "weight" in name),
        ),
        (
            "You set the last layer only: the others' biases are bias_ih_l0, bias_ih_l1 and so on.",
            put(before, value, 0.0, where=lambda name: name.startswith("bias") and last in name),
        ),
        (
            "You took the second quarter of H numbers: a bias has 4H of them, and the forget gate's are "
            "bias[H : 2 * H].",
            quarter,
        ),
        ("You set the bias to 1, whatever `value` is.", expected(before, 1.0)),
        *(
            (sentence, put(before, value, hh, blocks))
            for blocks, sentence in wrong_blocks.items()
            for hh in (0.0, value, None)
        ),
    ]


def assert_set(got: dict[str, Tensor], before: dict[str, Tensor], value: float) -> None:
    """Checks all parameters after `set_forget_bias(lstm, value)`."""
    right = expected(before, value)
    assert sorted(got) == sorted(right), (
        f"The LSTM should keep its parameters {', '.join(right)}, but now it has {', '.join(got)}."
    )
    if same(got, right):
        return
    named = next((sentence for sentence, wrong in mistakes(before, value) if same(got, wrong)), None)
    if not named and same(sums(got), sums(right)):
        named = "The two biases have the right sum, but the task asks for the value in bias_ih, and 0 in bias_hh."
    for name in right:
        what = f"{name} after set_forget_bias(lstm, {value:g})"
        assert_equal_arrays(got[name], right[name], mistakes={named: got[name]} if named else None, what=what)


def sums(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """The parameters with the two biases of each layer and direction added."""
    pairs = {name: name.replace("bias_hh", "bias_ih") for name in parameters if name.startswith("bias_hh")}
    added = {name: parameters[name] + parameters[partner] for name, partner in pairs.items()}
    return parameters | added | {partner: added[name] for name, partner in pairs.items()}


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    """Whether all parameters are equal."""
    return all(a[name].shape == b[name].shape and torch.allclose(a[name], b[name], atol=1e-6) for name in b)


@points(3)
@pytest.mark.parametrize(("D", "H"), [(3, 5), (4, 2), (2, 8)])
def test_one_layer(student, D, H):
    """One layer in one direction: the forget bias is 1, and all else is as before."""
    lstm, right = ready(student, D, H)
    set_forget_bias(student, lstm, 1.0)
    assert_set(lstm.state_dict(), right.state_dict(), 1.0)


@points(1)
@pytest.mark.parametrize("value", [2.5, 0.0, -1.0])
def test_value(student, value):
    """Other values, 0 and a negative one too."""
    lstm, right = ready(student, 3, 4)
    set_forget_bias(student, lstm, value)
    assert_set(lstm.state_dict(), right.state_dict(), value)


@points(2)
@pytest.mark.parametrize("num_layers", [2, 3])
def test_layers(student, num_layers):
    """All layers."""
    lstm, right = ready(student, 3, 4, num_layers=num_layers, batch_first=True)
    set_forget_bias(student, lstm, 3.0)
    assert_set(lstm.state_dict(), right.state_dict(), 3.0)


@points(2)
@pytest.mark.parametrize("num_layers", [2, 1])
def test_directions(student, num_layers):
    """Both directions."""
    lstm, right = ready(student, 3, 4, num_layers=num_layers, bidirectional=True)
    set_forget_bias(student, lstm, 3.0)
    assert_set(lstm.state_dict(), right.state_dict(), 3.0)


@points(1)
def test_gives_the_lstm_back(student):
    """The LSTM comes back, and computes with its new biases."""
    lstm, right = ready(student, 3, 4)
    got = set_forget_bias(student, lstm, 2.0)
    remedy = "End the function with `return lstm`."
    assert isinstance(got, Handle), f"set_forget_bias should give the LSTM back, but it gave {describe(got)}. {remedy}"
    after = expected(right.state_dict(), 2.0)
    assert_set(got.state_dict(), right.state_dict(), 2.0)
    right.load_state_dict(after)
    x = torch.randn(5, 2, 3)
    output, _ = got(x)
    stale = "The LSTM computes with other numbers than its parameters: change them in place, by parameter[a:b] = ..."
    assert_equal_arrays(output, right(x)[0].detach(), mistakes={stale: output}, what="its output")


@points(2)
def test_still_learns(student):
    """The biases are still parameters that learn."""
    lstm, right = ready(student, 3, 4)
    set_forget_bias(student, lstm, 1.0)
    assert_set(lstm.state_dict(), right.state_dict(), 1.0)
    right.load_state_dict(expected(right.state_dict(), 1.0))
    x, upstream = torch.randn(5, 2, 3), torch.randn(5, 2, 4)
    names = [name for name, _ in right.named_parameters()]
    expected_gradients = torch.autograd.grad(right(x)[0], [*right.parameters()], upstream)
    try:
        gradients = student.grad(lstm, (x,), names, (upstream, None))
    except LearnerError as error:
        if "require grad" not in error.said and "No gradient" not in str(error):
            raise
        raise AssertionError(
            "The parameters can no longer learn, because requires_grad is off. Leave it on, and change the numbers "
            f"inside `with torch.no_grad():`, which ends with its block.\n{error}"
        ) from None
    for name, got, wanted in zip(names, gradients, expected_gradients, strict=True):
        assert_equal_arrays(got, wanted, what=f"the gradient with respect to {name}")


@points(1)
def test_without_bias(student):
    """An LSTM without biases raises a ValueError."""
    lstm, _ = ready(student, 3, 4, bias=False)
    what = "set_forget_bias for an LSTM made with bias=False, which has no forget bias to set,"
    assert_raises(lambda: student.set_forget_bias(lstm, 1.0), "ValueError", what=what)
