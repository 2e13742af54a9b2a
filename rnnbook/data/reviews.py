"""Texts with an opinion each, and the film reviews that were written for this course."""

import hashlib
import json
import os
from dataclasses import dataclass
from importlib import resources

import numpy as np


@dataclass(frozen=True)
class Reviews:
    """Texts labelled by whether their writer liked what they write about.

    Attributes:
        texts: the texts, as they were written.
        labels: 1 for a positive text, 0 for a negative one.
        ratings: the scale's value that each label was made of, or None where only labels are known.
    """

    texts: list[str]
    labels: list[int]
    ratings: list[float] | None = None

    def __post_init__(self):
        counts = {name: len(values) for name, values in vars(self).items() if values is not None}
        if len(set(counts.values())) > 1:
            found = ", ".join(f"{count} {name}" for name, count in counts.items())
            raise ValueError(f"{found}: give one of each for each text")
        if wrong := set(self.labels) - {0, 1}:
            raise ValueError(f"a label is 1 (positive) or 0 (negative), not {', '.join(map(repr, wrong))}")

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def sha256(self) -> str:
        """The hash of what is learnt from, for the record of a run: every text with its label."""
        return hashlib.sha256(json.dumps([self.texts, self.labels]).encode()).hexdigest()

    def split(self, seed: int, held_out: float = 0.2) -> tuple["Reviews", "Reviews"]:
        """Divide by distinct text, so that none is on both sides; each side gets its share of both labels.

        Args:
            seed: another seed, another division.
            held_out: the fraction of the distinct texts of each label that goes to the second part.

        Returns:
            The texts to train on, and those held out, each in the original order.

        Raises:
            ValueError: `held_out` leaves one side empty.
        """
        label_of = dict(zip(reversed(self.texts), reversed(self.labels), strict=True))  # a repeat has its first label
        distinct = list(dict.fromkeys(self.texts))
        generator = np.random.default_rng(seed)
        chosen = set()
        for label in (0, 1):
            texts = [text for text in distinct if label_of[text] == label]
            chosen.update(texts[i] for i in generator.permutation(len(texts))[: round(held_out * len(texts))])
        if held_out < 0 or not 0 < len(chosen) < len(distinct):
            raise ValueError(
                f"held_out={held_out} of {len(distinct)} distinct texts leaves one side empty; "
                "take a fraction such as 0.2"
            )
        return self._where(chosen, False), self._where(chosen, True)

    def _where(self, chosen: set[str], inside: bool) -> "Reviews":
        kept = [i for i, text in enumerate(self.texts) if (text in chosen) == inside]
        columns = (self.texts, self.labels, self.ratings)
        return Reviews(*(values and [values[i] for i in kept] for values in columns))


def load_reviews(full: bool = False, data_dir: str | os.PathLike | None = None) -> tuple[Reviews, Reviews]:
    """Film reviews to train on and to test on: the course's own, or the 50,000 of IMDB.

    The course's own 300 reviews are divided once and for all, 240 to 60, with as many positive as negative ones on each
    side. That is enough to try things out and too little to tell two good models apart.

    Args:
        full: take IMDB instead of the embedded sample.
        data_dir: a folder of downloaded originals with `aclImdb_v1.tar.gz`; default `RNNBOOK_DATA`.

    Raises:
        DataError: the real data cannot be had.
    """
    if full:
        from rnnbook.data.imdb import read_imdb  # which is made of Reviews itself

        return read_imdb(data_dir)
    return read_sample("reviews").split(seed=0)


def read_sample(name: str) -> Reviews:
    """A sample that ships with the course: `pos.txt` and `neg.txt`, one text a line, those that are positive first.

    Args:
        name: its folder in samples/.
    """
    folder = resources.files("rnnbook.data") / "samples" / name
    texts, labels = [], []
    for file, label in (("pos.txt", 1), ("neg.txt", 0)):
        lines = (folder / file).read_text(encoding="utf-8").strip().split("\n")  # splitlines would part at U+2028 too
        texts += lines
        labels += [label] * len(lines)
    return Reviews(texts, labels)
