"""Submissions that prove the tests of `reverse-by-length`: right answers of another form, and the mistakes that people make."""

# %% alternative: loop over the rows
import torch


def reverse_by_length(x, lengths):
    rows = []
    for row, length in zip(x, lengths.tolist()):
        rows.append(torch.cat([torch.flip(row[:length], dims=[0]), row[length:]]))
    return torch.stack(rows)


# %% alternative: gather
import torch


def reverse_by_length(x, lengths):
    B, T = x.shape[:2]
    steps = torch.arange(T).expand(B, T)
    source = lengths.view(B, 1) - 1 - steps
    source = torch.where(source < 0, steps, source)
    flat = x.reshape(B, T, -1)
    return flat.gather(1, source[..., None].expand_as(flat)).reshape(x.shape)


# %% alternative: sort by a key
import torch


def reverse_by_length(x, lengths):
    T = x.shape[1]
    steps = torch.arange(T)
    key = torch.where(steps < lengths[:, None], -steps, steps)
    order = key.argsort(dim=1, stable=True)
    return torch.stack([row[places] for row, places in zip(x, order)])


# %% alternative: clone, row by row
def reverse_by_length(x, lengths):
    result = x.clone()
    for b, n in enumerate(lengths):
        result[b, :n] = x[b, :n].flip(0)
    return result


# %% mutant: flips the whole batch | says: You turned the whole padded rows
def reverse_by_length(x, lengths):
    return x.flip(1)


# %% mutant: padding turned too | says: You turned the padding too
import torch


def reverse_by_length(x, lengths):
    T = x.shape[1]
    source = (lengths[:, None] - 1 - torch.arange(T)) % T
    return x[torch.arange(len(x))[:, None], source]


# %% mutant: padding becomes 0 | says: You lost the padding
import torch


def reverse_by_length(x, lengths):
    result = torch.zeros_like(x)
    for b, n in enumerate(lengths.tolist()):
        result[b, :n] = x[b, :n].flip(0)
    return result


# %% mutant: index clamped to 0 | says: copies of step 0
import torch


def reverse_by_length(x, lengths):
    source = (lengths[:, None] - 1 - torch.arange(x.shape[1])).clamp(min=0)
    return x[torch.arange(len(x))[:, None], source]


# %% mutant: off by one | says: Counting starts at 0
import torch


def reverse_by_length(x, lengths):
    steps = torch.arange(x.shape[1])
    source = torch.where(steps < lengths[:, None], lengths[:, None] - steps, steps)
    return x[torch.arange(len(x))[:, None], source]


# %% mutant: one step too many | says: one step too many
import torch


def reverse_by_length(x, lengths):
    rows = [torch.cat([row[: n + 1].flip(0), row[n + 1 :]]) for row, n in zip(x, lengths.tolist())]
    return torch.stack(rows)


# %% mutant: longest for all | says: as many steps in each row as the longest
import torch


def reverse_by_length(x, lengths):
    n = lengths.max()
    return torch.cat([x[:, :n].flip(1), x[:, n:]], dim=1)


# %% mutant: flips the batch | says: You turned the order of the rows
def reverse_by_length(x, lengths):
    return x.flip(0)


# %% mutant: flips the features | says: You turned the last axis
def reverse_by_length(x, lengths):
    return x.flip(-1)


# %% mutant: flip, then mask | says: and then set the padding to 0
import torch


def reverse_by_length(x, lengths):
    valid = torch.arange(x.shape[1]) < lengths[:, None]
    return x.flip(1) * valid.reshape(*valid.shape, *[1] * (x.dim() - 2))


# %% mutant: writes into x | says: changed its argument x in place
def reverse_by_length(x, lengths):
    for b, n in enumerate(lengths):
        x[b, :n] = x[b, :n].flip(0)
    return x.clone()


# %% mutant: three axes only | says: The call was reverse_by_length
import torch


def reverse_by_length(x, lengths):
    B, T, D = x.shape
    steps = torch.arange(T)
    source = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    return x.gather(1, source[..., None].expand(B, T, D))


# %% mutant: always float | says: should hold integers
import torch


def reverse_by_length(x, lengths):
    result = torch.zeros(x.shape, dtype=torch.float64 if x.dtype == torch.float64 else torch.float32)
    for b, n in enumerate(lengths.tolist()):
        result[b, :n], result[b, n:] = x[b, :n].flip(0), x[b, n:]
    return result


# %% mutant: no gradient | says: No gradient flows
import torch


def reverse_by_length(x, lengths):
    result = torch.empty_like(x)
    for b, n in enumerate(lengths.tolist()):
        result[b, :n], result[b, n:] = x[b, :n].detach().flip(0), x[b, n:].detach()
    return result


# %% mutant: all valid steps as one row | says: as one long row
import torch


def reverse_by_length(x, lengths):
    valid = torch.arange(x.shape[1]) < lengths[:, None]
    result = x.clone()
    result[valid] = x[valid].flip(0)
    return result


# %% mutant: reads what it has written | says: reads from itself
def reverse_by_length(x, lengths):
    result = x.clone()
    for b, n in enumerate(lengths.tolist()):
        for t in range(n):
            result[b, t] = result[b, n - 1 - t]
    return result


# %% mutant: steps of every row out of every row | says: pair row b with its own steps
import torch


def reverse_by_length(x, lengths):
    steps = torch.arange(x.shape[1])
    source = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    return x[:, source]


# %% mutant: a slice with step -1 | says: torch knows no [::-1]
def reverse_by_length(x, lengths):
    result = x.clone()
    for b, n in enumerate(lengths.tolist()):
        result[b, :n] = x[b, :n][::-1]
    return result


# %% mutant: list of rows | says: torch.stack joins a list
import torch


def reverse_by_length(x, lengths):
    return [torch.cat([row[:n].flip(0), row[n:]]) for row, n in zip(x, lengths.tolist())]
