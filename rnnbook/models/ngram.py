"""The baseline of language modelling: count which symbols have followed the last few ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnnbook.models.language_model import Score


class NGram:
    """An n-gram model with interpolated, modified Kneser-Ney smoothing.

    Of n symbols in a row, the first n - 1 are the context of the last. A long context is rarely met twice, and says
    little about what it was never met with. So a discount is taken from each count, and what is saved goes to the
    symbols that the context without its first symbol finds likely, and so on, down to all V being equally likely.

    The shorter contexts do not count how often a symbol has come, but after how many different symbols: a "u" that
    comes often, but always after "q", is no likely guess after anything else.

    >>> model = NGram(order=6, vocabulary_size=65).fit(ids)
    >>> model.evaluate(held_out).nats
    >>> model.probabilities(ids[-5:])  # (65,)

    Source: Chen and Goodman (1999), "An empirical study of smoothing techniques for language modeling".

    Args:
        order: n, the symbol that is predicted included.
        vocabulary_size: V.

    Raises:
        ValueError: order or vocabulary_size is less than 1.
    """

    def __init__(self, order: int, vocabulary_size: int):
        if order < 1 or vocabulary_size < 1:
            raise ValueError(f"order and vocabulary_size must be at least 1, got {order} and {vocabulary_size}")
        self.order, self.vocabulary_size = order, vocabulary_size
        self._levels: list[_Level] = []

    def fit(self, ids: ArrayLike) -> "NGram":
        """Count in a text, (N,), of at least `order` symbols; earlier counts are forgotten. Returns the model.

        Raises:
            ValueError: the text is too short, or an id is not from 0 to V - 1.
        """
        ids, V = self._check(ids, self.order), self.vocabulary_size
        levels, nodes = [], np.zeros(len(ids) + 1, dtype=np.int64)
        for k in range(1, self.order + 1):
            ends = np.flatnonzero(nodes[:-1] >= 0)  # where the last symbol of a k-gram can stand
            codes, first, which, counts = np.unique(
                nodes[ends] * V + ids[ends], return_index=True, return_inverse=True, return_counts=True
            )
            if k > 1:  # each new k-gram is one more symbol before the (k-1)-gram at its end
                levels[-1].counts = np.bincount(nodes[ends[first] + 1], minlength=len(levels[-1].codes))
            contexts = len(levels[-1].codes) if k > 1 else 1
            levels.append(_Level(codes, codes // V, contexts, counts))
            nodes = np.full(len(ids) + 1, -1)
            nodes[ends + 1] = which
        for level in levels:
            level.smooth()
        self._levels = levels
        return self

    def evaluate(self, ids: ArrayLike) -> Score:
        """How well the model predicts a text, (N,): every symbol but the first, from what stands before it in the text.

        Raises:
            ValueError: the text has fewer than 2 symbols, or an id is not from 0 to V - 1.
        """
        ids = self._check(ids, 2)
        p = self._interpolate([nodes[:-1] for nodes in self._nodes(ids)], ids)
        return Score(float(-np.log(p[1:]).mean()), len(ids) - 1)

    def probabilities(self, context: ArrayLike = ()) -> NDArray:
        """The distribution of the next symbol, (V,), after a context of any length; the last order - 1 ids count."""
        context = self._check(context, 0)[-self.order :]
        return self._interpolate([nodes[-1:] for nodes in self._nodes(context)], np.arange(self.vocabulary_size))

    def _nodes(self, ids: NDArray) -> list[NDArray]:
        """For k = 0 to order - 1 the numbers of the k-grams that end before each place, and at the end, (N + 1,).

        It is -1 where there is none, be it that the text begins here, or that training had no such k-gram.
        """
        if not self._levels:
            raise ValueError("this model has not counted anything yet: call fit first")
        nodes = [np.zeros(len(ids) + 1, dtype=np.int64)]
        for level in self._levels[:-1]:
            nodes.append(np.append(-1, level.find(nodes[-1][:-1], ids, self.vocabulary_size)))
        return nodes

    def _interpolate(self, contexts: Sequence[NDArray], symbols: NDArray) -> NDArray:
        """The probability of each symbol after its context, given as a number for each level, (M,)."""
        p = np.full(len(symbols), 1 / self.vocabulary_size)
        for level, context in zip(self._levels, contexts, strict=True):
            found = level.find(context, symbols, self.vocabulary_size)
            discounted = np.where(found >= 0, level.discounted[found], 0)
            total = np.where(context >= 0, level.totals[context], 0)
            # p(w | c) = (count(c, w) - D + saved(c) p(w | c without its first symbol)) / count(c)
            known = total > 0
            p = np.where(known, (discounted + level.saved[context] * p) / np.where(known, total, 1), p)
        return p

    def _check(self, ids: ArrayLike, least: int) -> NDArray:
        ids, V = np.asarray(ids, dtype=np.int64), self.vocabulary_size
        if ids.ndim != 1 or len(ids) < least:
            raise ValueError(f"ids has shape {ids.shape}, expected (N,) with at least {least} symbols")
        if len(ids) and not 0 <= ids.min() <= ids.max() < V:
            raise ValueError(f"ids from {ids.min()} to {ids.max()} do not fit a vocabulary of {V}, 0 to {V - 1}")
        return ids


@dataclass
class _Level:
    """All k-grams of a text, numbered in the order of their codes.

    Attributes:
        codes: context * V + symbol of each k-gram, sorted, where a context is the number of a (k-1)-gram.
        parents: the context of each k-gram.
        contexts: how many contexts there are.
        counts: how often each k-gram occurs, or how many different symbols come before it.
        discounted: the counts after the discount.
        totals, saved: of each context, the sum of the counts, and of the discounts.
    """

    codes: NDArray
    parents: NDArray
    contexts: int
    counts: NDArray

    def smooth(self) -> None:
        """Take the discounts, estimated from how many k-grams have count 1, 2, 3 and 4."""
        n = np.bincount(self.counts, minlength=5)
        # Y = n_1 / (n_1 + 2 n_2);  D_i = i - (i + 1) Y n_{i+1} / n_i
        y = n[1] / (n[1] + 2 * n[2]) if n[1] else 0.5
        estimates = {i: i - (i + 1) * y * n[i + 1] / n[i] if n[i] else 0 for i in (1, 2, 3)}
        # Where such counts are missing, 1/2: any discount keeps the sum at 1, but without one what is new would be
        # impossible, and with the whole count gone, what was met as good as new.
        discounts = [0, *(estimate if 0 < estimate < i else 0.5 for i, estimate in estimates.items())]
        taken = np.array(discounts)[self.counts.clip(max=3)]
        self.discounted = self.counts - taken
        self.totals = np.bincount(self.parents, weights=self.counts, minlength=self.contexts)
        self.saved = np.bincount(self.parents, weights=taken, minlength=self.contexts)

    def find(self, context: NDArray, symbols: NDArray, V: int) -> NDArray:
        """The number of each k-gram, or -1 where there is no such context, or no such k-gram."""
        wanted = context * V + symbols  # negative, and so never found, where the context is -1
        i = np.searchsorted(self.codes, wanted).clip(max=len(self.codes) - 1)
        return np.where(self.codes[i] == wanted, i, -1)
