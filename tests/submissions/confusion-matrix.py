"""Submissions that prove the tests of `confusion-matrix`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers leave as it is
import torch


def confusion(true, predicted, classes):
    counts = torch.zeros(len(classes), len(classes), dtype=torch.int64)
    for t, p in zip(true, predicted):
        counts[classes.index(t), classes.index(p)] += 1
    return counts


# %% alternative: bincount; precision and recall
def confusion(true, predicted, classes):
    C = len(classes)
    place = {name: i for i, name in enumerate(classes)}
    pairs = torch.tensor([C * place[t] + place[p] for t, p in zip(true, predicted)])
    return torch.bincount(pairs, minlength=C * C).view(C, C)


def macro_f1(counts):
    precision = (counts.diag() / counts.sum(0)).nan_to_num()
    recall = (counts.diag() / counts.sum(1)).nan_to_num()
    return float((2 * precision * recall / (precision + recall)).nan_to_num().mean())


# %% alternative: one-hot product; loop over the classes
import torch.nn.functional as F


def confusion(true, predicted, classes):
    t, p = (F.one_hot(torch.tensor([classes.index(x) for x in side]), len(classes)) for side in (true, predicted))
    return t.T @ p


def macro_f1(counts):
    total = 0
    for k in range(len(counts)):
        tp = counts[k, k].item()
        fn = counts[k].sum().item() - tp
        fp = counts[:, k].sum().item() - tp
        if tp > 0:
            total += 2 * tp / (2 * tp + fn + fp)
    return total / len(counts)


# %% alternative: index_put_ with accumulate; Counter-like lists
def confusion(true, predicted, classes):
    rows = torch.tensor([classes.index(name) for name in true])
    columns = torch.tensor([classes.index(name) for name in predicted])
    counts = torch.zeros(len(classes), len(classes), dtype=torch.long)
    return counts.index_put_((rows, columns), torch.ones_like(rows), accumulate=True)


def macro_f1(counts):
    scores = []
    for k, row in enumerate(counts.tolist()):
        both = sum(row) + sum(counts[:, k].tolist())
        scores.append(2 * row[k] / both if both else 0.0)
    return sum(scores) / len(scores)


# %% mutant: transposed | says: Your matrix is transposed
def confusion(true, predicted, classes):
    counts = torch.zeros(len(classes), len(classes), dtype=torch.int64)
    for t, p in zip(true, predicted):
        counts[classes.index(p), classes.index(t)] += 1
    return counts


def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1.mean().item()


# %% mutant: ones instead of counts | says: put 1 where there is anything
def confusion(true, predicted, classes):
    counts = torch.zeros(len(classes), len(classes), dtype=torch.int64)
    for t, p in zip(true, predicted):
        counts[classes.index(t), classes.index(p)] = 1
    return counts


def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1.mean().item()


# %% mutant: index arrays | says: adds once to each place
def confusion(true, predicted, classes):
    counts = torch.zeros(len(classes), len(classes), dtype=torch.int64)
    rows = torch.tensor([classes.index(name) for name in true])
    columns = torch.tensor([classes.index(name) for name in predicted])
    counts[rows, columns] += 1
    return counts


def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1.mean().item()


# %% mutant: alphabetical order | says: in alphabetical order
def confusion(true, predicted, classes):
    classes = sorted(classes)
    counts = torch.zeros(len(classes), len(classes), dtype=torch.int64)
    for t, p in zip(true, predicted):
        counts[classes.index(t), classes.index(p)] += 1
    return counts


def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1.mean().item()


# %% mutant: only classes that occur | says: left out the classes that do not occur
def confusion(true, predicted, classes):
    classes = [name for name in classes if name in true]
    counts = torch.zeros(len(classes), len(classes), dtype=torch.int64)
    for t, p in zip(true, predicted):
        counts[classes.index(t), classes.index(p)] += 1
    return counts


def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1.mean().item()


# %% mutant: rows normalised | says: normalised the rows
def confusion(true, predicted, classes):
    counts = torch.zeros(len(classes), len(classes), dtype=torch.int64)
    for t, p in zip(true, predicted):
        counts[classes.index(t), classes.index(p)] += 1
    return counts / counts.sum(1, keepdim=True)


def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1.mean().item()


# %% mutant: normalised | says: You normalised: return counts
def confusion(true, predicted, classes):
    counts = torch.zeros(len(classes), len(classes), dtype=torch.int64)
    for t, p in zip(true, predicted):
        counts[classes.index(t), classes.index(p)] += 1
    return counts / len(true)


def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1.mean().item()


# %% mutant: floating-point counts | says: no integers
def confusion(true, predicted, classes):
    counts = torch.zeros(len(classes), len(classes))
    for t, p in zip(true, predicted):
        counts[classes.index(t), classes.index(p)] += 1
    return counts


def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1.mean().item()


# %% mutant: NumPy array | says: should be a torch tensor, but it is a NumPy array
import numpy as np


def confusion(true, predicted, classes):
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    for t, p in zip(true, predicted):
        counts[classes.index(t), classes.index(p)] += 1
    return counts


def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1.mean().item()


# %% mutant: accuracy | says: This is the accuracy
def macro_f1(counts):
    return (counts.diag().sum() / counts.sum()).item()


# %% mutant: micro average | says: also the micro average
def macro_f1(counts):
    right = counts.diag().sum()
    wrong = counts.sum() - right
    return (2 * right / (2 * right + wrong + wrong)).item()


# %% mutant: mean recall | says: This is the mean recall
def macro_f1(counts):
    return (counts.diag() / counts.sum(1).clamp(min=1)).mean().item()


# %% mutant: mean precision | says: This is the mean precision
def macro_f1(counts):
    return (counts.diag() / counts.sum(0).clamp(min=1)).mean().item()


# %% mutant: F1 of the means | says: one F1 from the mean precision and the mean recall
def macro_f1(counts):
    P = (counts.diag() / counts.sum(0).clamp(min=1)).mean()
    R = (counts.diag() / counts.sum(1).clamp(min=1)).mean()
    return (2 * P * R / (P + R).clamp(min=1e-9)).item()


# %% mutant: NaN for empty classes | says: A class without a right answer gives 0/0
def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted)
    return f1.mean().item()


# %% mutant: NaN through precision and recall | says: A class without a right answer gives 0/0
def macro_f1(counts):
    P, R = counts.diag() / counts.sum(0), counts.diag() / counts.sum(1)
    return (2 * P * R / (P + R)).mean().item()


# %% mutant: empty classes left out | says: left out classes that do not occur
def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1[true + predicted > 0].mean().item()


# %% mutant: classes without a right answer left out | says: left out classes without a right answer
def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1[right > 0].mean().item()


# %% mutant: weighted by class size | says: weighted the classes
def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return (f1 @ (true / true.sum())).item()


# %% mutant: sum instead of mean | says: added up the classes' F1
def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1.sum().item()


# %% mutant: tensor instead of number | says: Take the number out with .item()
def macro_f1(counts):
    right, true, predicted = counts.diag(), counts.sum(1), counts.sum(0)
    f1 = 2 * right / (true + predicted).clamp(min=1)
    return f1.mean()


# %% mutant: zeroes the diagonal of its argument | says: changed its argument counts in place
def macro_f1(counts):
    right = counts.diag().clone()
    counts.fill_diagonal_(0)
    return (2 * right / (2 * right + counts.sum(0) + counts.sum(1)).clamp(min=1)).mean().item()
