import ast
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbook.exercises.source.cells import Cell
from rnnbook.exercises.source.slice import needed, reduced
from rnnbook.exercises.source.syntax import parse


def kept(code, wanted=("f",)):
    return [ast.unparse(statement.node) for statement in needed(parse(Cell("c", code)).statements, wanted)]


USES_T = "def f(): return T\n"


@pytest.mark.parametrize(
    "lines",
    [
        ["T = 1"],
        ["import T"],
        ["from a import T"],
        ["from a import *"],
        ["T = {}", "T.update(a=1)"],
        ["T = {}", "T['a'] = 1"],
        ["T = []", "for i in range(3): T.append(i)"],
        ["T = []", "while len(T) < 3: T.append(1)"],
        ["with open('a') as file: T = file.read()"],
        ["try: import T\nexcept ImportError: T = None"],
        ["if a: T = 1", "a = 2"],
        ["T = 1", "T += 1", "T = 3"],
        ["a = 2", "T = a", "del T"],
        ["T = []", "old = T.pop()"],
        ["T = []", "fill(T)", "def fill(t): pass"],
        ["T = []", "b = T", "b.append(1)"],
        ["class T: pass", "T.forward = g", "def g(self): return h", "h = 1"],
        ["class T: pass", "setattr(T, 'forward', g)", "def g(self): pass"],
        ["class T: pass", "patch(T)", "def patch(c): c.forward = 1"],
        ["class T: pass", "patch(cls=T)", "def patch(cls): cls.forward = 1"],
        ["class T(Base): pass", "class Base: pass"],
        ["def T(a=N): pass", "N = 1"],
        ["def T(a: N) -> M: pass", "N = M = 1"],
        ["@deco\ndef T(): pass", "def deco(g): return g"],
        ["def setup():\n    global T\n    T = 1", "setup()"],
        ["def setup():\n    global T\n    T = 1", "def first(): setup()", "first()"],
        ["T = {}", "def register(g):\n    T[g] = 1\n    return g", "@register\ndef g(): pass"],
        ["T = []", "class Base:\n\n    def __init_subclass__(c): T.append(c)", "class A(Base): pass"],
        ["globals()['T'] = 1"],
        ["for n in ('T', 'U'): globals()[n] = 1"],
        ["SOURCE = 'T = a'", "exec(SOURCE)", "a = 1"],
        ["def make(code): exec(code, globals())", "make('T = 1')"],
        ["(T := 1)"],
        ["[T := a for a in b]", "b = [1]"],
        ["match a:\n    case T: pass", "a = 1"],
        ["T = Net()", "SGD(T.parameters()).step()", "from a import Net, SGD"],
        ["T = Net()", "o = SGD(T.parameters())", "for i in range(2): o.step()", "from a import Net, SGD"],
        ["T = Net()", "for p in T.parameters(): zeros_(p)", "from a import Net, zeros_"],
        ["import torch as T", "T.set_default_dtype(T.float64)", "T.manual_seed(0)"],
        ["T: int = 1"],
        ["async def T(): await g()", "async def g(): pass"],
    ],
    ids=" | ".join,
)
def test_what_a_needed_name_needs(lines):
    lines = [ast.unparse(ast.parse(line)) for line in lines]
    assert kept(USES_T + "\n".join(lines)) == [ast.unparse(ast.parse(USES_T)), *lines]


@pytest.mark.parametrize(
    "line",
    [
        "x = f()",
        "for i in range(10): f()",
        "while True: f()",
        "print(f(), T)",
        "plt.plot(T)",
        "T.plot()",
        "display(T.head())",
        "check('rnn-cell')",
        "assert f() == T",
        "loss = train(f)",
        "train(f)",
        "train(NUMBER)",
        "f(T[0])",
        "model = Net(T)",
        "torch.testing.assert_close(f(), T)",
        "torch.save(T, 'file')",
        "def g(): return f()",
        "class A:\n    T = f()\n    T.x = 1",
        "def g(T): T.append(1)",
        "def unused():\n    global T\n    T = 1",
        "[T for T in range(3)]",
        "x = lambda T: T.pop()",
        "import unused",
    ],
)
def test_what_it_does_not_need(line):
    before = ["import torch", "T = make()", "from a import make", "NUMBER = 3", "def f(): return (T, torch, NUMBER)"]
    lines = [ast.unparse(ast.parse(each)) for each in before]
    assert kept("\n".join([*before, line])) == lines


def test_to_hand_a_wanted_function_to_another_is_an_experiment():
    assert kept("from functools import partial\nf = partial(max, 1)\ntrain(f)\nplot(f)") == [
        "from functools import partial",
        "f = partial(max, 1)",
    ]


def test_a_local_name_is_not_the_modules():
    assert kept("def f(model):\n    loss = model\n    return loss\nmodel = train()\nloss = model.fit()") == [
        "def f(model):\n    loss = model\n    return loss"
    ]


def test_a_loops_own_variable_needs_no_other_loop():
    code = "for i in range(2): T.append(i)\nT = []\nfor i in range(10**9): train()\ndef f(): return T"
    assert len(kept(code)) == 3


def test_all_definitions_are_in_reach_of_a_computed_name():
    assert kept("def cell_tanh(): pass\ndef f(kind): return globals()[f'cell_{kind}']\nx = train()") == [
        "def cell_tanh():\n    pass",
        "def f(kind):\n    return globals()[f'cell_{kind}']",
    ]


def test_the_calls_of_a_wanted_function_are_experiments_even_if_they_fill_a_cache():
    code = "cache = {}\ndef f(x):\n    cache[x] = 1\ndef train():\n    f(1)\ntrain()\nf(2)\n"
    assert kept(code)[:2] == ["cache = {}", "def f(x):\n    cache[x] = 1"]
    assert "train()" not in kept(code)


def test_reduced_cells_keep_lines_and_lose_the_rest():
    cells = [
        Cell("a", "import x\n%magic\n@d\ndef f():\n    '''é\n\n  text'''\n    return T\nprint(1)"),
        Cell("b", "print(f())"),
        Cell("c", "# é\na = 'é'; T = 'é'; b = 2; d = (1,\n2); c = 3  # comment"),
        Cell("d", "def g(:\nT = 2"),
    ]
    assert reduced(cells, ("f",)) == [
        Cell("a", "\n\n@d\ndef f():\n    '''é\n\n  text'''\n    return T\n"),
        Cell("b", ""),
        Cell("c", "\nT = 'é'; d = (1,\n2)"),
        Cell("d", "\nT = 2"),
    ]


NAMES = st.sampled_from("abcdef")
LINES = st.one_of(
    st.builds("{} = {}".format, NAMES, st.integers(0, 9)),
    st.builds("{} = [{}]".format, NAMES, NAMES),
    st.builds("{0} = [{0}, {1}]".format, NAMES, NAMES),
    st.builds("def {}(): return [{}, {}]".format, NAMES, NAMES, NAMES),
    st.builds("for {} in range(2): {} = [{}]".format, NAMES, NAMES, NAMES),
    st.builds("if {}: {} = 1\nelse: {} = 2".format, NAMES, NAMES, NAMES),
    st.builds("{} = [{} for {} in [1, 2]]".format, NAMES, NAMES, NAMES),
    st.builds("def {}():\n    global {}\n    {} = 5".format, NAMES, NAMES, NAMES),
    st.builds("class {}:\n    {} = {}".format, NAMES, NAMES, NAMES),
)


@given(st.lists(LINES, min_size=1, max_size=10), NAMES)
@settings(max_examples=300)
def test_the_needed_statements_give_the_same_value_as_all(lines, wanted):
    """The oracle: what the whole code gives for the wanted name, statement by statement."""
    code = "a = b = c = d = e = f = 0\n" + "\n".join(lines)
    statements = parse(Cell("c", code)).statements
    assert value(statements, wanted) == value(needed(statements, [wanted]), wanted)


def value(statements, wanted):
    namespace = {}
    for statement in statements:
        try:
            exec(compile(ast.Module([statement.node], []), "c", "exec"), namespace)
        except (TypeError, NameError):  # a function was called for its value
            continue
    return shown(namespace.get(wanted), namespace)


def shown(thing, namespace, depth=4):
    if callable(thing) and not isinstance(thing, type) and depth:
        before = {**namespace}
        result = shown(thing(), namespace, depth - 1)
        namespace.clear()
        namespace.update(before)
        return result
    if isinstance(thing, list) and depth:
        return [shown(part, namespace, depth - 1) for part in thing]
    if isinstance(thing, type):
        return {
            name: shown(part, namespace, depth - 1) for name, part in vars(thing).items() if not name.startswith("_")
        }
    return thing if isinstance(thing, int) else str(type(thing))


def test_the_order_does_not_hang_on_the_hash_seed():
    code = "from rnnbook.exercises import source\nfrom rnnbook.exercises.source.cells import Cell\n"
    code += "cells = [Cell('a', 'x = y = z = w = 1\\ndef f(): return x, y, z, w\\nfrom m import *')]\n"
    code += "print(source.survey(cells).defines, source.reduced(cells, ['f']))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
