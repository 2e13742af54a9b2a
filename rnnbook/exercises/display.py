"""A report as text, for a terminal and for a notebook: the first failing test first, with all that is known of it."""

import html
import itertools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from rnnbook.exercises.report import Outcome, Report

_SYMBOLS = {"passed": "✓", "not run": "–"}
COLOURS = {"passed": "#2e9e5b", "failed": "#d9534f"}  # both stand out on white and on black
# Control characters, those that turn the direction of text round, and what no file in UTF-8 can hold.
_CONTROLS = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_INDENT = 6
# The end of a message of compare.py: an array's further lines stand below its first one, with empty lines between.
_LINES = r".*(?:\n {10}.*|\n(?=\n {10}))*"
_BOTH = re.compile(rf"^expected: ({_LINES})\nyours:    ({_LINES})", re.MULTILINE)
_GAP = "    "
NOT_HANDED_IN = "Not handed in: nothing that this exercise asks for is in the submission."
_UNWRITTEN = re.compile(rf"\S+ is not (?:written yet|defined)\b|{NOT_HANDED_IN}")  # those of guard.py and local.py


def plain(report: "Report") -> str:
    """The report as lines of text."""
    return terminal(report).plain


def terminal(report: "Report", command: str = "", width: int = 0) -> Text:
    """The report for rich; colour only adds to what the words and symbols say.

    Args:
        report: what to show.
        command: what was typed to get it, but for the exercise; without it, the next hint is a notebook's.
        width: of the terminal: what was expected and what came stand side by side where both find room in it.
    """
    text = Text(f"{_headline(report)}\n", style="bold")
    for test, detail in _rows(report):
        text.append(f"  {_symbol(test)} ", style=f"bold {_colour(test)}").append(f"{_title(test)}\n", style="not bold")
        for line in side_by_side(detail, width - _INDENT).splitlines():
            text.append(f"{'':{_INDENT}}{line}".rstrip() + "\n", style="not bold")
    next_hint = f"{command} {report.exercise} --hint" if command else _in_notebook(report)
    for line in _hint(report, next_hint):
        text.append(f"{line}\n", style="not bold italic")
    text.rstrip()
    return text


def overview(reports: Sequence["Report"], shown: "Report | None" = None) -> Text:
    """A line for each report, and the sum.

    Args:
        reports: what to show, in this order.
        shown: the one of them that is shown in full above.
    """
    text = Text()
    widest = max(len(report.exercise) for report in reports)
    for report in reports:
        symbol = "✓" if report.passed else "✗" if begun(report) else "–"
        failing = next((test for test in report.tests if test.status != "passed"), None)
        say = "not in the file" if is_missing(report) else "not written yet"
        if report.passed or report is shown:
            say = "" if report.passed else "see above"
        elif begun(report):
            say = clean(failing.message.partition("\n")[0])
        text.append(f"  {symbol} ", style=f"bold {COLOURS['passed' if report.passed else 'failed']}")
        text.append(f"{report.exercise:{widest}}  {report.earned:2} of {report.possible:2}  {say}".rstrip() + "\n")
    passed = sum(report.passed for report in reports)
    points = f"{sum(report.earned for report in reports)} of {sum(report.possible for report in reports)} points"
    return text.append(f"{passed} of {len(reports)} exercises pass, {points}.", style="bold")


def begun(report: "Report") -> bool:
    """Whether the learner has written anything of an exercise."""
    return any(test.earned or not _UNWRITTEN.match(test.message) for test in report.tests)


def is_missing(report: "Report") -> bool:
    """Whether an exercise was not handed in at all."""
    return all(test.message.startswith(NOT_HANDED_IN) for test in report.tests)


def side_by_side(message: str, width: int) -> str:
    """The message with what was expected on the left and what came on the right; rows that differ are marked.

    Args:
        message: of a test.
        width: what there is; where both do not find room in it, the message stays as it is.
    """
    if not (both := _BOTH.search(message)):
        return message
    left, right = ([line.removeprefix(" " * 10) for line in side.split("\n")] for side in both.groups())
    rows = [("  ", "expected", "yours")]
    for a, b in itertools.zip_longest(left, right, fillvalue=""):
        rows.append(("≠ " if len(left) == len(right) and _numbers(a) != _numbers(b) else "  ", a, b))
    widest = max(len(row[1]) for row in rows)
    lines = [f"{mark}{a:{widest}}{_GAP}{b}".rstrip() for mark, a, b in rows]
    if max(map(len, lines)) > width:
        return message
    return message[: both.start()] + "\n".join(lines) + message[both.end() :]


def page(report: "Report") -> str:
    """The report as HTML; text takes the page's own colour, so that it reads in light and dark."""
    parts = [f"<p><strong>{html.escape(_headline(report))}</strong></p>"]
    for test, detail in _rows(report):
        body = f"<div><strong>{_symbol(test)}</strong> {html.escape(_title(test))}</div>"
        if detail:
            style = "margin:0.3em 0 0; background:none; color:inherit; white-space:pre-wrap; overflow-wrap:anywhere"
            body += f'<pre style="{style}">{html.escape(detail)}</pre>'
        border = f"border-left:4px solid {_colour(test)}"
        parts.append(f'<div style="{border}; padding:0.1em 0.8em; margin:0.4em 0">{body}</div>')
    parts += [f"<p><em>{html.escape(line)}</em></p>" for line in _hint(report, _in_notebook(report))]
    return f'<div style="color:inherit; text-align:left">{"".join(parts)}</div>'


def clean(text: str) -> str:
    """Text of the learner's code without control characters, which could rewrite the terminal."""
    return _CONTROLS.sub("", text)


def _headline(report: "Report") -> str:
    marks = f"{report.earned} of {report.possible} points"
    return f"{report.exercise}: {marks}. All tests pass." if report.passed else f"{report.exercise}: {marks}."


def _rows(report: "Report"):
    """Each test with what to say about it: failures first, in full the first time that a message occurs."""
    told = set()
    for test in sorted(report.tests, key=lambda test: test.status == "passed"):
        lead = test.message.partition("\n")[0]
        if test.status == "passed":
            yield test, ""
        elif not told:
            printed = f"\nprinted by your code:\n{test.printed}" if test.printed else ""
            yield test, clean(test.message + printed)
        else:
            yield test, "" if lead in told else clean(lead)
        told.add(lead)


def _title(test: "Outcome") -> str:
    return f"{test.title} ({test.earned} of {test.points})"


def _symbol(test: "Outcome") -> str:
    return _SYMBOLS.get(test.status, "✗")


def _colour(test: "Outcome") -> str:
    return COLOURS["passed" if test.status == "passed" else "failed"]


def _numbers(row: str) -> list:
    """The entries of an array's line: numbers by their value, however many digits each array is printed with."""

    def entry(text: str) -> float | str:
        try:
            return float(text)
        except ValueError:
            return text

    return [repr(entry(text)) for text in re.findall(r"[^\s\[\],]+", row)]


def _in_notebook(report: "Report") -> str:
    return f'check("{report.exercise}", hint={report.hint + 1})'


def _hint(report: "Report", next_hint: str):
    if report.hint:
        yield f"Hint {report.hint} of {len(report.hints)}: {report.hints[report.hint - 1]}"
    if not report.passed and report.hint < len(report.hints):
        yield f"{'Next hint' if report.hint else 'Stuck? A hint'}: {next_hint}"
