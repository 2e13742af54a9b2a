"""Exercise `bptt`: the backward pass of a tanh RNN by hand, against torch's autograd in float64."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="bptt",
    chapter="03_bptt",
    place=2,
    title="Backpropagation through time by hand",
    defines=("bptt",),
    hints=(
        "Begin at the last step, and keep one array d_h, (B, H): the gradient that comes to h_t from the right. What "
        "comes to h_t besides, before you go through the tanh?",
        "With a_t the argument of tanh: d_a = (d_h + d_output[:, t]) * (1 - h[:, t + 1] ** 2). From d_a come the four "
        "parameters' gradients of this step, to be added up over time, d_x[:, t], and the d_h of the step before.",
        "In `for t in reversed(range(T)):` after d_a: d_W_ih += d_a.T @ x[:, t], d_W_hh += d_a.T @ h[:, t], d_b += "
        "d_a.sum(axis=0), d_x[:, t] = d_a @ W_ih, d_h = d_a @ W_hh. Before the loop d_h is d_h_n; after it, d_h_0.",
    ),
    forbidden=("torch", "rnnbook.numpy_rnn", "rnnbook.gradients", "rnnbook.layers", "scipy", "jax", "autograd"),
)
NAMES = ("x", "h_0", "W_ih", "W_hh", "b_ih", "b_hh")
Gradients = dict[str, np.ndarray]


def inputs(B: int, T: int, D: int, H: int) -> dict[str, np.ndarray]:
    """The arguments of `bptt`: x (B, T, D), the states h (B, T + 1, H) that follow from it, and the rest."""

    def normal(*shape: int) -> np.ndarray:
        return np.random.normal(size=shape)  # noqa: NPY002

    x, W_ih, W_hh, b = normal(B, T, D), normal(H, D) / 2, normal(H, H) / H**0.5, normal(H) / 2
    h = [normal(B, H) / 2]
    for t in range(T):
        h.append(np.tanh(x[:, t] @ W_ih.T + h[-1] @ W_hh.T + b))
    given = {"x": x, "h": np.stack(h, axis=1), "W_ih": W_ih, "W_hh": W_hh}
    return given | {"d_output": normal(B, T, H), "d_h_n": normal(B, H), "b": b}


def expected(x, h, W_ih, W_hh, d_output, d_h_n, b) -> Gradients:
    """The right answer: autograd through torch's own layer."""
    D, H = x.shape[2], h.shape[2]
    rnn = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
    values = {"weight_ih_l0": W_ih, "weight_hh_l0": W_hh, "bias_ih_l0": b, "bias_hh_l0": 0 * b}
    rnn.load_state_dict({name: torch.tensor(value) for name, value in values.items()})
    leaves = [torch.tensor(x, requires_grad=True), torch.tensor(h[:, 0], requires_grad=True), *rnn.parameters()]
    output, h_n = rnn(leaves[0], leaves[1][None])
    upstream = torch.tensor(d_output), torch.tensor(d_h_n)[None]
    return dict(zip(NAMES, (g.numpy() for g in torch.autograd.grad((output, h_n), leaves, upstream)), strict=True))


def backward(
    x,
    h,
    W_ih,
    W_hh,
    d_output,
    d_h_n,
    b,
    derivative: Callable = lambda h, t: 1 - h[:, t + 1] ** 2,
    carry: Callable = lambda d_a, d_h, W_hh: d_a @ W_hh,
    join: Callable = lambda d_h, above, is_last: d_h + above,
    state: int = 0,
    steps: slice = slice(None, None, -1),
) -> Gradients:
    """The backward pass with one thing done in another way.

    Args:
        derivative: of tanh at step t.
        carry: from the gradients of a_t and h_t to that of the state before.
        join: what a state's gradient is, from what comes from the right and from above.
        state: which state W_hh's gradient takes: 0 the one before the step, 1 the one after.
        steps: which steps there are, in which order.
    """
    T = x.shape[1]
    d_h, d_x = d_h_n, np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = 0 * W_ih, 0 * W_hh, 0 * b
    for t in range(T)[steps]:
        d_h = join(d_h, d_output[:, t], t == T - 1)
        d_a = d_h * derivative(h, t)
        d_W_ih, d_W_hh = d_W_ih + d_a.T @ x[:, t], d_W_hh + d_a.T @ h[:, t + state]
        d_b, d_x[:, t] = d_b + d_a.sum(axis=0), d_a @ W_ih
        d_h = carry(d_a, d_h, W_hh)
    return dict(zip(NAMES, (d_x, d_h, d_W_ih, d_W_hh, d_b, d_b), strict=True))


def mistakes(given: dict) -> dict[str, Callable[[], Gradients]]:
    """What people write instead, and the gradients that it gives; some have a value only where the sizes fit."""
    with_one_change = partial(backward, **given)
    last = np.arange(given["x"].shape[1])[:, None] == given["x"].shape[1] - 1  # (T, 1)

    def changed(function: Callable) -> Callable[[], Gradients]:
        """The right parameter gradients, changed."""
        return lambda: {name: g if name in ("x", "h_0") else function(g) for name, g in with_one_change().items()}

    def of_step(t: int) -> Gradients:
        """The parameter gradients of one step in the place of their sum."""
        right = with_one_change()
        from_t, after_t = (backward(**cut(given, start)) for start in (t, t + 1))
        return right | {name: from_t[name] - after_t[name] for name in NAMES[2:]}

    return {
        "You took tanh'(h) = 1 - tanh(h)^2. But h is the tanh already: the derivative is 1 - h^2.": (
            partial(with_one_change, derivative=lambda h, t: 1 - np.tanh(h[:, t + 1]) ** 2)
        ),
        "You took the derivative at the state before the step: it is 1 - h[:, t + 1] ** 2, of the state after it.": (
            partial(with_one_change, derivative=lambda h, t: 1 - h[:, t] ** 2)
        ),
        "You took the derivative at the last state everywhere: each step has its own, 1 - h[:, t + 1] ** 2.": (
            partial(with_one_change, derivative=lambda h, t: 1 - h[:, -1] ** 2)
        ),
        "The step back goes through the tanh too: it is d_a @ W_hh, where you have the gradient of the state.": (
            partial(with_one_change, carry=lambda d_a, d_h, W_hh: d_h @ W_hh)
        ),
        "You left out the derivative of tanh, 1 - h^2.": (
            partial(with_one_change, derivative=lambda h, t: 1 + 0 * h[:, t])
        ),
        "You took the derivative of a sigmoid, h (1 - h): that of tanh is 1 - h^2.": (
            partial(with_one_change, derivative=lambda h, t: h[:, t + 1] * (1 - h[:, t + 1]))
        ),
        "You took 1 - h for the derivative of tanh: it is 1 - h^2.": (
            partial(with_one_change, derivative=lambda h, t: 1 - h[:, t + 1])
        ),
        "W_hh is transposed in the step back. Forward it was h @ W_hh.T, so backward it is d_a @ W_hh.": (
            partial(with_one_change, carry=lambda d_a, d_h, W_hh: d_a @ W_hh.T)
        ),
        "W_ih is transposed here. Forward it was x @ W_ih.T, so backward it is d_a @ W_ih.": (
            lambda: backward(**given | {"W_ih": given["W_ih"].T})
        ),
        "You left out d_h_n: the loop begins with it, at the last step.": (
            lambda: backward(**given | {"d_h_n": 0 * given["d_h_n"]})
        ),
        "You added d_h_n at every step: it reaches the last state alone, and goes back from there.": (
            partial(with_one_change, join=lambda d_h, above, is_last: d_h + above + (0 if is_last else given["d_h_n"]))
        ),
        "Nothing goes back from step to step: add d_a @ W_hh to what comes from d_output at the step before.": (
            partial(with_one_change, join=lambda d_h, above, is_last: d_h + above if is_last else above)
        ),
        "What comes from the right is lost: a state's gradient is d_h + d_output[:, t], and d_h begins as d_h_n.": (
            partial(with_one_change, join=lambda d_h, above, is_last: above)
        ),
        "You left out d_output: every step adds its own d_output[:, t].": (
            lambda: backward(**given | {"d_output": 0 * given["d_output"]})
        ),
        "You used d_output at the last step only: every step adds its own.": (
            lambda: backward(**given | {"d_output": last * given["d_output"]})
        ),
        "You went forward in time: begin at the last step.": partial(with_one_change, steps=slice(None)),
        "This gradient is left out. (The two biases are added to the same sum, so both have that of a_t.)": (
            changed(lambda g: 0 * g)
        ),
        "The loop ends one step too early: the last one is t = 0, so it is range(T - 1, -1, -1).": (
            partial(with_one_change, steps=slice(None, 0, -1))
        ),
        "The loop begins one step too early: the first one is t = T - 1.": (
            partial(with_one_change, steps=slice(-2, None, -1))
        ),
        "The gradient of W_hh takes the state before the step, h[:, t], which W_hh was multiplied with.": (
            partial(with_one_change, state=1)
        ),
        "The gradients of the parameters are sums over all steps: yours are those of the first step alone. Do you "
        "write = in place of +=?": partial(of_step, 0),
        "The gradients of the parameters are sums over all steps: yours are those of the last step alone.": (
            partial(of_step, given["x"].shape[1] - 1)
        ),
        "You divided by the batch size: d_output has the loss's mean in it already. Only add up.": (
            changed(lambda g: g / len(given["x"]))
        ),
        "d_h_0 is the gradient of the state before the first step: take d_a @ W_hh once more after the first step.": (
            lambda: with_one_change() | {"h_0": given["d_output"][:, 0] + backward(**cut(given, 1))["h_0"]}
        ),
        "It is transposed: it should have the shape of the parameter itself.": changed(np.transpose),
        "You clipped the gradients: that is another function's task.": changed(lambda g: g.clip(-1, 1)),
        "You clipped the gradients, to ±5: that is another function's task.": changed(lambda g: g.clip(-5, 5)),
        "Add up the biases' gradients over the batch too: .sum(axis=0).": lambda: dict.fromkeys(
            NAMES, np.stack([backward(**of_row(given, b))["b_ih"] for b in range(len(given["x"]))])
        ),
    }


def cut(given: dict, start: int) -> dict:
    """The arguments when the sequence begins at this step."""
    parts = {"x": given["x"][:, start:], "h": given["h"][:, start:], "d_output": given["d_output"][:, start:]}
    return given | parts


def of_row(given: dict, b: int) -> dict:
    """The arguments when the batch is one of its rows."""
    return given | {name: given[name][b : b + 1] for name in ("x", "h", "d_output", "d_h_n")}


def call(student, given: dict) -> Gradients:
    """The learner's gradients, which have been checked to be a dict with all names."""
    arguments = [given[name] for name in ("x", "h", "W_ih", "W_hh", "d_output", "d_h_n")]
    try:
        got = student.bptt(*arguments)
    except LearnerError as error:
        if not any(words in error.said for words in ("matmul", "broadcast", "not aligned")):
            raise
        raise AssertionError(
            "Two arrays do not fit together. At one step, the gradient of a_t is (B, H), x[:, t] is (B, D) and h[:, t] "
            "is (B, H). Which product of two of them has the shape that you want, and which of them stands first, "
            f"transposed?\n{error}"
        ) from None
    wish = f"bptt should return a dict with the keys {', '.join(NAMES)}"
    assert isinstance(got, dict), f"{wish}, but it gave {describe(got)}."
    assert set(got) == set(NAMES), f"{wish}, but yours are {', '.join(map(str, got)) or 'none'}."
    return got


def assert_gradients(got: Gradients, given: dict, what: str = "") -> None:
    """Checks the gradients one by one."""
    right = expected(**given)
    for name in NAMES:
        wrong = {sentence: partial(entry, make, name) for sentence, make in mistakes(given).items()}
        assert_equal_arrays(got[name], right[name], mistakes=wrong, what=f"the gradient of {name}{what}")


def entry(make: Callable[[], Gradients], name: str) -> np.ndarray:
    """One of the gradients that a mistake gives."""
    return make()[name]


@points(2)
def test_one_step(student):
    """A single step, all sizes equal."""
    given = inputs(3, 1, 3, 3)
    assert_gradients(call(student, given), given)


@points(2)
def test_last_state(student):
    """The loss sees the last state alone: everything comes through d_h_n."""
    given = inputs(2, 4, 3, 5)
    given["d_output"] *= 0
    assert_gradients(call(student, given), given, " (for d_output = 0)")


@points(2)
def test_states(student):
    """The loss sees the states after every step, and the last not twice: everything comes through d_output."""
    given = inputs(2, 4, 3, 5)
    given["d_h_n"] *= 0
    assert_gradients(call(student, given), given, " (for d_h_n = 0)")


@points(5)
@pytest.mark.parametrize(("B", "T", "D", "H"), [(4, 4, 4, 4), (2, 7, 3, 5), (5, 2, 4, 3), (1, 6, 1, 2), (3, 1, 2, 4)])
def test_sizes(student, B, T, D, H):
    """Both at once, with batch, steps, input and hidden size all different."""
    given = inputs(B, T, D, H)
    what = f" (for batch {B}, {T} steps, input size {D}, hidden size {H})"
    assert_gradients(call(student, given), given, what)


@points(1)
def test_large_states(student):
    """States near ±1, where the derivative of tanh is nearly 0, and many steps."""
    given = inputs(2, 30, 3, 4)
    given["W_hh"] *= 3
    for t in range(30):
        a = given["x"][:, t] @ given["W_ih"].T + given["h"][:, t] @ given["W_hh"].T + given["b"]
        given["h"][:, t + 1] = np.tanh(a)
    assert_gradients(call(student, given), given, " (for 30 steps with large weights)")


@points(1)
def test_calls_are_independent(student):
    """A second call gives the same again."""
    given = inputs(2, 3, 4, 5)
    call(student, given)
    assert_gradients(call(student, given), given, " in the second call")


@points(2)
def test_arguments_unchanged(student):
    """The arguments stay as they are."""
    call(student, inputs(2, 3, 4, 5))
    assert_unchanged(student, "x", "h", "W_ih", "W_hh", "d_output", "d_h_n")
