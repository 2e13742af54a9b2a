"""The submissions that prove the exercises' tests: `submissions/ID.py`, each cell of it an answer.

Where the answers of an exercise share much, its first cell is "given": a right answer to the parts that most of them
leave as they are. It goes before each of the others, which define again what they do otherwise.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from rnnbook.exercises.catalogue import identifiers

ROOT = Path(__file__).parents[1]
HEADER = re.compile(r"^# %% (\w+): (.+)$\n?", re.MULTILINE)


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


def cells(path: Path) -> list[tuple[str, str, dict[str, str], str]]:
    """The cells of a file: "# %% mutant: NAME | says: WORDS" and its code give the kind, name, other parts and code."""
    pieces = HEADER.split(path.read_text(encoding="utf-8"))[1:]
    found = []
    for kind, header, code in zip(*[iter(pieces)] * 3, strict=True):
        name, *parts = header.split(" | ")
        found.append((kind, name, dict(part.split(": ", 1) for part in parts), code))
    return found


def file_of(id: str) -> Path:
    """The file with an exercise's submissions."""
    return ROOT / "tests" / "submissions" / f"{id}.py"


def submissions(id: str) -> list[Submission]:
    """All submissions of an exercise."""
    path = file_of(id)
    found = cells(path) if path.exists() else []
    given = "".join(code for kind, *_, code in found if kind == "given")
    return [
        Submission(id, kind, name, parts.get("says"), given + code)
        for kind, name, parts, code in found
        if kind != "given"
    ]


def of_kind(kind: str) -> list:
    """All submissions of a kind, as parameters of a test."""
    found = [submission for id in identifiers() for submission in submissions(id) if submission.kind == kind]
    return [pytest.param(submission, id=f"{submission.exercise}: {submission.name}") for submission in found]
