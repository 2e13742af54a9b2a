"""Small made-up tasks, each of which isolates one thing that a network must learn."""

import numpy as np
from numpy.random import Generator


def word_order(n: int, rng: Generator, length: int = 8, fillers: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Which of two marks comes first?

    Every sequence holds token 0 once, token 1 once, and fillers. Swapping the two marks changes the label and no count,
    so a bag of tokens holds no information: a model that ignores order stays at 50 %. A recurrent network has to
    keep the latest mark to the end: whichever comes last decides.

    Args:
        n: number of sequences; half of them (or one fewer) have label 1.
        rng: NumPy's random generator.
        length: T, at least 2.
        fillers: how many filler tokens there are: 2, 3, ...; the vocabulary has `fillers + 2` tokens.

    Returns:
        Tokens (n, T) and labels (n,), both int64; label 1 where mark 1 comes first.
    """
    tokens = rng.integers(2, 2 + fillers, (n, length))
    places = np.sort(rng.permuted(np.tile(np.arange(length), (n, 1)), axis=1)[:, :2])  # (n, 2)
    labels = rng.permutation(np.arange(n) % 2)
    rows = np.arange(n)
    tokens[rows, places[:, 0]] = labels
    tokens[rows, places[:, 1]] = 1 - labels
    return tokens, labels


def mean_of_sums(n: int, length: int, features: int, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """What is the mean over time of the sum over features?

    The network has to add up its whole input: many-to-one regression. Predicting 0 has a mean squared error of
    features / length.

    Returns:
        x (n, T, D), standard normal, and targets (n, 1), both float32.
    """
    x = rng.standard_normal((n, length, features), dtype=np.float32)
    return x, x.sum(axis=2).mean(axis=1, keepdims=True)


def running_parity(n: int, length: int, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Is the number of ones so far odd?

    One bit of memory, flipped by each one: many-to-many, an answer at each step. The last few bits alone tell nothing.

    Returns:
        bits (n, T) and the parity after each of them (n, T), both int64.
    """
    bits = rng.integers(0, 2, (n, length))
    return bits, bits.cumsum(axis=1) % 2


def three_classes(n: int, length: int, features: int, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Which of the first three features has the largest sum over time?

    Many-to-one classification; guessing is right one time in three. Each row of the labels has a single 1, which random
    zeros and ones drawn place by place would not have: the softmax's gradient `p - y` is only right for such rows.

    Args:
        n: number of sequences.
        length: T.
        features: D, at least 3.
        rng: NumPy's random generator.

    Returns:
        x (n, T, D), standard normal, and one-hot labels (n, 3), both float32.
    """
    if features < 3:
        raise ValueError(f"three_classes compares three features: features={features} is too few")
    x = rng.standard_normal((n, length, features), dtype=np.float32)
    return x, np.eye(3, dtype=np.float32)[x[:, :, :3].sum(axis=1).argmax(axis=1)]


def copy_first(n: int, length: int, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """What was the first value?

    All that follows is noise of the same kind. Predicting 0, the mean, has a mean squared error of 1, the variance of a
    standard normal value: a model that errs by 1 has not learnt anything.

    Returns:
        x (n, T, 1), standard normal, and its first step (n, 1), both float32.
    """
    x = rng.standard_normal((n, length, 1), dtype=np.float32)
    return x, x[:, 0]


def adding(n: int, length: int, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """What is the sum of the two marked values?

    One mark lies in the first half and one in the second, so that the first has to outlast half the sequence on
    average. Predicting 1, the mean, has a mean squared error of 1/6, twice the variance of a uniform value.

    Args:
        n: number of sequences.
        length: T, at least 2.
        rng: NumPy's random generator.

    Returns:
        x (n, T, 2), at each step a value uniform in [0, 1) and its mark, 0 or 1; sums (n, 1); both float32.

    Source: Hochreiter & Schmidhuber, "Long short-term memory", Neural Computation 9 (1997), section 5.4, without its
    scaling of the target.
    """
    if length < 2:
        raise ValueError(f"adding marks two steps: length={length} is too short")
    values, marks = rng.random((n, length), dtype=np.float32), np.zeros((n, length), dtype=np.float32)
    rows = np.arange(n)
    marks[rows, rng.integers(0, length // 2, n)] = 1
    marks[rows, rng.integers(length // 2, length, n)] = 1
    return np.stack([values, marks], axis=2), (values * marks).sum(axis=1, keepdims=True)


def cue(n: int, length: int, rng: Generator, classes: int = 2, distractors: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Which symbol came first? The others are drawn from an alphabet of their own and mean nothing.

    Cut anywhere after its first symbol, a sequence keeps its label: that makes ragged batches. Ids 0 and 1 do not
    occur; they are for padding and the unknown symbol, as in `rnnbook.text.Vocabulary`.

    Args:
        n: number of sequences.
        length: T, at least 1.
        rng: NumPy's random generator.
        classes: C; the cue is one of the ids 2 to C + 1.
        distractors: how many other symbols there are, from id C + 2 on; the vocabulary has C + distractors + 2 ids.

    Returns:
        Symbols (n, T) and labels (n,), 0 to C - 1, both int64.
    """
    labels = rng.integers(0, classes, n)
    symbols = rng.integers(2 + classes, 2 + classes + distractors, (n, length))
    symbols[:, 0] = 2 + labels
    return symbols, labels


def latest_mark(
    n: int, length: int, rng: Generator, marks: int = 3, fillers: int = 3, share: float = 0.25
) -> tuple[np.ndarray, np.ndarray]:
    """Which mark came last?

    An answer at each step: take each new mark in, keep it through the fillers. What a gate is for. The first symbol is
    always a mark.

    Args:
        n: number of sequences.
        length: T.
        rng: NumPy's random generator.
        marks: ids 0 to marks - 1.
        fillers: ids from `marks` on; the vocabulary has marks + fillers ids.
        share: of the symbols after the first, how many are marks.

    Returns:
        Symbols (n, T) and the latest mark at each step (n, T), both int64.
    """
    is_mark = rng.random((n, length)) < share
    is_mark[:, 0] = True
    symbols = np.where(is_mark, rng.integers(0, marks, (n, length)), rng.integers(marks, marks + fillers, (n, length)))
    latest = np.maximum.accumulate(np.where(is_mark, np.arange(length), 0), axis=1)  # its place, (n, T)
    return symbols, np.take_along_axis(symbols, latest, axis=1)


def both_sides(n: int, length: int, rng: Generator, symbols: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Is this symbol the only one of its kind in the sequence?

    An answer at each step, which depends on what came before and on what comes after. Whoever reads in one direction is
    certain only where the symbol has been seen already, and has to guess otherwise;
    `rnnbook.recipes.directions.best_of_one_direction` says how well that can be done.

    Returns:
        Symbols (n, T), each drawn from 0 to symbols - 1, and labels (n, T), 1 where it occurs once; both int64.
    """
    x = rng.integers(0, symbols, (n, length))
    return x, ((x[:, :, None] == x[:, None, :]).sum(axis=2) == 1).astype(np.int64)


def count_words() -> list[str]:
    """The English names of the numbers 0 to 99: `count_words()[73]` is "seventy-three".

    One number in, many characters out: one-to-many. The network has to find tens and ones in the number, spell both,
    and stop in time.
    """
    ones = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    teens = ["ten", "eleven", "twelve", "thirteen", "fourteen"]
    teens += [stem + "teen" for stem in ("fif", "six", "seven", "eigh", "nine")]
    tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    return ones + teens + [ten if one == "zero" else f"{ten}-{one}" for ten in tens for one in ones]
