"""The exercises by identifier: what each one asks for, and where its tests are."""

import functools
import importlib.util
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
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
        place: in that notebook, from 1; an instructor's own exercises come last.
        title: what the learner builds, in a few words.
        defines: names of the functions and classes that the learner must write.
        hints: from a nudge to nearly the answer; shown one at a time, on demand.
        time_limit: seconds that the learner's code may take in one test.
        forbidden: what would do the exercise's work, by full name, such as "torch.nn.RNN"; its use is shown to the
            instructor and changes no mark.
        extra: a file of the instructor's hidden tests; see `with_hidden`.
    """

    id: str
    chapter: str
    title: str
    defines: tuple[str, ...]
    place: int = 100
    hints: tuple[str, ...] = ()
    time_limit: float = 5.0
    forbidden: tuple[str, ...] = ()
    extra: Path | None = None

    @property
    def path(self) -> Path:
        """The file with the tests that everyone may see; an exercise of the instructor's own has none."""
        return TESTS / _file_name(self.id)

    @property
    def paths(self) -> list[Path]:
        """All files with tests."""
        return [path for path in (self.path, self.extra) if path and path.exists()]

    @property
    def tests(self) -> dict[str, Callable]:
        """The test functions by name, in the order of the files, hidden ones last."""
        public = _tests(_module(self.id)) if self.path.exists() else {}
        return public | self.hidden

    @property
    def hidden(self) -> dict[str, Callable]:
        """Those of the tests that are hidden."""
        return _tests(_import(self.extra)) if self.extra else {}

    @property
    def points(self) -> int:
        """What full marks are."""
        return sum(test.points for test in self.tests.values())


def points(number: int, per_case: bool = False) -> Callable[[Callable], Callable]:
    """Decorates a test with what it is worth; a parametrised test earns it when all its cases pass.

    Args:
        number: a whole number of points.
        per_case: each case earns `number` points by itself; then this decorator stands above `parametrize`.
    """
    if type(number) is not int or number < 1:
        raise ValueError(f"A test is worth a whole number of points, at least 1, not {number!r}.")

    def mark(test: Callable) -> Callable:
        cases = [len(mark.args[1]) for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
        if per_case and not cases:
            raise ValueError("Points per case need a parametrised test: write @points above @pytest.mark.parametrize.")
        test.points = number * math.prod(cases) if per_case else number
        test.points_of_a_case = number if per_case else 0
        return test

    return mark


def identifiers(folder: Path = TESTS) -> list[str]:
    """The exercises' identifiers, from the file names of a folder's tests alone: nothing is imported."""
    return sorted(path.stem.removeprefix("test_").replace("_", "-") for path in folder.glob("test_*.py"))


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
    """All exercises, as the chapters and their notebooks go."""
    return sorted(map(find, identifiers()), key=in_order)


def in_order(exercise: Exercise) -> tuple:
    """A key to sort by, as the chapters and their notebooks go."""
    return exercise.chapter, exercise.place, exercise.id


def with_hidden(folder: Path) -> list[Exercise]:
    """All exercises, with the hidden tests of a folder.

    A file `test_rnn_cell.py` there adds its tests to those of `rnn-cell`. A file whose name is no exercise's is an
    exercise of the instructor's own, and defines `EXERCISE`.

    Raises:
        ExerciseError: the folder or a file in it cannot be used; the message says why.
    """
    if not (ids := identifiers(folder)):
        raise ExerciseError(f"{folder} holds no tests: they are files such as test_rnn_cell.py.")
    return sorted(
        {exercise.id: exercise for exercise in [*catalogue(), *(_hidden(id, folder) for id in ids)]}.values(),
        key=in_order,
    )


def _hidden(id: str, folder: Path) -> Exercise:
    path = folder / _file_name(id)
    try:
        module = _import(path)
    except Exception as error:
        raise ExerciseError(f"{path} does not import: {type(error).__name__}: {error}") from None
    tests = _tests(module)
    known = id in identifiers()
    public = find(id).tests if known else {}
    if not known and getattr(getattr(module, "EXERCISE", None), "id", None) != id:
        raise ExerciseError(f'{path} is not of a known exercise: it needs EXERCISE = Exercise(id="{id}", ...).')
    for name, test in tests.items():
        if not test.__doc__ or not hasattr(test, "points"):
            raise ExerciseError(f"{path}: {name} needs a docstring, which the learner reads, and @points(...).")
        if name in public:
            raise ExerciseError(f"{path}: the exercise has a test {name} already: give the hidden one another name.")
    if not tests:
        raise ExerciseError(f"{path} holds no tests.")
    return replace(find(id) if known else module.EXERCISE, extra=path)


def _file_name(id: str) -> str:
    return f"test_{id.replace('-', '_')}.py"


def _tests(module: ModuleType) -> dict[str, Callable]:
    members = inspect.getmembers(module, inspect.isfunction)
    tests = [(name, function) for name, function in members if name.startswith("test_")]
    return dict(sorted(tests, key=lambda test: test[1].__code__.co_firstlineno))


def _module(id: str) -> ModuleType:
    return importlib.import_module(f"rnnbook.exercises.tests.test_{id.replace('-', '_')}")


@functools.cache
def _import(path: Path) -> ModuleType:
    """A module from its file; it stays out of sys.modules, where it could take another's place."""
    specification = importlib.util.spec_from_file_location(f"hidden_{path.stem}", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
