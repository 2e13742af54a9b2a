"""Submissions that prove the tests of `recurrent-parameters`: right answers of another form, and the mistakes that people make."""


# %% given: what most answers leave as it is
def hidden_size_for(cell, input_size, budget, num_layers=1, bidirectional=False, bias=True):
    hidden_size = 0
    while recurrent_parameters(cell, input_size, hidden_size + 1, num_layers, bidirectional, bias) <= budget:
        hidden_size += 1
    if hidden_size == 0:
        raise ValueError("the budget is too small")
    return hidden_size


# %% alternative: closed formulas
import math


def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    try:
        G = ["rnn", None, "gru", "lstm"].index(cell) + 1
    except ValueError:
        raise ValueError("unknown cell: " + cell) from None
    D, H, L, R = input_size, hidden_size, num_layers, 1 + bool(bidirectional)
    return G * R * H * (D + (L - 1) * R * H + L * (H + 2 * bool(bias)))


def hidden_size_for(cell, input_size, budget, num_layers=1, bidirectional=False, bias=True):
    # the count is a H^2 + b H
    one, two = (recurrent_parameters(cell, input_size, H, num_layers, bidirectional, bias) for H in (1, 2))
    a = (two - 2 * one) // 2
    b = one - a
    H = (math.isqrt(b * b + 4 * a * budget) - b) // (2 * a)
    if H < 1:
        raise ValueError("no hidden size is small enough")
    return H


# %% alternative: shapes listed, sizes doubled and halved
from math import prod


def shapes(gates, input_size, hidden_size, num_layers, bidirectional, bias):
    for layer in range(num_layers):
        for direction in range(2 if bidirectional else 1):
            width = hidden_size * (2 if bidirectional else 1) if layer else input_size
            yield (gates * hidden_size, width)
            yield (gates * hidden_size, hidden_size)
            if bias:
                yield (gates * hidden_size,)
                yield (gates * hidden_size,)


def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    match cell:
        case "rnn":
            gates = 1
        case "gru":
            gates = 3
        case "lstm":
            gates = 4
        case _:
            raise ValueError(cell)
    return sum(map(prod, shapes(gates, input_size, hidden_size, num_layers, bidirectional, bias)))


def hidden_size_for(cell, input_size, budget, *settings, **more):
    def fits(size):
        return recurrent_parameters(cell, input_size, size, *settings, **more) <= budget

    if not fits(1):
        raise ValueError(f"{budget} is too little")
    size = step = 1
    while fits(size + step):
        size, step = size + step, 2 * step
    while step > 1:
        step //= 2
        if fits(size + step):
            size += step
    return size


# %% mutant: three blocks for an LSTM | says: You counted 3, but an LSTM has 4 blocks
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 3, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: two blocks for a GRU | says: You counted 2, but a GRU has 3 blocks
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 2}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: LSTM and GRU swapped | says: You counted 3, but an LSTM has 4 blocks
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 3, "gru": 4}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: every cell as an RNN | says: You counted 1, but
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * 1 * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: one bias | says: You counted one bias
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 1 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: no biases | says: You left out the biases
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: biases always | says: You counted biases, though bias=False
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: biases of one block | says: Each block has biases of its own
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += (
            directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size)
            + directions * biases * hidden_size
        )
        reads = directions * hidden_size
    return total


# %% mutant: W_ih of one block | says: Each block reads the input with a matrix of its own
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * hidden_size * reads + directions * blocks[cell] * (
            hidden_size * hidden_size + biases * hidden_size
        )
        reads = directions * hidden_size
    return total


# %% mutant: no W_hh | says: You left out the matrices W_hh
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: no W_ih | says: You left out the matrices W_ih
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: one layer | says: You counted one layer only
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(1):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: layers times the first | says: You took every layer for the first
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
    return total


# %% mutant: upper layers read one direction | says: Your layers above the first read H numbers
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = hidden_size
    return total


# %% mutant: one direction | says: You left out the second direction
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: one set of parameters | says: You counted one direction in each layer
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: directions see each other | says: do not see each other's states
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += (
            directions
            * blocks[cell]
            * (hidden_size * reads + hidden_size * directions * hidden_size + biases * hidden_size)
        )
        reads = directions * hidden_size
    return total


# %% mutant: a float | says: a count is an integer
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total / 1


# %% mutant: a network built | says: You built the network
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    from torch import nn

    if cell in ("rnn", "lstm", "gru"):
        kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell]
        network = kind(input_size, hidden_size, num_layers, bias=bias, bidirectional=bidirectional)
        return sum(p.numel() for p in network.parameters())
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: KeyError for an unknown cell | says: but it raised KeyError
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: unknown cell not named | says: but the message lacks it
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError("no such cell")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


# %% mutant: one too many | says: That is one too many
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


def hidden_size_for(cell, input_size, budget, num_layers=1, bidirectional=False, bias=True):
    hidden_size = 0
    while recurrent_parameters(cell, input_size, hidden_size + 1, num_layers, bidirectional, bias) <= budget:
        hidden_size += 1
    if hidden_size == 0:
        raise ValueError("the budget is too small")
    return hidden_size + 1


# %% mutant: budget not used up | says: That is one too few
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


def hidden_size_for(cell, input_size, budget, num_layers=1, bidirectional=False, bias=True):
    hidden_size = 0
    while recurrent_parameters(cell, input_size, hidden_size + 1, num_layers, bidirectional, bias) < budget:
        hidden_size += 1
    if hidden_size == 0:
        raise ValueError("the budget is too small")
    return hidden_size


# %% mutant: nearest size | says: though perhaps nearer to it
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


def hidden_size_for(cell, input_size, budget, num_layers=1, bidirectional=False, bias=True):
    hidden_size = 0
    while recurrent_parameters(cell, input_size, hidden_size + 1, num_layers, bidirectional, bias) <= budget:
        hidden_size += 1
    if hidden_size == 0:
        raise ValueError("the budget is too small")
    below, above = (
        recurrent_parameters(cell, input_size, H, num_layers, bidirectional, bias)
        for H in (hidden_size, hidden_size + 1)
    )
    return hidden_size if budget - below <= above - budget else hidden_size + 1


# %% mutant: square root | says: That is too large
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


def hidden_size_for(cell, input_size, budget, num_layers=1, bidirectional=False, bias=True):
    hidden_size = 0
    while recurrent_parameters(cell, input_size, hidden_size + 1, num_layers, bidirectional, bias) <= budget:
        hidden_size += 1
    if hidden_size == 0:
        raise ValueError("the budget is too small")
    return int((budget / {"rnn": 1, "gru": 3, "lstm": 4}[cell]) ** 0.5)


# %% mutant: powers of two | says: That is too small
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


def hidden_size_for(cell, input_size, budget, num_layers=1, bidirectional=False, bias=True):
    hidden_size = 0
    while recurrent_parameters(cell, input_size, 2 * hidden_size or 1, num_layers, bidirectional, bias) <= budget:
        hidden_size = 2 * hidden_size or 1
    if hidden_size == 0:
        raise ValueError("the budget is too small")
    return hidden_size


# %% mutant: count returned | says: return the hidden size
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


def hidden_size_for(cell, input_size, budget, num_layers=1, bidirectional=False, bias=True):
    hidden_size = 0
    while recurrent_parameters(cell, input_size, hidden_size + 1, num_layers, bidirectional, bias) <= budget:
        hidden_size += 1
    if hidden_size == 0:
        raise ValueError("the budget is too small")
    return recurrent_parameters(cell, input_size, hidden_size, num_layers, bidirectional, bias)


# %% mutant: settings not handed on | says: Did you hand num_layers
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


def hidden_size_for(cell, input_size, budget, num_layers=1, bidirectional=False, bias=True):
    hidden_size = 0
    while recurrent_parameters(cell, input_size, hidden_size + 1) <= budget:
        hidden_size += 1
    if hidden_size == 0:
        raise ValueError("the budget is too small")
    return hidden_size


# %% mutant: always an RNN | says: That would be right for a vanilla RNN
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


def hidden_size_for(cell, input_size, budget, num_layers=1, bidirectional=False, bias=True):
    hidden_size = 0
    while recurrent_parameters("rnn", input_size, hidden_size + 1, num_layers, bidirectional, bias) <= budget:
        hidden_size += 1
    if hidden_size == 0:
        raise ValueError("the budget is too small")
    return hidden_size


# %% mutant: 0 for a budget too small | says: should raise ValueError
def recurrent_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}
    if cell not in blocks:
        raise ValueError(f"no cell is called {cell}")
    directions = 2 if bidirectional else 1
    biases = 2 if bias else 0
    total = 0
    reads = input_size
    for layer in range(num_layers):
        total += directions * blocks[cell] * (hidden_size * reads + hidden_size * hidden_size + biases * hidden_size)
        reads = directions * hidden_size
    return total


def hidden_size_for(cell, input_size, budget, num_layers=1, bidirectional=False, bias=True):
    hidden_size = 0
    while recurrent_parameters(cell, input_size, hidden_size + 1, num_layers, bidirectional, bias) <= budget:
        hidden_size += 1
    return hidden_size
