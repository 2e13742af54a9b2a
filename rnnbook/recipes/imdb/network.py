"""A recurrent network that reads reviews."""

import time
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from rnnbook.models import Predictor, SequenceClassifier
from rnnbook.models.sequence import parameters_of
from rnnbook.recipes import Outcome
from rnnbook.recipes.imdb.task import Data, as_ids, score, smaller, spelt
from rnnbook.recipes.imdb.views import FixedWidth, InPieces, Judged
from rnnbook.text import Ragged, train_vectors, words
from rnnbook.train import fit, predict

SAMPLE_LONGEST = 80  # words; those of the small language have 40 at most
LABELS = ("negative", "positive")


def run_network(
    data: Data,
    seed: int,
    device: str,
    *,
    save: Path | None = None,
    training: dict[str, Any] | None = None,
    vocabulary_size: int,
    longest: int | None,
    keep_end: int | None = None,
    fixed_width: bool = False,
    in_pieces: bool = False,
    vectors: dict[str, Any] | None = None,
    embedding_scale: float = 1.0,
    half: bool = False,
    fit_with: dict[str, Any],
    on_sample: dict[str, Any],
    **model_settings,
) -> Outcome:
    """Train a `SequenceClassifier` with one logit.

    Args:
        data: what to learn from.
        seed: of the word vectors, the initialisation, the order of the batches and dropout.
        device: where to train.
        save: a folder for the trained model.
        training: further arguments of `fit`: its checkpoint, its time budget.
        vocabulary_size: the commonest words, the specials included.
        longest: words of a review that are read; None reads all.
        keep_end: how many of them are its last; by default half.
        fixed_width: pad every review to `longest` and read the last column.
        in_pieces: leave out pieces of the reviews in training, others each time.
        vectors: train word vectors with these settings first, and start from them.
        embedding_scale: standard deviation of the first embedding; torch's is 1.
        half: round the trained weights to 16 bits, so that a page can carry them.
        fit_with: arguments of `fit`.
        on_sample: those that are others for the small language, whose reviews are short and few.
        model_settings: of the model. Where it reads evidence, that is counted first, and pieces are left out too.
    """
    if not data.full:
        fit_with = fit_with | on_sample
        longest = longest and min(longest, SAMPLE_LONGEST)
    reviews = smaller(data.reviews, vocabulary_size)
    vocabulary = reviews.vocabulary
    size = model_settings["embedding_size"]

    def cut(part: Ragged) -> Ragged:
        if longest is not None:
            part = part.cropped(longest, keep_end)
        return FixedWidth.of_width(part, longest) if fixed_width else part

    start = time.perf_counter()
    torch.manual_seed(seed)
    matrix = torch.randn(len(vocabulary), size)  # (V, D)
    if vectors:
        trained = train_vectors(spelt(reviews.train, vocabulary), vocabulary, size=size, seed=seed, **vectors).matrix
        matrix = trained / trained.std()
    prepared = time.perf_counter() - start
    model = SequenceClassifier(len(vocabulary), 1, embedding=embedding_scale * matrix, **model_settings).to(device)
    train = cut(Ragged(reviews.train.ids, reviews.train.lengths, reviews.train.targets.float()))
    if model.evidence is not None:
        start = time.perf_counter()
        train = Judged.by(model.evidence, train, seed)
        prepared += time.perf_counter() - start
    elif in_pieces:
        train = InPieces(train.ids, train.lengths, train.targets)
    history = fit(model, train, F.binary_cross_entropy_with_logits, seed=seed, **fit_with, **(training or {}))
    if half:
        model.half().float()
    test, tweets = (predict(model, cut(part)).sigmoid() for part in (reviews.test, as_ids(data.tweets, vocabulary)))
    if save and not fixed_width:  # who reads the last column cannot be asked about a text of any length
        Predictor(model, vocabulary, words, LABELS, longest, keep_end).save(save)
    outcome = score(data, test, tweets, parameters_of(model))
    outcome.more["loss"] = history.loss
    outcome.more["tokens_per_second"] = history.tokens_per_second
    return Outcome(outcome.value, outcome.parameters, outcome.more, prepared + history.seconds[-1])
