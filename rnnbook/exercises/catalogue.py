"""The exercises by identifier: what each one asks for, and where its tests are."""

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from rnnbook.exercises.errors import ExerciseError
from rnnbook.nearest import suggest

TESTS = Path(__file__).parent / "tests"


@dataclass(frozen=True)
class Exercise:
    """One exercise; its tests are the `test_` functions of the module that defines it.

    Args:
        id: identifier, such as "rnn-cell"; the module is then `tests/test_rnn_cell.py`.
        chapter: file name of the chapter's notebook without its suffix, such as "02_rnn".
        title: what the learner builds, in a few words.
        defines: names of the functions and classes that the learner must write.
        hints: from a nudge to nearly the answer; shown one at a time, on demand.
        time_limit: seconds that the learner's code may take in one test.
    """

    id: str
    chapter: str
    title: str
    defines: tuple[str, ...]
    hints: tuple[str, ...] = ()
    time_limit: float = 5.0

    @property
    def path(self) -> Path:
        """The file with the tests."""
        return TESTS / f"test_{self.id.replace('-', '_')}.py"

    @property
    def tests(self) -> dict[str, Callable]:
        """The test functions by name, in the order of the file."""
        members = inspect.getmembers(_module(self.id), inspect.isfunction)
        tests = [(name, function) for name, function in members if name.startswith("test_")]
        return dict(sorted(tests, key=lambda test: test[1].__code__.co_firstlineno))

    @property
    def points(self) -> int:
        """What full marks are."""
        return sum(test.points for test in self.tests.values())


def points(number: int) -> Callable[[Callable], Callable]:
    """Decorates a test with what it is worth; a parametrised test earns it when all its cases pass."""
    if type(number) is not int or number < 1:
        raise ValueError(f"A test is worth a whole number of points, at least 1, not {number!r}.")

    def mark(test: Callable) -> Callable:
        test.points = number
        return test

    return mark


def identifiers() -> list[str]:
    """All exercise identifiers, from the file names alone: nothing is imported."""
    return sorted(path.stem.removeprefix("test_").replace("_", "-") for path in TESTS.glob("test_*.py"))


def require(id: str) -> None:
    """Raises ExerciseError when no exercise has this identifier; suggests the nearest."""
    known = identifiers()
    if id in known:
        return
    hint = suggest(id, known, quote='"')
    raise ExerciseError(f'There is no exercise "{id}". {hint}')


def find(id: str) -> Exercise:
    """The exercise with this identifier.

    Raises:
        ExerciseError: no exercise has this identifier.
    """
    require(id)
    return _module(id).EXERCISE


def catalogue() -> list[Exercise]:
    """All exercises, chapter by chapter."""
    return sorted(map(find, identifiers()), key=lambda exercise: (exercise.chapter, exercise.id))


def _module(id: str) -> ModuleType:
    return importlib.import_module(f"rnnbook.exercises.tests.test_{id.replace('-', '_')}")
