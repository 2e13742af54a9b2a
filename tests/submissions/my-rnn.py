"""Submissions that prove the tests of `my-rnn`: right answers of another form, and the mistakes that people make."""

# %% alternative: input products of all steps at once, time first inside, init by reset_parameters
import math

import torch
import torch.nn.functional as F
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size))
        self.bias_ih_l0 = nn.Parameter(torch.zeros(hidden_size))
        self.bias_hh_l0 = nn.Parameter(torch.zeros(hidden_size))
        for weight in (self.weight_ih_l0, self.weight_hh_l0):
            nn.init.uniform_(weight, -1 / math.sqrt(hidden_size), 1 / math.sqrt(hidden_size))

    def forward(self, x, h_0=None):
        projected = F.linear(x, self.weight_ih_l0, self.bias_ih_l0).transpose(0, 1)
        h = torch.zeros(x.size(0), self.hidden_size, dtype=x.dtype, device=x.device) if h_0 is None else h_0.squeeze(0)
        output = []
        for p in projected:
            h = (p + F.linear(h, self.weight_hh_l0, self.bias_hh_l0)).tanh()
            output += [h]
        return torch.stack(output).transpose(0, 1), h[None]


# %% alternative: writes into a prepared tensor, parameters registered in a loop
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        shapes = {"weight_ih": (hidden_size, input_size), "weight_hh": (hidden_size, hidden_size)}
        shapes |= {"bias_ih": (hidden_size,), "bias_hh": (hidden_size,)}
        for name, shape in shapes.items():
            self.register_parameter(f"{name}_l0", nn.Parameter((2 * torch.rand(shape) - 1) / hidden_size**0.5))

    def forward(self, x, h_0=None):
        B, T, _ = x.shape
        W = torch.cat([self.weight_ih_l0, self.weight_hh_l0], dim=1)
        states = x.new_zeros(B, T + 1, len(W))
        if h_0 is not None:
            states[:, 0] = h_0[0]
        for t in range(T):
            both = torch.cat([x[:, t], states[:, t].clone()], dim=1)
            states[:, t + 1] = torch.tanh(both @ W.T + self.bias_ih_l0 + self.bias_hh_l0)
        return states[:, 1:], states[:, -1].unsqueeze(0)


# %% alternative: keeps the axis of the layers throughout, torch.cat
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.weight_ih_l0 = nn.Parameter(torch.zeros(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.zeros(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.zeros(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.zeros(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = h_0 if h_0 is not None else torch.zeros_like(self.bias_hh_l0).expand(1, len(x), -1)
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(
                x[:, t] @ self.weight_ih_l0.mT + self.bias_ih_l0 + h @ self.weight_hh_l0.mT + self.bias_hh_l0
            )
            states.append(h.transpose(0, 1))
        return torch.cat(states, 1), h


# %% mutant: bias_hh_l0 left out | says: left out the bias bias_hh_l0
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: no bias_hh_l0 at all | says: should be called weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, but your layer has weight_ih_l0, weight_hh_l0, bias_ih_l0
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: no tanh | says: left out the tanh
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: weight_hh_l0 not transposed | says: left weight_hh_l0 untransposed
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0 + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: neither weight transposed | says: left both weights untransposed
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0 + self.bias_ih_l0 + h @ self.weight_hh_l0 + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: h_n of shape (B, H) | says: lacks the axis of the layers
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h


# %% mutant: h_n batch first | says: not batch first
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(1)


# %% mutant: h_n is h_0 | says: state before the first step
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states, first = [], h
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), first.unsqueeze(0)


# %% mutant: last state only | says: returned the last state only
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return h, h.unsqueeze(0)


# %% mutant: output without h_n | says: should be a tuple (output, h_n)
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1)


# %% mutant: stacked with time first | says: with time first
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states), h.unsqueeze(0)


# %% mutant: default h_0 in float32 | says: default h_0 by x.new_zeros
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = torch.zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: result in float32 | says: output should be float64
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1).float(), h.unsqueeze(0).float()


# %% mutant: state carried between calls | says: remembers the state of the call before
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.h = None
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        if h_0 is not None:
            self.h = h_0[0]
        elif self.h is None or len(self.h) != len(x):
            self.h = x.new_zeros(len(x), self.hidden_size)
        h = self.h
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        self.h = h.detach()
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: h_0 forgotten | says: You started from zeros
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size)
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: state not handed on | says: state is not handed on
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            new = torch.tanh(
                x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0
            )
            states.append(new)
        return torch.stack(states, dim=1), new.unsqueeze(0)


# %% mutant: loop over the batch | says: looped over the batch
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(len(x)):
            h = torch.tanh(x[t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: batch_first forgotten | says: looped over the batch
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(x.shape[1], self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(len(x)):
            h = torch.tanh(x[t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=0), h.unsqueeze(0)


# %% mutant: starts at x_1 | says: left out the first input
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(1, x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: ends one step early | says: left out the last input
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1] - 1):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: saves the state before the step | says: saved the states before their step
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            states.append(h)
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: h_0 in output | says: one state too many
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = [h]
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: detached between steps | says: does not go back from step to step
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(
                x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h.detach() @ self.weight_hh_l0.T + self.bias_hh_l0
            )
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: h_n detached | says: detached?
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.detach().unsqueeze(0)


# %% mutant: no gradient at all | says: No gradient flows
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    @torch.no_grad()
    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: writes into h_0 | says: changed its argument h_0 in place
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h.data[:] = torch.tanh(
                x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0
            )
            states.append(h.clone())
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: normal initial weights | says: should start within
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.randn(hidden_size, input_size))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: weights of zeros | says: Units that start equal stay equal
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.zeros(hidden_size, hidden_size))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: weights (in, out) | says: Weights are (out, in)
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(input_size, hidden_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0 + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: plain tensors, not parameters | says: your layer has none
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih_l0 = torch.empty(hidden_size, input_size).uniform_(-bound, bound)
        self.weight_hh_l0 = torch.empty(hidden_size, hidden_size).uniform_(-bound, bound)
        self.bias_ih_l0 = torch.empty(hidden_size).uniform_(-bound, bound)
        self.bias_hh_l0 = torch.empty(hidden_size).uniform_(-bound, bound)

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: names without _l0 | says: but your layer has weight_ih, weight_hh, bias_ih, bias_hh
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.hidden_size = hidden_size
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hidden_size) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.weight_ih.T + self.bias_ih + h @ self.weight_hh.T + self.bias_hh)
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)


# %% mutant: two linear layers | says: but your layer has ih.weight
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.ih = nn.Linear(input_size, hidden_size)
        self.hh = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, h_0=None):
        h = x.new_zeros(len(x), self.hh.in_features) if h_0 is None else h_0[0]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(self.ih(x[:, t]) + self.hh(h))
            states.append(h)
        return torch.stack(states, dim=1), h.unsqueeze(0)
