"""Grades submissions, one exercise at a time: the tests run here, the learner's code in a child of the nursery."""

import contextlib
import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from rnnbook.exercises.catalogue import Exercise, catalogue, with_hidden
from rnnbook.exercises.display import NOT_HANDED_IN, clean
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.report import Outcome
from rnnbook.exercises.run import blank
from rnnbook.exercises.source import Cell
from rnnbook.grading.errors import GradingError, SandboxError
from rnnbook.grading.nursery import Nursery
from rnnbook.grading.remote import Remote
from rnnbook.grading.sitting import Sitting
from rnnbook.grading.types import Flag, Result, Settings, Source, Submission

_LOADING = 10.0  # seconds for running the definitions
_LONGEST = 5000  # characters of a message or a note, of which there are at most
_NOTES = 100
_lock = threading.Lock()  # pytest redirects the process's output: one at a time


@dataclass(frozen=True)
class Survey:
    """What a submission holds of one exercise.

    Args:
        cells: the code that counts.
        flags: what the instructor should look at.
        notes: for the learner.
    """

    cells: tuple[Cell, ...]
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()


class Grader:
    """Grades; a context manager that keeps its sandbox warm.

    Args:
        settings: how.

    Raises:
        SandboxError: the sandbox does not start.
        GradingError: the hidden tests cannot be used.
    """

    def __init__(self, settings: Settings):
        self.settings = settings
        known = with_hidden(Path(settings.tests)) if settings.tests else catalogue()
        self.exercises: dict[str, Exercise] = {exercise.id: exercise for exercise in known}
        self._nursery: Nursery | None = Nursery(settings.tier)
        self._surveyed = None, ({}, ())

    def close(self) -> None:
        """Ends the sandbox."""
        if self._nursery:
            self._nursery.close()
            self._nursery = None

    def __enter__(self) -> "Grader":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def survey(self, submission: Submission) -> dict[str, Survey]:
        """Which exercises a submission holds, by its syntax alone; nothing of it is run.

        Raises:
            SandboxError: the sandbox failed.
        """
        return self._known(submission)[0]

    def grade(self, submission: Submission, id: str) -> Result:
        """Grades one exercise; whatever the submission holds, there is one result that lists every test.

        Args:
            submission: what was handed in.
            id: the exercise.

        Raises:
            GradingError: there is no such exercise.
        """
        if id not in self.exercises:
            raise GradingError(f"There is no exercise {id}.")
        exercise = self.exercises[id]
        empty = Result(submission.learner, id, blank(exercise).tests, self.settings.tier)
        try:
            held, problems = self._known(submission)
            if id not in held:
                reason = submission.problem or "\n".join([NOT_HANDED_IN, *problems])
                return replace(empty, tests=_not_run(empty.tests, reason), notes=submission.notes)
            held = held[id]
            tests, notes = self._run(submission, exercise, held)
            notes = tuple(dict.fromkeys(map(_readable, [*held.notes, *notes])))[:_NOTES]
            return replace(empty, tests=tests, notes=notes, flags=held.flags)
        except SandboxError as error:
            self._restart()
            return replace(empty, fault=str(error))
        except Exception as error:  # one submission never stops a class
            self._restart()
            return replace(empty, fault=f"The grader failed: {type(error).__name__}: {error}"[:_LONGEST])

    def _known(self, submission: Submission) -> tuple[dict[str, Survey], tuple[str, ...]]:
        """The survey; the last one is kept, because a submission's exercises are graded one after the other."""
        if self._surveyed[0] != submission:
            self._surveyed = submission, self._survey(submission)
        return self._surveyed[1]

    def _survey(self, submission: Submission) -> tuple[dict[str, Survey], tuple[str, ...]]:
        """What is held, and why something could not be read."""
        wanted = {id: (exercise.defines, exercise.forbidden) for id, exercise in self.exercises.items()}
        found, problems = [], []
        for source in submission.sources:
            with contextlib.closing(self._child(_LOADING)) as child:
                try:
                    about = child.survey(source.cells, dict(submission.modules), wanted)
                except LearnerError as error:
                    problems.append(f"{source.name} cannot be read. {error}")
                    continue
            found.append((source, about))
            problems += about["problems"]
        held = {
            id: _counting(exercise, candidates, submission.notes)
            for id, exercise in self.exercises.items()
            if (candidates := [one for one in found if {*exercise.defines} & {*one[1]["defines"]}])
        }
        return held, tuple(problems)

    def _run(self, submission: Submission, exercise: Exercise, held: Survey) -> tuple[tuple[Outcome, ...], list[str]]:
        """The outcomes, and what came of loading the code."""
        seconds = self.settings.seconds or exercise.time_limit
        sitting = Sitting(
            exercise,
            held.cells,
            dict(submission.modules),
            self.settings.seconds or _LOADING,
            make_child=lambda: self._child(seconds, len(exercise.tests)),
            seed=lambda case, whose: self._seed(submission, exercise, case, whose),
        )
        with _lock:
            report = sitting.report()
        readable = [{"message": _readable(test.message), "printed": _readable(test.printed)} for test in report.tests]
        outcomes = tuple(replace(test, **said) for test, said in zip(report.tests, readable, strict=True))
        return outcomes, sitting.notes

    def _child(self, seconds: float, times: int = 1) -> Remote:
        if self._nursery is None:
            self._nursery = Nursery(self.settings.tier)
        return Remote(self._nursery, seconds, self.settings.memory, times)

    def _seed(self, submission: Submission, exercise: Exercise, case: str, whose: str) -> int:
        """A seed that nobody without the secret can guess, and the same whenever this code is graded again."""
        if not self.settings.secret:
            return 0  # as in `check`
        message = json.dumps([submission.digest, exercise.id, case, whose]).encode()
        return int.from_bytes(hmac.digest(self.settings.secret, message, hashlib.sha256)[:4])

    def _restart(self) -> None:
        """The next child will come from a new nursery."""
        with contextlib.suppress(SandboxError):
            self.close()
        self._nursery = None


def _not_run(tests: tuple[Outcome, ...], reason: str) -> tuple[Outcome, ...]:
    return tuple(replace(test, message=_readable(reason)) for test in tests)


def _readable(text: str) -> str:
    """What a report can hold, whatever the learner's code put into it."""
    return clean(text[:_LONGEST])


def _counting(exercise: Exercise, candidates: list[tuple[Source, dict]], notes: tuple[str, ...]) -> Survey:
    """Which code counts, where several files may hold what an exercise asks for.

    Args:
        exercise: the exercise.
        candidates: the files that define some of its names, each with its survey.
        notes: what is to be said of the submission as a whole.
    """
    asked = {*exercise.defines}

    def worth(candidate: tuple[Source, dict]) -> tuple:
        source, about = candidate
        return exercise.id in about["checked"], len(asked & {*about["defines"]}), source.name

    first, *others = sorted(candidates, key=worth, reverse=True)
    counting = [first]
    for other in others:
        missing = asked.difference(*(about["defines"] for _, about in counting))
        if missing & {*other[1]["defines"]}:
            counting.append(other)
    if idle := [source.name for source, _ in others if source not in [source for source, _ in counting]]:
        used = " and ".join(source.name for source, _ in counting)
        notes = (*notes, f"{exercise.id} is in more than one file: {used} counts, not {', '.join(sorted(idle))}.")
    return Survey(
        # The first has the last word.
        cells=tuple(Cell(*cell) for _, about in reversed(counting) for cell in about["needed"][exercise.id] if cell[1]),
        flags=tuple(Flag(*flag) for _, about in counting for flag in about["flags"][exercise.id]),
        notes=(*notes, *(note for _, about in counting for kind in ("problems", "notes") for note in about[kind])),
    )
