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
