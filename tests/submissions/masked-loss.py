"""Submissions that prove the tests of `masked-loss`: right answers of another form, and the mistakes that people make."""


# %% alternative: log-softmax and gather
def masked_loss(logits, targets, lengths):
    total = logits.new_zeros(()) + 0 * logits[:0].sum()
    for row, target, length in zip(logits, targets, lengths.tolist()):
        log_p = row[:length].log_softmax(dim=-1)
        total = total - log_p.gather(-1, target[:length, None]).sum()
    return total / max(1, int(lengths.sum()))


# %% alternative: ignore_index, after cleaning
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    B, T, C = logits.shape
    padding = torch.arange(T) >= lengths[:, None]
    targets = targets.masked_fill(padding, -100)
    logits = logits.masked_fill(padding[..., None], 0)
    total = F.cross_entropy(logits.reshape(B * T, C), targets.reshape(B * T), ignore_index=-100, reduction="sum")
    return total / lengths.sum().clamp(min=1)


# %% alternative: transpose, and a branch for nothing
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(logits.size(1)).expand(len(logits), -1) < lengths.view(-1, 1)
    if not valid.any():
        return logits.masked_fill(~valid[..., None], 0).sum()
    safe = torch.where(valid[..., None], logits, 0)
    each = F.cross_entropy(safe.transpose(1, 2), torch.where(valid, targets, 0), reduction="none")
    return each[valid].mean()


# %% alternative: logsumexp, where
import torch


def masked_loss(logits, targets, lengths):
    valid = torch.arange(logits.size(1)).expand(len(logits), -1) < lengths.view(-1, 1)
    z = torch.where(valid[..., None], logits, torch.zeros_like(logits))
    one_hot = torch.arange(logits.shape[2]) == targets[..., None]
    each = z.logsumexp(dim=-1) - (z * one_hot).sum(dim=-1)
    return (each * valid).sum() / valid.sum().clamp(min=1)


# %% mutant: padding counts | says: The padding counts
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    return F.cross_entropy(logits.transpose(1, 2), targets)


# %% mutant: flattened, padding counts | says: The padding counts
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


# %% mutant: ignores index 0 | says: left out all targets that are 0
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    return F.cross_entropy(logits.transpose(1, 2), targets, ignore_index=0)


# %% mutant: divides by B times T | says: You divided by B times T
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    return (each * valid).mean()


# %% mutant: mean of row means | says: a step of a short row then counts more
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    rows = [F.cross_entropy(z[:n], y[:n]) for z, y, n in zip(logits, targets, lengths.tolist())]
    return torch.stack(rows).mean()


# %% mutant: mean of row means, clamped | says: averaged within each row
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    z = logits.masked_fill(~valid[..., None], 0)
    each = F.cross_entropy(z.transpose(1, 2), targets.masked_fill(~valid, 0), reduction="none")
    return ((each * valid).sum(dim=1) / lengths.clamp(min=1)).mean()


# %% mutant: sum | says: did not divide by their number
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    return F.cross_entropy(logits[valid], targets[valid], reduction="sum")


# %% mutant: divides by the batch size | says: You divided by the batch size B
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    return F.cross_entropy(logits[valid], targets[valid], reduction="sum") / len(logits)


# %% mutant: nothing valid makes NaN | says: 0/0 is NaN
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    return F.cross_entropy(logits[valid], targets[valid])


# %% mutant: nothing valid gives a constant | says: a new tensor without a graph
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    if not valid.any():
        return torch.tensor(0.0)
    return F.cross_entropy(logits[valid], targets[valid])


# %% mutant: nothing valid gives a number | says: should be a torch tensor, but it is a number
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    if not valid.any():
        return 0.0
    return F.cross_entropy(logits[valid], targets[valid])


# %% mutant: 0 times NaN | says: a mask on the losses comes too late
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    return (each * valid).sum() / valid.sum().clamp(min=1)


# %% mutant: where on the loss, NaN in the gradient | says: its gradient is NaN
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    targets = torch.where(valid, targets, 0)
    each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    return torch.where(valid, each, 0).sum() / valid.sum().clamp(min=1)


# %% mutant: stops at strange targets | says: Your code stops at a target
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    logits = logits.masked_fill(~valid[..., None], 0)
    each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    return torch.where(valid, each, 0).sum() / valid.sum().clamp(min=1)


# %% mutant: view instead of transpose | says: (view and reshape do not swap axes.)
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    B, T, C = logits.shape
    each = F.cross_entropy(logits.view(B, C, T), targets, reduction="none")
    return each[valid].mean()


# %% mutant: classes on axis 1 | says: seeks the classes on axis 1
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    each = F.cross_entropy(logits, targets, reduction="none")
    return each[valid].mean()


# %% mutant: softmax first | says: You took the softmax twice
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    return F.cross_entropy(logits.softmax(dim=-1)[valid], targets[valid])


# %% mutant: log of softmax | says: The probability of a target became 0
import torch


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    p = logits[valid].softmax(dim=-1).gather(1, targets[valid][:, None])
    return -p.log().sum() / valid.sum().clamp(min=1)


# %% mutant: softmax by hand | says: exp overflows
import torch


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    e = logits[valid].exp()
    p = e.gather(1, targets[valid][:, None])[:, 0] / e.sum(dim=1)
    return -p.log().sum() / valid.sum().clamp(min=1)


# %% mutant: one position too many | says: one position too many
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) <= lengths[:, None]
    return F.cross_entropy(logits[valid], targets[valid])


# %% mutant: one loss for each row | says: one loss for each row
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    return (each * valid).sum(dim=1) / lengths.clamp(min=1)


# %% mutant: sign | says: The sign is wrong
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    return -F.cross_entropy(logits[valid], targets[valid], reduction="sum") / valid.sum().clamp(min=1)


# %% mutant: padding cleaned, but counted | says: its positions still count
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    logits = logits.masked_fill(~valid[..., None], 0)
    return F.cross_entropy(logits.transpose(1, 2), targets.masked_fill(~valid, 0))


# %% mutant: divides by one more | says: You divided by one too many
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    return F.cross_entropy(logits[valid], targets[valid], reduction="sum") / (valid.sum() + 1)


# %% mutant: nll_loss of logits | says: nll_loss wants log-probabilities
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    return F.nll_loss(logits[valid], targets[valid])


# %% mutant: softmax over the steps | says: Your softmax runs over the steps
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    return F.nll_loss(logits.log_softmax(dim=1)[valid], targets[valid])


# %% mutant: cleans in place | says: changed its argument logits and targets in place
import torch
import torch.nn.functional as F


def masked_loss(logits, targets, lengths):
    valid = torch.arange(targets.shape[1]) < lengths[:, None]
    logits[~valid] = 0
    targets[~valid] = -100
    total = F.cross_entropy(logits.transpose(1, 2), targets, reduction="sum")
    return total / valid.sum().clamp(min=1)
