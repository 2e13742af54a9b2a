"""One symbol after the other: always the most probable, or drawn at random."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from rnnbook.decode.steps import Hypothesis, Step, advance, check_max_length, log_probabilities
from rnnbook.encode import check_lengths
from rnnbook.shapes import check_shape


def distribution(
    logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """The probabilities from which `sample` draws.

    The temperature comes first. Of the probabilities that it makes, the cut to k symbols is made next, and the cut to
    a mass of p in what that has left. Of equal symbols the one with the lower number goes first.

    Args:
        logits: of the next symbol, (..., V); -inf for a symbol that may not come.
        temperature: τ; below 1 it sharpens, above 1 it flattens. 0 leaves the most probable symbol alone.
        top_k: leave the k most probable symbols (Fan, Lewis and Dauphin 2018); None leaves all.
        top_p: leave the smallest set of most probable symbols whose mass reaches p, the one that crosses it included
            (Holtzman et al. 2020, "nucleus"); 0 leaves one symbol; 1 and None leave all.

    Returns:
        Probabilities, (..., V), of at least 32 bits; exactly 0 for what was cut.

    Raises:
        ValueError: a setting is out of its range.
        FloatingPointError: a logit is NaN or +inf, or all of a row are -inf.
    """
    _check_settings(temperature, top_k, top_p)
    log_p = log_probabilities(logits)  # (..., V)
    V = log_p.shape[-1]
    if temperature == 0:
        return F.one_hot(log_p.argmax(dim=-1), V).to(log_p.dtype)  # of equals, argmax takes the first
    # p_i = exp(z_i / τ) / Σ_j exp(z_j / τ), shifted so that the largest z is 0. 0 and -∞ stay as they are for every τ,
    # also for one that is 0 or infinite in 32 bits.
    z = log_p - log_p.amax(dim=-1, keepdim=True)
    p = torch.where((z == 0) | z.isneginf(), z, z / temperature).softmax(dim=-1)
    if top_k is not None and top_k < V:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        ranked[..., top_k:] = 0
        p = _renormalised(ranked, order)
    if top_p is not None and top_p < 1:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        before = F.pad(ranked.cumsum(dim=-1)[..., :-1], (1, 0))  # the mass of the symbols ahead of each
        cut = before >= top_p
        cut[..., 0] = False
        p = _renormalised(ranked.masked_fill(cut, 0), order)
    return p


def _renormalised(ranked: Tensor, order: Tensor) -> Tensor:
    """Probabilities by rank, back in the order of the symbols, with a sum of 1."""
    return torch.zeros_like(ranked).scatter(-1, order, ranked / ranked.sum(dim=-1, keepdim=True))


def penalise(logits: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """Make symbols that have come already less probable.

    A positive logit is divided by the penalty, a negative one multiplied: Keskar et al. (2019), section 4.1, divide in
    both cases, which would make a symbol with a negative logit more probable. The sign decides, so it matters what a
    model adds to all its logits, and logits are penalised differently from log-probabilities.

    Args:
        logits: (N, V).
        seen: whether each symbol has come in each row, (N, V).
        penalty: θ, 1 or more; 1 changes nothing, the paper takes 1.2.

    Returns:
        (N, V).
    """
    return torch.where(seen, torch.where(logits > 0, logits / penalty, logits * penalty), logits)


@torch.no_grad()
def sample(
    step: Step,
    start: Tensor,
    state: Any = None,
    *,
    max_length: int,
    end: int | None = None,
    lengths: Tensor | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    penalty: float = 1.0,
    generator: torch.Generator | None = None,
) -> list[Hypothesis]:
    """Draw one symbol after the other, in N rows side by side.

    The model is called in the mode that it is in: dropout is on if it is training.

    Args:
        step: takes the last symbols (N,) and a state, returns logits (N, V) and a state.
        start: what each row starts from: one symbol, (N,), or a prompt, (N, P). Prompts are read symbol by symbol.
        state: for the first call of step.
        max_length: how many symbols to draw for a row at most.
        end: the symbol after which a row is finished; None if there is none.
        lengths: of prompts that are padded at the end, (N,); by default all have length P.
        temperature, top_k, top_p: as `distribution` takes them; temperature 0 is `greedy`.
        penalty: of symbols that have come already, in the prompt or since, as `penalise` takes it.
        generator: of random numbers, on the CPU wherever the model is; by default torch's own.

    Returns:
        A hypothesis for each row, its score being its log-probability.

    Raises:
        ValueError: a setting is out of its range, or a shape does not fit.
        FloatingPointError: the model's logits are no distribution.
    """
    _check_settings(temperature, top_k, top_p, penalty)
    check_max_length(max_length)
    ids = start[:, None] if start.ndim == 1 else start
    check_shape("start", ids, "N", "P", remedy="symbols are integers, (N,) or (N, P)")
    N, P = ids.shape
    lengths = torch.full((N,), P) if lengths is None else check_lengths(lengths, N, P)
    lengths = lengths.to(ids.device)

    tokens, seen, ended = ids[:, 0], None, torch.zeros_like(lengths, dtype=torch.bool)
    written, log_ps = [], []  # a column (N,) for each position after the first
    for position in range(1, int(lengths.max()) + max_length):
        logits, log_p, state = advance(step, tokens, state)
        if penalty != 1:
            seen = torch.zeros_like(logits, dtype=torch.bool) if seen is None else seen
            seen.scatter_(1, tokens[:, None], True)
            logits = penalise(logits, seen, penalty)
        p = distribution(logits, temperature, top_k, top_p)
        # Drawn on the CPU, a seed means the same on every device.
        drawn = p.argmax(dim=-1) if temperature == 0 else torch.multinomial(p.cpu(), 1, generator=generator)[:, 0]
        # A row whose prompt goes on reads the prompt; what was drawn for it is forgotten.
        tokens = torch.where(position < lengths, ids[:, min(position, P - 1)], drawn.to(ids.device))
        written.append(tokens)
        log_ps.append(log_p.gather(1, tokens[:, None])[:, 0])
        ended |= (tokens == end) & (position >= lengths)
        if (ended | (position + 1 >= lengths + max_length)).all():
            break

    columns = torch.stack(written, dim=1).tolist(), torch.stack(log_ps, dim=1).tolist()  # (N, positions)
    spans = [slice(length - 1, length - 1 + max_length) for length in lengths.tolist()]
    return [_hypothesis(row[span], log_p[span], end) for row, log_p, span in zip(*columns, spans, strict=True)]


def _hypothesis(tokens: list[int], log_ps: list[float], end: int | None) -> Hypothesis:
    """What was written up to the first end symbol; the row may have been read on beyond, while others were not done."""
    finished = end in tokens
    length = tokens.index(end) if finished else len(tokens)
    total = sum(log_ps[: length + finished])
    return Hypothesis(tuple(tokens[:length]), total, finished, total)


def greedy(
    step: Step,
    start: Tensor,
    state: Any = None,
    *,
    max_length: int,
    end: int | None = None,
    lengths: Tensor | None = None,
) -> list[Hypothesis]:
    """Take the most probable symbol at every step, of equal ones that with the lower number; arguments as `sample`."""
    return sample(step, start, state, max_length=max_length, end=end, lengths=lengths, temperature=0)


def _check_settings(temperature: float, top_k: int | None, top_p: float | None, penalty: float = 1.0) -> None:
    """Refuse a setting out of its range, NaN included."""
    if not 0 <= temperature < float("inf"):
        raise ValueError(f"temperature must be 0 (the most probable symbol) or more, and finite, got {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be 1 or more, or None for all symbols, got {top_k}")
    if top_p is not None and not 0 <= top_p <= 1:
        raise ValueError(f"top_p must be from 0 to 1, or None for all symbols, got {top_p}")
    if not 1 <= penalty < float("inf"):
        raise ValueError(f"penalty must be 1 (none) or more, and finite, got {penalty}")
