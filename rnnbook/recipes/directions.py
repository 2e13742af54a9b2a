"""Where two directions win, and where they are forbidden.

They win where an answer needs what comes after: `both_sides`, at equal numbers of parameters. They are forbidden where
what comes after is the answer: as a language model on random symbols, where nothing can be predicted.
"""

import math
from functools import partial

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from rnnbook.data.toys import both_sides
from rnnbook.models.sequence import SequenceModel, parameters_of, size_for, step_cross_entropy
from rnnbook.recipes import Outcome, Recipe, generated
from rnnbook.train import fit, predict

HELD_OUT = 5000  # sequences


def best_of_one_direction(length: int, symbols: int) -> np.ndarray:
    """The best accuracy that reading from left to right allows on `both_sides`, step by step, (T,).

    With K symbols, the one at step t has been seen before with probability 1 - (1 - 1/K)^t: then the answer is no. If
    it has not, it comes again with probability 1 - (1 - 1/K)^(T - 1 - t), which decides what to guess.
    """
    before, after = np.arange(length), np.arange(length)[::-1]
    seen = 1 - (1 - 1 / symbols) ** before
    comes_again = 1 - (1 - 1 / symbols) ** after
    return seen + (1 - seen) * np.maximum(comes_again, 1 - comes_again)


def build(
    bidirectional: bool, symbols: int, classes: int, cell: str, embedding_size: int, hidden_size: int
) -> SequenceModel:
    """An answer at each step, from two directions of that hidden size, or from one with as many parameters in all."""

    def make(size: int, bidirectional: bool) -> SequenceModel:
        return SequenceModel(
            symbols, classes, size, cell, bidirectional=bidirectional, embedding_size=embedding_size, every_step=True
        )

    two = make(hidden_size, True)
    return two if bidirectional else make(size_for(parameters_of(two), partial(make, bidirectional=False)), False)


def run(
    data: None,
    seed: int,
    device: str,
    *,
    bidirectional: bool,
    length: int,
    symbols: int,
    steps: int,
    batch_size: int,
    learning_rate: float,
    **sizes,
) -> Outcome:
    """Train on fresh sequences of `both_sides`, and count the right answers on held-out ones, in all and by step."""
    rng = np.random.default_rng(seed)
    batches, (x, targets) = (
        [torch.from_numpy(array).to(device) for array in both_sides(n, length, rng, symbols)]
        for n in (steps * batch_size, HELD_OUT)
    )
    torch.manual_seed(seed)
    model = build(bidirectional, symbols, 2, **sizes).to(device)
    fit(model, batches, step_cross_entropy, epochs=1, batch_size=batch_size, learning_rate=learning_rate, seed=seed)
    right = (predict(model, x).argmax(dim=2) == targets).double()  # (N, T)
    return Outcome(right.mean().item(), parameters_of(model), {"by_step": right.mean(dim=0).tolist()})


def run_illegal(
    data: None,
    seed: int,
    device: str,
    *,
    length: int,
    symbols: int,
    steps: int,
    batch_size: int,
    learning_rate: float,
    **sizes,
) -> Outcome:
    """Train "language models" of one and of two directions to tell the next of random symbols.

    Nothing but ln V, V symbols, can be honest. The backward direction has read the next symbol already, except at the
    last step.
    """
    rng = np.random.default_rng(seed)
    drawn, held_out = (
        torch.from_numpy(rng.integers(0, symbols, (n, length + 1))).to(device) for n in (steps * batch_size, HELD_OUT)
    )
    by_step = {}
    for directions, bidirectional in (("one", False), ("two", True)):
        torch.manual_seed(seed)
        model = build(bidirectional, symbols, symbols, **sizes).to(device)
        fit(
            model,
            [drawn[:, :-1], drawn[:, 1:]],
            step_cross_entropy,
            epochs=1,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
        )
        scores = predict(model, held_out[:, :-1])  # (N, T, V)
        losses = cross_entropy(scores.transpose(1, 2), held_out[:, 1:], reduction="none")  # (N, T)
        by_step[directions] = losses.mean(dim=0).tolist()
    more = {"one": float(np.mean(by_step["one"])), "by_step": by_step, "ln_v": math.log(symbols)}
    return Outcome(float(np.mean(by_step["two"])), parameters_of(model), more)


SETTINGS = {
    "length": 12,
    "symbols": 12,
    "cell": "lstm",
    "embedding_size": 16,
    "hidden_size": 32,
    "steps": 2000,
    "batch_size": 64,
    "learning_rate": 5e-3,
}
ILLEGAL = SETTINGS | {"length": 20, "symbols": 20, "steps": 1000}


def _recipe(name: str, model: str, task: str, run, settings: dict, **options) -> Recipe:
    return Recipe(
        f"directions-{name}", task, model, **generated(task), run=partial(run, **settings), settings=settings, **options
    )


RECIPES = [
    _recipe("one", "LSTM, one direction", "both_sides", run, SETTINGS | {"bidirectional": False}),
    _recipe("two", "LSTM, two directions", "both_sides", run, SETTINGS | {"bidirectional": True}),
    _recipe(
        "illegal",
        "LSTM, two directions, as a language model",
        "random_symbols",
        run_illegal,
        ILLEGAL,
        metric="test_loss",
        higher_is_better=False,
    ),
]
