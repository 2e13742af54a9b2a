"""A text in batches: each row goes on where it was, and every symbol is predicted once."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnbook.checkpoint import describe
from rnnbook.text.stream import Stream
from rnnbook.train import mean_loss

sizes = given(st.integers(2, 80), st.integers(1, 7), st.integers(1, 12))


def make(n, rows, steps):
    return Stream(range(100, 100 + n), min(rows, n - 1), steps)  # each symbol tells where it stands


def batches(stream):
    return [stream[indices] for indices in stream.order(64)]


def test_the_example_by_hand():
    (ids, start, targets), (more, go_on, more_targets) = batches(Stream([5, 6, 7, 8, 9, 10, 11], rows=2, steps=2))
    assert ids.tolist() == [[5, 6], [8, 9]]
    assert targets.tolist() == [[6, 7], [9, 10]]
    assert more.tolist() == [[7], [10]]
    assert more_targets.tolist() == [[8], [11]]
    assert start.item() is True
    assert go_on.item() is False
    assert ids.dtype == targets.dtype == torch.int64


@sizes
def test_the_target_is_the_next_symbol(n, rows, steps):
    for ids, _, targets in batches(make(n, rows, steps)):
        assert torch.equal(targets, ids + 1)


@sizes
def test_every_symbol_but_the_first_is_a_target_once_up_to_what_is_left_over(n, rows, steps):
    stream = make(n, rows, steps)
    targets = sorted(target for *_, chunk in batches(stream) for target in chunk.flatten().tolist())
    assert targets == list(range(101, 100 + n - stream.left_over))
    assert len(targets) == len(stream)
    assert stream.left_over < stream.rows
    assert stream.rows > 1 or stream.left_over == 0


@sizes
def test_the_pieces_are_contiguous_and_each_row_goes_on_where_it_was(n, rows, steps):
    stream = make(n, rows, steps)
    chunks, starts, _ = zip(*batches(stream), strict=True)
    text = torch.cat(chunks, dim=1)  # (B, length)
    assert torch.equal(text.flatten(), torch.arange(100, 100 + n)[: len(stream)])
    assert [start.item() for start in starts] == [True] + [False] * (len(chunks) - 1)
    assert {chunk.shape[1] for chunk in chunks[:-1]} <= {steps}
    assert 1 <= chunks[-1].shape[1] <= steps


def test_the_order_is_that_of_the_text_whatever_the_generator_and_the_batch_size():
    stream = make(50, 3, 4)
    first = stream.order()
    for order in (stream.order(7), stream.order(1000, torch.Generator().manual_seed(1))):
        assert all(map(torch.equal, first, order))
    assert torch.cat(first).sort().values.tolist() == list(range(len(stream)))


def test_a_mean_over_the_stream_is_one_over_targets_not_over_batches():
    stream = Stream([0, 0, 0, 0, 0, 9], rows=1, steps=4)  # the second batch has one target, 9
    mean = mean_loss(torch.nn.Identity(), Pair(stream), lambda ids, targets: targets.double().mean())
    assert mean == 9 / 5
    assert len(stream) == 5


class Pair:
    """A stream whose inputs are the ids alone."""

    def __init__(self, stream):
        self.stream, self.order = stream, stream.order

    def __len__(self):
        return len(self.stream)

    def __getitem__(self, indices):
        ids, _, targets = self.stream[indices]
        return ids, targets


def test_a_checkpoint_tells_streams_apart():
    ids = torch.arange(40)
    same, *others = [Stream(ids, 4, 5), Stream(ids, 3, 5), Stream(ids, 4, 6), Stream(ids + 1, 4, 5)]
    assert describe(Stream(ids.tolist(), 4, 5)) == describe(same)
    assert describe(same) not in [describe(other) for other in others]


@pytest.mark.parametrize(
    "part",
    [
        lambda indices: indices[::2],  # what one of two processes would get
        lambda indices: indices[1:],
        lambda indices: indices.flip(0),
        lambda indices: indices[:4],
        lambda indices: indices + 3,  # beyond the pieces' end
        lambda indices: indices[:1],
    ],
)
def test_parts_of_a_batch_are_refused(part):
    stream = Stream(range(17), rows=2, steps=6)
    with pytest.raises(IndexError, match="batches of its order, all rows of each by one process"):
        stream[part(stream.order()[0])]


@pytest.mark.parametrize(
    ("ids", "rows", "steps", "message"),
    [
        ([1, 2, 3], 3, 2, "3 rows need at least 4 symbols, got 3"),
        ([1], 1, 1, "1 rows need at least 2 symbols, got 1"),
        ([], 1, 1, "got 0"),
        ([1, 2, 3], 0, 2, "at least 1, got 0 and 2"),
        ([1, 2, 3], 1, 0, "at least 1, got 1 and 0"),
        ([[1, 2, 3]], 1, 1, r"ids has shape \(1, 3\), expected \(N,\)"),
    ],
)
def test_what_does_not_fit_is_refused(ids, rows, steps, message):
    with pytest.raises(ValueError, match=message):
        Stream(ids, rows, steps)
