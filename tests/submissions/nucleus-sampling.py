"""Submissions that prove the tests of `nucleus-sampling`: right answers of another form, and the mistakes that people make."""

# %% given: imports
import torch
import torch.nn.functional as F


# %% alternative: ranks instead of scatter
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    V = logits.shape[-1]
    if temperature == 0:
        top_k, temperature, top_p = 1, 1.0, None
    order = logits.argsort(dim=-1, descending=True, stable=True)
    rank = order.argsort(dim=-1)
    if top_k is None:
        top_k = V
    p = (logits / temperature).masked_fill(rank >= top_k, -torch.inf).softmax(-1)
    if top_p is not None:
        ranked = p.gather(-1, order)
        before = torch.cat([torch.zeros_like(ranked[..., :1]), ranked.cumsum(-1)[..., :-1]], dim=-1)
        p = p.masked_fill((before.gather(-1, rank) >= top_p) & (rank > 0), 0)
    return p / p.sum(-1, keepdim=True)


# %% alternative: row by row, in Python
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    result = torch.zeros_like(logits)
    for b, row in enumerate(logits):
        if temperature == 0:
            result[b, row.argmax()] = 1
            continue
        p = torch.exp((row - row.max()) / temperature)
        p /= p.sum()
        symbols = sorted(range(len(p)), key=lambda i: -p[i])[:top_k]
        p[[i for i in range(len(p)) if i not in symbols]] = 0
        p /= p.sum()
        mass = 0
        for i in symbols:
            if mass and top_p is not None and mass >= top_p:
                p[i] = 0
            mass += p[i].item()
        result[b] = p / p.sum()
    return result


# %% mutant: the symbol that crosses p left out | says: The symbol that crosses p was left out
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    p = (logits / temperature).softmax(-1)
    if top_k is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        ranked[..., top_k:] = 0
        p = torch.zeros_like(p).scatter(-1, order, ranked)
        p = p / p.sum(-1, keepdim=True)
    if top_p is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        gone = ranked.cumsum(-1) > top_p
        gone[..., 0] = False
        p = torch.zeros_like(p).scatter(-1, order, ranked.masked_fill(gone, 0))
        p = p / p.sum(-1, keepdim=True)
    return p


# %% mutant: nothing is left where the first crosses p | says: NaN or infinity
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    p = (logits / temperature).softmax(-1)
    if top_k is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        ranked[..., top_k:] = 0
        p = torch.zeros_like(p).scatter(-1, order, ranked)
        p = p / p.sum(-1, keepdim=True)
    if top_p is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        p = torch.zeros_like(p).scatter(-1, order, ranked.masked_fill(ranked.cumsum(-1) > top_p, 0))
        p = p / p.sum(-1, keepdim=True)
    return p


# %% mutant: not renormalised | says: What is left does not sum to 1
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    p = (logits / temperature).softmax(-1)
    if top_k is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        ranked[..., top_k:] = 0
        p = torch.zeros_like(p).scatter(-1, order, ranked)
    if top_p is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        gone = ranked.cumsum(-1) - ranked >= top_p
        gone[..., 0] = False
        p = torch.zeros_like(p).scatter(-1, order, ranked.masked_fill(gone, 0))
    return p


# %% mutant: renormalised only at the end | says: p of what that has left
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    p = (logits / temperature).softmax(-1)
    ranked, order = p.sort(dim=-1, descending=True, stable=True)
    before = ranked.cumsum(-1) - ranked
    if top_k is not None:
        ranked[..., top_k:] = 0
    if top_p is not None:
        gone = before >= top_p
        gone[..., 0] = False
        ranked = ranked.masked_fill(gone, 0)
    p = torch.zeros_like(p).scatter(-1, order, ranked)
    return p / p.sum(-1, keepdim=True)


# %% mutant: the temperature multiplies | says: You multiplied by the temperature
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    p = (logits * temperature).softmax(-1)
    if top_k is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        ranked[..., top_k:] = 0
        p = torch.zeros_like(p).scatter(-1, order, ranked)
        p = p / p.sum(-1, keepdim=True)
    if top_p is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        gone = ranked.cumsum(-1) - ranked >= top_p
        gone[..., 0] = False
        p = torch.zeros_like(p).scatter(-1, order, ranked.masked_fill(gone, 0))
        p = p / p.sum(-1, keepdim=True)
    return p


# %% mutant: NaN at temperature 0 | says: Temperature 0 gives NaN
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    p = (logits / temperature).softmax(-1)
    if top_k is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        ranked[..., top_k:] = 0
        p = torch.zeros_like(p).scatter(-1, order, ranked)
        p = p / p.sum(-1, keepdim=True)
    if top_p is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        gone = ranked.cumsum(-1) - ranked >= top_p
        gone[..., 0] = False
        p = torch.zeros_like(p).scatter(-1, order, ranked.masked_fill(gone, 0))
        p = p / p.sum(-1, keepdim=True)
    return p


# %% mutant: p before k | says: The cut to p came before the cut to k
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    p = (logits / temperature).softmax(-1)
    if top_p is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        gone = ranked.cumsum(-1) - ranked >= top_p
        gone[..., 0] = False
        p = torch.zeros_like(p).scatter(-1, order, ranked.masked_fill(gone, 0))
        p = p / p.sum(-1, keepdim=True)
    if top_k is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        ranked[..., top_k:] = 0
        p = torch.zeros_like(p).scatter(-1, order, ranked)
        p = p / p.sum(-1, keepdim=True)
    return p


# %% mutant: the sorting never undone | says: put them back where their symbols are
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    p = (logits / temperature).softmax(-1)
    if top_k is not None:
        p = p.sort(dim=-1, descending=True, stable=True)[0]
        p[..., top_k:] = 0
        p = p / p.sum(-1, keepdim=True)
    if top_p is not None:
        p = p.sort(dim=-1, descending=True, stable=True)[0]
        gone = p.cumsum(-1) - p >= top_p
        gone[..., 0] = False
        p = p.masked_fill(gone, 0)
        p = p / p.sum(-1, keepdim=True)
    return p


# %% mutant: ties keep more than k | says: Of equal probabilities more than k stayed
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    p = (logits / temperature).softmax(-1)
    if top_k is not None:
        smallest = p.topk(min(top_k, p.shape[-1]), dim=-1).values[..., -1:]
        p = p.masked_fill(p < smallest, 0)
        p = p / p.sum(-1, keepdim=True)
    if top_p is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        gone = ranked.cumsum(-1) - ranked >= top_p
        gone[..., 0] = False
        p = torch.zeros_like(p).scatter(-1, order, ranked.masked_fill(gone, 0))
        p = p / p.sum(-1, keepdim=True)
    return p


# %% mutant: k above V | says: out of range
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = logits / temperature
    if top_k is not None:
        values, at = z.topk(top_k, dim=-1)
        z = torch.full_like(z, -torch.inf).scatter(-1, at, values)
    p = z.softmax(-1)
    if top_p is not None:
        ranked, order = p.sort(dim=-1, descending=True, stable=True)
        gone = ranked.cumsum(-1) - ranked >= top_p
        gone[..., 0] = False
        p = torch.zeros_like(p).scatter(-1, order, ranked.masked_fill(gone, 0))
        p = p / p.sum(-1, keepdim=True)
    return p
