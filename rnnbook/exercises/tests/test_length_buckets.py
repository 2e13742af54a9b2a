"""Exercise `length-buckets`: batches of texts of similar length, shuffled anew in each epoch."""

import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_unchanged
from rnnbook.exercises.student import Handle
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="length-buckets",
    chapter="07_text",
    place=3,
    title="Batches of texts of similar length",
    defines=("LengthBuckets",),
    hints=(
        "Sorting everything by length gives the least padding, and the same batches in every epoch. Shuffling "
        "everything gives the most. In between: shuffle first, then sort only within a bucket of several batches.",
        "In __init__ keep the lengths and make one generator, random.Random(seed) or torch.Generator().manual_seed("
        "seed). epoch() goes on drawing from it. A bucket of 10 * batch_size indices is a good size.",
        "order = list(range(N)); self.rng.shuffle(order); each slice of 10 * batch_size of it is a bucket. Sort a "
        "bucket by key=lambda i: self.lengths[i], cut it into batches, and collect these. Shuffle the list of batches "
        "before you return it.",
    ),
    forbidden=("rnnbook.text", "torchtext", "torch.utils.data"),
)
BATCH = 16
BOUND = 0.25
Batches = list[list[int]]


def corpus(n: int = 1280) -> list[int]:
    """Lengths as reviews have them: most are short, a few are very long."""
    rng = random.Random(7)
    return [min(400, max(5, round(rng.lognormvariate(4, 0.6)))) for _ in range(n)]


def made(student, lengths: list[int], batch_size: int = BATCH, seed: int = 0):
    """The learner's object."""
    return student.LengthBuckets(lengths, batch_size, seed)


def epoch(buckets) -> Batches:
    """The batches of the learner's next epoch, checked to be lists of whole numbers."""
    got = buckets.epoch()
    form = got._form if isinstance(got, Handle) else describe(got)
    remedy = " list(...) makes a list of a generator." if "generator" in form else ""
    remedy = " Does your method end without `return`?" if got is None else remedy
    assert isinstance(got, list | tuple), f"epoch() should give a list of batches, but it is {form}.{remedy}"
    assert got, "epoch() gives an empty list: it should give a list of batches, one of which may be small."
    batches = [batch.tolist() if isinstance(batch, torch.Tensor | np.ndarray) else batch for batch in got]
    for batch in batches:
        whole = isinstance(batch, list | tuple) and all(type(i) is int for i in batch)
        assert whole, (
            "Each batch should be a list of indices, whole numbers, into the list of lengths.\n"
            f"The first one that is not: {batch!r:.80}"
        )
    assert all(len(batch) for batch in batches), "A batch is empty: leave it out of the list."
    return [[*batch] for batch in batches]


def padding(lengths: list[int], batches: Batches) -> float:
    """The share of the cells of padded batches that is padding."""
    cells = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches)
    return 1 - sum(lengths[i] for batch in batches for i in batch) / cells


def of_random_batches(lengths: list[int]) -> Batches:
    """Batches of texts that nothing sorted."""
    order = random.Random(1).sample(range(len(lengths)), len(lengths))
    return [order[i : i + BATCH] for i in range(0, len(order), BATCH)]


def assert_once(lengths: list[int], batches: Batches, batch_size: int, which: str = "an epoch") -> None:
    """Checks that each text is in one batch, once."""
    seen, n = Counter(i for batch in batches for i in batch), len(lengths)
    strange = sorted(i for i in seen if not 0 <= i < n)
    swapped = strange and {*seen} <= {*lengths}
    assert not swapped, (
        f"The batches hold lengths: they should hold indices, which texts go together.\nThe first batch: {batches[0]}"
    )
    assert not strange, f"{strange[0]} is no index: {n} texts have the indices 0 to {n - 1}."
    missing = sorted({*range(n)} - {*seen})
    twice = sorted(i for i, count in seen.items() if count > 1)
    rest = n % batch_size
    dropped = len(missing) == rest > 0 and all(len(batch) == batch_size for batch in batches)
    assert not dropped, (
        f"You dropped the last batch: {n} texts in batches of {batch_size} leave {rest}, and these {rest} are never "
        "read. Let one batch be smaller."
    )
    doubled = f", and {len(twice)} are there more than once" if twice else ""
    assert not missing, (
        f"{len(missing)} of {n} texts are in no batch of {which}, text {missing[0]} for one{doubled}. "
        "An epoch reads each text once."
    )
    assert not twice, (
        f"{len(twice)} of {n} texts are there more than once in {which}, text {twice[0]} {seen[twice[0]]} "
        "times. An epoch reads each text once: is a batch filled up with texts of another one?"
    )


@points(2)
@pytest.mark.parametrize(("n", "batch_size"), [(48, 8), (53, 8), (320, 16), (321, 4), (5, 8), (1, 1)])
def test_each_once(student, n, batch_size):
    """Every text is in one batch of each epoch, once, also when they do not divide evenly."""
    lengths = corpus(n)
    buckets = made(student, lengths, batch_size)
    for which in ("the first epoch", "the second epoch"):
        assert_once(lengths, epoch(buckets), batch_size, which)


@points(1)
@pytest.mark.parametrize(("n", "batch_size"), [(48, 8), (53, 8), (325, 16), (5, 8)])
def test_batch_sizes(student, n, batch_size):
    """All batches have batch_size texts, but one may be smaller."""
    sizes = [len(batch) for batch in epoch(made(student, corpus(n), batch_size))]
    shown = f"{n} texts, batch_size={batch_size}; the sizes of your batches: {sizes}"
    large = max(sizes)
    assert large <= batch_size, f"A batch has {large} texts, more than batch_size={batch_size}.\n{shown}"
    smaller = sum(size < batch_size for size in sizes)
    assert smaller <= 1, (
        f"{smaller} batches are smaller than batch_size={batch_size}, and one at most should be. Is the size of a "
        f"bucket a multiple of batch_size?\n{shown}"
    )


@points(2)
@pytest.mark.parametrize("seed", [0, 1])
def test_padding(student, seed):
    """At most a quarter of the cells of the batches is padding."""
    lengths = corpus()
    buckets = made(student, lengths, seed=seed)
    assert_unchanged(student, "lengths", "batch_size", "seed")
    batches = epoch(buckets)
    assert_once(lengths, batches, BATCH)
    share, rand = padding(lengths, batches), padding(lengths, of_random_batches(lengths))
    shown = f"{share:.0%} of the cells is padding, and at most {BOUND:.0%} should be; in random batches {rand:.0%} is."
    assert share < rand - 0.05, (
        "Your batches have as much padding as batches drawn at random: sort the texts of a bucket by their length "
        f"before you cut it into batches, and do not shuffle texts after that.\n{shown}"
    )
    assert share <= BOUND, (
        "Your batches have texts of similar length, but not similar enough: make the buckets larger, such as ten "
        f"batches each.\n{shown}"
    )


def rising(lengths: list[int], batches: Batches) -> float:
    """How often a batch has longer texts than the one before it: about half of the times if they are shuffled."""
    means = [sum(lengths[i] for i in batch) / len(batch) for batch in batches]
    return sum(one < other for one, other in pairwise(means)) / (len(means) - 1)


@points(1)
def test_batches_are_shuffled(student):
    """Long and short batches come in no order."""
    lengths = corpus()
    buckets = made(student, lengths)
    batches = epoch(buckets)
    assert_once(lengths, batches, BATCH)
    assert len(batches) > 1, f"All texts are in one batch: a batch has batch_size texts, {BATCH} here."
    share = rising(lengths, batches)
    means = [round(sum(lengths[i] for i in batch) / len(batch)) for batch in batches]
    shown = f"The mean length of your batches, one after the other: {', '.join(map(str, means[:15]))} ..."
    every = {1: "shortest", 0: "longest"}.get(share)
    assert every is None, (
        f"An epoch goes from the {every} texts on, all through it. The network would learn from the one kind first and "
        f"then forget it over the other: shuffle the list of batches.\n{shown}"
    )
    assert 0.25 < share < 0.75, (
        "Your batches are in order of length, bucket by bucket: shuffle the list of all batches before you return it.\n"
        f"{shown}"
    )


@points(2)
def test_next_epoch(student):
    """In the next epoch the batches come in another order, and other texts meet."""
    buckets = made(student, corpus())
    first, second = epoch(buckets), epoch(buckets)
    assert first != second, (
        "Two epochs are the same: draw from the generator in epoch(), and make it once, in __init__. A generator that "
        "is made from the seed in epoch() begins anew each time."
    )
    together = [{frozenset(batch) for batch in batches} for batches in (first, second)]
    again = len(together[0] & together[1])
    assert again <= len(first) / 2, (
        f"{again} of {len(first)} batches of the second epoch were batches of the first, only in another place. "
        "Shuffle the texts before you sort them within buckets, so that other ones meet."
    )


@points(1)
def test_seed(student):
    """The same seed gives the same epochs, another seed others."""
    lengths = corpus(200)

    def epochs(seed: int) -> list[Batches]:
        buckets = made(student, lengths, seed=seed)
        return [epoch(buckets) for _ in range(3)]

    one, same, other = epochs(3), epochs(3), epochs(4)
    assert one == same, (
        "Two objects with seed=3 give different epochs: all random numbers should come from a generator that __init__ "
        "makes from the seed, such as random.Random(seed)."
    )
    assert one != other, "Seeds 3 and 4 give the same epochs: the seed is not used."


@points(1)
def test_own_generator(student):
    """Two objects with one seed do not disturb each other."""
    lengths = corpus(200)
    one, other = (made(student, lengths, seed=3) for _ in range(2))
    pairs = [(epoch(one), epoch(other)) for _ in range(2)]
    assert all(first == second for first, second in pairs), (
        "Two objects with seed=3 that are used in turn give different epochs: they draw from the same, global random "
        "numbers, as everything else does that shuffles or draws weights. Let each object keep a generator of its "
        "own: random.Random(seed), or torch.Generator().manual_seed(seed) and torch.randperm(n, generator=...)."
    )
