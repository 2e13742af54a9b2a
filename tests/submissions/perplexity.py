"""Submissions that prove the tests of `perplexity`: right answers of another form, and the mistakes that people make."""

# %% given: imports
import math

import torch
import torch.nn.functional as F


# %% alternative: the losses of all symbols in one list
def stream_score(batches):
    losses = []
    for logits, targets in batches:
        each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
        losses += each[targets > 0].tolist()
    nats = sum(losses) / len(losses)
    return nats, nats * math.log2(math.e), math.exp(nats)


# %% alternative: log-probabilities gathered, in base 2
def stream_score(batches):
    total, count = torch.tensor(0.0, dtype=torch.float64), 0
    for logits, targets in batches:
        log_p = torch.log_softmax(logits, dim=-1).gather(-1, targets.unsqueeze(-1)).squeeze(-1)
        valid = (targets != 0).double()
        total -= (log_p * valid).sum()
        count += valid.sum()
    bits = (total / count / math.log(2)).item()
    return bits * math.log(2), bits, 2**bits


# %% mutant: mean of the batches' means | says: the mean of the batches' means
def stream_score(batches):
    means = [F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0) for logits, targets in batches]
    nats = torch.stack(means).mean().item()
    return nats, nats / math.log(2), math.exp(nats)


# %% mutant: mean of the batches' perplexities | says: the mean of the batches' perplexities
def stream_score(batches):
    total, count, perplexities = 0.0, 0, []
    for logits, targets in batches:
        valid = (targets != 0).sum().item()
        if valid:
            mean = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0).item()
            total += mean * valid
            count += valid
            perplexities.append(math.exp(mean))
    nats = total / count
    return nats, nats / math.log(2), sum(perplexities) / len(perplexities)


# %% mutant: bits by the wrong factor | says: You multiplied the nats by ln 2
def stream_score(batches):
    total, count = 0.0, 0
    for logits, targets in batches:
        total += F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0, reduction="sum").item()
        count += (targets != 0).sum().item()
    nats = total / count
    return nats, nats * math.log(2), math.exp(nats)


# %% mutant: exp of the bits | says: You took exp of the bits
def stream_score(batches):
    total, count = 0.0, 0
    for logits, targets in batches:
        total += F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0, reduction="sum").item()
        count += (targets != 0).sum().item()
    nats = total / count
    bits = nats / math.log(2)
    return nats, bits, math.exp(bits)


# %% mutant: 2 to the power of the nats | says: 2 goes with bits, exp with nats
def stream_score(batches):
    total, count = 0.0, 0
    for logits, targets in batches:
        total += F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0, reduction="sum").item()
        count += (targets != 0).sum().item()
    nats = total / count
    return nats, nats / math.log(2), 2**nats


# %% mutant: padding counted | says: The padding was counted
def stream_score(batches):
    total, count = 0.0, 0
    for logits, targets in batches:
        total += F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum").item()
        count += targets.numel()
    nats = total / count
    return nats, nats / math.log(2), math.exp(nats)


# %% mutant: padding in the count | says: The padding is in the count
def stream_score(batches):
    total, count = 0.0, 0
    for logits, targets in batches:
        total += F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0, reduction="sum").item()
        count += targets.numel()
    nats = total / count
    return nats, nats / math.log(2), math.exp(nats)


# %% mutant: a batch of padding gives NaN | says: its mean would be NaN
def stream_score(batches):
    total, count = 0.0, 0
    for logits, targets in batches:
        mean = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0).item()
        valid = (targets != 0).sum().item()
        total += mean * valid
        count += valid
    nats = total / count
    return nats, nats / math.log(2), math.exp(nats)


# %% mutant: softmax before the cross entropy | says: The softmax was taken twice
def stream_score(batches):
    total, count = 0.0, 0
    for logits, targets in batches:
        p = logits.softmax(-1).flatten(0, 1)
        total += F.cross_entropy(p, targets.flatten(), ignore_index=0, reduction="sum").item()
        count += (targets != 0).sum().item()
    nats = total / count
    return nats, nats / math.log(2), math.exp(nats)


# %% mutant: log of softmax | says: NaN or infinity
def stream_score(batches):
    total, count = 0.0, 0
    for logits, targets in batches:
        p = logits.exp() / logits.exp().sum(-1, keepdim=True)
        log_p = p.gather(-1, targets[..., None])[..., 0].log()
        total -= log_p[targets != 0].sum().item()
        count += (targets != 0).sum().item()
    nats = total / count
    return nats, nats / math.log(2), math.exp(nats)
