"""Submissions that prove the tests of `stream-windows`: right answers of another form, and the mistakes that people make."""

# %% given: imports
import random

import torch


# %% alternative: positions by arithmetic
def stream_windows(ids, B, T):
    L = (len(ids) - 1) // B
    if L < 1:
        raise ValueError("the text is too short")
    windows = []
    for start in range(0, L, T):
        at = torch.arange(B)[:, None] * L + torch.arange(start, min(start + T, L))
        windows.append((ids[at], ids[at + 1]))
    return windows


# %% alternative: rows as slices of the text
def stream_windows(ids, B, T):
    L = (len(ids) - 1) // B
    if L == 0:
        raise ValueError(f"{B} rows need {B + 1} symbols")
    rows = [ids[b * L : (b + 1) * L + 1] for b in range(B)]
    windows = []
    for k in range(0, L, T):
        inputs = torch.stack([row[:-1][k : k + T] for row in rows])
        targets = torch.stack([row[1:][k : k + T] for row in rows])
        windows.append([inputs, targets])
    return windows


# %% mutant: shuffled | says: The windows were shuffled
def stream_windows(ids, B, T):
    L = (len(ids) - 1) // B
    if L == 0:
        raise ValueError
    x, y = ids[: B * L].view(B, L), ids[1 : B * L + 1].view(B, L)
    windows = list(zip(x.split(T, 1), y.split(T, 1)))
    random.shuffle(windows)
    return windows


# %% mutant: rows interleaved | says: The rows are interleaved
def stream_windows(ids, B, T):
    L = (len(ids) - 1) // B
    if L == 0:
        raise ValueError
    x, y = ids[: B * L].view(L, B).T, ids[1 : B * L + 1].view(L, B).T
    return list(zip(x.split(T, 1), y.split(T, 1)))


# %% mutant: targets not shifted | says: a model would learn to copy
def stream_windows(ids, B, T):
    L = (len(ids) - 1) // B
    if L == 0:
        raise ValueError
    x = ids[: B * L].view(B, L)
    return list(zip(x.split(T, 1), x.split(T, 1)))


# %% mutant: shifted by two | says: two symbols further on
def stream_windows(ids, B, T):
    L = (len(ids) - 2) // B
    if L == 0:
        raise ValueError
    x, y = ids[: B * L].view(B, L), ids[2 : B * L + 2].view(B, L)
    return list(zip(x.split(T, 1), y.split(T, 1)))


# %% mutant: last chunk dropped | says: The last chunk is missing
def stream_windows(ids, B, T):
    L = (len(ids) - 1) // B
    if L == 0:
        raise ValueError
    x, y = ids[: B * L].view(B, L), ids[1 : B * L + 1].view(B, L)
    return [(x[:, k * T : (k + 1) * T], y[:, k * T : (k + 1) * T]) for k in range(L // T)]


# %% mutant: rows that forget the next row's first symbol | says: The last symbol of each row has no target
def stream_windows(ids, B, T):
    if len(ids) <= B:
        raise ValueError
    rows = ids[: len(ids) // B * B].view(B, -1)
    return list(zip(rows[:, :-1].split(T, 1), rows[:, 1:].split(T, 1)))


# %% mutant: targets within chunks | says: The last symbol of each chunk is no input
def stream_windows(ids, B, T):
    rows = ids[: len(ids) // B * B].view(B, -1)
    return [(c[:, :-1], c[:, 1:]) for c in rows.split(T, 1) if c.shape[1] > 1]


# %% mutant: consecutive windows in one batch | says: The windows of one batch follow each other
def stream_windows(ids, B, T):
    n = (len(ids) - 1) // T
    x, y = ids[: n * T].view(n, T), ids[1 : n * T + 1].view(n, T)
    return list(zip(x.split(B), y.split(B)))


# %% mutant: a window at every position | says: The windows overlap
def stream_windows(ids, B, T):
    L = (len(ids) - 1) // B
    x, y = ids[: B * L].view(B, L), ids[1 : B * L + 1].view(B, L)
    return [(x[:, k : k + T], y[:, k : k + T]) for k in range(L - T + 1)]


# %% mutant: targets rolled | says: made with roll
def stream_windows(ids, B, T):
    L = len(ids) // B
    if L == 0:
        raise ValueError
    x, y = ids[: B * L].view(B, L), ids[: B * L].roll(-1).view(B, L)
    return list(zip(x.split(T, 1), y.split(T, 1)))


# %% mutant: no error for a short text | says: should raise ValueError
def stream_windows(ids, B, T):
    L = (len(ids) - 1) // B
    x, y = ids[: B * L].view(B, L), ids[1 : B * L + 1].view(B, L)
    return list(zip(x.split(T, 1), y.split(T, 1)))
