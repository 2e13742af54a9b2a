"""Exercise `unroll`: one loop that carries a state along a sequence, whatever the step is."""

import pytest
import torch

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged
from rnnbook.exercises.values import sketch

EXERCISE = Exercise(
    id="unroll",
    chapter="01_sequences",
    place=2,
    title="The same step again and again",
    defines=("smooth", "largest", "unroll"),
    hints=(
        "Do it by hand first, for xs = [10, 0] and h_0 = 0: which two numbers go into the second call of `smooth`?",
        "One variable, h, holds the state, and begins as h_0. In each turn of the loop it becomes step(h, x), and goes "
        "into the list.",
        "`h, states = h_0, []`, then `for x in xs:` with `h = step(h, x)` and `states.append(h)`; after the loop, "
        "`return states`. In `smooth` write 0.9 * h + ..., not h *= 0.9, which would change the state before, too.",
    ),
)


def smooth(h, x):
    return 0.9 * h + 0.1 * x


def unroll(step, xs: list, h_0) -> list:
    states = [h_0]
    for x in xs:
        states.append(step(states[-1], x))
    return states[1:]


def mistakes(step, xs: list, h_0) -> dict:
    """What people write instead of `unroll`, and what it gives."""
    right = unroll(step, xs, h_0)
    return {
        "Your list holds h_1 alone: is the `return` inside the loop?": right[:1],
        "Your list begins with h_0: the first state to return is h_1.": [h_0, *right],
        "Your list begins with h_0 and lacks the last state: append h after the step.": [h_0, *right[:-1]],
        "You started from h_0 at every step: hand on the state that the step before gave.": [step(h_0, x) for x in xs],
        "You swapped the arguments: it is step(h, x), the state first.": unroll(lambda h, x: step(x, h), xs, h_0),
        "You went from right to left: h_1 comes from the first of xs.": unroll(step, xs[::-1], h_0),
        "You went from right to left and then turned the list over: h_1 comes from the first of xs.": (
            unroll(step, xs[::-1], h_0)[::-1]
        ),
        "You began with 0: begin with h_0.": unroll(step, xs, 0 * h_0),
        "All your states are the last one: it is one tensor, changed in place at every step, and the list holds it "
        "again and again. Make a new tensor in each step.": [right[-1]] * len(xs),
    }


def form(state) -> str:
    """What a state is, in words."""
    if isinstance(state, torch.Tensor):
        return f"a tensor of shape {tuple(state.shape)}"
    return "a number" if isinstance(state, int | float) else sketch(state)


def table(states: list) -> torch.Tensor:
    """States as one tensor, (T,) for numbers and (T, *shape) for tensors."""
    return torch.stack([torch.as_tensor(state, dtype=torch.float64) for state in states])


def assert_states(got, step, xs: list, h_0, mistakes: dict) -> None:
    """Checks a list of states."""
    remedy = " Does it end without `return`?" if got is None else ""
    if form(got) == form(h_0):
        remedy = " That is one state: collect all of them."
    assert isinstance(got, list), (
        f"unroll should return a list of the {len(xs)} states, but it gave {form(got)}.{remedy}"
    )
    assert got, f"unroll should return {len(xs)} states, but it gave an empty list."
    for state in got:
        assert form(state) == form(h_0), f"Each state should be {form(h_0)}, as h_0 is, but one is {form(state)}."
    wrong = {sentence: table(states) for sentence, states in mistakes.items()}
    right = table(unroll(step, xs, h_0))
    assert_equal_arrays(table(got), right, mistakes=wrong, what="the list of states, as a tensor,")


@points(2)
def test_smooth(student):
    """`smooth` keeps 0.9 of the state and takes 0.1 of the input."""
    for h, x in [(10.0, 0.0), (0.0, 10.0), (2.0, 7.0)]:
        mistakes = {
            "You weighted them the wrong way round: the state counts 0.9, the input 0.1.": smooth(x, h),
            "You took the whole input: it counts 0.1.": 0.9 * h + x,
            "You kept the whole state: it counts 0.9.": h + 0.1 * x,
            "You took the mean: the state counts 0.9, the input 0.1.": (h + x) / 2,
        }
        assert_equal_arrays(student.smooth(h, x), smooth(h, x), mistakes=mistakes, what=f"smooth({h}, {x})")
    h, x = torch.randn(2, 2, 3, dtype=torch.float64)
    assert_equal_arrays(student.smooth(h, x), smooth(h, x), what="smooth(h, x) for tensors")
    assert_unchanged(student, "h", "x")


@points(1)
def test_largest(student):
    """`largest` gives the larger of state and input."""
    for h, x in [(1.0, 2.0), (2.0, 1.0), (-3.0, -1.0)]:
        mistakes = {
            "You gave the smaller one.": min(h, x),
            "You gave the state, though the input is larger.": h,
            "You gave the input, though the state is larger.": x,
            "You began from 0: compare h with x alone.": max(h, x, 0.0),
        }
        assert_equal_arrays(student.largest(h, x), max(h, x), mistakes=mistakes, what=f"largest({h}, {x})")


@points(3)
@pytest.mark.parametrize(("xs", "h_0"), [([10.0, 0.0, 5.0], 2.0), ([4.0], -1.0), ([1.0, -2.0, 0.5, 3.0, 7.0], 10.0)])
def test_unroll(student, xs, h_0):
    """The states after each step, in order."""
    got = student.unroll(student.smooth, xs, h_0)
    assert_states(got, smooth, xs, h_0, mistakes(smooth, xs, h_0))


@points(1)
def test_given_step(student):
    """The step is the one that was given."""
    xs, h_0 = [3.0, 1.0, 4.0, 1.0, 2.0], 2.0
    named = {"You called `smooth` by its name: call `step`, whichever function that is.": unroll(smooth, xs, h_0)}
    assert_states(student.unroll(student.largest, xs, h_0), max, xs, h_0, named | mistakes(max, xs, h_0))


@points(1)
def test_empty(student):
    """An empty sequence has no states."""
    got = student.unroll(student.smooth, [], 1.0)
    none = "Where xs is empty there is no step and no state: unroll should return []"
    assert isinstance(got, list), f"{none}, but it gave {form(got)}."
    assert not got, f"{none}, but the list holds {form(got[0])}. Is it h_0?"


@points(2)
def test_tensors(student):
    """States that are tensors: each is a new one, and the arguments stay as they are."""
    xs, h_0 = [*torch.randn(3, 2, 2, dtype=torch.float64)], torch.randn(2, 2, dtype=torch.float64)
    got = student.unroll(student.smooth, xs, h_0)
    assert_states(got, smooth, xs, h_0, mistakes(smooth, xs, h_0))
    assert_unchanged(student, "step", "xs", "h_0")
