"""What does padding do to a network that reads the last column?

The same sequences of 5 to 20 symbols, padded to 20, 30 ... columns; the same network, from the same weights, on the
same batches. It reads the state after the last valid step, or that of the last column, and nothing else is different.
"""

from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from rnnbook.data.toys import latest_mark
from rnnbook.models import SequenceClassifier
from rnnbook.models.sequence import parameters_of
from rnnbook.recipes import Outcome, Recipe, generated
from rnnbook.train import fit, predict

MARKS, FILLERS = 2, 6
SHORTEST, LONGEST = 5, 20  # symbols
WIDTHS = (20, 30, 40, 60, 80, 120)  # columns
HELD_OUT = 2000  # sequences


def ragged(n: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Which mark came last? Sequences of 5 to 20 symbols.

    Returns:
        ids (n, 20), padded with zeros; lengths (n,); labels (n,).
    """
    symbols, latest = latest_mark(n, LONGEST, rng, MARKS, FILLERS)
    lengths = rng.integers(SHORTEST, LONGEST + 1, n)
    labels = latest[np.arange(n), lengths - 1]
    ids = np.where(np.arange(LONGEST) < lengths[:, None], symbols + 2, 0)  # 0 is padding, 1 the unknown symbol
    return torch.from_numpy(ids), torch.from_numpy(lengths), torch.from_numpy(labels)


def inputs(ids: Tensor, lengths: Tensor, width: int, last_column: bool) -> tuple[Tensor, Tensor]:
    """What the network gets: more columns of padding, and the lengths, or the lie that every column is valid."""
    ids = pad(ids, (0, width - ids.shape[1]))  # (N, width)
    return ids, torch.full_like(lengths, width) if last_column else lengths


def run(
    data: None,
    seed: int,
    device: str,
    *,
    last_column: bool,
    steps: int,
    batch_size: int,
    learning_rate: float,
    **sizes,
) -> Outcome:
    """Train once for each amount of padding, and test with as much; the value is the accuracy at the largest.

    `more` also holds the accuracy of the network that was trained with the least padding when it is served with more,
    and read in the last column.
    """
    rng = np.random.default_rng(seed)
    *train, labels = (part.to(device) for part in ragged(steps * batch_size, rng))
    *held_out, right = (part.to(device) for part in ragged(HELD_OUT, rng))

    def accuracy(model: SequenceClassifier, width: int, last_column: bool) -> float:
        scores = predict(model, *inputs(*held_out, width, last_column))
        return (scores.argmax(dim=1) == right).double().mean().item()

    trained, served = {}, {}
    for width in WIDTHS:
        torch.manual_seed(seed)
        model = SequenceClassifier(2 + MARKS + FILLERS, MARKS, **sizes).to(device)
        batches = [*inputs(*train, width, last_column), labels]
        fit(model, batches, epochs=1, batch_size=batch_size, learning_rate=learning_rate, seed=seed)
        trained[width] = accuracy(model, width, last_column)
        if width == WIDTHS[0]:
            served = {wider: accuracy(model, wider, last_column=True) for wider in WIDTHS}
    return Outcome(trained[WIDTHS[-1]], parameters_of(model), {"accuracy": trained, "served": served})


def summarise(findings: list[dict[str, dict]]) -> dict:
    """For each amount of padding, the accuracies of all seeds."""
    by_width = {key: {str(w): [found[key][w] for found in findings] for w in WIDTHS} for key in ("accuracy", "served")}
    return {"padded_to": list(WIDTHS), **by_width}


SETTINGS = {
    "cell": "lstm",
    "embedding_size": 8,
    "hidden_size": 32,
    "steps": 600,
    "batch_size": 32,
    "learning_rate": 3e-3,
}


def _recipe(name: str, model: str, last_column: bool) -> Recipe:
    settings = SETTINGS | {"last_column": last_column}
    return Recipe(
        f"padding-{name}",
        "latest_mark",
        model,
        **generated("latest_mark"),
        run=partial(run, **settings),
        settings=settings,
        summarise=summarise,
    )


RECIPES = [
    _recipe("packed", "LSTM, last valid state", last_column=False),
    _recipe("last-column", "LSTM, last column", last_column=True),
]
