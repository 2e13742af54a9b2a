"""Shown source is the source: the same syntax tree, the right place, a fence that nothing inside can close."""

import ast
import functools
import inspect
import json
import linecache
import math
import re
import sys
import textwrap

import pytest
import torch

from rnnbook import figure, layers, plot
from rnnbook.show import show, source, without_docstrings


def method_host():
    class Host:
        """A class inside a function."""

        @property
        def size(self):
            """How large."""
            return 1

        @staticmethod
        def plain(x):
            return x

        def method(self):
            """Says ```fence``` and ````more````."""

    return Host


def code_of(thing, **options):
    """First line and the rest."""
    place, _, code = source(thing, **options).code.partition("\n")
    return place, code


def test_first_line_says_where_the_thing_lives():
    place, code = code_of(plot.band)
    line = inspect.getsourcelines(plot.band)[1]
    assert place == f"# rnnbook/plot.py, line {line}"
    assert code == inspect.getsource(plot.band).rstrip()


def test_a_decorated_function_lives_where_it_is_written():
    assert code_of(layers.orthogonal)[0].startswith("# rnnbook/layers/initialise.py, line ")


def test_a_module_is_shown_whole():
    place, code = code_of(figure)
    assert place == "# rnnbook/figure.py"
    assert code == inspect.getsource(figure).strip()


def test_other_packages_are_named_from_their_top():
    assert code_of(torch.nn.RNNCell)[0].startswith("# torch/nn/modules/rnn.py, line ")
    assert code_of(json)[0] == "# json/__init__.py"
    assert code_of(textwrap.dedent)[0].startswith("# textwrap.py, line ")


def test_methods_properties_and_wrapped_functions_are_dedented():
    host = method_host()
    for thing, first in [
        (host, "class Host:"),
        (host.method, "def method(self):"),
        (host().method, "def method(self):"),
        (host.size, "@property"),
        (host.plain, "@staticmethod"),
        (functools.wraps(plot.band)(lambda: None), "def band("),
    ]:
        assert code_of(thing)[1].startswith(first)


@pytest.mark.parametrize("module", ["__main__", "a module that is gone"])
def test_code_of_a_notebook_says_so(module):
    space = {"__name__": module}
    exec(compile("def f(): pass", "cell", "exec"), space)
    linecache.cache["cell"] = (13, None, ["def f(): pass\n"], "cell")
    assert source(space["f"]).code == "# this notebook\ndef f(): pass"


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (len, "len has no Python source to show: it is compiled.*help"),
        (torch.relu, "relu has no Python source.*compiled"),
        (math, "math has no Python source to show: it is compiled"),
        (int, "int has no Python source to show: it is compiled"),
        (3, r"int 3 has no Python source.*try show\(int\)"),
        (torch.nn.Tanh(), r"Tanh Tanh\(\) has no Python source.*try show\(Tanh\)"),
        (functools.partial(plot.band), r"try show\(partial\)"),
        (None, "NoneType None has no Python source"),
    ],
)
def test_what_has_no_source_gets_a_clear_error(thing, message):
    with pytest.raises(TypeError, match=message):
        show(thing)


def test_source_that_is_nowhere_gets_a_clear_error():
    space = {}
    exec("def lost(): pass", space)
    with pytest.raises(TypeError, match=r"lost has no Python source to show: .* its file is gone"):
        show(space["lost"])


def test_the_block_is_fenced_markdown_with_plain_text_beside_it():
    shown = source(method_host().method)
    markdown = shown._repr_markdown_()
    fence = re.match("`+", markdown)[0]
    assert markdown == f"{fence}python\n{shown.code}\n{fence}"
    assert fence == "`````"  # longer than any run inside
    assert source(plot.band)._repr_markdown_().startswith("```python\n# rnnbook/plot.py")
    assert repr(shown) == shown.code


def test_show_displays_one_block_a_thing(monkeypatch):
    blocks = []
    monkeypatch.setattr(sys.modules["rnnbook.show"], "display", blocks.append)  # rnnbook.show is the function
    show(plot.band, plot.show, docstring=False)
    assert [block.code.splitlines()[1][:9] for block in blocks] == ["def band(", "def show("]
    assert not any('"""' in block.code for block in blocks)


# --- leaving docstrings out ------------------------------------------------------------------------------------------


def stripped_tree(code):
    """The syntax tree without docstrings, as text."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            del node.body[0]
            if not node.body and not isinstance(node, ast.Module):
                node.body = [ast.Expr(ast.Constant(...))]
    return ast.dump(tree)


@pytest.mark.parametrize("module", [plot, figure, json, textwrap, functools, inspect, ast, torch.nn.modules.rnn])
def test_without_docstrings_only_docstrings_are_missing(module):
    code = inspect.getsource(module)
    bare = without_docstrings(code)
    assert ast.dump(ast.parse(bare)) == stripped_tree(code)
    assert [line for line in bare.splitlines() if line.strip().startswith("#")] == [
        line for line in code.splitlines() if line.strip().startswith("#") and line in bare
    ]
    assert len(bare) < len(code)


def test_layout_without_docstrings():
    code = '''class A:
    """Doc.

    More.
    """

    x = "é"  # kept

    def f(self):
        """Nothing else."""

    def g(self):
        # kept
        """Doc."""

        def inner():
            "Doc."
            return 1

        return inner'''
    assert (
        without_docstrings(code)
        == """class A:
    x = "é"  # kept

    def f(self):
        ...

    def g(self):
        # kept
        def inner():
            return 1

        return inner"""
    )


def test_a_module_that_is_only_a_docstring_becomes_empty():
    assert without_docstrings('"""Doc."""') == ""


@pytest.mark.parametrize("code", ['def f(): "Doc."; return 1', 'def f():\n    "Doc."; return 1'])
def test_a_docstring_that_shares_its_line_stays(code):
    assert without_docstrings(code) == code
