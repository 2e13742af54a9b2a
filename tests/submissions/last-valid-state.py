"""Submissions that prove the tests of `last-valid-state`: right answers of another form, and the mistakes that people make."""


# %% alternative: gather
def last_valid_state(output, lengths):
    B, T, H = output.shape
    index = (lengths - 1).view(B, 1, 1).expand(B, 1, H)
    return output.gather(1, index).squeeze(1)


# %% alternative: loop over the rows
import torch


def last_valid_state(output, lengths):
    states = []
    for row, length in zip(output, lengths):
        states.append(row[:length][-1])
    return torch.stack(states)


# %% alternative: mask and einsum
import torch


def last_valid_state(output, lengths):
    last = torch.arange(output.shape[1])[None] == lengths[:, None] - 1  # (B, T)
    return torch.einsum("bt,bth->bh", last.to(output.dtype), output)


# %% alternative: boolean mask
import torch
import torch.nn.functional as F


def last_valid_state(output, lengths):
    return output[F.one_hot(lengths - 1, output.size(1)).bool()]


# %% alternative: one flat index
import torch


def last_valid_state(output, lengths):
    B, T, H = output.shape
    return output.reshape(B * T, H).index_select(0, torch.arange(B) * T + lengths - 1)


# %% mutant: last step | says: which is padding
import torch


def last_valid_state(output, lengths):
    return output[:, -1]


# %% mutant: off by one, too late | says: one step too late
import torch


def last_valid_state(output, lengths):
    return output[torch.arange(len(output)), lengths]


# %% mutant: off by one, too late, clamped | says: one step too late
import torch


def last_valid_state(output, lengths):
    return output[torch.arange(len(output)), lengths.clamp(max=output.shape[1] - 1)]


# %% mutant: off by one, too early | says: one step too early
import torch


def last_valid_state(output, lengths):
    return output[torch.arange(len(output)), lengths - 2]


# %% mutant: all rows at all steps | says: pair row b with lengths[b]
import torch


def last_valid_state(output, lengths):
    return output[:, lengths - 1]


# %% mutant: row 0 for all | says: come from row 0
import torch


def last_valid_state(output, lengths):
    return output[0, lengths - 1]


# %% mutant: lengths on the batch axis | says: lengths on the batch axis
import torch


def last_valid_state(output, lengths):
    return output[lengths - 1, torch.arange(len(output))]


# %% mutant: loop keeps the last row | says: last row's state alone
def last_valid_state(output, lengths):
    for b in range(len(output)):
        state = output[b, lengths[b] - 1]
    return state


# %% mutant: loop returns early | says: first row's state alone
def last_valid_state(output, lengths):
    for b in range(len(output)):
        return output[b, lengths[b] - 1]


# %% mutant: largest length for all | says: where the longest ends
import torch


def last_valid_state(output, lengths):
    return output[:, lengths.max() - 1]


# %% mutant: max over time | says: largest value over time
import torch


def last_valid_state(output, lengths):
    return output.max(dim=1).values


# %% mutant: max over valid steps | says: largest value over the valid steps
import torch


def last_valid_state(output, lengths):
    valid = torch.arange(output.shape[1]) < lengths[:, None]
    return output.masked_fill(~valid[..., None], -torch.inf).amax(dim=1)


# %% mutant: mean over valid steps | says: averaged over the valid steps
import torch


def last_valid_state(output, lengths):
    valid = torch.arange(output.shape[1]) < lengths[:, None]
    return (output * valid[..., None]).sum(1) / lengths[:, None]


# %% mutant: axis of time kept | says: kept the axis of time
def last_valid_state(output, lengths):
    index = (lengths - 1)[:, None, None].expand(-1, 1, output.shape[2])
    return output.gather(1, index)


# %% mutant: counts from the end | says: counted from the end
import torch


def last_valid_state(output, lengths):
    return output[torch.arange(len(output)), -lengths]


# %% mutant: graph cut | says: No gradient flows
import torch


def last_valid_state(output, lengths):
    return torch.tensor([row[length - 1].tolist() for row, length in zip(output, lengths)], dtype=output.dtype)


# %% mutant: changes lengths in place | says: changed its argument lengths in place
import torch


def last_valid_state(output, lengths):
    lengths -= 1
    return output[torch.arange(len(output)), lengths]
