"""A learner's notebook or Python file: read, looked over, and run.

Its parts, in the order in which they work:

    cells     code cells, from a file's bytes          slice     which statements the wanted names need
    syntax    a cell's statements                      load      running them
    scopes    which names in one are the module's      modules   importing what lies beside it
    names     what it does with them
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rnnbook.exercises.source.cells import Cell, cells_of, read
from rnnbook.exercises.source.load import Loaded, load
from rnnbook.exercises.source.names import ANY, code_in_strings, identifiers_in_strings
from rnnbook.exercises.source.slice import reduced
from rnnbook.exercises.source.syntax import parse

if TYPE_CHECKING:
    from rnnbook.exercises.catalogue import Exercise

__all__ = [
    "Cell",
    "Loaded",
    "Survey",
    "cells_of",
    "exercises_checked",
    "exercises_in",
    "load",
    "read",
    "reduced",
    "survey",
]

_CHECK = re.compile(r"""\bcheck\(\s*["']([\w-]+)["']""")


@dataclass(frozen=True)
class Survey:
    """What code says of itself.

    Args:
        defines: names that are bound at its top level, as far as can be seen.
        checked: identifiers of exercises in `check("...")`.
        twice: names that `def` or `class` defines more than once, and where.
        imports: modules that it imports anywhere, by their full names.
        problems: for each part that is no Python, a line that says why.
        notes: for each cell of which something is left out, a line that says what.
    """

    defines: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    twice: dict[str, tuple[str, ...]] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def survey(cells: Sequence[Cell]) -> Survey:
    """What the code defines, checks, defines twice and imports, by its syntax alone: nothing is run."""
    parsed = [parse(cell) for cell in cells]
    statements = [statement for part in parsed for statement in part.statements]
    bound = {}
    for names in (statement.names for statement in statements):
        bound |= dict.fromkeys(sorted(names.binds | {name for name, how in names.effects if how == "="}))
    if ANY in bound:
        for statement in statements:
            bound |= dict.fromkeys(sorted(code_in_strings(statement.node)[0] | identifiers_in_strings(statement.node)))
    places = defaultdict(list)
    for statement in statements:
        if isinstance(statement.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            places[statement.node.name].append(f"{statement.cell}, line {statement.start[0]}")
    return Survey(
        defines=tuple(name for name in bound if name != ANY),
        checked=tuple(exercises_checked(cells)),
        twice={name: tuple(where) for name, where in places.items() if len(where) > 1 and name != "_"},
        imports=tuple(dict.fromkeys(name for statement in statements for name in _imports(statement.node))),
        problems=tuple(problem for part in parsed for problem in part.problems),
        notes=tuple(note for part in parsed for note in part.notes),
    )


def _imports(node: ast.stmt) -> Iterator[str]:
    """The modules, and those names from a module that may be modules themselves."""
    for part in ast.walk(node):
        if isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)
        elif isinstance(part, ast.ImportFrom):
            base = "." * part.level + (part.module or "")
            yield base
            yield from (f"{base.rstrip('.')}.{alias.name}".lstrip(".") for alias in part.names if not part.module)


def exercises_checked(cells: Sequence[Cell]) -> list[str]:
    """The exercises that `check("...")` names in the code, in order."""
    return list(dict.fromkeys(id for cell in cells for id in _CHECK.findall(cell.code)))


def exercises_in(cells: Sequence[Cell], known: list["Exercise"]) -> list["Exercise"]:
    """The exercises that the code checks or whose names it defines, in the code's order; imported ones come last."""
    code = "\n".join(cell.code for cell in cells)
    found = survey(cells)

    def place(exercise: "Exercise") -> int:
        definition = rf"\b(?:def|class)\s+(?:{'|'.join(exercise.defines)})\b"
        match = re.search(rf"""{definition}|\bcheck\(\s*["']{exercise.id}["']""", code)
        return match.start() if match else len(code)

    present = [e for e in known if e.id in found.checked or {*e.defines} & {*found.defines}]
    return sorted(present, key=place)
