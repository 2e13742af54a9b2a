import io

import pytest
from rich.console import Console

from rnnbook.exercises.display import begun, overview, side_by_side, terminal
from rnnbook.exercises.errors import ExerciseError
from rnnbook.exercises.report import Outcome, Report

REPORT = Report(
    "rnn-cell",
    (
        Outcome("test_a", "First", 2, "passed"),
        Outcome(
            "test_b", "Second", 3, "failed", "You left <b>out</b> the tanh.\n\x1b[2Jexpected: [1]", "printed [red]x[/]"
        ),
        Outcome("test_c", "Third", 1, "timeout", "You left <b>out</b> the tanh.\nelse"),
        Outcome("test_d", "Fourth", 1, "not run", "Not run.\nmore"),
    ),
    ("Look again.", "It is tanh."),
)
PASSED = Report("rnn-cell", REPORT.tests[:1], REPORT.hints)


def test_plain_text_leads_with_the_first_failure():
    assert str(REPORT).splitlines() == [
        "rnn-cell: 2 of 7 points.",
        "  ✗ Second (0 of 3)",
        "      You left <b>out</b> the tanh.",
        "      expected: [1]",
        "      printed by your code:",
        "      printed [red]x[/]",
        "  ✗ Third (0 of 1)",
        "  – Fourth (0 of 1)",
        "      Not run.",
        "  ✓ First (2 of 2)",
        'Stuck? A hint: check("rnn-cell", hint=1)',
    ]
    assert str(PASSED).splitlines() == ["rnn-cell: 2 of 2 points. All tests pass.", "  ✓ First (2 of 2)"]


def test_terminal_shows_the_same_words_and_its_own_command():
    out = io.StringIO()
    console = Console(file=out, width=200)
    console.print(REPORT)
    console.print(terminal(REPORT, "rnnbook check rnn.ipynb"))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    half = len(lines) // 2
    assert lines[:half] == str(REPORT).splitlines()
    assert lines[half:-1] == lines[: half - 1]
    assert lines[-1] == "Stuck? A hint: rnnbook check rnn.ipynb rnn-cell --hint"


def test_html_is_escaped_and_says_the_same():
    page = REPORT._repr_html_()
    assert "&lt;b&gt;out&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "\x1b" not in page
    assert page.index("Second") < page.index("Third") < page.index("First")
    assert page.count("<div") == page.count("</div>")
    assert "check(&quot;rnn-cell&quot;, hint=1)" in page


def test_hints_one_at_a_time():
    first = str(REPORT.with_hint(1)).splitlines()
    assert first[-2:] == ["Hint 1 of 2: Look again.", 'Next hint: check("rnn-cell", hint=2)']
    assert str(REPORT.with_hint(2)).splitlines()[-1] == "Hint 2 of 2: It is tanh."
    assert "It is tanh." not in REPORT.with_hint(1)._repr_html_()
    for number in (-1, 3):
        with pytest.raises(ExerciseError, match="rnn-cell has 2 hints"):
            REPORT.with_hint(number)


ARRAYS = """h_1 is wrong in 2 of 8 values, first at [0, 0, 1]: 2 expected, 3 found.
expected: [[[1.   2.  ]
            [0.5  1.25]]

           [[1.   2.  ]
            [3.   4.  ]]]
yours:    [[[1. 3.]
            [0.5 1.25]]

           [[1. 2.]
            [3. 5.]]]
printed by your code:
expected: nothing"""
BESIDE = """h_1 is wrong in 2 of 8 values, first at [0, 0, 1]: 2 expected, 3 found.
  expected           yours
≠ [[[1.   2.  ]      [[[1. 3.]
    [0.5  1.25]]       [0.5 1.25]]

   [[1.   2.  ]       [[1. 2.]
≠   [3.   4.  ]]]      [3. 5.]]]
printed by your code:
expected: nothing"""


def test_expected_and_got_side_by_side():
    assert side_by_side(ARRAYS, 34) == BESIDE


@pytest.mark.parametrize("width", [0, 33])
def test_one_below_the_other_where_there_is_no_room(width):
    assert side_by_side(ARRAYS, width) == ARRAYS


@pytest.mark.parametrize(
    ("message", "lines"),
    [
        ("expected: 5\nyours:    nan", ["  expected    yours", "≠ 5           nan"]),
        ("expected: nan\nyours:    nan", ["  expected    yours", "  nan         nan"]),
        ("expected: [1. 2.]\nyours:    [1 2]", ["  expected    yours", "  [1. 2.]     [1 2]"]),
        ("expected: ['a' 'b']\nyours:    ['a' 'c']", ["  expected     yours", "≠ ['a' 'b']    ['a' 'c']"]),
        # Of different heights: no line belongs to one on the other side.
        ("expected: [1\n           2]\nyours:    [3]", ["  expected    yours", "  [1          [3]", "   2]"]),
        ("expected: 5", ["expected: 5"]),
        ("yours:    5\nexpected: 5", ["yours:    5", "expected: 5"]),
    ],
)
def test_rows_that_differ_are_marked(message, lines):
    assert side_by_side(message, 100).splitlines() == lines


def test_terminal_uses_the_room_that_there_is():
    report = Report("rnn-cell", (Outcome("test_a", "First", 2, "failed", ARRAYS),))
    assert "≠ [[[1.   2.  ]      [[[1. 3.]" in terminal(report, width=40).plain
    assert "expected: [[[1.   2.  ]" in terminal(report, width=39).plain
    assert str(report) == terminal(report).plain


def test_overview_has_a_line_for_each():
    stub = Report("unroll", (Outcome("test_a", "A", 5, "failed", "unroll is not written yet: put your code"),))
    away = Report("one-hot", (Outcome("test_a", "A", 5, "failed", "one_hot is not defined. Write it."),))
    assert overview([PASSED, away, REPORT, stub]).plain.splitlines() == [
        "  ✓ rnn-cell   2 of  2",
        "  – one-hot    0 of  5  not written yet",
        "  ✗ rnn-cell   2 of  7  You left <b>out</b> the tanh.",
        "  – unroll     0 of  5  not written yet",
        "1 of 4 exercises pass, 4 of 19 points.",
    ]
    assert overview([REPORT], REPORT).plain.splitlines()[0] == "  ✗ rnn-cell   2 of  7  see above"
    assert [begun(report) for report in (PASSED, away, REPORT, stub)] == [True, False, True, False]
