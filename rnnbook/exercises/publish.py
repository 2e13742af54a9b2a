"""Makes the learner's notebook from a solutions notebook: solutions become stubs, outputs go."""

import json
import re
from pathlib import Path

from rnnbook.exercises.catalogue import require
from rnnbook.exercises.errors import ExerciseError
from rnnbook.exercises.source import Cell, exercises_checked
from rnnbook.files import put

_BEGIN, _END = "# BEGIN SOLUTION", "# END SOLUTION"
_STUB = 'raise NotImplementedError("Write your code here.")'
_KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def learners_notebook(path: Path) -> str:
    """The text of the learner's notebook, the same bytes for the same solutions.

    Args:
        path: the solutions notebook.

    Raises:
        ExerciseError: a marker without its partner, an unknown exercise, a cell id that is missing or occurs twice.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [_published(cell, path) for cell in notebook["cells"]]
    ids = [cell["id"] for cell in cells]
    if twice := {id for id in ids if ids.count(id) > 1}:
        raise ExerciseError(f"{path}: the cell id {min(twice)} occurs twice.")
    for id in exercises_checked([Cell(path.name, cell["source"]) for cell in cells if cell["cell_type"] == "code"]):
        try:
            require(id)
        except ExerciseError as error:
            raise ExerciseError(f"{path}: {error}") from None
    for cell in cells:
        cell["source"] = cell["source"].splitlines(keepends=True)
    published = {"cells": cells, "metadata": _KERNEL, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(published, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def strip_solutions(code: str, where: str) -> str:
    """Code with each solution replaced by a line that raises NotImplementedError, at the same indent.

    Raises:
        ExerciseError: a marker without its partner.
    """
    lines, inside = [], False
    for number, line in enumerate(code.splitlines(), 1):
        if line.strip() in (_BEGIN, _END):
            if inside == (line.strip() == _BEGIN):
                raise ExerciseError(f"{where}, line {number}: `{line.strip()}` without its partner.")
            inside = not inside
            if inside:
                lines.append(re.match(r"\s*", line)[0] + _STUB)
        elif not inside:
            lines.append(line)
    if inside:
        raise ExerciseError(f"{where}: `{_BEGIN}` without `{_END}`.")
    return "\n".join(lines)


def publish(root: Path) -> list[Path]:
    """Writes `exercises/*.ipynb` from `solutions/*.ipynb`, and removes those whose solutions are gone.

    Args:
        root: the repository.

    Returns:
        The notebooks written or removed: those that were not current.
    """
    changed = outdated(root)
    for path in changed:
        solutions = root / "solutions" / path.name
        if not solutions.exists():
            path.unlink()
            continue
        put(path, learners_notebook(solutions))
    return changed


def outdated(root: Path) -> list[Path]:
    """The notebooks in `exercises/` that differ from what `solutions/` gives, missing and left-over ones included."""
    solutions = sorted((root / "solutions").glob("*.ipynb"))
    if not solutions:
        raise ExerciseError(f"There are no notebooks in {root / 'solutions'}: run this in the repository's root.")
    wanted = [root / "exercises" / path.name for path in solutions]
    differ = [exercise for path, exercise in zip(solutions, wanted, strict=True) if not is_current(path, exercise)]
    return differ + sorted({*(root / "exercises").glob("*.ipynb")} - {*wanted})


def is_current(solutions: Path, exercise: Path) -> bool:
    """Whether the learner's notebook is what the solutions notebook gives."""
    wanted = learners_notebook(solutions).encode()
    return exercise.exists() and exercise.read_bytes() == wanted


def _published(cell: dict, path: Path) -> dict:
    """A cell without outputs, counts, solutions and all metadata but its tags."""
    code = "".join(cell["source"])
    kind = cell["cell_type"]
    if "id" not in cell:
        raise ExerciseError(f"{path}: a cell has no id. Save the notebook with a current Jupyter.")
    tags = cell["metadata"].get("tags")
    new = {"cell_type": kind, "id": cell["id"], "metadata": {"tags": tags} if tags else {}, "source": code}
    if kind == "code":
        new |= {"execution_count": None, "outputs": [], "source": strip_solutions(code, f"{path}, cell {cell['id']}")}
    return new
