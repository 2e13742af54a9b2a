import random

import pytest
from sample_class import SECRET, STATUSES, outcome, result, submission

from rnnbook.grading.reports.cohort import WORDS, Cohort, public, symbol


def test_learners_and_exercises_are_sorted_whatever_the_order():
    results = [result(name, id) for name in ("Bob", "ada", "Ada") for id in ("rnn-cell", "one-hot", "of-my-own")]
    submissions = [submission(name) for name in ("ada", "Bob", "Ada", "Carl")]
    for seed in range(5):
        random.Random(seed).shuffle(results)
        random.Random(seed).shuffle(submissions)
        cohort = Cohort(results, submissions)
        assert [learner.name for learner in cohort.learners] == ["Ada", "ada", "Bob", "Carl"]
        assert [column.id for column in cohort.columns] == ["one-hot", "rnn-cell", "of-my-own"]  # chapter 1, 2, none


def test_the_sum_is_exact_and_counts_partial_credit():
    tests = outcome("test_a"), outcome("test_b", "failed", "no", points=5, partial=3)
    cohort = Cohort([result("Ada", "rnn-cell", *tests), result("Ada", "one-hot")], [submission()])
    (learner,) = cohort.learners
    assert (learner.earned, learner.possible, cohort.possible) == (2 + 3 + 4, 7 + 7, 14)
    assert learner.graded


def test_where_the_grader_failed_there_is_no_mark_and_no_sum():
    cohort = Cohort([result("Ada", "rnn-cell", fault="it died"), result("Ada", "one-hot")], [submission()])
    (learner,) = cohort.learners
    assert [learner.mark(column) for column in cohort.columns] == [4, None]
    assert learner.earned is None
    assert learner.faults == ["rnn-cell: it died"]
    assert cohort.shares == []


def test_a_missing_result_is_no_mark_either():
    results = [result("Ada", "rnn-cell"), result("Ada", "one-hot"), result("Bob", "one-hot")]
    bob = Cohort(results, [submission("Ada"), submission("Bob")]).learners[1]
    assert (bob.earned, bob.possible, bob.faults) == (None, 14, ["rnn-cell: there is no result"])


def test_who_handed_in_nothing_has_no_points_but_a_mark():
    nothing = outcome("test_a", "not run", "Not handed in."), outcome("test_b", "not run", "Not handed in.")
    cohort = Cohort([result("Ada", "rnn-cell", *nothing)], [submission(problem="handed in nothing")])
    (learner,) = cohort.learners
    assert (learner.earned, learner.tried(cohort.columns[0])) == (0, False)


def test_alike_names_stay_two_learners():
    cohort = Cohort([result("Ada"), result("Ada\x00")], [submission("Ada"), submission("Ada\x00")])
    assert [learner.name for learner in cohort.learners] == ["Ada", "Ada"]
    assert len({learner.page for learner in cohort.learners}) == 2


def test_public_keeps_of_a_hidden_test_title_points_and_status_alone():
    test = outcome("test_c", "failed", SECRET, printed=SECRET, hidden=True)
    assert public(test) == outcome("test_c", "failed", hidden=True)
    seen = outcome("test_a", "failed", "wrong", printed="x")
    assert public(seen) is seen


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_a_word_and_a_sign(status):
    assert WORDS[status]
    assert symbol(outcome(status=status)) == {"passed": "✓", "not run": "–"}.get(status, "✗")
