"""Evidence: its counts are those of a dictionary, padding changes nothing, a model reads it beside its embedding."""

import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnbook.models import Evidence, Predictor, SequenceClassifier
from rnnbook.models.classifier import EVIDENCE_SCALE
from rnnbook.text import Ragged, Vocabulary, pad, words

TEXTS = st.lists(st.lists(st.integers(2, 6), min_size=1, max_size=9), min_size=1, max_size=12)


def grams(text, n):
    """The n-grams that end at each step; what lies before the beginning is None."""
    return [tuple([None] * (n - 1) + text)[i : i + n] for i in range(len(text))]


@given(TEXTS, st.data())
def test_ratios_are_those_of_a_dictionary(texts, data):
    labels = data.draw(st.lists(st.integers(0, 1), min_size=len(texts), max_size=len(texts)))
    evidence = Evidence(3, bits=20)
    evidence.learn(evidence.count(Ragged.of(texts, torch.tensor(labels).float())))
    found = evidence(pad(texts)[0])
    assert found.shape == (len(texts), max(map(len, texts)), 3)
    for n in (1, 2, 3):
        having = {label: Counter() for label in (0, 1)}
        for text, label in zip(texts, labels, strict=True):
            having[label].update(set(grams(text, n)))
        for row, text in zip(found[..., n - 1].tolist(), texts, strict=True):
            expected = [math.log((having[1][gram] + 1) / (having[0][gram] + 1)) for gram in grams(text, n)]
            assert row[: len(text)] == pytest.approx(expected, abs=2e-3)  # kept in 16 bits


def test_counts_add_up_over_parts_of_the_data():
    evidence = Evidence(2, bits=10)
    texts = torch.randint(2, 50, (700, 5)).tolist()
    data = Ragged.of(texts, torch.arange(700) % 2)
    counts = evidence.count(data)
    assert counts.shape == (2, 2, 1024)
    assert counts.equal(evidence.count(data.subset(slice(0, 300))) + evidence.count(data.subset(slice(300, 700))))
    assert counts[:, 0].sum() <= 700 * 5
    assert Evidence(2, bits=10)(pad(texts)[0]).eq(0).all()  # before anything is learnt


def test_buckets_are_spread_evenly():
    """Neighbouring ids, as a vocabulary has them, and their pairs, meet no more often than by chance."""
    singles = torch.arange(2, 30_002)[:, None]
    pairs = torch.cartesian_prod(torch.arange(2, 202), torch.arange(2, 152))  # (30,000, 2)
    expected = 2**16 * (1 - math.exp(-30_000 / 2**16))
    for ids in (singles, pairs):
        buckets = Evidence(ids.shape[1], bits=16)._buckets(ids)[-1][:, -1]
        assert len(buckets.unique()) > 0.98 * expected


@pytest.mark.parametrize(("longest", "bits"), [(0, 20), (2, 0), (2, 33)])
def test_sizes_are_checked(longest, bits):
    with pytest.raises(ValueError, match="longest must be at least 1 and bits between 1 and 32"):
        Evidence(longest, bits)


def model(evidence=2, **options):
    torch.manual_seed(0)
    made = SequenceClassifier(9, 1, 3, 4, evidence=evidence, **options).eval()
    if evidence:
        texts = Ragged.of([[2, 3], [3, 2, 4], [5, 6, 7]], [1, 0, 1])
        made.evidence.learn(made.evidence.count(texts))
    return made


def test_the_classifier_reads_evidence_beside_its_embedding():
    made = model()
    ids, lengths = torch.tensor([[2, 3, 4]]), torch.tensor([3])
    own = made.evidence(ids)
    assert own.abs().sum() > 0
    steps = torch.cat((made.embedding(ids), EVIDENCE_SCALE * own), dim=-1)
    output, _ = made.rnn(steps)
    torch.testing.assert_close(made(ids, lengths), made.linear(output[:, -1])[:, 0])
    assert made(ids, lengths).equal(made(ids, lengths, own))
    assert not made(ids, lengths).equal(made(ids, lengths, 0 * own))


def test_padding_changes_no_evidence_that_is_read():
    made = model(bidirectional=True, pooling="max+mean")
    ids, lengths = pad([[2, 3, 4], [5, 6]])
    wider = torch.nn.functional.pad(ids, (0, 5))
    torch.testing.assert_close(made(wider, lengths), made(ids, lengths))


def test_evidence_is_saved_with_the_model(tmp_path):
    made = model()
    predictor = Predictor(made, Vocabulary("abcdefg"), words, ("negative", "positive"))
    predictor.save(tmp_path)
    again = Predictor.load(tmp_path)
    assert again.model.evidence.ratios.equal(made.evidence.ratios)
    assert again.predict(["a b c"]) == predictor.predict(["a b c"])
