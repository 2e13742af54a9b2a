"""Padding alone is changed, and the last valid state does not mind."""

import numpy as np
import pytest
import torch

from rnnbook import recipes
from rnnbook.recipes import padding

TINY = {"cell": "lstm", "embedding_size": 4, "hidden_size": 8, "steps": 60, "batch_size": 32, "learning_rate": 2e-2}


@pytest.fixture
def narrow(monkeypatch):
    """Sequences of 2 to 6 symbols, padded to 6, 9 and 60 columns."""
    for name, value in {"SHORTEST": 2, "LONGEST": 6, "WIDTHS": (6, 9, 60), "HELD_OUT": 300}.items():
        monkeypatch.setattr(padding, name, value)


def test_ragged_by_brute_force():
    ids, lengths, labels = padding.ragged(500, np.random.default_rng(0))
    assert ids.shape == (500, 20)
    assert set(lengths.tolist()) == set(range(5, 21))
    assert set(labels.tolist()) == {0, 1}
    for row, length, label in zip(ids.tolist(), lengths.tolist(), labels.tolist(), strict=True):
        assert row[length:] == [0] * (20 - length)
        assert 0 not in row[:length]
        assert 1 not in row  # the unknown symbol
        assert label == [symbol - 2 for symbol in row[:length] if symbol < 4][-1]


def test_only_padding_is_added_and_only_the_lengths_lie():
    ids, lengths, _ = padding.ragged(50, np.random.default_rng(0))
    honest, told = padding.inputs(ids, lengths, 30, last_column=False)
    same, lied = padding.inputs(ids, lengths, 30, last_column=True)
    assert honest.shape == (50, 30)
    assert torch.equal(honest, same)
    assert torch.equal(honest[:, :20], ids)
    assert honest[:, 20:].eq(0).all()
    assert torch.equal(told, lengths)
    assert lied.tolist() == [30] * 50


def test_only_the_column_differs():
    one, other = recipes.find("padding-packed"), recipes.find("padding-last-column")
    assert {key for key in one.settings if one.settings[key] != other.settings[key]} == {"last_column"}


@pytest.mark.usefixtures("narrow")
def test_the_last_valid_state_does_not_mind_the_padding_and_the_last_column_does():
    valid, last = (padding.run(None, 0, "cpu", last_column=way, **TINY) for way in (False, True))
    assert set(valid.more["accuracy"]) == {6, 9, 60}
    assert len(set(valid.more["accuracy"].values())) == 1
    assert valid.value > 0.95
    assert last.value < 0.65
    assert last.value == last.more["accuracy"][60]
    assert last.more["served"][6] == last.more["accuracy"][6]  # trained and served alike
    assert valid.more["served"][6] < valid.value  # trained rightly, read wrongly
    assert valid.parameters == last.parameters
    assert padding.run(None, 0, "cpu", last_column=True, **TINY) == last


@pytest.mark.usefixtures("narrow")
def test_summarise_lists_the_seeds_of_each_width():
    findings = [{"accuracy": {6: 1.0, 9: a, 60: 0.5}, "served": {6: 0.9, 9: 0.8, 60: 0.7}} for a in (0.25, 0.75)]
    assert padding.summarise(findings) == {
        "padded_to": [6, 9, 60],
        "accuracy": {"6": [1.0, 1.0], "9": [0.25, 0.75], "60": [0.5, 0.5]},
        "served": {"6": [0.9, 0.9], "9": [0.8, 0.8], "60": [0.7, 0.7]},
    }
