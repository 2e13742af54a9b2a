"""Sequences of different lengths, together: padding, one-hot vectors, batches of similar length."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


def pad(sequences: Iterable[Sequence[int]], value: int = 0) -> tuple[Tensor, Tensor]:
    """One batch of sequences of different lengths: the shorter ones are filled up at the end.

    Args:
        sequences: B sequences of ids, none of them empty.
        value: the id that fills up.

    Returns:
        The ids (B, T), where T is the greatest length, and the true lengths (B,), both int64.

    Raises:
        ValueError: there is no sequence, or one has length 0, for which a recurrent network has no last state.
    """
    sequences = [np.asarray(sequence) for sequence in sequences]
    if not sequences:
        raise ValueError("an empty batch cannot be padded: give at least one sequence")
    lengths = np.array([len(sequence) for sequence in sequences])
    if not lengths.all():
        raise ValueError(f"sequence {lengths.argmin()} has length 0: leave empty texts out of the batch")
    ids = np.full((len(sequences), lengths.max()), value)
    for row, sequence in zip(ids, sequences, strict=True):
        row[: len(sequence)] = sequence
    return torch.from_numpy(ids), torch.from_numpy(lengths)


def one_hot(ids: Tensor | Sequence[int], size: int) -> Tensor:
    """A vector for each id: 1 at the id's place, 0 elsewhere.

    Multiplying it by a matrix of shape (size, D) picks that row: an embedding lookup, written as a product.

    Args:
        ids: integers of any shape, each between 0 and size - 1.
        size: the length of a vector, usually `len(vocabulary)`.

    Returns:
        Float tensor of shape (*ids.shape, size).

    Raises:
        ValueError: an id is out of range.
    """
    ids = torch.as_tensor(ids, dtype=torch.int64)
    if ids.numel() and (ids.min() < 0 or ids.max() >= size):
        raise ValueError(f"ids from {ids.min()} to {ids.max()} do not fit into {size} places, 0 to {size - 1}")
    return F.one_hot(ids, size).to(torch.get_default_dtype())  # (*ids.shape, size)


class Ragged:
    """Sequences of ids, of different lengths, with a target each, held end to end in one tensor.

    Twenty-five thousand film reviews take 23 megabytes, and only the batch that is read is padded.

    >>> data = Ragged.of([[2, 3, 4], [5, 6]], targets=[1, 0])
    >>> data[[1, 0]]
    (tensor([[5, 6, 0],
            [2, 3, 4]]), tensor([2, 3]), tensor([0, 1]))

    Args:
        ids: all sequences, one after the other, (sum of lengths,); kept as int32.
        lengths: the length of each sequence, (N,), at least 1.
        targets: a label or a number for each sequence, (N, ...).

    Raises:
        ValueError: there is no sequence, one is empty, or the three do not fit together.
    """

    #: So many batches' worth of sequences are sorted by length together: more of them, and there is less padding, but
    #: the same sequences meet in every epoch.
    BUCKET = 100

    def __init__(self, ids: Tensor, lengths: Tensor, targets: Tensor):
        self.ids = torch.as_tensor(ids)
        self.lengths = torch.as_tensor(lengths)
        self.targets = torch.as_tensor(targets)
        for name, tensor in (("ids", self.ids), ("lengths", self.lengths)):
            if tensor.ndim != 1 or tensor.is_floating_point() or tensor.dtype == torch.bool:
                raise ValueError(
                    f"{name} must be integers in one row, got {tensor.dtype} of shape {tuple(tensor.shape)}"
                )
        if self.targets.shape[:1] != self.lengths.shape:
            raise ValueError(
                f"{len(self.lengths)} sequences and targets of shape {tuple(self.targets.shape)}: give one for each"
            )
        if not len(self):
            raise ValueError("there is no sequence: give at least one")
        if self.lengths.min() < 1:
            first = int((self.lengths < 1).nonzero()[0])
            raise ValueError(f"sequence {first} is empty: leave it out, or read it as one unknown word, [1]")
        if self.lengths.sum() != len(self.ids):
            raise ValueError(f"the lengths add up to {int(self.lengths.sum())}, and there are {len(self.ids)} ids")
        self.ids, self.lengths = self.ids.to(torch.int32), self.lengths.to(torch.int64)
        self._starts = self.lengths.cumsum(0) - self.lengths

    @classmethod
    def of(cls, sequences: Iterable[Sequence[int]], targets: Sequence | Tensor) -> "Ragged":
        """From separate sequences, such as `[vocabulary.encode(words(text)) for text in texts]`."""
        arrays = [np.empty(0, np.int32), *(np.asarray(sequence, dtype=np.int32) for sequence in sequences)]
        lengths = torch.tensor([len(array) for array in arrays[1:]], dtype=torch.int64)
        return cls(np.concatenate(arrays), lengths, targets)

    def __len__(self) -> int:
        return len(self.lengths)

    def __repr__(self) -> str:
        shortest, longest = self.lengths.min(), self.lengths.max()
        return f"Ragged({len(self):,} sequences of {shortest:,} to {longest:,} ids, {len(self.ids):,} together)"

    def __getitem__(self, indices: Tensor | Sequence[int] | slice) -> tuple[Tensor, Tensor, Tensor]:
        """One padded batch: ids (B, T) and lengths (B,), both int64, and targets (B, ...), in the order of the indices.

        Raises:
            IndexError: an index is out of range, or there is none, or a single number that is no batch.
        """
        lengths = self.lengths[indices]  # (B,)
        if lengths.ndim != 1 or not len(lengths):
            raise IndexError(f"a batch takes at least one index in a list, such as data[[5]], got data[{indices}]")
        flat = self.ids.numpy()
        ids = np.zeros((len(lengths), lengths.max()), dtype=np.int64)  # (B, T)
        for row, start, length in zip(ids, self._starts[indices].tolist(), lengths.tolist(), strict=True):
            row[:length] = flat[start : start + length]
        return torch.from_numpy(ids), lengths, self.targets[indices]

    def order(self, batch_size: int, generator: torch.Generator | None = None) -> list[Tensor]:
        """The batches of an epoch, as indices: sequences of similar length go together, each once.

        Args:
            batch_size: B; one batch may be smaller.
            generator: shuffles which sequences go together, and the batches. Without it they are sorted by length.
        """
        return bucketed(self.lengths, batch_size, self.BUCKET, generator)

    def subset(self, indices: Tensor | Sequence[int] | slice) -> "Ragged":
        """Some of the sequences, in the order of the indices."""
        rows = self.ids.split(self.lengths.tolist())
        chosen = [rows[i] for i in torch.arange(len(self))[indices].tolist()]
        return Ragged(torch.cat([self.ids[:0], *chosen]), self.lengths[indices], self.targets[indices])

    def cropped(self, longest: int, keep_end: int | None = None) -> "Ragged":
        """The same with at most so many ids a sequence: longer ones lose their middle.

        Args:
            longest: how many ids are kept at most.
            keep_end: how many of them are the last ones; by default half, since a review's verdict often comes last.
        """
        keep_end = longest // 2 if keep_end is None else keep_end
        if longest < 1 or not 0 <= keep_end <= longest:
            raise ValueError(f"expected longest >= 1 and keep_end from 0 to longest, got {longest} and {keep_end}")
        from_start = torch.arange(len(self.ids)) - self._starts.repeat_interleave(self.lengths)
        to_end = self.lengths.repeat_interleave(self.lengths) - from_start  # 1 for the last
        kept = (from_start < longest - keep_end) | (to_end <= keep_end)
        return Ragged(self.ids[kept], self.lengths.clamp(max=longest), self.targets)

    def padding(self, batches: Iterable[Tensor]) -> float:
        """The share of the cells of these batches that is padding, from 0 to 1."""
        lengths = [self.lengths[batch] for batch in batches]
        cells = sum(len(batch) * int(batch.max()) for batch in lengths)
        return 1 - sum(int(batch.sum()) for batch in lengths) / cells


def bucketed(lengths: Tensor, batch_size: int, bucket: int, generator: torch.Generator | None = None) -> list[Tensor]:
    """The batches of an epoch, as indices: examples of similar length go together, each once.

    Args:
        lengths: what the examples are sorted by, (N,).
        batch_size: B; one batch may be smaller.
        bucket: so many batches' worth of examples, drawn at random, are sorted together.
        generator: shuffles which examples go together, and the batches. Without it all are sorted, from the shortest.
    """
    if generator is None:
        return list(lengths.argsort(stable=True).split(batch_size))
    batches = []
    for drawn in torch.randperm(len(lengths), generator=generator).split(bucket * batch_size):
        batches += drawn[lengths[drawn].argsort(stable=True)].split(batch_size)
    return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]
