"""Submissions that prove the tests of `mean-of-vectors`: right answers of another form, and the mistakes people make."""

# %% given: what most answers use
import torch
import torch.nn.functional as F


# %% alternative: loop over the texts
def mean_of_vectors(ids, weight):
    means = []
    for row in ids:
        words = row[row != 0]
        means.append(weight[words].mean(dim=0) if len(words) else torch.zeros(weight.shape[1], dtype=weight.dtype))
    return torch.stack(means)


# %% alternative: counts of words times the vectors
def mean_of_vectors(ids, weight):
    counts = F.one_hot(ids, len(weight)).sum(dim=1)[:, 1:].to(weight.dtype)
    return counts @ weight[1:] / counts.sum(dim=1, keepdim=True).clamp(min=1)


# %% alternative: a copy of the matrix without the padding's vector, F.embedding
def mean_of_vectors(ids, weight):
    weight = torch.cat([torch.zeros_like(weight[:1]), weight[1:]])
    n = ids.count_nonzero(dim=1).clamp(min=1)
    return F.embedding(ids, weight).sum(dim=1) / n.unsqueeze(-1)


# %% alternative: where, nanmean
def mean_of_vectors(ids, weight):
    x = torch.where((ids != 0).unsqueeze(-1), weight[ids], torch.nan)
    empty = (ids == 0).all(dim=1, keepdim=True)
    return torch.where(empty[..., None], 0, x).nanmean(dim=1)


# %% mutant: mean over all cells | says: The padding takes part
def mean_of_vectors(ids, weight):
    return weight[ids].mean(dim=1)


# %% mutant: divides by T | says: You divided by T
def mean_of_vectors(ids, weight):
    return weight[ids].masked_fill((ids == 0)[..., None], 0).mean(dim=1)


# %% mutant: sums only | says: did not divide by the number of words
def mean_of_vectors(ids, weight):
    return weight[ids].masked_fill((ids == 0)[..., None], 0).sum(dim=1)


# %% mutant: counts the padding's vector | says: Your sum has the padding's vector in it
def mean_of_vectors(ids, weight):
    return weight[ids].sum(dim=1) / (ids != 0).sum(dim=1, keepdim=True).clamp(min=1)


# %% mutant: one word too many | says: or one too many
def mean_of_vectors(ids, weight):
    total = weight[ids].masked_fill((ids == 0)[..., None], 0).sum(dim=1)
    return total / ((ids != 0).sum(dim=1, keepdim=True) + 1)


# %% mutant: NaN for an empty row | says: A row without words is 0 divided by 0
def mean_of_vectors(ids, weight):
    total = weight[ids].masked_fill((ids == 0)[..., None], 0).sum(dim=1)
    return total / (ids != 0).sum(dim=1, keepdim=True)


# %% mutant: empty rows dropped | says: Rows without words are left out
def mean_of_vectors(ids, weight):
    return torch.stack([weight[row[row != 0]].mean(dim=0) for row in ids if (row != 0).any()])


# %% mutant: the padding's vector for an empty row | says: there is nothing to take a mean of
def mean_of_vectors(ids, weight):
    return torch.stack([weight[row[row != 0] if row.any() else row].mean(dim=0) for row in ids])


# %% mutant: mask times NaN | says: 0 times NaN is NaN
def mean_of_vectors(ids, weight):
    valid = (ids != 0)[..., None]
    return (weight[ids] * valid).sum(dim=1) / valid.sum(dim=1).clamp(min=1)


# %% mutant: embedding changed in place | says: changed its argument weight in place
def mean_of_vectors(ids, weight):
    weight[0] = 0
    return weight[ids].sum(dim=1) / (ids != 0).sum(dim=1, keepdim=True).clamp(min=1)


# %% mutant: divides by the longest | says: by the number of words of the longest
def mean_of_vectors(ids, weight):
    n = (ids != 0).sum(dim=1)
    return weight[ids].masked_fill((ids == 0)[..., None], 0).sum(dim=1) / n.max().clamp(min=1)


# %% mutant: divides columns | says: You divided column by column
def mean_of_vectors(ids, weight):
    n = (ids != 0).sum(dim=1).clamp(min=1)
    return weight[ids].masked_fill((ids == 0)[..., None], 0).sum(dim=1) / n


# %% mutant: each word once | says: You counted each word once
def mean_of_vectors(ids, weight):
    return torch.stack(
        [weight[row[row != 0].unique()].mean(dim=0) if row.any() else torch.zeros_like(weight[0]) for row in ids]
    )


# %% mutant: by length, not by mask | says: padding may stand anywhere
def mean_of_vectors(ids, weight):
    n = (ids != 0).sum(dim=1, keepdim=True)
    valid = torch.arange(ids.shape[1]) < n
    return weight[ids].masked_fill(~valid[..., None], 0).sum(dim=1) / n.clamp(min=1)


# %% mutant: maximum | says: You took the maximum
def mean_of_vectors(ids, weight):
    return weight[ids].masked_fill((ids == 0)[..., None], -torch.inf).amax(dim=1)


# %% mutant: last word | says: each text's last word
def mean_of_vectors(ids, weight):
    return weight[ids[torch.arange(len(ids)), (ids != 0).sum(dim=1).clamp(min=1) - 1]]


# %% mutant: over the features | says: You averaged over the features
def mean_of_vectors(ids, weight):
    return weight[ids].mean(dim=-1)


# %% mutant: one mean for the batch | says: each text has a mean of its own
def mean_of_vectors(ids, weight):
    return weight[ids[ids != 0]].mean(dim=0)


# %% mutant: graph cut | says: No gradient flows
def mean_of_vectors(ids, weight):
    x = weight.detach()[ids].masked_fill((ids == 0)[..., None], 0)
    return x.sum(dim=1) / (ids != 0).sum(dim=1, keepdim=True).clamp(min=1)


# %% mutant: gradient into the padding | says: A gradient reaches the padding's vector
def mean_of_vectors(ids, weight):
    n = (ids != 0).sum(dim=1, keepdim=True).clamp(min=1)
    hidden = weight[ids].masked_fill((ids == 0)[..., None], 0)
    leak = weight[0].nan_to_num(0, 0, 0) * (ids == 0).sum(dim=1, keepdim=True)
    return (hidden.sum(dim=1) + leak - leak.detach()) / n


# %% mutant: later words weigh more | says: mean_of_vectors
def mean_of_vectors(ids, weight):
    weights = torch.linspace(0.5, 1.5, ids.shape[1], dtype=weight.dtype) * (ids != 0)
    x = weight[ids].masked_fill((ids == 0)[..., None], 0)
    return (x * weights[..., None]).sum(dim=1) / (ids != 0).sum(dim=1, keepdim=True).clamp(min=1)
