"""Which language does a surname come from? From counting letters to a two-layer GRU.

Every seed has its own split by distinct name, a fifth held out, and its own initialisation. The networks' settings were
chosen among some forty, by the accuracy on validation names of two other random divisions of the same data. Some of
those names are held out here, so that the networks' figures may be slightly flattered. The n-gram model's C was set
once and not searched.
"""

import hashlib
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.pipeline import Pipeline, make_pipeline
from torch.nn import functional as F

from rnnbook.data import Names, load_names
from rnnbook.models import SequenceClassifier
from rnnbook.recipes import Outcome, Recipe
from rnnbook.text import Vocabulary, pad
from rnnbook.train import fit, predict

START, END = "<start>", "<end>"


def score(held_out: Names, predicted: list[str], parameters: int) -> Outcome:
    """Accuracy, macro-F1 over all languages, and the confusion matrix (rows true, columns predicted)."""
    labels = held_out.label_set
    macro_f1 = f1_score(held_out.languages, predicted, labels=labels, average="macro", zero_division=0)
    confusion = confusion_matrix(held_out.languages, predicted, labels=labels)
    more = {"macro_f1": float(macro_f1), "labels": labels, "confusion": confusion.tolist()}
    return Outcome(float(accuracy_score(held_out.languages, predicted)), parameters, more)


def summarise(findings: list[dict]) -> dict:
    """Macro-F1 seed by seed; the confusion matrices of all seeds added up."""
    confusion = np.sum([finding["confusion"] for finding in findings], axis=0).tolist()
    return {
        "macro_f1": [finding["macro_f1"] for finding in findings],
        "labels": findings[0]["labels"],
        "confusion": confusion,
    }


def run_baseline(make: Callable[[], Pipeline], names: Names, seed: int, device: str) -> Outcome:
    """Fit one of scikit-learn's classifiers to the training names; it runs on the CPU whatever the device."""
    train, held_out = names.split(seed)
    model = make().fit(train.names, train.languages)
    parameters = sum(getattr(model[-1], part, np.empty(0)).size for part in ("coef_", "intercept_"))
    return score(held_out, model.predict(held_out.names).tolist(), parameters)


def bag_of_characters() -> Pipeline:
    """How often each character occurs, whatever the order."""
    return make_pipeline(CountVectorizer(analyzer="char", lowercase=False), LogisticRegression(C=10, max_iter=2000))


def character_ngrams(regularisation: float) -> Pipeline:
    """Runs of 1 to 4 characters, with the ends of the name marked: order within four characters, and no further.

    Args:
        regularisation: scikit-learn's C is its inverse; 1 is the library's default.
    """
    features = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, lowercase=False)
    return make_pipeline(features, LogisticRegression(C=1 / regularisation, max_iter=2000))


def run_network(names: Names, seed: int, device: str, *, shuffled: bool = False, **settings) -> Outcome:
    """Train a `SequenceClassifier` on the characters between a start and an end mark.

    Args:
        names: all names.
        seed: of the split, the initialisation and the order of the batches.
        device: where to train.
        shuffled: put the letters of every name, training and held out, into random order first.
        settings: epochs, learning_rate, weight_decay, batch_size and label_smoothing of the training, the rest is the
            model's.
    """
    train, held_out = names.split(seed)
    if shuffled:
        rng = np.random.default_rng(seed)
        train, held_out = shuffle_letters(train, rng), shuffle_letters(held_out, rng)
    symbols = dict.fromkeys("".join(train.names))
    vocabulary = Vocabulary(symbols, specials=("<pad>", "<unk>", START, END))

    def encode(part: Names) -> tuple[torch.Tensor, torch.Tensor]:
        ids, lengths = pad([vocabulary.encode([START, *name, END]) for name in part.names])
        return ids.to(device), lengths

    training = {key: settings.pop(key) for key in ("epochs", "learning_rate", "weight_decay", "batch_size")}
    loss = partial(F.cross_entropy, label_smoothing=settings.pop("label_smoothing", 0.0))
    torch.manual_seed(seed)
    model = SequenceClassifier(len(vocabulary), len(names.label_set), **settings).to(device)
    targets = torch.tensor([names.label_set.index(language) for language in train.languages]).to(device)
    fit(model, [*encode(train), targets], loss, seed=seed, warm_up=0.15, **training)
    best = predict(model, *encode(held_out)).argmax(dim=-1).tolist()
    predicted = [names.label_set[i] for i in best]
    return score(held_out, predicted, sum(p.numel() for p in model.parameters()))


def shuffle_letters(names: Names, rng: np.random.Generator) -> Names:
    """The same names with the letters of each in random order."""
    shuffled = ["".join(rng.permutation(list(name))) for name in names.names]
    return Names(shuffled, names.languages, names.label_set)


def describe(names: Names) -> dict[str, str]:
    """The data's name, and the hash of what was really learnt from: every name with its language."""
    lines = "\n".join(f"{language}\t{name}" for name, language in zip(names.names, names.languages, strict=True))
    return {"name": "names", "sha256": hashlib.sha256(lines.encode()).hexdigest()}


def _recipe(name: str, model: str, run: Callable[..., Outcome], **settings) -> Recipe:
    run = partial(run, **settings)
    return Recipe(f"names-{name}", "names", model, load_names, describe, run, settings=settings, summarise=summarise)


VANILLA = {
    "embedding_size": 128,
    "hidden_size": 512,
    "cell": "rnn",
    "dropout": 0.3,
    "symbol_dropout": 0.05,
    "epochs": 25,
    "learning_rate": 1e-3,
    "weight_decay": 0.01,
    "batch_size": 128,
}
GATED = {
    "embedding_size": 128,
    "hidden_size": 256,
    "num_layers": 2,
    "bidirectional": True,
    "dropout": 0.3,
    "symbol_dropout": 0.1,
    "epochs": 25,
    "weight_decay": 0.1,
    "batch_size": 128,
    "label_smoothing": 0.1,
}
RECIPES = [
    _recipe("majority", "the commonest language", partial(run_baseline, lambda: make_pipeline(DummyClassifier()))),
    _recipe("bag", "bag of characters, logistic regression", partial(run_baseline, bag_of_characters)),
    _recipe(
        "linear-default", "character n-grams, default settings", partial(run_baseline, lambda: character_ngrams(1))
    ),
    _recipe(
        "linear", "character n-grams, weaker regularisation", partial(run_baseline, lambda: character_ngrams(1 / 30))
    ),
    _recipe("rnn-shuffled", "vanilla RNN, letters shuffled", run_network, shuffled=True, **VANILLA),
    _recipe("rnn", "vanilla RNN, last valid state", run_network, **VANILLA),
    _recipe("lstm", "two-layer bidirectional LSTM", run_network, cell="lstm", learning_rate=2e-3, **GATED),
    _recipe("gru", "two-layer bidirectional GRU", run_network, cell="gru", learning_rate=4e-3, **GATED),
]
