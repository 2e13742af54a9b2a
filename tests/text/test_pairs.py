"""Pairs: every batch says of both sides what the lists said, and each target ends once."""

from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnbook.checkpoint import describe
from rnnbook.text import Vocabulary, pad
from rnnbook.text.pairs import END, SPECIALS, START, Pairs

side = partial(st.lists, st.integers(4, 50), max_size=9)
pairs = st.lists(st.tuples(side(min_size=1), side()), min_size=1, max_size=30)


def of(both):
    return Pairs(*zip(*both, strict=True))


def many(n=3000, seed=0):
    """Lengths like those of captions and their translations."""
    generator = torch.Generator().manual_seed(seed)
    sources = torch.randn(n, generator=generator).mul(4).add(12).round().int().clamp(3, 40)
    targets = (sources + torch.randn(n, generator=generator).mul(2).round().int()).clamp(1, 45)
    return Pairs([[5] * length for length in sources], [[6] * length for length in targets])


def test_the_specials_are_where_models_look_for_them():
    vocabulary = Vocabulary(["a"], specials=SPECIALS)
    assert vocabulary.encode(["<pad>", "<unk>", "<s>", "</s>", "a"]) == [0, 1, START, END, 4] == [0, 1, 2, 3, 4]


@given(pairs, st.data())
def test_a_batch_is_what_pad_makes_of_both_sides(both, data):
    indices = data.draw(st.lists(st.integers(0, len(both) - 1), min_size=1, max_size=9))
    source, lengths, target, answer = of(both)[indices]
    expected_source, expected_lengths = pad([both[i][0] for i in indices])
    expected_target, _ = pad([[*both[i][1], END] for i in indices])
    assert torch.equal(source, expected_source)
    assert torch.equal(lengths, expected_lengths)
    assert torch.equal(target, expected_target)
    assert source.dtype == lengths.dtype == target.dtype == torch.int64
    assert answer is target


def test_indices_may_be_whatever_torch_takes():
    data = Pairs([[4], [5, 6]], [[7], []])
    for indices in (torch.tensor([1]), [-1], slice(1, None), torch.tensor([False, True])):
        source, lengths, target, _ = data[indices]
        assert (source.tolist(), lengths.tolist(), target.tolist()) == ([[5, 6]], [2], [[3]])
    assert len(data) == 2
    assert repr(data) == "Pairs(2 of them, 3 source ids, 3 target ids)"
    with pytest.raises(IndexError):
        data[0]


@given(pairs, st.integers(1, 9), st.one_of(st.none(), st.integers(0, 99)))
def test_an_epoch_has_every_pair_once_in_full_batches_but_one(both, batch_size, seed):
    data = of(both)
    batches = data.order(batch_size, None if seed is None else torch.Generator().manual_seed(seed))
    assert sorted(torch.cat(batches).tolist()) == list(range(len(data)))
    sizes = [len(batch) for batch in batches]
    assert len(sizes) == -(-len(data) // batch_size)
    assert sum(size != batch_size for size in sizes) <= 1
    assert max(sizes) <= batch_size


@given(pairs, st.integers(1, 9))
def test_without_a_generator_pairs_come_by_length_and_then_as_they_stand(both, batch_size):
    order = torch.cat(of(both).order(batch_size)).tolist()
    assert order == sorted(range(len(both)), key=lambda i: (len(both[i][1]), len(both[i][0]), i))


def test_the_generator_decides_the_order_and_moves_on():
    data = many(500)
    first, again = (data.order(16, torch.Generator().manual_seed(5)) for _ in range(2))
    assert [batch.tolist() for batch in first] == [batch.tolist() for batch in again]
    generator = torch.Generator().manual_seed(5)
    epochs = [{frozenset(batch.tolist()) for batch in data.order(16, generator)} for _ in range(2)]
    assert epochs[0] == {frozenset(batch.tolist()) for batch in first}
    assert not epochs[0] & epochs[1]


def test_batches_of_similar_length_have_little_padding_and_come_mixed():
    data = many()

    def padding(lengths, batches):
        return 1 - float(lengths.sum()) / sum(len(batch) * int(lengths[batch].max()) for batch in batches)

    order = data.order(32, torch.Generator().manual_seed(0))
    random = torch.randperm(len(data), generator=torch.Generator().manual_seed(0)).split(32)
    assert padding(data.targets.lengths, random) > 0.4
    assert padding(data.targets.lengths, order) < 0.06
    assert padding(data.sources.lengths, order) < 0.22 < padding(data.sources.lengths, random)
    means = torch.tensor([data.targets.lengths[batch].double().mean() for batch in order])
    assert torch.corrcoef(torch.stack((means[:-1], means[1:])))[0, 1].abs() < 0.25


def test_generators_and_tensors_will_do():
    data = Pairs((torch.tensor(s) for s in ([4, 5], [6])), (range(n, 9) for n in (7, 8)))
    source, lengths, target, _ = data[:]
    assert source.tolist() == [[4, 5], [6, 0]]
    assert lengths.tolist() == [2, 1]
    assert target.tolist() == [[7, 8, 3], [8, 3, 0]]


def test_a_checkpoint_tells_other_data_from_these():
    both = [([4, 5], [6]), ([7], [8, 9])]
    assert describe(of(both)) == describe(of(both))
    assert describe(of(both)) != describe(of([([4, 5], [7]), both[1]]))
    assert describe(of(both)) != describe(of([([4, 6], [6]), both[1]]))


@pytest.mark.parametrize(
    ("sources", "targets", "message"),
    [
        ([[4]], [[5], [6]], "1 sources and 2 targets: give one for each"),
        ([], [], "there is no sequence: give at least one"),
        ([[4], []], [[5], [6]], "sequence 1 is empty: leave it out"),
        ([[4], [4]], [[5], [6, 3]], "target 1 holds '</s>': leave it out"),
        ([[4], [4]], [[5, 3, 6], [6]], "target 0 holds '</s>'"),
        ([[4], [4]], [[5], [2, 6]], "target 1 holds '<s>'"),
        ([[4], [4]], [[5], [6, 0]], "target 1 holds '<pad>'"),
    ],
)
def test_what_does_not_fit_is_refused(sources, targets, message):
    with pytest.raises(ValueError, match=message):
        Pairs(sources, targets)


def test_an_unknown_symbol_and_an_empty_target_are_allowed():
    assert Pairs([[1], [1]], [[1, 4], []])[:][2].tolist() == [[1, 4, 3], [3, 0, 0]]
