"""Submissions that prove the tests of `count-parameters`: right answers of another form, and the mistakes people make."""


# %% alternative: closed form
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, L, n = input_size, hidden_size, num_layers, 1 + bidirectional
    return n * H * (D + (L - 1) * n * H + L * (H + 2 * bias))


# %% alternative: recursion over the layers
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    if num_layers == 0:
        return 0
    n = 2 if bidirectional else 1
    one = hidden_size * (input_size + hidden_size + (2 if bias else 0))
    return n * one + count_parameters(n * hidden_size, hidden_size, num_layers - 1, bidirectional, bias)


# %% alternative: list of shapes
import math


def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    shapes = []
    for layer in range(num_layers):
        for _ in range(2 if bidirectional else 1):
            width = input_size if layer == 0 else hidden_size * (2 if bidirectional else 1)
            shapes += [(hidden_size, width), (hidden_size, hidden_size)]
            shapes += [(hidden_size,)] * 2 if bias else []
    return sum(math.prod(shape) for shape in shapes)


# %% mutant: one bias | says: You counted one bias: there are two
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, L, n = input_size, hidden_size, num_layers, 1 + bidirectional
    return n * H * (D + (L - 1) * n * H + L * (H + bias))


# %% mutant: no biases | says: You left out the biases
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, L, n = input_size, hidden_size, num_layers, 1 + bidirectional
    return n * H * (D + (L - 1) * n * H + L * H)


# %% mutant: biases always | says: You counted biases, though bias=False
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, L, n = input_size, hidden_size, num_layers, 1 + bidirectional
    return n * H * (D + (L - 1) * n * H + L * (H + 2))


# %% mutant: no W_hh | says: You left out the matrix W_hh
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, L, n = input_size, hidden_size, num_layers, 1 + bidirectional
    return n * H * (D + (L - 1) * n * H + L * 2 * bias)


# %% mutant: no W_ih | says: You left out the matrix W_ih
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    H, L, n = hidden_size, num_layers, 1 + bidirectional
    return n * H * ((L - 1) * n * H + L * (H + 2 * bias))


# %% mutant: layers forgotten | says: You counted one layer only
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, n = input_size, hidden_size, 1 + bidirectional
    return n * H * (D + H + 2 * bias)


# %% mutant: every layer reads the input | says: read input_size numbers
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, L, n = input_size, hidden_size, num_layers, 1 + bidirectional
    return L * n * H * (D + H + 2 * bias)


# %% mutant: every layer reads a state | says: Your first layer reads hidden_size numbers
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    H, L, n = hidden_size, num_layers, 1 + bidirectional
    return L * n * H * (n * H + H + 2 * bias)


# %% mutant: upper layers read one direction | says: with two directions below they read 2 * H
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, L, n = input_size, hidden_size, num_layers, 1 + bidirectional
    return n * H * (D + (L - 1) * H + L * (H + 2 * bias))


# %% mutant: directions forgotten | says: You counted one direction: with bidirectional=True
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, L = input_size, hidden_size, num_layers
    return H * (D + (L - 1) * H + L * (H + 2 * bias))


# %% mutant: one direction that reads both | says: there are two sets of parameters
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, L, n = input_size, hidden_size, num_layers, 1 + bidirectional
    return H * (D + (L - 1) * n * H + L * (H + 2 * bias))


# %% mutant: output layer counted | says: You counted an output layer too
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, L, n = input_size, hidden_size, num_layers, 1 + bidirectional
    return n * H * (D + (L - 1) * n * H + L * (H + 2 * bias)) + D * n * H + D


# %% mutant: a true division | says: should hold integers
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    D, H, L, n = input_size, hidden_size, num_layers, 1 + bidirectional
    return n * H * (D + (L - 1) * n * H + L * (H + 2 * bias)) / 1


# %% mutant: built and counted | says: You built the network to count its parameters
import torch


def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    network = torch.nn.RNN(input_size, hidden_size, num_layers, bidirectional=bidirectional, bias=bias)
    return sum(parameter.numel() for parameter in network.parameters())
