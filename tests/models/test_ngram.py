"""n-grams against the formulas written out with dictionaries, and the sums that a distribution must have."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbook.models.ngram import NGram

V = 4
texts = st.lists(st.integers(0, V - 1), min_size=4, max_size=60)


def slow(ids, order):
    """p(symbol, context) of modified Kneser-Ney, one n-gram at a time."""
    counts = {order: Counter(tuple(ids[i : i + order]) for i in range(len(ids) - order + 1))}
    for k in range(order - 1, 0, -1):
        before = defaultdict(set)
        for i in range(len(ids) - k):
            before[tuple(ids[i + 1 : i + 1 + k])].add(ids[i])
        counts[k] = Counter({gram: len(symbols) for gram, symbols in before.items()})

    def discount(k, count):
        n = Counter(counts[k].values())
        y = n[1] / (n[1] + 2 * n[2]) if n[1] else 0.5
        i = min(count, 3)
        d = i - (i + 1) * y * n[i + 1] / n[i] if n[i] else 0
        return d if 0 < d < i else 0.5

    def p(symbol, context):
        lower = p(symbol, context[1:]) if context else 1 / V
        k = len(context) + 1
        followers = {gram[-1]: count for gram, count in counts[k].items() if gram[:-1] == context}
        if not followers:
            return lower
        saved = sum(discount(k, count) for count in followers.values())
        own = followers[symbol] - discount(k, followers[symbol]) if symbol in followers else 0
        return (own + saved * lower) / sum(followers.values())

    return p


@settings(max_examples=40)
@given(texts, st.integers(1, 4))
def test_every_context_gives_what_the_formula_gives(ids, order):
    model, p = NGram(order, V).fit(ids), slow(ids, order)
    for context in [(), (0,), (3, 3), (1, 2, 0), (0, 1, 2, 3, 0), tuple(ids[-5:])]:
        expected = [p(symbol, context[max(0, len(context) - order + 1) :]) for symbol in range(V)]
        np.testing.assert_allclose(model.probabilities(context), expected, rtol=0, atol=1e-12)


@settings(max_examples=40)
@given(texts, texts, st.integers(1, 5))
def test_probabilities_are_positive_and_sum_to_one(ids, contexts, order):
    model = NGram(min(order, len(ids)), V).fit(ids)
    for n in range(len(contexts)):
        p = model.probabilities(contexts[:n])
        assert p.min() > 0
        assert p.sum() == pytest.approx(1, abs=1e-12)


@settings(max_examples=40)
@given(texts, texts, st.integers(1, 4))
def test_a_text_is_scored_symbol_by_symbol(ids, held_out, order):
    model = NGram(order, V).fit(ids)
    score = model.evaluate(held_out)
    nats = [-math.log(model.probabilities(held_out[:t])[held_out[t]]) for t in range(1, len(held_out))]
    assert score.symbols == len(nats)
    assert score.nats == pytest.approx(np.mean(nats), abs=1e-12)
    assert score.perplexity == pytest.approx(math.exp(np.mean(nats)))
    assert score.bits == pytest.approx(np.mean(nats) / math.log(2))


def test_a_symbol_that_is_common_after_one_neighbour_only_is_no_likely_guess_elsewhere():
    a, q, u, e = range(4)
    ids = [q, u] * 20 + [a, e, e, a, q, e, q, a, e, a]  # u is far more frequent than e, and comes after q only
    p = NGram(2, V).fit(ids).probabilities([])
    assert p[u] < p[e]


def test_more_context_helps_where_there_is_structure_and_costs_little_where_there_is_none():
    random = np.random.default_rng(0)
    noise = random.integers(0, V, 20_000)
    pattern = np.tile([0, 1, 2, 0, 3, 2, 0, 1, 1, 3], 2000)
    for ids, best in ((noise, math.log(V)), (pattern, 0)):
        nats = [NGram(order, V).fit(ids[:18_000]).evaluate(ids[18_000:]).nats for order in (1, 3, 5)]
        assert nats[-1] == pytest.approx(best, abs=0.03)
        assert ids is noise or nats[0] > nats[1] > nats[2]


def test_many_symbols_at_a_high_order_do_not_overflow():
    ids = np.arange(300) * 33_331 % 50_000
    model = NGram(12, 50_000).fit(np.tile(ids, 3))
    assert model.probabilities(ids[:11])[ids[11]] > 0.5
    assert model.evaluate(ids).nats < 2


def test_a_model_may_be_fitted_again_and_takes_tensors():
    ids = [0, 1, 2, 3, 0, 1, 0, 2, 2]
    model = NGram(3, V).fit([3, 3, 3, 1, 2]).fit(torch.tensor(ids))
    np.testing.assert_array_equal(model.probabilities(torch.tensor([0])), NGram(3, V).fit(ids).probabilities([0]))


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda: NGram(0, 4), "at least 1, got 0 and 4"),
        (lambda: NGram(3, 4).fit([1, 2]), r"shape \(2,\), expected \(N,\) with at least 3"),
        (lambda: NGram(2, 4).fit([1, 2, 4]), "from 1 to 4 do not fit a vocabulary of 4, 0 to 3"),
        (lambda: NGram(2, 4).fit([1, 2, -1]), "from -1 to 2 do not fit"),
        (lambda: NGram(2, 4).fit([1, 2]).evaluate([1]), "at least 2"),
        (lambda: NGram(2, 4).fit([1, 2]).probabilities([4]), "do not fit"),
        (lambda: NGram(2, 4).probabilities([1]), "call fit first"),
    ],
)
def test_what_does_not_fit_is_refused(do, message):
    with pytest.raises(ValueError, match=message):
        do()
