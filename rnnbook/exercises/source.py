"""Reads a learner's notebook or Python file, and runs what it defines."""

import ast
import json
import linecache
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from rnnbook.exercises.errors import ExerciseError, LearnerError

if TYPE_CHECKING:
    from rnnbook.exercises.catalogue import Exercise

# Calls that stand alone, loops and `with` blocks are experiments: only what defines names is run.
_DEFINING = (
    *(ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.Try),
)
_MAGIC = re.compile(r"(\s*)(?:[%!].*|[\w.]+\?\??\s*)")
_PYTHON_CELL_MAGIC = re.compile(r"\s*%%(?:time|capture)\b.*")
_CHECK = re.compile(r"""\bcheck\(\s*["']([\w-]+)["']""")
_SECONDS = 30.0  # for running all definitions


@dataclass(frozen=True)
class Cell:
    """One piece of code, with the name that tracebacks give it."""

    name: str
    code: str


@dataclass(frozen=True)
class Loaded:
    """What came of running a file's definitions.

    Args:
        namespace: the names that it defines.
        problems: for each cell that could not be run to its end, a line that says why.
    """

    namespace: dict
    problems: tuple[str, ...]


def read(path: str | Path) -> list[Cell]:
    """The code cells of a notebook, or the one cell that a Python file is.

    Raises:
        ExerciseError: the file cannot be read, in one line that says what to do.
    """
    path = Path(path)
    if path.is_dir():
        raise ExerciseError(f"{path} is a folder: name the notebook in it.")
    if path.suffix not in (".ipynb", ".py"):
        raise ExerciseError(f"{path} is neither a notebook (.ipynb) nor a Python file (.py).")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ExerciseError(f"There is no file {path}: is it saved, and are you in its folder?") from None
    except UnicodeDecodeError:
        raise ExerciseError(f"{path} is not text in UTF-8: save it again with the encoding UTF-8.") from None
    except OSError as error:
        raise ExerciseError(f"{path} could not be read: {error.strerror}.") from None
    if not text.strip():
        raise ExerciseError(f"{path} is empty: is it saved?")
    cells = [Cell(path.name, text)] if path.suffix == ".py" else _cells(path, text)
    for cell in cells:
        linecache.cache[cell.name] = (len(cell.code), None, cell.code.splitlines(keepends=True), cell.name)
    return cells


def exercises_checked(cells: list[Cell]) -> list[str]:
    """The exercises that `check("...")` names in the code, in order."""
    return list(dict.fromkeys(id for cell in cells for id in _CHECK.findall(cell.code)))


def exercises_in(cells: list[Cell], namespace: dict, known: list["Exercise"]) -> list["Exercise"]:
    """The exercises that the code checks or whose names it defines, in the code's order; imported ones come last."""
    code = "\n".join(cell.code for cell in cells)

    def place(exercise: "Exercise") -> int:
        definition = rf"\b(?:def|class)\s+(?:{'|'.join(exercise.defines)})\b"
        found = re.search(rf"""{definition}|\bcheck\(\s*["']{exercise.id}["']""", code)
        return found.start() if found else len(code)

    checked = exercises_checked(cells)
    present = [e for e in known if e.id in checked or any(name in namespace for name in e.defines)]
    return sorted(present, key=place)


def load(cells: list[Cell]) -> Loaded:
    """Runs the imports, assignments, functions and classes of the cells, each cell as far as it goes.

    Magics and shell commands are left out; so are calls that stand alone, such as plots and checks.
    """
    from rnnbook.exercises.guard import Guard

    module = ModuleType("submission")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    guard = Guard(_SECONDS)
    problems = []
    for cell in cells:
        try:
            code = compile(_definitions(cell), cell.name, "exec", dont_inherit=True)
            guard.run(lambda code=code: exec(code, module.__dict__))
        except SyntaxError as error:
            text = f": {error.text.strip()}" if error.text and error.text.strip() else ""
            problems.append(f"{cell.name}, line {error.lineno}: syntax error ({error.msg}){text}")
        except (ValueError, RecursionError, MemoryError) as error:
            problems.append(f"{cell.name}: not Python code ({error}).")
        except LearnerError as error:
            problems.append(f"{cell.name} stops half-way. {error}")
            if error.status == "timeout":
                break
    return Loaded(module.__dict__, tuple(problems))


def _cells(path: Path, text: str) -> list[Cell]:
    try:
        cells = json.loads(text)["cells"]
        codes = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ExerciseError(f"{path} is not a notebook of today's format: save it again in Jupyter.") from None
    if not any(code.strip() for code in codes):
        raise ExerciseError(f"{path} has no code: is it saved?")
    return [Cell(f"{path.name}, code cell {number}", code) for number, code in enumerate(codes, 1)]


def _definitions(cell: Cell) -> ast.Module:
    tree = _parse(cell)
    tree.body = [statement for statement in tree.body if isinstance(statement, _DEFINING)]
    return tree


def _parse(cell: Cell) -> ast.Module:
    """The cell's syntax tree; Jupyter's own notation becomes `pass`, so that lines keep their numbers."""
    code = cell.code
    if code.lstrip().startswith("%%") and not _PYTHON_CELL_MAGIC.match(code):
        return ast.parse("")  # another language
    lines = code.split("\n")
    while True:
        try:
            return ast.parse("\n".join(lines), cell.name)
        except SyntaxError as error:
            at = (error.lineno or 0) - 1
            magic = _MAGIC.fullmatch(lines[at]) if 0 <= at < len(lines) else None
            if not magic:
                raise
            lines[at] = f"{magic[1]}pass"
