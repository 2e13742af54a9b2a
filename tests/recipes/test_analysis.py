"""Calibration, accuracy by length and by negation, against brute force and numbers done by hand."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnbook.recipes.analysis import analyse, calibration, occurrences, shares
from rnnbook.text import Ragged, Vocabulary


def test_calibration_by_hand():
    found = calibration(torch.tensor([0.05, 0.95, 1.0, 0.55]), torch.tensor([0, 1, 0, 1]))
    assert found["count"] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 2]
    assert found["probability"][0] == pytest.approx(0.05)
    assert found["probability"][9] == pytest.approx(0.975)
    assert found["positive"] == [0, None, None, None, None, 1, None, None, None, 0.5]
    assert found["error"] == pytest.approx((0.05 + 0.45 + 2 * 0.475) / 4)


def test_what_is_as_probable_as_it_says_is_calibrated():
    positive = torch.tensor([0.25] * 4 + [0.75] * 4)
    assert calibration(positive, torch.tensor([0, 0, 0, 1, 1, 1, 1, 0]))["error"] == pytest.approx(0)


@given(st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=9), min_size=1, max_size=9))
def test_count_by_brute_force(sequences):
    reviews = Ragged.of(sequences, [0] * len(sequences))
    assert occurrences(reviews, [2, 5]).tolist() == [sum(i in (2, 5) for i in row) for row in sequences]


def test_shares_up_to_each_edge():
    found = shares(torch.tensor([True, False, True, True]), torch.tensor([2, 2, 3, 9]), (1, 2, 5))
    assert found == {"up_to": [1, 2, 5, None], "accuracy": [None, 0.5, 1.0, 1.0], "count": [0, 2, 1, 1]}


def test_everything_about_a_model():
    vocabulary = Vocabulary(["not", "good", "n't"])
    reviews = Ragged.of([[2, 3], [3], [4, 4, 4, 3]], torch.tensor([0, 1, 0]))
    found = analyse(torch.tensor([0.2, 0.9, 0.6]), reviews, vocabulary)
    assert found["missed"] == [2]
    assert found["by_negation"]["count"] == [1, 1, 1, 0, 0]  # one without, one with one, one with three
    assert found["by_negation"]["accuracy"][:3] == [1, 1, 0]
    assert found["by_length"]["count"] == [3, 0, 0, 0, 0, 0]
