"""A class run: from a folder of submissions to the reports, with nothing lost when it stops half-way."""

import contextlib
import platform
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from rich.table import Column, Table
from tqdm import tqdm

from rnnbook.exercises.catalogue import Exercise, catalogue, with_hidden
from rnnbook.grading.classroom import fingerprint
from rnnbook.grading.classroom.marks import Marks
from rnnbook.grading.classroom.record import Record, secret
from rnnbook.grading.errors import GradingError
from rnnbook.grading.types import Result, Settings, Submission
from rnnbook.nearest import suggest

if TYPE_CHECKING:
    from rnnbook.grading.classroom.cluster import Cluster
    from rnnbook.grading.classroom.workers import Local


@dataclass(frozen=True)
class Request:
    """What is to be graded, and how.

    Args:
        folder: the class's submissions.
        output: where the reports, the record and the secret go.
        exercises: identifiers of exercises to grade.
        chapters: chapters whose exercises to grade, such as "02_rnn". When neither exercises nor chapters are named,
            all exercises of each chapter of which some submission holds one.
        roster: a CSV file of the class.
        tests: a folder of hidden tests.
        regrade: exercises to grade again, though their marks are known.
        tier: the sandbox; by default the strongest that works.
        allow_unsafe: whether the sandbox may be "process".
        memory: bytes that a submission may take.
        seconds: time for the learner's code in a test, in place of the exercises' own limits.
        secret: a file with the secret, in place of the output folder's own.
    """

    folder: Path
    output: Path = Path("grades")
    exercises: tuple[str, ...] = ()
    chapters: tuple[str, ...] = ()
    roster: Path | None = None
    tests: Path | None = None
    regrade: tuple[str, ...] = ()
    tier: str | None = None
    allow_unsafe: bool = False
    memory: int = 2**30
    seconds: float | None = None
    secret: Path | None = None


@dataclass(frozen=True)
class Grades:
    """What a class run found.

    Args:
        submissions: one for each learner.
        results: one for each learner and exercise, learner by learner, in the catalogue's order.
        run: how it went: the machine, versions, times.
        files: the reports, the most useful first.
    """

    submissions: list[Submission]
    results: list[Result]
    run: dict
    files: list[Path]

    @property
    def faults(self) -> list[Result]:
        """Results without a mark, because the grader itself failed."""
        return [result for result in self.results if result.fault]

    def table(self) -> Table:
        """A row for each exercise, for rich."""
        table = Table("exercise", *(_right(title) for title in ("handed in", "full marks", "mean", "of", "to review")))
        for id in dict.fromkeys(result.exercise for result in self.results):
            marks = [result for result in self.results if result.exercise == id and not result.fault]
            tried = [result for result in marks if any(test.status != "not run" for test in result.tests)]
            full = sum(result.earned == result.possible for result in tried)
            mean = f"{fmean(result.earned for result in tried):.1f}" if tried else "–"
            possible = max((result.possible for result in marks), default=0)
            flagged = sum(bool(result.flags) for result in tried)
            table.add_row(id, *map(str, (len(tried), full, mean, possible, flagged)))
        return table


def grade(request: Request, crew: "Local | Cluster", say: Callable[[str], None]) -> Grades:
    """Grades a class and writes the reports.

    Args:
        request: what to do.
        crew: who does it.
        say: called with each line that the instructor should read.

    Returns:
        The grades.

    Raises:
        ExerciseError: the request cannot be fulfilled.
    """
    from rnnbook.grading import intake, reports

    began, start = datetime.now(UTC), time.monotonic()
    _require_apart(request)
    exercises = known(request.tests)
    asked = chosen(exercises, request.exercises, request.chapters, request.regrade)
    with Record(request.output) as record, crew:
        for remark in record.remarks:
            say(remark)
        settings = Settings(
            tier=crew.tier(request.tier, request.allow_unsafe),
            memory=request.memory,
            seconds=request.seconds,
            secret=secret(request.output, request.secret),
            tests=str(request.tests.resolve()) if request.tests else None,
        )
        submissions = intake.collect(request.folder, request.roster)
        if not submissions:
            raise GradingError(f"{request.folder} holds no submissions: notebooks, Python files, folders or archives.")
        marks = Marks(submissions, exercises, settings, record, request.regrade)
        learners = Counter(submission.digest for submission in submissions)
        graded = _work(marks, asked, crew, settings, learners)
        if asked is None:
            asked = [id for id, exercise in exercises.items() if exercise.chapter in marks.chapters()]
        if not asked:
            why = next(iter(marks.faults.values()), "Name one: rnnbook grade FOLDER --exercise rnn-cell")
            raise GradingError(f"No submission in {request.folder} is known to hold an exercise. {why}")
        results = [marks.result(submission, exercises[id]) for submission in submissions for id in asked]
        run = {
            "began": began.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - start, 1),
            "submissions": len(submissions),
            "graded": graded,
            "workers": crew.count,
            "tier": settings.tier,
            "memory": settings.memory,
            "limit": settings.seconds,
            "machine": platform.node(),
            "versions": {**fingerprint.environment(), "rnnbook": metadata.version("rnnbook")},
            "package": fingerprint.package(),
        }
        files = reports.write(request.output, results, submissions, run)
    return Grades(submissions, results, run, files)


def known(tests: Path | None) -> dict[str, Exercise]:
    """All exercises by identifier, with the hidden tests of a folder; raises ExerciseError when it cannot be used."""
    return {exercise.id: exercise for exercise in (with_hidden(tests) if tests else catalogue())}


def chosen(
    exercises: dict[str, Exercise], ids: Iterable[str], chapters: Iterable[str], regrade: Iterable[str] = ()
) -> list[str] | None:
    """The exercises that were asked for.

    Args:
        exercises: all that there are, by identifier.
        ids: exercises that were named.
        chapters: chapters that were named.
        regrade: exercises to grade again, which must be among them.

    Returns:
        Their identifiers, in the catalogue's order; None when nothing was named.

    Raises:
        GradingError: there is no such exercise or chapter.
    """
    all_chapters = sorted({exercise.chapter for exercise in exercises.values()})
    named = [("exercise", id, sorted(exercises)) for id in (*ids, *regrade)]
    for kind, name, there_are in [*named, *(("chapter", chapter, all_chapters) for chapter in chapters)]:
        if name not in there_are:
            hint = suggest(name, there_are, quote='"')
            raise GradingError(f'There is no {kind} "{name}". {hint}')
    if not ids and not chapters:
        return None
    asked = [id for id, exercise in exercises.items() if id in ids or exercise.chapter in chapters]
    if others := [id for id in regrade if id not in asked]:
        raise GradingError(f"{', '.join(others)}: to be graded again, but not among what is to be graded at all.")
    return asked


def _work(marks: Marks, asked: list[str] | None, crew: "Local | Cluster", settings: Settings, learners: Counter) -> int:
    """Has done what is left to do.

    Args:
        marks: where the results go.
        asked: the exercises; None for all that are held.
        crew: who does it.
        settings: how.
        learners: how many learners handed in each code.

    Returns:
        How many submissions were left.
    """
    tasks = marks.tasks(asked)
    left = sum(learners[task.submission.digest] for task in tasks)
    total = learners.total()
    full = failed = 0
    with (
        tqdm(total=total, initial=total - left, unit=" submissions", disable=None) as bar,
        contextlib.closing(crew.run(tasks, settings)) as finished,
    ):
        for done in finished:
            marks.add(done)
            full += sum(result.earned == result.possible for result in done.results if not result.fault)
            failed += sum(bool(result.fault) for result in done.results) or bool(done.fault)
            faults = f", without a mark: {failed}" if failed else ""
            bar.set_postfix_str(f"full marks: {full}{faults}", refresh=False)
            bar.update(learners[done.submission])
    return left


def _require_apart(request: Request) -> None:
    """Refuses folders in which the class's files and ours would be taken for each other."""
    folder = request.folder.resolve()
    for name, path in (("--output", request.output), ("--tests", request.tests)):
        if path and path.resolve().is_relative_to(folder):
            raise GradingError(
                f"{path} lies in {request.folder}, where everything is taken for a submission: "
                f"choose a folder elsewhere with {name}."
            )
    if any(Path(entry).resolve().is_relative_to(folder) for entry in sys.path):
        raise GradingError(
            f"Python would import modules from {request.folder}, and so run what learners wrote: "
            "run this command from another folder, and take that one out of PYTHONPATH."
        )


def _right(title: str) -> Column:
    return Column(title, justify="right")
