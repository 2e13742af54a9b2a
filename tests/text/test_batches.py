import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from rnnbook.text import Ragged, one_hot, pad

sequences = st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=9), min_size=1, max_size=30)


def ragged(sequences):
    """Targets are the sequences' numbers, so that a batch says whose it is."""
    return Ragged.of(sequences, range(len(sequences)))


def rows(data):
    """What is in it, read one by one."""
    return [(data[[i]][0][0].tolist(), int(data.targets[i])) for i in range(len(data))]


@given(sequences, st.integers(-1, 9))
def test_pad_keeps_every_sequence_and_fills_with_the_value(sequences, value):
    ids, lengths = pad(sequences, value)
    assert ids.dtype == lengths.dtype == torch.int64
    assert lengths.tolist() == [len(sequence) for sequence in sequences]
    torch.testing.assert_close(ids, pad_sequence([torch.tensor(s) for s in sequences], True, value), atol=0, rtol=0)


def test_pad_takes_arrays_tensors_and_a_generator():
    ids, lengths = pad(s for s in (np.array([1, 2], np.int32), torch.tensor([3]), range(3)))
    assert ids.tolist() == [[1, 2, 0], [3, 0, 0], [0, 1, 2]]
    assert lengths.tolist() == [2, 1, 3]


def test_pad_refuses_an_empty_batch_and_an_empty_sequence():
    with pytest.raises(ValueError, match="empty batch"):
        pad([])
    with pytest.raises(ValueError, match="sequence 1 has length 0"):
        pad([[1], [], [2]])


def test_one_hot_picks_rows_like_an_embedding():
    ids = torch.tensor([[0, 2, 1], [3, 3, 0]])
    weight = torch.randn(4, 5)
    x = one_hot(ids, 4)
    assert x.shape == (2, 3, 4)
    assert x.dtype == weight.dtype
    torch.testing.assert_close(x @ weight, F.embedding(ids, weight), atol=0, rtol=0)


def test_one_hot_takes_lists_and_no_ids_at_all():
    assert one_hot([1, 0], 2).tolist() == [[0, 1], [1, 0]]
    assert one_hot([], 3).shape == (0, 3)


@pytest.mark.parametrize("ids", [[0, 3], [-1, 0]])
def test_one_hot_refuses_ids_out_of_range(ids):
    with pytest.raises(ValueError, match="3 places, 0 to 2"):
        one_hot(ids, 3)


@given(sequences, st.data())
def test_a_batch_is_what_pad_makes_of_its_sequences(sequences, data):
    indices = data.draw(st.lists(st.integers(0, len(sequences) - 1), min_size=1, max_size=9))
    ids, lengths, targets = ragged(sequences)[indices]
    expected_ids, expected_lengths = pad([sequences[i] for i in indices])
    assert ids.dtype == lengths.dtype == targets.dtype == torch.int64
    torch.testing.assert_close(ids, expected_ids, atol=0, rtol=0)
    torch.testing.assert_close(lengths, expected_lengths, atol=0, rtol=0)
    assert targets.tolist() == indices


def test_indices_may_be_whatever_torch_takes():
    data = ragged([[1], [2, 3], [4, 5, 6]])
    for indices in (torch.tensor([2, 1]), [2, 1], np.array([2, 1]), [-1, -2]):
        assert data[indices][0].tolist() == [[4, 5, 6], [2, 3, 0]]
    for indices in (slice(1, None), torch.tensor([False, True, True])):
        assert data[indices][0].tolist() == [[2, 3, 0], [4, 5, 6]]
    assert len(data) == 3
    assert repr(data) == "Ragged(3 sequences of 1 to 3 ids, 6 together)"


@pytest.mark.parametrize("indices", [0, [], [3], [-4]])
def test_what_is_no_batch_is_refused(indices):
    with pytest.raises(IndexError):
        ragged([[1], [2, 3], [4, 5, 6]])[indices]
    with pytest.raises(IndexError, match=r"such as data\[\[5\]\]"):
        ragged([[1]])[0]


def test_changing_a_batch_leaves_the_data_alone():
    data = ragged([[1, 2], [3, 4]])
    ids, lengths, targets = data[:]
    for tensor in (ids, lengths, targets[[0, 1]]):
        tensor.fill_(7)
    assert data.ids.tolist() == [1, 2, 3, 4]


def test_targets_of_any_kind():
    data = Ragged.of([[1], [2]], [0.5, 1.0])
    assert data[[1]][2].tolist() == [1.0]
    assert data.targets.is_floating_point()
    assert Ragged.of([[1], [2]], torch.eye(2))[[1]][2].tolist() == [[0.0, 1.0]]


@given(sequences, st.integers(1, 9), st.one_of(st.none(), st.integers(0, 99)))
def test_an_epoch_has_every_example_once_in_full_batches_but_one(sequences, batch_size, seed):
    data = ragged(sequences)
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    batches = data.order(batch_size, generator)
    assert sorted(torch.cat(batches).tolist()) == list(range(len(data)))
    sizes = [len(batch) for batch in batches]
    assert len(sizes) == -(-len(data) // batch_size)
    assert sum(size != batch_size for size in sizes) <= 1
    assert max(sizes) <= batch_size


@given(sequences, st.integers(1, 9))
def test_without_a_generator_sequences_come_by_length_and_then_as_they_stand(sequences, batch_size):
    order = torch.cat(ragged(sequences).order(batch_size)).tolist()
    assert order == sorted(range(len(sequences)), key=lambda i: (len(sequences[i]), i))


def reviews(n=4000):
    """Lengths spread as those of film reviews are: the logarithm is normal."""
    lengths = np.random.default_rng(0).lognormal(5.2, 0.6, n).astype(int).clip(10, 2500)
    return Ragged(torch.ones(int(lengths.sum()), dtype=torch.int32), torch.from_numpy(lengths), torch.arange(n))


def test_the_generator_decides_the_order_and_moves_on():
    data = reviews(500)
    first, again = (data.order(16, torch.Generator().manual_seed(5)) for _ in range(2))
    assert [batch.tolist() for batch in first] == [batch.tolist() for batch in again]
    generator = torch.Generator().manual_seed(5)
    epochs = [torch.cat(data.order(16, generator)).tolist() for _ in range(2)]
    assert epochs[0] == torch.cat(first).tolist()
    assert epochs[0] != epochs[1]


def test_the_global_random_state_is_left_alone():
    before = torch.get_rng_state()
    reviews(50).order(8, torch.Generator().manual_seed(0))
    reviews(50).order(8)
    assert torch.equal(before, torch.get_rng_state())


def test_a_shuffled_epoch_mixes_neighbours_and_lengths():
    data = reviews()
    generator = torch.Generator().manual_seed(0)
    companions = [
        {frozenset(batch.tolist()) for batch in data.order(32, generator)}
        for _ in range(2)
    ]  # fmt: skip
    assert not companions[0] & companions[1]
    means = torch.tensor([data.lengths[batch].double().mean() for batch in data.order(32, generator)])
    place = torch.arange(len(means), dtype=torch.float64)
    assert torch.corrcoef(torch.stack((means, place)))[0, 1].abs() < 0.25  # short and long batches come mixed
    assert means.std() > 50


def test_buckets_save_nearly_all_padding_that_random_batches_have():
    data = reviews()
    generator = torch.Generator().manual_seed(0)
    random = data.padding(torch.randperm(len(data), generator=generator).split(32))
    bucketed = data.padding(data.order(32, generator))
    sorted_ = data.padding(data.order(32))
    assert random > 0.5
    assert bucketed < 0.08
    assert sorted_ < bucketed


@given(sequences, st.integers(1, 5))
def test_padding_is_the_share_of_cells_past_the_end(sequences, batch_size):
    data = ragged([[i + 1 for i in sequence] for sequence in sequences])  # no id is 0
    batches = torch.arange(len(data)).split(batch_size)
    cells = torch.cat([data[batch][0].flatten() for batch in batches])
    assert data.padding(batches) == pytest.approx(float((cells == 0).double().mean()), abs=1e-12)


@given(sequences, st.data())
def test_a_subset_holds_the_chosen_ones_in_their_order(sequences, data):
    indices = data.draw(st.lists(st.integers(-len(sequences), len(sequences) - 1), min_size=1, max_size=9))
    chosen = ragged(sequences).subset(torch.tensor(indices, dtype=torch.int64))
    assert rows(chosen) == [(sequences[i], i % len(sequences)) for i in indices]


def test_a_subset_by_slice_and_by_mask():
    data = ragged([[1], [2, 3], [4, 5, 6]])
    assert rows(data.subset(slice(1, None))) == rows(data.subset(data.lengths > 1)) == [([2, 3], 1), ([4, 5, 6], 2)]


@given(sequences, st.integers(1, 10), st.data())
def test_cropping_keeps_the_first_and_the_last_ids(sequences, longest, data):
    keep_end = data.draw(st.one_of(st.none(), st.integers(0, longest)))
    tail = longest // 2 if keep_end is None else keep_end
    expected = [s if len(s) <= longest else s[: longest - tail] + s[len(s) - tail :] for s in sequences]
    assert rows(ragged(sequences).cropped(longest, keep_end)) == [(s, i) for i, s in enumerate(expected)]


@pytest.mark.parametrize(("longest", "keep_end"), [(0, None), (3, 4), (3, -1)])
def test_cropping_to_the_impossible_is_refused(longest, keep_end):
    with pytest.raises(ValueError, match="longest >= 1 and keep_end from 0 to longest"):
        ragged([[1, 2]]).cropped(longest, keep_end)


@pytest.mark.parametrize(
    ("ids", "lengths", "targets", "message"),
    [
        ([1, 2], [2, 0], [0, 1], r"sequence 1 is empty: leave it out, or read it as one unknown word, \[1\]"),
        ([1, 2], [3, -1], [0, 1], "sequence 1 is empty"),
        ([1, 2], [1, 2], [0, 1], "lengths add up to 3, and there are 2 ids"),
        ([1, 2], [1, 1], [0], "2 sequences and targets of shape"),
        ([1, 2], [1, 1], 1, "2 sequences and targets of shape"),
        ([1.0, 2.0], [1, 1], [0, 1], "ids must be integers in one row, got torch.float32"),
        ([[1], [2]], [1, 1], [0, 1], r"ids must be integers in one row, got torch.int64 of shape \(2, 1\)"),
        ([1, 2], [1.0, 1.0], [0, 1], "lengths must be integers"),
    ],
)
def test_parts_that_do_not_fit_are_refused(ids, lengths, targets, message):
    with pytest.raises(ValueError, match=message):
        Ragged(*(torch.tensor(part) for part in (ids, lengths, targets)))


def test_an_empty_sequence_and_a_missing_target_are_refused():
    with pytest.raises(ValueError, match="sequence 1 is empty"):
        Ragged.of([[1], [], [2]], [0, 1, 0])
    with pytest.raises(ValueError, match="give one for each"):
        Ragged.of([[1], [2]], [0])


def test_no_sequence_at_all_is_refused():
    for empty in (lambda: Ragged.of([], []), lambda: ragged([[1]]).subset([])):
        with pytest.raises(ValueError, match="there is no sequence: give at least one"):
            empty()


def test_it_is_held_flat_in_four_bytes_an_id():
    data = Ragged(torch.arange(6), torch.tensor([1, 2, 3]), torch.zeros(3))
    assert data.ids.dtype == torch.int32
    assert data.ids.tolist() == [0, 1, 2, 3, 4, 5]
