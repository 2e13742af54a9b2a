"""Captions of photographs, German into English: no attention, attention, and a beam search with the same model.

BLEU is sacrebleu's, with its own tokenisation ("13a"), of the whole test set at once. What is recorded takes no notice
of capitals, as is usual for these captions; BLEU with capitals stands beside it, for the models write real text. They
read and write subwords, learnt from both sides of the training captions. The validation captions say which epoch's
weights are kept; the test captions are read once for each record.
"""

import itertools
import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rnnbook import origin
from rnnbook.data import Parallel, load_pairs
from rnnbook.files import put
from rnnbook.history import History
from rnnbook.models import Seq2Seq, Translation, Translator, raw
from rnnbook.models.seq2seq import nats_per_symbol, sequence_loss
from rnnbook.models.sequence import parameters_of
from rnnbook.recipes import Outcome, Recipe, models_folder, place_of
from rnnbook.text import Pairs, Subwords, Vocabulary
from rnnbook.text.pairs import SPECIALS
from rnnbook.train import fit

TRAINING = "training.json"
LONGEST = 80  # subwords of a translation, its end included
LENGTHS = (8, 10, 12, 15)  # words of a source: up to 8, up to 10 ... more than 15
EXAMPLES = 20  # translations that are kept
ALIGNMENTS, WIDEST = 2, 16  # that are kept with their weights, of translations with so many subwords at most


@dataclass(frozen=True)
class Data:
    """Pairs to train on, to validate on and to test on; Multi30k, or the course's own phrases."""

    train: Parallel
    validation: Parallel
    test: Parallel
    full: bool


def load(full: bool, data_dir: str | None) -> Data:
    """Multi30k with the test set of 2016, or the course's own phrases; German is read, English written."""
    return Data(*load_pairs(full, data_dir), full)


def describe(data: Data) -> dict[str, Any]:
    """The data's name, the hash of all pairs, and how many there are."""
    return {
        "name": "multi30k" if data.full else "phrases",
        "sha256": (data.train + data.validation + data.test).sha256,
        "train": len(data.train),
        "validation": len(data.validation),
        "test": len(data.test),
    }


def run(
    data: Data,
    seed: int,
    device: str,
    *,
    save: Path | None = None,
    training: dict[str, Any] | None = None,
    beam: int,
    alpha: float,
    same_as: str | None = None,
    **settings,
) -> Outcome:
    """Train a model, or take one that is trained, and translate the test set.

    Args:
        data: what to learn from.
        seed: of the initialisation, the order of the batches and dropout.
        device: where to train.
        save: a folder for the trained model.
        training: further arguments of `fit`: its checkpoint, its time budget.
        beam: hypotheses that are kept at each step; 1 is greedy.
        alpha: of the length penalty, where there are several.
        same_as: a recipe that trains the very same model. If it has left one of these settings, seed and data on this
            machine, by the same versions of torch and Python, that is taken.
        settings: of `train`.
    """
    training = training or {}
    made = {"data": describe(data), "seed": seed, "device": device, "versions": origin.versions()}
    made |= {"budget_seconds": training.get("budget_seconds"), **settings}
    made = json.loads(json.dumps(made))  # as it will be read
    trained = same_as and load_model(models_folder() / place_of(same_as, data.full) / str(seed), made)
    translator, history = trained or train(data, seed, device, training=training, **settings)
    if save:
        save_model(save, translator, history, made)
    translator.model.to(device)
    found = translator.translate(data.test.sources, beam=beam, alpha=alpha, max_length=LONGEST)
    more = score(data.test, [translation.text for translation in found])
    more |= {
        "unfinished": sum(not translation.finished for translation in found),
        "alignments": alignments(translator, found),
        "loss": history.loss,
        "validation": history.validation,
    }
    return Outcome(more.pop("bleu"), parameters_of(translator.model), more, history.seconds[-1])


def train(
    data: Data,
    seed: int,
    device: str,
    *,
    subwords: int,
    label_smoothing: float,
    fit_with: dict[str, Any],
    on_sample: dict[str, Any],
    training: dict[str, Any],
    **model_settings,
) -> tuple[Translator, History]:
    """Learn the subwords, and train a `Seq2Seq` on them.

    Args:
        data: what to learn from.
        seed: of the initialisation, the order of the batches and dropout.
        device: where to train.
        subwords: how many, of both languages together.
        label_smoothing: share of a target's probability that goes to all subwords alike.
        fit_with: arguments of `fit`.
        on_sample: those that are others for the course's own phrases.
        training: further ones: a checkpoint, a time budget.
        model_settings: of the model.
    """
    pieces = Subwords.train([*data.train.sources, *data.train.targets], subwords)
    vocabulary = Vocabulary(pieces.names, SPECIALS)
    torch.manual_seed(seed)
    model = Seq2Seq(len(vocabulary), len(vocabulary), **model_settings).to(device)
    translator = Translator(model, vocabulary, vocabulary, pieces.split)
    loss = partial(sequence_loss, label_smoothing=label_smoothing)
    validate = partial(nats_per_symbol, data=pairs(translator, data.validation))
    fit_with = fit_with | ({} if data.full else on_sample) | training
    return translator, fit(model, pairs(translator, data.train), loss, seed=seed, validate=validate, **fit_with)


def pairs(translator: Translator, texts: Parallel) -> Pairs:
    """Texts as the translator's model learns from them."""
    tokenize, encode = translator.tokenize, translator.source_vocabulary.encode  # the target's is the same
    return Pairs(*([encode(tokenize(text)) for text in side] for side in (texts.sources, texts.targets)))


def score(test: Parallel, written: list[str]) -> dict[str, Any]:
    """BLEU of all translations, and of sources up to each length; and the first translations beside the references."""
    lengths = np.array([len(source.split()) for source in test.sources])
    numbers = np.searchsorted(LENGTHS, lengths)  # (N,)
    groups = [np.flatnonzero(numbers == group) for group in range(len(LENGTHS) + 1)]
    by_length = [bleu([written[i] for i in group], [test.targets[i] for i in group]) for group in groups]
    return {
        "bleu": bleu(written, test.targets),
        "bleu_with_capitals": bleu(written, test.targets, lowercase=False),
        "by_length": {"up_to": [*LENGTHS, None], "bleu": by_length, "count": list(map(len, groups))},
        "examples": [list(each) for each in zip(test.sources, test.targets, written, strict=True)][:EXAMPLES],
    }


def alignments(translator: Translator, found: list[Translation]) -> list[dict[str, list]]:
    """Where the decoder looked, (written, read), in the first translations that a figure has room for."""
    subwords = raw.subwords_of(translator.tokenize)
    small = (each for each in found if each.weights is not None and max(each.weights.shape) <= WIDEST)
    return [
        {
            "read": [subwords.join([name]) for name in each.read],
            "written": [subwords.join([name]) for name in each.written],
            "weights": [[round(weight, 3) for weight in row] for row in each.weights.tolist()],
        }
        for each in itertools.islice(small, ALIGNMENTS)
    ]


def bleu(written: list[str], references: list[str], lowercase: bool = True) -> float | None:
    """BLEU of a whole set of translations, from 0 to 100, by sacrebleu; None of an empty set.

    Source: Post (2018), "A call for clarity in reporting BLEU scores".
    """
    from sacrebleu.metrics import BLEU

    return BLEU(lowercase=lowercase).corpus_score(written, [references]).score if written else None


def save_model(folder: Path, translator: Translator, history: History, made: dict[str, Any]) -> None:
    """Write a translator; and beside it how its training went, and from what it was made."""
    training = folder / TRAINING
    training.unlink(missing_ok=True)  # it never stands beside another model
    translator.save(folder)
    put(training, json.dumps({"made": made, "history": asdict(history)}, indent=1) + "\n")


def load_model(folder: Path, made: dict[str, Any]) -> tuple[Translator, History] | None:
    """Read what `save_model` has written; None if nothing is there, or it was made from something else.

    Raises:
        ValueError: a file is damaged, or they do not belong together.
    """
    path = folder / TRAINING
    if not path.is_file():
        return None
    try:
        training = json.loads(path.read_bytes())
        history = History(**training["history"])
        fits = training["made"] == made
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is damaged ({error}): delete it, and the model is trained anew") from None
    return (Translator.load(folder), history) if fits else None


def _recipe(name: str, model: str, **settings) -> Recipe:
    return Recipe(
        f"multi30k-{name}",
        "multi30k",
        model,
        load,
        describe,
        partial(run, **settings),
        metric="bleu",
        settings=settings,
        long=True,
    )


SETTINGS = {
    "subwords": 4000,
    "embedding_size": 256,
    "hidden_size": 256,
    "cell": "lstm",
    "bidirectional": True,
    "dropout": 0.4,
    "label_smoothing": 0.1,
    "fit_with": {
        "epochs": 15,
        "batch_size": 64,
        "learning_rate": 3e-3,
        "weight_decay": 0.01,
        "warm_up": 0.15,
        "patience": 15,  # as many as there are: train to the end, and take the best epoch's weights
    },
    "on_sample": {"epochs": 8},
}
GREEDY = {"beam": 1, "alpha": 0.0}
BEAM = {"beam": 5, "alpha": 1.0}
RECIPES = [
    _recipe("none", "LSTM encoder and decoder, no attention", **SETTINGS, attention=None, **GREEDY),
    _recipe("attention", "LSTM encoder and decoder, attention", **SETTINGS, attention="general", **GREEDY),
    _recipe(
        "beam",
        "LSTM encoder and decoder, attention, beam of 5",
        **SETTINGS,
        attention="general",
        **BEAM,
        same_as="multi30k-attention",
    ),
]
