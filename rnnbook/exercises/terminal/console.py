"""What `rnnbook check` says in a terminal: how far it is, then one exercise in full, and a line for each."""

import contextlib
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from rnnbook.exercises.display import begun, overview, terminal
from rnnbook.exercises.errors import ExerciseError
from rnnbook.exercises.report import Report
from rnnbook.exercises.terminal import progress
from rnnbook.exercises.terminal.process import check_file
from rnnbook.exercises.terminal.watch import watch as on_save

NEXT = 0  # as the number of a hint: the one that was not shown yet


def check(file: Path, exercise: str | None, hint: int | None, out: Console, err: Console) -> int:
    """Checks a file and shows what came of it.

    Args:
        file: the learner's.
        exercise: the only one to check; None for all in the file.
        hint: the number of a hint to show, `NEXT`, or None for none.
        out: takes the reports.
        err: takes what is said meanwhile, and trouble.

    Returns:
        The exit code: 0 when all tests pass, else 1.

    Raises:
        ExerciseError: nothing could be checked.
    """
    with said(err) as tell:
        checked = check_file(file, [exercise] if exercise else [], tell=tell)
    reports = checked.reports
    trouble = [*checked.problems, progress.record(reports)]
    working_on = next_failing(reports) or reports[0]
    if hint is not None:
        working_on.with_hint(hint)  # raises where there is no such hint
        number, note = progress.hint(working_on, hint)
        index = reports.index(working_on)
        reports[index] = working_on = working_on.with_hint(number)
        trouble.append(note)
    for line in filter(None, trouble):
        err.print(line, markup=False)
    for note in checked.notes:
        err.print(note, markup=False, style="dim")
    if len(reports) == 1 or not working_on.passed or hint is not None:
        out.print(terminal(working_on, f"rnnbook check {shlex.quote(str(file))}", out.width))
    if len(reports) > 1:
        if not working_on.passed:
            out.print()
        out.print(overview(reports, working_on))
    return 0 if all(report.passed for report in reports) else 1


def watch(file: Path, exercise: str | None, out: Console, err: Console) -> int:
    """Checks a file now and at each save, until Ctrl-C; gives the last exit code.

    Raises:
        ExerciseError: there is no such folder.
    """
    code = 2
    if not file.parent.is_dir():
        raise ExerciseError(f"There is no folder {file.parent}.")

    def turn() -> None:
        nonlocal code
        if out.is_terminal:
            out.clear()
        out.print(Text(f"{time.strftime('%H:%M:%S')}  {file}", style="bold"))
        try:
            code = check(file, exercise, None, out, err)
        except ExerciseError as error:  # half-written, or away for a moment: the next save will tell
            code = 2
            err.print(str(error), markup=False)
        out.print(Text("\nWatching: save the file to check it again; Ctrl-C leaves.", style="italic"))

    on_save(file, turn)
    return code


def next_failing(reports: Sequence[Report]) -> Report | None:
    """The exercise to work on: the first that fails though it was begun, else the first that was not begun."""
    failing = [report for report in reports if not report.passed]
    return next(filter(begun, failing), failing[0] if failing else None)


@contextlib.contextmanager
def said(err: Console) -> Iterator[Callable[[str], None]]:
    """Gives a function that says, on a terminal, how far something is: one line, which goes away at the end."""
    if not err.is_terminal:
        yield lambda line: None
        return
    with err.status(Text("Reading")) as status:
        yield lambda line: status.update(Text(line))
