"""Submissions that prove the tests of `one-hot`: right answers of another form, and the mistakes that people make."""

# %% alternative: rows of the identity, F.embedding
import torch
import torch.nn.functional as F


def one_hot(text, symbols):
    return torch.eye(len(symbols))[[list(symbols).index(symbol) for symbol in text]]


def lookup(ids, weight):
    return F.embedding(ids, weight)


# %% alternative: F.one_hot, index_select
import torch
import torch.nn.functional as F


def one_hot(text, symbols):
    ids = []
    for symbol in text:
        if symbol not in symbols:
            raise ValueError(f"unknown symbol: {symbol!r}")
        ids.append(symbols.index(symbol))
    return F.one_hot(torch.tensor(ids), num_classes=len(symbols)).float()


def lookup(ids, weight):
    return weight.index_select(0, ids)


# %% alternative: lists of numbers in float64, rows one by one
import torch


def one_hot(text, symbols):
    for symbol in set(text) - set(symbols):
        raise KeyError(f"There is no column for {symbol}")
    return torch.tensor([[float(symbol == other) for other in symbols] for symbol in text], dtype=torch.float64)


def lookup(ids, weight):
    return torch.stack([weight[i] for i in ids])


# %% alternative: scatter, gather
import torch


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols)}
    ids = torch.tensor([columns[symbol] for symbol in text])
    return torch.zeros(len(text), len(symbols)).scatter(1, ids[:, None], 1.0)


def lookup(ids, weight):
    return weight.gather(0, ids[:, None].expand(-1, weight.shape[1]))


# %% mutant: transposed | says: You transposed it
import torch


def one_hot(text, symbols):
    vectors = torch.zeros(len(symbols), len(text))
    for t, symbol in enumerate(text):
        vectors[list(symbols).index(symbol), t] = 1
    return vectors


def lookup(ids, weight):
    return weight[ids]


# %% mutant: sorted symbols of the text | says: the sorted symbols of the text itself
import torch


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(sorted(set(text)))}
    return torch.eye(len(columns))[[columns[symbol] for symbol in text]]


def lookup(ids, weight):
    return weight[ids]


# %% mutant: symbols of the text in order of appearance | says: in order of appearance
import torch


def one_hot(text, symbols):
    columns = {}
    for symbol in text:
        columns.setdefault(symbol, len(columns))
    return torch.eye(len(columns))[[columns[symbol] for symbol in text]]


def lookup(ids, weight):
    return weight[ids]


# %% mutant: columns a to z | says: the letters from a to z
import torch


def one_hot(text, symbols):
    vectors = torch.zeros(len(text), 26)
    for t, symbol in enumerate(text):
        vectors[t, ord(symbol) - ord("a")] = 1
    return vectors


def lookup(ids, weight):
    return weight[ids]


# %% mutant: columns sorted | says: You sorted `symbols`
import torch


def one_hot(text, symbols):
    columns = sorted(symbols)
    return torch.eye(len(columns))[[columns.index(symbol) for symbol in text]]


def lookup(ids, weight):
    return weight[ids]


# %% mutant: unknown is the last, through find | says: silently got the last column
import torch


def one_hot(text, symbols):
    return torch.eye(len(symbols))[[symbols.find(symbol) for symbol in text]]


def lookup(ids, weight):
    return weight[ids]


# %% mutant: unknown is the first | says: silently got the first column
import torch


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols)}
    return torch.eye(len(symbols))[[columns.get(symbol, 0) for symbol in text]]


def lookup(ids, weight):
    return weight[ids]


# %% mutant: unknown is zeros | says: silently got a row of zeros
import torch


def one_hot(text, symbols):
    return torch.tensor([[float(symbol == other) for other in symbols] for symbol in text])


def lookup(ids, weight):
    return weight[ids]


# %% mutant: unknown left out | says: silently left out
import torch


def one_hot(text, symbols):
    return torch.eye(len(symbols))[[symbols.index(symbol) for symbol in text if symbol in symbols]]


def lookup(ids, weight):
    return weight[ids]


# %% mutant: unknown raises by accident | says: raise a KeyError or a ValueError
import torch


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols)}
    return torch.eye(len(symbols))[[columns.get(symbol, 99) for symbol in text]]


def lookup(ids, weight):
    return weight[ids]


# %% mutant: error without the symbol | says: Put the symbol into the message
import torch


def one_hot(text, symbols):
    return torch.eye(len(symbols))[[symbols.index(symbol) for symbol in text]]


def lookup(ids, weight):
    return weight[ids]


# %% mutant: a list | says: should be a torch tensor, but it is a list
def one_hot(text, symbols):
    return [[1.0 if symbol == other else 0.0 for other in symbols] for symbol in text]


def lookup(ids, weight):
    return weight[ids]


# %% mutant: integers | says: cannot be multiplied by a matrix of floating-point weights
import torch
import torch.nn.functional as F


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols)}
    return F.one_hot(torch.tensor([columns[symbol] for symbol in text]), len(symbols))


def lookup(ids, weight):
    return weight[ids]


# %% mutant: truth values | says: cannot be multiplied by a matrix of floating-point weights
import torch


def one_hot(text, symbols):
    return torch.tensor([[symbol == other for other in symbols] for symbol in text])


def lookup(ids, weight):
    return weight[ids]


# %% mutant: numbers of the columns | says: You gave the numbers of the columns
import torch


def one_hot(text, symbols):
    return torch.tensor([symbols.index(symbol) for symbol in text])


def lookup(ids, weight):
    return weight[ids]


# %% mutant: a bag | says: You added the rows up, and with them the order is gone
import torch


def one_hot(text, symbols):
    vector = torch.zeros(len(symbols))
    for symbol in text:
        vector[symbols.index(symbol)] += 1
    return vector


def lookup(ids, weight):
    return weight[ids]


# %% mutant: columns from 1 | says: one column too far to the right
import torch


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols, 1)}
    return torch.eye(len(symbols))[[columns[symbol] % len(symbols) for symbol in text]]


def lookup(ids, weight):
    return weight[ids]


# %% mutant: columns from -1 | says: one column too far to the left
import torch


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols)}
    return torch.eye(len(symbols))[[columns[symbol] - 1 for symbol in text]]


def lookup(ids, weight):
    return weight[ids]


# %% mutant: the row before | says: You took the row before
import torch


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols)}
    return torch.eye(len(symbols))[[columns[symbol] for symbol in text]]


def lookup(ids, weight):
    return weight[ids - 1]


# %% mutant: the row after | says: You took the row after
import torch


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols)}
    return torch.eye(len(symbols))[[columns[symbol] for symbol in text]]


def lookup(ids, weight):
    return weight[ids + 1]


# %% mutant: columns of the matrix | says: You picked columns
import torch


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols)}
    return torch.eye(len(symbols))[[columns[symbol] for symbol in text]]


def lookup(ids, weight):
    return weight[:, ids]


# %% mutant: columns of the matrix, as rows | says: You picked columns
import torch


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols)}
    return torch.eye(len(symbols))[[columns[symbol] for symbol in text]]


def lookup(ids, weight):
    return weight.T[ids]


# %% mutant: lookup by a product | says: You multiplied by one-hot vectors
import torch
import torch.nn.functional as F


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols)}
    return torch.eye(len(symbols))[[columns[symbol] for symbol in text]]


def lookup(ids, weight):
    return F.one_hot(ids, weight.shape[0]).to(weight.dtype) @ weight


# %% mutant: graph cut | says: No gradient flows
import torch


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols)}
    return torch.eye(len(symbols))[[columns[symbol] for symbol in text]]


def lookup(ids, weight):
    return torch.tensor([weight[i].tolist() for i in ids], dtype=weight.dtype)


# %% mutant: ids changed in place | says: changed its argument ids in place
import torch


def one_hot(text, symbols):
    columns = {symbol: j for j, symbol in enumerate(symbols)}
    return torch.eye(len(symbols))[[columns[symbol] for symbol in text]]


def lookup(ids, weight):
    ids -= weight.shape[0]
    return weight[ids]
