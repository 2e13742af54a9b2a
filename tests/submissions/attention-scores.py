"""Submissions that prove the tests of `attention-scores`: right answers of another form, and the mistakes that people make."""

# %% given: the parts of most answers
import math

import torch


def valid_of(keys, lengths):
    return torch.arange(keys.shape[1]) < lengths[:, None]  # (B, S)


def scores_of(queries, keys, W, scaled):
    scores = (queries if W is None else queries @ W) @ keys.transpose(1, 2)
    return scores / math.sqrt(queries.shape[-1]) if scaled else scores


def weights_of(scores, valid):
    return scores.masked_fill(~valid[:, None, :], -torch.inf).softmax(dim=-1)


def attend(queries, keys, lengths, W=None, scaled=False):
    weights = weights_of(scores_of(queries, keys, W, scaled), valid_of(keys, lengths))
    return weights @ keys, weights


# %% alternative: einsum, the keys projected
def attend(queries, keys, lengths, W=None, scaled=False):
    projected = keys if W is None else torch.einsum("qk,bsk->bsq", W, keys)
    scores = torch.einsum("btq,bsq->bts", queries, projected)
    scores = scores * queries.shape[-1] ** (-0.5 if scaled else 0)
    bias = torch.zeros(keys.shape[:2], dtype=keys.dtype).masked_fill(~valid_of(keys, lengths), -torch.inf)
    weights = torch.softmax(scores + bias[:, None], dim=2)
    return torch.einsum("bts,bsk->btk", weights, keys), weights


# %% alternative: a source at a time
def attend(queries, keys, lengths, W=None, scaled=False):
    contexts, rows = [], []
    for query, key, n in zip(queries, keys, lengths.tolist()):
        weights = scores_of(query[None], key[None, :n], W, scaled)[0].softmax(dim=1)  # (T, n)
        contexts.append(weights @ key[:n])
        rows.append(torch.nn.functional.pad(weights, (0, len(key) - n)))
    return torch.stack(contexts), torch.stack(rows)


# %% alternative: exponentials by hand, bmm
def attend(queries, keys, lengths, W=None, scaled=False):
    valid = valid_of(keys, lengths)[:, None]
    scores = torch.where(valid, scores_of(queries, keys, W, scaled), -1e30)
    exponentials = (scores - scores.amax(dim=2, keepdim=True)).exp() * valid
    weights = exponentials / exponentials.sum(dim=2, keepdim=True)
    return torch.bmm(weights, keys), weights


# %% mutant: no mask | says: There is no mask
def weights_of(scores, valid):
    return scores.softmax(dim=-1)


# %% mutant: mask after the softmax | says: You masked after the softmax
def weights_of(scores, valid):
    return scores.softmax(dim=-1) * valid[:, None]


# %% mutant: scores times mask | says: and exp(0) is 1
def weights_of(scores, valid):
    return (scores * valid[:, None]).softmax(dim=-1)


# %% mutant: minus a thousand | says: low, but not low enough
def weights_of(scores, valid):
    return scores.masked_fill(~valid[:, None], -1000).softmax(dim=-1)


# %% mutant: softmax over the queries | says: The softmax runs over the queries
def weights_of(scores, valid):
    return scores.masked_fill(~valid[:, None], -torch.inf).softmax(dim=1)


# %% mutant: softmax over the batch | says: The softmax runs over the batch
def weights_of(scores, valid):
    return scores.masked_fill(~valid[:, None], -torch.inf).softmax(dim=0)


# %% mutant: mask on the queries | says: The mask is on the queries
def weights_of(scores, valid):
    T = scores.shape[1]
    rows = valid[:, :T] if valid.shape[1] >= T else valid.new_ones(len(valid), T)
    return scores.masked_fill(~rows[:, :, None], -torch.inf).softmax(dim=-1)


# %% mutant: transposed weights | says: The weights are transposed
def attend(queries, keys, lengths, W=None, scaled=False):
    weights = weights_of(scores_of(queries, keys, W, scaled), valid_of(keys, lengths))
    return weights @ keys, weights.transpose(1, 2)


# %% mutant: scaled by the keys | says: The scores are divided by √K
def scores_of(queries, keys, W, scaled):
    scores = (queries if W is None else queries @ W) @ keys.transpose(1, 2)
    return scores / math.sqrt(keys.shape[-1]) if scaled else scores


# %% mutant: scaled by the length | says: The scores are divided by √S
def scores_of(queries, keys, W, scaled):
    scores = (queries if W is None else queries @ W) @ keys.transpose(1, 2)
    return scores / math.sqrt(keys.shape[1]) if scaled else scores


# %% mutant: scaled without the root | says: The scores are divided by Q
def scores_of(queries, keys, W, scaled):
    scores = (queries if W is None else queries @ W) @ keys.transpose(1, 2)
    return scores / queries.shape[-1] if scaled else scores


# %% mutant: never scaled | says: although scaled is True
def scores_of(queries, keys, W, scaled):
    return (queries if W is None else queries @ W) @ keys.transpose(1, 2)


# %% mutant: always scaled | says: although scaled is False
def scores_of(queries, keys, W, scaled):
    return (queries if W is None else queries @ W) @ keys.transpose(1, 2) / math.sqrt(queries.shape[-1])


# %% mutant: W transposed | says: W is transposed
def scores_of(queries, keys, W, scaled):
    scores = (queries if W is None else queries @ W.T) @ keys.transpose(1, 2)
    return scores / math.sqrt(queries.shape[-1]) if scaled else scores


# %% mutant: W left out | says: W is left out
def scores_of(queries, keys, W, scaled):
    features = min(queries.shape[-1], keys.shape[-1])
    scores = queries[..., :features] @ keys[..., :features].transpose(1, 2)
    return scores / math.sqrt(queries.shape[-1]) if scaled else scores


# %% mutant: projected keys are weighed | says: You weighed the projected keys
def attend(queries, keys, lengths, W=None, scaled=False):
    weights = weights_of(scores_of(queries, keys, W, scaled), valid_of(keys, lengths))
    return weights @ (keys if W is None else keys @ W.T), weights


# %% mutant: queries are weighed | says: You weighed the queries
def attend(queries, keys, lengths, W=None, scaled=False):
    weights = weights_of(scores_of(queries, keys, W, scaled), valid_of(keys, lengths))
    return (weights @ queries if queries.shape == keys.shape else weights @ keys), weights


# %% mutant: weights first | says: the wrong way round: return context, weights
def attend(queries, keys, lengths, W=None, scaled=False):
    weights = weights_of(scores_of(queries, keys, W, scaled), valid_of(keys, lengths))
    return weights, weights @ keys


# %% mutant: in place | says: changed its argument W in place
def attend(queries, keys, lengths, W=None, scaled=False):
    if W is not None and scaled:
        W.div_(math.sqrt(queries.shape[-1]))
    weights = weights_of(scores_of(queries, keys, W, False if W is not None else scaled), valid_of(keys, lengths))
    return weights @ keys, weights
