"""Submissions that prove the tests of `masked-pooling`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers leave as it is
import torch


def masked_max(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], -torch.inf).amax(dim=1)


# %% alternative: loop over the rows
def masked_mean(output, lengths):
    return torch.stack([row[:length].mean(dim=0) for row, length in zip(output, lengths)])


def masked_max(output, lengths):
    return torch.stack([row[:length].max(dim=0).values for row, length in zip(output, lengths)])


# %% alternative: where, and a loop over time
def masked_mean(output, lengths):
    total = torch.zeros_like(output[:, 0])
    for t in range(output.shape[1]):
        total = total + torch.where((t < lengths)[:, None], output[:, t], 0)
    return total / lengths.unsqueeze(1)


def masked_max(output, lengths):
    best = output[:, 0]
    for t in range(1, output.shape[1]):
        best = torch.where((t < lengths)[:, None], torch.maximum(best, output[:, t]), best)
    return best


# %% alternative: nanmean, and the lowest float
def masked_mean(output, lengths):
    valid = torch.arange(output.size(1)).expand(len(output), -1) < lengths.view(-1, 1)
    return torch.where(valid.unsqueeze(-1), output, torch.nan).nanmean(dim=1)


def masked_max(output, lengths):
    valid = torch.arange(output.size(1)).expand(len(output), -1) < lengths.view(-1, 1)
    return output.masked_fill(~valid.unsqueeze(-1), torch.finfo(output.dtype).min).max(dim=1)[0]


# %% mutant: mean over all steps | says: You took in the padding
def masked_mean(output, lengths):
    return output.mean(dim=1)


# %% mutant: mean divides by T | says: You divided by T
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).mean(dim=1)


# %% mutant: sum, not mean | says: did not divide by their number
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1)


# %% mutant: padding in the sum | says: Your sum has the padding in it
def masked_mean(output, lengths):
    return output.sum(dim=1) / lengths[:, None]


# %% mutant: mask times NaN | says: 0 times NaN or infinity is NaN
def masked_mean(output, lengths):
    valid = torch.arange(output.shape[1]) < lengths[:, None]
    return (output * valid[..., None]).sum(dim=1) / lengths[:, None]


# %% mutant: mean off by one | says: You took one step too many
def masked_mean(output, lengths):
    valid = torch.arange(output.shape[1]) <= lengths[:, None]
    return (output * valid[..., None]).sum(dim=1) / valid.sum(dim=1, keepdim=True)


# %% mutant: mask without its last axis | says: spread along the wrong axes
def masked_mean(output, lengths):
    valid = torch.arange(output.shape[1]) < lengths[:, None]
    return (output * valid).sum(dim=1) / lengths[:, None]


# %% mutant: lengths divide columns | says: You divided column by column
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1) / lengths


# %% mutant: mean of the whole batch | says: each row has a result of its own
def masked_mean(output, lengths):
    valid = torch.arange(output.shape[1]) < lengths[:, None]
    return output[valid].mean(dim=0)


# %% mutant: divides by the longest | says: divided each row by the longest length
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1) / lengths.max()


# %% mutant: mean over the features | says: You pooled over the features
def masked_mean(output, lengths):
    return output.mean(dim=-1)


# %% mutant: mean in place | says: changed its argument output in place
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill_(padding[..., None], 0).sum(dim=1) / lengths[:, None]


# %% mutant: mean cut off | says: No gradient flows
def masked_mean(output, lengths):
    return torch.stack([torch.tensor(row[:n].detach().numpy().mean(axis=0)) for row, n in zip(output, lengths)])


# %% mutant: max over all steps | says: You took in the padding
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1) / lengths[:, None]


def masked_max(output, lengths):
    return output.amax(dim=1)


# %% mutant: max over zeros of padding | says: The zeros of the masked padding take part
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1) / lengths[:, None]


def masked_max(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).amax(dim=1)


# %% mutant: max times mask | says: take part
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1) / lengths[:, None]


def masked_max(output, lengths):
    valid = torch.arange(output.shape[1]) < lengths[:, None]
    return (output * valid[..., None]).amax(dim=1)


# %% mutant: max over -100 | says: is larger than the valid values
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1) / lengths[:, None]


def masked_max(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], -100).amax(dim=1)


# %% mutant: max plus minus infinity | says: NaN minus infinity
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1) / lengths[:, None]


def masked_max(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return (output + torch.zeros(padding.shape).masked_fill(padding, -torch.inf)[..., None]).amax(dim=1)


# %% mutant: max gives values and steps | says: gives a pair
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1) / lengths[:, None]


def masked_max(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], -torch.inf).max(dim=1)


# %% mutant: max gives the steps | says: give the values
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1) / lengths[:, None]


def masked_max(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], -torch.inf).max(dim=1).indices


# %% mutant: mask the wrong way round | says: is the mask the wrong way round?
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1) / lengths[:, None]


def masked_max(output, lengths):
    valid = torch.arange(output.shape[1]) < lengths[:, None]
    return output.masked_fill(valid[..., None], -torch.inf).amax(dim=1)


# %% mutant: one number for each row | says: You pooled over time and features at once
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1) / lengths[:, None]


def masked_max(output, lengths):
    return torch.stack([row[:n].max() for row, n in zip(output, lengths)])


# %% mutant: time on axis 0 | says: You read time on axis 0
def masked_mean(output, lengths):
    return torch.stack([output[: lengths[b], b].mean(dim=0) for b in range(len(output))])


# %% mutant: last valid state | says: This is the last valid state
def masked_mean(output, lengths):
    padding = torch.arange(output.shape[1]) >= lengths[:, None]
    return output.masked_fill(padding[..., None], 0).sum(dim=1) / lengths[:, None]


def masked_max(output, lengths):
    return output[torch.arange(len(output)), lengths - 1]
