"""A small language of film reviews in which the order of the words decides.

A template is written as a review that praises. Its opposite has a bad word for every {good} and a good one for every
{bad}. "The {part} was {bad}, but the {part} was {good}." holds one of each both ways: which words it has says nothing
about its label, where they stand says everything. How far a model can come that ignores order is therefore known.
"""

import itertools
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from rnnbook.data.reviews import Reviews
from rnnbook.nearest import suggest

TEMPLATES = {
    "plain": [
        "The {part} was {good} and the {part} was {good}.",
        "The {part} was {good}, the {part} was {good}, and the {part} was {good} too.",
        "It was {good}, with {part} and {part} to match: {good}, all of it.",
        "I found the {part} {good} and the {part} simply {good}.",
        "Everyone remarked how {good} the {part} was, and how {good} the {part}.",
        "If one word must do for the {part}, it is {good}; for the {part}, {good}.",
    ],
    "negation": [
        "The {part} was not {bad}, it was {good}.",
        "The {part} was {good}, not {bad}.",
        "It was never {bad}, never {bad}: the {part} was {good} and the {part} was {good}.",
        "Nothing about the {part} was {bad}, and everything about the {part} was {good}.",
        "The {part} was not {bad}, nor was the {part} {bad}.",
        "Not once was the {part} {bad}, and not for a moment was the {part} {bad}.",
    ],
    "contrast": [  # the clause after "but" counts, and the one without "although"
        "The {part} was {bad}, but the {part} was {good}.",
        "Although the {part} was {bad}, the {part} was {good}.",
        "The {part} was {good}, although the {part} was {bad}.",
        "The {part} was {bad} and the {part} was {bad}, and yet it was {good}, even {good}.",
        "The {part} was not {good}, but the {part} was {good}.",
        "The {part} was {bad}, but the {part} was not {bad}.",
    ],
    "intensity": [  # the stronger word counts
        "The {part} was somewhat {bad}, the {part} was utterly {good}.",
        "The {part} was utterly {good}, the {part} was somewhat {bad}.",
        "The {part} was {bad} for a minute, the {part} was {good} for two hours.",
        "I thought the {part} deeply {good} and the {part} faintly {bad}.",
    ],
    "hearsay": [  # the writer's own opinion counts
        "My neighbour called the {part} {bad}; I call it {good}.",
        "I had been told that it was {bad}. It was {good}.",
        "It was {good}, whatever they say about {bad} {part} and {bad} {part}: {good} to the end.",
    ],
    "elsewhere": [  # only the film counts
        "The {place} was {bad}, the {part} was {good}.",
        "The {part} was {good}, the {place} was {bad}.",
        "The weather was {bad}, the {place} was {bad}, the {part} was {good} and the {part} was {good}.",
    ],
}
OPENINGS = ["", "We went on a Friday.", "I saw it with my aunt.", "This is the new one by the director of the first."]
ASIDES = ["", "The {place} was {any}.", "Our {place}, by the way, was {any}."]  # {any}: either, whatever the label
WORDS = {
    "part": "plot acting music dialogue ending script humour pacing lighting casting editing scenery",
    "place": "foyer queue popcorn bus café usher trailer coffee carpet projector",
    "good": "wonderful lovely splendid superb delightful excellent charming marvellous brilliant glorious fine",
    "bad": "awful dreadful terrible dismal dreary miserable horrible ghastly dull boring poor",
}
WORDS = {slot: words.split() for slot, words in WORDS.items()}
SLOT = re.compile(r"\{(\w+)\}")


def generate(n: int, seed: int, kinds: Sequence[str] = tuple(TEMPLATES)) -> Reviews:
    """Draw reviews: a template, an opening, a remark on something else than the film, and words to fill the slots.

    Args:
        n: how many; half of them (or one fewer) praise.
        seed: another seed, other reviews.
        kinds: which of `TEMPLATES` to draw from; every template is as likely as any other.

    Raises:
        ValueError: a kind does not exist, or there is none.
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % 2).tolist()
    choices = [skeletons(kinds, label) for label in (0, 1)]
    return Reviews([_fill(choices[label][rng.integers(len(choices[label]))], rng) for label in labels], labels)


def best_bag_of_words(kinds: Sequence[str] = tuple(TEMPLATES)) -> float:
    """The greatest accuracy of any model that sees which words a review has and how often, but not where. Exact.

    The words in the slots are drawn alike for all skeletons with the same slots, whatever their label, so all that a
    bag tells about the label is the bag of its skeleton. And it tells that one, since no word that fills a slot stands
    in a skeleton. The best model answers, for each such bag, the label it has more often. Capitals and punctuation
    marks count as words here: a model that leaves them out knows no more.

    Source: Hastie, Tibshirani & Friedman, "The Elements of Statistical Learning", section 2.4, the Bayes classifier.
    """
    counts = Counter()
    for label in (0, 1):
        for skeleton in skeletons(kinds, label):
            counts[label, tuple(sorted(re.findall(r"\{\w+\}|\w+|[^\w\s]", skeleton)))] += 1
    bags = {bag for _, bag in counts}
    return sum(max(counts[0, bag], counts[1, bag]) for bag in bags) / counts.total()


def skeletons(kinds: Sequence[str], label: int) -> list[str]:
    """All reviews of a label with their slots unfilled, each as often as it is drawn.

    >>> skeletons(["elsewhere"], label=0)[0]
    'The {place} was {good}, the {part} was {bad}.'
    """
    unknown = [kind for kind in kinds if kind not in TEMPLATES]
    if unknown or not kinds:
        raise ValueError(f"kinds={list(kinds)}: name one kind or more. {suggest(str(*unknown[:1]), TEMPLATES)}")
    verdicts = [template for kind in kinds for template in TEMPLATES[kind]]
    if label == 0:
        verdicts = [_opposite(verdict) for verdict in verdicts]
    found = []
    for opening, verdict, aside, any_ in itertools.product(OPENINGS, verdicts, ASIDES, ("{good}", "{bad}")):
        aside = aside.replace("{any}", any_)
        found += [" ".join(filter(None, parts)) for parts in ((opening, verdict, aside), (opening, aside, verdict))]
    return found


def _opposite(template: str) -> str:
    return SLOT.sub(lambda slot: {"{good}": "{bad}", "{bad}": "{good}"}.get(slot[0], slot[0]), template)


def _fill(skeleton: str, rng: Generator) -> str:
    """A word for each slot; none occurs twice."""
    left = {slot: iter(rng.permutation(words).tolist()) for slot, words in WORDS.items()}
    return SLOT.sub(lambda slot: next(left[slot[1]]), skeleton)
