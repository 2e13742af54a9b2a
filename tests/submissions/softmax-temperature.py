"""Submissions that prove the tests of `softmax-temperature`: right answers of another form, and the mistakes that people make."""

# %% alternative: torch.softmax, one-hot by comparison with arange
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("temperature must not be negative")
    if not temperature:
        places = torch.arange(logits.size(-1))
        return (places == logits.argmax(dim=-1, keepdim=True)).type_as(logits)
    return torch.softmax((logits - logits.amax(-1, True)) / temperature, dim=-1)


# %% alternative: through logarithms
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError
    if temperature == 0:
        probabilities = torch.zeros_like(logits)
        probabilities.scatter_(-1, logits.argmax(-1).unsqueeze(-1), 1.0)
        return probabilities
    z = logits / temperature
    return (z - z.logsumexp(dim=-1, keepdim=True)).exp()


# %% alternative: row by row, in float64
import math

import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError(f"temperature {temperature} is negative")
    rows = []
    for row in logits.reshape(-1, logits.shape[-1]).tolist():
        best = max(row)
        if temperature == 0:
            e = [float(i == row.index(best)) for i in range(len(row))]
        else:
            e = [math.exp((z - best) / temperature) for z in row]
        rows.append([value / sum(e) for value in e])
    return torch.tensor(rows, dtype=logits.dtype).reshape(logits.shape)


# %% mutant: multiplies by the temperature | says: multiplied by the temperature
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = (logits - logits.max(-1, keepdim=True).values) * temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: temperature left out | says: left out the temperature
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = logits - logits.max(-1, keepdim=True).values
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: probabilities divided by the temperature | says: divided the probabilities by the temperature
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = logits - logits.max(-1, keepdim=True).values
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True) / temperature


# %% mutant: no shift | says: subtract the largest logit of each row
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = logits / temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: shift by the largest of all rows | says: largest logit of the whole array
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = (logits - logits.max()) / temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: first axis | says: normalised over the first axis
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = (logits - logits.max(0, keepdim=True).values) / temperature
    return torch.exp(z) / torch.exp(z).sum(0, keepdim=True)


# %% mutant: second axis | says: normalised over the second axis
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = (logits - logits.max(min(1, logits.ndim - 1), keepdim=True).values) / temperature
    return torch.exp(z) / torch.exp(z).sum(min(1, logits.ndim - 1), keepdim=True)


# %% mutant: whole array | says: normalised over the whole array
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = (logits - logits.max()) / temperature
    return torch.exp(z) / torch.exp(z).sum()


# %% mutant: keepdim forgotten | says: divided along the wrong axis
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return torch.exp(z) / torch.exp(z).sum(-1)


# %% mutant: not divided by the sum | says: did not divide by the sum
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return torch.exp(z)


# %% mutant: logarithms | says: logarithms of the probabilities
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return z - z.logsumexp(-1, keepdim=True)


# %% mutant: temperature 0 divides | says: treat 0 before you divide
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: temperature 0 divides by a small number | says: share the probability
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    temperature = max(temperature, 1e-6)
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: temperature 0 marks all largest | says: Each of the largest logits has probability 1
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return (logits == logits.amax(-1, keepdim=True)).to(logits.dtype)
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: temperature 0 gives the index | says: returned the index
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return logits.argmax(-1)
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: temperature 0 gives integers | says: should hold floating-point numbers
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1])
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: temperature 0 in float32 | says: should be torch.float64 too
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).float()
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: temperature 0 takes the last | says: last of the largest
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.flip(-1).argmax(-1), logits.shape[-1]).flip(-1).to(logits.dtype)
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: negative temperature taken | says: raised nothing
import torch


def softmax(logits, temperature):
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: negative temperature asserted | says: but it raised AssertionError
import torch


def softmax(logits, temperature):
    assert temperature >= 0
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: changes the logits in place | says: changed its argument logits in place
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    logits -= logits.max(-1, keepdim=True).values
    z = logits / temperature
    return torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)


# %% mutant: returns NumPy | says: Stay in torch
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    z = (logits - logits.max(-1, keepdim=True).values) / temperature
    return torch.exp(z).numpy() / torch.exp(z).sum(-1, keepdim=True).numpy()
