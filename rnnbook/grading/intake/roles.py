"""Which of a learner's files are sources, which are helper modules, and which are neither.

The code is searched and not parsed: it may be made to crash a parser.
"""

import functools
import posixpath
import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import PathFinder

from rnnbook.exercises.source import Cell, exercises_checked
from rnnbook.grading.intake.files import kind

_SETTINGS = {"conftest.py", "sitecustomize.py", "usercustomize.py", "pytest.ini", "tox.ini", "setup.cfg", "setup.py"}
_SETTINGS |= {"pyproject.toml", "noxfile.py"}
_BINARY = (".pth", ".so", ".pyc", ".pyd", ".dll", ".dylib")
_TEST = re.compile(r"(?:.*/)?(?:tests?/.*|test_[^/]*\.py|[^/]*_test\.py)", re.IGNORECASE)
# [ \t] and no \s, which runs over empty lines: the time would grow with their number's square.
_IMPORT = re.compile(r"^[ \t]*(?:import[ \t]+([\w., \t]+)|from[ \t]+(\w+)[\w.]*[ \t]+import\b)", re.MULTILINE)
_BINDS = re.compile(
    r"^(?:(?:async[ \t]+def|def|class)[ \t]+(\w+)|(\w+)[ \t]*[:=]"
    r"|from[ \t]+[\w.]+[ \t]+import[ \t]*(\([^()]*\)|[^\n]*))",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Roles:
    """What each file is for.

    Args:
        sources: paths of the code with exercises; Python files first.
        modules: pairs of a name to import and a path.
        notes: a line for each file that is neither.
    """

    sources: tuple[str, ...]
    modules: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def left_out(path: str) -> str:
    """Why a file is not even read: it would set up a test run, or run by itself; "" for all others."""
    name = posixpath.basename(path).lower()
    if name in _SETTINGS or name.endswith(_BINARY):
        return f"{path} was left out: a submission brings no settings and no compiled code."
    return f"{path} was left out: a submission brings no tests." if _TEST.fullmatch(path) else ""


def roles(code: Mapping[str, str]) -> Roles:
    """Sorts a submission's files by what they are for.

    A notebook is a source. A Python file is one when it checks an exercise or defines a name that an exercise asks for,
    or when there is nothing else. A Python file that another file imports is a helper module; it may be both.

    Args:
        code: the text of each notebook and Python file by its path.
    """
    notebooks = sorted(path for path in code if kind(path) == "notebook")
    scripts = sorted(path for path in code if kind(path) == "python")
    names = {path: [*_module_names(path, code)] for path in scripts}
    notes = []
    if len(code) > 1:
        for path in [path for path in scripts if names[path] and all(map(is_taken, names[path]))]:
            notes.append(f"{path} was left out: Python or an installed package has a module of this name.")
            scripts.remove(path)
    wanted = {path: _imports(code[path]) for path in [*notebooks, *scripts]}
    modules = [
        (name, path)
        for path in scripts
        for name in names[path]
        if not is_taken(name) and any(name.partition(".")[0] in wanted[other] for other in wanted if other != path)
    ]
    imported = {path for _, path in modules}
    in_notebooks = {name for path in notebooks for name in _binds(code[path])}
    sources = [path for path in scripts if _is_source(code[path], in_notebooks if path in imported else set())]
    if not sources and not notebooks:
        sources = [path for path in scripts if path not in imported] or scripts
    for path in scripts:
        if path not in sources and path not in imported:
            notes.append(f"{path} was left out: it defines no name of an exercise, and no other file imports it.")
    return Roles((*sources, *notebooks), tuple(sorted(dict(reversed(modules)).items())), tuple(notes))


@functools.lru_cache(10_000)
def is_taken(name: str) -> bool:
    """Whether Python's library or an installed package has a module of this name."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == "rnnbook":
        return True
    spec = PathFinder.find_spec(top, [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    return spec is not None and spec.loader is not None


def _module_names(path: str, code: Mapping[str, str]) -> Iterator[str]:
    """The names under which a Python file can be imported: seen from the top, and from each folder with a notebook."""
    tops = {""} | {posixpath.dirname(other) for other in code if kind(other) == "notebook"}
    for top in sorted(tops):
        if path.startswith(f"{top}/" if top else ""):
            inner = path[len(top) :].lstrip("/").rpartition(".")[0].removesuffix("/__init__")
            if all(part.isidentifier() for part in inner.split("/")):
                yield inner.replace("/", ".")


def _imports(code: str) -> set[str]:
    """The first part of each module's name that the code imports."""
    found = set()
    for several, one in _IMPORT.findall(code):
        found |= {re.split(r"[ \t.]", name.strip())[0] for name in several.split(",")} | {one}
    return found - {""}


def _is_source(code: str, elsewhere: set[str]) -> bool:
    """Whether a Python file checks an exercise, or binds the name of one that is not bound elsewhere."""
    return bool(exercises_checked([Cell("", code)]) or (_binds(code) & _asked()) - elsewhere)


def _binds(code: str) -> set[str]:
    """Names that the code binds at its top level, as far as a search can tell."""
    found = set()
    for define, assign, taken in _BINDS.findall(code):
        found |= {define, assign, *re.findall(r"\w+", taken)}
    return found - {""}


@functools.cache
def _asked() -> set[str]:
    """The names that exercises ask for."""
    from rnnbook.exercises.catalogue import catalogue

    return {name for exercise in catalogue() for name in exercise.defines}
