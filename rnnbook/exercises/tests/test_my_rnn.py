"""Exercise `my-rnn`: parameters, states, gradients and manners of a one-layer RNN, against torch.nn.RNN."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged, unpack
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="my-rnn",
    chapter="02_rnn",
    place=2,
    title="A recurrent layer that equals torch's",
    defines=("MyRNN",),
    hints=(
        "x[:, t] is the whole batch at step t, (B, D). What else does a step need, and what does it leave for the next "
        "one?",
        "In __init__: one nn.Parameter for each name of the table. In forward: start from h = h_0[0], or from zeros "
        "made by x.new_zeros; loop over t; keep each new state in a list.",
        "In the loop: h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + "
        "self.bias_hh_l0). After it: torch.stack(states, dim=1) and h.unsqueeze(0).",
    ),
    forbidden=(
        *("torch.nn.RNN", "torch.nn.RNNCell", "torch.nn.RNNBase", "torch.rnn_tanh", "torch.rnn_tanh_cell", "torch._VF"),
        *("rnnbook.layers", "rnnbook.models", "rnnbook.numpy_rnn"),
    ),
)


def layers(student, D: int, H: int):
    """The learner's layer, and torch's with the same parameters."""
    right = nn.RNN(D, H, batch_first=True)
    model = student.MyRNN(D, H)
    parameters(model, D, H)
    model.load_state_dict(right.state_dict())
    return model, right


def parameters(model, D: int, H: int) -> dict[str, Tensor]:
    """The learner's parameters by name, which have been checked to have nn.RNN's names and shapes."""
    got, right = model.state_dict(), nn.RNN(D, H).state_dict()
    assert sorted(got) == sorted(right), (
        f"The parameters should be called {', '.join(right)}, but your layer has {', '.join(got) or 'none'}. "
        "Each is an nn.Parameter and an attribute of self."
    )
    for name, parameter in right.items():
        expected, found = tuple(parameter.shape), tuple(got[name].shape)
        remedy = " Weights are (out, in)." if found == expected[::-1] else ""
        assert found == expected, f"In MyRNN({D}, {H}), {name} should have shape {expected}, but it is {found}.{remedy}"
    return got


def assert_equals_torch(got, right: nn.RNN, x: Tensor, h_0: Tensor, more: dict | None = None) -> None:
    """Checks what the learner's layer gave, output first, against torch's."""
    output, h_n = unpack(got, "output", "h_n")
    B, T, _ = x.shape
    what = f"(for batch {B}, {T} steps, input size {right.input_size}, hidden size {right.hidden_size})"
    right_output, right_h_n = (value.detach() for value in right(x, h_0))
    wrong = output_mistakes(right, x, h_0) | (more or {})
    assert_equal_arrays(output, right_output, mistakes=wrong, what=f"output {what}")
    assert_equal_arrays(h_n, right_h_n, mistakes=h_n_mistakes(right_output, h_0), what=f"h_n {what}")


def unroll(x: Tensor, h: Tensor, step: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The states (B, T, H) of a step that somebody wrote."""
    states = []
    for x_t in x.unbind(1):
        h = step(x_t, h)
        states.append(h)
    return torch.stack(states, dim=1)


@torch.no_grad()
def output_mistakes(right: nn.RNN, x: Tensor, h_0: Tensor) -> dict:
    """What people write instead, and the output that it gives."""
    W_ih, W_hh, b_ih, b_hh = right.parameters()
    start = h_0[0]
    output, _ = right(x, h_0)
    before = torch.cat([start[:, None], output[:, :-1]], dim=1)
    time_first = nn.RNN(right.input_size, right.hidden_size)
    time_first.load_state_dict(right.state_dict())
    return {
        "You left out the bias bias_hh_l0.": unroll(x, start, lambda x, h: torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T)),
        "You left out the bias bias_ih_l0.": unroll(x, start, lambda x, h: torch.tanh(x @ W_ih.T + h @ W_hh.T + b_hh)),
        "You left out both biases.": unroll(x, start, lambda x, h: torch.tanh(x @ W_ih.T + h @ W_hh.T)),
        "You left out the tanh.": unroll(x, start, lambda x, h: x @ W_ih.T + b_ih + h @ W_hh.T + b_hh),
        "You left weight_hh_l0 untransposed: a batch needs h @ weight_hh_l0.T.": (
            unroll(x, start, lambda x, h: torch.tanh(x @ W_ih.T + b_ih + h @ W_hh + b_hh))
        ),
        "You started from zeros: when h_0 is given, the first step starts from it.": right(x)[0],
        "The state is not handed on: each step starts from h_0 again instead of from the step before.": (
            unroll(x, start, lambda x, _: torch.tanh(x @ W_ih.T + b_ih + start @ W_hh.T + b_hh))
        ),
        "You returned the last state only: output holds the state after every step.": output[:, -1],
        "You stacked the states with time first: torch.stack(states, dim=1) puts the batch first.": (
            output.transpose(0, 1)
        ),
        "You saved the states before their step: output[:, 0] is the state after reading x[:, 0].": before,
        "output has one state too many: it starts with the state after reading x[:, 0], not with h_0.": (
            torch.cat([before, output[:, -1:]], dim=1)
        ),
        "You left out the first input: the loop starts at x[:, 0], not at x[:, 1].": (
            lambda: right(x[:, 1:], h_0)[0]  # not with a single step
        ),
        "You left out the last input: the loop ends with x[:, T - 1], so it is range(T).": output[:, :-1],
        "You read the sequence from its end.": right(x.flip(1), h_0)[0],
        # The others have a value only where the sizes happen to fit.
        "You left weight_ih_l0 untransposed: a batch needs x[:, t] @ weight_ih_l0.T.": (
            lambda: unroll(x, start, lambda x, h: torch.tanh(x @ W_ih + b_ih + h @ W_hh.T + b_hh))
        ),
        "You left both weights untransposed: they are (out, in), so a batch needs .T.": (
            lambda: unroll(x, start, lambda x, h: torch.tanh(x @ W_ih + b_ih + h @ W_hh + b_hh))
        ),
        "You looped over the batch: x is (B, T, D), so step t reads x[:, t], not x[t].": lambda: time_first(x, h_0)[0],
        "You looped over the batch: x is (B, T, D), so step t reads x[:, t], and not x[t].": (
            lambda: time_first(x, h_0)[0].transpose(0, 1)
        ),
    }


def h_n_mistakes(output: Tensor, h_0: Tensor) -> dict:
    """The same for h_n, (1, B, H)."""
    return {
        "h_n lacks the axis of the layers: it is (1, B, H), the one layer first.": output[:, -1],
        "h_n is not batch first: it is (1, B, H), as torch has it whatever batch_first is.": output[:, -1:],
        "h_n is the state before the first step: return the one after the last.": h_0,
        "h_n is the state after the first step: return the one after the last.": output[:, 0][None],
        "h_n holds all states: it is only the one after the last step.": output,
    }


def detached(right: nn.RNN, x: Tensor, h_0: Tensor) -> tuple[Tensor, Tensor]:
    """output and h_n of a layer that cuts the graph between its steps."""
    W_ih, W_hh, b_ih, b_hh = right.parameters()
    output = unroll(x, h_0[0], lambda x, h: torch.tanh(x @ W_ih.T + b_ih + h.detach() @ W_hh.T + b_hh))
    return output, output[:, -1][None]


@points(2)
def test_parameters(student):
    """The parameters have the names and shapes of nn.RNN's."""
    parameters(student.MyRNN(3, 5), 3, 5)


@points(2)
def test_square(student):
    """Batch, steps, input and hidden size all equal."""
    model, right = layers(student, 3, 3)
    x = torch.randn(3, 3, 3)
    assert_equals_torch(model(x), right, x, torch.zeros(1, 3, 3))


@points(3)
@pytest.mark.parametrize(("B", "T", "D", "H"), [(2, 7, 3, 5), (5, 2, 4, 3), (3, 1, 2, 4), (1, 6, 1, 2)])
def test_sizes(student, B, T, D, H):
    """Batch, steps, input and hidden size all different; a single step too."""
    model, right = layers(student, D, H)
    x = torch.randn(B, T, D)
    assert_equals_torch(model(x), right, x, torch.zeros(1, B, H))


@points(2)
def test_h_0(student):
    """A state to start from, h_0, (1, B, H)."""
    model, right = layers(student, 3, 5)
    x, h_0 = torch.randn(2, 4, 3), torch.randn(1, 2, 5)
    assert_equals_torch(model(x, h_0), right, x, h_0)


@points(1)
def test_calls_are_independent(student):
    """A second call starts from zeros again."""
    model, right = layers(student, 3, 5)
    x, h_0 = torch.randn(2, 4, 3), torch.zeros(1, 2, 5)
    model(x)
    carried = right(x, right(x)[1])[0].detach()
    remembered = "Your layer remembers the state of the call before: keep h in a local variable, not in self."
    assert_equals_torch(model(x), right, x, h_0, more={remembered: carried})


@points(2)
def test_gradient(student):
    """The gradient goes back through all steps to the inputs, h_0 and the parameters."""
    model, right = layers(student, 3, 5)
    x, h_0 = torch.randn(2, 4, 3, requires_grad=True), torch.randn(1, 2, 5, requires_grad=True)
    upstream = torch.randn(2, 4, 5), torch.randn(1, 2, 5)
    assert_equals_torch(model(x.detach(), h_0.detach()), right, x.detach(), h_0.detach())
    names = [name for name, _ in right.named_parameters()]
    leaves = [x, h_0, *right.parameters()]
    outputs, cut_outputs = right(x, h_0), detached(right, x, h_0)
    expected = torch.autograd.grad(outputs, leaves, upstream, retain_graph=True)
    without_h_n = torch.autograd.grad(outputs[:1], leaves, upstream[:1])
    cut = torch.autograd.grad(cut_outputs, leaves, upstream, materialize_grads=True)
    got = student.grad(model, (x.detach(), h_0.detach()), wrt=(0, 1, *names), upstream=upstream)
    for i, name in enumerate(["x", "h_0", *names]):
        mistakes = {
            f"No gradient reaches {name}: is it unused, or cut off by detach() or .data?": 0 * expected[i],
            "The gradient does not go back from step to step: is h cut off by detach() or .data?": cut[i],
            "No gradient goes back through h_n: is it detached?": without_h_n[i],
        }
        assert_equal_arrays(got[i], expected[i], mistakes=mistakes, what=f"the gradient with respect to {name}")


@points(1)
def test_initial_weights(student):
    """The weights start at random, between -1/√H and 1/√H."""
    got = parameters(student.MyRNN(30, 64), 30, 64)
    for name in ("weight_ih_l0", "weight_hh_l0"):
        low, high = got[name].min().item(), got[name].max().item()
        span = f"For H = 64, {name} should start within ±1/√H = ±{1 / 8}, but yours goes from {low:.3g} to {high:.3g}."
        assert low < high, f"{span} Units that start equal stay equal: draw from uniform_(-bound, bound)."
        assert -1 / 8 <= low < 0 < high <= 1 / 8, f"{span} Use uniform_(-bound, bound)."


@points(1)
def test_float64(student):
    """In a float64 model everything is float64, the default h_0 too."""
    model, right = layers(student, 3, 5)
    model.double()
    x, h_0 = torch.randn(2, 4, 3).double(), torch.zeros(1, 2, 5).double()
    try:
        got = model(x)
    except LearnerError as error:
        if "dtype" not in str(error):
            raise
        remedy = "Something in your layer is float32 whatever x is: make the default h_0 by x.new_zeros(...)."
        raise AssertionError(f"{remedy}\n{error}") from None
    assert_equals_torch(got, right.double(), x, h_0)
    for name, value in zip(("output", "h_n"), got, strict=True):
        assert value.dtype == x.dtype, f"{name} should be float64, as x is, but it is {value.dtype}."


@points(1)
def test_arguments_unchanged(student):
    """The arguments stay as they are."""
    model, _ = layers(student, 3, 5)
    model(torch.randn(2, 4, 3), torch.randn(1, 2, 5))
    assert_unchanged(student, "x", "h_0")
