"""Other values for a recurrent network's parameters to start from."""

import torch
from torch import Tensor, nn

from rnnbook.layers.lstm import LSTM, LSTMCell


@torch.no_grad()
def set_forget_bias(module: nn.Module, value: float) -> nn.Module:
    """Let an LSTM's forget gates start at σ(value), as far as the bias goes: that of b_ih is set, that of b_hh is zero.

    The two biases are added. To set both is a common mistake, which gives twice the value.

    With 1 the gates start more open than closed (Gers et al., 2000, "Learning to forget"; Jozefowicz et al., 2015, "An
    empirical exploration of recurrent network architectures").

    Args:
        module: an LSTM or LSTMCell, torch's or ours, or a model that holds some; all layers and directions are set.
        value: the bias; a cell then keeps about σ(value) of its value at each step.

    Returns:
        The module.

    Raises:
        ValueError: it holds no LSTM, or one without biases.
    """
    lstms = [part for part in module.modules() if isinstance(part, LSTM | LSTMCell | nn.LSTM | nn.LSTMCell)]
    if not lstms:
        raise ValueError(f"{type(module).__name__} has no forget gate: give an LSTM, or a model that holds one")
    if not all(lstm.bias for lstm in lstms):
        raise ValueError("this LSTM has no biases: build it with bias=True")
    for lstm in lstms:
        forget = slice(lstm.hidden_size, 2 * lstm.hidden_size)  # torch's order is i, f, g, o
        for name, parameter in lstm.named_parameters():
            if name.startswith("bias_ih"):
                parameter[forget] = value
            elif name.startswith("bias_hh"):
                parameter[forget] = 0
    return module


@torch.no_grad()
def orthogonal(module: nn.Module) -> nn.Module:
    """Make recurrent matrices orthogonal, gate by gate, so that each keeps the length of the state it multiplies.

    (Saxe et al., 2014, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks")

    Args:
        module: an RNN, LSTM or GRU or a cell of one, torch's or ours, or a model that holds some. All its `weight_hh`
            are drawn anew.

    Returns:
        The module.

    Raises:
        ValueError: it has no recurrent matrix, or one that is not square.
    """
    for matrix in recurrent_matrices(module):
        nn.init.orthogonal_(matrix)
    return module


def recurrent_matrices(module: nn.Module) -> list[Tensor]:
    """All recurrent matrices in a module, gate by gate: (H, H) each, views of its `weight_hh`.

    Raises:
        ValueError: it has none, or one that is not square.
    """
    if any(getattr(part, "proj_size", 0) > 0 for part in module.modules()):
        raise ValueError("the recurrent matrices of an LSTM with a proj_size are not square: build it without")
    weights = [weight for name, weight in module.named_parameters() if "weight_hh" in name]  # (gates * H, H)
    if not weights:
        raise ValueError(f"{type(module).__name__} has no weight_hh: give a recurrent layer, or a model with one")
    return [matrix for weight in weights for matrix in weight.split(weight.shape[1])]
