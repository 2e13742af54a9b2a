"""Several hypotheses side by side, for the most probable sequence.

Beam search follows Sutskever, Vinyals and Le (2014), section 3.2: at every step, each hypothesis is continued in every
way, and of all continuations the most probable ones are kept. One that ends leaves the beam and keeps its score.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from rnnbook.decode.steps import Hypothesis, Step, advance, check_max_length, pick_rows
from rnnbook.shapes import check_shape


@dataclass(frozen=True)
class Candidate:
    """A continuation that a beam search considered: a node of its tree.

    Attributes:
        source: row of `start` that is searched for.
        number: of the candidate, counted from 0 in the order in which a source's are considered: step by step, the
            most probable first.
        parent: number of the candidate that it continues; None at the first step.
        length: how many symbols the hypothesis has with this one.
        token: the symbol.
        log_probability: of the symbol, given those before.
        total: log-probability of the whole hypothesis.
        score: total divided by the length penalty.
        fate: "kept" in the beam, "ended" with the end symbol, or "dropped".
    """

    source: int
    number: int
    parent: int | None
    length: int
    token: int
    log_probability: float
    total: float
    score: float
    fate: str


def length_penalty(length: int, alpha: float) -> float:
    """By what a log-probability is divided, so that long hypotheses are not worse for being long: ((5 + n) / 6)^α.

    Wu et al. (2016), equation 14; Vaswani et al. (2017) take α = 0.6. With α = 0 it is 1: nothing is normalised.
    """
    return ((5 + length) / 6) ** alpha


@torch.no_grad()
def beam_search(
    step: Step,
    start: Tensor,
    state: Any = None,
    *,
    beam: int,
    end: int | None,
    max_length: int,
    alpha: float = 0.6,
    n_best: int = 1,
    select: Callable[[Any, Tensor], Any] = pick_rows,
    trace: Callable[[Candidate], None] | None = None,
) -> list[list[Hypothesis]]:
    """The best hypotheses for each of B sources, searched for together.

    The search for a source goes on until no hypothesis can come that would be among its best, or max_length. A
    hypothesis that has not ended by then is a stopgap: it stands after all that have. A beam of 1 is greedy decoding.
    The model is called in the mode that it is in: dropout is on if it is training.

    >>> nodes = []
    >>> beam_search(step, start, state, beam=3, end=END, max_length=50, trace=nodes.append)  # the tree, to be drawn

    Args:
        step: takes the last symbols (N,) and a state, returns logits (N, V) and a state.
        start: the symbol that each hypothesis starts from, (B,).
        state: for the first call of step, of B rows.
        beam: how many hypotheses of a source are kept at each step.
        end: the symbol that ends a hypothesis; None if there is none.
        max_length: how many symbols a hypothesis has at most, the end symbol included.
        alpha: of the `length_penalty`; 0 for none.
        n_best: how many hypotheses of a source are wanted, at most `beam`.
        select: takes a state and numbers of rows (M,), returns the state of these rows; by default for the states of
            torch's recurrent layers.
        trace: called with every candidate. Those of a hypothesis are its `beam` best continuations: no other can be
            kept.

    Returns:
        For each source its hypotheses, the best first: n_best of them, unless there are fewer with a probability
        above 0.

    Raises:
        ValueError: a setting is out of its range, or a shape does not fit.
        FloatingPointError: the model's logits are no distribution.
    """
    if not 1 <= n_best <= beam:
        raise ValueError(f"beam must be 1 or more and n_best from 1 to beam, got beam={beam} and n_best={n_best}")
    if not 0 <= alpha < float("inf"):
        raise ValueError(f"alpha must be 0 (no length penalty) or more, and finite, got {alpha}")
    check_max_length(max_length)
    check_shape("start", start, "B", remedy="one symbol for each source")

    searches = [_Search(source, beam, end, max_length, alpha, n_best, trace) for source in range(len(start))]
    active, tokens = searches, start
    while active:
        _, log_p, state = advance(step, tokens, state)  # a row for each live hypothesis of each active search
        log_ps, symbols = (part.tolist() for part in largest(log_p, beam))
        rows, first = [], 0
        for search in active:
            own = slice(first, first + len(search.live))
            rows += [first + parent for parent in search.extend(log_ps[own], symbols[own])]
            first = own.stop
        active = [search for search in active if search.live]
        tokens = start.new_tensor([live.tokens[-1] for search in active for live in search.live])  # (N,)
        if active:
            state = select(state, torch.tensor(rows, device=start.device))
    return [search.pool for search in searches]


def largest(values: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest of each row and their places, (N, V) -> (N, k) twice; equals by their place.

    torch.topk leaves open which of equal values it takes, and the same batch could be decoded in two ways. Where a row
    has nothing left but -inf, that is what it gives.
    """
    rest, found = values.clone(), []
    for _ in range(min(k, values.shape[-1])):
        found.append(rest.max(dim=-1, keepdim=True))  # of equals the first
        rest.scatter_(-1, found[-1].indices, -torch.inf)
    return tuple(torch.cat(parts, dim=-1) for parts in zip(*found, strict=True))


class _Live(NamedTuple):
    """A hypothesis in the beam."""

    number: int | None  # of the candidate that it was
    tokens: tuple[int, ...]
    total: float


class _Search:
    """The search for one source: the beam, most probable first, and the pool of the best that have ended."""

    def __init__(self, source, beam, end, max_length, alpha, n_best, trace):
        self.source, self.beam, self.end, self.max_length = source, beam, end, max_length
        self.alpha, self.n_best, self.trace = alpha, n_best, trace
        self.live, self.pool = [_Live(None, (), 0.0)], []
        self.length = self.considered = 0

    def extend(self, log_ps: Sequence[Sequence[float]], symbols: Sequence[Sequence[int]]) -> list[int]:
        """Go one step: for each live hypothesis its best continuations. Returns whom each one still live continues."""
        self.length += 1
        candidates = [
            (self.live[parent].total + log_p, parent, token, log_p)
            for parent in range(len(self.live))
            for log_p, token in zip(log_ps[parent], symbols[parent], strict=True)
            if log_p > -torch.inf
        ]
        candidates.sort(key=lambda candidate: (-candidate[0], *candidate[1:3]))  # equals by parent and symbol

        live, parents = [], []
        for rank, (total, parent, token, log_p) in enumerate(candidates if self.trace else candidates[: self.beam]):
            before, score = self.live[parent], self._score(total)
            number = self.considered + rank
            fate = "dropped" if rank >= self.beam else "ended" if token == self.end else "kept"
            if fate == "kept":
                live.append(_Live(number, (*before.tokens, token), total))
                parents.append(parent)
            elif fate == "ended":
                self.pool.append(Hypothesis(before.tokens, total, True, score))
            if self.trace:
                node = self.source, number, before.number, self.length, token, log_p, total, score, fate
                self.trace(Candidate(*node))
        self.considered += len(candidates)
        self.live = live
        self.pool = sorted(self.pool, key=lambda hypothesis: -hypothesis.score)[: self.n_best]
        if self.length == self.max_length:
            cut_off = [Hypothesis(each.tokens, each.total, False, self._score(each.total)) for each in live]
            self.pool, self.live = (self.pool + cut_off)[: self.n_best], []
        elif self._settled():
            self.live = []
        return parents if self.live else []

    def _score(self, total: float) -> float:
        return total / length_penalty(self.length, self.alpha)

    def _settled(self) -> bool:
        """Whether nothing that may still come can be among the best.

        A live hypothesis has log-probability s ≤ 0. Each further symbol adds ln p ≤ 0, so that whatever comes of it,
        ending with n ≤ max_length symbols, has log-probability s' ≤ s. The penalty lp grows with n, and a negative
        number divided by more is greater:

            s' / lp(n)  ≤  s / lp(n)  ≤  s / lp(max_length)

        The live hypothesis with the greatest s has the greatest bound. And it cannot be lowered: if every further
        symbol had probability 1, the hypothesis would stay first in the beam and reach it. To stop when the first one
        has ended, or to compare with s / lp(n) for the present n, can lose the best hypothesis.
        """
        if len(self.pool) < self.n_best or not self.live:
            return False
        return self.pool[-1].score >= self.live[0].total / length_penalty(self.max_length, self.alpha)
