import ast

import pytest

from rnnbook.exercises.source.scopes import ScopeVisitor


class Recorder(ScopeVisitor):
    def __init__(self):
        super().__init__()
        self.found = {"reads": set(), "binds": set(), "later": set(), "surely": self.surely}

    def read(self, name):
        if self.is_global(name) and name not in self.surely:
            self.found["reads"].add(name)

    def bind_at_once(self, name):
        self.found["binds"].add(name)

    def bind_later(self, name):
        self.found["later"].add(name)


def found(code):
    recorder = Recorder()
    (statement,) = ast.parse(code).body
    recorder.visit(statement)
    return recorder.found | {"surely": recorder.surely}


@pytest.mark.parametrize(
    ("code", "reads", "binds"),
    [
        ("x = y", "y", "x"),
        ("x: T = y", "T y", "x"),
        ("x: T", "T", ""),
        ("x += y", "x y", "x"),
        ("a, (b, *c) = d", "d", "a b c"),
        ("a.b = c[d]", "a c d", ""),
        ("del a, b.c", "a b", "a"),
        ("(x := y)", "y", "x"),
        ("import a.b, c.d as e", "", "a e"),
        ("from a import b as c, d", "", "c d"),
        ("from a import *", "", "*"),
        ("def f(a, b=c, *d: e, g, **h) -> i: return a, b, d, g, h, j", "c e i j", "f"),
        ("def f(): return f", "", "f"),
        ("def f():\n    a = b\n    for c in a: d = c\n    return a, c, d", "b", "f"),
        (
            "def f():\n    import a\n    with b as c: pass\n    try: pass\n    except d as e: pass\n    return a, c, e",
            "b d",
            "f",
        ),
        ("def f():\n    def g(): return a\n    class H: b = a\n    return g, H", "a", "f"),
        ("def f():\n    a = 1\n    def g():\n        nonlocal a\n        a = 2\n    return g", "", "f"),
        (
            "def f():\n    match a:\n        case [b, *c] | {'d': b, **c}: return b, c\n        case e: return e",
            "a",
            "f",
        ),
        ("def f(): return [a for a in b if a for c in a]", "b", "f"),
        ("def f():\n    [x := a for a in b]\n    return x", "b", "f"),
        ("def f():\n    print(x)\n    [x := a for a in b]", "print b", "f"),
        ("f = lambda a, b=c: a + b + d", "c d", "f"),
        ("x = [a + b for a in c]", "b c", "x"),
        ("x = {a: b for a, b in c}", "c", "x"),
        ("[x := a for a in b]", "b", "x"),
        ("class A(B, metaclass=C):\n    d = e\n    f = d\n    def g(self): return d, A", "B C d e", "A"),
        ("class A:\n    a = a", "a", "A"),
        (
            "class A:\n    @property\n    def loss(self): pass\n    @loss.setter\n    def loss(self, x): pass",
            "property",
            "A",
        ),
        ("@a\n@b.c(d)\ndef f(): pass", "a b d", "f"),
        ("for i in a:\n    b = i\n    print(b)", "a print", "i b"),
        ("while a:\n    b = c", "a c", "b"),
        ("with a as b, c as d:\n    e = b", "a c", "b d e"),
        ("try:\n    a = 1\nexcept b as c:\n    a = c\nelse:\n    d = a\nfinally:\n    e = a", "b", "a c d e"),
        ("if a:\n    b = 1\nelse:\n    b = 2\n    c = b", "a", "b c"),
        ("if a:\n    def f(): return b\n    c = f()", "a b", "f c"),
        ("match a:\n    case {'b': B(c), **d}: e = c", "a B", "c d e"),
        ("async def f():\n    async with a as b:\n        async for c in b: await c", "a", "f"),
    ],
)
def test_names_of_the_module(code, reads, binds):
    result = found(code)
    assert result["reads"] == {*reads.split()}
    assert result["binds"] == {*binds.split()}


def test_what_only_one_branch_binds_is_not_surely_bound():
    code = "if a:\n    if b:\n        x = y = 1\n    else:\n        x = 2\n    print(x, y)\nelse:\n    x = 3"
    assert found(code)["surely"] == {"x"}
    assert found(code)["reads"] == {"a", "b", "print", "y"}
    assert found("for i in a: x = 1")["surely"] == set()
    assert found("while a: x = 1")["surely"] == set()
    assert found("try:\n    x = 1\nexcept: pass")["surely"] == set()
    assert found("match a:\n    case 1: x = 1")["surely"] == set()


def test_what_functions_bind_when_they_are_called():
    result = found(
        "def f():\n    global a, b\n    a = 1\n    def g():\n        global c\n        import c\n    return b"
    )
    assert result["later"] == {"a", "c"}
    assert result["binds"] == {"f"}
    assert result["reads"] == {"b"}
    assert found("class A:\n    global a\n    a = 1")["binds"] == {"A", "a"}
