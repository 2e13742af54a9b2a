"""Python's rules of scope: walks through a statement and tells which names in it are the module's own."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Scope:
    """A function's, class's or comprehension's own names.

    Args:
        kind: "function", "class" or "comprehension".
        names: its local names; a class gathers them as it goes.
        outside: names that it declares global or nonlocal.
        parameters: a function's, in order.
    """

    kind: str
    names: set[str]
    outside: set[str] = field(default_factory=set)
    parameters: tuple[str, ...] = ()


def function_scope(node: ast.AST) -> Scope:
    """The scope of a function: its parameters, and what its own code binds, nested functions and classes apart."""
    arguments = node.args
    ordered = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    others = [*arguments.kwonlyargs, *filter(None, (arguments.vararg, arguments.kwarg))]
    names, outside = {*ordered, *(argument.arg for argument in others)}, set()
    left = [*node.body] if isinstance(node.body, list) else [node.body]
    while left:
        part = left.pop()
        match part:
            case ast.Global(names=declared) | ast.Nonlocal(names=declared):
                outside.update(declared)
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
        names.update(bound_by_name(part))
        if isinstance(part, _COMPREHENSIONS):
            left += [inner.target for inner in ast.walk(part) if isinstance(inner, ast.NamedExpr)]
        elif isinstance(part, (*_FUNCTIONS, ast.ClassDef)):
            left += [*getattr(part, "decorator_list", ())]
        else:
            left += ast.iter_child_nodes(part)
    return Scope("function", names, outside, (*ordered, *(argument.arg for argument in others)))


def bound_by_name(node: ast.AST) -> Iterable[str]:
    """The names that a node binds other than by an `ast.Name`."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Import(names=aliases):
            return [alias.asname or alias.name.partition(".")[0] for alias in aliases]
        case ast.ImportFrom(names=aliases):
            return [alias.asname or alias.name for alias in aliases]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return [name]
        case ast.MatchMapping(rest=str(name)):
            return [name]
    return []


class ScopeVisitor(ast.NodeVisitor):
    """Visits a statement at the top level of a module, keeping track of scopes and of what has surely been bound.

    A subclass says what is to be done with the module's names: `read`, `bind_at_once` and `bind_later` (by a function
    that declares the name global), and may extend `target` and `called`.
    """

    def __init__(self):
        self.scopes: list[Scope] = []
        self.surely: set[str] = set()  # names of the module that the statement has bound by now, whatever happened

    def read(self, name: str) -> None:
        """A name is read."""

    def bind_at_once(self, name: str) -> None:
        """The statement itself binds a name of the module."""

    def bind_later(self, name: str) -> None:
        """A function in the statement will bind a name of the module when it is called."""

    def called(self, function: ast.expr) -> None:
        """Something is called without its being written as a call: a decorator, a base class."""

    def target(self, target: ast.expr, value: ast.expr | None) -> None:
        """Something is bound to, or as part of, the target."""
        match target:
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self.target(part, value)
            case ast.Starred(value=part):
                self.target(part, value)
            case ast.Name(id=name):
                self.bind(name)
            case _:
                self.visit(target)

    def is_global(self, name: str) -> bool:
        """Whether the name means the module's here."""
        for distance, scope in enumerate(reversed(self.scopes)):
            if name in scope.outside:
                continue
            if name in scope.names and (scope.kind != "class" or distance == 0):
                return False
        return True

    @property
    def later(self) -> bool:
        """Whether the code here runs only when a function is called."""
        return any(scope.kind == "function" for scope in self.scopes)

    def bind(self, name: str) -> None:
        """A name is bound here."""
        scope = next((scope for scope in reversed(self.scopes) if scope.kind != "comprehension"), None)
        if scope and name not in scope.outside:
            scope.names.add(name)
        elif not self.later:
            self.bind_at_once(name)
            self.surely.add(name)
        elif self.is_global(name):
            self.bind_later(name)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.read(node.id)
        else:
            self.bind(node.id)

    # Definitions

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._decorated(node)
        self._signature(node)
        self.bind(node.name)
        self._function(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._signature(node)
        self._function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._decorated(node)
        for base in (*node.bases, *node.keywords):
            self.visit(base)
        for base in node.bases:
            self.called(base)
        if not self.scopes:
            self.bind(node.name)  # its methods may name it
        declared = {name for part in node.body if isinstance(part, ast.Global) for name in part.names}
        self.scopes.append(Scope("class", {part.name for part in getattr(node, "type_params", ())}, declared))
        for part in node.body:
            self.visit(part)
        self.scopes.pop()
        self.bind(node.name)

    def _decorated(self, node: ast.AST) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
            self.called(decorator.func if isinstance(decorator, ast.Call) else decorator)

    def _signature(self, node: ast.AST) -> None:
        arguments = node.args
        for part in (*arguments.defaults, *filter(None, arguments.kw_defaults)):
            self.visit(part)
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        annotations = [parameter.annotation for parameter in parameters if parameter]
        for annotation in filter(None, [*annotations, getattr(node, "returns", None)]):
            self.visit(annotation)

    def _function(self, node: ast.AST) -> None:
        scope = function_scope(node)
        scope.names |= {part.name for part in getattr(node, "type_params", ())}
        self.scopes.append(scope)
        for part in node.body if isinstance(node.body, list) else [node.body]:
            self.visit(part)
        self.scopes.pop()

    def _comprehension(self, node: ast.AST) -> None:
        first, *others = node.generators
        self.visit(first.iter)
        targets = {
            name.id for inner in node.generators for name in ast.walk(inner.target) if isinstance(name, ast.Name)
        }
        self.scopes.append(Scope("comprehension", targets))
        for part in (*first.ifs, *(part for other in others for part in (other.iter, *other.ifs))):
            self.visit(part)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        self.scopes.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    # Statements that bind

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for name in bound_by_name(node):
            self.bind(name)

    visit_ImportFrom = visit_Import

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.target(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value:
            self.visit(node.value)
            self.target(node.target, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self.read(node.target.id)
        self.target(node.target, None)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.target(node.target, node.value)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.read(target.id)
            self.target(target, None)

    # Statements with branches: what only one of them binds is not surely bound afterwards

    def _branches(self, *branches: list[ast.AST]) -> None:
        before, after = self.surely, []
        for branch in branches:
            self.surely = {*before}
            for part in branch:
                self.visit(part)
            after.append(self.surely)
        self.surely = set.intersection(*after)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._branches(node.body, node.orelse)

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._branches([*node.body, *node.orelse], [])

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        before = {*self.surely}
        self.target(node.target, node.iter)
        for part in (*node.body, *node.orelse):
            self.visit(part)
        self.surely = before

    visit_AsyncFor = visit_For

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars:
                self.target(item.optional_vars, item.context_expr)
        for part in node.body:
            self.visit(part)

    visit_AsyncWith = visit_With

    def visit_Try(self, node: ast.Try) -> None:
        self._branches([*node.body, *node.orelse], *([handler] for handler in node.handlers))
        for part in node.finalbody:
            self.visit(part)

    visit_TryStar = visit_Try

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        self._branches(*([case] for case in node.cases), [])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        for name in bound_by_name(node):
            self.bind(name)
        self.generic_visit(node)

    def _pattern(self, node: ast.pattern) -> None:
        for name in bound_by_name(node):
            self.bind(name)
        self.generic_visit(node)

    visit_MatchAs = visit_MatchStar = visit_MatchMapping = _pattern

    def visit_TypeAlias(self, node: ast.AST) -> None:
        self.bind(node.name.id)
        self.scopes.append(Scope("function", {part.name for part in node.type_params}))
        self.visit(node.value)
        self.scopes.pop()
