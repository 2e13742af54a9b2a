"""One long text, read in pieces side by side: the batches of truncated backpropagation through time."""

from collections.abc import Sequence

import torch
from torch import Tensor


class Stream:
    """A text cut into contiguous pieces, one a row, which are read side by side, some steps at a time.

    The first batch holds the beginning of every piece, the next one what follows there, row by row. So the state that
    a row has reached is the state from which its next batch goes on. The target at each step is the next symbol:

    >>> stream = Stream(range(7), rows=2, steps=2)  # the pieces 0 1 2 and 3 4 5, with the targets 1 2 3 and 4 5 6
    >>> [stream[indices] for indices in stream.order()]
    [(tensor([[0, 1],
            [3, 4]]), tensor(True), tensor([[1, 2],
            [4, 5]])), (tensor([[2],
            [5]]), tensor(False), tensor([[3],
            [6]]))]

    An example is one target, and its index says where its input stands. Every symbol but the first is a target exactly
    once, except that the pieces are equally long: fewer than `rows` symbols at the end of the text may be left over.
    With one row there are none.

    It goes straight into `rnnbook.train.fit`, whose losses are means over targets then, however short a last batch is.

    Args:
        ids: the symbols of the text, (N,).
        rows: B, how many pieces are read side by side.
        steps: T, how many symbols of each piece a batch has; the last batch may be shorter.

    Attributes:
        length: symbols of a piece.
        left_over: symbols at the text's end that are never read.

    Raises:
        ValueError: rows or steps is less than 1, or the text is too short for so many rows.
    """

    def __init__(self, ids: Tensor | Sequence[int], rows: int, steps: int):
        self.ids = torch.as_tensor(ids, dtype=torch.int64)
        if self.ids.ndim != 1:
            raise ValueError(f"ids has shape {tuple(self.ids.shape)}, expected (N,): one text, not a batch")
        if rows < 1 or steps < 1:
            raise ValueError(f"rows and steps must be at least 1, got {rows} and {steps}")
        self.rows, self.steps = rows, steps
        self.length, self.left_over = divmod(max(len(self.ids) - 1, 0), rows)
        if self.length == 0:
            raise ValueError(
                f"{rows} rows need at least {rows + 1} symbols, got {len(self.ids)}: take fewer rows, or a longer text"
            )

    def __len__(self) -> int:
        """How many targets there are."""
        return self.rows * self.length

    def __getitem__(self, indices: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A batch of the stream: ids (B, T), whether the text starts here (), targets (B, T).

        Raises:
            IndexError: the indices are not one of the batches of `order`.
        """
        first = indices[0]
        row, step = torch.arange(self.rows)[:, None], torch.arange(len(indices) // self.rows)
        at = first + row * self.length + step  # (B, T)
        if first + len(step) > self.length or not torch.equal(indices, at.flatten()):
            raise IndexError(
                "a stream is read in the batches of its order, all rows of each by one process: "
                "for k in stream.order(): stream[k]"
            )
        return self.ids[at], first == 0, self.ids[at + 1]

    def order(self, batch_size: int | None = None, generator: torch.Generator | None = None) -> list[Tensor]:
        """The batches of an epoch, as indices, from the text's beginning to its end.

        Args:
            batch_size: plays no part, for rows and steps say how large a batch is.
            generator: plays no part either: a text that is shuffled is no text.
        """
        at = torch.arange(len(self)).view(self.rows, self.length)
        return [chunk.flatten() for chunk in at.split(self.steps, dim=1)]
