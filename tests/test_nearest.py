"""Suggestions for names that are not there."""

import doctest

from rnnbook import nearest


def test_the_example():
    assert doctest.testmod(nearest).failed == 0


def test_nothing_near_lists_what_there_is():
    assert nearest.suggest("x", ["names-rnn"]) == "There are: names-rnn."


def test_nothing_at_all():
    assert nearest.suggest("x", []) == "There are: none yet."
