"""Submissions that prove the tests of `deep-bidirectional`: right answers of another form, and the mistakes that people make."""

# %% alternative: each row turned by its length
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        self.cells = nn.ModuleList()
        for layer in range(num_layers):
            for _ in range(2):
                self.cells.append(nn.LSTMCell(input_size if layer == 0 else 2 * hidden_size, hidden_size))
        self.p, self.H = dropout, hidden_size

    def turned(self, x, lengths):
        steps = torch.arange(x.shape[1])
        source = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
        return x[torch.arange(len(x))[:, None], source]

    def run(self, cell, x, lengths):
        state = torch.zeros(len(x), self.H, dtype=x.dtype), torch.zeros(len(x), self.H, dtype=x.dtype)
        hs, cs = [], []
        for x_t in x.unbind(1):
            state = cell(x_t, state)
            hs.append(state[0])
            cs.append(state[1])
        h, c = torch.stack(hs, dim=1), torch.stack(cs, dim=1)
        rows = torch.arange(len(x))
        mask = torch.arange(x.shape[1]) < lengths[:, None]
        return h * mask[..., None], h[rows, lengths - 1], c[rows, lengths - 1]

    def forward(self, x, lengths):
        hs, cs = [], []
        for layer in range(len(self.cells) // 2):
            forward, h_1, c_1 = self.run(self.cells[2 * layer], x, lengths)
            backward, h_2, c_2 = self.run(self.cells[2 * layer + 1], self.turned(x, lengths), lengths)
            output = torch.cat([forward, self.turned(backward, lengths)], dim=2)
            hs += [h_1, h_2]
            cs += [c_1, c_2]
            x = nn.functional.dropout(output, self.p, self.training)
        return output, (torch.stack(hs), torch.stack(cs))


# %% alternative: row by row
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size, input_size] + [2 * hidden_size] * (2 * num_layers - 2)
        self.cells = nn.ModuleList([nn.LSTMCell(size, hidden_size) for size in sizes])
        self.drop = nn.Dropout(dropout)

    def row(self, x):
        hs, cs = [], []
        for i, cell in enumerate(self.cells):
            if i % 2 == 0:
                below, halves = (x if i == 0 else self.drop(torch.cat(halves, dim=1))), []
            given = below if i % 2 == 0 else below.flip(0)
            state, states = None, []
            for step in given:
                state = cell(step[None], state)
                states.append(state[0][0])
            states = torch.stack(states)
            halves.append(states if i % 2 == 0 else states.flip(0))
            hs.append(state[0][0])
            cs.append(state[1][0])
        return torch.cat(halves, dim=1), torch.stack(hs), torch.stack(cs)

    def forward(self, x, lengths):
        rows = [self.row(row[:n]) for row, n in zip(x, lengths)]
        output = [nn.functional.pad(o, (0, 0, 0, x.shape[1] - len(o))) for o, _, _ in rows]
        h_n, c_n = torch.stack([h for _, h, _ in rows], dim=1), torch.stack([c for _, _, c in rows], dim=1)
        return torch.stack(output), (h_n, c_n)


# %% alternative: a cell of one's own
import torch
from torch import nn


class Cell(nn.Module):
    def __init__(self, D, H):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.randn(4 * H, D) / H**0.5)
        self.weight_hh = nn.Parameter(torch.randn(4 * H, H) / H**0.5)
        self.bias_ih = nn.Parameter(torch.zeros(4 * H))
        self.bias_hh = nn.Parameter(torch.zeros(4 * H))

    def forward(self, x, state):
        h, c = state
        gates = x @ self.weight_ih.T + self.bias_ih + h @ self.weight_hh.T + self.bias_hh
        i, f, g, o = gates.chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(Cell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.weight_hh.shape[1])
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: flips the padded batch | says: The backward cell starts in the padding
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = new_h, new_c
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: backward not turned back | says: bring its states back into the order of time
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = []
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states.append(h)
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: backward goes forward | says: The backward cell goes forward
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], range(T))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: halves added | says: both cells read both halves
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = halves[0] + halves[1]
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: halves swapped | says: Your halves are swapped
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves[::-1], dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: two stacks that never meet | says: both cells read both halves
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))

    def forward(self, x, lengths):
        both = []
        for way in (0, 1):
            below = x.flip(1) if way else x
            for cell in self.cells[way::2]:
                state, states = None, []
                for x_t in below.unbind(1):
                    state = cell(x_t, state)
                    states.append(state[0])
                below = torch.stack(states, 1)
            both.append(below.flip(1) if way else below)
        return torch.cat(both, -1), (torch.zeros(0), torch.zeros(0))


# %% mutant: one cell for both directions | says: One cell goes both ways
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: backward reads the forward half | says: reads what the forward cell gave
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell((halves[0] if halves else below)[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: state carried over | says: starts from the state that the cell before it ended with
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        h = c = x.new_zeros(len(x), self.cells[0].hidden_size)
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: all forward cells first | says: has all forward cells first
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n[::2] + h_n[1::2]), torch.stack(c_n[::2] + c_n[1::2]))


# %% mutant: top layer's state alone | says: holds the top layer alone
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n[-2:]), torch.stack(c_n[-2:]))


# %% mutant: h_n from output's last step | says: where that cell starts
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(halves[-1][torch.arange(len(x)), lengths - 1])
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: h_n batch first | says: is not batch first
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n, dim=1), torch.stack(c_n, dim=1))


# %% mutant: states not held in the padding | says: has read the padding
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = (new_h, new_c) if cell is self.cells[i] else (new_h * valid[:, t], new_c * valid[:, t])
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: output not cut off | says: should be 0 in the padding
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1))
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: dropout on x | says: Dropout acts on x
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: dropout after the last layer | says: Dropout acts on the top layer's output
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = self.dropout(torch.cat(halves, dim=-1))
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: dropout between the steps | says: from step to step
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (self.dropout(h), c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: no dropout | says: Nothing is dropped
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: dropout in evaluation | says: dropout is still on
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.p = dropout

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = nn.functional.dropout(below, self.p)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: cells in a list | says: has no parameters under the name cells
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = list(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: one cell a layer | says: two for each layer
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: every layer reads x | says: not x
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [input_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: float32 zeros | says: make the first states by x.new_zeros
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = torch.zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: c runs on in the padding | says: neither h nor c may change
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), new_c
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: one step too long | says: neither h nor c may change
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) <= lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: c for h | says: Your output holds c
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = c
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: last step alone | says: This is the last step alone
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below[:, -1], (torch.stack(h_n), torch.stack(c_n))


# %% mutant: time first | says: You looped over the batch
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        x = x.transpose(0, 1)
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: GRU cells | says: holds four gates
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.GRUCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: detached between the steps | says: between the steps or between the layers
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below)
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h.detach(), c.detach()))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))


# %% mutant: detached between the layers | says: between the steps or between the layers
import torch
from torch import nn


class DeepBidirectional(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(nn.LSTMCell(size, hidden_size) for size in sizes for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        T = x.shape[1]
        valid = (torch.arange(T) < lengths[:, None])[..., None]
        below, h_n, c_n = x, [], []
        for i in range(0, len(self.cells), 2):
            if i > 0:
                below = self.dropout(below.detach())
            halves = []
            for cell, steps in ((self.cells[i], range(T)), (self.cells[i + 1], reversed(range(T)))):
                h = c = below.new_zeros(len(x), cell.hidden_size)
                states = [None] * T
                for t in steps:
                    new_h, new_c = cell(below[:, t], (h, c))
                    h, c = torch.where(valid[:, t], new_h, h), torch.where(valid[:, t], new_c, c)
                    states[t] = h
                halves.append(torch.stack(states, dim=1) * valid)
                h_n.append(h)
                c_n.append(c)
            below = torch.cat(halves, dim=-1)
        return below, (torch.stack(h_n), torch.stack(c_n))
