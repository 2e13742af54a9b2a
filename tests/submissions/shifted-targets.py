"""Submissions that prove the tests of `shifted-targets`: right answers of another form, and the mistakes that people make."""

# %% given: both functions
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pad_sequence

PAD, UNK, START, END = 0, 1, 2, 3


def padded(rows):
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True)


def teacher_batch(sentences):
    return padded([[START, *row] for row in sentences]), padded([[*row, END] for row in sentences])


def sequence_loss(logits, targets):
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=PAD)


# %% alternative: the whole sentence cut in two ways, loss by log_softmax and gather
def teacher_batch(sentences):
    whole = padded([[START, *row, END] for row in sentences])
    return whole[:, :-1], whole[:, 1:]


def sequence_loss(logits, targets):
    log_p = logits.log_softmax(dim=-1).gather(2, targets[..., None])[..., 0]
    return -log_p[targets != PAD].mean()


# %% alternative: filled by hand, V on axis 1
def teacher_batch(sentences):
    T = 1 + max(len(row) for row in sentences)
    inputs = torch.zeros(len(sentences), T, dtype=torch.long)
    targets = torch.zeros(len(sentences), T, dtype=torch.long)
    for b, row in enumerate(sentences):
        n = len(row)
        inputs[b, 0] = START
        inputs[b, 1 : n + 1] = torch.tensor(row, dtype=torch.long)
        targets[b, :n] = torch.tensor(row, dtype=torch.long)
        targets[b, n] = END
    return inputs, targets


def sequence_loss(logits, targets):
    return nn.CrossEntropyLoss(ignore_index=0)(logits.transpose(1, 2), targets)


# %% mutant: unshifted | says: The inputs are not shifted
def teacher_batch(sentences):
    targets = padded([[*row, END] for row in sentences])
    return targets, targets


# %% mutant: no start | says: The inputs lack their start
def teacher_batch(sentences):
    return padded([[*row, PAD] for row in sentences]), padded([[*row, END] for row in sentences])


# %% mutant: no end | says: The targets lack their end
def teacher_batch(sentences):
    return padded([[START, *row] for row in sentences]), padded([[*row, PAD] for row in sentences])


# %% mutant: no end, a column less | says: The targets lack their end
def teacher_batch(sentences):
    targets = padded([row or [PAD] for row in sentences])
    return F.pad(targets[:, :-1], (1, 0), value=START), targets


# %% mutant: shifted by two | says: The targets are shifted by two
def teacher_batch(sentences):
    whole = padded([[START, *row, END, PAD] for row in sentences])
    return whole[:, :-2], whole[:, 2:]


# %% mutant: start twice | says: The inputs are shifted by two
def teacher_batch(sentences):
    targets = padded([[*row, END] for row in sentences])
    return F.pad(targets, (2, 0), value=START)[:, :-2], targets


# %% mutant: start in the targets | says: The start stands in the targets
def teacher_batch(sentences):
    whole = padded([[START, *row, END] for row in sentences])
    return whole, whole


# %% mutant: end after the padding | says: The end comes after the padding
def teacher_batch(sentences):
    rows = pad_sequence([torch.tensor(row, dtype=torch.long) for row in sentences], batch_first=True)
    return F.pad(rows, (1, 0), value=START), F.pad(rows, (0, 1), value=END)


# %% mutant: shifted the wrong way | says: The inputs are shifted the wrong way
def teacher_batch(sentences):
    targets = padded([[*row, END] for row in sentences])
    return F.pad(targets[:, 1:], (0, 1)), targets


# %% mutant: starts with padding | says: The inputs begin with padding
def teacher_batch(sentences):
    return padded([[PAD, *row] for row in sentences]), padded([[*row, END] for row in sentences])


# %% mutant: the wrong way round | says: wrong way round: return inputs, targets
def teacher_batch(sentences):
    return padded([[*row, END] for row in sentences]), padded([[START, *row] for row in sentences])


# %% mutant: padding counts | says: The padding counts
def sequence_loss(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


# %% mutant: divided by all steps | says: You divided by all B
def sequence_loss(logits, targets):
    each = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    return (each * (targets.flatten() != PAD)).mean()


# %% mutant: mean of the sentences' means | says: the mean of the sentences' means
def sequence_loss(logits, targets):
    rows = [F.cross_entropy(z, y, ignore_index=PAD) for z, y in zip(logits, targets)]
    return torch.stack(rows).mean()


# %% mutant: sum | says: That is the sum over all symbols
def sequence_loss(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD, reduction="sum")


# %% mutant: end does not count, padding neither | says: The end does not count
def sequence_loss(logits, targets):
    kept = targets > END
    return F.cross_entropy(logits[kept], targets[kept])


# %% mutant: T for V | says: it takes axis 1 for the V scores
def sequence_loss(logits, targets):
    return F.cross_entropy(logits, targets, ignore_index=PAD)


# %% mutant: shifted once more | says: You shifted once more
def sequence_loss(logits, targets):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten(), ignore_index=PAD)


# %% mutant: gradient cut | says: No gradient flows
def sequence_loss(logits, targets):
    return F.cross_entropy(logits.detach().flatten(0, 1), targets.flatten(), ignore_index=PAD)
