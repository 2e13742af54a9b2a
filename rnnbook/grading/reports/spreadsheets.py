"""Marks as CSV: all of them for the instructor, and the forms that Canvas and Moodle import."""

import csv
import html
import io
from collections.abc import Iterable, Mapping

from rnnbook.grading.intake.names import squeezed
from rnnbook.grading.reports.cohort import WORDS, Cohort, Learner, public, symbol
from rnnbook.grading.reports.tidy import cell

#: Canvas's own columns, in its order. Its exports have "Root Account" only where there are several.
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Root Account", "Section")
_MOODLE = (("Identifier", ()), ("Full name", ("name",)), ("Email address", ("email",)), ("ID number", ("id",)))


def grades(cohort: Cohort) -> str:
    """A row for each learner: who, the marks in each exercise, their sum, and what to look at.

    A mark is empty where the grader itself failed; then so is the sum.
    """
    known = list(dict.fromkeys(key for learner in cohort.learners for key in learner.submission.identity))
    counted = ("total", "possible", "notes", "flags", "problem")
    rows = [["learner", *known, *(column.id for column in cohort.columns), *counted]]
    for learner in cohort.learners:
        results = learner.results.values()
        flags = dict.fromkeys(f"{flag.what} ({flag.where})" for result in results for flag in result.flags)
        notes = {*learner.submission.notes}.union(*(result.notes for result in results))
        rows.append(
            [
                *(learner.name, *(learner.submission.identity.get(key, "") for key in known)),
                *(_blank_if_none(learner.mark(column)) for column in cohort.columns),
                *(_blank_if_none(learner.earned), learner.possible, len(notes), "; ".join(flags)),
                "; ".join(filter(None, [learner.submission.problem, *learner.faults])),
            ]
        )
    return _csv(rows)


def canvas(cohort: Cohort) -> str | None:
    """What Canvas imports into its gradebook, or None when the roster is not one of Canvas's exports.

    Each exercise is a column, and so is the sum; the import asks which assignment a column is, or to leave it out.
    """
    learners = [learner for learner in cohort.learners if _look(learner.submission.identity, "Student")]
    if not any(_look(learner.submission.identity, "ID") for learner in learners):
        return None
    known = [name for name in CANVAS if any(_has(learner.submission.identity, name) for learner in learners)]
    head = [*known, *(column.id for column in cohort.columns), "total"]
    # Canvas knows this row by its four blanks.
    possible = ["    Points Possible", *[""] * (len(known) - 1), *(c.points for c in cohort.columns), cohort.possible]
    rows = [
        [
            *(_look(learner.submission.identity, name) for name in known),
            *(_blank_if_none(learner.mark(column)) for column in cohort.columns),
            _blank_if_none(learner.earned),
        ]
        for learner in learners
    ]
    return _csv([head, possible, *rows])


def moodle(cohort: Cohort) -> str | None:
    """What Moodle imports, as an assignment's grading worksheet or into the gradebook; None without a roster.

    The feedback is HTML, as Moodle takes it, and is for the learner: nothing of hidden tests but title and status.
    """
    if not any(learner.submission.identity for learner in cohort.learners):
        return None
    names = [name for name, _ in _MOODLE]
    rows = [[*names, "Grade", "Maximum Grade", "Last modified (grade)", "Feedback comments"]]
    for learner in cohort.learners:
        identity = learner.submission.identity
        if not identity:
            continue
        rows.append(
            [
                *(_look(identity, name, *others) or _fallback(name, learner) for name, others in _MOODLE),
                *(_blank_if_none(learner.earned), learner.possible),
                _look(identity, "Last modified (grade)") or "-",
                "<br>\n".join(html.escape(text) for text in feedback(learner)),
            ]
        )
    return _csv(rows)


def feedback(learner: Learner) -> list[str]:
    """What to tell a learner, in lines: each exercise with its marks, and what went wrong in a sentence a test."""
    lines = [learner.submission.problem] if learner.submission.problem else []
    for column in learner.columns:
        mark = learner.mark(column)
        if mark is None:
            lines.append(f"{column.id}: not graded yet; this is not your fault.")
            continue
        lines.append(f"{column.id}: {mark} of {column.points} points")
        if not learner.tried(column):
            continue
        for test in map(public, learner.results[column.id].tests):
            if test.status != "passed":
                lead = test.message.partition("\n")[0]
                lines.append(
                    f"{symbol(test)} {test.title} ({WORDS.get(test.status, test.status)}){lead and ': '}{lead}"
                )
    return lines


def _fallback(name: str, learner: Learner) -> str:
    return learner.name if name == "Full name" else ""


def _look(identity: Mapping[str, str], *names: str) -> str:
    """The first of these that the roster gives, small or capital letters alike."""
    known = {squeezed(key): value for key, value in identity.items()}
    return next((known[squeezed(name)] for name in names if known.get(squeezed(name))), "")


def _has(identity: Mapping[str, str], name: str) -> bool:
    return squeezed(name) in map(squeezed, identity)


def _blank_if_none(value: int | None) -> int | str:
    return "" if value is None else value


def _csv(rows: Iterable[Iterable]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()
