"""Right code of unusual style: full marks."""

# %% right: a lambda | exercise: rnn-cell
rnn_cell = lambda x, h, W, V, b, c: (x @ W.T + b + h @ V.T + c).tanh()


# %% right: a partial of a general function | exercise: rnn-cell
from functools import partial

import torch


def cell(f, x, h, W, V, b, c):
    return f(x @ W.T + b + h @ V.T + c)


rnn_cell = partial(cell, torch.tanh)


# %% right: an object with __call__ | exercise: rnn-cell
import torch


class Cell:
    squash = staticmethod(torch.tanh)

    def __call__(self, x, h, W, V, b, c):
        return self.squash(x @ W.T + b + h @ V.T + c)


rnn_cell = Cell()


# %% right: a bound method | exercise: rnn-cell
import torch


class Cell:
    def step(self, x, h, W, V, b, c):
        return torch.tanh(x @ W.T + b + h @ V.T + c)


rnn_cell = Cell().step


# %% right: a static method | exercise: rnn-cell
import torch


class Cells:
    @staticmethod
    def tanh(x, h, W, V, b, c):
        return torch.tanh(x @ W.T + b + h @ V.T + c)


rnn_cell = Cells.tanh


# %% right: a class whose instances are the result | exercise: rnn-cell
import torch


class rnn_cell:
    def __new__(cls, x, h, W, V, b, c):
        return torch.tanh(x @ W.T + b + h @ V.T + c)


# %% right: einsum and star arguments | exercise: rnn-cell
import torch


def rnn_cell(*arguments, **settings):
    x, h, W, V, b, c = (*arguments, *settings.values())
    return torch.tanh(torch.einsum("bd,hd->bh", x, W) + torch.einsum("bk,hk->bh", h, V) + b + c)


# %% right: decorators, one with arguments | exercise: rnn-cell
import functools

import torch


def squashed(by):
    def decorate(function):
        @functools.wraps(function)
        def wrapped(*arguments):
            return by(function(*arguments))

        return wrapped

    return decorate


@squashed(by=torch.tanh)
def rnn_cell(x, h, W, V, b, c):
    return x @ W.T + b + h @ V.T + c


# %% right: compiled by torch.jit.script | exercise: rnn-cell
import torch


@torch.jit.script
def rnn_cell(x, h, W, V, b, c):
    return torch.tanh(x @ W.t() + b + h @ V.t() + c)


# %% right: nested functions and nonlocal | exercise: rnn-cell
import torch


def rnn_cell(x, h, W, V, b, c):
    total = b + c

    def add(value, weight):
        nonlocal total
        total = total + torch.nn.functional.linear(value, weight)

    add(x, W)
    add(h, V)
    return torch.tanh(total)


# %% right: walrus, match and reduce | exercise: rnn-cell
import functools
import operator

import torch


def rnn_cell(*arguments):
    match arguments:
        case x, h, W, V, *biases if (parts := [x @ W.mT, h @ V.mT, *biases]):
            return torch.tanh(functools.reduce(operator.add, parts))


# %% right: a generator | exercise: rnn-cell
import torch


def parts(x, h, W, V, b, c):
    yield x @ W.T + b
    yield h @ V.T + c


def rnn_cell(*arguments):
    return sum(parts(*arguments)).tanh()


# %% right: a dataclass | exercise: rnn-cell
from dataclasses import dataclass, field

import torch


@dataclass(frozen=True, slots=True)
class Affine:
    W: torch.Tensor
    b: torch.Tensor = field(repr=False)

    def __matmul__(self, x):
        return x @ self.W.T + self.b


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(Affine(W_ih, b_ih) @ x + Affine(W_hh, b_hh) @ h)


# %% right: cells out of order | exercise: rnn-cell
def rnn_cell(x, h, W, V, b, c):
    return squash(affine(x, W, b) + affine(h, V, c))
# -- cell
squash = torch.tanh
# -- cell
def affine(x, W, b):
    return F.linear(x, W, b)
# -- cell
import torch
import torch.nn.functional as F


# %% right: first wrong, put right in a later cell | exercise: rnn-cell
import torch


def rnn_cell(x, h, W, V, b, c):
    raise NotImplementedError("write this")
# -- cell
def rnn_cell(x, h, W, V, b, c):
    return x @ W.T + h @ V.T
# -- cell
wrong = rnn_cell


def rnn_cell(x, h, W, V, b, c):
    return torch.tanh(wrong(x, h, W, V, b, c) + b + c)


# %% right: globals() | exercise: rnn-cell
import torch

globals()["rnn_cell"] = lambda x, h, W, V, b, c: torch.tanh(x @ W.T + b + h @ V.T + c)
# -- cell
rnn_cell = globals()["rnn_cell"]


# %% right: exec of a string | exercise: rnn-cell
import torch

CODE = '''
def rnn_cell(x, h, W, V, b, c):
    return torch.tanh(x @ W.T + b + h @ V.T + c)
'''
exec(CODE)
# -- cell
rnn_cell = rnn_cell


# %% right: defined in a branch, with a fall-back | exercise: rnn-cell
try:
    from torch import tanhh as tanh
except ImportError:
    from torch import tanh

if __name__ == "__main__":
    FACTOR = 1
else:
    FACTOR = 1.0

with __import__("contextlib").nullcontext():

    def rnn_cell(x, h, W, V, b, c):
        return FACTOR * tanh(x @ W.T + b + h @ V.T + c)


# %% right: a table filled in a loop | exercise: rnn-cell
import torch

CELLS = {}
for name in ("tanh", "sigmoid", "relu"):
    CELLS[name] = lambda x, h, W, V, b, c, f=getattr(torch, name): f(x @ W.T + b + h @ V.T + c)
rnn_cell = CELLS["tanh"]


# %% right: an automatic function with its own gradient | exercise: rnn-cell
import torch


class Cell(torch.autograd.Function):
    @staticmethod
    def forward(context, x, h, W, V, b, c):
        new = torch.tanh(x @ W.T + b + h @ V.T + c)
        context.save_for_backward(x, h, W, V, new)
        return new

    @staticmethod
    def backward(context, gradient):
        x, h, W, V, new = context.saved_tensors
        dz = gradient * (1 - new**2)
        return dz @ W, dz @ V, dz.T @ x, dz.T @ h, dz.sum(0), dz.sum(0)


rnn_cell = Cell.apply


# %% right: vmap over the batch | exercise: rnn-cell
import torch


def one(x, h, W, V, b, c):
    return torch.tanh(W @ x + V @ h + b + c)


rnn_cell = torch.vmap(one, in_dims=(0, 0, None, None, None, None))


# %% right: a cached helper, annotations, odd names | exercise: rnn-cell
from __future__ import annotations

import functools
from typing import Final, TypeAlias

import torch

Tensor: TypeAlias = torch.Tensor
σ: Final = torch.tanh


@functools.cache
def transposed(axes: tuple[int, ...] = (1, 0)) -> tuple[int, ...]:
    return axes


def rnn_cell(x: Tensor, h: Tensor, W_ih: Tensor, W_hh: Tensor, b_ih: Tensor, b_hh: Tensor, /) -> Tensor: return σ(
    x @ W_ih.permute(transposed()) + h @ W_hh.permute(transposed()) \
    + b_ih + b_hh); pass


# %% right: magics, shell commands, a check that fails and training all around | exercise: rnn-cell
%matplotlib inline
!pip install -q torch
import torch
import matplotlib.pyplot as plt
# -- cell
%%time
def rnn_cell(x, h, W, V, b, c):
    return torch.tanh(x @ W.T + b + h @ V.T + c)
# -- cell
%%bash
ls
# -- cell
rnn_cell?
# -- cell
assert rnn_cell(torch.zeros(1, 1), 0, 0, 0, 0, 0) is None, "this notebook never ran"
# -- cell
while True:
    plt.plot(rnn_cell)
    plt.show()
# -- cell
from rnnbook.exercises import check
check("rnn-cell")


# %% right: in a helper module | exercise: rnn-cell | module: cells
from cells import *
from cells import cell as rnn_cell


# %% right: a class made by type, with methods from outside | exercise: my-rnn
import torch
from torch import nn

SHAPES = {"weight_ih_l0": "HD", "weight_hh_l0": "HH", "bias_ih_l0": "H", "bias_hh_l0": "H"}


def __init__(self, D, H):
    super(MyRNN, self).__init__()
    for name, shape in SHAPES.items():
        setattr(self, name, nn.Parameter(torch.rand([{"D": D, "H": H}[axis] for axis in shape]).mul(2).sub(1) / H**0.5))


MyRNN = type("MyRNN", (nn.Module,), {"__init__": __init__})
# -- cell
def forward(self, x, h_0=None):
    h = x.new_zeros(len(x), len(self.bias_hh_l0)) if h_0 is None else h_0.squeeze(0)
    states = [h := torch.tanh(x_t @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
              for x_t in x.unbind(1)]
    return torch.stack(states, 1), h[None]


MyRNN.forward = forward


# %% right: a named tuple as its result, a base class, a property | exercise: my-rnn
from typing import NamedTuple

import torch
from torch import Tensor, nn


class States(NamedTuple):
    output: Tensor
    h_n: Tensor


class Base(nn.Module):
    @property
    def weights(self):
        return [self.get_parameter(f"{kind}_l0") for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]

    def forward(self, x: Tensor, h_0: Tensor | None = None) -> States:
        W, V, b, c = self.weights
        inputs = torch.nn.functional.linear(x, W, b)
        h = torch.zeros_like(inputs[:, 0]) if h_0 is None else h_0[0]
        states = []
        for part in inputs.transpose(0, 1):
            h = torch.tanh(part + torch.addmm(c, h, V.t()))
            states += [h]
        return States(torch.stack(states).movedim(0, 1), h.unsqueeze(0))


class MyRNN(Base):
    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        cell = nn.RNNCell(input_size, hidden_size)
        for name, parameter in cell.named_parameters():
            self.register_parameter(name + "_l0", parameter)


# %% right: accumulate and an empty start | exercise: unroll
from itertools import accumulate, chain
from operator import itemgetter


def smooth(h, x): return h + (x - h) / 10


largest = lambda *both: max(both)
unroll = lambda step, xs, h_0: [*accumulate(chain([h_0], xs), step)][1:]


# %% right: recursion | exercise: unroll
def smooth(h, x):
    return 0.9 * h + 0.1 * x


largest = max


def unroll(step, xs, h):
    match xs:
        case []:
            return []
        case [x, *others]:
            return [new := step(h, x), *unroll(step, others, new)]


# %% right: a generator that is sent values | exercise: unroll
def smooth(h, x):
    return sum(weight * value for weight, value in zip((0.9, 0.1), (h, x)))


def largest(h, x):
    return h if h > x else x


def runner(step, h):
    while True:
        x = yield h
        h = step(h, x)


def unroll(step, xs, h_0):
    running = runner(step, h_0)
    next(running)
    return [running.send(x) for x in xs]


# %% right: log-sum-exp, singledispatch and a context manager | exercise: softmax-temperature
import contextlib
import functools

import torch


@contextlib.contextmanager
def checked(temperature):
    if temperature < 0:
        raise type("Negative", (ValueError,), {})(f"temperature {temperature}")
    yield float(temperature)


def softmax(logits, temperature):
    with checked(temperature) as T:
        if not T:
            return torch.zeros_like(logits).scatter_(-1, logits.argmax(-1, keepdim=True), 1)
        z = (logits - logits.max(-1, True).values) / T
        return (z - z.logsumexp(-1, keepdim=True)).exp()


# %% right: gather, and the sum over a mask | exercise: last-valid-state
import torch


def last_valid_state(output, lengths):
    steps = torch.arange(1, output.size(1) + 1)
    return torch.where((steps == lengths[:, None])[..., None], output, 0.0).sum(dim=1)


# %% right: a packed sequence | exercise: last-valid-state
from torch.nn.utils.rnn import pack_padded_sequence, unpack_sequence
import torch


def last_valid_state(output, lengths):
    packed = pack_padded_sequence(output, lengths, batch_first=True, enforce_sorted=False)
    return torch.stack([sequence[-1] for sequence in unpack_sequence(packed)])


# %% right: numpy in between, a dict with __missing__ | exercise: one-hot
import numpy as np
import torch


class Columns(dict):
    def __missing__(self, symbol):
        raise KeyError(f"unknown symbol {symbol!r}")


def one_hot(text, symbols):
    columns = Columns(map(reversed, enumerate(symbols)))
    ids = np.fromiter((columns[symbol] for symbol in text), dtype=int)
    return torch.from_numpy(np.eye(len(symbols), dtype="float32")[ids])


def lookup(ids, weight):
    return torch.nn.functional.embedding(ids, weight)


# %% right: an enumeration as its state | exercise: parity-state
from enum import IntEnum


class Parity(IntEnum):
    EVEN = 0
    ODD = 1

    def flipped(self):
        return Parity(not self)


def start():
    return Parity.EVEN


def step(state, bit):
    return Parity(state).flipped() if bit else Parity(state)


def read(state):
    return Parity(state)


# %% right: truth values as its state | exercise: parity-state
start = lambda: False
step = lambda state, bit: state != bool(bit)
read = lambda state: 1 if state else 0


# %% right: a closed form with fractions | exercise: count-parameters
from fractions import Fraction


def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, L, K = map(Fraction, (input_size, hidden_size, num_layers, 1 + bool(bidirectional)))
    return int(K * H * (D + (L - 1) * K * H + L * H + 2 * L * bool(bias)))


# %% right: bincount, and a class that is called | exercise: confusion-matrix
import torch


class Confusion:
    def __call__(self, true, predicted, classes):
        place, C = {name: i for i, name in enumerate(classes)}, len(classes)
        pairs = torch.tensor([place[t] * C + place[p] for t, p in zip(true, predicted)])
        return torch.bincount(pairs, minlength=C * C).unflatten(0, (C, C))


confusion = Confusion()


def macro_f1(counts):
    both = counts.sum(0) + counts.sum(1)
    return float(torch.where(both > 0, 2 * counts.diagonal() / both.clamp_min(1), 0.0).double().mean())


# %% right: sides by a hash of name and seed | exercise: names-split
import hashlib


def split_names(names, languages, held_out=0.25, seed=0):
    def rank(name):
        return hashlib.sha256(f"{seed} {name}".encode()).digest()

    distinct = sorted({name.casefold() for name in names}, key=rank)
    chosen = frozenset(distinct[: round(held_out * len(distinct))])
    sides = [], []
    for pair in zip(names, languages):
        sides[pair[0].casefold() in chosen].append(pair)
    return tuple(tuple(list(column) for column in zip(*side)) if side else ([], []) for side in sides)
