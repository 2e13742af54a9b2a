"""Submissions that prove the tests of `lstm-cell`: right answers of another form, and the mistakes that people make."""

# %% alternative: one gate at a time
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    H = h.shape[1]

    def gate(k, squash):
        rows = slice(k * H, (k + 1) * H)
        return squash(x @ W_ih[rows].T + b_ih[rows] + h @ W_hh[rows].T + b_hh[rows])

    i, f, o = (gate(k, torch.sigmoid) for k in (0, 1, 3))
    g = gate(2, torch.tanh)
    c_1 = f * c + i * g
    return o * c_1.tanh(), c_1


# %% alternative: one matrix for input and state, split
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    W = torch.cat([W_ih, W_hh], dim=1)
    gates = torch.cat([x, h], dim=1) @ W.T + (b_ih + b_hh)
    i, f, g, o = gates.split(h.shape[1], dim=1)
    c_1 = f.sigmoid().mul(c).add(i.sigmoid() * g.tanh())
    return [torch.tanh(c_1) * torch.sigmoid(o), c_1]


# %% alternative: linear, and sigmoid by tanh
import torch.nn.functional as F


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = F.linear(x, W_ih, b_ih) + F.linear(h, W_hh, b_hh)
    H = h.size(1)
    i, f, o = (0.5 * (1 + (gates[:, k * H : (k + 1) * H] / 2).tanh()) for k in (0, 1, 3))
    g = gates[:, 2 * H : 3 * H].tanh()
    c = f * c + i * g
    h = o * c.tanh()
    return h, c


# %% alternative: einsum, in float64
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    dtype, (B, H) = x.dtype, h.shape
    x, h, c, W_ih, W_hh, b_ih, b_hh = (value.double() for value in (x, h, c, W_ih, W_hh, b_ih, b_hh))
    gates = torch.einsum("bd,kjd->kbj", x, W_ih.view(4, H, -1)) + torch.einsum("bi,kji->kbj", h, W_hh.view(4, H, H))
    gates = gates + (b_ih + b_hh).view(4, 1, H)
    i, f, o = torch.sigmoid(gates[[0, 1, 3]])
    c_1 = f * c + i * torch.tanh(gates[2])
    return (o * torch.tanh(c_1)).to(dtype), c_1.to(dtype)


# %% alternative: row by row
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    rows = []
    for x_b, h_b, c_b in zip(x, h, c):
        i, f, g, o = (W_ih @ x_b + b_ih + W_hh @ h_b + b_hh).chunk(4)
        c_b = torch.sigmoid(f) * c_b + torch.sigmoid(i) * torch.tanh(g)
        rows.append((torch.sigmoid(o) * torch.tanh(c_b), c_b))
    h_1, c_1 = zip(*rows)
    return torch.stack(h_1), torch.stack(c_1)


# %% mutant: gates in the order i, f, o, g | says: the order i, f, o, g
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, o, g = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: gates in the order f, i, g, o | says: the order f, i, g, o
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    f, i, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: gates in the order f, i, o, g | says: the order f, i, o, g
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    f, i, o, g = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: gates in the order of older TensorFlow | says: the order i, g, f, o
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, g, f, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: every fourth column | says: every fourth column
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = (gates[:, k::4] for k in range(4))
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: cut along the batch | says: along dim=1
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: gates in the order i, f, o, g, and no b_hh | says: i, f, g, o. You left out the bias b_hh
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T
    i, f, o, g = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: no b_hh | says: left out the bias b_hh
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: no biases | says: left out both biases
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + h @ W_hh.T
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: b_ih twice | says: You used b_ih twice
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_ih
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: W_ih untransposed | says: left W_ih untransposed
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: W_hh untransposed | says: Both weights are (out, in)
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: gates from c | says: You fed c to the gates
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + c @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: no forget gate | says: left out the forget gate
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: no input gate | says: left out the input gate
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + g
    return o * torch.tanh(c_1), c_1


# %% mutant: no output gate | says: left out the output gate
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return torch.tanh(c_1), c_1


# %% mutant: coupled gates | says: put 1 - f in the place of the input gate
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + (1 - f) * g
    return o * torch.tanh(c_1), c_1


# %% mutant: forget gate the wrong way round | says: took 1 - f for the forget gate
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = (1 - f) * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: forget bias of 1 built in | says: You added 1 to the forget gate
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f + 1), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: sigmoid for the new value | says: You applied a sigmoid to g
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = torch.sigmoid(gates).chunk(4, dim=1)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: tanh for all gates | says: You applied tanh to the gates
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = torch.tanh(gates).chunk(4, dim=1)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: ReLU for the new value | says: You applied a ReLU to g
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.relu(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: new value without tanh | says: left out the tanh of g
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, o = torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: gates without sigmoid | says: left out the sigmoids
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    g = torch.tanh(g)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: no tanh of the cell state | says: left out the tanh of the cell state
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * c_1, c_1


# %% mutant: hidden state from the old cell state | says: h_1 from the old cell state
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    return o * torch.tanh(c), f * c + i * g


# %% mutant: cell state squashed | says: You squashed the cell state
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = torch.tanh(f * c + i * g)
    return o * torch.tanh(c_1), c_1


# %% mutant: forget gate times h | says: You multiplied f and h
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * h + i * g
    return o * torch.tanh(c_1), c_1


# %% mutant: states returned in the wrong order | says: returned the states in the wrong order
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return c_1, o * torch.tanh(c_1)


# %% mutant: old cell state returned | says: returned the old cell state
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    return o * torch.tanh(f * c + i * g), c


# %% mutant: only the hidden state | says: should be a tuple (h_1, c_1)
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    return o * torch.tanh(f * c + i * g)


# %% mutant: cell state cut off | says: No gradient goes back through c_1
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1.detach()


# %% mutant: changes c in place | says: changed its argument c in place
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c *= f
    c += i * g
    return o * torch.tanh(c), c


# %% mutant: state handed on from row to row | says: Your rows are not independent
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    h_b, c_b, rows = h[0], c[0], []
    for x_b in x:
        i, f, g, o = (W_ih @ x_b + b_ih + W_hh @ h_b + b_hh).chunk(4)
        c_b = torch.sigmoid(f) * c_b + torch.sigmoid(i) * torch.tanh(g)
        h_b = torch.sigmoid(o) * torch.tanh(c_b)
        rows.append((h_b, c_b))
    h_1, c_1 = zip(*rows)
    return torch.stack(h_1), torch.stack(c_1)


# %% mutant: in NumPy | says: Stay in torch
import numpy as np


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    x, h, c, W_ih, W_hh, b_ih, b_hh = (value.numpy() for value in (x, h, c, W_ih, W_hh, b_ih, b_hh))
    i, f, g, o = np.split(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    c_1 = f * c + i * np.tanh(g)
    return o * np.tanh(c_1), c_1


# %% mutant: always float32 | says: should be torch.float64
import torch


def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    x, h, c, W_ih, W_hh, b_ih, b_hh = (value.float() for value in (x, h, c, W_ih, W_hh, b_ih, b_hh))
    gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c_1 = f * c + i * g
    return o * torch.tanh(c_1), c_1
