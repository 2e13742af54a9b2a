"""Submissions that prove the tests of `greedy-decode`: right answers of another form, and the mistakes that people make."""

# %% given: the decoder
import torch
from torch import nn

PAD, UNK, START, END = 0, 1, 2, 3


class Decoder(nn.Module):
    def __init__(self, vocabulary_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, hidden_size)
        self.cell = nn.GRUCell(hidden_size, hidden_size)
        self.linear = nn.Linear(hidden_size, vocabulary_size)
        self.calls, self.gradients = 0, None

    def forward(self, tokens, state):
        self.calls, self.gradients = self.calls + 1, torch.is_grad_enabled()
        state = self.cell(self.embedding(tokens), state)
        return self.linear(state), state


def before_end(row):
    return row[: row.index(END)] if END in row else row


# %% alternative: columns in a tensor, cut afterwards
@torch.no_grad()
def greedy_decode(model, start, state, max_length):
    tokens, columns = start, []
    ended = torch.zeros_like(start, dtype=torch.bool)
    while len(columns) < max_length and not ended.all():
        logits, state = model(tokens, state)
        tokens = logits.argmax(dim=-1)
        columns.append(tokens)
        ended |= tokens == END
    return [before_end(row) for row in torch.stack(columns, dim=1).tolist()]


# %% alternative: only the rows that have not ended are read
def greedy_decode(model, start, state, max_length):
    rows = {b: [] for b in range(len(start))}
    live, tokens = list(rows), start
    with torch.no_grad():
        for _ in range(max_length):
            if not live:
                break
            scores, state = model(tokens, state)
            best = scores.max(dim=1).indices
            kept = (best != END).nonzero()[:, 0]
            live = [live[i] for i in kept.tolist()]
            tokens, state = best[kept], state[kept]
            for b, token in zip(live, tokens.tolist()):
                rows[b].append(token)
    return list(rows.values())


# %% mutant: goes on after the end | says: cut each off at its first 3
@torch.no_grad()
def greedy_decode(model, start, state, max_length):
    tokens, columns = start, []
    for _ in range(max_length):
        logits, state = model(tokens, state)
        tokens = logits.argmax(dim=-1)
        columns.append(tokens)
    return torch.stack(columns, dim=1).tolist()


# %% mutant: goes on after the end without it | says: You left out the 3, but went on after it
@torch.no_grad()
def greedy_decode(model, start, state, max_length):
    rows, tokens, ended = [[] for _ in start], start, set()
    for _ in range(max_length):
        logits, state = model(tokens, state)
        tokens = logits.argmax(dim=-1)
        for b, token in enumerate(tokens.tolist()):
            if token == END:
                ended.add(b)
            else:
                rows[b].append(token)
        if len(ended) == len(start):
            break
    return rows


# %% mutant: the first end stops all | says: One row's end stopped all the others
@torch.no_grad()
def greedy_decode(model, start, state, max_length):
    rows, tokens = [[] for _ in start], start
    for _ in range(max_length):
        logits, state = model(tokens, state)
        tokens = logits.argmax(dim=-1)
        if (tokens == END).any():
            break
        for row, token in zip(rows, tokens.tolist()):
            row.append(token)
    return rows


# %% given: a right answer with a loop of its own
def greedy_decode(model, start, state, max_length, carry=True, feed=True, extra=0, keep=0, limit=True):
    tokens, columns, first = start, [], state
    ended = torch.zeros_like(start, dtype=torch.bool)
    with torch.no_grad():
        for _ in range(max_length + extra):
            logits, state = model(tokens, state if carry else first)
            best = logits.argmax(dim=-1)
            columns.append(best)
            ended |= best == END
            if limit and ended.all():
                break
            tokens = best if feed else start
    rows = torch.stack(columns, dim=1).tolist()
    return [row[: len(before_end(row)) + keep] for row in rows]


# %% mutant: state forgotten | says: The state is forgotten
def greedy_decode(*given, decode=greedy_decode):
    return decode(*given, carry=False)


# %% mutant: always reads the start | says: The model always reads the start
def greedy_decode(*given, decode=greedy_decode):
    return decode(*given, feed=False)


# %% mutant: the end is kept | says: The end itself stands in your rows
def greedy_decode(*given, decode=greedy_decode):
    return decode(*given, keep=1)


# %% mutant: one symbol too many | says: You stop one symbol too late
def greedy_decode(*given, decode=greedy_decode):
    return decode(*given, extra=1)


# %% mutant: does not stop | says: calls were enough
def greedy_decode(*given, decode=greedy_decode):
    return decode(*given, limit=False)


# %% mutant: the start is kept | says: The start stands in your rows
def greedy_decode(*given, decode=greedy_decode):
    return [[START, *row] for row in decode(*given)]


# %% mutant: filled with padding | says: filled up with padding
def greedy_decode(*given, decode=greedy_decode):
    rows = decode(*given)
    return [row + [PAD] * (max(map(len, rows)) - len(row)) for row in rows]


# %% mutant: the last symbol lost | says: The last symbol of each row is missing
def greedy_decode(*given, decode=greedy_decode):
    return [row[:-1] for row in decode(*given)]


# %% mutant: unfinished rows are lost | says: The rows that reached max_length are gone
def greedy_decode(model, start, state, max_length, decode=greedy_decode):
    return [row if len(row) < max_length else [] for row in decode(model, start, state, max_length)]


# %% mutant: tensors | says: .tolist() makes a list of a tensor
def greedy_decode(*given, decode=greedy_decode):
    return [torch.tensor(row) for row in decode(*given)]


# %% mutant: with gradients | says: The model was called with gradients on
def greedy_decode(model, start, state, max_length):
    tokens, columns = start, []
    ended = torch.zeros_like(start, dtype=torch.bool)
    while len(columns) < max_length and not ended.all():
        logits, state = model(tokens, state)
        tokens = logits.argmax(dim=-1)
        columns.append(tokens)
        ended |= tokens == END
    return [before_end(row) for row in torch.stack(columns, dim=1).tolist()]
