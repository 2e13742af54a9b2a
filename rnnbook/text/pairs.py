"""Pairs of sequences, such as sentences and their translations, in batches of similar length."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from rnnbook.text.batches import Ragged, bucketed

SPECIALS = ("<pad>", "<unk>", "<s>", "</s>")  # of a vocabulary of targets
START, END = SPECIALS.index("<s>"), SPECIALS.index("</s>")


class Pairs:
    """Sources and targets, both of different lengths, as `rnnbook.train.fit` reads them for a `Seq2Seq`.

    Each target is given its end here, "</s>", and nowhere else. The start, "<s>", is the model's own business: a batch
    holds what is to be predicted, and no second copy of it that could be out of step.

    >>> data = Pairs(sources=[[4, 5, 6], [7]], targets=[[8], [9, 4]])
    >>> source, lengths, target, _ = data[[0, 1]]
    >>> source, lengths, target
    (tensor([[4, 5, 6],
            [7, 0, 0]]), tensor([3, 1]), tensor([[8, 3, 0],
            [9, 4, 3]]))

    Args:
        sources: N sequences of ids, none of them empty.
        targets: N sequences of ids of symbols, without special ones other than "<unk>"; one may be empty.

    Raises:
        ValueError: there is no pair, a source is empty, the two numbers differ, or a target holds a special symbol.
    """

    #: So many batches' worth of pairs are sorted by length together. Fewer than in `Ragged`, whose texts differ more in
    #: length: with a few thousand phrases the same ones would meet in every epoch.
    BUCKET = 20

    def __init__(self, sources: Iterable[Sequence[int]], targets: Iterable[Sequence[int]]):
        sources, targets = list(sources), [np.append(np.asarray(target, np.int32), END) for target in targets]
        if len(sources) != len(targets):
            raise ValueError(f"{len(sources)} sources and {len(targets)} targets: give one for each")
        numbers = torch.arange(len(sources))
        self.sources, self.targets = Ragged.of(sources, numbers), Ragged.of(targets, numbers)
        special = torch.isin(self.targets.ids, torch.tensor([SPECIALS.index("<pad>"), START, END]))
        special[self.targets.lengths.cumsum(0) - 1] = False  # the ends that were put here
        if special.any():
            number = int(numbers.repeat_interleave(self.targets.lengths)[special][0])
            name = SPECIALS[int(self.targets.ids[special][0])]
            raise ValueError(f"target {number} holds {name!r}: leave it out, start and end are put by themselves")

    def __len__(self) -> int:
        return len(self.sources)

    def __repr__(self) -> str:
        counts = (len(self), len(self.sources.ids), len(self.targets.ids))
        return "Pairs({:,} of them, {:,} source ids, {:,} target ids)".format(*counts)

    def __getitem__(self, indices: Tensor | Sequence[int] | slice) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """One padded batch, in the order of the indices.

        Returns:
            source: (B, S).
            lengths: of the sources, (B,).
            target: (B, T), each row with its end, and zeros after it.
            target: the same tensor. `fit` gives the last one to the loss, and all before it to the model.

        Raises:
            IndexError: an index is out of range, or there is none, or a single number that is no batch.
        """
        source, lengths, _ = self.sources[indices]
        target, _, _ = self.targets[indices]
        return source, lengths, target, target

    def order(self, batch_size: int, generator: torch.Generator | None = None) -> list[Tensor]:
        """The batches of an epoch, as indices: pairs of similar length go together, each once.

        Targets come first, since a decoder's output layer is what most of the time is spent on; among those of equal
        length, sources.

        Args:
            batch_size: B; one batch may be smaller.
            generator: shuffles which pairs go together, and the batches. Without it they are sorted by length.
        """
        key = self.targets.lengths * (1 + self.sources.lengths.max()) + self.sources.lengths
        return bucketed(key, batch_size, self.BUCKET, generator)
