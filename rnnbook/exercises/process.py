"""Checks a file in a process of its own, which can be stopped whatever the learner's code does.

The parent starts a child that writes, line by line, which exercise begins and each outcome. When the child dies
half-way, the parent says so for the test that was running, and starts another child for the exercises that are left.
"""

import faulthandler
import json
import linecache
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from rnnbook.exercises import source
from rnnbook.exercises.display import clean
from rnnbook.exercises.errors import ExerciseError
from rnnbook.exercises.report import Outcome, Report

_HARD = 1.6  # times the time limit: then the child is stopped from outside the learner's code
_LOADING = 60.0  # seconds until a child that is still running the file's definitions is stopped
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in ', re.MULTILINE)
# -P keeps the learner's folder out of the import path, where a torch.py or random.py would take the real one's place.
_CHILD = "import sys; sys.path.append(sys.argv.pop(1)); from rnnbook.exercises.process import work; work(*sys.argv[1:])"


@dataclass
class Checked:
    """What checking a file gave: a report for each exercise, and lines on cells that could not be run."""

    reports: list[Report] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def check_file(path: str | Path, ids: list[str], limit: float | None = None) -> Checked:
    """Checks exercises of a notebook or Python file.

    Args:
        path: the file.
        ids: the exercises; when empty, those that the file checks itself or defines names of, in its order.
        limit: seconds that the learner's code may take in one test, in place of the exercise's own limit.

    Raises:
        ExerciseError: the file cannot be read or used, or holds none of the exercises.
    """
    source.read(path)
    result = Checked()
    with tempfile.TemporaryDirectory() as folder:
        while True:
            unfinished = _run_child(path, ids, limit, Path(folder), result)
            if not unfinished:
                return result
            ids = unfinished


def _run_child(path: str | Path, ids: list[str], limit: float | None, folder: Path, result: Checked) -> list[str]:
    """Runs one child and adds what it reports; gives the exercises that it did not come to."""
    events, stack = folder / "events", folder / "stack"
    events.write_text("")
    stack.write_text("")
    package = str(Path(__file__).parents[2])
    child = subprocess.run(
        [sys.executable, "-P", "-c", _CHILD, package, str(path), str(events), str(stack), str(limit or ""), *ids],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    todo = []
    for line in events.read_text(encoding="utf-8").splitlines():
        kind, content = json.loads(line)
        match kind:
            case "loaded":
                todo, result.problems = content["ids"], content["problems"]
            case "refused":
                raise ExerciseError(content)
            case "exercise":
                tests = tuple(Outcome(**test) for test in content["tests"])
                result.reports.append(Report(content["exercise"], tests, tuple(content["hints"])))
            case "outcome":
                report, outcome = result.reports.pop(), Outcome(**content)
                tests = tuple(outcome if test.name == outcome.name else test for test in report.tests)
                result.reports.append(replace(report, tests=tests))
            case "end":
                return []
    status, reason = _death(child, stack)
    begun = [report.exercise for report in result.reports]
    left = [id for id in todo if id not in begun]
    if left == todo:
        raise ExerciseError(f"{path} could not be run. {reason}")
    result.reports.append(_interrupted(result.reports.pop(), status, reason))
    return left


def _death(child: subprocess.CompletedProcess, stack: Path) -> tuple[str, str]:
    """Status and message for a child that ended before its time."""
    frames = _FRAME.findall(stack.read_text(encoding="utf-8", errors="replace"))
    if frames:
        from rnnbook.exercises.guard import is_learners

        places = [(file, int(line)) for file, line in frames if is_learners(file)]
        message = "Your code took too long, and had to be stopped from outside: an endless loop, or one huge operation?"
        if places:
            file, line = places[0]
            message += f"\n    {Path(file).name}, line {line}: {linecache.getline(file, line).strip()}"
        return "timeout", message
    last = clean(child.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2])
    message = f"The Python process ended with exit code {child.returncode}: did your code end it, or use up the memory?"
    return "failed", f"{message} Its last words: {last}" if last else message


def _interrupted(report: Report, status: str, reason: str) -> Report:
    """The report of the exercise during which the child died: its next test is to blame, the others never ran."""
    tests, blamed = [], False
    for test in report.tests:
        if test.status == "not run":
            message = "Not run: the process had been stopped." if blamed else reason
            test = replace(test, status="not run" if blamed else status, message=message)
            blamed = True
        tests.append(test)
    return replace(report, tests=tuple(tests))


def work(path: str, events: str, stack: str, limit: str, *ids: str) -> None:
    """What the child does; see the module's docstring.

    Args:
        path: the learner's file.
        events: the file to which a line of JSON is added for each step.
        stack: the file to which the place is written when the child has to be stopped.
        limit: seconds, or "" for the exercises' own limits.
        ids: the exercises.
    """
    from rnnbook.exercises.catalogue import catalogue, find, identifiers
    from rnnbook.exercises.local import Local
    from rnnbook.exercises.run import blank, run
    from rnnbook.exercises.student import Student

    def tell(kind: str, content: object) -> None:
        with open(events, "a", encoding="utf-8") as file:
            file.write(json.dumps([kind, content]) + "\n")

    with open(stack, "w") as stack_file:

        def hard_limit(seconds: float) -> None:
            faulthandler.dump_traceback_later(seconds, exit=True, file=stack_file)

        sys.path.append(str(Path(path).resolve().parent))  # modules that the learner wrote beside the notebook
        cells = source.read(path)
        hard_limit(_LOADING)
        loaded = source.load(cells)
        faulthandler.cancel_dump_traceback_later()
        exercises = [*map(find, ids)] or source.exercises_in(cells, loaded.namespace, catalogue())
        if not exercises:
            none = f"{path} holds none of the exercises: {', '.join(identifiers())}."
            tell("refused", "\n".join([*loaded.problems, none]))
            return
        tell("loaded", {"ids": [exercise.id for exercise in exercises], "problems": loaded.problems})
        for exercise in exercises:
            seconds = float(limit) if limit else exercise.time_limit
            names = exercise.defines
            tell("exercise", asdict(blank(exercise)))
            run(
                exercise,
                make_student=lambda seconds=seconds, names=names: Student(Local(loaded.namespace, seconds, names)),
                before=lambda seconds=seconds: hard_limit(_HARD * seconds),
                after=lambda outcome: tell("outcome", asdict(outcome)),
            )
            faulthandler.cancel_dump_traceback_later()
        tell("end", None)
