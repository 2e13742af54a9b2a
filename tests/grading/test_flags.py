import pkgutil

import pytest
import torch  # noqa: F401 - the objects behind forbidden names are looked up in what is imported

from rnnbook.exercises import source
from rnnbook.exercises.catalogue import catalogue, find
from rnnbook.exercises.source.cells import Cell
from rnnbook.grading.flags import flags
from rnnbook.grading.types import Flag

RNN = find("my-rnn").forbidden
SOFTMAX = find("softmax-temperature").forbidden


def said(code, forbidden=RNN, wanted=("f",), modules=None):
    return [flag.what for flag in flags([Cell("a.py", code)], forbidden, wanted, modules)]


IN_F = "\ndef f(x):\n    return "


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import torch" + IN_F + "torch.nn.RNN(1, 2)", "calls torch.nn.RNN"),
        ("import torch.nn as nn" + IN_F + "nn.RNN(1, 2)", "calls torch.nn.RNN"),
        ("from torch import nn as n" + IN_F + "n.RNN", "uses torch.nn.RNN"),
        ("from torch.nn import RNN as R" + IN_F + "R(1, 2)", "calls torch.nn.RNN"),
        ("from torch.nn import *" + IN_F + "RNN(1, 2)", "calls torch.nn.RNN"),
        ("import torch\nnn = torch.nn\nR = getattr(nn, 'RNN')" + IN_F + "R", "uses torch.nn.RNN"),
        ("from torch import nn" + IN_F + "getattr(nn, 'RNN')(1, 2)", "calls torch.nn.RNN"),
        ("from torch import nn" + IN_F + "getattr(nn, 'R' + 'NN')(1, 2)", "calls torch.nn.RNN"),
        ("from torch import nn" + IN_F + "nn.__dict__['RNN'](1, 2)", "calls torch.nn.RNN"),
        ("from torch import nn" + IN_F + "vars(nn)['RNN'](1, 2)", "calls torch.nn.RNN"),
        ("import importlib" + IN_F + "importlib.import_module('torch.nn').RNN(1, 2)", "calls torch.nn.RNN"),
        ("def f(x):\n    from torch.nn import RNN\n    return RNN(1, 2)", "calls torch.nn.RNN"),
        ("from torch import nn\nclass f(nn.RNN): pass", "subclasses torch.nn.RNN"),
        ("from torch.nn.modules.rnn import RNN\nclass f(RNN): pass", "subclasses torch.nn.RNN"),
        ("import torch.nn.modules.rnn as r" + IN_F + "r.RNNCell(1, 2)", "calls torch.nn.RNNCell"),
        ("import torch" + IN_F + "torch.rnn_tanh_cell(x, x, x, x)", "calls torch.rnn_tanh_cell"),
        ("import torch" + IN_F + "torch._VF.rnn_tanh(x)", "calls torch._VF.rnn_tanh"),
        ("from rnnbook.layers import RNN as f", "imports rnnbook.layers.RNN"),
        ("from torch import nn\nf = nn.RNN", "uses torch.nn.RNN"),
        ("import torch\nf = lambda x: [torch.nn.RNN]", "uses torch.nn.RNN"),
    ],
)
def test_plain_uses_of_what_is_forbidden(code, what):
    assert {*said(code)} == {what}


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import torch" + IN_F + "torch.softmax(x, -1)", "calls torch.softmax"),
        ("import torch.nn.functional as F" + IN_F + "F.softmax(x, -1)", "calls torch.nn.functional.softmax"),
        ("import torch" + IN_F + "torch.nn.Softmax(-1)(x)", "calls torch.nn.Softmax"),
        ("from scipy.special import softmax" + IN_F + "softmax(x)", "calls scipy.special.softmax"),
        ("def f(x):\n    return (x / 2).softmax(dim=-1)", "calls torch.Tensor.softmax"),
        ("import torch" + IN_F + "torch.Tensor.softmax(x, -1)", "calls torch.Tensor.softmax"),
    ],
)
def test_methods_and_functions(code, what):
    assert said(code, SOFTMAX) == [what]


@pytest.mark.parametrize(
    "code",
    [
        "from torch import nn\nclass f(nn.Module):\n    def __init__(self):\n        self.RNN = nn.Linear(1, 2)",
        "from torch.nn import RNN\nimport torch\ndef f(x): return torch.tanh(x)\nreference = RNN(1, 2)",
        "import torch\ndef f(x): return x\ndef test(): torch.nn.RNN(1, 2)\ntorch.testing.assert_close(1, 1)",
        "def RNN(x): return x\ndef f(x): return RNN(x)",
        "class f:\n    def softmax(self, x): return x\n    def g(self, x): return self.softmax(x)",
        "import torch\ndef f(x): return torch.exp(x) / torch.exp(x).sum(-1, keepdim=True)",
        "# nn.RNN(1, 2)\ndef f(x): return 'torch.nn.RNN'",
        "def f(x): return max(x, key=len), sorted(x), open",
    ],
)
def test_honest_code_has_none(code):
    assert said(code, RNN + SOFTMAX) in ([], ["uses builtins.open"])


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import os\ndef f(x): os._exit(0)", "calls os._exit"),
        ("from os import _exit as done\ndef f(x): done(0)", "calls os._exit"),
        ("import torch\ndef f(x): torch.os._exit(0)", "calls os._exit"),
        ("import os\ndef f(x): os.execv('a', [])", "calls os.execv"),
        ("import os\ndef f(x): return os.environ['A']", "uses os.environ"),
        ("import torch\ndef f(x): return torch.os.environ.get('A')", "calls os.environ.get"),
        ("import ctypes\ndef f(x): ctypes.CDLL(None)", "calls ctypes.CDLL"),
        ("import gc\ndef f(x): return gc.get_objects()", "calls gc.get_objects"),
        ("import sys\ndef f(x): return sys._getframe(1)", "calls sys._getframe"),
        ("import inspect\ndef f(x): return inspect.stack()", "calls inspect.stack"),
        (
            "def f(x):\n    from rnnbook.exercises import compare\n    return compare",
            "imports rnnbook.exercises.compare",
        ),
        ("def f(x):\n    import rnnbook.grading.wire", "imports rnnbook.grading.wire"),
        ("def f(x): return eval('x')", "calls builtins.eval"),
        ("def f(x): return __import__('subprocess').run('ls')", "calls subprocess.run"),
        ("def f(x): return f.__globals__", "uses __globals__"),
        ("def f(x): return ().__class__.__base__.__subclasses__()", "uses __subclasses__"),
        ("import torch\nclass f(torch.Tensor): pass", "subclasses torch.Tensor"),
        ("class f(float): pass", "subclasses builtins.float"),
        ("class f:\n    def __torch_function__(self): pass", "defines __torch_function__"),
        ("import torch\ndef f(x): torch.allclose = print", "changes torch.allclose"),
        ("import torch\ndef f(x): setattr(torch, 'equal', print)", "changes torch"),
    ],
)
def test_what_no_answer_needs(code, what):
    assert what in said(code)


def test_where():
    cells = [
        Cell("a.ipynb, code cell 1", "import torch"),
        Cell("a.ipynb, code cell 2", "\ndef f(x):\n    return torch.nn.RNN(\n1, 2) # \x1b[31m"),
    ]
    assert flags(cells, RNN, ("f",)) == (
        Flag("calls torch.nn.RNN", "a.ipynb, code cell 2, line 3: return torch.nn.RNN("),
    )
    shown = flags([Cell("a.py", "import torch; f = torch.nn.RNN #\x1b[31m" + "x" * 200)], RNN)[0].where
    assert shown.startswith("a.py, line 1: import torch; f = torch.nn.RNN #xxx")
    assert len(shown) < 150


def test_helper_modules_are_looked_at_when_they_are_imported():
    modules = {
        "mine.layers": "from torch import nn\ndef make(): return nn.RNN(1, 2)",
        "mine": "",
        "unused": "import os; os._exit(0)",
    }
    code = "from mine.layers import make\ndef f(x): return make()"
    assert flags([Cell("a.py", code)], RNN, ("f",), modules) == (
        Flag("calls torch.nn.RNN", "mine/layers.py, line 2: def make(): return nn.RNN(1, 2)"),
    )
    assert said("def f(x): return 1", modules=modules) == []


def test_all_code_is_looked_at_without_wanted_names():
    assert said("import torch\nmodel = torch.nn.RNN(1, 2)", wanted=()) == ["calls torch.nn.RNN"]


def test_flags_are_limited():
    assert len(said("import torch\n" + "torch.nn.RNN\n" * 100, wanted=())) == 50


@pytest.mark.parametrize(
    "code", ["def f(:", "f = " + "(" * 500, "f" + ".a" * 3000 + "()", "\0", "x = " + "1 + " * 3000 + "1"]
)
def test_strange_code_is_no_crash(code):
    said(code, wanted=())


@pytest.mark.parametrize("exercise", catalogue(), ids=lambda exercise: exercise.id)
def test_the_books_own_solutions_are_not_flagged(exercise, request):
    path = request.config.rootpath / "solutions" / f"{exercise.chapter}.ipynb"
    assert flags(source.read(path), exercise.forbidden, exercise.defines) == ()


def test_every_forbidden_name_is_one():
    for exercise in catalogue():
        for name in exercise.forbidden:
            assert (
                name in {"torchmetrics", "jax", "autograd", "nltk", "torchtext", "evaluate", "datasets"}
                or pkgutil.resolve_name(name) is not None
            )
