"""Is a deep network better than a wide one? One, two and four layers of as many parameters, on a text's characters."""

import hashlib
from functools import partial

import numpy as np
import torch
from torch import Tensor

from rnnbook.data import load_corpus
from rnnbook.models.sequence import SequenceModel, parameters_of, size_for, step_cross_entropy
from rnnbook.recipes import Outcome, Recipe
from rnnbook.text import Vocabulary
from rnnbook.train import fit, predict

HELD_OUT = 0.1  # of the text, its end
STRETCH = 256  # characters read in one go


def windows(ids: Tensor, n: int, length: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Stretches of a text that begin anywhere: symbols (n, T), and the next symbol after each (n, T)."""
    starts = torch.from_numpy(rng.integers(0, len(ids) - length, n))
    drawn = ids[starts[:, None] + torch.arange(length + 1)]  # (n, T + 1)
    return drawn[:, :-1], drawn[:, 1:]


def build(vocabulary_size: int, num_layers: int, *, cell: str, embedding_size: int, hidden_size: int) -> SequenceModel:
    """A language model of that many layers with as many parameters as one layer of that hidden size gives."""

    def make(size: int, num_layers: int = num_layers) -> SequenceModel:
        return SequenceModel(
            vocabulary_size, vocabulary_size, size, cell, num_layers, embedding_size=embedding_size, every_step=True
        )

    return make(size_for(parameters_of(make(hidden_size, 1)), make))


def run(
    text: str,
    seed: int,
    device: str,
    *,
    num_layers: int,
    length: int,
    steps: int,
    batch_size: int,
    learning_rate: float,
    **sizes,
) -> Outcome:
    """Train on windows from the first nine tenths; the value is the loss on the last tenth, in nats a character.

    Args:
        text: what to model.
        seed: of the windows and the initialisation; the division of the text is the same for all.
        device: where to train.
        num_layers: L.
        length: T, of a window.
        steps: of the optimiser.
        batch_size: B.
        learning_rate: its peak.
        sizes: see `build`.
    """
    vocabulary = Vocabulary.from_text(text)
    ids = torch.tensor(vocabulary.encode(text))
    end = int(len(ids) * (1 - HELD_OUT))
    rng = np.random.default_rng(seed)
    data = [part.to(device) for part in windows(ids[:end], steps * batch_size, length, rng)]
    torch.manual_seed(seed)
    model = build(len(vocabulary), num_layers, **sizes).to(device)
    fit(
        model,
        data,
        step_cross_entropy,
        epochs=1,
        batch_size=batch_size,
        learning_rate=learning_rate,
        warm_up=0.1,
        seed=seed,
    )
    held_out = ids[end:].to(device)
    more = {
        "hidden_size": model.rnn.hidden_size,
        "train_loss": nats_a_character(model, ids[: len(held_out)].to(device)),
    }
    return Outcome(nats_a_character(model, held_out), parameters_of(model), more)


def nats_a_character(model: SequenceModel, ids: Tensor) -> float:
    """The mean cross-entropy on a text (N,), read in stretches of 256 characters, each from a state of zeros."""
    rows = ids[: (len(ids) - 1) // STRETCH * STRETCH + 1]
    x, targets = rows[:-1].view(-1, STRETCH), rows[1:].view(-1, STRETCH)  # (N, 256)
    return step_cross_entropy(predict(model, x, batch_size=64), targets).item()


def describe(text: str) -> dict[str, str]:
    return {"name": "shakespeare", "sha256": hashlib.sha256(text.encode()).hexdigest()}


SETTINGS = {
    "cell": "lstm",
    "embedding_size": 32,
    "hidden_size": 60,
    "length": 50,
    "steps": 1500,
    "batch_size": 32,
    "learning_rate": 1e-2,
}


def _recipe(num_layers: int) -> Recipe:
    settings = SETTINGS | {"num_layers": num_layers}
    return Recipe(
        f"depth-{num_layers}",
        "shakespeare",
        f"LSTM, {num_layers} layer{'s' * (num_layers > 1)}",
        load_corpus,
        describe,
        partial(run, **settings),
        metric="test_loss",
        higher_is_better=False,
        settings=settings,
    )


RECIPES = [_recipe(num_layers) for num_layers in (1, 2, 4)]
