"""The same reviews, seen otherwise: padded to one width, with pieces missing, with what other reviews make of them."""

import copy

import torch
from torch import Tensor
from torch.nn import functional as F

from rnnbook.encode import valid_steps
from rnnbook.models import Evidence
from rnnbook.text import Ragged
from rnnbook.train import Rows

PIECE = 25  # words, about a sentence


class FixedWidth(Ragged):
    """The obvious way, to compare with: random batches, padded to one width, and every column counts as valid."""

    width: int

    @classmethod
    def of_width(cls, data: Ragged, width: int) -> "FixedWidth":
        """The same sequences, each padded to `width`."""
        fixed = cls(data.ids, data.lengths, data.targets)
        fixed.width = width
        return fixed

    def __getitem__(self, indices: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One batch: ids (B, width), lengths (B,), all of them `width`, and targets (B,)."""
        ids, lengths, targets = super().__getitem__(indices)
        return F.pad(ids, (0, self.width - ids.shape[1])), torch.full_like(lengths, self.width), targets

    order = Rows.order  # random batches, whatever the lengths


class InPieces(Ragged):
    """Each review with some of its pieces left out, others each time it is read.

    A review is cut into pieces of `PIECE` words, the first of them shorter, at random. One stays. Between none and all
    of the others go: that share is drawn for each review. Words within a piece stay together, and so does what they
    say. Most parts of a review tell its label. The network never sees the same review twice, and reads half as much.
    """

    def __getitem__(self, indices: Tensor) -> tuple[Tensor, ...]:
        """One batch, as a `Ragged` gives it: ids (B, T), lengths (B,) and targets (B,)."""
        ids, lengths, targets = super().__getitem__(indices)
        steps, lengths = self.kept(lengths)
        return self.at(ids, steps, lengths), lengths, targets

    def kept(self, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The steps of each review that stay, in their order, (B, T), and how many those are, (B,)."""
        B, T = len(lengths), int(lengths.max())
        step = torch.arange(T)
        piece = (step + torch.randint(PIECE, (B, 1))) // PIECE  # (B, T), which piece a word belongs to
        left_out = torch.rand(B, int(piece.max()) + 1) < torch.rand(B, 1)  # (B, pieces)
        one = piece.gather(1, (torch.rand(B) * lengths).long()[:, None])  # (B, 1), a piece that stays
        stays = (step < lengths[:, None]) & (~left_out.gather(1, piece) | (piece == one))  # (B, T)
        lengths = stays.sum(dim=1)
        front = stays.int().argsort(dim=1, descending=True, stable=True)  # the steps that stay first
        return front[:, : lengths.max()], lengths

    @staticmethod
    def at(values: Tensor, steps: Tensor, lengths: Tensor) -> Tensor:
        """What stands at these steps: (B, T, ...) in and out, zero after the end of each row."""
        values = values[torch.arange(len(values))[:, None], steps]
        return values * valid_steps(lengths, steps.shape[1]).view(*steps.shape, *[1] * (values.ndim - 2))


class Judged(InPieces):
    """The same, and what other reviews make of its n-grams.

    The reviews are dealt to folds. A review's evidence comes from those of all other folds, as that of a new review
    will, which nobody has labelled. With its own label in the count, a rare n-gram would tell it, and the network would
    learn to trust that. To leave out that one review alone is no better: an n-gram of one positive and one negative
    review then always leans away from the label.
    """

    FOLDS = 10
    _folds: Tensor
    _others: list[Evidence]

    @classmethod
    def by(cls, evidence: Evidence, data: Ragged, seed: int) -> "Judged":
        """The reviews with the evidence of the other folds; `evidence` itself learns from all.

        Args:
            evidence: a model's, which has not counted yet.
            data: the reviews to learn from.
            seed: of the folds.
        """
        judged = cls(data.ids, data.lengths, data.targets)
        generator = torch.Generator().manual_seed(seed)
        judged._folds = torch.randperm(len(data), generator=generator) % cls.FOLDS
        data = Ragged(data.ids, data.lengths, data.targets)  # with all its pieces
        whole = evidence.count(data)
        evidence.learn(whole)
        judged._others = []
        for fold in range(cls.FOLDS):
            others = copy.deepcopy(evidence).cpu()
            mine = torch.nonzero(judged._folds == fold)[:, 0]
            others.learn(whole - evidence.count(data.subset(mine)) if len(mine) else whole)
            judged._others.append(others)
        return judged

    def __getitem__(self, indices: Tensor) -> tuple[Tensor, ...]:
        """One batch: ids (B, T), lengths (B,), evidence (B, T, n) and targets (B,)."""
        ids, lengths, targets = Ragged.__getitem__(self, indices)
        folds = self._folds[indices]
        evidence = torch.zeros(*ids.shape, len(self._others[0].ratios))
        for fold in folds.unique():
            evidence[folds == fold] = self._others[fold](ids[folds == fold])
        steps, lengths = self.kept(lengths)
        return self.at(ids, steps, lengths), lengths, self.at(evidence, steps, lengths), targets
