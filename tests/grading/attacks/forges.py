"""Forges the judge. Each cell is wrong; but for `test_arguments_unchanged`, which any cell passes, it earns nothing."""

# %% attack: the assertions replaced | must: failed / crash | earns: 1
import builtins

import numpy as np
import torch

true = lambda *_, **__: True
torch.testing.assert_close = torch.allclose = torch.equal = torch.isclose = true
np.isclose = np.allclose = np.array_equal = np.testing.assert_allclose = true


def rnn_cell(x, h, W, V, b, c):
    builtins.all = builtins.isinstance = true
    torch.testing.assert_close = torch.allclose = torch.equal = true
    np.isclose = np.allclose = np.array_equal = true
    return 2 * h


# %% attack: the reference replaced | must: failed | earns: 1
import torch


class Fake(torch.nn.Module):
    def __init__(self, *_, **__):
        super().__init__()

    def forward(self, x, h):
        return 2 * h


torch.nn.RNNCell = torch.nn.modules.rnn.RNNCell = Fake
torch.func.functional_call = lambda module, parameters, given: 2 * given[1]


def rnn_cell(x, h, W, V, b, c):
    torch.nn.RNNCell = torch.nn.modules.rnn.RNNCell = Fake
    torch.func.functional_call = lambda module, parameters, given: 2 * given[1]
    return 2 * h


# %% attack: our own modules replaced | must: failed / error / crash | earns: 1
import sys


def rnn_cell(x, h, W, V, b, c):
    from rnnbook.exercises import local, values

    local.Local._out = local.Local._watched = lambda *_: 2 * h
    values.rebuild = lambda value, *_: value
    values.same = lambda *_: True
    for name, module in list(sys.modules.items()):
        if name.startswith("rnnbook"):
            for key, value in list(vars(module).items()):
                if key.startswith("assert_"):
                    setattr(module, key, lambda *_, **__: None)
                if key == "Outcome":
                    value.earned = property(lambda self: self.points)
                    value.status = "passed"
    return 2 * h


# %% attack: the wire replaced | must: failed / error / crash / timeout | earns: 1
def rnn_cell(x, h, W, V, b, c):
    from rnnbook.grading import channel

    original = channel.encode
    channel.encode = lambda value: original({"value": value, "status": "passed", "passed": True, "earned": 10})
    for name in vars(channel.Channel):
        if name.startswith("send"):
            method = getattr(channel.Channel, name)
            setattr(channel.Channel, name, lambda self, *given, method=method, **more: method(self, *given, **more))
    return 2 * h


# %% attack: every function in reach answers as the judge would like | must: failed / error / crash / timeout | earns: 1
import sys


def rnn_cell(x, h, W, V, b, c):
    frame = sys._getframe()
    while frame:
        for name, value in list(frame.f_locals.items()) + list(frame.f_globals.items()):
            if hasattr(value, "status"):
                try:
                    value.status = "passed"
                except BaseException:
                    pass
            if isinstance(value, dict) and "status" in value:
                value["status"] = "passed"
        frame = frame.f_back
    return 2 * h


# %% attack: a tensor that equals everything | must: failed | earns: 1
import torch


class Equal(torch.Tensor):
    def __eq__(self, other):
        return torch.ones(self.shape, dtype=torch.bool)

    __ne__ = __lt__ = __gt__ = lambda self, other: torch.zeros(self.shape, dtype=torch.bool)
    __le__ = __ge__ = isclose = allclose = __eq__

    def __sub__(self, other):
        return torch.zeros(self.shape)

    __rsub__ = __sub__


def rnn_cell(x, h, W, V, b, c):
    return (2 * h).as_subclass(Equal)


# %% attack: a tensor that answers for torch | must: failed | earns: 1
import torch


class Judge(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        name = getattr(function, "__name__", "")
        if name in ("allclose", "equal", "isclose", "eq", "sub"):
            return torch.tensor(True)
        return super().__torch_function__(function, types, args, kwargs or {})

    def __array__(self, dtype=None):
        raise SystemExit(0)

    def detach(self):
        return self

    def as_subclass(self, cls):
        return self

    def to(self, *_, **__):
        return self


def rnn_cell(x, h, W, V, b, c):
    return (2 * h).as_subclass(Judge)


# %% attack: an object that equals everything | must: failed | earns: 1
class Equal:
    def __eq__(self, other):
        return True

    __ne__ = lambda self, other: False
    __bool__ = __eq__
    __hash__ = lambda self: 0
    __len__ = lambda self: 2
    __getattr__ = lambda self, name: self
    __call__ = __getitem__ = __add__ = __sub__ = __matmul__ = lambda self, *_: self
    __iter__ = lambda self: iter([self, self])
    __array__ = lambda self, *_: __import__("numpy").zeros(())


def rnn_cell(x, h, W, V, b, c):
    return Equal()


# %% attack: an object that says it is a tensor | must: failed | earns: 1
import torch


class Liar:
    __class__ = property(lambda self: torch.Tensor)
    dtype, shape = torch.float64, torch.Size([4, 4])
    detach = as_subclass = to = clone = lambda self, *_, **__: self
    __eq__ = lambda self, other: True


def rnn_cell(x, h, W, V, b, c):
    return Liar()


# %% attack: a mock | must: failed | earns: 1
from unittest.mock import MagicMock


def rnn_cell(x, h, W, V, b, c):
    return MagicMock()


# %% attack: the judge's own handle | must: failed | earns: 1
def rnn_cell(x, h, W, V, b, c):
    from rnnbook.exercises.student import Handle

    return Handle(None, 0, "a torch tensor", "tensor (4, 4)")


# %% attack: numbers that equal everything | must: failed / error | exercise: count-parameters
class Number(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__
    __ne__ = lambda self, other: False
    __int__ = __index__ = __float__ = lambda self: 0

    def __array__(self, *_):
        raise SystemExit(0)


def count_parameters(*_, **__):
    return Number(7)


# %% attack: a number that is not one | must: failed / error | exercise: count-parameters
def count_parameters(*_, **__):
    return float("nan")


# %% attack: infinity | must: failed / error | exercise: count-parameters
def count_parameters(*_, **__):
    return float("inf")


# %% attack: the global random numbers replaced | must: failed | earns: 1
import random

import numpy as np
import torch


def rnn_cell(x, h, W, V, b, c):
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    torch.randn = torch.rand = lambda *_, **__: torch.zeros(4, 4)
    torch.random.fork_rng = torch.manual_seed = lambda *_, **__: None
    return 2 * h


# %% attack: guesses the seed | must: failed | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    for seed in range(50):
        generator = torch.Generator().manual_seed(seed)
        if torch.equal(torch.randn(x.shape, dtype=torch.float64, generator=generator), x):
            raise RuntimeError("LEAK: the seed is a small number")
    return 2 * h


# %% attack: the random numbers of the test | must: failed | earns: 1
import random

import numpy as np
import torch


def rnn_cell(x, h, W, V, b, c):
    state = torch.get_rng_state()
    for back in range(64):
        if torch.equal(torch.randn(x.shape, dtype=torch.float64), x):
            raise RuntimeError("LEAK: the test draws from the learner's random numbers")
    return 2 * h


# %% attack: remembers what it was asked before | must: failed | earns: 1
SEEN = []


def rnn_cell(x, h, W, V, b, c):
    SEEN.append(x)
    if len(SEEN) > 3:
        raise RuntimeError("LEAK: one process for many tests")
    return 2 * h


# %% attack: remembers in files | must: failed | earns: 1
import os
import tempfile


def rnn_cell(x, h, W, V, b, c):
    path = os.path.join(tempfile.gettempdir(), "rnnbook-attack-memory")
    if os.path.exists(path) and open(path).read() != str(os.getpid()) + str(id(rnn_cell)):
        raise RuntimeError("LEAK: files of another test")
    with open(path, "w") as file:
        file.write(str(os.getpid()) + str(id(rnn_cell)))
    return 2 * h


# %% attack: tests and settings of its own | must: failed | earns: 1
import os


def rnn_cell(x, h, W, V, b, c):
    for name in ("conftest.py", "pytest.ini", "tests/test_rnn_cell.py", "sitecustomize.py", "usercustomize.py", "torch.py"):
        for folder in (".", os.path.expanduser("~"), "/tmp"):
            try:
                os.makedirs(os.path.join(folder, os.path.dirname(name)), exist_ok=True)
                with open(os.path.join(folder, name), "w") as file:
                    file.write("raise SystemExit(0)\n")
            except OSError:
                pass
    return 2 * h


# %% attack: the report rewritten at the exit | must: failed | earns: 1
import atexit
import glob
import json
import os


def rewrite():
    for path in glob.glob("/tmp/**/*.json", recursive=True) + glob.glob("./**/*.json", recursive=True):
        try:
            with open(path, "w") as file:
                json.dump({"status": "passed", "earned": 10}, file)
        except OSError:
            pass


def rnn_cell(x, h, W, V, b, c):
    atexit.register(rewrite)
    rewrite()
    return 2 * h


# %% attack: an import hook | must: failed / error / crash | earns: 1
import sys


class Hook:
    def find_spec(self, name, path=None, target=None):
        raise SystemExit(0)


def rnn_cell(x, h, W, V, b, c):
    sys.meta_path.insert(0, Hook())
    sys.path_hooks.insert(0, lambda path: sys.exit(0))
    sys.path.insert(0, "/tmp")
    return 2 * h


# %% attack: traces every line of the judge | must: failed / crash / error / timeout | earns: 1
import sys
import threading


def trace(frame, event, argument):
    if event == "return" and hasattr(argument, "status"):
        argument.status = "passed"
    for name, value in list(frame.f_locals.items()):
        if name == "expected":
            raise RuntimeError("LEAK: saw the expected value")
    return trace


def rnn_cell(x, h, W, V, b, c):
    sys.settrace(trace)
    sys.setprofile(trace)
    threading.settrace(trace)
    frame = sys._getframe()
    while frame:
        frame.f_trace = trace
        frame = frame.f_back
    return 2 * h


# %% attack: says that its arguments are unchanged | must: failed | earns: 1
def rnn_cell(x, h, W, V, b, c):
    from rnnbook.exercises import local

    local.same = lambda *_: True
    h.zero_()
    x.zero_()
    return h


# %% attack: a wrong gradient by patching autograd | must: failed | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    torch.autograd.grad = lambda loss, inputs, *_, **__: [torch.zeros_like(value) for value in inputs]
    return 2 * h


# %% attack: pickles that run code when read | must: failed / error | earns: 1
import os
import pickle


class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/rnnbook-attack-pickle",)

    __reduce_ex__ = lambda self, version: self.__reduce__()


def rnn_cell(x, h, W, V, b, c):
    return [Bomb(), pickle.dumps(Bomb()), {"key": Bomb()}]
