"""One learner's code takes the tests of one exercise, as an examination is taken: in one room, while all is well.

The child that has loaded the code stays for all tests, as a notebook's kernel does under `check`. After a test that ran
into a limit, or ended the child, the next one has a new child, so that none suffers for another.
"""

import time
from collections.abc import Callable

import pytest

from rnnbook.exercises.catalogue import Exercise
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.report import Outcome, Report
from rnnbook.exercises.run import run
from rnnbook.exercises.source import Cell
from rnnbook.exercises.student import Student
from rnnbook.grading.errors import SandboxError
from rnnbook.grading.remote import Remote

_PATIENCE = 6  # tests that may run out of time before the others of the exercise are not run


class Sitting:
    """The tests of an exercise, run once.

    Args:
        exercise: the exercise.
        cells: the learner's code.
        modules: helper modules beside it.
        loading: seconds that its definitions may take.
        make_child: gives a new child.
        seed: gives the seed of a test case's random numbers, and with "learner" of those of the learner's code.
    """

    def __init__(
        self,
        exercise: Exercise,
        cells: tuple[Cell, ...],
        modules: dict[str, str],
        loading: float,
        make_child: Callable[[], Remote],
        seed: Callable[[str, str], int],
    ):
        self.notes: list[str] = []
        self._exercise = exercise
        self._cells = cells
        self._modules = modules
        self._loading = loading
        self._make_child = make_child
        self._seed = seed
        self._child: Remote | None = None
        self._refused: LearnerError | None = None
        self._fault: SandboxError | None = None

    def report(self) -> Report:
        """Runs the tests.

        Raises:
            SandboxError: the sandbox failed.
        """
        try:
            report = run(
                self._exercise,
                self._student,
                _PATIENCE,
                after=self._after,
                seed=lambda case: self._seed(case, "tests"),
            )
        finally:
            self._leave()
        if self._fault:
            raise self._fault
        return report

    def _student(self, case: str) -> Student:
        if self._fault:
            pytest.skip("the sandbox has failed")
        if self._refused:
            raise self._refused
        try:
            if self._child is None:
                self._child = self._make_child()
                self._load()
            self._child.begin(self._seed(case, "learner"))
            return Student(self._child)
        except LearnerError as error:  # it will be the same in every test
            self._refused = LearnerError(f"Your definitions cannot be run. {error}", error.status)
            raise self._refused from None
        except SandboxError as error:
            self._fault = error
            pytest.skip("the sandbox has failed")

    def _load(self) -> None:
        start = time.monotonic()
        seed = self._seed("definitions", "learner")
        loaded = self._child.load(self._cells, self._exercise.defines, self._modules, self._loading, seed)
        self.notes = [note for kind in ("problems", "notes") for note in loaded[kind] if isinstance(note, str)]
        if time.monotonic() - start >= self._loading:
            raise LearnerError("\n".join(self.notes[:3]), "timeout")

    def _after(self, outcome: Outcome) -> None:
        if self._child and self._child.spent:
            self._leave()

    def _leave(self) -> None:
        if self._child:
            self._child, child = None, self._child
            try:
                child.close()
            except SandboxError as error:
                self._fault = error
