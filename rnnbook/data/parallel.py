"""Texts with what is to be written for each of them: translations, dates, number words."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Parallel:
    """Pairs of texts: what a model reads, and what it must write.

    Attributes:
        sources: what is read.
        targets: for each source, what is to be written.
    """

    sources: list[str]
    targets: list[str]

    def __post_init__(self):
        if len(self.sources) != len(self.targets):
            raise ValueError(f"{len(self.sources)} sources and {len(self.targets)} targets: give one target a source")

    def __len__(self) -> int:
        return len(self.sources)

    def __add__(self, other: "Parallel") -> "Parallel":
        """The pairs of both, one after the other."""
        return Parallel(self.sources + other.sources, self.targets + other.targets)

    @property
    def alphabets(self) -> tuple[list[str], list[str]]:
        """The characters of the sources and those of the targets, each sorted."""
        return tuple(sorted(set().union(*texts)) for texts in (self.sources, self.targets))

    @property
    def sha256(self) -> str:
        """The hash of what is learnt from, for the record of a run: every source with its target."""
        return hashlib.sha256(json.dumps([self.sources, self.targets]).encode()).hexdigest()

    def reversed(self) -> "Parallel":
        """The same pairs the other way round: the targets are read, the sources written."""
        return Parallel(self.targets, self.sources)

    def split(self, seed: int, held_out: float = 0.1) -> tuple["Parallel", "Parallel"]:
        """Divide by distinct target: what must be written for a held-out source is never written in training.

        Where each source has one target, as in all of the course's own pairs, no source is on both sides either.

        Args:
            seed: another seed, another division.
            held_out: the fraction of the distinct targets that goes to the second part.

        Returns:
            The pairs to train on, and those held out, each in the original order.

        Raises:
            ValueError: `held_out` leaves one side empty.
        """
        distinct = list(dict.fromkeys(self.targets))
        count = round(held_out * len(distinct))
        if not 0 < count < len(distinct):
            raise ValueError(
                f"held_out={held_out} of {len(distinct)} distinct targets leaves one side empty; "
                "take a fraction such as 0.1"
            )
        chosen = {distinct[i] for i in np.random.default_rng(seed).permutation(len(distinct))[:count]}
        return self._where(chosen, False), self._where(chosen, True)

    def _where(self, chosen: set[str], inside: bool) -> "Parallel":
        kept = [i for i, target in enumerate(self.targets) if (target in chosen) == inside]
        return Parallel([self.sources[i] for i in kept], [self.targets[i] for i in kept])
