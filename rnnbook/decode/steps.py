"""What all decoders take and give: a step function and its state, and hypotheses.

A decoder knows no model. It calls `step(tokens, state)` with the last symbol of each of N rows, (N,), and the state
that the call before returned; it gets the logits of the next symbol, (N, V), log-probabilities being logits as well,
and the new state. A symbol that may not come has the logit -inf.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from rnnbook.shapes import check_shape

Step = Callable[[Tensor, Any], tuple[Tensor, Any]]


@dataclass(frozen=True)
class Hypothesis:
    """What a decoder has written.

    Attributes:
        tokens: the symbols, without those it started from and without the end symbol.
        log_probability: of these symbols, and of the end symbol if it came, under the model itself: the sum of ln p,
            whatever temperature or cut they were drawn with.
        finished: the end symbol came; otherwise the greatest length did.
        score: by which hypotheses are ranked: the log-probability, in a beam search divided by the length penalty.
    """

    tokens: tuple[int, ...]
    log_probability: float
    finished: bool
    score: float

    @property
    def length(self) -> int:
        """How many symbols the model predicted, the end symbol included."""
        return len(self.tokens) + self.finished


def advance(step: Step, tokens: Tensor, state: Any) -> tuple[Tensor, Tensor, Any]:
    """One step: the logits (N, V) as they came, the log-probabilities (N, V), and the state.

    Raises:
        ValueError: the logits are not (N, V).
        FloatingPointError: they are no distribution.
    """
    logits, state = step(tokens, state)
    check_shape("the step's logits", logits, len(tokens), "V", remedy="one row for each token")
    return logits, log_probabilities(logits), state


def log_probabilities(logits: Tensor) -> Tensor:
    """ln softmax over the last axis, in 32 bits or more.

    Raises:
        FloatingPointError: a logit is NaN or +inf, or all of a row are -inf.
    """
    result = logits.to(torch.promote_types(logits.dtype, torch.float32)).log_softmax(dim=-1)
    if result.isnan().any():
        raise FloatingPointError(
            "the logits hold NaN or inf, or nothing but -inf: has the training diverged, or is every symbol forbidden?"
        )
    return result


def check_max_length(max_length: int) -> None:
    """Refuse a greatest length below 1."""
    if max_length < 1:
        raise ValueError(f"max_length must be 1 or more, got {max_length}")


def pick_rows(state: Any, rows: Tensor) -> Any:
    """Some rows of a recurrent state, in this order, a row as often as it is named.

    Args:
        state: as torch's modules return it, (L * directions, N, H), of an LSTM the pair (h, c); also tuples of such
            states, and None.
        rows: numbers of rows, (M,).

    Returns:
        The same with M rows.
    """
    if state is None:
        return None
    if isinstance(state, tuple | list):
        return tuple(pick_rows(part, rows) for part in state)
    return state.index_select(1, rows)
