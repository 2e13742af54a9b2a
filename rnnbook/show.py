"""The source of a function, class or module as a highlighted block, straight from where it lives."""

import ast
import inspect
import re
import textwrap
from pathlib import Path
from types import ModuleType

from IPython.display import display


class Source:
    """A piece of Python source that a notebook shows as a highlighted code block."""

    def __init__(self, code: str):
        self.code = code

    def _repr_markdown_(self) -> str:
        fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", self.code))])
        return f"{fence}python\n{self.code}\n{fence}"

    def __repr__(self) -> str:
        return self.code


def show(*things, docstring: bool = True) -> None:
    """Displays the source of each thing, with a first line that names its file.

    Args:
        things: functions, methods, properties, classes or modules.
        docstring: False leaves docstrings out, where the text around says the same.

    Raises:
        TypeError: a thing has no Python source, because it is compiled or an instance.
    """
    for thing in things:
        display(source(thing, docstring=docstring))


def source(thing, *, docstring: bool = True) -> Source:
    """The source of one thing, as `show` displays it."""
    if isinstance(thing, property):
        thing = thing.fget
    thing = inspect.unwrap(thing)  # what a decorator has wrapped, which may live elsewhere
    try:
        lines, number = inspect.getsourcelines(thing)
    except (TypeError, OSError) as error:
        raise TypeError(f"{_name(thing)} has no Python source to show: {_remedy(thing)}") from error
    code = textwrap.dedent("".join(lines)).strip("\n")
    if not docstring:
        code = without_docstrings(code)
    return Source(f"# {_place(thing, number)}\n{code}")


def without_docstrings(code: str) -> str:
    """The code without its docstrings; comments and layout stay. A body that was nothing else becomes `...`."""
    lines = code.splitlines()
    definitions = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, definitions) or ast.get_docstring(node, clean=False) is None:
            continue
        doc, *rest = node.body
        first, last = doc.lineno - 1, doc.end_lineno - 1
        alone = not lines[first][: doc.col_offset].strip() and not lines[last].encode()[doc.end_col_offset :].strip()
        if not alone:
            continue
        indent = " " * doc.col_offset
        keep = [] if rest or isinstance(node, ast.Module) else [indent + "..."]
        while rest and last + 1 < len(lines) and not lines[last + 1].strip():
            last += 1  # the blank line between docstring and code
        lines[first : last + 1] = keep + [None] * (last + 1 - first - len(keep))  # later line numbers stay valid
    return "\n".join(line for line in lines if line is not None)


def _place(thing, number: int) -> str:
    """Where the thing lives, such as `rnnbook/layers.py, line 40`."""
    module = thing if isinstance(thing, ModuleType) else inspect.getmodule(thing)
    if module is None or module.__name__ == "__main__":
        return "this notebook"
    file = Path(inspect.getsourcefile(thing))
    depth = module.__name__.count(".") + 1 + (file.name == "__init__.py")
    path = "/".join(file.parts[-depth:])
    return f"{path}, line {number}" if number else path


def _name(thing) -> str:
    return getattr(thing, "__qualname__", getattr(thing, "__name__", "")) or f"{type(thing).__name__} {thing!r:.40}"


def _remedy(thing) -> str:
    if hasattr(thing, "__name__"):
        return "it is compiled, or its file is gone; help() shows what it does"
    return f"show takes a function, class or module; for this object, try show({type(thing).__name__})"
