"""What do the gates do? A trained LSTM and a trained GRU of eight units, every gate of every step written down.

The task is `latest_mark`: take a mark in, keep it through the fillers, drop it for the next.
"""

from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from rnnbook.data.toys import latest_mark
from rnnbook.models.sequence import SequenceModel, parameters_of, step_cross_entropy
from rnnbook.recipes import Outcome, Recipe, generated
from rnnbook.train import fit, predict

MARKS, FILLERS = "ABC", "xyz"
SYMBOLS = MARKS + FILLERS
SEQUENCES = (
    "AxyzzyxBxzyyCzxy",  # each mark is kept through a few fillers
    "ABCCBAxyzAAxyzCC",  # marks close together, and twice the same
    "BzxyyzxxzyzxyyxzzyxzyxyzA",  # one mark kept for long
)
HELD_OUT = 2000  # sequences


@torch.no_grad()
def lstm_gates(rnn: nn.LSTM, x: Tensor) -> dict[str, Tensor]:
    """All that happens inside a layer as it reads.

    Args:
        rnn: one layer, one direction, batch_first.
        x: (B, T, D).

    Returns:
        i, f, g, o, c and h of each step, (B, T, H) each.
    """
    h = c = x.new_zeros(len(x), rnn.hidden_size)
    steps = []
    for x_t in x.unbind(dim=1):
        # i, f, o = σ(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), and g with tanh in the place of σ
        projected = linear(x_t, rnn.weight_ih_l0, rnn.bias_ih_l0) + linear(h, rnn.weight_hh_l0, rnn.bias_hh_l0)
        i, f, g, o = projected.chunk(4, dim=1)  # (B, H) each
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        h = o * c.tanh()
        steps.append({"i": i, "f": f, "g": g, "o": o, "c": c, "h": h})
    return {name: torch.stack([step[name] for step in steps], dim=1) for name in steps[0]}


@torch.no_grad()
def gru_gates(rnn: nn.GRU, x: Tensor) -> dict[str, Tensor]:
    """As `lstm_gates`; returns r, z, n and h of each step. Where z is 1 the old state is kept."""
    h = x.new_zeros(len(x), rnn.hidden_size)
    steps = []
    for x_t in x.unbind(dim=1):
        r_x, z_x, n_x = linear(x_t, rnn.weight_ih_l0, rnn.bias_ih_l0).chunk(3, dim=1)  # (B, H) each
        r_h, z_h, n_h = linear(h, rnn.weight_hh_l0, rnn.bias_hh_l0).chunk(3, dim=1)
        r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
        n = (n_x + r * n_h).tanh()
        h = (1 - z) * n + z * h
        steps.append({"r": r, "z": z, "n": n, "h": h})
    return {name: torch.stack([step[name] for step in steps], dim=1) for name in steps[0]}


GATES = {"lstm": lstm_gates, "gru": gru_gates}


def play(model: SequenceModel, cell: str, sequence: str) -> dict:
    """What the gate player shows of one sequence: its symbols, the answers and the gates, numbers to three decimals."""
    ids = torch.tensor([[SYMBOLS.index(symbol) for symbol in sequence]])  # (1, T)
    answers = predict(model, ids)[0].softmax(dim=1)  # (T, C)
    gates = GATES[cell](model.rnn, model.embedding(ids))
    so_far = [sequence[: t + 1].rstrip(FILLERS) for t in range(len(sequence))]
    return {
        "symbols": list(sequence),
        "target": [part[-1] for part in so_far],
        "prediction": [MARKS[best] for best in answers.argmax(dim=1)],
        "probability": _rounded(answers),
        "gates": {name: _rounded(values[0]) for name, values in gates.items()},
    }


def _rounded(values: Tensor) -> list[list[float]]:
    return [[round(value, 3) for value in row] for row in values.tolist()]


def openings(model: SequenceModel, cell: str, x: Tensor) -> dict[str, dict[str, float]]:
    """How far each gate is open, on average over units, where a mark is read after the first, and where a filler is.

    Args:
        model: one layer, one direction.
        cell: "lstm" or "gru".
        x: sequences of `latest_mark`, (N, T).
    """
    filler = x >= len(MARKS)
    mark = ~filler
    mark[:, 0] = False  # at the first step there is nothing to keep or to drop
    gates = GATES[cell](model.rnn, model.embedding(x))
    return {
        name: {"mark": gates[name][mark].mean().item(), "filler": gates[name][filler].mean().item()}
        for name in ("i", "f", "o", "r", "z")
        if name in gates
    }


def run(
    data: None,
    seed: int,
    device: str,
    *,
    cell: str,
    length: int,
    share: float,
    steps: int,
    batch_size: int,
    learning_rate: float,
    **sizes,
) -> Outcome:
    """Train on fresh sequences, count the right answers on held-out ones, and play `SEQUENCES`."""
    rng = np.random.default_rng(seed)
    batches, (x, targets) = (
        [torch.from_numpy(array) for array in latest_mark(n, length, rng, len(MARKS), len(FILLERS), share)]
        for n in (steps * batch_size, HELD_OUT)
    )
    torch.manual_seed(seed)
    model = SequenceModel(len(SYMBOLS), len(MARKS), cell=cell, every_step=True, **sizes)
    fit(model, batches, step_cross_entropy, epochs=1, batch_size=batch_size, learning_rate=learning_rate, seed=seed)
    accuracy = (predict(model, x).argmax(dim=2) == targets).double().mean().item()
    more = {
        "units": model.rnn.hidden_size,
        "sequences": [play(model, cell, sequence) for sequence in SEQUENCES],
        "openings": openings(model, cell, x),
    }
    return Outcome(accuracy, parameters_of(model), more)


def summarise(findings: list[dict]) -> dict:
    """The sequences as the network of the first seed read them; how far the gates of all seeds are open."""
    return findings[0] | {"openings": [finding["openings"] for finding in findings]}


SETTINGS = {
    "length": 32,
    "share": 0.1,
    "embedding_size": 6,
    "hidden_size": 8,
    "steps": 1000,
    "batch_size": 32,
    "learning_rate": 1e-2,
}


def _recipe(cell: str) -> Recipe:
    settings = SETTINGS | {"cell": cell}
    return Recipe(
        f"gates-{cell}",
        "latest_mark",
        f"{cell.upper()} of {SETTINGS['hidden_size']} units",
        **generated("latest_mark"),
        run=partial(run, **settings),
        settings=settings,
        summarise=summarise,
    )


RECIPES = [_recipe(cell) for cell in GATES]
