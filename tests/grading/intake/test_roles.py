import time

import pytest

from rnnbook.grading.intake.roles import is_taken, left_out, roles

CELL = "def rnn_cell(x):\n    return x\n"


def sources(code):
    return list(roles(code).sources)


@pytest.mark.parametrize(
    "path",
    [
        "conftest.py",
        "a/conftest.py",
        "pytest.ini",
        "setup.cfg",
        "pyproject.toml",
        "sitecustomize.py",
        "usercustomize.py",
        "evil.pth",
        "a.so",
        "a.pyc",
        "a.pyd",
        "tests/a.ipynb",
        "b/tests/a.py",
        "test/a.py",
        "test_a.py",
        "a_test.py",
    ],
)
def test_left_out(path):
    assert left_out(path).startswith(f"{path} was left out")


@pytest.mark.parametrize("path", ["rnn.py", "rnn.ipynb", "latest.py", "contest.py", "mytests/a.py", "test_rnn.ipynb"])
def test_not_left_out(path):
    assert left_out(path) == ""


@pytest.mark.parametrize("name", ["torch", "random", "rnnbook", "pytest", "numpy.linalg", "json", "sklearn"])
def test_taken_names(name):
    assert is_taken(name)


@pytest.mark.parametrize("name", ["helpers", "my_rnn", "utilities", "cells.torch"])
def test_free_names(name):
    assert not is_taken(name)


def test_a_notebook_with_a_helper():
    found = roles({"02_rnn.ipynb": "from helpers import sigmoid\n", "helpers.py": "def sigmoid(x): ...\n"})
    assert found.sources == ("02_rnn.ipynb",)
    assert found.modules == (("helpers", "helpers.py"),)
    assert found.notes == ()


@pytest.mark.parametrize(
    "line",
    [
        "import helpers",
        "    import helpers as h",
        "\timport helpers",
        "import math, helpers",
        "from helpers import (",
        "import helpers.x",
        "from helpers import *",
        "import math as m, helpers as h",
    ],
)
def test_ways_to_import(line):
    assert roles({"a.ipynb": f"x = 1\n{line}\n", "helpers.py": "y = 2"}).modules == (("helpers", "helpers.py"),)


def test_a_helper_of_a_helper():
    code = {"a.ipynb": "import one", "one.py": "import two", "two.py": "x = 1", "three.py": "x = 1"}
    found = roles(code)
    assert found.modules == (("one", "one.py"), ("two", "two.py"))
    assert [note.partition(" ")[0] for note in found.notes] == ["three.py"]


def test_a_file_that_imports_itself_is_no_helper():
    found = roles({"a.ipynb": "x = 1", "b.py": "import b"})
    assert found.modules == ()
    assert "b.py was left out" in found.notes[0]


def test_a_helper_that_has_exercises_is_both():
    found = roles({"a.ipynb": "import helpers", "helpers.py": CELL})
    assert found.sources == ("helpers.py", "a.ipynb")
    assert found.modules == (("helpers", "helpers.py"),)


def test_a_helper_whose_exercises_the_notebook_has_itself_is_none():
    assert sources({"a.ipynb": "import helpers\n" + CELL, "helpers.py": CELL}) == ["a.ipynb"]
    assert sources({"a.ipynb": "from helpers import rnn_cell", "helpers.py": CELL}) == ["a.ipynb"]


@pytest.mark.parametrize(
    "code",
    [
        CELL,
        "class MyRNN(Module):\n    pass",
        "rnn_cell = lambda x: x",
        "rnn_cell: object = print",
        'check("rnn-cell")',
        "from x import rnn_cell",
        "from x import (\n    a,\n    rnn_cell,\n)",
        "async def rnn_cell(): ...",
    ],
)
def test_a_script_with_exercises_is_a_source(code):
    assert sources({"a.ipynb": "x = 1", "b.py": f"import x\n{code}\n"}) == ["b.py", "a.ipynb"]


@pytest.mark.parametrize("code", ["x = 1", "    rnn_cell = 1", "# def rnn_cell(x)", "print(rnn_cell)"])
def test_a_script_without_exercises_is_left_out_beside_a_notebook(code):
    found = roles({"a.ipynb": "x = 1", "train.py": code})
    assert found.sources == ("a.ipynb",)
    assert "train.py was left out" in found.notes[0]


def test_scripts_alone():
    assert sources({"a.py": "x = 1"}) == ["a.py"]
    assert sources({"main.py": "import helpers", "helpers.py": "x = 1"}) == ["main.py"]
    assert sources({"one.py": "import two", "two.py": "import one"}) == ["one.py", "two.py"]
    assert sources({"main.py": "import helpers", "helpers.py": CELL}) == ["helpers.py"]
    assert roles({}).sources == ()


def test_shadowing_modules_are_left_out_and_said():
    found = roles({"a.ipynb": "import torch, random", "torch.py": CELL, "random.py": "x = 1", "rnnbook.py": CELL})
    assert found.sources == ("a.ipynb",)
    assert found.modules == ()
    assert {note.partition(" ")[0] for note in found.notes} == {"torch.py", "random.py", "rnnbook.py"}
    assert "module of this name" in found.notes[0]
    assert sources({"a.py": CELL, "torch/__init__.py": CELL}) == ["a.py"]
    assert sources({"a.py": CELL, "torch/nn.py": CELL}) == ["a.py"]


def test_a_file_alone_shadows_nothing():
    found = roles({"code.py": CELL})
    assert (found.sources, found.modules, found.notes) == (("code.py",), (), ())


def test_packages_and_folders():
    code = {"ch2/a.ipynb": "import lib.cells\nimport near", "ch2/lib/__init__.py": "", "ch2/lib/cells.py": "x = 1"}
    code |= {"ch2/near.py": "x = 1", "ch3/b.ipynb": "import far", "far.py": "x = 1", "ch3/no-name.py": "x = 1"}
    found = roles(code)
    assert found.modules == (
        ("far", "far.py"),
        ("lib", "ch2/lib/__init__.py"),
        ("lib.cells", "ch2/lib/cells.py"),
        ("near", "ch2/near.py"),
    )
    assert [note.partition(" ")[0] for note in found.notes] == ["ch3/no-name.py"]


@pytest.mark.parametrize(
    "piece", ["\n", " ", "from a import (\n", "from ....", "import a,", "import ", "class ", "x" * 10, "\t \n", "a="]
)
def test_hostile_code_is_searched_in_a_time_that_grows_with_its_length(piece):
    code = piece * (2**20 // len(piece))
    start = time.process_time()
    roles({"a.ipynb": code, "b.py": code})
    assert time.process_time() - start < 20  # a guard against hanging: growing with the square, it would take minutes
