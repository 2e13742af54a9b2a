"""A summary in Markdown, for the page that GitHub shows with a run ("job summary"). Learners read it."""

import html
import re

from rnnbook.grading.reports.cohort import WORDS, Cohort, Learner, public, symbol
from rnnbook.grading.reports.tidy import line

_LARGEST = 900_000  # bytes; GitHub refuses a summary above 1 MiB
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$@:])")


def markdown(cohort: Cohort) -> str:
    """A table of marks; with one learner also what each test said.

    Args:
        cohort: whose marks.
    """
    parts = ["# Exercises", ""]
    if len(cohort.learners) == 1:
        parts += _one(cohort.learners[0])
    else:
        parts += _many(cohort)
    if cohort.tiers:
        parts += ["", f"Graded in the sandbox {', '.join(map(_plain, cohort.tiers))}."]
    text = "\n".join(parts) + "\n"
    if len(text.encode()) <= _LARGEST:
        return text
    kept = text.encode()[:_LARGEST].decode("utf-8", "ignore").rpartition("\n\n")[0]
    return f"{kept}\n\nThe rest does not fit here.\n"


def _one(learner: Learner) -> list[str]:
    """All of one learner's marks, then each exercise with what went wrong."""
    total = "not graded completely" if learner.earned is None else f"{learner.earned} of {learner.possible} points"
    parts = [f"**{_plain(learner.name)}: {total}**", ""]
    parts += [f"- {_plain(text)}" for text in filter(None, [learner.submission.problem, *learner.submission.notes])]
    parts += ["", "| exercise | marks | |", "| --- | ---: | --- |"]
    for column in learner.columns:
        mark = learner.mark(column)
        shown = "not graded" if mark is None else f"{mark} of {column.points}"
        note = "" if mark is None or learner.ran(column) else "not handed in"
        note = "✓" if mark == column.points else note
        parts.append(f"| {_plain(column.id)}: {_plain(column.title)} | {shown} | {note} |")
    for column in learner.columns:
        if learner.tried(column) and learner.mark(column) is not None:
            parts += _exercise(learner, column.id)
    return parts


def _exercise(learner: Learner, id: str) -> list[str]:
    """One exercise's tests, the failed ones with their messages."""
    result = learner.results[id]
    parts = ["", f"## {_plain(id)}", ""]
    parts += [f"- Note: {_plain(note)}" for note in result.notes if note not in learner.submission.notes]
    for test in map(public, result.tests):
        word = "" if test.status == "passed" else f", {WORDS.get(test.status, test.status)}"
        parts.append(f"- {symbol(test)} {_coded(test.title)} ({test.earned} of {test.points}{word})")
        if test.status != "passed" and test.message:
            fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", test.message))])
            parts += ["", *(f"  {text}" for text in [f"{fence}text", *test.message.split("\n"), fence]), ""]
    return parts


def _many(cohort: Cohort) -> list[str]:
    """A row for each learner."""
    ids = [_plain(column.id) for column in cohort.columns]
    parts = [f"| learner | {' | '.join([*ids, 'total'])} |", f"| --- |{' ---: |' * (len(ids) + 1)}"]
    for learner in cohort.learners:
        marks = [*(learner.mark(column) for column in cohort.columns), learner.earned]
        shown = ["not graded" if mark is None else str(mark) for mark in marks]
        parts.append(f"| {_plain(learner.name)} | {' | '.join(shown)} |")
    return parts


def _coded(text: str) -> str:
    """A title, whose names between backticks stay code."""
    parts = re.split("`([^`]+)`", line(text))
    return "".join(f"`{part}`" if i % 2 else _escaped(part) for i, part in enumerate(parts))


def _plain(text: str) -> str:
    """Text on one line that Markdown and HTML show as it is."""
    return _escaped(line(text))


def _escaped(text: str) -> str:
    """Nothing in it is markup, and nobody is mentioned by an @."""
    return _SPECIAL.sub(r"\\\1", html.escape(text, quote=False)).replace("\\@", "&#64;")
