"""Exercise `one-hot`: symbols as one-hot vectors, and the lookup that replaces their product with a matrix."""

import re
import string

import pytest
import torch

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged
from rnnbook.exercises.errors import LearnerError, NotWritten

EXERCISE = Exercise(
    id="one-hot",
    chapter="01_sequences",
    place=1,
    title="Symbols as vectors",
    defines=("one_hot", "lookup"),
    hints=(
        "Before any vector, find for each symbol of the text its place in `symbols`. What happens where there is none?",
        "Begin with torch.zeros(len(text), len(symbols)) and put a single 1 into each row. In `lookup`, a one-hot row "
        "times a matrix is a row of that matrix: which one? A tensor can be indexed by a tensor of ids.",
        "`columns = {symbol: j for j, symbol in enumerate(symbols)}` raises a KeyError for an unknown symbol by "
        "itself; then `vectors[t, columns[symbol]] = 1` for each t. And `lookup` is a single index: `weight[...]`.",
    ),
    forbidden=("torch.nn.functional.one_hot", "sklearn.preprocessing", "rnnbook.text.one_hot"),
)


def one_hot(text: str, symbols: str) -> torch.Tensor:
    """The right answer, (T, V)."""
    return torch.eye(len(symbols))[[symbols.index(symbol) for symbol in text]]


def mistakes(text: str, symbols: str) -> dict:
    """What people write instead of `one_hot`, and what it gives."""
    right = one_hot(text, symbols)
    remedy = "Take those of `symbols`, in their order: then every text gets the same columns."
    return {
        "Your vectors are right, but they cannot be multiplied by a matrix of floating-point weights: make them "
        "floating-point numbers, with .float() or dtype=torch.float32.": right.int(),
        "You transposed it: a row stands for a place in the text, a column for one of `symbols`.": right.T,
        "You sorted `symbols`: column j stands for symbols[j], in the order given.": one_hot(
            text, "".join(sorted(symbols))
        ),
        f"Your columns are the sorted symbols of the text itself. {remedy}": one_hot(text, "".join(sorted(set(text)))),
        f"Your columns are the text's symbols in order of appearance. {remedy}": (
            one_hot(text, "".join(dict.fromkeys(text)))
        ),
        f"Your columns are the letters from a to z. {remedy}": one_hot(text, string.ascii_lowercase),
        "Your 1s are one column too far to the right: columns count from 0.": right.roll(1, dims=1),
        "Your 1s are one column too far to the left: columns count from 0.": right.roll(-1, dims=1),
        "You gave the numbers of the columns: put a 1 into that column of a row of zeros.": right.argmax(1),
        "You added the rows up, and with them the order is gone: keep a row for each place.": right.sum(0),
    }


@points(3)
@pytest.mark.parametrize(
    ("text", "symbols"), [("bad", "abcd"), ("moon", "onm!"), ("banana", "nab"), ("a", "ca"), ("tttt", "art")]
)
def test_one_hot(student, text, symbols):
    """A row for each symbol of the text, a column for each of `symbols`."""
    what = f'one_hot("{text}", "{symbols}")'
    got = student.one_hot(text, symbols)
    assert_equal_arrays(got, one_hot(text, symbols), mistakes=mistakes(text, symbols), what=what)


@points(2)
def test_unknown_symbol(student):
    """An unknown symbol raises a KeyError or ValueError that names it."""
    function, got, raised = student.one_hot, None, ""
    try:
        got = function("abéc", "abc")
    except NotWritten:
        raise
    except LearnerError as error:
        raised = str(error)
    given = 'In one_hot("abéc", "abc") the symbol "é" is unknown'
    assert raised, f"{given}, but {fate(got)}. Nobody would notice: raise a KeyError or a ValueError that names it."
    first_line = raised.partition("\n")[0]
    assert re.match("Your code raised (KeyError|ValueError)", first_line), (
        f"{given}: raise a KeyError or a ValueError that names it.\n{raised}"
    )
    assert "é" in first_line, (
        f"{given}, but the error does not say so. Put the symbol into the message, so that it can be found.\n{raised}"
    )


def fate(got) -> str:
    """What became of the unknown symbol, the third of four."""
    shape = tuple(got.shape) if isinstance(got, torch.Tensor) else None
    if shape == (3, 3):
        return "it was silently left out"
    columns = {(0, 0, 0): "a row of zeros", (1, 0, 0): "the first column", (0, 0, 1): "the last column"}
    column = columns.get(tuple(got[2].tolist())) if shape == (4, 3) else None
    return f"it silently got {column}" if column else "your code raised nothing"


def rows(V: int, D: int, *ids: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Arguments for `lookup`: ids (T,) and weight (V, D)."""
    return torch.tensor(ids), torch.randn(V, D)


@points(3)
@pytest.mark.parametrize(("V", "D", "ids"), [(4, 4, (2, 0, 0, 1)), (7, 3, (6, 0, 5, 5, 1)), (2, 5, (1,))])
def test_lookup(student, V, D, ids):
    """The row of `weight` for each id."""
    ids, weight = rows(V, D, *ids)
    mistakes = {
        "You took the row before: ids count from 0, as rows do.": weight[ids - 1],
        "You took the row after: ids count from 0, as rows do.": lambda: weight[ids + 1],
        "You picked columns: symbol i has row i of `weight`.": lambda: weight[:, ids],
        "You picked columns: symbol i has row i of `weight`, without transposing.": lambda: weight.T[ids],
        "You transposed the result: it has a row for each id.": weight[ids].T,
        "You took the rows in order: the ids say which ones.": weight[: len(ids)],
        "You added the rows up: keep one for each id.": weight[ids].sum(0),
    }
    got = student.lookup(ids, weight)
    assert_equal_arrays(got, weight[ids], mistakes=mistakes, what=f"lookup for the ids {ids.tolist()}")
    assert_unchanged(student, "ids", "weight")


@points(1)
def test_no_product(student):
    """Rows are picked, without a product."""
    ids, weight = rows(5, 3, 4, 1, 1)
    weight[2] = torch.inf
    product = torch.eye(5)[ids] @ weight
    multiplied = (
        "You multiplied by one-hot vectors. Every row of `weight` takes part in that, the infinite one here too, with "
        "0 · ∞ = NaN; and nearly all of its work is to multiply by zero. Pick the rows by index."
    )
    assert_equal_arrays(student.lookup(ids, weight), weight[ids], mistakes={multiplied: product}, what="lookup")


@points(1)
def test_gradient(student):
    """The gradient reaches the rows that were picked."""
    ids, weight = rows(4, 3, 2, 0, 2)
    upstream = torch.randn(3, 3)
    (got,) = student.grad("lookup", (ids, weight), wrt=(1,), upstream=upstream)
    right = torch.zeros_like(weight).index_add(0, ids, upstream)
    assert_equal_arrays(got, right, what="the gradient with respect to weight")
