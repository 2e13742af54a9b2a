"""What a learner handed in, read: sources, helper modules, and a note on everything else."""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from rnnbook.exercises.errors import ExerciseError
from rnnbook.exercises.source import Cell, cells_of
from rnnbook.grading.intake import archive
from rnnbook.grading.intake.downloads import superseded
from rnnbook.grading.intake.files import MEMBERS, TOTAL, File, Refused, kind, mb
from rnnbook.grading.intake.names import clean_name
from rnnbook.grading.intake.roles import left_out, roles
from rnnbook.grading.types import Source

_ARCHIVES = 10  # are opened in one submission, those in archives included
_NESTED = 1  # an archive in an archive is opened, one in that is not
_CODE = 2**20  # characters of code in one submission; what a notebook shows does not count
_CELLS = 5000  # in one submission
_NOTES = 20  # are listed, more are counted


@dataclass(frozen=True)
class Contents:
    """What a learner handed in.

    Args:
        sources: Python files with exercises, then notebooks: where both define a name, the notebook comes later.
        modules: helper modules, pairs of a name to import and the code.
        notes: a line for each thing that was refused, left out, or read otherwise than it claims to be.
        problem: why there is no code at all; empty when there is.
    """

    sources: tuple[Source, ...] = ()
    modules: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""


def contents(files: Iterable[File]) -> Contents:
    """Reads a submission's files; archives among them are opened.

    Args:
        files: as they were handed in, with paths relative to the submission.
    """
    notes: list[str] = []
    try:
        cells = _read(_without_root(_opened([*files], notes)), notes)
    except Refused as why:
        return Contents(notes=_few(notes), problem=f"Nothing was read: the submission {why}.")
    found = roles({path: _code(cells[path]) for path in cells})
    notes += found.notes
    if not found.sources:
        problem = notes.pop(0) if notes else "There is no notebook (.ipynb) and no Python file (.py) in it."
        return Contents(notes=_few(notes), problem=problem)
    return Contents(
        sources=tuple(Source(path, tuple(cells[path])) for path in found.sources),
        modules=tuple((name, _code(cells[path])) for name, path in found.modules),
        notes=_few(notes),
    )


def _opened(files: list[File], notes: list[str]) -> list[File]:
    """The files, with those in archives in place of the archives."""
    plain: list[File] = []
    todo = [(file, 0) for file in reversed(files)]
    opened = size = 0
    while todo:
        if len(plain) + len(todo) > MEMBERS:
            raise Refused(f"holds more than {MEMBERS} files")
        file, depth = todo.pop()
        if file.refused or kind(file.path) != "archive":
            plain.append(file)
            continue
        opened += 1
        try:
            if depth > _NESTED:
                raise Refused("lies in an archive that lies in an archive")
            if opened > _ARCHIVES:
                raise Refused(f"is one of more than {_ARCHIVES} archives")
            inside = archive.unpack(file.path, file.read())
        except Refused as why:
            notes.append(_refusal(file.path, why))
            continue
        size += sum(below.size for below in inside if kind(below.path) and not below.refused)
        if size > TOTAL:
            raise Refused(f"unpacks to more than {mb(TOTAL)}")
        todo += [(below.at(f"{file.path}/{below.path}"), depth + 1) for below in reversed(inside)]
    return plain


def _without_root(files: list[File]) -> list[File]:
    """The files without the folders that all code lies in: learners know theirs as "02_rnn.ipynb"."""
    folders = [posixpath.dirname(file.path) for file in files if kind(file.path) and not file.refused]
    root = posixpath.commonpath(folders) if folders else ""
    return [file.at(file.path.removeprefix(f"{root}/")) for file in files] if root else files


def _read(files: list[File], notes: list[str]) -> dict[str, list[Cell]]:
    """The code of each notebook and Python file by its path."""
    cells: dict[str, list[Cell]] = {}
    size = number = 0
    for file in _readable(files, notes):
        if file.path in cells:
            notes.append(_refusal(file.path, "has the name of another file"))
            continue
        try:
            cells[file.path], more = _cells(file)
        except Refused as why:
            notes.append(_refusal(file.path, why))
            continue
        except ExerciseError as error:
            notes.append(clean_name(str(error), 300))
            continue
        notes += more
        size += len(_code(cells[file.path]))
        number += len(cells[file.path])
        if size > _CODE:
            raise Refused(f"holds more than {mb(_CODE)} of code, as when data is pasted into it")
        if number > _CELLS:
            raise Refused(f"holds more than {_CELLS} code cells")
    return cells


def _readable(files: list[File], notes: list[str]) -> list[File]:
    """The notebooks and Python files that will be read."""
    code = [file for file in files if kind(file.path) and not file.refused]
    if sum(file.size for file in code) > TOTAL:
        raise Refused(f"holds more than {mb(TOTAL)} of notebooks and Python files")
    older = superseded([file.path for file in code])
    readable, others = [], []
    for file in files:
        if file.refused:
            notes.append(_refusal(file.path, file.refused))
        elif ignored := left_out(file.path):
            notes.append(ignored)
        elif file.path in older:
            notes.append(f"{file.path} was left out: {older[file.path]} counts.")
        elif kind(file.path):
            readable.append(file)
        elif not file.path.endswith("/"):
            others.append(file.path)
    if others:
        more = f", nor were {len(others) - 1} others" if len(others) > 1 else ""
        notes.append(f"{others[0]} was not read{more}: it is no notebook, Python file, .zip or .tar.gz.")
    return readable


def _cells(file: File) -> tuple[list[Cell], tuple[str, ...]]:
    content = file.read()
    if not content.strip() and file.path.endswith("__init__.py"):
        return [Cell(file.path, "")], ()  # which makes its folder a package
    return cells_of(file.path, content)


def _code(cells: list[Cell]) -> str:
    return "\n".join(cell.code for cell in cells)


def _refusal(path: str, why: object) -> str:
    return f"{path} was not read: it {why}."


def _few(notes: list[str]) -> tuple[str, ...]:
    more = len(notes) - _NOTES
    return (*notes[:_NOTES], *([f"There are {more} more such notes."] if more > 0 else []))
