"""Plain uses of what an exercise forbids, or none needs: shown to the instructor for review, never scored.

Whoever wants to hide a call in Python can. This finds what is written plainly: by import, alias, attribute, `getattr`
with a fixed name, or as a base class, in code that the asked names need.
"""

import ast
import builtins
import functools
import inspect
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rnnbook.exercises.display import clean
from rnnbook.exercises.source.cells import Cell
from rnnbook.exercises.source.names import ANY
from rnnbook.exercises.source.slice import needed
from rnnbook.exercises.source.syntax import Statement, parse
from rnnbook.grading.types import Flag

# What honest answers do without: other processes, the interpreter's insides, the grader itself.
_SUSPICIOUS = (
    *("builtins.eval", "builtins.exec", "builtins.compile", "builtins.open", "builtins.__import__"),
    *("atexit", "ctypes", "faulthandler", "gc", "mmap", "multiprocessing", "pickle", "signal", "socket", "subprocess"),
    *("os._exit", "os.abort", "os.environ", "os.exec", "os.fork", "os.kill", "os.popen", "os.posix_spawn", "os.system"),
    *("sys._current_frames", "sys._getframe", "sys.meta_path", "sys.setprofile", "sys.settrace", "inspect.stack"),
    *("inspect.currentframe", "inspect.getouterframes", "threading.setprofile", "threading.settrace", "unittest.mock"),
    *(
        "rnnbook.exercises",
        "rnnbook.grading",
        "pytest",
        "_pytest",
        "torch._C",
        "torch._VF",
        "torch.ops",
        "torch.testing",
    ),
)
_SUSPICIOUS_ATTRIBUTES = {
    *("__globals__", "__subclasses__", "__builtins__", "__torch_function__", "__torch_dispatch__", "__reduce__"),
    *("__reduce_ex__", "__instancecheck__", "__subclasscheck__", "__code__", "__closure__"),
    *("f_back", "f_globals", "f_locals", "tb_frame", "gi_frame", "cr_frame"),
}
_BASES = ("torch.Tensor", "numpy.ndarray", "builtins.float", "builtins.int", "builtins.str")  # to subclass these is odd
_MOST = 50  # flags of one exercise
_SHOWN = 120  # characters of a line


def flags(
    cells: Sequence[Cell],
    forbidden: tuple[str, ...],
    wanted: tuple[str, ...] = (),
    modules: Mapping[str, str] | None = None,
) -> tuple[Flag, ...]:
    """What an instructor should look at in the code.

    Args:
        cells: the code.
        forbidden: full names, such as "torch.nn.RNN", which stand for all below them too; "torch.Tensor.softmax" is the
            method of any object.
        wanted: names that are asked for: only code that they need is looked at; without any, all code.
        modules: helper modules that the code may import: names and code.
    """
    modules = modules or {}
    statements = [statement for cell in cells for statement in parse(cell).statements]
    statements = needed(statements, wanted) if wanted else statements
    lines = {cell.name: cell.code.replace("\r\n", "\n").replace("\r", "\n").split("\n") for cell in cells}
    for name in _imported(statements, modules):
        cell = Cell(f"{name.replace('.', '/')}.py", modules[name])
        statements += parse(cell).statements
        lines[cell.name] = cell.code.split("\n")
    finder = _Finder(statements, forbidden, wanted, modules)
    found = {}
    for statement in statements:
        for what, line in finder.find(statement.node):
            text = lines[statement.cell][line - 1].strip()[:_SHOWN] if line <= len(lines[statement.cell]) else ""
            found[Flag(clean(what), clean(f"{statement.cell}, line {line}: {text}"))] = None
    return tuple(found)[:_MOST]


def _imported(statements: Iterable[Statement], modules: Mapping[str, str]) -> list[str]:
    """The helper modules that the statements import, and those that these import."""
    names, left = {}, [statement.node for statement in statements]
    while left:
        for node in ast.walk(left.pop()):
            match node:
                case ast.Import(names=aliases):
                    candidates = [alias.name for alias in aliases]
                case ast.ImportFrom(module=module, names=aliases):
                    candidates = [
                        module or "",
                        *(f"{module}.{alias.name}" if module else alias.name for alias in aliases),
                    ]
                case _:
                    continue
            for name in candidates:
                if name in modules and name not in names:
                    names[name] = None
                    left += [statement.node for statement in parse(Cell(name, modules[name])).statements]
    return [*names]


class _Finder:
    """Knows what the names in some code stand for, and finds what should be looked at."""

    def __init__(
        self,
        statements: list[Statement],
        forbidden: tuple[str, ...],
        wanted: tuple[str, ...],
        modules: Mapping[str, str],
    ):
        self._forbidden = forbidden
        self._objects = _objects((*forbidden, *_SUSPICIOUS))
        self._methods = {
            name.removeprefix("torch.Tensor."): name for name in forbidden if name.startswith("torch.Tensor.")
        }
        self._wanted = wanted
        self._modules = modules
        self._meanings = defaultdict(dict)  # name: full names
        self._stars = []
        self._own = {name for statement in statements for name in statement.names.binds - statement.names.imports}
        for _ in range(2):  # an alias of an alias may stand before it
            for statement in statements:
                self._learn(statement.node)

    def _learn(self, statement: ast.stmt) -> None:
        for node in ast.walk(statement):
            match node:
                case ast.Import(names=aliases):
                    for alias in aliases:
                        first = alias.name.partition(".")[0]
                        self._meanings[alias.asname or first][alias.name if alias.asname else first] = None
                case ast.ImportFrom(module=str(module), names=aliases, level=0):
                    for alias in aliases:
                        if alias.name == ANY:
                            self._stars.append(module)
                        else:
                            self._meanings[alias.asname or alias.name][f"{module}.{alias.name}"] = None
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    for meaning in self._full(value):
                        if len(self._meanings[name]) < 10:
                            self._meanings[name][meaning] = None

    def find(self, statement: ast.stmt) -> Iterator[tuple[str, int]]:
        """What to look at in a statement, and on which line."""
        left = [(statement, "uses")]
        while left:
            node, verb = left.pop()
            if what := self._named(node, verb):
                yield what, node.lineno
                if isinstance(node, ast.Attribute | ast.Name):
                    continue
            children = []
            match node:
                case ast.Call():
                    children.append((node.func, "calls"))
                case ast.ClassDef():
                    children += [(base, "subclasses") for base in node.bases]
            taken = {id(child) for child, _ in children}
            children += [(child, "uses") for child in ast.iter_child_nodes(node) if id(child) not in taken]
            left += reversed(children)

    def _named(self, node: ast.AST, verb: str) -> str | None:
        """What the node does that should be looked at, in a few words."""
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                return self._import(node, aliases)
            case ast.FunctionDef(name=name) if name in _SUSPICIOUS_ATTRIBUTES:
                return f"defines {name}"
            case ast.Attribute(attr=name) if name in _SUSPICIOUS_ATTRIBUTES:
                return f"uses {name}"
            case ast.Attribute(ctx=ast.Store()):
                return next((f"changes {name}" for name in self._full(node) if not self._is_own(name)), None)
            case ast.Call(func=ast.Name(id="setattr"), args=[thing, *_]):
                return next((f"changes {name}" for name in self._full(thing) if not self._is_own(name)), None)
        if not isinstance(node, ast.expr):
            return None
        for name in self._full(node):
            if verb == "subclasses" and name in _BASES:
                return f"subclasses {name}"
            if shown := self._matching(name):
                return f"{verb} {shown}"
        if verb == "calls" and isinstance(node, ast.Attribute) and not [*self._full(node)]:
            own = isinstance(node.value, ast.Name) and (node.value.id == "self" or node.value.id in self._own)
            return f"calls {self._methods[node.attr]}" if node.attr in self._methods and not own else None
        return None

    def _import(self, node: ast.Import | ast.ImportFrom, aliases: list[ast.alias]) -> str | None:
        """An import alone does nothing, unless it is of the grader's insides, or is the answer itself."""
        base = f"{node.module}." if isinstance(node, ast.ImportFrom) and node.module else ""
        for alias in aliases:
            name = base + alias.name
            if (alias.asname or alias.name) in self._wanted and (shown := self._matching(name)):
                return f"imports {shown}"
            if _below(name, ("rnnbook.exercises", "rnnbook.grading", "_pytest")):
                return f"imports {name}"
        return None

    def _matching(self, name: str) -> str | None:
        """The name as it should be shown, if it is a forbidden or suspicious one."""
        if _below(name, self._forbidden):
            return name
        parts = name.split(".")
        for size in range(len(parts), 1, -1):  # torch.os._exit is os._exit
            if (thing := _object(".".join(parts[:size]))) is not None and id(thing) in self._objects:
                return ".".join([self._objects[id(thing)], *parts[size:]])
        return name if _below(name, _SUSPICIOUS) or name.startswith(("os.exec", "os.spawn", "os.fork")) else None

    def _is_own(self, name: str) -> bool:
        return name.partition(".")[0] in self._modules or name in self._own

    def _full(self, node: ast.AST) -> Iterator[str]:
        """The full names that an expression may stand for."""
        match node:
            case ast.Name(id=name):
                if name in self._meanings:
                    yield from [*self._meanings[name]]
                elif name not in self._own:
                    yield from (f"{m}.{name}" for m in self._stars if _object(f"{m}.{name}") is not None)
                    if hasattr(builtins, name):
                        yield f"builtins.{name}"
            case ast.Attribute(value=value, attr=part):
                yield from (f"{name}.{part}" for name in self._full(value))
            case ast.Subscript(value=ast.Attribute(value=value, attr="__dict__"), slice=key):
                yield from self._joined(value, key)
            case ast.Subscript(value=ast.Call(func=ast.Name(id="vars"), args=[value]), slice=key):
                yield from self._joined(value, key)
            case ast.Subscript(value=ast.Attribute(attr="modules") as modules, slice=key) if text := _text(key):
                if "sys.modules" in self._full(modules):
                    yield text
            case ast.Call(func=ast.Name(id="getattr"), args=[value, key, *_]):
                yield from self._joined(value, key)
            case ast.Call(func=function, args=[key, *_]) if text := _text(key):
                called = {*self._full(function)}
                if "importlib.import_module" in called:
                    yield text
                elif "builtins.__import__" in called:
                    yield text.partition(".")[0]

    def _joined(self, value: ast.expr, key: ast.expr) -> Iterator[str]:
        if text := _text(key):
            yield from (f"{name}.{text}" for name in self._full(value))


def _below(name: str, above: Iterable[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in above)


def _text(node: ast.expr) -> str:
    """The string that an expression of fixed strings gives; empty for any other."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left) and _text(right) and _text(left) + _text(right)
    return ""


@functools.cache
def _objects(names: tuple[str, ...]) -> dict[int, str]:
    """The names by the identity of what they stand for, where that is imported already."""
    return {id(thing): name for name in names if (thing := _object(name)) is not None}


def _object(name: str) -> object | None:
    """What a full name stands for in a module that is imported already; nothing is imported or called."""
    parts = name.split(".")
    for size in range(len(parts), 0, -1):
        if module := sys.modules.get(".".join(parts[:size])):
            thing = module
            for part in parts[size:]:
                thing = inspect.getattr_static(thing, part, None)
            return thing
    return None
