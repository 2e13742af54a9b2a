import ast

import pytest

from rnnbook.exercises.source.cells import Cell
from rnnbook.exercises.source.syntax import compile_one, parse

CELL = "a.ipynb, code cell 1"


def parsed(code):
    return parse(Cell(CELL, code))


@pytest.mark.parametrize(
    ("code", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("  \n%%time\nx = 1", "  \npass\nx = 1"),
        ("%%timeit -n 3\nx = 1", "pass\nx = 1"),
        ("%%capture out\nx = 1", "pass\nx = 1"),
        ("%%bash\nrm -rf everything", "\n"),
        ("\n%%html\n<b>\n", "\n\n\n"),
        ("%time x = f(1,\n2)", "x = f(1,\n2)"),
        ("%time", "pass"),
        ("!pip install nothing\nx = 1", "pass\nx = 1"),
        ("!pip install a \\\n  b \\\n  c\nx = 1", "pass\n\n\nx = 1"),
        ("a = !ls\nb, c = %lsmagic", "pass\npass"),
        ("x?\nx.y??\n?x\n??x\n*int*?", "pass\npass\npass\npass\npass"),
        ("if x:\n    %pip install y\n    !ls", "if x:\n    pass\n    pass"),
        ("x = '''\n%no\n!no\nno?\n'''", "x = '''\n%no\n!no\nno?\n'''"),
        ("x = '''\n\\'''\n%no\n'''\n%yes", "x = '''\n\\'''\n%no\n'''\npass"),
        ("x = (1\n%2)\ny = [\n%yes", "x = (1\n%2)\n\n"),
        ("x = [(7)\n%2]", "x = [(7)\n%2]"),
        ("x = 1 # it's (\n%yes\n# why?\n# %no", "x = 1 # it's (\npass\n# why?\n# %no"),
        ('x = "it\'s ("\n%yes', 'x = "it\'s ("\npass'),
        ("x = 1 \\\n%2\nx %= 3\nx != 3\ny = x % 3", "x = 1 \\\n%2\nx %= 3\nx != 3\ny = x % 3"),
        ("!echo it's (\nx = 1", "pass\nx = 1"),
        ("    x = 1\n    y = 2", "x = 1\ny = 2"),
        ("x = 1\r\n%yes\r\ny = 2\rz = 3", "x = 1\npass\ny = 2\nz = 3"),
    ],
)
def test_what_only_jupyter_understands_is_left_out(code, python):
    assert parsed(code).cell.code == python


def test_a_cell_has_one_note_on_what_was_left_out():
    assert parsed("x = 1\n%matplotlib inline\n!ls").notes == (
        f"{CELL}, line 2: left out `%matplotlib inline` and 1 more, which only Jupyter understands.",
    )
    assert parsed("x = 1\n%pip install git+https://github.com/rnnbook/rnnbook").notes == ()
    assert parsed("x = 1").notes == ()


def test_statements_have_their_places():
    statements = parsed("\n@a\n@b(1)\ndef f():\n    pass\nx = 'é'; y = 2\n").statements
    assert [(each.start, each.end) for each in statements] == [((2, 0), (5, 8)), ((6, 0), (6, 8)), ((6, 10), (6, 15))]
    assert {each.cell for each in statements} == {CELL}


def test_a_syntax_error_costs_its_own_statement_alone():
    code = "import math\nx = 1\ndef f(y:\n    return y\n\n@wrong(\ndef g(): pass\n\nclass A:\n    b = 2\nz = (\n"
    result = parsed(code)
    assert [ast.unparse(each.node) for each in result.statements] == ["import math", "x = 1", "class A:\n    b = 2"]
    assert [each.start[0] for each in result.statements] == [1, 2, 9]
    places = [(problem.partition(" (")[0], problem.rpartition("): ")[2]) for problem in result.problems]
    assert places == [
        (f"{CELL}, line 3: syntax error", "def f(y:"),
        (f"{CELL}, line 6: syntax error", "@wrong("),
        (f"{CELL}, line 11: syntax error", "z = ("),
    ]
    assert result.cell.code.split("\n")[8] == "class A:"


def test_what_looks_like_a_beginning_within_a_string():
    result = parsed("x = '''\nimport this\ndef no(): pass\n'''\n%magic\ndef f(:\n    pass\ny = 2")
    assert [sorted(each.names.binds) for each in result.statements] == [["x"], [], ["y"]]
    assert result.problems == (f"{CELL}, line 6: syntax error (invalid syntax): def f(:",)


@pytest.mark.parametrize(
    "code",
    [
        "x = '\0'",
        "x = " + "(" * 300 + ")" * 300,
        "x = " + "-" * 100_000 + "1",
        "x = " + "1 + " * 20_000 + "1",
        "x = " + "9" * 5000,
        "x" + ".a" * 100_000,
        "if 0: pass\n" + "elif 0: pass\n" * 3000,
        "\ud800",
        "x = 'never closed",
        "'''" + "\\'''" * 1000,
        "def f(:\n" * 500,
        "if x:\n\ty\n        z",
        "@" * 1000,
    ],
    ids=[
        "nul",
        "brackets",
        "minus",
        "sum",
        "digits",
        "dots",
        "elif",
        "surrogate",
        "string",
        "quotes",
        "defs",
        "tabs",
        "at",
    ],
)
def test_strange_code_is_a_problem_and_no_crash(code):
    result = parse(Cell(CELL, code))
    assert result.problems
    assert all(problem.startswith(CELL) and "\n" not in problem for problem in result.problems)
    assert parse(Cell(CELL, f"y = 2\nz = 3\n{code}")).statements


def test_form_feeds_and_tabs():
    assert len(parsed("\fx = 1\n\f\ndef f():\n\treturn 1").statements) == 2


@pytest.mark.parametrize("code", ["return 1", "x = (yield)", "nonlocal x", "def f(a, a): pass", "break", "await x"])
def test_what_the_compiler_refuses(code):
    (statement,) = parsed(f"\n{code}").statements
    with pytest.raises(SyntaxError, match=rf"^{CELL}, line 2: syntax error \(.+\)$"):
        compile_one(statement)


def test_tracebacks_have_the_cells_own_lines():
    (statement,) = parsed("%magic\n\nif x:\n    y").statements[1:]
    code = compile_one(statement)
    assert code.co_filename == CELL
    assert code.co_firstlineno in (1, 3)
    with pytest.raises(NameError) as error:
        exec(code, {})
    assert error.tb.tb_next.tb_lineno == 3
