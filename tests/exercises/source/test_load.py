import sys

import pytest

from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.guard import Guard
from rnnbook.exercises.source.cells import Cell
from rnnbook.exercises.source.load import load


def cells_of(*codes):
    return [Cell(f"rnn.ipynb, code cell {number}", code) for number, code in enumerate(codes, 1)]


def loaded(*codes, wanted=(), modules=None):
    return load(cells_of(*codes), wanted, modules)


def names(result):
    return {name for name in result.namespace if not name.startswith("_")}


def test_without_wanted_names_it_runs_what_defines_and_leaves_experiments_out():
    result = loaded(
        "%matplotlib inline\nimport math\n!pip install nothing\nx?\nwidth: int = 3\nwidth += 1",
        "def area(r):\n    return math.pi * r**2\nprint(area(1))\nopen('made', 'w')\nfor i in range(3):\n    undefined",
        "%%bash\nrm -rf everything",
        "\n%%time\n@staticmethod\ndef timed(): return 1\nclass A:\n    pass",
        "if 'google.colab' in []:\n    %pip install rnnbook\ntext = '''\n%not magic\n'''",
        "try:\n    import nowhere_to_be_found\nexcept ImportError:\n    nowhere = None",
        "from dataclasses import dataclass\n@dataclass\nclass B:\n    a: 'int' = 1",
        'check("rnn-cell")',
    )
    assert result.problems == ()
    assert names(result) == {"math", "width", "area", "timed", "A", "text", "nowhere", "dataclass", "B"}
    assert result.namespace["text"] == "\n%not magic\n"
    assert result.namespace["width"] == 4
    assert len(result.notes) == 3


def test_with_wanted_names_it_runs_what_they_need():
    result = loaded(
        "import math, nowhere_to_be_found\nimport os",
        "SCALE = 2\nTABLE = {}\nfor i in range(3):\n    TABLE[i] = i * SCALE",
        "class Net: pass\ndef forward(self): return math.floor(SCALE + TABLE[2])\nNet.forward = forward",
        "def f():\n    return Net().forward()\n",
        "print(f())\nmodel = f()\nwhile True:\n    f()",
        wanted=("f",),
    )
    assert result.problems[0].startswith("Your code raised ModuleNotFoundError: No module named 'nowhere_to_be_found'")
    assert names(result) == {"math", "SCALE", "TABLE", "i", "Net", "forward", "f"}
    assert result.namespace["f"]() == 6


def test_the_last_definition_counts():
    assert loaded("def f(): return 1", "def f(): return 2", wanted=("f",)).namespace["f"]() == 2


def test_cells_in_another_order_than_they_were_run():
    result = loaded(
        "class B(A): pass", "A = make()", "def make(): return int", "y = A", "x = y", "y = 3", wanted=("B", "x")
    )
    assert result.problems == (
        "Your code raised NameError: name 'A' is not defined (rnn.ipynb, code cell 4, line 1: y = A)",
    )
    assert result.namespace["B"].__mro__[1] is int
    assert result.namespace["x"] == 3
    assert result.namespace["y"] == 3


def test_what_has_been_bound_anew_is_not_run_late():
    result = loaded("x = y", "y = 5", "x = 2", wanted=("x", "y"))
    assert result.namespace["x"] == 2
    assert result.problems == (
        "Your code raised NameError: name 'y' is not defined (rnn.ipynb, code cell 1, line 1: x = y)",
    )


def test_names_that_wait_for_each_other_end():
    result = loaded("x = y", "y = x", "z = 1", wanted=("x", "z"))
    assert len(result.problems) == 2
    assert result.namespace["z"] == 1


def test_a_statement_that_fails_costs_no_other():
    result = loaded("x = 1\ny = nothing\nz = 3", "def helper():\n    return 1 / 0\nv = helper()", "w = 4\nreturn w")
    assert result.problems == (
        "Your code raised NameError: name 'nothing' is not defined (rnn.ipynb, code cell 1, line 2: y = nothing)",
        "Your code raised ZeroDivisionError: division by zero (rnn.ipynb, code cell 2, line 2: return 1 / 0)",
    )
    assert names(result) == {"x", "z", "helper", "w"}


def test_syntax_errors_are_told_and_the_others_count():
    result = loaded("x = 1", "y = 2\ndef f(x:\n    pass", "z = 3", "\0", "if x:\n    return 1\nif x: break")
    assert result.problems[0].startswith("rnn.ipynb, code cell 2, line 2: syntax error (")
    assert result.problems[0].endswith("): def f(x:")
    assert result.problems[1].startswith("rnn.ipynb, code cell 4")
    assert result.problems[2] == "rnn.ipynb, code cell 5, line 2: syntax error ('return' outside function)"
    assert result.problems[3] == "rnn.ipynb, code cell 5, line 3: syntax error ('break' outside loop)"
    assert names(result) == {"x", "y", "z"}


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit",
        "import os; raise KeyboardInterrupt",
        "raise BaseException",
        "class E(Exception):\n    def __str__(self): 1 / 0\nraise E",
        "raise ExceptionGroup('a', [ValueError('b\\nc')])",
        "raise SyntaxError('made up')",
        "raise MemoryError",
        "def g(): return g()\ng()",
        "__builtins__ = None",
        "del __builtins__",
        "__name__ = 3",
    ],
)
def test_no_exception_gets_out(code):
    cell = f"x = 1\nif x:\n    {code.replace(chr(10), chr(10) + '    ')}"
    result = loaded(cell, "def f(): return 1")
    assert result.namespace["f"]() == 1
    assert all("\n" not in problem for problem in result.problems)


def test_an_endless_definition_ends_the_loading():
    result = load(cells_of("if True:\n    while True: pass", "x = 1"), seconds=0.1)
    (problem,) = result.problems
    assert problem.startswith("Your code took longer than 0.1 s: is there an endless loop? (rnn.ipynb, code cell 1,")
    assert problem.endswith(", line 2: while True: pass)")
    assert "x" not in result.namespace


def test_many_problems_are_cut_short():
    result = loaded("\n".join(f"x{number} = nothing" for number in range(50)))
    assert len(result.problems) == 21
    assert result.problems[-1] == "30 more problems like these."


def test_future_imports_hold_for_what_follows():
    result = loaded("from __future__ import annotations", "def f(a: Undefined) -> Unknown: return 1", wanted=("f",))
    assert result.problems == ()
    assert result.namespace["f"](0) == 1


def test_tracebacks_show_the_cell_and_its_line():
    result = loaded("", "%matplotlib inline\n\ndef f():\n    return 1 / 0")
    with pytest.raises(LearnerError, match=r"    rnn\.ipynb, code cell 2, line 4: return 1 / 0$"):
        Guard(5).run(result.namespace["f"])


def test_what_jupyter_adds_is_there():
    result = loaded("def f():\n    display(1)\n    return get_ipython()")
    assert result.namespace["f"]() is None


def test_the_module_is_known_to_python():
    result = load(
        [
            Cell(
                "rnn.py",
                "import inspect\nclass A:\n    b = 1\ndef f(): return __file__\nif __name__ == '__main__':\n    1 / 0",
            )
        ]
    )
    assert result.problems == ()
    assert result.namespace["f"]() == "rnn.py"
    assert sys.modules["submission"].__dict__ is result.namespace
    assert result.namespace["inspect"].getsource(result.namespace["A"]) == "class A:\n    b = 1\n"


def test_torch_script_finds_the_source():
    result = loaded("import torch\n@torch.jit.script\ndef f(x: torch.Tensor):\n    return x + 1", wanted=("f",))
    assert result.namespace["f"](result.namespace["torch"].ones(1)).item() == 2
