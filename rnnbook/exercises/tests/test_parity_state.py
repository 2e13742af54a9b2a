"""Exercise `parity-state`: a memory of one bit that solves running parity."""

import json
import random
from collections.abc import Iterator

import numpy as np

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays

EXERCISE = Exercise(
    id="parity-state",
    chapter="01_sequences",
    place=3,
    title="The smallest memory that is enough",
    defines=("start", "step", "read"),
    hints=(
        "Somebody tells you the answer for the first hundred bits, and then bit 101. Which of the hundred do you still "
        "need?",
        "Make the answer so far the whole state. A bit 0 leaves it as it is. What does a bit 1 do to it?",
        "The state is 0 or 1, and `start` gives 0. `step` gives the other number when the bit is 1, else the same one: "
        "`(state + bit) % 2`. `read` gives the state itself.",
    ),
)


def parity(bits: list[int]) -> np.ndarray:
    """The right answers, before the first bit and after each."""
    return np.cumsum([0, *bits]) % 2


def states(student, bits: list[int]) -> Iterator:
    """The state before the first bit and after each."""
    state = student.start()
    yield state
    for bit in bits:
        state = student.step(state, bit)
        yield state


def solved(student, bits: list[int]) -> Iterator:
    """The same states, as long as their answers are right."""
    for state, right in zip(states(student, bits), parity(bits), strict=True):
        assert answer(student, state) == right, (
            "The answers for one sequence are not right yet: mend them first. If they were right above, then your code "
            "remembers something of an earlier sequence: keep nothing in global variables."
        )
        yield state


def written(state) -> str:
    """The state as JSON."""
    assert state is not None, "The state is None: do both `start` and `step` return it?"
    try:
        return json.dumps(state)
    except TypeError:
        raise AssertionError(
            f"The state should be a plain number, bool or string, or a list of them, but it is or holds {state!r}."
        ) from None


def answer(student, state) -> int:
    """What the learner's code reads from a state."""
    text, got = written(state), student.read(state)
    right = isinstance(got, int | float) and got in (0, 1)
    assert right, f"read should give the number 0 or 1, but for the state {text} it gave {got!r}."
    return int(got)


def mistakes(bits: list[int]) -> dict:
    """What people write instead, and which answers it gives."""
    ones = np.array([0, *bits])  # a 0 stands for the start, before the first bit
    return {
        "Every answer is the opposite of the right one. Before the first bit there are 0 ones, an even number: read "
        "gives 0 for even and 1 for odd.": 1 - parity(bits),
        "Your answer is the last bit alone: the new state comes from the bit and from the state before.": ones,
        "Your answer is the parity of the last two bits. They cannot tell what came before them.": (
            ones ^ np.append(0, ones[:-1])
        ),
        "Your answer becomes 1 with the first 1 and stays so: the second 1 must turn it back.": (
            np.maximum.accumulate(ones)
        ),
        "You count all the bits: count the ones only.": np.arange(len(ones)) % 2,
        "You count the zeros: count the ones.": parity([1 - bit for bit in bits]),
        "Your answer is always 0: does `step` return the new state, and `read` read it?": 0 * ones,
    }


@points(4)
def test_parity(student):
    """The parity before the first bit and after each one."""
    for bits in ([1, 0, 1, 1, 0, 1], random.choices([0, 1], k=40)):
        got = np.array([answer(student, state) for state in states(student, bits)])
        what = f"the list of answers, before the first of the bits {bits} and after each,"
        assert_equal_arrays(got, parity(bits), mistakes=mistakes(bits), what=what)


@points(2)
def test_nothing_but_the_state(student):
    """Two sequences that take turns do not disturb each other."""
    one, other = [1, 0, 1, 1, 0, 0], [0, 1, 0, 1, 1, 0]
    for bits in (one, other):
        assert [*solved(student, bits)]
    turns = zip(states(student, one), states(student, other), strict=True)
    got = [[answer(student, a), answer(student, b)] for a, b in turns]
    assert got == np.stack([parity(one), parity(other)], axis=1).tolist(), (
        f"Alone, the bits {one} and {other} get the right answers, but not when a step with the one and a step with "
        "the other take turns. All that is remembered must be in the state: keep nothing in global variables."
    )


@points(3)
def test_does_not_grow(student):
    """The state after 300 bits is no larger than before."""
    most = 0
    for t, state in enumerate(solved(student, random.choices([0, 1], k=300))):
        size = len(written(state))
        if t <= 50:
            most = max(most, size)
        reason = "It counts on and on" if isinstance(state, int | float) else "It keeps the past"
        assert size <= most, (
            f"Your state grows: written out it takes up to {most} characters in the first 50 bits, and {size} after "
            f"{t}. {reason}: keep only what the next answer depends on."
        )


@points(1)
def test_smallest(student):
    """Two different states are enough."""
    seen = []
    for state in solved(student, random.choices([0, 1], k=100)):
        if state not in seen:
            seen.append(state)
        assert len(seen) <= 2, (
            f"Your state takes more than two values: {', '.join(map(written, seen))}. Two are enough, which is one bit "
            "of memory: only whether the count is even or odd matters."
        )
