import csv
import html
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_class import SECRET, STATUSES, TANH, classes, outcome, result, submission

from rnnbook.grading.reports import spreadsheets
from rnnbook.grading.reports.cohort import Cohort
from rnnbook.grading.types import Flag

CANVAS = {"Student": "Lovelace, Ada", "ID": "17", "SIS User ID": "U17", "SIS Login ID": "ada", "Section": "A"}


def rows(text):
    """The rows of a CSV file as dictionaries, all of the same width."""
    head, *others = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert all(len(row) == len(head) for row in others)
    return [dict(zip(head, row, strict=True)) for row in others]


def test_grades_has_all_marks_and_what_to_look_at():
    flags = (Flag("uses torch.nn.RNN", "a.py, line 3: nn.RNN()"),)
    results = [result("Ada", "rnn-cell", flags=flags, notes=("n",)), result("Ada", "one-hot", notes=("n", "m"))]
    (row,) = rows(spreadsheets.grades(Cohort(results, [submission(notes=("k",), identity={"Section": "B"})])))
    assert row == {
        "learner": "Ada",
        "Section": "B",
        "one-hot": "4",
        "rnn-cell": "4",
        "total": "8",
        "possible": "14",
        "notes": "3",
        "flags": "uses torch.nn.RNN (a.py, line 3: nn.RNN())",
        "problem": "",
    }


def test_a_fault_leaves_mark_and_sum_empty_and_is_named():
    results = [result("Ada", "rnn-cell", fault="it died"), result("Ada", "one-hot")]
    (row,) = rows(spreadsheets.grades(Cohort(results, [submission(problem="half of it")])))
    assert [row[name] for name in ("one-hot", "rnn-cell", "total")] == ["4", "", ""]
    assert row["problem"] == "half of it; rnn-cell: it died"


@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 9), st.sampled_from(STATUSES), st.integers(0, 9)), min_size=1), min_size=1
    )
)
def test_sums_are_exact(learners):
    results = []
    for number, tests in enumerate(learners):
        outcomes = [
            outcome(f"test_{i}", status, points=points, partial=min(partial, points) if status == "failed" else 0)
            for i, (points, status, partial) in enumerate(tests)
        ]
        results += [result(f"L{number}", id, *outcomes) for id in ("rnn-cell", "one-hot")]
    cohort = Cohort(results, [])
    for row in rows(spreadsheets.grades(cohort)):
        own = [one for one in results if one.learner == row["learner"]]
        assert int(row["total"]) == int(row["rnn-cell"]) + int(row["one-hot"]) == sum(one.earned for one in own)


@settings(max_examples=25)
@given(classes())
def test_no_cell_of_any_file_is_a_formula(drawn):
    cohort = Cohort(*drawn)
    for text in (spreadsheets.grades(cohort), spreadsheets.canvas(cohort), spreadsheets.moodle(cohort)):
        for row in csv.reader(io.StringIO(text or "", newline=""), strict=True):
            for value in row:
                begins = value.strip()
                assert len(begins) <= 1 or begins[0] not in "=+-@＝＋－＠"
                assert "\r" not in value
                assert "\x1b" not in value


def test_canvas_gets_its_own_columns_and_its_row_of_points():
    text = spreadsheets.canvas(
        Cohort([result("Ada"), result("Bob")], [submission("Ada", identity=CANVAS), submission("Bob")])
    )
    head, points, *learners = csv.reader(io.StringIO(text, newline=""))
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "rnn-cell", "total"]
    assert points == ["    Points Possible", "", "", "", "", "7", "7"]
    assert learners == [["Lovelace, Ada", "17", "U17", "ada", "A", "4", "4"]]  # Canvas knows no Bob


@pytest.mark.parametrize("identity", [{}, {"name": "Ada", "email": "ada@example.org"}, {"Student": "Ada"}], ids=repr)
def test_without_a_roster_of_canvas_there_is_no_file_for_it(identity):
    assert spreadsheets.canvas(Cohort([result("Ada")], [submission(identity=identity)])) is None


def test_moodle_gets_grade_and_feedback():
    tests = outcome("test_a", "failed", TANH, title="One < step"), outcome("test_b")
    identity = {"Identifier": "Participant 4", "Full name": "Ada", "Email address": "ada@example.org"}
    cohort = Cohort([result("Ada", "rnn-cell", *tests)], [submission(identity=identity)])
    (row,) = rows(spreadsheets.moodle(cohort))
    feedback = row.pop("Feedback comments")
    assert row == identity | {"ID number": "", "Grade": "2", "Maximum Grade": "4", "Last modified (grade)": "-"}
    assert "One &lt; step" in feedback
    assert [html.unescape(line) for line in feedback.split("<br>\n")] == [
        "rnn-cell: 2 of 4 points",
        "✗ One < step (failed): You left out the tanh: h_1 = tanh(...).",
    ]


def test_moodle_finds_the_address_under_a_short_heading():
    text = spreadsheets.moodle(Cohort([result("Ada")], [submission(identity={"email": "a@b.org", "id": "7"})]))
    (row,) = rows(text)
    assert [row[name] for name in ("Full name", "Email address", "ID number")] == ["Ada", "a@b.org", "7"]


def test_moodle_without_a_roster_has_nobody_to_give_grades_to():
    assert spreadsheets.moodle(Cohort([result("Ada")], [submission()])) is None


def test_feedback_tells_nothing_of_hidden_tests_nor_of_flags():
    cohort = Cohort([result("Ada", flags=(Flag("uses torch.nn.RNN", "line 3"),))], [submission()])
    lines = spreadsheets.feedback(cohort.learners[0])
    assert lines == ["rnn-cell: 4 of 7 points", "✗ Title of test_c (failed)"]


def test_feedback_on_a_fault_blames_nobody():
    cohort = Cohort([result("Ada", fault=f"died of {SECRET}")], [submission()])
    assert spreadsheets.feedback(cohort.learners[0]) == ["rnn-cell: not graded yet; this is not your fault."]


def test_nobody_at_all():
    assert rows(spreadsheets.grades(Cohort([], []))) == []
