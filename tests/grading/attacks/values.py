"""Values that tests may not expect: none is right, none may stop the test or pass it."""

# %% attack: None | must: failed | earns: 1
def rnn_cell(*arguments):
    return None


# %% attack: NaN everywhere | must: failed | earns: 1
def rnn_cell(x, h, W, V, b, c):
    return h * float("nan")


# %% attack: infinity everywhere | must: failed | earns: 1
def rnn_cell(x, h, W, V, b, c):
    return h * float("inf")


# %% attack: complex | must: failed | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.tanh(x @ W.T + b + h @ V.T + c) + 1e-3j


# %% attack: conjugate and negative views | must: failed | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.complex(h, h).conj().imag


# %% attack: whole numbers | must: failed | earns: 1
def rnn_cell(x, h, W, V, b, c):
    return h.to(int)


# %% attack: truth values | must: failed | earns: 1
def rnn_cell(x, h, W, V, b, c):
    return h > 0


# %% attack: eight bits | must: failed | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.tanh(x @ W.T + b + h @ V.T + c).to(torch.float8_e4m3fn)


# %% attack: quantized | must: failed | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.quantize_per_tensor(torch.tanh(x @ W.T + b + h @ V.T + c).float(), 0.1, 0, torch.qint8)


# %% attack: sparse | must: failed | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.tanh(x @ W.T + b + h @ V.T + c).to_sparse()


# %% attack: sparse rows | must: failed | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.tanh(x @ W.T + b + h @ V.T + c).to_sparse_csr()


# %% attack: without numbers | must: failed | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.empty(h.shape, device="meta")


# %% attack: a small store that says it is large | must: failed / memory | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.zeros(1).expand(10**9)


# %% attack: an array that says it is large | must: failed / memory | earns: 1
import numpy as np


def rnn_cell(x, h, W, V, b, c):
    return np.broadcast_to(np.zeros(1), (10**5, 10**5))


# %% attack: of no size, and enormous | must: failed | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.empty(0, 2**39, 3)


# %% attack: 64 axes | must: axes | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.zeros([1] * 64)


# %% attack: many axes, long to print | must: failed | earns: 5 | exercise: softmax-temperature
import torch


def softmax(logits, temperature):
    return torch.zeros([3] * 15, dtype=torch.bool)


# %% attack: overlapping memory | must: failed | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.as_strided(torch.zeros(1, dtype=h.dtype), (4, 4), (0, 0))


# %% attack: nested tensor | must: failed / error / crash | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.nested.nested_tensor([h, h[:2]])


# %% attack: the inside of vmap | must: failed / error | earns: 1
import torch

kept = []


def rnn_cell(x, h, W, V, b, c):
    def look(row):
        kept.append(row)
        return row

    torch.func.vmap(look)(h)
    return kept[-1]


# %% attack: arrays of odd kinds | must: failed / error | earns: 1
import numpy as np


def rnn_cell(x, h, W, V, b, c):
    return [
        np.array([object()]), np.array(["2020-01-01"], dtype="datetime64[D]"), np.zeros(2, dtype=[("a", "i4"), ("b", "O")]),
        np.zeros(2, dtype="V8"), np.zeros(2, dtype=np.longdouble), np.zeros(2, dtype=">f8"), np.ma.array([1.0], mask=[1]),
        np.matrix([[1.0]]), np.zeros(2, dtype="S5"), np.float16(3), np.bool_(True), np.array(b"\0"),
    ]


# %% attack: an array where a tensor is asked for | must: NumPy array | earns: 1
def rnn_cell(x, h, W, V, b, c):
    return h.numpy()


# %% attack: a number of a hundred thousand digits | must: failed / error | exercise: count-parameters
def count_parameters(*_, **__):
    return 1 << 400_000


# %% attack: a number beyond floating point | must: failed / error | exercise: count-parameters
def count_parameters(*_, **__):
    return 10**400


# %% attack: deep lists | must: failed | earns: 1
def rnn_cell(*arguments):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep


# %% attack: a list in itself | must: failed | earns: 1
def rnn_cell(*arguments):
    loop = []
    loop.append(loop)
    return loop


# %% attack: a dictionary in itself | must: failed | earns: 1
def rnn_cell(*arguments):
    loop = {}
    loop["self"] = loop
    return (loop, [loop])


# %% attack: a list that doubles | must: failed / memory / timeout | earns: 1
def rnn_cell(*arguments):
    tree = [0]
    for _ in range(45):
        tree = [tree, tree]
    return tree


# %% attack: a million nothings | must: failed / memory / timeout | earns: 1
def rnn_cell(*arguments):
    return [None] * 2_000_000


# %% attack: ten thousand objects | must: failed | earns: 1
def rnn_cell(*arguments):
    return [object() for _ in range(10_000)]


# %% attack: a generator | must: failed | earns: 1
def rnn_cell(x, h, W, V, b, c):
    yield h


# %% attack: a coroutine | must: failed | earns: 1
async def rnn_cell(x, h, W, V, b, c):
    return h


# %% attack: a function, a class, a module | must: failed | earns: 1
import math


def rnn_cell(*arguments):
    return lambda: 0, int, math


# %% attack: lying containers | must: failed / error / crash / memory / timeout | earns: 1
class List(list):
    def __len__(self):
        return 10**9

    def __iter__(self):
        return iter(range(10))

    def __getitem__(self, key):
        raise SystemExit(0)


class Dict(dict):
    def __iter__(self):
        return iter([[], {}, object()])

    def items(self):
        return [(1, 2, 3)]


def rnn_cell(*arguments):
    return List([1]), Dict(a=1)


# %% attack: hostile looks | must: failed / error / crash | earns: 1
class Mean:
    def __getattribute__(self, name):
        raise KeyboardInterrupt

    __repr__ = __str__ = __len__ = __bool__ = __iter__ = __hash__ = lambda self: 1 / 0


def rnn_cell(*arguments):
    return Mean()


# %% attack: a class that lies about itself | must: failed / error / crash | earns: 1
class Meta(type):
    def __instancecheck__(cls, thing):
        return True

    __subclasscheck__ = __instancecheck__

    def __call__(cls, *_):
        raise SystemExit(0)


class Mean(metaclass=Meta):
    __class__ = property(lambda self: 1 / 0)


def rnn_cell(*arguments):
    return Mean


# %% attack: strings that are more than strings | must: failed / error | earns: 1
class Text(str):
    def __str__(self):
        return 7

    __eq__ = lambda self, other: True
    __hash__ = str.__hash__
    encode = __len__ = __iter__ = lambda self, *_: 1 / 0


def rnn_cell(*arguments):
    return Text("a"), {Text("a"): Text("b")}


# %% attack: numbers that are more than numbers | must: failed / error | earns: 1
class Number(float):
    def __float__(self):
        raise SystemExit(0)

    __eq__ = lambda self, other: True
    __hash__ = float.__hash__


def rnn_cell(*arguments):
    return Number(1.0)


# %% attack: keys of every kind | must: failed / error | earns: 1
def rnn_cell(*arguments):
    return {None: 1, True: 2, 1.5: 3, float("nan"): 4, "a": 5, 2**70: 6, float("inf"): 7}


# %% attack: keys that are tuples | must: failed / error | earns: 1
def rnn_cell(*arguments):
    return {(1, 2): 3, frozenset([1]): 4}


# %% attack: a tensor with a gradient that raises | must: failed | earns: 1
import torch


class Bad(torch.autograd.Function):
    @staticmethod
    def forward(context, value):
        return 2 * value

    @staticmethod
    def backward(context, gradient):
        raise SystemExit(0)


def rnn_cell(x, h, W, V, b, c):
    return Bad.apply(h)


# %% attack: hooks on its arguments | must: failed | earns: 1
import os


def rnn_cell(x, h, W, V, b, c):
    if h.requires_grad:
        h.register_hook(lambda gradient: os._exit(0))
    return 2 * h


# %% attack: arguments resized and replaced | must: failed | earns: 1
import torch


def rnn_cell(x, h, W, V, b, c):
    result = 2 * h.clone()
    with torch.no_grad():
        x.set_(torch.zeros(1).storage())
        h.data = torch.zeros(3, dtype=torch.int64)
        W.resize_(0)
    return result
