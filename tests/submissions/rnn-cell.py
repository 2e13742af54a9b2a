"""Submissions that prove the tests of `rnn-cell`: right answers of another form, and the mistakes that people make."""

# %% alternative: one matrix for [x, h]
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    W = torch.cat([W_ih, W_hh], dim=1)
    return torch.tanh(torch.cat([x, h], dim=1) @ W.T + b_ih + b_hh)


# %% alternative: einsum
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.einsum("bd,hd->bh", x, W_ih).add(b_ih).add(torch.einsum("bk,hk->bh", h, W_hh)).add(b_hh).tanh()


# %% alternative: loop over rows, torch.stack
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    rows = []
    for x_b, h_b in zip(x, h):
        rows.append(torch.tanh(W_ih @ x_b + b_ih + W_hh @ h_b + b_hh))
    return torch.stack(rows)


# %% alternative: torch.nn.functional.linear
import torch.nn.functional as F


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return (F.linear(x, W_ih, b_ih) + F.linear(h, W_hh, b_hh)).tanh()


# %% alternative: float64 inside, tanh through exp
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    a = (x.double() @ W_ih.double().T + b_ih + h.double() @ W_hh.double().T + b_hh).clamp(-300, 300)
    return ((1 - torch.exp(-2 * a)) / (1 + torch.exp(-2 * a))).to(x.dtype)


# %% alternative: columns
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(W_ih @ x.T + W_hh @ h.T + (b_ih + b_hh)[:, None]).T


# %% mutant: no tanh | says: left out the tanh
def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return x @ W_ih.T + b_ih + h @ W_hh.T + b_hh


# %% mutant: b_hh left out | says: left out the bias b_hh
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T)


# %% mutant: b_ih left out | says: left out the bias b_ih
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + h @ W_hh.T + b_hh)


# %% mutant: b_ih twice | says: b_ih twice
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_ih)


# %% mutant: no biases | says: left out both biases
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + h @ W_hh.T)


# %% mutant: W_hh not transposed | says: left W_hh untransposed
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh + b_hh)


# %% mutant: W_ih transposed only when it must be | says: left W_ih untransposed
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    W = W_ih if W_ih.shape[0] == x.shape[1] else W_ih.T
    return torch.tanh(x @ W + b_ih + h @ W_hh.T + b_hh)


# %% mutant: neither matrix transposed | says: left both matrices untransposed
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih + b_ih + h @ W_hh + b_hh)


# %% mutant: neither matrix transposed, seen by the shapes | says: shapes cannot be multiplied
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih + b_ih + h @ W_hh + b_hh)


# %% mutant: sigmoid | says: applied a sigmoid
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.sigmoid(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)


# %% mutant: relu | says: applied a ReLU
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.relu(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)


# %% mutant: two tanh | says: then added them
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih) + torch.tanh(h @ W_hh.T + b_hh)


# %% mutant: matrices swapped | says: swapped the matrices
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_hh.T + b_ih + h @ W_ih.T + b_hh)


# %% mutant: state ignored | says: left out the state h
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih)


# %% mutant: changes h in place | says: changed its argument h in place
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    h_1 = torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)
    h.data.copy_(h_1)
    return h_1


# %% mutant: state leaks from row to row | says: rows are not independent
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    state, rows = h[0], []
    for row in x:
        state = torch.tanh(W_ih @ row + b_ih + W_hh @ state + b_hh)
        rows.append(state)
    return torch.stack(rows)


# %% mutant: returns NumPy | says: Stay in torch
import numpy as np


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return np.tanh((x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).detach().numpy())


# %% mutant: graph cut | says: No gradient flows
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    with torch.no_grad():
        return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)


# %% mutant: state detached | says: No gradient reaches h
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih + h.detach() @ W_hh.T + b_hh)


# %% mutant: batch averaged away | says: Is an axis (the batch?) lost
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).mean(0)


# %% mutant: one axis too many | says: only reshape
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)[None]


# %% mutant: single precision | says: h_1 should be torch.float64
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).float()


# %% mutant: no return | says: end without `return`
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    h_1 = torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)
