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


def test_copy_first_asks_for_the_first_value_and_states_its_baseline(rng):
    x, targets = toys.copy_first(20_000, 5, rng)
    assert x.shape == (20_000, 5, 1)
    assert x.dtype == targets.dtype == np.float32
    assert targets.tolist() == [[row[0][0]] for row in x.tolist()]
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=0.03)  # every step is of the same kind
    np.testing.assert_allclose(x.var(axis=0), 1, atol=0.05)
    assert np.mean(targets**2) == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("length", [2, 3, 10])
def test_adding_marks_one_value_in_each_half(rng, length):
    x, targets = toys.adding(300, length, rng)
    assert x.shape == (300, length, 2)
    assert x.dtype == targets.dtype == np.float32
    for row, target in zip(x.tolist(), targets.tolist(), strict=True):
        places = [t for t, (_, mark) in enumerate(row) if mark == 1]
        assert [mark for _, mark in row].count(0) == length - 2
        assert len(places) == 2
        assert places[0] < length // 2 <= places[1]
        assert target == pytest.approx([row[places[0]][0] + row[places[1]][0]])
    assert {t for row in x for t in np.flatnonzero(row[:, 1])} == set(range(length))  # a mark can be anywhere


def test_adding_states_its_baseline(rng):
    x, targets = toys.adding(50_000, 6, rng)
    assert x[..., 0].min() >= 0
    assert x[..., 0].max() <= 1
    assert targets.mean() == pytest.approx(1, abs=0.01)
    assert np.mean((targets - 1) ** 2) == pytest.approx(1 / 6, rel=0.02)


def test_adding_needs_two_steps(rng):
    with pytest.raises(ValueError, match="length=1"):
        toys.adding(3, 1, rng)


def test_cue_tells_the_label_at_the_first_step_and_nowhere_else(rng):
    symbols, labels = toys.cue(20_000, 5, rng, classes=3, distractors=4)
    assert symbols.shape == (20_000, 5)
    np.testing.assert_array_equal(symbols[:, 0], labels + 2)
    assert set(labels) == {0, 1, 2}
    assert set(symbols[:, 1:].flat) == {5, 6, 7, 8}  # 0 and 1 stay free for padding and the unknown symbol
    for label in range(3):
        shares = np.bincount(symbols[labels == label, 1:].ravel(), minlength=9)[5:] / (labels == label).sum() / 4
        np.testing.assert_allclose(shares, 1 / 4, atol=0.02)
    assert toys.cue(3, 1, rng)[0].shape == (3, 1)


def test_latest_mark_by_brute_force(rng):
    symbols, latest = toys.latest_mark(200, 9, rng, marks=2, fillers=5, share=0.3)
    assert set(symbols.flat) == set(range(7))
    for row, answers in zip(symbols.tolist(), latest.tolist(), strict=True):
        assert row[0] < 2
        assert answers == [[symbol for symbol in row[: t + 1] if symbol < 2][-1] for t in range(9)]


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_latest_mark_keeps_its_share(rng, share):
    symbols, _ = toys.latest_mark(5000, 11, rng, share=share)
    assert (symbols[:, 0] < 3).all()
    assert (symbols[:, 1:] < 3).mean() == pytest.approx(share, abs=0.01)


def test_both_sides_by_brute_force(rng):
    symbols, labels = toys.both_sides(200, 7, rng, symbols=5)
    assert set(symbols.flat) == set(range(5))
    assert labels.tolist() == [[int(row.count(symbol) == 1) for symbol in row] for row in symbols.tolist()]


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
        lambda rng: toys.copy_first(9, 4, rng),
        lambda rng: toys.adding(9, 4, rng),
        lambda rng: toys.cue(9, 4, rng),
        lambda rng: toys.latest_mark(9, 4, rng),
        lambda rng: toys.both_sides(9, 4, rng),
    ],
)
def test_the_seed_decides_everything(draw):
    first, again, other = (draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
