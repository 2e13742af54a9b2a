"""Dates as people of seven languages write them, into ISO 8601: with all of the source in one state, or with attention.

What is held out are days: none of them occurs in training, in no format and no language. An answer counts if all ten
characters are right. The two models differ in nothing but attention.
"""

import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rnnbook.data import Parallel, dates
from rnnbook.models import Seq2Seq, Translator
from rnnbook.models.seq2seq import sequence_loss
from rnnbook.models.sequence import parameters_of
from rnnbook.recipes import Outcome, Recipe, generated
from rnnbook.text import Pairs, Vocabulary, characters
from rnnbook.text.pairs import SPECIALS
from rnnbook.train import fit

HELD_OUT = 0.1
DAYS = 100  # held-out ones that are written in every format
MISTAKES = 20  # that are kept, at most


def run_network(
    data: None,
    seed: int,
    device: str,
    *,
    save: Path | None = None,
    training: dict[str, Any] | None = None,
    n: int,
    half: bool = False,
    fit_with: dict[str, Any],
    **model_settings,
) -> Outcome:
    """Train a `Seq2Seq` character by character, and let it write each held-out date, the most probable digit each time.

    Args:
        data: None, for dates are drawn from the seed.
        seed: of the dates, the held-out days, the initialisation and the order of the batches.
        device: where to train.
        save: a folder for the trained model.
        training: further arguments of `fit`: its checkpoint, its time budget.
        n: dates to draw, those held out included.
        half: round the trained weights to 16 bits, so that a page can carry them.
        fit_with: arguments of `fit`.
        model_settings: of the model.
    """
    train, held_out = dates.generate(n, seed).split(seed, HELD_OUT)
    translator, pairs = untrained(train, seed, device, **model_settings)
    history = fit(translator.model, pairs, sequence_loss, seed=seed, **fit_with, **(training or {}))
    if half:
        translator.model.half().float()
    if save:
        translator.save(save)
    written = answers(translator, held_out)
    right = np.array(written) == held_out.targets
    wrong = np.flatnonzero(~right)[:MISTAKES]
    more = {
        "by_format": by_format(translator, list(dict.fromkeys(held_out.targets))[:DAYS]),
        "mistakes": [[held_out.sources[i], held_out.targets[i], written[i]] for i in wrong],
        "held_out": len(held_out),
        "loss": history.loss,
    }
    return Outcome(float(right.mean()), parameters_of(translator.model), more, history.seconds[-1])


def untrained(train: Parallel, seed: int, device: str, **model_settings) -> tuple[Translator, Pairs]:
    """A translator that has learnt nothing yet, and the dates as it reads them."""
    sources, targets = (list(map(characters, texts)) for texts in (train.sources, train.targets))
    vocabularies = Vocabulary.from_tokens(sources), Vocabulary.from_tokens(targets, specials=SPECIALS)
    torch.manual_seed(seed)
    model = Seq2Seq(*map(len, vocabularies), **model_settings).to(device)
    pairs = Pairs(map(vocabularies[0].encode, sources), map(vocabularies[1].encode, targets))
    return Translator(model, *vocabularies, characters), pairs


def answers(translator: Translator, held_out: Parallel) -> list[str]:
    """What the model writes for each source."""
    longest = len("2024-03-01") + 1  # with its end
    return [found.text for found in translator.translate(held_out.sources, max_length=longest, batch_size=256)]


def by_format(translator: Translator, days: list[str]) -> dict[str, list[float]]:
    """The share of these days that is right in each format as it is written, for each language in its formats' order.

    Args:
        translator: the trained model.
        days: in ISO 8601.
    """
    formats = [(language, format_) for language, formats in dates.FORMATS.items() for format_ in formats]
    sources = [dates.write(datetime.date.fromisoformat(day), *format_) for format_ in formats for day in days]
    written = np.array(answers(translator, Parallel(sources, days * len(formats)))).reshape(len(formats), len(days))
    shares = (written == days).mean(axis=1)
    return {
        language: [float(share) for share, (spoken, _) in zip(shares, formats, strict=True) if spoken == language]
        for language in dates.FORMATS
    }


def _recipe(name: str, model: str, **settings) -> Recipe:
    return Recipe(
        f"dates-{name}",
        "dates",
        model,
        **generated("dates"),
        run=partial(run_network, **settings),
        metric="exact_match_accuracy",
        settings=settings,
        long=True,
    )


SETTINGS = {
    "n": 50_000,
    "embedding_size": 64,
    "hidden_size": 128,
    "cell": "gru",
    "bidirectional": True,
    "fit_with": {"epochs": 10, "batch_size": 64, "learning_rate": 3e-3, "weight_decay": 0.01, "warm_up": 0.15},
}
RECIPES = [
    _recipe("none", "GRU encoder and decoder, no attention", **SETTINGS, attention=None),
    _recipe("attention", "GRU encoder and decoder, additive attention", **SETTINGS, attention="additive"),
    # What ships with the course and runs in its pages. It learns in minutes, and its weights are few.
    _recipe(
        "reader",
        "small GRU encoder and decoder, general attention, for the page",
        **SETTINGS | {"embedding_size": 24, "hidden_size": 48, "attention": "general", "half": True},
    ),
]
