"""Attention: a query looks through the states of a sequence and takes their weighted mean.

The kinds differ only in how a query s and a key h are compared, which gives the score:

    additive    vᵀ tanh(W s + U h)      Bahdanau, Cho and Bengio (2015), appendix A.1.2
    dot         sᵀ h                    Luong, Pham and Manning (2015), equation 8
    general     sᵀ W h                  the same
    scaled      sᵀ h / √Q               Vaswani et al. (2017), equation 1

What stands in the padding, NaN included, is replaced before anything is computed: multiplied by a weight of 0 it would
still spoil the mean, and every gradient behind it.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rnnbook.shapes import check_shape


class Memory(NamedTuple):
    """What is looked through, made ready once for any number of queries.

    Attributes:
        keys: (B, S, K), with zeros in the padding.
        projected: the keys in the form in which a query is compared with them, (B, S, A).
        valid: False in the padding, (B, S).
    """

    keys: Tensor
    projected: Tensor
    valid: Tensor

    def select(self, rows: Tensor) -> "Memory":
        """The memories of some rows of the batch, (N,), each as often as it is named."""
        return Memory(*(tensor.index_select(0, rows) for tensor in self))


class Attention(nn.Module):
    """What all kinds share: scores of the keys, a softmax over them, and the mean with these weights.

    >>> context, weights = attention(query, keys, valid)  # (B, K), (B, S)

    A decoder that asks at every step has the keys projected only once:

    >>> memory = attention.remember(keys, valid)
    >>> context, weights = attention.attend(query, memory)

    Args:
        query_size: Q, features of a query.
        key_size: K, features of a key.
    """

    def __init__(self, query_size: int, key_size: int):
        super().__init__()
        self.query_size, self.key_size = query_size, key_size

    def forward(self, query: Tensor, keys: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Look once through the keys.

        Args:
            query: one a sequence, (B, Q), or T of them, (B, T, Q).
            keys: a padded batch, (B, S, K).
            valid: True where a key is no padding, (B, S); at least one in each row.

        Returns:
            context: the keys' weighted mean, (B, K) or (B, T, K).
            weights: (B, S) or (B, T, S); each query's sum to 1, and are exactly 0 in the padding.

        Raises:
            ValueError: the shapes do not fit, valid is not boolean, or a row of it has no True.
        """
        return self.attend(query, self.remember(keys, valid))

    def remember(self, keys: Tensor, valid: Tensor) -> Memory:
        """Project the keys. Arguments and errors are those of `forward`."""
        check_shape("keys", keys, "B", "S", self.key_size)
        check_shape("valid", valid, *keys.shape[:2])
        if valid.dtype != torch.bool:
            raise ValueError(f"valid must be boolean, got {valid.dtype}: write valid.bool()")
        if not valid.any(dim=1).all():
            row = int(valid.any(dim=1).int().argmin())
            raise ValueError(f"row {row} is nothing but padding: leave empty sequences out of the batch")
        keys = torch.where(valid[..., None], keys, 0)
        return Memory(keys, self.project(keys), valid)

    def attend(self, query: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Look through what was remembered: context and weights, as `forward` returns them."""
        single = query.ndim == 2
        check_shape("query", query, len(memory.keys), *(() if single else ("T",)), self.query_size)
        scores = self.compare(query[:, None] if single else query, memory.projected)  # (B, T, S)
        context, weights = weighted_mean(memory.keys, scores, memory.valid)
        return (context[:, 0], weights[:, 0]) if single else (context, weights)

    def project(self, keys: Tensor) -> Tensor:
        """The part of the score that does not depend on the query, (B, S, K) -> (B, S, A)."""
        raise NotImplementedError

    def compare(self, query: Tensor, projected: Tensor) -> Tensor:
        """The scores, (B, T, S), of queries (B, T, Q) and projected keys (B, S, A)."""
        raise NotImplementedError


class AdditiveAttention(Attention):
    """A small network with one hidden layer compares query and key.

    For T queries at once it holds (B, T, S, A) numbers; the multiplicative kinds only (B, T, S).

    Source: Bahdanau, Cho and Bengio (2015), appendix A.1.2.

    Args:
        query_size: Q, features of a query.
        key_size: K, features of a key.
        attention_size: A, units of the hidden layer.
    """

    def __init__(self, query_size: int, key_size: int, attention_size: int):
        super().__init__(query_size, key_size)
        self.query_projection = nn.Linear(query_size, attention_size, bias=False)
        self.key_projection = nn.Linear(key_size, attention_size, bias=False)
        self.score = nn.Linear(attention_size, 1, bias=False)

    def project(self, keys: Tensor) -> Tensor:
        # U h_s
        return self.key_projection(keys)  # (B, S, A)

    def compare(self, query: Tensor, projected: Tensor) -> Tensor:
        # e_ts = vᵀ tanh(W s_t + U h_s)
        hidden = (self.query_projection(query)[:, :, None] + projected[:, None]).tanh()  # (B, T, S, A)
        return self.score(hidden)[..., 0]  # (B, T, S)


class MultiplicativeAttention(Attention):
    """Query and key are compared by a product, which is a single matrix product for all of them.

    Sources: Luong, Pham and Manning (2015), equation 8; Vaswani et al. (2017), equation 1: a sum of Q products of
    independent numbers grows like √Q, and without the division so would the scores.

    Args:
        query_size: Q, features of a query.
        key_size: K, features of a key; "dot" and "scaled" have no weights and need K = Q.
        kind: "general", "dot" or "scaled".

    Raises:
        ValueError: an unknown kind, or one that needs K = Q where they differ.
    """

    KINDS = ("general", "dot", "scaled")

    def __init__(self, query_size: int, key_size: int, kind: str = "general"):
        super().__init__(query_size, key_size)
        if kind not in self.KINDS:
            raise ValueError(f"kind must be one of {', '.join(self.KINDS)}, got {kind!r}")
        if kind != "general" and query_size != key_size:
            raise ValueError(
                f'"{kind}" attention compares queries of {query_size} features with keys of {key_size}: '
                'make them equal, or use "general", which has a weight for each pair'
            )
        self.kind = kind
        self.key_projection = nn.Linear(key_size, query_size, bias=False) if kind == "general" else None

    def extra_repr(self) -> str:
        return f"{self.query_size}, {self.key_size}, kind={self.kind!r}"

    def project(self, keys: Tensor) -> Tensor:
        match self.kind:
            case "general":
                return self.key_projection(keys)  # W h_s, (B, S, Q)
            case "dot":
                return keys
            case "scaled":
                return keys / self.query_size**0.5  # h_s / √Q

    def compare(self, query: Tensor, projected: Tensor) -> Tensor:
        # e_ts = s_tᵀ W h_s, or without W
        return query @ projected.transpose(1, 2)  # (B, T, S)


def weighted_mean(values: Tensor, scores: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """The mean of the valid values, each weighed by the exponential of its score.

    Args:
        values: (B, S, K), finite in the padding too.
        scores: (B, T, S), for T means.
        valid: False in the padding, (B, S); at least one True in each row.

    Returns:
        The means, (B, T, K), and the weights, (B, T, S), exactly 0 in the padding.
    """
    # α_ts = exp(e_ts) / Σ_r exp(e_tr), over the valid steps: exp(-∞) is 0
    weights = torch.where(valid[:, None], scores, -torch.inf).softmax(dim=-1)  # (B, T, S)
    # c_t = Σ_s α_ts h_s
    return weights @ values, weights  # (B, T, K), (B, T, S)
