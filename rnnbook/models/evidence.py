"""Which way words and n-grams lean, counted in labelled texts: what a classifier may read beside its embedding."""

import torch
from torch import Tensor, nn

from rnnbook.encode import valid_steps
from rnnbook.text import Ragged

_MULTIPLIER = 0x9E3779B97F4A7C15 - 2**64  # 2^64 over the golden ratio, odd: its products spread over all 64 bits


class Evidence(nn.Module):
    """For every n-gram that ends at a step, ln((p + 1) / (q + 1)): p positive texts have it, and q negative ones.

    A pair of words that occurs in five texts is too rare for a network to learn by its gradient, but not for counting.
    N-grams are hashed: of two that meet in a bucket, both count.

    >>> evidence = Evidence(longest=2, bits=20)
    >>> evidence.learn(evidence.count(data))
    >>> evidence(ids)  # (B, T, 2), of the word at each step, and of it with the one before

    Source: the log-count ratios of Wang and Manning (2012), "Baselines and bigrams".

    Args:
        longest: n, words of the longest n-gram.
        bits: there are 2 ** bits buckets for each length.
    """

    def __init__(self, longest: int, bits: int = 22):
        super().__init__()
        if longest < 1 or not 1 <= bits <= 32:
            raise ValueError(f"longest must be at least 1 and bits between 1 and 32, got {longest} and {bits}")
        self.bits = bits
        self.register_buffer("ratios", torch.zeros(longest, 2**bits, dtype=torch.float16))  # (n, buckets)

    def forward(self, ids: Tensor) -> Tensor:
        """The evidence of the n-grams that end at each step, shortest first: (B, T) in, (B, T, n) out.

        It looks back only, so that padding after a sequence changes nothing in it.
        """
        found = [ratio[bucket] for ratio, bucket in zip(self.ratios, self._buckets(ids), strict=True)]
        return torch.stack(found, dim=-1).to(torch.get_default_dtype())

    def count(self, data: Ragged) -> Tensor:
        """In how many texts of each label, 0 or 1, each n-gram is, once a text: (2, n, buckets), integers."""
        longest, size = self.ratios.shape
        counts = torch.zeros(2, longest, size, dtype=torch.int32)
        for indices in data.order(256):
            ids, lengths, targets = data[indices]
            valid = valid_steps(lengths, ids.shape[1])
            rows = torch.arange(len(ids))[:, None].expand_as(ids)
            for n, buckets in enumerate(self._buckets(ids)):
                found = torch.unique((rows * size + buckets)[valid])  # a text and a bucket in one number
                place = (targets.long()[found // size] * longest + n) * size + found % size
                counts.view(-1).index_add_(0, place, torch.ones_like(place, dtype=counts.dtype))
        return counts

    def learn(self, counts: Tensor) -> None:
        """Take the ratios of such counts."""
        negative, positive = (counts + 1).log()
        self.ratios.copy_(positive - negative)

    def _buckets(self, ids: Tensor) -> list[Tensor]:
        """The bucket of the n-gram that ends at each step, for each length, (B, T) each."""
        buckets, hashed = [], torch.zeros_like(ids)
        for _ in range(len(self.ratios)):
            # What ends a step before, and this word. Numbers of 64 bits run over, which is what they are to do.
            hashed = (nn.functional.pad(hashed ^ (hashed >> 32), (1, -1)) + ids + 1) * _MULTIPLIER
            buckets.append((hashed >> (64 - self.bits)) & (2**self.bits - 1))
        return buckets
