import numpy as np
import pytest

from rnnbook.data import toys


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_word_order_labels_the_mark_that_comes_first(rng):
    tokens, labels = toys.word_order(500, rng, length=8, fillers=6)
    assert tokens.shape == (500, 8)
    assert set(tokens.flat) == set(range(8))
    assert labels.sum() == 250
    for row, label in zip(tokens.tolist(), labels, strict=True):
        assert row.count(0) == row.count(1) == 1
        assert label == (row.index(1) < row.index(0))


def test_word_order_puts_the_marks_everywhere_whatever_the_label(rng):
    tokens, labels = toys.word_order(8000, rng, length=4)
    for label in (0, 1):
        places = np.argwhere(tokens[labels == label] < 2)[:, 1]
        np.testing.assert_allclose(np.bincount(places) / len(places), 0.25, atol=0.02)


def test_word_order_hides_the_label_from_a_bag_of_tokens(rng):
    """The counts of the tokens are distributed alike under both labels, down to every filler's mean."""
    tokens, labels = toys.word_order(20_000, rng)
    counts = np.stack([np.bincount(row, minlength=8) for row in tokens])
    np.testing.assert_allclose(counts[labels == 0].mean(0), counts[labels == 1].mean(0), atol=0.05)


def test_mean_of_sums_by_brute_force(rng):
    x, targets = toys.mean_of_sums(5, 7, 3, rng)
    assert x.shape == (5, 7, 3)
    assert x.dtype == targets.dtype == np.float32
    expected = [[sum(sum(step) for step in row) / 7] for row in x.tolist()]
    np.testing.assert_allclose(targets, expected, atol=1e-6)


def test_mean_of_sums_states_its_baseline(rng):
    _, targets = toys.mean_of_sums(20_000, 10, 4, rng)
    assert np.mean(targets**2) == pytest.approx(4 / 10, rel=0.05)


def test_running_parity_by_brute_force(rng):
    bits, parity = toys.running_parity(50, 9, rng)
    assert set(bits.flat) == {0, 1}
    assert parity.tolist() == [[sum(row[: t + 1]) % 2 for t in range(9)] for row in bits.tolist()]


def test_three_classes_are_one_hot_and_follow_the_largest_sum(rng):
    x, labels = toys.three_classes(300, 6, 5, rng)
    assert x.shape == (300, 6, 5)
    assert x.dtype == labels.dtype == np.float32
    assert (labels.sum(axis=1) == 1).all()
    assert set(labels.flat) == {0, 1}
    for row, label in zip(x, labels, strict=True):
        sums = [row[:, k].sum() for k in range(3)]
        assert label[sums.index(max(sums))] == 1
    np.testing.assert_allclose(labels.mean(axis=0), 1 / 3, atol=0.1)
    with pytest.raises(ValueError, match="features=2"):
        toys.three_classes(3, 6, 2, rng)


def test_count_words():
    words = toys.count_words()
    assert len(words) == len(set(words)) == 100
    expected = {0: "zero", 7: "seven", 10: "ten", 12: "twelve", 13: "thirteen", 15: "fifteen", 18: "eighteen"}
    expected |= {20: "twenty", 40: "forty", 73: "seventy-three", 80: "eighty", 99: "ninety-nine"}
    assert {number: words[number] for number in expected} == expected


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: toys.word_order(9, rng),
        lambda rng: toys.mean_of_sums(9, 4, 3, rng),
        lambda rng: toys.running_parity(9, 4, rng),
        lambda rng: toys.three_classes(9, 4, 3, rng),
    ],
)
def test_the_seed_decides_everything(draw):
    first, again, other = (draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
