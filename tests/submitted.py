"""The submissions that prove the exercises' tests: `submissions/ID.py`, each cell of it a complete answer."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from rnnbook.exercises.catalogue import identifiers

ROOT = Path(__file__).parents[1]
HEADER = re.compile(r"^# %% (alternative|mutant): (.+?)(?: \| says: (.+))?$", re.MULTILINE)


@dataclass(frozen=True)
class Submission:
    """One cell.

    Args:
        exercise: whose answer it is.
        kind: "alternative", which is right, or "mutant".
        name: what is special about it.
        says: what the tests must say of a mutant.
        code: the answer.
    """

    exercise: str
    kind: str
    name: str
    says: str | None
    code: str


def file_of(id: str) -> Path:
    """The file with an exercise's submissions."""
    return ROOT / "tests" / "submissions" / f"{id}.py"


def submissions(id: str) -> list[Submission]:
    """All submissions of an exercise."""
    path = file_of(id)
    parts = HEADER.split(path.read_text(encoding="utf-8"))[1:] if path.exists() else []
    return [Submission(id, *parts[start : start + 4]) for start in range(0, len(parts), 4)]


def of_kind(kind: str) -> list:
    """All submissions of a kind, as parameters of a test."""
    found = [submission for id in identifiers() for submission in submissions(id) if submission.kind == kind]
    return [pytest.param(submission, id=f"{submission.exercise}: {submission.name}") for submission in found]
