"""A report as text, for a terminal and for a notebook: the first failing test first, with all that is known of it."""

import html
import re
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from rnnbook.exercises.report import Outcome, Report

_SYMBOLS = {"passed": "✓", "not run": "–"}
_COLOURS = {"passed": "#2e9e5b", "failed": "#d9534f"}  # both stand out on white and on black
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(report: "Report") -> str:
    """The report as lines of text."""
    return terminal(report).plain


def terminal(report: "Report", command: str = "") -> Text:
    """The report for rich; colour only adds to what the words and symbols say.

    Args:
        report: what to show.
        command: what was typed to get it, but for the exercise; without it, the next hint is a notebook's.
    """
    next_hint = f"{command} {report.exercise} --hint {report.hint + 1}" if command else _in_notebook(report)
    text = Text(f"{_headline(report)}\n", style="bold")
    for test, detail in _rows(report):
        colour = _COLOURS["passed" if test.status == "passed" else "failed"]
        text.append(f"  {_symbol(test)} ", style=f"bold {colour}").append(f"{_title(test)}\n", style="not bold")
        for line in detail.splitlines():
            text.append(f"      {line}\n", style="not bold")
    for line in _hint(report, next_hint):
        text.append(f"{line}\n", style="not bold italic")
    text.rstrip()
    return text


def page(report: "Report") -> str:
    """The report as HTML; text takes the page's own colour, so that it reads in light and dark."""
    parts = [f"<p><strong>{html.escape(_headline(report))}</strong></p>"]
    for test, detail in _rows(report):
        colour = _COLOURS["passed" if test.status == "passed" else "failed"]
        body = f"<div><strong>{_symbol(test)}</strong> {html.escape(_title(test))}</div>"
        if detail:
            style = "margin:0.3em 0 0; background:none; color:inherit; white-space:pre-wrap; overflow-wrap:anywhere"
            body += f'<pre style="{style}">{html.escape(detail)}</pre>'
        parts.append(f'<div style="border-left:4px solid {colour}; padding:0.1em 0.8em; margin:0.4em 0">{body}</div>')
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


def _in_notebook(report: "Report") -> str:
    return f'check("{report.exercise}", hint={report.hint + 1})'


def _hint(report: "Report", next_hint: str):
    if report.hint:
        yield f"Hint {report.hint} of {len(report.hints)}: {report.hints[report.hint - 1]}"
    if not report.passed and report.hint < len(report.hints):
        yield f"{'Next hint' if report.hint else 'Stuck? A hint'}: {next_hint}"
