"""Checks a file in a process of its own, which can be stopped whatever the learner's code does.

The parent starts a child that writes, line by line, which exercise begins and each outcome. When the child dies
half-way, the parent says so for the test that was running, and starts another child for the exercises that are left.
A child is forked by the warm helper (`rnnbook.exercises.terminal.warm`) where there is one, else started anew.
"""

import contextlib
import faulthandler
import functools
import json
import linecache
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from rnnbook.exercises import source
from rnnbook.exercises.display import clean
from rnnbook.exercises.errors import ExerciseError
from rnnbook.exercises.report import Outcome, Report
from rnnbook.exercises.terminal import warm

_HARD = 1.6  # times the time limit: then the child is stopped from outside the learner's code
_LOADING = 60.0  # seconds until a child that is still running the file's definitions is stopped
_SILENT = 90.0  # seconds without an event: then the helper hangs, because a child would have been stopped before
_LOOK = 0.02
# -P keeps the learner's folder out of the import path, where a torch.py or random.py would take the real one's place.
_CHILD = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from rnnbook.exercises.terminal.process import work; work(*sys.argv[1:])"
)


@dataclass
class Checked:
    """What checking a file gave.

    Args:
        reports: one for each exercise, in the file's order.
        problems: a line for each cell that could not be run.
        notes: a line for each cell of which something was left out.
    """

    reports: list[Report] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_file(
    path: str | Path, ids: list[str], limit: float | None = None, tell: Callable[[str], None] = lambda line: None
) -> Checked:
    """Checks exercises of a notebook or Python file.

    Args:
        path: the file.
        ids: the exercises; when empty, those that the file checks itself or defines names of, in its order.
        limit: seconds that the learner's code may take in one test, in place of the exercise's own limit.
        tell: called with a line on how far the check has come, whenever it has come further.

    Raises:
        ExerciseError: the file cannot be read or used, or holds none of the exercises.
    """
    source.read(path)
    tell("Starting Python and torch, a few seconds the first time")
    result = Checked()
    while True:
        unfinished = _run_child(path, ids, limit, result, tell)
        if not unfinished:
            return result
        ids = unfinished


def _run_child(path: str | Path, ids: list[str], limit: float | None, result: Checked, tell: Callable) -> list[str]:
    """Runs one child and adds what it reports; gives the exercises that it did not come to."""
    for start in (warm.start, _start):
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / name for name in ("events", "stack", "words")]
            for file in files:
                file.write_text("")
            child = start([str(path), *map(str, files[:2]), str(limit or ""), *ids], files[2])
            if not child:
                continue
            try:
                code, events = _follow(child, files[0], tell)
            except warm.Lost:
                continue
            stack, words = (file.read_text(encoding="utf-8", errors="replace") for file in files[1:])
            break
    todo = []
    for kind, content in events:
        match kind:
            case "loaded":
                todo, result.problems, result.notes = content["ids"], content["problems"], content["notes"]
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
    status, reason = _death(code, stack, words)
    begun = [report.exercise for report in result.reports]
    left = [id for id in todo if id not in begun]
    if left == todo:
        raise ExerciseError(f"{path} could not be run. {reason}")
    result.reports.append(_interrupted(result.reports.pop(), status, reason))
    return left


def _start(arguments: list[str], words: Path) -> subprocess.Popen:
    """Starts a child the ordinary way; what it writes to standard error goes to the file `words`."""
    with words.open("ab") as stderr:
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _CHILD, str(warm.PACKAGE.parent), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )


def _follow(child: subprocess.Popen | warm.Running, path: Path, tell: Callable) -> tuple[int, list]:
    """Waits for a child's last event or its end; gives its exit code and all events.

    Raises:
        Lost: the child was in the helper's care, and the helper has gone or hangs.
    """
    events, code, heard = [], None, time.monotonic()
    try:
        with path.open(encoding="utf-8") as file:
            line = ""
            while True:
                ended = code is not None  # what it wrote until then is in the file now
                while (line := line + file.readline()).endswith("\n"):
                    events.append(json.loads(line))
                    line, heard = "", time.monotonic()
                    tell(_progress(events))
                if ended or (events and events[-1][0] in ("end", "refused")):
                    return code or 0, events
                if isinstance(child, warm.Running) and time.monotonic() - heard > _SILENT:
                    raise warm.Lost
                with contextlib.suppress(subprocess.TimeoutExpired):
                    code = child.wait(_LOOK)
    finally:
        child.kill()
        if isinstance(child, subprocess.Popen):
            child.wait()


def _progress(events: Iterable) -> str:
    """How far a child has come, in a few words."""
    id, tests = "", {}
    for kind, content in events:
        if kind == "exercise":
            id, tests = content["exercise"], {test["name"]: False for test in content["tests"]}
        elif kind == "outcome":
            tests[content["name"]] = content["status"] != "not run"
    return f"{id}: {sum(tests.values())} of {len(tests)} tests" if id else "Running your definitions"


def _death(code: int, stack: str, words: str) -> tuple[str, str]:
    """Status and message for a child that ended before its time.

    Args:
        code: its exit code.
        stack: where it was when it was stopped, as faulthandler writes it; empty when it was not.
        words: what it wrote to standard error.
    """
    from rnnbook.exercises.guard import dumped, is_learners

    frames = dumped(stack)
    if frames:
        places = [(file, line) for file, line in frames if is_learners(file)]
        message = "Your code took too long, and had to be stopped from outside: an endless loop, or one huge operation?"
        if places:
            file, line = places[0]
            message += f"\n    {Path(file).name}, line {line}: {linecache.getline(file, line).strip()}"
        return "timeout", message
    last = clean(words.strip().rpartition("\n")[2])
    message = f"The Python process ended with exit code {code}: did your code end it, or use up the memory?"
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
        exercises = [*map(find, ids)] or source.exercises_in(cells, catalogue())
        if not exercises:
            none = f"{path} holds none of the exercises: {', '.join(identifiers())}."
            tell("refused", "\n".join([*source.survey(cells).problems, none]))
            return
        wanted = tuple(name for exercise in exercises for name in exercise.defines)
        loaded = source.load(cells, wanted)
        faulthandler.cancel_dump_traceback_later()
        chosen = [exercise.id for exercise in exercises]
        tell("loaded", {"ids": chosen, "problems": loaded.problems, "notes": loaded.notes})
        for exercise in exercises:
            seconds = float(limit) if limit else exercise.time_limit
            engine = functools.partial(Local, loaded.namespace, seconds, exercise.defines)
            tell("exercise", asdict(blank(exercise)))
            run(
                exercise,
                make_student=lambda case, engine=engine: Student(engine()),
                before=lambda seconds=seconds: hard_limit(_HARD * seconds),
                after=lambda outcome: tell("outcome", asdict(outcome)),
            )
            faulthandler.cancel_dump_traceback_later()
        tell("end", None)
