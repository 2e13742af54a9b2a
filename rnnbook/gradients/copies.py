"""A copy of a layer that shows all its states: torch's fused kernels return the last state of each sequence only."""

from copy import deepcopy

import torch
from torch import nn

from rnnbook import layers

OURS = {"RNN_TANH": layers.RNN, "RNN_RELU": layers.RNN, "LSTM": layers.LSTM, "GRU": layers.GRU}  # by torch's `mode`


def traceable(layer: nn.Module, dtype: torch.dtype) -> layers.Layer:
    """Copy a layer, one of torch's out of our parts, with its weights in another dtype, in evaluation mode.

    Raises:
        TypeError: it is no RNN, LSTM or GRU.
        ValueError: it is an LSTM with a proj_size.
    """
    if isinstance(layer, layers.Layer):
        copy = deepcopy(layer)
    elif isinstance(layer, nn.RNN | nn.LSTM | nn.GRU):
        if layer.proj_size > 0:
            raise ValueError("an LSTM with a proj_size cannot be looked into: build it without")
        names = ["input_size", "hidden_size", "num_layers", "bias", "batch_first", "bidirectional"]
        names += ["nonlinearity"] if isinstance(layer, nn.RNN) else []
        with torch.random.fork_rng(devices=[]):  # its own first weights are drawn for nothing
            copy = OURS[layer.mode](**{name: getattr(layer, name) for name in names})
        copy.to(layer.weight_hh_l0.dtype).load_state_dict(layer.state_dict())
    else:
        raise TypeError(f"{type(layer).__name__} is no RNN, LSTM or GRU: give the recurrent layer, such as model.rnn")
    return copy.to(next(layer.parameters()).device, dtype).eval().requires_grad_()
