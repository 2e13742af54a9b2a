"""What the layers are measured by: torch's own, with the same parameters, inputs and upstream gradients."""

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnbook import layers

TIGHT = {"rtol": 0, "atol": 1e-10}
properties = settings(max_examples=30)
sizes = st.integers(1, 5)

#: The kinds of networks: the class's name, in torch and here, and its options.
KINDS = {
    "tanh": ("RNN", {}),
    "relu": ("RNN", {"nonlinearity": "relu"}),
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {}),
}
kinds = pytest.mark.parametrize("kind", KINDS)


def make(kind, *sizes, **options):
    """One of our layers."""
    name, extra = KINDS[kind]
    return getattr(layers, name)(*sizes, **extra, **options)


def make_theirs(kind, *sizes, **options):
    """torch's layer of that kind, batch first as ours."""
    name, extra = KINDS[kind]
    return getattr(nn, name)(*sizes, **extra, **{"batch_first": True, **options})


def make_pair(kind, *sizes, **options):
    """Our layer, and torch's with the same parameters."""
    ours, theirs = make(kind, *sizes, **options), make_theirs(kind, *sizes, **options)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    return ours, theirs


def make_cells(kind, D, H, bias=True):
    """Our cell, and torch's with the same parameters."""
    name, extra = KINDS[kind]
    ours, theirs = (getattr(module, f"{name}Cell")(D, H, bias, **extra) for module in (layers, nn))
    theirs.load_state_dict(ours.state_dict(), strict=True)
    return ours, theirs


def leaf(*shape):
    return torch.randn(*shape, requires_grad=True)


def draw_state(kind, *shape):
    """A random state with gradient: a tensor, or an LSTM's pair."""
    return (leaf(*shape), leaf(*shape)) if kind == "lstm" else leaf(*shape)


def flat(*results):
    """All tensors in tensors, pairs and Nones, in order."""
    tensors = []
    for result in results:
        if isinstance(result, torch.Tensor):
            tensors.append(result)
        elif result is not None:
            tensors += flat(*result)
    return tensors


def assert_equal(results, results_):
    for result, result_ in zip(flat(results), flat(results_), strict=True):
        torch.testing.assert_close(result, result_, **TIGHT)


def assert_equal_with_gradients(results, results_, wanted, wanted_):
    """Outputs and states agree, and so do the gradients of a random combination of all their entries."""
    assert_equal(results, results_)
    upstream = [torch.randn_like(result) for result in flat(results)]

    def gradients(results, wanted):
        loss = sum((g * result).sum() for g, result in zip(upstream, flat(results), strict=True))
        return torch.autograd.grad(loss, wanted)

    for k, pair in enumerate(zip(gradients(results, wanted), gradients(results_, wanted_), strict=True)):
        torch.testing.assert_close(*pair, **TIGHT, msg=lambda text, k=k: f"gradient {k}: {text}")


def run_packed(theirs, x, lengths, state_0=None):
    """What torch's layer makes of the packed batch, padded again to x's length."""
    T = x.shape[1 if theirs.batch_first else 0]
    packed = pack_padded_sequence(x, lengths, batch_first=theirs.batch_first, enforce_sorted=False)
    output, state_n = theirs(packed, state_0)
    output, _ = pad_packed_sequence(output, batch_first=theirs.batch_first, total_length=T)
    return output, state_n
