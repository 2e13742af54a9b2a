"""Small models to decode from, and decoders by brute force."""

import itertools

import torch
from torch import nn

from rnnbook.decode.beam import length_penalty


class Tree:
    """A model whose every prefix has logits of its own, for each source: nothing about it is smooth or recurrent.

    The state is (source, node), each (N,): the batch is at axis 0. The start symbol leads to node 0, symbol v from
    node n to node n V + v + 1.
    """

    def __init__(self, logits):
        self.logits = logits  # (B, nodes, V)
        self.calls = []  # how many rows each call had

    @classmethod
    def random(cls, B, V, depth, seed=0, scale=2.0):
        nodes = sum(V**level for level in range(depth))
        generator = torch.Generator().manual_seed(seed)
        return cls(scale * torch.randn(B, nodes, V, generator=generator, dtype=torch.float64))

    @classmethod
    def of(cls, V, probabilities, depth):
        """From the probabilities after some prefixes, {(): [...], (1, 2): [...]}; after all others they are equal."""
        nodes = sum(V**level for level in range(depth))
        logits = torch.zeros(1, nodes, V, dtype=torch.float64)
        for prefix, p in probabilities.items():
            logits[0, cls.node(prefix, V)] = torch.tensor(p, dtype=torch.float64).log()
        return cls(logits)

    @staticmethod
    def node(prefix, V):
        node = 0
        for token in prefix:
            node = node * V + token + 1
        return node

    @property
    def start(self):
        return torch.zeros(len(self.logits), dtype=torch.int64)

    @property
    def state(self):
        return torch.arange(len(self.logits)), torch.full((len(self.logits),), -1)

    def step(self, tokens, state):
        source, node = state
        node = torch.where(node < 0, 0, node * self.logits.shape[-1] + tokens + 1)
        self.calls.append(len(tokens))
        return self.logits[source, node], (source, node)

    @staticmethod
    def select(state, rows):
        return tuple(part[rows] for part in state)

    def log_p(self, tokens, source=0):
        """ln p of each symbol given those before, a list."""
        rows = self.logits[source].log_softmax(dim=-1)
        return [rows[self.node(tokens[:i], rows.shape[-1]), token].item() for i, token in enumerate(tokens)]


class Recurrent(nn.Module):
    """A language model: ids (N, T) and a state in, logits (N, T, V) and a state out."""

    def __init__(self, V, cell=nn.LSTM, dropout=0.0, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.embedding = nn.Embedding(V, 8)
        self.rnn = cell(8, 8, num_layers=2, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(8, V)
        for parameter in self.parameters():
            nn.init.normal_(parameter)  # far from uniform
        self.double()

    def forward(self, ids, state=None):
        output, state = self.rnn(self.embedding(ids), state)
        return self.linear(self.dropout(output)), state

    def log_p(self, tokens, start):
        """ln p of each symbol given those before, a list, from one call over the whole sequence."""
        with torch.no_grad():
            logits = self(torch.tensor([[*start, *tokens]]))[0][0, len(start) - 1 : -1]
        return logits.log_softmax(dim=-1)[torch.arange(len(tokens)), torch.tensor(tokens)].tolist()


def enumerate_all(log_p, V, end, max_length, alpha):
    """All (tokens, total, finished, score): those that end within max_length symbols first, each kind by score."""
    found = []
    for n in range(1, max_length + 1):
        for tokens in itertools.product(range(V), repeat=n):
            finished = tokens[-1] == end
            if end in tokens[:-1] or not (finished or n == max_length):
                continue
            total = sum(log_p(tokens))
            found.append((tokens[:-1] if finished else tokens, total, finished, total / length_penalty(n, alpha)))
    return sorted(found, key=lambda each: (not each[2], -each[3]))
