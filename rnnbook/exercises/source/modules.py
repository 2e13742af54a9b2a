"""Makes a learner's helper modules importable from memory, after all others: a torch.py takes no other's place."""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Mapping
from types import ModuleType

from rnnbook.exercises.source.cells import Cell, show_lines

_imported: list[str] = []


def offer(modules: Mapping[str, str]) -> None:
    """Makes these modules importable, and those of an earlier call no longer.

    Args:
        modules: full names and code; what stands before a dot is a package.
    """
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    while _imported:
        sys.modules.pop(_imported.pop(), None)
    if modules:
        sys.meta_path.append(_Finder(modules))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds and loads modules whose code is in memory."""

    def __init__(self, modules: Mapping[str, str]):
        self._codes = {name: code for name, code in modules.items()}
        for name in modules:
            while name := name.rpartition(".")[0]:
                self._codes.setdefault(name, "")

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """See importlib."""
        if fullname not in self._codes:
            return None
        return importlib.machinery.ModuleSpec(
            fullname, self, origin=_file_of(fullname), is_package=self.is_package(fullname)
        )

    def is_package(self, fullname: str) -> bool:
        """Whether there are modules below this one."""
        return any(name.startswith(f"{fullname}.") for name in self._codes)

    def get_source(self, fullname: str) -> str:
        """The module's code."""
        return self._codes[fullname]

    def exec_module(self, module: ModuleType) -> None:
        """Runs the module."""
        name = module.__name__
        _imported.append(name)
        module.__file__ = _file_of(name)
        show_lines([Cell(module.__file__, self._codes[name])])
        exec(compile(self._codes[name], module.__file__, "exec", dont_inherit=True), module.__dict__)


def _file_of(name: str) -> str:
    return f"{name.replace('.', '/')}.py"
