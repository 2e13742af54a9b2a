"""What a recurrent network has to beat: models that do not know the order of words, or only that of neighbours."""

import itertools
from functools import partial

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn import functional as F

from rnnbook.recipes import Outcome
from rnnbook.recipes.imdb.task import Data, as_ids, score, smaller, spelt
from rnnbook.text import Ragged, train_vectors, words


def run_majority(data: Data, seed: int, device: str) -> Outcome:
    """Always the label that is more frequent in training."""
    majority = data.reviews.train.targets.double().mean() > 0.5
    return Outcome((data.reviews.test.targets.bool() == majority).double().mean().item(), 0)


def run_linear(data: Data, seed: int, device: str, *, C: float, **features) -> Outcome:
    """Words and pairs of neighbouring words, weighted by how rare they are, and logistic regression.

    Nothing in it is drawn by chance, so that every seed gives the same.
    """
    tokens = {part: spelt(part, data.reviews.vocabulary) for part in (data.reviews.train, data.reviews.test)}
    weigh = TfidfVectorizer(analyzer=words_and_pairs, sublinear_tf=True, **features)
    model = make_pipeline(weigh, LogisticRegression(C=C, max_iter=300))
    model.fit(tokens[data.reviews.train], data.reviews.train.targets.numpy())
    positive = partial(_positive, model)
    tweets = [words(text) for text in data.tweets.texts]
    parameters = model[-1].coef_.size + 1
    return score(data, positive(tokens[data.reviews.test]), positive(tweets), parameters)


def run_vectors(data: Data, seed: int, device: str, *, C: float, vocabulary_size: int, **vectors) -> Outcome:
    """The mean of a review's word vectors, which were trained on the reviews themselves, and logistic regression."""
    reviews = smaller(data.reviews, vocabulary_size)
    matrix = train_vectors(spelt(reviews.train, reviews.vocabulary), reviews.vocabulary, seed=seed, **vectors).matrix
    model = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=1000))
    model.fit(mean_vectors(reviews.train, matrix), reviews.train.targets.numpy())
    tweets = as_ids(data.tweets, reviews.vocabulary)
    positive = [_positive(model, mean_vectors(part, matrix)) for part in (reviews.test, tweets)]
    return score(data, *positive, matrix.numel() + model[-1].coef_.size + 1)


def words_and_pairs(tokens: list[str]) -> list[str]:
    """Each word, and each with the one after it."""
    return [*tokens, *(f"{one} {other}" for one, other in itertools.pairwise(tokens))]


def mean_vectors(reviews: Ragged, matrix: Tensor) -> np.ndarray:
    """The mean vector of each review's words, (N, D)."""
    starts = reviews.lengths.cumsum(0) - reviews.lengths
    return F.embedding_bag(reviews.ids.long(), matrix, starts, mode="mean").numpy()


def _positive(model, x) -> Tensor:
    return torch.from_numpy(model.predict_proba(x)[:, 1])
