"""Where a model of sentiment is right, and how well it knows: calibration, length, negation, another source."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from rnnbook.text import Ragged, Vocabulary

LENGTHS = (100, 200, 300, 500, 1000)  # words: up to 100, up to 200 ... more than 1000
NEGATIONS = (0, 2, 5, 10)  # of them: none, up to 2 ... more than 10
NEGATORS = ("not", "n't", "no", "never", "nothing", "nor", "neither", "without", "hardly", "barely")
BINS = 10


def analyse(positive: Tensor, reviews: Ragged, vocabulary: Vocabulary) -> dict:
    """What the record of a model holds beside its accuracy.

    Args:
        positive: the probability that a review is positive, (N,).
        reviews: the reviews in full length, with their labels.
        vocabulary: theirs.
    """
    positive = positive.double().cpu()
    labels = reviews.targets.cpu()
    right = (positive > 0.5) == labels.bool()  # (N,)
    negations = occurrences(reviews, [vocabulary.encode([word])[0] for word in NEGATORS if word in vocabulary])
    return {
        "calibration": calibration(positive, labels),
        "by_length": shares(right, reviews.lengths, LENGTHS),
        "by_negation": shares(right, negations, NEGATIONS),
        "missed": (~right).nonzero()[:, 0].tolist(),
    }


def calibration(positive: Tensor, labels: Tensor) -> dict[str, list[float] | float]:
    """Do things that a model calls 80 % probable happen in 80 % of the cases?

    Returns:
        For each tenth of the scale the mean probability, the share that is positive, and how many reviews it holds
        (None for a mean of none); and the expected calibration error, the mean distance of the two, weighted by count.

    Source: Guo et al., "On calibration of modern neural networks" (2017), section 2.
    """
    numbers = (positive * BINS).long().clamp(max=BINS - 1)  # (N,)
    probability, share, counts, error = [], [], [], 0.0
    for number in range(BINS):
        inside = numbers == number
        counts.append(int(inside.sum()))
        means = [values[inside].double().mean().item() if counts[-1] else None for values in (positive, labels)]
        probability.append(means[0])
        share.append(means[1])
        if counts[-1]:
            error += counts[-1] * abs(means[0] - means[1]) / len(labels)
    return {"probability": probability, "positive": share, "count": counts, "error": error}


def occurrences(reviews: Ragged, ids: Sequence[int]) -> Tensor:
    """How many of a review's words are among some, (N,)."""
    found = torch.isin(reviews.ids, torch.tensor(ids, dtype=reviews.ids.dtype)).long()
    total = torch.cat((torch.zeros(1, dtype=torch.int64), found.cumsum(0)))
    ends = reviews.lengths.cumsum(0)
    return total[ends] - total[ends - reviews.lengths]


def shares(right: Tensor, quantity: Tensor, edges: Sequence[int]) -> dict[str, list]:
    """The accuracy among the reviews up to each edge, and beyond the last one."""
    numbers = np.searchsorted(edges, quantity.numpy(), side="left")
    groups = [right[torch.from_numpy(numbers == group)] for group in range(len(edges) + 1)]
    accuracy = [group.double().mean().item() if len(group) else None for group in groups]
    return {"up_to": [*edges, None], "accuracy": accuracy, "count": [len(group) for group in groups]}
