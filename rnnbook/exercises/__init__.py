"""Exercises: their tests, and what runs and reports them.

`check("rnn-cell")` in a notebook, `rnnbook check FILE` in a terminal. By idea:

    catalogue   which exercises there are          run        pytest, apart from the learner's settings
    student     the fixture that the tests see     report     what a check found
    local       the learner's code behind it       display    showing that
    values      what may pass between the two      source/    reading a learner's file, and running what it defines
    guard       time limit, the learner's errors   terminal/  `rnnbook check`, `progress`, `pack`
    compare     assertions that name mistakes      publish    the learners' notebooks from solutions/
    seeds       random numbers, kept apart         warmup     what a process that forks does first
"""

import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnbook.exercises.report import Report


def check(id: str, namespace: dict | None = None, hint: int = 0) -> "Report":
    """Checks your code against the tests of an exercise, and keeps your best marks for `rnnbook progress`.

    Args:
        id: the exercise, such as "rnn-cell".
        namespace: where your names are; by default the notebook, or the module, that calls.
        hint: also show this hint: 1 for the first.

    Returns:
        A report, which a notebook displays.

    Raises:
        ExerciseError: there is no such exercise or hint.
    """
    from rnnbook.exercises.catalogue import find
    from rnnbook.exercises.local import Local
    from rnnbook.exercises.run import run
    from rnnbook.exercises.student import Student
    from rnnbook.exercises.terminal import progress

    if namespace is None:
        namespace = sys._getframe(1).f_globals
    exercise = find(id)
    report = run(exercise, lambda case: Student(Local(namespace, exercise.time_limit, exercise.defines)))
    if note := progress.record([report]):
        warnings.warn(note, stacklevel=2)
    return report.with_hint(hint)
