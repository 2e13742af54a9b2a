"""The learner's progress over the course: best marks and hints seen, kept in a file of the user's, and its overview."""

import ast
import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from rich.text import Text

from rnnbook.exercises.catalogue import TESTS, Exercise, in_order
from rnnbook.exercises.display import COLOURS, begun
from rnnbook.files import put

if TYPE_CHECKING:
    from rnnbook.exercises.report import Report

_VERSION = 1


@dataclass(frozen=True)
class Entry:
    """What is known of the learner's work on one exercise.

    Args:
        earned: the best marks so far.
        begun: whether something was written.
        hints: how many hints were shown.
    """

    earned: int = 0
    begun: bool = False
    hints: int = 0


@dataclass(frozen=True)
class Planned:
    """An exercise of the course, as its file tells without being run: importing the tests takes seconds."""

    id: str
    chapter: str
    title: str
    points: int
    place: int = Exercise.place


def path() -> Path:
    """The file: in the folder RNNBOOK_STATE, or where the system keeps such things."""
    folder = os.environ.get("RNNBOOK_STATE")
    return (Path(folder) if folder else platformdirs.user_state_path("rnnbook")) / "progress.json"


def read() -> tuple[dict[str, Entry], str]:
    """The entries by exercise, and a line to say when the file was damaged: it is put aside, and progress starts anew.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        content = json.loads(path().read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            raise ValueError("version")
        return {id: _entry(**fields) for id, fields in content["exercises"].items()}, ""
    except FileNotFoundError:
        return {}, ""
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        aside = path().with_suffix(".damaged")
        os.replace(path(), aside)
        return {}, f"{path()} was damaged: it is now {aside.name}, and your progress starts anew."


def record(reports: Iterable["Report"]) -> str:
    """Keeps the marks that are better than those before; gives a line to say when that did not work, else ""."""

    def better(entries: dict[str, Entry]) -> None:
        for report in reports:
            old = entries.get(report.exercise, Entry())
            earned = max(old.earned, report.earned)
            entries[report.exercise] = replace(old, earned=earned, begun=old.begun or begun(report))

    return _change(better)


def hint(report: "Report", number: int | None) -> tuple[int, str]:
    """Counts a hint as shown.

    Args:
        report: of the exercise.
        number: which hint; None for the one after the last that was shown, and at the end for the last again.

    Returns:
        Its number, 0 where there are none; and a line to say when it could not be kept, else "".
    """
    number = number or 0

    def count(entries: dict[str, Entry]) -> None:
        nonlocal number
        old = entries.get(report.exercise, Entry())
        number = number or min(old.hints + 1, len(report.hints))
        entries[report.exercise] = replace(old, hints=number)

    note = _change(count)
    return number or min(1, len(report.hints)), note


def reset() -> bool:
    """Forgets all; gives whether there was anything."""
    there = path().exists()
    path().unlink(missing_ok=True)
    return there


def outline() -> list[Planned]:
    """All exercises, as the chapters and their notebooks go."""
    planned = [_planned(file) for file in TESTS.glob("test_*.py")]
    return sorted(planned, key=in_order)


def overview(entries: dict[str, Entry]) -> Text:
    """The whole course for the terminal: each exercise with its best marks, the sums, and what to do next."""
    text, plan = Text(), outline()
    widest = max(len(exercise.id) for exercise in plan)
    total = done = tried = 0
    following = None
    for chapter, exercises in groupby(plan, key=lambda exercise: exercise.chapter):
        text.append(f"{chapter}\n", style="bold")
        for exercise in exercises:
            entry = entries.get(exercise.id, Entry())
            earned = min(entry.earned, exercise.points)  # there may have been more points once
            full = earned == exercise.points
            total, done, tried = total + earned, done + full, tried + (entry.begun and not full)
            following = following or (None if full else exercise)
            symbol = "✓" if full else "✗" if entry.begun else "–"
            marks = f"{earned:2} of {exercise.points:2}" if entry.begun or full else f"      {exercise.points:2}"
            colour = COLOURS["passed" if full else "failed"] if entry.begun else ""
            text.append(f"  {symbol} ", style=f"bold {colour}")
            text.append(f"{exercise.id:{widest}}  {marks}  {exercise.title}\n")
    possible = sum(exercise.points for exercise in plan)
    text.append(f"{total} of {possible} points: {done} of {len(plan)} exercises done, {tried} begun.\n", style="bold")
    text.append(f"Next: {following.id}, in {following.chapter}.ipynb" if following else "All done. Well done!")
    return text


def _change(change: Callable[[dict[str, Entry]], None]) -> str:
    """Reads, changes and writes the file, with no other process between."""
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        with _alone():
            entries, note = read()
            change(entries)
            content = {"version": _VERSION, "exercises": {id: asdict(entry) for id, entry in entries.items()}}
            put(path(), json.dumps(content, indent=1) + "\n")
        return note
    except OSError as error:
        return f"Your progress could not be saved in {path()}: {error.strerror}."


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Holds a lock, where the system has such; it vanishes with the process."""
    with (path().parent / "progress.lock").open("w") as file:
        with contextlib.suppress(ImportError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _entry(earned: int = 0, begun: bool = False, hints: int = 0, **_) -> Entry:
    if (type(earned), type(begun), type(hints)) != (int, bool, int) or min(earned, hints) < 0:
        raise ValueError("an entry of other types")
    return Entry(earned, begun, hints)


def _planned(file: Path) -> Planned:
    """What the file of an exercise's tests says of it."""
    told, points = {}, 0
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.FunctionDef) and statement.name.startswith("test_"):
            points += _points(statement.decorator_list)
        elif isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "EXERCISE":
            told = {word.arg: word.value for word in statement.value.keywords}
    told = {name: ast.literal_eval(told[name]) for name in ("id", "chapter", "title", "place") if name in told}
    return Planned(points=points, **told)


def _points(decorators: list[ast.expr]) -> int:
    """What a test is worth: `points` of the catalogue, read and not run."""
    worth, cases = 0, 1
    for call in decorators:
        if not isinstance(call, ast.Call):  # a mark that is said once, under a name
            continue
        name = ast.unparse(call.func).rpartition(".")[2]
        words = {word.arg: ast.literal_eval(word.value) for word in call.keywords if name == "points"}
        if name == "points":
            worth, per_case = ast.literal_eval(call.args[0]), words.get("per_case", False)
        elif name == "parametrize":
            cases *= len(getattr(call.args[1], "elts", [None]))
    return worth * (cases if per_case else 1)
