"""A class and its marks, put together from single results: what every report is made from.

All text is made harmless here, once (`tidy`), and what learners may see of a test is decided here, once (`public`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from rnnbook.exercises.catalogue import find
from rnnbook.exercises.display import begun
from rnnbook.exercises.errors import ExerciseError
from rnnbook.exercises.report import Outcome
from rnnbook.grading.reports.tidy import file_names, line, percent, tidy
from rnnbook.grading.types import Result, Submission

#: What a status means, in words that a learner understands.
WORDS = {
    "passed": "passed",
    "failed": "failed",
    "timeout": "time limit",
    "memory": "memory limit",
    "output": "output limit",
    "crash": "the process ended",
    "error": "could not be judged",
    "not run": "not run",
}
_SYMBOLS = {"passed": "✓", "not run": "–"}


@dataclass(frozen=True)
class Column:
    """One exercise of the class.

    Args:
        id: identifier, such as "rnn-cell".
        title: what is built, in a few words.
        chapter: file name of the chapter's notebook without its suffix; "" when the catalogue has no such exercise.
        tests: its tests, as nobody has run them yet.
    """

    id: str
    title: str
    chapter: str
    tests: tuple[Outcome, ...]

    @property
    def points(self) -> int:
        """Full marks."""
        return sum(test.points for test in self.tests)


@dataclass(frozen=True)
class Learner:
    """One learner with all results.

    Args:
        name: as the reports show it.
        page: the file name of the learner's page.
        submission: what was handed in; its texts are harmless, its code is left out.
        digest: SHA-256 of what was handed in.
        results: by exercise.
        columns: the exercises of the class.
    """

    name: str
    page: str
    submission: Submission
    digest: str
    results: dict[str, Result]
    columns: tuple[Column, ...]

    @property
    def graded(self) -> bool:
        """Whether every exercise has a mark: the grader failed nowhere."""
        return all(self.mark(column) is not None for column in self.columns)

    @property
    def possible(self) -> int:
        """Full marks in all exercises."""
        return sum(column.points for column in self.columns)

    @property
    def earned(self) -> int | None:
        """The sum of all marks, or None when one is missing: half a sum would look like a mark."""
        return sum(result.earned for result in self.results.values()) if self.graded else None

    @property
    def faults(self) -> list[str]:
        """A line for each exercise that the grader itself could not grade."""
        missing = [column.id for column in self.columns if column.id not in self.results]
        failed = [(result.exercise, line(result.fault)) for result in self.results.values() if result.fault]
        return [f"{id}: {why}" for id, why in [*failed, *((id, "there is no result") for id in missing)]]

    def mark(self, column: Column) -> int | None:
        """Points earned in an exercise; None when the grader failed."""
        result = self.results.get(column.id)
        return None if result is None or result.fault else result.earned

    def ran(self, column: Column) -> bool:
        """Whether anything of an exercise was run: something was handed in."""
        result = self.results.get(column.id)
        return result is not None and any(test.status != "not run" for test in result.tests)

    def tried(self, column: Column) -> bool:
        """Whether the learner wrote anything of an exercise: more than the stub was run."""
        return self.ran(column) and begun(self.results[column.id])


class Cohort:
    """A class: its exercises and its learners, both in an order that does not depend on how the run went.

    Args:
        results: one for each learner and exercise, in any order.
        submissions: one for each learner, in any order.
    """

    def __init__(self, results: Iterable[Result], submissions: Iterable[Submission]):
        by_learner: dict[str, dict[str, Result]] = {}
        for result in results:
            by_learner.setdefault(result.learner, {})[result.exercise] = result
        handed_in = {submission.learner: submission for submission in submissions}
        names = sorted({*by_learner, *handed_in}, key=lambda name: (name.casefold(), name))
        self.columns = _columns(result for marks in by_learner.values() for result in marks.values())
        order = [column.id for column in self.columns]
        self.learners = [
            Learner(
                name=line(name) or "(no name)",
                page=f"{stem}.html",
                submission=tidy(replace(submission, sources=(), modules=())),
                digest=submission.digest,
                results={id: tidy(marks[id]) for id in order if id in marks},
                columns=self.columns,
            )
            for name, stem in zip(names, file_names(names), strict=True)
            for submission, marks in [(handed_in.get(name) or Submission(name), by_learner.get(name, {}))]
        ]

    @property
    def possible(self) -> int:
        """Full marks in all exercises."""
        return sum(column.points for column in self.columns)

    @cached_property
    def shares(self) -> list[int]:
        """Per cent earned by each learner who has a mark, sorted."""
        return sorted(percent(learner.earned, self.possible) for learner in self.learners if learner.graded)

    @property
    def tiers(self) -> list[str]:
        """The sandboxes that were used."""
        return sorted({result.tier for learner in self.learners for result in learner.results.values() if result.tier})


def public(test: Outcome) -> Outcome:
    """A test as its learner may see it: of a hidden one the title, the points and the status alone."""
    return replace(test, message="", printed="") if test.hidden else test


def symbol(test: Outcome) -> str:
    """A sign beside the word, for the eye."""
    return _SYMBOLS.get(test.status, "✗")


def _columns(results: Iterable[Result]) -> tuple[Column, ...]:
    """The exercises that occur, chapter by chapter; those that the catalogue does not know come last."""
    tests: dict[str, tuple[Outcome, ...]] = {}
    for result in results:
        if len(result.tests) > len(tests.get(result.exercise, ())) or result.exercise not in tests:
            blank = (replace(test, status="not run", message="", printed="") for test in result.tests)
            tests[result.exercise] = tuple(blank)
    columns = []
    for id, outcomes in tests.items():
        try:
            exercise = find(id)
            columns.append(Column(id, exercise.title, exercise.chapter, tidy(outcomes)))
        except ExerciseError:
            columns.append(Column(id, id, "", tidy(outcomes)))
    return tuple(sorted(columns, key=lambda column: (not column.chapter, column.chapter, column.id)))
