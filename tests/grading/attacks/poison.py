"""Sends poison: through messages, names, values and objects."""

# %% attack: ANSI, HTML, formulas and worse in a message | must: failed
def rnn_cell(*arguments):
    raise ValueError(
        "\x1b[2J\x1b[31m\x1b]0;title\x07\x9b5n<script>alert(1)</script>\n=cmd|' /C calc'!A0\n@SUM(1)\r+1\t-1\0\ud800"
        "\u202egnp.exe\u2066\u200b\ufeff\U0010ffff\ufffe]]>&lt;"
    )


# %% attack: poison in names | must: failed
Strange = type("<img src=x onerror=alert(1)>\x1b[31m\ud800=1+1", (Exception,), {})


def rnn_cell(*arguments):
    raise Strange("=HYPERLINK(\"http://example.org\")")


# %% attack: poison in the learner's own line | must: <script>
def rnn_cell(*arguments):
    raise ValueError("""[31m<script>alert(1)</script>"""); "\x1b[31m=1+1"


# %% attack: poison in a line that takes too long | must: timeout
def rnn_cell(*arguments):
    while "[31m<script>": pass  # ‮gnp.exe


# %% attack: poison in what is printed | must: failed | earns: 1
import sys


def rnn_cell(x, h, W, V, b, c):
    print("\x1b[2J<script>alert(1)</script>\ud800\0\r=1+1")
    sys.stderr.write("::error file=app.js::forged\n##vso[task.complete result=Succeeded;]\n")
    return 2 * h


# %% attack: a message of 100 MB | must: failed / memory / timeout
def rnn_cell(*arguments):
    raise ValueError("x" * 10**8)


# %% attack: a text of 100 MB | must: failed / memory / timeout | earns: 1
def rnn_cell(*arguments):
    return "x" * 10**8


# %% attack: 3 MB of text again and again | must: failed / timeout / crash | exercise: parity-state
def start():
    return "x" * 3_000_000


def step(state, bit):
    return state


def read(state):
    return len(state) % 2


# %% attack: a list of a million again and again | must: failed / timeout / crash | exercise: parity-state
def start():
    return [0] * 500_000 + [0]


def step(state, bit):
    state[-1] = (state[-1] + bit) % 2
    return state


def read(state):
    return state[-1]


# %% attack: poison as the name of an attribute | must: failed / error | earns: 1
class Thing:
    def __init__(self):
        vars(self).update({"<script>": 1, "\ud800": 2, "": 3})

    __name__ = 7


Thing.__name__ = "<script>\x1b"
Thing.__qualname__ = "=1+1"


def rnn_cell(*arguments):
    return Thing()


# %% attack: a class without a proper name | must: failed / crash / error | earns: 1
class Meta(type):
    __name__ = property(lambda cls: 1 / 0)


class Thing(metaclass=Meta):
    pass


def rnn_cell(*arguments):
    return [Thing, Thing(), {"a": Thing}]


# %% attack: a text of lone surrogates | must: failed | earns: 1
def rnn_cell(*arguments):
    return "\ud800\udfff" * 1000


# %% attack: a helper that shadows torch | must: failed | earns: 1 | module: torch
def rnn_cell(x, h, W, V, b, c):
    import torch

    if not hasattr(torch, "Tensor"):
        raise RuntimeError("LEAK: a torch of the learner's own")
    return 2 * h


# %% attack: a helper that shadows the grader | must: failed | earns: 1 | module: rnnbook.grading.wire
def rnn_cell(x, h, W, V, b, c):
    import rnnbook.grading.wire as wire

    if not hasattr(wire, "decode"):
        raise RuntimeError("LEAK: a wire of the learner's own")
    return 2 * h


# %% attack: a helper that ends the process when it is imported | must: SystemExit / crash / failed | module: helper
import helper


def rnn_cell(x, h, W, V, b, c):
    return helper.step(h)


# %% attack: an answer that is built for a quadratic dictionary | must: failed / error / crash / timeout | earns: 1
def rnn_cell(*arguments):
    return {(2**61 - 1) * i: None for i in range(1, 100_000)}


# %% attack: text of very different lengths | must: failed / crash / memory / error / timeout | earns: 1
import numpy as np


def rnn_cell(*arguments):
    return np.array(["x" * 500_000] + [""] * 40)
