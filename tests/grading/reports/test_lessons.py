import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_class import TANH, outcome, result, submission

from rnnbook.grading.reports import lessons
from rnnbook.grading.reports.cohort import Cohort


def cohort(*learners):
    """A class in which each learner has these messages in the tests of one exercise; "" is passed, None not run."""
    results = []
    for number, messages in enumerate(learners):
        statuses = ["passed" if m == "" else "not run" if m is None else "failed" for m in messages]
        tests = [outcome(f"test_{i}", s, m or "") for i, (s, m) in enumerate(zip(statuses, messages, strict=True))]
        results.append(result(f"L{number}", "rnn-cell", *tests))
    return Cohort(results, [submission(r.learner) for r in results])


@given(st.lists(st.integers(0, 100), max_size=50))
def test_every_learner_is_in_one_bin(shares):
    bins = lessons.distribution(shares)
    assert [bin.count for bin in bins] == [sum(bin.low <= share <= bin.high for share in shares) for bin in bins]
    assert sum(bin.count for bin in bins) == len(shares)
    assert (bins[0].low, bins[-1].high) == (0, 100)


def test_passing_counts_those_who_tried():
    found = cohort(["", TANH], ["", ""], [TANH, TANH], [None, None])
    first, second = lessons.passing(found, found.columns[0])
    assert (first.passed, first.tried, first.share, first.mistake) == (2, 3, 66, TANH.partition("\n")[0])
    assert (second.passed, second.tried) == (1, 3)


def test_the_worst_test_is_taught_first_and_a_good_one_not():
    found = cohort(["", TANH, TANH], ["", "", TANH], ["", "", TANH], ["", TANH, TANH])
    assert [(row.test.name, row.share) for row in lessons.to_teach_again(found)] == [("test_2", 0), ("test_1", 50)]
    assert [row.test.name for row in lessons.to_teach_again(found, most=1)] == ["test_2"]


def test_a_mistake_counts_once_a_learner():
    found = cohort([TANH, TANH], [TANH, ""], ["other", ""], [None, None])
    assert [(m.text, len(m.learners)) for m in lessons.mistakes(found)] == [
        ("You left out the tanh: h_1 = tanh(...).", 2),
        ("other", 1),
    ]


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        (["wrong in 3 of 4 values", "wrong in 12 of 40 values"], "wrong in … of … values"),
        (["shape (2, 5)", "shape (7, 1)"], "shape (…, …)"),
        (["-1.5e-07 found", "nan found", "inf found"], "… found"),
        (["h_1 is wrong", "h_1 is wrong"], "h_1 is wrong"),
        (["W_1 is wrong", "W_2 is wrong"], None),
    ],
    ids=["counts", "shapes", "floats", "same", "names"],
)
def test_messages_that_differ_in_numbers_alone_are_one_mistake(messages, text):
    found = lessons.mistakes(cohort(*([message] for message in messages)))
    assert [(m.text, len(m.learners)) for m in found] == (
        [(text, len(messages))] if text else [(message, 1) for message in messages]
    )


def test_what_was_not_run_is_no_mistake():
    tests = outcome("test_0", "not run", "Not handed in.")
    assert lessons.mistakes(Cohort([result("Ada", "rnn-cell", tests)], [submission()])) == []


def test_a_stub_is_no_mistake_and_no_attempt():
    stub = "rnn_cell is not written yet: put your code in place of `raise`."
    found = cohort([stub, stub], ["", TANH])
    assert [row.tried for row in lessons.passing(found, found.columns[0])] == [1, 1]
    assert [mistake.text for mistake in lessons.mistakes(found)] == ["You left out the tanh: h_1 = tanh(...)."]
