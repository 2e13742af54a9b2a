"""What a mark follows from, as digests: the code of the package and of the tests, and the versions below them."""

import functools
import hashlib
import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from rnnbook.exercises.catalogue import TESTS
from rnnbook.grading.classroom.record import digest
from rnnbook.grading.types import Settings

_PACKAGE = Path(__file__).parents[2]


@functools.cache
def environment() -> dict[str, str]:
    """The package by its digest, and the versions of what computes. Machines that agree here give the same marks."""
    versions = {name: metadata.version(name) for name in ("numpy", "pytest", "torch")}
    return {"python": platform.python_version(), **versions, "rnnbook": package()}


@functools.cache
def package() -> str:
    """Digest of the installed package, all but the exercises' tests, which count one by one, and recorded runs."""
    return _digest(_PACKAGE, lambda path: not _is_test(path) and _PACKAGE / "recorded" not in path.parents)


@functools.cache
def tests(exercise: str, hidden: str | None) -> str:
    """Digest of the tests of an exercise.

    Args:
        exercise: its identifier.
        hidden: the folder of hidden tests. What else lies there belongs to every exercise, because tests may import it.
    """
    own = f"test_{exercise.replace('-', '_')}.py"
    found = [_digest(TESTS, lambda path: path.name == own)]
    if hidden:
        found.append(_digest(Path(hidden), lambda path: path.name == own or not _is_test(path)))
    return digest(found)


def grading(submission: str, exercise: str, settings: Settings) -> str:
    """The record's key for a submission's marks in an exercise: all that they follow from.

    Args:
        submission: the submission's digest.
        exercise: the exercise's identifier.
        settings: how it is graded.
    """
    return digest(["grading", submission, exercise, tests(exercise, settings.tests), *_ways(settings)])


def survey(submission: str, settings: Settings) -> str:
    """The record's key for which exercises a submission holds; each exercise says by which names it is known."""
    return digest(["survey", submission, _all_tests(settings.tests), *_ways(settings)])


def _ways(settings: Settings) -> list:
    secret = hashlib.sha256(settings.secret).hexdigest()
    return [environment(), settings.tier, settings.memory, settings.seconds, secret]


@functools.cache
def _all_tests(hidden: str | None) -> list[str]:
    return [_digest(Path(folder), _is_test) for folder in (TESTS, hidden) if folder]


def _is_test(path: Path) -> bool:
    return path.name.startswith("test_") and path.suffix == ".py"


def _digest(root: Path, wanted: Callable[[Path], bool]) -> str:
    """Digest of the wanted files in a folder, by their paths in it; caches and hidden files have no part in it."""
    content = {}
    for path in root.rglob("*"):
        place = path.relative_to(root)
        passing = any(part == "__pycache__" or part.startswith(".") for part in place.parts)
        if path.is_file() and not passing and wanted(path):
            content[place.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digest(content)
