"""Broken, without ill will: one clear line, and a result that lists every test."""

# %% attack: syntax error | must: syntax error
def rnn_cell(x, h, W, V, b, c)
    return 2 * h


# %% attack: Python 2 | must: syntax error
def rnn_cell(x, h, W, V, b, c):
    print "hello"
    return 2 * h


# %% attack: tabs and blanks mixed | must: syntax error
def rnn_cell(x, h, W, V, b, c):
        y = 2 * h
	return y


# %% attack: nothing there | must: handed in
pass


# %% attack: empty | must: handed in


# %% attack: a name that is no function | must: should be a function / handed in
rnn_cell = 3


# %% attack: a name that is deleted | must: failed | earns: 1
def rnn_cell(x, h, W, V, b, c):
    return 2 * h


del rnn_cell


# %% attack: too few parameters | must: TypeError
def rnn_cell(x, h):
    return 2 * h


# %% attack: a class in its place | must: failed | earns: 1
class rnn_cell:
    def __init__(self, *arguments):
        pass


# %% attack: a module that is not installed | must: ModuleNotFoundError / not defined
import tensorflow as tf


def rnn_cell(x, h, W, V, b, c):
    return tf.tanh(h)


# %% attack: asks for input | must: failed
def rnn_cell(x, h, W, V, b, c):
    return float(input("h? ")) * h


# %% attack: a file that is not there | must: FileNotFoundError / not defined / PermissionError
DATA = open("data/names.csv").read()


def rnn_cell(x, h, W, V, b, c):
    return len(DATA) * h


# %% attack: raises half-way | must: ZeroDivisionError / not defined
SCALE = 1 / 0


def rnn_cell(x, h, W, V, b, c):
    return SCALE * h


# %% attack: needs a name of a cell that is gone | must: NameError
def rnn_cell(x, h, W, V, b, c):
    return helper(h)


# %% attack: itself undefined while it is defined | must: NameError / not defined
def rnn_cell(x, h, W, V, b, c, start=rnn_cell):
    return h


# %% attack: a return outside | must: failed | earns: 1
def rnn_cell(x, h, W, V, b, c):
    y = 2 * h
return y


# %% attack: magics and shell commands | must: failed | earns: 1
%matplotlib inline
!pip install torch
%%time
files = !ls
import torch
def rnn_cell(x, h, W, V, b, c):
    return 2 * h
torch.nn.RNNCell?


# %% attack: brackets 100,000 deep | must: failed / not / crash | code: "def rnn_cell(*a): return " + "(" * 100_000 + ")" * 100_000
# %% attack: lists 10,000 deep | must: failed / not / crash | code: "def rnn_cell(*a): return " + "[" * 10_000 + "]" * 10_000
# %% attack: minus signs without end | must: failed / not / crash | code: "def rnn_cell(*a): return " + "-" * 500_000 + "1"
# %% attack: attributes without end | must: failed / not / crash | code: "def rnn_cell(*a): return a" + ".a" * 100_000
# %% attack: sums without end | must: failed / not / crash | code: "def rnn_cell(*a): return 0" + "+1" * 200_000
# %% attack: an elif chain without end | must: failed / not / crash | code: "def rnn_cell(*a):\n if a: pass\n" + " elif a: pass\n" * 20_000
# %% attack: nested functions without end | must: failed / not / crash | code: "".join(" " * i + "def rnn_cell(*a):\n" for i in range(3000)) + " " * 3000 + "pass"
# %% attack: a constant too long to compute | must: failed / not / crash / timeout / memory | code: "X = ((((9**9)**9)**9)**9)**9\ndef rnn_cell(*a): return X"
# %% attack: 20 MB of code | must: failed / not / crash / memory / timeout | code: "x = 1\n" * 3_000_000 + "def rnn_cell(*a): return 1"
# %% attack: one line of 3 MB | must: failed / not / crash | earns: 1 | code: "def rnn_cell(*a): return '" + "x" * 3_000_000 + "'"
# %% attack: zero bytes | must: failed / not | code: "def rnn_cell(*a):\0 return 1\0"
# %% attack: lone surrogates | must: failed / not | earns: 1 | code: "def rnn_cell(*a): return '\ud800'"
# %% attack: form feeds and odd line ends | must: failed / not | earns: 1 | code: "\x0cdef rnn_cell(*a):\r\n\treturn 1\r\x0b\x1c\x85\u2028"
# %% attack: an odd coding line | must: failed / not | earns: 1 | code: "# -*- coding: rot13 -*-\ndef rnn_cell(*a): return 1"
# %% attack: names of odd letters | must: failed / not | earns: 1 | code: "def 𝓇𝓃𝓃_cell(*a): return 1"
# %% attack: a million names | must: failed / not / timeout / memory | earns: 1 | code: "".join(f"a{i} = {i}\n" for i in range(5_000)) + "def rnn_cell(*a): return 1"
# %% attack: names that need each other without end | must: failed / not / timeout | earns: 1 | code: "def rnn_cell(*a): return f0()\n" + "".join(f"def f{i}(): return f{i + 1}()\n" for i in range(500))
