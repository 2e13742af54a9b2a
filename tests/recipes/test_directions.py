"""Where two directions win and where they are forbidden, in small."""

import itertools
import math

import numpy as np
import pytest

from rnnbook import recipes
from rnnbook.data.toys import both_sides
from rnnbook.models.sequence import parameters_of
from rnnbook.recipes import directions

SIZES = {"cell": "lstm", "embedding_size": 4, "hidden_size": 6}
TINY = {"length": 5, "symbols": 4, "steps": 5, "batch_size": 8, "learning_rate": 1e-2} | SIZES


@pytest.mark.parametrize(("length", "symbols"), [(1, 3), (2, 2), (4, 3), (5, 2), (3, 6)])
def test_the_best_of_one_direction_by_enumeration(length, symbols):
    """All sequences are equally likely: after each beginning, guess what is true of most of them."""
    sequences = list(itertools.product(range(symbols), repeat=length))
    best = []
    for t in range(length):
        votes = {}
        for row in sequences:
            votes.setdefault(row[: t + 1], []).append(row.count(row[t]) == 1)
        right = sum(max(sum(vote), len(vote) - sum(vote)) for vote in votes.values())
        best.append(right / len(sequences))
    np.testing.assert_allclose(directions.best_of_one_direction(length, symbols), best, atol=1e-12)


def test_the_recorded_task_leaves_one_direction_far_from_certain():
    best = directions.best_of_one_direction(directions.SETTINGS["length"], directions.SETTINGS["symbols"]).mean()
    _, labels = both_sides(
        20_000, directions.SETTINGS["length"], np.random.default_rng(0), directions.SETTINGS["symbols"]
    )
    constant = max(labels.mean(), 1 - labels.mean())
    assert constant + 0.1 < best < 0.8


def test_both_models_have_as_many_parameters():
    sizes = {key: directions.SETTINGS[key] for key in SIZES}
    one, two = (directions.build(way, directions.SETTINGS["symbols"], 2, **sizes) for way in (False, True))
    assert (one.directions, two.directions) == (1, 2)
    assert two.rnn.hidden_size == sizes["hidden_size"]
    assert parameters_of(one) == pytest.approx(parameters_of(two), rel=0.02)


def test_only_the_direction_differs():
    one, two, illegal = (recipes.find(f"directions-{name}") for name in ("one", "two", "illegal"))
    assert {key for key in one.settings if one.settings[key] != two.settings[key]} == {"bidirectional"}
    assert one.task == two.task == "both_sides"
    assert (illegal.metric, illegal.higher_is_better) == ("test_loss", False)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_run_repeats(bidirectional):
    first, again = (directions.run(None, 0, "cpu", bidirectional=bidirectional, **TINY) for _ in range(2))
    assert first == again
    assert directions.run(None, 1, "cpu", bidirectional=bidirectional, **TINY) != first
    assert first.value == pytest.approx(np.mean(first.more["by_step"]))
    assert len(first.more["by_step"]) == 5


def test_two_directions_pass_what_one_cannot():
    """Two symbols, two steps: is the other the same? From the left, the first step is a coin."""
    easy = TINY | {"length": 2, "symbols": 2, "steps": 150, "batch_size": 32}
    one, two = (directions.run(None, 0, "cpu", bidirectional=way, **easy) for way in (False, True))
    assert two.value == 1
    assert one.more["by_step"] == [pytest.approx(0.5, abs=0.03), 1]


def test_the_illegal_model_reads_the_answer_except_at_the_last_step():
    small = TINY | {"length": 3, "symbols": 3, "steps": 200, "batch_size": 32}
    outcome = directions.run_illegal(None, 0, "cpu", **small)
    assert outcome.more["ln_v"] == pytest.approx(math.log(3))
    assert outcome.value < 0.5 * math.log(3)
    assert outcome.value == pytest.approx(np.mean(outcome.more["by_step"]["two"]))
    assert outcome.more["one"] == pytest.approx(math.log(3), rel=0.05)
    assert outcome.more["one"] > math.log(3) - 0.01
    *before, last = outcome.more["by_step"]["two"]
    assert max(before) < 0.1
    assert last > math.log(3) - 0.01
    assert directions.run_illegal(None, 0, "cpu", **small) == outcome
