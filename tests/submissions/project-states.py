"""Submissions that prove the tests of `project-states`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers leave as it is
import torch


def valid_of(output, lengths):
    return torch.arange(output.shape[1]) < lengths[:, None]


def directions(centred):
    return torch.linalg.svd(centred, full_matrices=False)[2]


def labels_of(output, lengths, labels):
    return labels.repeat_interleave(lengths)


def positions_of(output, lengths):
    return torch.cat([torch.arange(n) for n in lengths.tolist()])


def points_of(output, lengths, k):
    states = output[valid_of(output, lengths)]
    centred = states - states.mean(dim=0)
    return centred @ directions(centred)[:k].T


def project_states(output, lengths, labels, k=2):
    return points_of(output, lengths, k), labels_of(output, lengths, labels), positions_of(output, lengths)


# %% alternative: U times S, loops
def project_states(output, lengths, labels, k=2):
    states, tags, places = [], [], []
    for b, n in enumerate(lengths.tolist()):
        for t in range(n):
            states.append(output[b, t])
            tags.append(labels[b])
            places.append(t)
    X = torch.stack(states)
    U, S, _ = torch.linalg.svd(X - X.mean(0, keepdim=True), full_matrices=False)
    return U[:, :k] * S[:k], torch.stack(tags), torch.tensor(places)


# %% alternative: eigenvectors of the covariance
def project_states(output, lengths, labels, k=2):
    valid = valid_of(output, lengths)
    X = output[valid]
    X = X - X.mean(dim=0)
    vectors = torch.linalg.eigh(X.T @ X).eigenvectors.flip(1)[:, :k]
    tags = labels[:, None].expand(valid.shape)[valid]
    return X @ vectors, tags, valid.nonzero()[:, 1]


# %% alternative: the signs turned
def points_of(output, lengths, k):
    states = output[valid_of(output, lengths)]
    centred = states - states.mean(dim=0)
    return -(centred @ directions(centred)[:k].T)


# %% mutant: not centred | says: The states were not centred
def points_of(output, lengths, k):
    states = output[valid_of(output, lengths)]
    return states @ directions(states)[:k].T


# %% mutant: centred for the directions only | says: projected the states as they were
def points_of(output, lengths, k):
    states = output[valid_of(output, lengths)]
    return states @ directions(states - states.mean(dim=0))[:k].T


# %% mutant: padding included | says: The padding is still there
def points_of(output, lengths, k):
    states = output.flatten(0, 1)
    centred = states - states.mean(dim=0)
    return centred @ directions(centred)[:k].T


# %% mutant: padding in the directions | says: The padding takes part in the mean and the directions
def points_of(output, lengths, k):
    states = output.flatten(0, 1)
    centred = states - states.mean(dim=0)
    return (centred @ directions(centred)[:k].T)[valid_of(output, lengths).flatten()]


# %% mutant: padding in the mean | says: The mean is over all steps
def points_of(output, lengths, k):
    centred = output[valid_of(output, lengths)] - output.mean(dim=(0, 1))
    return centred @ directions(centred)[:k].T


# %% mutant: columns of Vh | says: You took the columns of Vh
def points_of(output, lengths, k):
    states = output[valid_of(output, lengths)]
    centred = states - states.mean(dim=0)
    return centred @ directions(centred)[:, :k]


# %% mutant: columns of U | says: These are the columns of U
def points_of(output, lengths, k):
    states = output[valid_of(output, lengths)]
    centred = states - states.mean(dim=0)
    return torch.linalg.svd(centred, full_matrices=False)[0][:, :k]


# %% mutant: mean over the features | says: take the mean over the states, axis 0
def points_of(output, lengths, k):
    states = output[valid_of(output, lengths)]
    centred = states - states.mean(dim=1, keepdim=True)
    return centred @ directions(centred)[:k].T


# %% mutant: smallest directions | says: You took the last directions
def points_of(output, lengths, k):
    states = output[valid_of(output, lengths)]
    centred = states - states.mean(dim=0)
    return centred @ torch.linalg.eigh(centred.T @ centred).eigenvectors[:, :k]


# %% mutant: divided by the spread | says: You divided each feature by its spread first
def points_of(output, lengths, k):
    states = output[valid_of(output, lengths)]
    centred = (states - states.mean(dim=0)) / states.std(dim=0)
    return centred @ directions(centred)[:k].T


# %% mutant: steps of all texts in turn | says: they go text by text
def points_of(output, lengths, k):
    states = output.transpose(0, 1)[valid_of(output, lengths).T]
    centred = states - states.mean(dim=0)
    return centred @ directions(centred)[:k].T


# %% mutant: labels go round | says: The labels go round and round
def labels_of(output, lengths, labels):
    return labels.repeat(len(labels) * output.shape[1])[: lengths.sum()]


# %% mutant: labels for the padding | says: There are labels for the padding too
def labels_of(output, lengths, labels):
    return labels.repeat_interleave(output.shape[1])


# %% mutant: one label a text | says: There is one label for each text
def labels_of(output, lengths, labels):
    return labels


# %% mutant: positions from 1 | says: The positions start at 1
def positions_of(output, lengths):
    return torch.cat([torch.arange(n) + 1 for n in lengths.tolist()])


# %% mutant: positions count on | says: These are the numbers of the points
def positions_of(output, lengths):
    return torch.arange(int(lengths.sum()))


# %% mutant: in place | says: changed its argument output in place
def points_of(output, lengths, k):
    output -= output[valid_of(output, lengths)].mean(dim=0)
    centred = output[valid_of(output, lengths)]
    return centred @ directions(centred)[:k].T
