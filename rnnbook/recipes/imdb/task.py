"""The task: reviews to learn from and to judge, and where a model is right."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnbook.data import Imdb, Reviews, load_imdb, load_tweets, review_language
from rnnbook.recipes import Outcome
from rnnbook.recipes.analysis import analyse
from rnnbook.text import Ragged, Vocabulary, words

SAMPLE = 4000, 1000  # reviews of the small language to train on, to test on


@dataclass(frozen=True, eq=False)
class Data:
    """Reviews to train and to test on, and messages of another kind for models that never saw any."""

    reviews: Imdb
    tweets: Reviews
    full: bool


def load(full: bool, data_dir: str | None) -> Data:
    """IMDB and real tweets; or reviews in the small language, and the course's own messages."""
    tweets = load_tweets(full, data_dir)
    if full:
        return Data(load_imdb(data_dir), tweets, full)
    train, test = (review_language.generate(n, seed) for seed, n in enumerate(SAMPLE))
    vocabulary = Vocabulary.from_tokens(map(words, train.texts))
    return Data(Imdb(vocabulary, *(as_ids(part, vocabulary) for part in (train, test)), train.sha256), tweets, full)


def describe(data: Data) -> dict[str, Any]:
    """The data's name and checksum; IMDB's is that of the archive that was read."""
    return {
        "name": "imdb" if data.full else "review_language",
        "sha256": data.reviews.sha256,
        "train": len(data.reviews.train),
        "test": len(data.reviews.test),
    }


def smaller(reviews: Imdb, vocabulary_size: int) -> Imdb:
    """The reviews with so many words, or all there are."""
    return reviews.most_common(min(vocabulary_size, len(reviews.vocabulary)))


def spelt(reviews: Ragged, vocabulary: Vocabulary) -> list[list[str]]:
    """The words of each review again."""
    tokens = np.array(vocabulary.tokens, dtype=object)[reviews.ids.numpy()]
    return [part.tolist() for part in np.split(tokens, reviews.lengths.cumsum(0)[:-1].numpy())]


def as_ids(texts: Reviews, vocabulary: Vocabulary) -> Ragged:
    """Texts as ids with their labels; one without a word is a single unknown one."""
    ids = [vocabulary.encode(words(text)) or vocabulary.encode(["<unk>"]) for text in texts.texts]
    return Ragged.of(ids, torch.tensor(texts.labels))


def score(data: Data, test: Tensor, tweets: Tensor, parameters: int) -> Outcome:
    """Accuracy on the reviews to test on, and where it comes from.

    Args:
        data: with the true labels.
        test: for each review, the probability that it is positive, (N,).
        tweets: the same for the messages.
        parameters: numbers that the model learnt.
    """
    right = (test.cpu() > 0.5) == data.reviews.test.targets.bool()
    more = analyse(test, data.reviews.test, data.reviews.vocabulary)
    labels = torch.tensor(data.tweets.labels).bool()
    more["tweets"] = ((tweets.cpu() > 0.5) == labels).double().mean().item()
    return Outcome(right.double().mean().item(), parameters, more)
