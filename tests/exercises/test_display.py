import io

import pytest
from rich.console import Console

from rnnbook.exercises.display import terminal
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
    assert lines[-1] == "Stuck? A hint: rnnbook check rnn.ipynb rnn-cell --hint 1"


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
