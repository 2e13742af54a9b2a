"""Runs what a learner's code defines, statement by statement, so that one that fails costs no other."""

import __future__

import ast
import builtins
import functools
import operator
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.guard import Guard
from rnnbook.exercises.source.cells import Cell, show_lines
from rnnbook.exercises.source.modules import offer
from rnnbook.exercises.source.slice import needed
from rnnbook.exercises.source.syntax import Statement, compile_one, parse

# Without wanted names, calls that stand alone, loops and `with` blocks are experiments: only what defines is run.
_DEFINING = (
    *(ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.Try),
)
_SECONDS = 30.0  # for running all definitions
_SAID = 300  # characters of an error's message
_TOLD = 20  # problems that are told one by one
_MISSING = re.compile(r"name '(\w+)' is not defined")


@dataclass(frozen=True)
class Loaded:
    """What came of running a file's definitions.

    Args:
        namespace: the names that it defines.
        problems: for each statement that failed, and each cell that is no Python, a line that says why and where.
        notes: for each cell of which something was left out, a line that says what.
    """

    namespace: dict
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def load(
    cells: Sequence[Cell],
    wanted: tuple[str, ...] = (),
    modules: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> Loaded:
    """Runs the definitions in the cells, each by itself, in order.

    A statement that fails because a name is not defined yet is run again when all others have run: a notebook's cells
    may stand in another order than that in which they were run.

    Args:
        cells: the code.
        wanted: the names that are asked for: only what they need is run. Without any, all imports, assignments,
            functions and classes are, each cell's loops and calls left out.
        modules: helper modules that the code may import: names and code.
        seconds: how long all of it may take.
    """
    show_lines(cells)
    parsed = [parse(cell) for cell in cells]
    problems = [problem for part in parsed for problem in part.problems]
    notes = tuple(note for part in parsed for note in part.notes)
    statements = [statement for part in parsed for statement in part.statements]
    if wanted:
        statements = needed(statements, wanted)
    else:
        statements = [statement for statement in statements if isinstance(statement.node, _DEFINING)]

    module = ModuleType("submission")
    module.__builtins__ = vars(builtins) | {"display": _show_nothing, "get_ipython": _show_nothing}  # as in Jupyter
    module.__file__ = cells[0].name.partition(",")[0] if cells else ""
    sys.modules[module.__name__] = module  # dataclasses look their module up
    offer(modules or {})
    problems += _run(statements, module.__dict__, Guard(seconds or _SECONDS))
    if len(problems) > _TOLD:
        problems[_TOLD:] = [f"{len(problems) - _TOLD} more problems like these."]
    return Loaded(module.__dict__, tuple(problems), notes)


def _show_nothing(*args, **kwargs) -> None:
    """Stands for what Jupyter adds to Python."""


def _run(statements: list[Statement], namespace: dict, guard: Guard) -> list[str]:
    """Runs the statements; gives a problem for each that failed."""
    flags, problems, early = 0, {}, {}

    def attempt(number: int) -> bool:
        """Runs a statement; gives whether there is no sense in trying others."""
        problems.pop(number, None)
        early.pop(number, None)
        statement = statements[number]
        try:
            code = compile_one(statement, flags)
            guard.run(lambda: exec(code, namespace))
        except SyntaxError as error:  # such as a `return` outside a function, which the parser lets pass
            problems[number] = str(error)
        except LearnerError as error:
            problems[number] = _problem(statement, error)
            if missing := _MISSING.match(error.said):
                early[number] = missing[1]
            return error.status == "timeout"
        return False

    for number, statement in enumerate(statements):
        flags |= _future(statement.node)
        if attempt(number):
            return [*problems.values()]
    while ready := [number for number, name in early.items() if name in namespace]:
        for number in ready:
            later = set().union(
                *(statements[n].names.binds for n in range(number + 1, len(statements)) if n not in problems)
            )
            if statements[number].names.binds - later:
                if attempt(number):
                    return [*problems.values()]
            else:  # what it binds has been bound anew
                del early[number]
    return [problems[number] for number in sorted(problems)]


def _future(node: ast.stmt) -> int:
    """The compiler's flags that a `from __future__ import` sets."""
    if not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
        return 0
    features = (getattr(__future__, alias.name, None) for alias in node.names)
    return functools.reduce(operator.or_, (feature.compiler_flag for feature in features if feature), 0)


def _problem(statement: Statement, error: LearnerError) -> str:
    """One line: what went wrong, and the learner's own line."""
    *said, where = str(error).split("\n")
    if not where.startswith("    "):
        said, where = [*said, where], f"{statement.cell}, line {statement.start[0]}"
    return f"{' '.join(said)[:_SAID]} ({where.strip()})"
