import ast

import pytest

from rnnbook.exercises.source.names import ANY, code_in_strings, dotted, names_of


def names(code):
    (statement,) = ast.parse(code).body
    return names_of(statement)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("A.b = c", {("A", "=")}),
        ("A.b.c[0].d = 1", {("A", "=")}),
        ("A[0] += 1", {("A", "=")}),
        ("del A[0]", {("A", "=")}),
        ("A.b, c = d", {("A", "=")}),
        ("for A.b in c: pass", {("A", "=")}),
        ("with a as B.c: pass", {("B", "=")}),
        ("setattr(A, 'b', c)", {("A", "=")}),
        ("setattr(A.b, name, c)", {("A", "=")}),
        ("vars(A)['b'] = c", {("A", "=")}),
        ("getattr(A, 'b').c = d", {("A", "=")}),
        ("exec('b = 1', A)", {("A", "=")}),
        ("x = A.pop()", {("A", "pop")}),
        ("A.b.append(c)", {("A", "append"), ("A", "!append")}),
        ("print(A.items())", {("A", "items")}),
        ("if x: A.add(1)", {("A", "add"), ("A", "!add")}),
        ("class B:\n    A.b = 1", {("A", "=")}),
        ("def f(): A.b = 1", set()),
        ("B(A).c = 1", {("A", "=")}),
    ],
)
def test_changes(code, changes):
    assert names(code).changes == changes


def test_what_functions_do_when_they_are_called():
    found = names(
        "def f(a, b, *, c):\n    global d\n    d = 1\n    E[0] = 2\n    g.pop()\n    a.x = 1\n    c[0] = 1\n    b.y()"
    )
    assert found.effects == {("d", "="), ("E", "="), ("g", "pop"), ("g", "!pop")}
    assert found.patches == {"a", 0, "c", 2}
    assert found.changes == set()
    assert found.reads == {"d", "E", "g"}


def test_calls_that_stand_alone_and_what_they_are_given():
    found = names("if x: a.b(c, d.e, *f, g=h[0], i=3, j=k())")
    assert found.calls == {"a.b"}
    assert found.passes == [("a.b", {0: "c", 1: "d", 2: "f", "g": "h"})]
    assert names("x = f(a)").passes == []
    assert names("@a\n@b(1)\ndef f(): pass").calls == {"a", "b"}
    assert names("class A(B): pass").calls == {"B"}


@pytest.mark.parametrize(
    ("code", "binds"),
    [
        ("globals()['f'] = 1", {"f"}),
        ("globals()[name] = 1", {ANY}),
        ("globals().update(f=1)", {ANY, "f"}),
        ("for n in ('f', 'g'): globals()[n] = 1", {ANY, "n", "f", "g"}),
        ("setattr(sys.modules[__name__], 'f', 1)", {"f"}),
        ("sys.modules[__name__].f = 1", {"f"}),
        ("setattr(importlib.import_module(__name__), name, 1)", {ANY}),
        ("exec(code)", {ANY}),
        ("exec('def f(): return g()')", {ANY, "f"}),
        ("exec('f = 1', globals())", {ANY, "f"}),
        ("def make(): exec('f = 1')", {"make"}),
        ("from a import *", {ANY}),
        ("from __future__ import annotations", {ANY, "annotations"}),
    ],
)
def test_names_bound_by_strings(code, binds):
    assert names(code).binds >= binds
    assert names(code).binds - binds <= {"f", "make"}


def test_names_found_by_strings():
    assert names("def f(): return globals()['g']()").reads >= {"g"}
    assert names("def f(): return globals()['g']()").dynamic
    assert names("def f(): return getattr(sys.modules[__name__], 'g')").reads >= {"g"}
    assert not names("def f(): return 'g'").dynamic
    assert names("exec('def f(): return g()')").reads >= {"g"}


def test_code_in_strings():
    node = ast.parse("x = '''\ndef f(): return g\nclass A: pass\n  y = h == 1\n''' + 'no code here'")
    defined, used = code_in_strings(node)
    assert defined == {"f", "A", "y"}
    assert {"g", "h"} <= used
    assert "code" not in used


def test_what_is_fixed_and_what_is_the_same():
    assert names("a = b = -3 * 2, 'text', None").fixed == {"a", "b"}
    assert names("a = lambda x: x").fixed == {"a"}
    assert names("a = [1]").fixed == names("a = b").fixed == set()
    assert names("a = b.c[0]").aliases == {("a", "b")}
    assert names("a = SGD(b.parameters(), lr=1)").aliases == {("a", "b")}
    assert names("a = SGD([b, c], lr=1)").aliases == {("a", "b"), ("a", "c")}
    assert names("for p in b.parameters(): pass").aliases == {("p", "b")}
    assert names("a = f(b)").aliases == set()


def test_imports_and_definitions_are_told_apart():
    found = names("try:\n    import a\n    from b import c\nexcept ImportError:\n    def d(): import e")
    assert found.imports == {"a", "c"}
    assert found.defines == {"d"}
    assert found.binds == {"a", "c", "d"}


def test_dotted():
    assert dotted(ast.parse("a.b.c", mode="eval").body) == "a.b.c"
    assert dotted(ast.parse("a().b", mode="eval").body) == ""


def test_deep_code_is_no_crash():
    assert names("x = " + "y + " * 500 + "1").reads == {"y"}
