"""What a statement does with the names of its module: which it binds, which it needs, which it changes.

The rules of scope are Python's: a parameter called `loss` has nothing to do with the notebook's `loss`.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from rnnbook.exercises.source.scopes import ScopeVisitor, bound_by_name

ANY = "*"  # the name of what may be any name: a star import, exec of unknown code, globals()[unknown]

_DYNAMIC = {"globals", "eval", "exec"}  # what finds a name by a string
_PARTS = {"parameters", "named_parameters", "modules", "children", "values", "items"}  # methods that give parts
_FIXED = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.Tuple, ast.unaryop, ast.operator, ast.expr_context)
_DEEP = 20_000  # Python's own calls take no room on the stack of the process
_CODE = re.compile(r"\b(?:def|class|lambda|import)\s|\w\s*=")
_DEFINITION = re.compile(r"\b(?:def|class)\s+(\w+)|^[ \t]*+(\w+)[ \t]*=(?!=)", re.MULTILINE)
_NAME = re.compile(r"[^\W\d]\w*")


@dataclass
class Names:
    """What a statement does with the module's names.

    Args:
        binds: names that it binds or deletes when it runs, ANY for unknown ones.
        reads: names that it needs, then or when its functions are called.
        imports: those of `binds` that it imports.
        defines: those of `binds` that it defines by `def` or `class`.
        changes: objects that it changes when it runs: pairs of a name and what is done, "=" for setting a part of it,
            "method" for the call of that method of it; with a "!" before it when nothing else is done with the value.
        passes: calls that stand alone: the function's name, and by position or keyword the names handed to it.
        calls: names that it calls when it runs, in calls that stand alone and as decorators.
        effects: as `changes`, for what its functions bind or change when they are called.
        patches: parameters (positions and keywords) of which its function sets a part.
        fixed: those of `binds` that it binds to a number, a string, or another value that nothing can change.
        aliases: pairs of a name that it binds and the name of what may be the same object, or a part of it.
        dynamic: it finds names by strings that it may compute.
    """

    binds: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    defines: set[str] = field(default_factory=set)
    changes: set[tuple[str, str]] = field(default_factory=set)
    passes: list[tuple[str, dict[int | str, str]]] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    effects: set[tuple[str, str]] = field(default_factory=set)
    patches: set[int | str] = field(default_factory=set)
    fixed: set[str] = field(default_factory=set)
    aliases: set[tuple[str, str]] = field(default_factory=set)
    dynamic: bool = False


def names_of(statement: ast.stmt) -> Names:
    """What a statement at the top level of a module does with the module's names."""
    visitor = _Visitor()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEEP))
    try:
        visitor.visit(statement)
    except RecursionError:
        return Names()  # nobody writes such a thing; without it, no name is needed
    finally:
        sys.setrecursionlimit(limit)
    names = visitor.names
    if names.dynamic or ANY in names.binds or "sys" in names.reads:
        strings = identifiers_in_strings(statement)
        names.reads |= strings
        if ANY in names.binds:
            names.binds |= strings
    return names


def dotted(node: ast.expr) -> str:
    """`a.b.c` as text; empty for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _roots(node: ast.expr) -> Iterator[str]:
    """The names of objects of which this expression is one, or a part: `a` for a.b[0].c, also for vars(a)["b"]."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value):
            yield from _roots(value)
        case ast.Call(func=ast.Attribute() as function):
            yield from _roots(function)
        case ast.Call(args=arguments):
            for argument in arguments:
                yield from _roots(argument)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _roots(part)
        case ast.NamedExpr(target=target):
            yield from _roots(target)


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def code_in_strings(node: ast.AST) -> tuple[set[str], set[str]]:
    """The names that strings in the code may define, and may use, if one of them is run by `exec`."""
    codes = [text for text in _strings(node) if _CODE.search(text)]
    defined = {name for text in codes for match in _DEFINITION.finditer(text) for name in match.groups() if name}
    return defined, {name for text in codes for name in _NAME.findall(text)}


def identifiers_in_strings(node: ast.AST) -> set[str]:
    """The strings in the code that may be names."""
    return {text for text in _strings(node) if text.isidentifier()}


def _strings(node: ast.AST) -> Iterator[str]:
    return (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))


class _Visitor(ScopeVisitor):
    """Gathers the names of one top-level statement."""

    def __init__(self):
        super().__init__()
        self.names = Names()

    def read(self, name: str) -> None:
        """Notes a name that is needed, unless the statement binds it before."""
        if self.is_global(name):
            self.names.dynamic |= name in _DYNAMIC
            if name not in self.surely:
                self.names.reads.add(name)

    def bind_at_once(self, name: str) -> None:
        """Notes it."""
        self.names.binds.add(name)

    def bind_later(self, name: str) -> None:
        """Notes it, and that the function needs whatever else binds the name."""
        self.names.effects.add((name, "="))
        self.names.reads.add(name)

    def called(self, function: ast.expr) -> None:
        """Notes the name of what is called."""
        if not self.later:
            self.names.calls.add(dotted(function))

    def target(self, target: ast.expr, value: ast.expr | None) -> None:
        """Notes what is changed, or gets another name."""
        super().target(target, value)
        if isinstance(target, ast.Attribute | ast.Subscript):
            self._change(target, "=")
        elif isinstance(target, ast.Name) and value and not self.scopes:
            self.names.aliases |= {(target.id, root) for root in _same(value)}
            if isinstance(value, ast.Lambda) or all(isinstance(part, _FIXED) for part in ast.walk(value)):
                self.names.fixed.add(target.id)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Notes what is imported."""
        super().visit_Import(node)
        if not self.scopes:
            self.names.imports |= {*bound_by_name(node)}
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            self.names.binds.add(ANY)

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """Notes what is defined."""
        if not self.scopes:
            self.names.defines.add(node.name)
        getattr(super(), f"visit_{type(node).__name__}")(node)

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef

    def _change(self, node: ast.expr, how: str) -> None:
        """Notes that a part of what the expression stands for is changed."""
        if isinstance(node, ast.Subscript | ast.Attribute) and how == "=" and self._sets_global(node):
            return
        for name in _roots(node):
            if self.is_global(name):
                (self.names.effects if self.later else self.names.changes).add((name, how))
            elif how == "=" and len(self.scopes) == 1 and name in self.scopes[0].parameters:
                self.names.patches |= {name, self.scopes[0].parameters.index(name)}

    def _sets_global(self, target: ast.expr) -> bool:
        """Notes what `globals()["x"] = ...` and `sys.modules[__name__].x = ...` bind."""
        match target:
            case ast.Subscript(value=ast.Call(func=ast.Name(id="globals" | "vars" | "locals"), args=[]), slice=key):
                name = _text(key) or ANY
            case ast.Attribute(value=value, attr=name) if self._is_module(value):
                pass
            case _:
                return False
        self._bind_global(name)
        return True

    def _is_module(self, node: ast.expr) -> bool:
        match node:
            case ast.Subscript(value=modules, slice=ast.Name(id="__name__")):
                return dotted(modules) == "sys.modules"
            case ast.Call(func=function, args=[ast.Name(id="__name__")]):
                return dotted(function) in ("importlib.import_module", "__import__")
        return False

    def _bind_global(self, name: str) -> None:
        if self.later:
            self.names.effects.add((name, "="))
        else:
            self.names.binds.add(name)

    # Calls

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call):
            self._standing_alone(call)
        self.visit(node.value)

    def _standing_alone(self, call: ast.Call) -> None:
        name = dotted(call.func)
        if isinstance(call.func, ast.Attribute):
            self._change(call.func, f"!{call.func.attr}")
        if self.later:
            return
        arguments = [*enumerate(call.args), *((keyword.arg or ANY, keyword.value) for keyword in call.keywords)]
        handed = {key: root for key, value in arguments if not isinstance(value, ast.Call) for root in _roots(value)}
        self.names.calls.add(name)
        self.names.passes.append((name, handed))

    def visit_Call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[thing, name, *_]):
                if self._is_module(thing):
                    self._bind_global(_text(name) or ANY)
                else:
                    self._change(thing, "=")
            case ast.Call(func=ast.Name(id="exec"), args=[code, *places]):
                self._exec(code, places)
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="globals" | "vars"), args=[])) as method):
                if method.attr in ("update", "setdefault", "__setitem__", "pop"):
                    self._bind_global(ANY)
                    for keyword in node.keywords:
                        self._bind_global(keyword.arg or ANY)
            case ast.Call(func=ast.Attribute(attr=method) as function):
                self._change(function, method)
        self.generic_visit(node)

    def _exec(self, code: ast.expr, places: list[ast.expr]) -> None:
        if places and not (isinstance(places[0], ast.Call) and dotted(places[0].func) in ("globals", "locals")):
            self._change(places[0], "=")
            return
        if self.later and not places:
            return  # it binds local names
        self._bind_global(ANY)
        defined, used = code_in_strings(code)
        for name in defined:
            self._bind_global(name)
        self.names.reads |= used


def _same(value: ast.expr) -> Iterator[str]:
    """The names of what the value may be, be a part of, or hold the parameters of (an optimizer)."""
    match value:
        case ast.Name() | ast.Attribute() | ast.Subscript():
            yield from _roots(value)
        case ast.Call(func=function, args=arguments):
            if isinstance(function, ast.Attribute) and function.attr in _PARTS:
                yield from _roots(function)
            for argument in arguments:
                match argument:
                    case ast.List():
                        yield from _roots(argument)
                    case ast.Call(func=ast.Attribute(attr=method) as inner) if method in _PARTS:
                        yield from _roots(inner)
