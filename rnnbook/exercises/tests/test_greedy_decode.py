"""Exercise `greedy-decode`: the most probable symbol at each step, in rows that end at different steps."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_unchanged
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="greedy-decode",
    chapter="10_seq2seq",
    place=3,
    title="Write, a symbol at a time",
    defines=("Decoder", "greedy_decode"),
    hints=(
        "One step first: the model reads tokens, (B,), and gives logits, (B, V). Their argmax is (B,) again, what the "
        "model reads next. What has to be remembered of each row beside its symbols?",
        "Keep a list for each row, and whether it has ended. In each step: logits, state = model(tokens, state), the "
        "new state in place of the old one; tokens = logits.argmax(dim=1). A row that meets the 3 has ended: neither "
        "this symbol nor any later one goes to its list. When all have ended, leave the loop.",
        "rows = [[] for _ in start]; ended = [False] * len(start). Within torch.no_grad(), for _ in "
        "range(max_length): the model, the argmax, then for b, token in enumerate(tokens.tolist()): ended[b] = "
        "ended[b] or token == 3; if not ended[b]: rows[b].append(token). After that: if all(ended): break.",
    ),
    forbidden=("rnnbook.decode", "rnnbook.models"),
)
START, END = 2, 3
Rows = list[list[int]]


class Decoder(nn.Module):
    """The model of the task."""

    def __init__(self, vocabulary_size: int, hidden_size: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, hidden_size)
        self.cell = nn.GRUCell(hidden_size, hidden_size)
        self.linear = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, tokens: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        state = self.cell(self.embedding(tokens), state)
        return self.linear(state), state


@torch.no_grad()
def drawn(vocabulary_size: int, hidden_size: int, scale: float = 2.0) -> Decoder:
    """A decoder with large random weights, which says different things in different states."""
    model = Decoder(vocabulary_size, hidden_size).double()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=scale)
    return model


def twin(student, model: Decoder):
    """The learner's decoder, with the same parameters."""
    V, H = model.embedding.weight.shape
    other = student.Decoder(V, H).double()
    other.load_state_dict({name: value.detach() for name, value in model.state_dict().items()})
    return other


@torch.no_grad()
def paths(model: Decoder, start: Tensor, state: Tensor, steps: int, feed: str = "own", carry: bool = True) -> Rows:
    """The most probable symbols of each row, whether it has ended or not.

    Args:
        feed: the model reads its "own" symbols, or always the "start".
        carry: whether the state goes from step to step.
    """
    tokens, first, columns = start, state, []
    for _ in range(steps):
        logits, state = model(tokens, state if carry else first)
        columns.append(logits.argmax(dim=1))
        tokens = columns[-1] if feed == "own" else start
    return torch.stack(columns, dim=1).tolist()


def length(path: list[int]) -> int:
    """How many symbols stand before the end."""
    return path.index(END) if END in path else len(path)


def cut(rows: Rows) -> Rows:
    """The symbols before the end."""
    return [row[: length(row)] for row in rows]


def filled(rows: Rows, symbol: int, size: int) -> Rows:
    """Rows of one length."""
    return [row + [symbol] * (size - len(row)) for row in rows]


def mistakes(model: Decoder, start: Tensor, state: Tensor, steps: int) -> dict[str, Rows]:
    """What people write instead."""
    free = paths(model, start, state, steps + 1)
    whole = [row[:steps] for row in free]
    lengths = [length(row) for row in whole]
    calls = min(steps, max(lengths) + 1)
    right, with_end = cut(whole), [row[: n + 1] for row, n in zip(whole, lengths, strict=True)]
    return {
        "The end itself stands in your rows: leave the 3 out.": with_end,
        "The start stands in your rows: leave the 2 out.": [[START, *row] for row in right],
        "Start and end stand in your rows: leave the 2 and the 3 out.": [[START, *row] for row in with_end],
        "Your rows go on after their end: what the model says after the 3 belongs to no sentence.": (
            [row[:calls] for row in whole]
        ),
        "Your rows go on after their end, to the greatest length: cut each off at its first 3.": whole,
        "You left out the 3, but went on after it: what the model says after the end belongs to no sentence.": (
            [[token for token in row[:calls] if token != END] for row in whole]
        ),
        "One row's end stopped all the others: go on until every row has ended.": (
            [row[: min(lengths)] for row in right]
        ),
        "One row's end stopped all the others, a step later: go on until every row has ended.": (
            [row[: min(lengths) + 1] for row in right]
        ),
        "The rows that had ended are filled up with the end: each row has its own length.": filled(right, END, calls),
        "The rows that had ended are filled up with padding: each row has its own length.": filled(right, 0, calls),
        "The rows are filled up with padding, to the length of the longest: each has its own.": (
            filled(right, 0, max(lengths))
        ),
        "The state is forgotten: every step begins with the first state. Keep the state that the model returns, and "
        "give it to the next call.": cut(paths(model, start, state, steps, carry=False)),
        "The model always reads the start: it should read the symbol that it found most probable.": (
            cut(paths(model, start, state, steps, feed="start"))
        ),
        "The model always reads the start, and always with the first state.": (
            cut(paths(model, start, state, steps, feed="start", carry=False))
        ),
        "You stop one symbol too early: a row may have max_length symbols.": [row[: steps - 1] for row in right],
        "You stop one symbol too late: a row may have max_length symbols.": cut(free),
        "The rows that reached max_length are gone: they are given back as they are.": (
            [row if n < steps else [] for row, n in zip(right, lengths, strict=True)]
        ),
        "The last symbol of each row is missing: leave out the end alone.": [row[:-1] for row in right],
    }


def checked(got, B: int) -> Rows:
    """The learner's result, checked to be a list of lists of numbers."""
    remedy = " .tolist() makes a list of a tensor." if isinstance(got, Tensor) else ""
    assert isinstance(got, list | tuple), f"The result should be a list of lists, but it is {describe(got)}.{remedy}"
    assert len(got) == B, f"greedy_decode should return a list for each of {B} rows, but it has {len(got)} entries."
    for row in got:
        remedy = " .tolist() makes a list of a tensor." if isinstance(row, Tensor) else ""
        assert isinstance(row, list | tuple), f"Each row should be a list, but one is {describe(row)}.{remedy}"
        for token in row:
            remedy = " Take it out with .item() or .tolist()." if isinstance(token, Tensor) else ""
            assert type(token) is int, f"A symbol should be a whole number, but one is {describe(token)}.{remedy}"
    return [list(row) for row in got]


def assert_written(student, model: Decoder, state: Tensor, steps: int):
    """Checks the rows, and gives the learner's model back."""
    B = len(state)
    start = torch.full((B,), START)
    other = twin(student, model)
    got = checked(student.greedy_decode(other, start, state, steps), B)
    whole = paths(model, start, state, steps)
    right = cut(whole)
    guess = ""
    if got != right:
        wrong = mistakes(model, start, state, steps)
        guess = next((f"{sentence}\n" for sentence, rows in wrong.items() if got == rows != right), "")
    assert got == right, (
        f"{guess}The rows are wrong for B = {B}, max_length = {steps}.\n"
        f"the model's path: {whole}\nexpected:         {right}\nyours:            {got}"
    )
    return other


def case(B: int, steps: int, wish: Callable[[list[int]], bool], V: int = 7, H: int = 5) -> tuple[Decoder, Tensor]:
    """A decoder and first states whose rows have lengths as wished: of the mistakes, all that can show do."""
    for _ in range(400):
        model, state = drawn(V, H), 3 * torch.randn(B, H, dtype=torch.float64)
        start = torch.full((B,), START)
        if wish([length(row) for row in paths(model, start, state, steps)]):
            break
    return model, state


@points(2)
@pytest.mark.parametrize("steps", [4, 9])
def test_one_row(student, steps):
    """A single row that goes to max_length, and one that ends."""
    for model, state in (
        case(1, steps, lambda lengths: lengths[0] == steps),
        case(1, steps, lambda lengths: 1 < lengths[0] < steps),
    ):
        assert_written(student, model, state, steps)


@points(3)
@pytest.mark.parametrize("B", [3, 5])
def test_each_row_ends_by_itself(student, B):
    """Rows that end at different steps, all before max_length."""
    model, state = case(B, 12, lambda lengths: max(lengths) < 11 and max(lengths) > min(lengths) + 1 > 1)
    assert_written(student, model, state, 12)


@points(2)
def test_at_once_and_never(student):
    """One row ends at once and is empty, another never ends."""
    model, state = case(4, 8, lambda lengths: min(lengths) == 0 and max(lengths) == 8 and len({*lengths}) > 2)
    assert_written(student, model, state, 8)
    model, state = case(2, 5, lambda lengths: lengths == [0, 0])
    assert_written(student, model, state, 5)


@points(1)
def test_state(student):
    """The state goes from step to step, and the model reads what it has written."""
    start = torch.full((3,), START)
    for _ in range(200):
        model, state = case(3, 10, lambda lengths: min(lengths) > 2)
        right = cut(paths(model, start, state, 10))
        forgotten = cut(paths(model, start, state, 10, carry=False))
        unfed = cut(paths(model, start, state, 10, feed="start"))
        if right not in (forgotten, unfed):
            break
    assert_written(student, model, state, 10)
    assert_unchanged(student, "model", "start", "state", "max_length")


@points(1)
def test_calls(student):
    """The model is not asked again once all rows have ended, nor more than max_length times."""
    for steps, wish in ((30, lambda lengths: 1 < max(lengths) < 20), (3, lambda lengths: min(lengths) == 3)):
        model, state = case(3, steps, wish)
        other = assert_written(student, model, state, steps)
        start = torch.full((3,), START)
        needed = min(steps, 1 + max(length(row) for row in paths(model, start, state, steps)))
        assert other.calls <= needed, (
            f"The model was called {other.calls} times, and {needed} calls were enough: by then every row had ended, "
            f"or had max_length = {steps} symbols. Leave the loop as soon as all have ended."
        )


@points(1)
def test_no_gradient(student):
    """The model is called without gradients."""
    model, state = case(2, 6, lambda lengths: min(lengths) > 1)
    other = assert_written(student, model, state, 6)
    assert other.gradients is False, (
        "The model was called with gradients on, which keeps every state in memory for a backward pass that never "
        "comes: call it within torch.no_grad()."
    )
