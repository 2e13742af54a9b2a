"""Exercise `stream-windows`: one long text as B pieces side by side, read T symbols at a time."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_raises, assert_unchanged
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="stream-windows",
    chapter="09_language_models",
    place=2,
    title="One long text in batches",
    defines=("stream_windows",),
    hints=(
        "Take a text of 7 symbols, B = 2 and T = 2, and write the batches on paper. Which symbol has to stand in row "
        "0 of the second batch, so that the state of row 0 can go on?",
        "A text of N symbols has N - 1 targets, so each row gets L = (N - 1) // B of them. The inputs are the first "
        "B * L symbols, as (B, L); the targets are the same, one symbol further on. Then cut both along axis 1.",
        "L = (len(ids) - 1) // B; inputs = ids[: B * L].view(B, L); targets = ids[1 : B * L + 1].view(B, L); return "
        "list(zip(inputs.split(T, dim=1), targets.split(T, dim=1))). Before that: if L == 0, raise ValueError.",
    ),
    forbidden=("rnnbook.text", "rnnbook.models", "rnnbook.recipes"),
)
Windows = list[tuple[Tensor, Tensor]]


def cut(inputs: Tensor, targets: Tensor, T: int) -> Windows:
    """Pieces (B, L) in chunks of T."""
    return list(zip(inputs.split(T, dim=1), targets.split(T, dim=1), strict=True))


def right(ids: Tensor, B: int, T: int) -> Windows:
    """The answer, by the position of each symbol."""
    L = (len(ids) - 1) // B
    at = torch.arange(B)[:, None] * L + torch.arange(L)
    return cut(ids[at], ids[at + 1], T)


def interleaved(ids: Tensor, B: int, T: int) -> Windows:
    """Neighbouring symbols in neighbouring rows."""
    L = (len(ids) - 1) // B
    return cut(ids[: B * L].view(L, B).T, ids[1 : B * L + 1].view(L, B).T, T)


def shifted(by: int) -> Callable[[Tensor, int, int], Windows]:
    """Targets so many symbols further on."""

    def windows(ids: Tensor, B: int, T: int) -> Windows:
        L = (len(ids) - 1) // B
        at = torch.arange(B)[:, None] * L + torch.arange(L)
        return cut(ids[at], ids[(at + by).clamp(max=len(ids) - 1)], T)

    return windows


def shifted_twice(ids: Tensor, B: int, T: int) -> Windows:
    """Targets two symbols further on, the pieces cut to make that possible."""
    L = (len(ids) - 2) // B
    at = torch.arange(B)[:, None] * L + torch.arange(L)
    return cut(ids[at], ids[at + 2], T)


def within_rows(ids: Tensor, B: int, T: int) -> Windows:
    """Pieces of N // B symbols, whose last symbols are no inputs."""
    rows = ids[: len(ids) // B * B].view(B, -1)
    return cut(rows[:, :-1], rows[:, 1:], T)


def within_chunks(ids: Tensor, B: int, T: int) -> Windows:
    """Chunks of T symbols, whose last symbols are no inputs."""
    rows = ids[: len(ids) // B * B].view(B, -1)
    return [(chunk[:, :-1], chunk[:, 1:]) for chunk in rows.split(T, dim=1) if chunk.shape[1] > 1]


def rolled(whole: bool) -> Callable[[Tensor, int, int], Windows]:
    """Targets by torch.roll, of the whole text or of each row."""

    def windows(ids: Tensor, B: int, T: int) -> Windows:
        rows = ids[: len(ids) // B * B].view(B, -1)
        return cut(rows, rows.flatten().roll(-1).view_as(rows) if whole else rows.roll(-1, dims=1), T)

    return windows


def neighbours(ids: Tensor, B: int, T: int) -> Windows:
    """Windows that follow each other in the text, side by side in a batch."""
    count = (len(ids) - 1) // T
    inputs, targets = ids[: count * T].view(count, T), ids[1 : count * T + 1].view(count, T)
    return list(zip(inputs.split(B), targets.split(B), strict=True))


def neighbours_in_full(ids: Tensor, B: int, T: int) -> Windows:
    """The same, full batches alone."""
    return [pair for pair in neighbours(ids, B, T) if len(pair[0]) == B]


def overlapping(ids: Tensor, B: int, T: int) -> Windows:
    """A window at every step of the pieces."""
    L = (len(ids) - 1) // B
    at = torch.arange(B)[:, None] * L + torch.arange(L)
    return [(ids[at[:, k : k + T]], ids[at[:, k : k + T] + 1]) for k in range(L - T + 1)]


def padded(ids: Tensor, B: int, T: int) -> Windows:
    """The last chunk filled up to T with zeros."""
    return [tuple(torch.nn.functional.pad(side, (0, T - side.shape[1])) for side in pair) for pair in right(ids, B, T)]


def full(windows: Windows, T: int) -> Windows:
    """Those of T symbols."""
    return [pair for pair in windows if pair[0].shape[1] == T]


MISTAKES: dict[str, Callable[[Tensor, int, int], Windows]] = {
    "The last chunk is missing, which is shorter than T: its symbols are targets too.": (
        lambda ids, B, T: full(right(ids, B, T), T)
    ),
    "The targets are the inputs: a model would learn to copy. The target is the next symbol, one further on.": (
        shifted(0)
    ),
    "The targets are two symbols further on: the target of ids[i] is ids[i + 1].": shifted(2),
    "The targets are two symbols further on, and the pieces are cut for it: the target of ids[i] is ids[i + 1].": (
        shifted_twice
    ),
    "The targets are the symbols before: the target of ids[i] is ids[i + 1].": (
        lambda ids, B, T: [(y, x) for x, y in right(ids, B, T)]
    ),
    "The rows are interleaved: the text runs down the columns. Each row is a piece of the text that hangs together, "
    "ids[: B * L].view(B, L).": interleaved,
    "The last symbol of each row has no target: it is the first symbol of the next row. So each row has L = (N - 1) "
    "// B inputs, and the targets are cut from ids[1:].": within_rows,
    "The last symbol of each chunk is no input: shift the targets before you cut, so that no target is lost.": (
        within_chunks
    ),
    "The targets were made with roll: the text's last symbol has no next one, and its first is not that.": (
        rolled(whole=True)
    ),
    "The targets were made with roll in each row: the last target of a row is the symbol that follows in the text, "
    "not the row's first.": rolled(whole=False),
    "The windows of one batch follow each other in the text. Then no row of the next batch goes on where that row has "
    "stopped: first cut the text into B pieces, then each piece into chunks.": neighbours,
    "The windows of one batch follow each other in the text, and some are missing: first cut the text into B pieces, "
    "then each piece into chunks.": neighbours_in_full,
    "The windows overlap: each symbol should be a target once.": overlapping,
    "The last chunk is filled up with zeros: leave it shorter.": padded,
    "T and B are the wrong way round: B rows, chunks of T.": lambda ids, B, T: right(ids, T, B),
    "Each batch is transposed: the rows are the first axis, (B, T).": (
        lambda ids, B, T: [(x.T, y.T) for x, y in right(ids, B, T)]
    ),
    "There is one batch with everything: cut it into chunks of T.": lambda ids, B, T: right(ids, B, len(ids)),
    "The left-over symbols were dropped at the start of the text: start at ids[0].": (
        lambda ids, B, T: right(ids[(len(ids) - 1) % B :], B, T)
    ),
}


def same(a: Windows, b: Windows) -> bool:
    """Whether two lists of batches are equal."""
    return len(a) == len(b) and all(
        torch.equal(x.long(), v) and torch.equal(y.long(), w) for (x, y), (v, w) in zip(a, b, strict=True)
    )


def named(got: Windows, expected: Windows, ids: Tensor, B: int, T: int) -> str:
    """The mistake that gives this list, as a sentence with a line's end; empty if none is known."""
    for sentence, way in MISTAKES.items():
        try:
            wrong = way(ids, B, T)
        except (RuntimeError, IndexError):  # sizes that this way cannot cut
            continue
        if same(got, wrong) and not same(wrong, expected):
            return f"{sentence}\n"
    if sorted(str(tuple(pair)) for pair in got) == sorted(map(str, expected)):
        return (
            "The windows were shuffled, or reversed: a text is read from its beginning to its end, so that the state "
            "that a row has reached is the one from which its next batch goes on.\n"
        )
    return ""


def assert_right(student, N: int, B: int, T: int) -> None:
    """Checks all batches of a text of N symbols, all different."""
    ids = torch.randperm(N)
    got, expected = student.stream_windows(ids, B, T), right(ids, B, T)
    what = f"(for N = {N} symbols, B = {B}, T = {T})"
    assert isinstance(got, list), f"The result should be a list of pairs, but it is {describe(got)} {what}."
    for pair in got:
        form = isinstance(pair, tuple | list) and len(pair) == 2
        assert form, f"Each entry should be a pair (inputs, targets), but one is {describe(pair)} {what}."
        for side in pair:
            assert isinstance(side, Tensor), f"inputs and targets should be tensors, but one is {describe(side)}."
    guess = named(got, expected, ids, B, T)
    assert len(got) == len(expected), (
        f"{guess}There should be {len(expected)} batches, but there are {len(got)} {what}."
    )
    for i, (pair, correct) in enumerate(zip(got, expected, strict=True)):
        for name, value, side in zip(("inputs", "targets"), pair, correct, strict=True):
            mistakes = {guess.strip(): value} if guess else None
            assert_equal_arrays(value, side, mistakes=mistakes, what=f"{name} of batch {i} {what}")


@points(2)
@pytest.mark.parametrize(("N", "B", "T"), [(10, 3, 3), (13, 3, 2), (9, 1, 4)])
def test_fits(student, N, B, T):
    """A text that fits: every symbol but the first is a target once."""
    assert_right(student, N, B, T)


@points(3)
@pytest.mark.parametrize(("N", "B", "T"), [(25, 4, 3), (31, 5, 2), (41, 2, 5)])
def test_rows(student, N, B, T):
    """Each row goes on in the next batch where it stopped."""
    assert_right(student, N, B, T)


@points(2)
@pytest.mark.parametrize(("N", "B", "T"), [(15, 2, 3), (22, 3, 4), (8, 1, 5)])
def test_last_chunk(student, N, B, T):
    """The last chunk may be shorter than T."""
    assert_right(student, N, B, T)


@points(1)
@pytest.mark.parametrize(("N", "B", "T"), [(12, 3, 2), (27, 4, 5), (18, 6, 1)])
def test_left_over(student, N, B, T):
    """Up to B - 1 symbols at the end are left over, where N - 1 is no multiple of B."""
    assert_right(student, N, B, T)


@points(1)
def test_extremes(student):
    """A chunk that is longer than the rows, rows of one symbol; a text too short for B rows is refused."""
    assert_right(student, 7, 2, 20)
    assert_right(student, 5, 4, 3)
    ids = torch.arange(4)
    assert_raises(lambda: student.stream_windows(ids, 4, 2), "ValueError", what="stream_windows of 4 symbols in 4 rows")


@points(1)
def test_arguments_unchanged(student):
    """The ids stay as they are, and are not copied into another dtype."""
    got = student.stream_windows(torch.arange(12), 2, 3)
    assert_unchanged(student, "ids", "B", "T")
    dtypes = {side.dtype for pair in got for side in pair}
    assert dtypes == {torch.int64}, f"Ids are whole numbers, torch.int64, but yours are {', '.join(map(str, dtypes))}."
