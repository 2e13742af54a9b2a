"""Submissions that prove the tests of `forget-bias`: right answers of another form, and the mistakes that people make."""

# %% alternative: layer by layer, by data
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("this LSTM was made with bias=False")
    for layer in range(lstm.num_layers):
        for direction in ["", "_reverse"] if lstm.bidirectional else [""]:
            for name, number in [("bias_ih", value), ("bias_hh", 0.0)]:
                i, f, g, o = getattr(lstm, f"{name}_l{layer}{direction}").data.chunk(4)
                f.fill_(number)
    return lstm


# %% alternative: through the state_dict
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    state = {name: tensor.clone() for name, tensor in lstm.state_dict().items()}
    biases = [name for name in state if name.startswith("bias")]
    if len(biases) == 0:
        raise ValueError("bias=False")
    for name in biases:
        n = state[name].numel()
        state[name][n // 4 : n // 2] = value if "_ih_" in name else 0
    lstm.load_state_dict(state)
    return lstm


# %% alternative: new parameters
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    found = False
    for name, parameter in list(lstm.named_parameters()):
        kind, _, place = name.partition("_l")
        if kind in ("bias_ih", "bias_hh"):
            found = True
            i, f, g, o = parameter.detach().split(lstm.hidden_size)
            f = torch.full_like(f, value if kind == "bias_ih" else 0)
            setattr(lstm, name, nn.Parameter(torch.cat([i, f, g, o])))
    if not found:
        raise ValueError("there is no bias")
    return lstm


# %% alternative: by all_weights and nn.init
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    for weights in lstm.all_weights:
        if len(weights) < 4:
            raise ValueError("this LSTM has no bias")
        for bias, number in zip(weights[2:4], (value, 0.0)):
            nn.init.constant_(bias[lstm.hidden_size :][: lstm.hidden_size], number)
    return lstm


# %% mutant: both biases filled | says: You put the value into both biases
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H : 2 * H].fill_(value)
            if "bias_hh" in name:
                parameter[H : 2 * H].fill_(value)
    return lstm


# %% mutant: both biases filled, in the well-known lines | says: You put the value into both biases
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias" in name:
                n = parameter.size(0)
                parameter[n // 4 : n // 2].fill_(value)
    return lstm


# %% mutant: half in each | says: The two biases have the right sum
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H : 2 * H].fill_(value / 2)
            if "bias_hh" in name:
                parameter[H : 2 * H].fill_(value / 2)
    return lstm


# %% mutant: biases swapped | says: The two biases have the right sum
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_hh" in name:
                parameter[H : 2 * H].fill_(value)
            if "bias_ih" in name:
                parameter[H : 2 * H].zero_()
    return lstm


# %% mutant: other bias left | says: You left bias_hh as it was
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H : 2 * H].fill_(value)
            if "bias_hh" in name:
                pass
    return lstm


# %% mutant: only bias_hh | says: left bias_ih as it was
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                pass
            if "bias_hh" in name:
                parameter[H : 2 * H].fill_(value)
    return lstm


# %% mutant: added | says: You added the value to what was there
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H : 2 * H] += value
            if "bias_hh" in name:
                parameter[H : 2 * H].zero_()
    return lstm


# %% mutant: added, other bias left | says: You added the value to what was there
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H : 2 * H] += value
            if "bias_hh" in name:
                pass
    return lstm


# %% mutant: first layer only | says: You set the first layer only
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih_l0" in name:
                parameter[H : 2 * H].fill_(value)
            if "bias_hh_l0" in name:
                parameter[H : 2 * H].zero_()
    return lstm


# %% mutant: one direction only | says: You set the forward direction only
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if name.endswith("reverse"):
                continue
            if "bias_ih" in name:
                parameter[H : 2 * H].fill_(value)
            if "bias_hh" in name:
                parameter[H : 2 * H].zero_()
    return lstm


# %% mutant: one layer in one direction | says: You set one layer in one direction only
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        lstm.bias_ih_l0[H : 2 * H] = value
        lstm.bias_hh_l0[H : 2 * H] = 0
    return lstm


# %% mutant: input gate | says: which is the input gate's
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[:H].fill_(value)
            if "bias_hh" in name:
                parameter[:H].zero_()
    return lstm


# %% mutant: third block | says: which belongs to the new value g
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[2 * H : 3 * H].fill_(value)
            if "bias_hh" in name:
                parameter[2 * H : 3 * H].zero_()
    return lstm


# %% mutant: last block, of both biases | says: which is the output gate's
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[3 * H :].fill_(value)
            if "bias_hh" in name:
                parameter[3 * H :].fill_(value)
    return lstm


# %% mutant: all from the second block on | says: You set all blocks from the second on
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H:].fill_(value)
            if "bias_hh" in name:
                parameter[H:].zero_()
    return lstm


# %% mutant: first two blocks | says: You set the first two blocks
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[: 2 * H].fill_(value)
            if "bias_hh" in name:
                parameter[: 2 * H].zero_()
    return lstm


# %% mutant: whole biases | says: You set the whole bias
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter.fill_(value)
            if "bias_hh" in name:
                parameter.zero_()
    return lstm


# %% mutant: other gates set to zero | says: You set all other biases to 0: leave
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter.zero_()
                parameter[H : 2 * H].fill_(value)
            if "bias_hh" in name:
                parameter.zero_()
    return lstm


# %% mutant: other gates set to zero, both filled | says: and both forget biases to the value
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter.zero_()
                parameter[H : 2 * H].fill_(value)
            if "bias_hh" in name:
                parameter.zero_()
                parameter[H : 2 * H].fill_(value)
    return lstm


# %% mutant: all of bias_hh set to zero | says: You set the whole of bias_hh to 0
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H : 2 * H].fill_(value)
            if "bias_hh" in name:
                parameter.zero_()
    return lstm


# %% mutant: last layer only | says: You set the last layer only
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if f"bias_ih_l{lstm.num_layers - 1}" in name:
                parameter[H : 2 * H].fill_(value)
            if f"bias_hh_l{lstm.num_layers - 1}" in name:
                parameter[H : 2 * H].zero_()
    return lstm


# %% mutant: quarter of H | says: You took the second quarter of H numbers
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H // 4 : H // 2].fill_(value)
            if "bias_hh" in name:
                parameter[H // 4 : H // 2].zero_()
    return lstm


# %% mutant: right sum, other bias left | says: The two biases have the right sum
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H : 2 * H] = value - getattr(lstm, name.replace("ih", "hh"))[H : 2 * H]
            if "bias_hh" in name:
                pass
    return lstm


# %% mutant: weights too | says: You changed the weights too
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "_ih" in name:
                parameter[H : 2 * H].fill_(value)
            if "_hh" in name:
                parameter[H : 2 * H].zero_()
    return lstm


# %% mutant: always 1 | says: whatever `value` is
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H : 2 * H].fill_(1)
            if "bias_hh" in name:
                parameter[H : 2 * H].zero_()
    return lstm


# %% mutant: a copy | says: Nothing has changed
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    import copy

    lstm = copy.deepcopy(lstm)
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H : 2 * H].fill_(value)
            if "bias_hh" in name:
                parameter[H : 2 * H].zero_()
    return lstm


# %% mutant: index makes a copy | says: Nothing has changed
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter.clone()[H : 2 * H] = value
            if "bias_hh" in name:
                parameter.clone()[H : 2 * H] = 0
    return lstm


# %% mutant: nothing returned | says: End the function with `return lstm`
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H : 2 * H].fill_(value)
            if "bias_hh" in name:
                parameter[H : 2 * H].zero_()


# %% mutant: with gradients on | says: Change it inside `with torch.no_grad():`
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    if True:
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H : 2 * H].fill_(value)
            if "bias_hh" in name:
                parameter[H : 2 * H].zero_()
    return lstm


# %% mutant: parameters frozen | says: can no longer learn
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    if not lstm.bias:
        raise ValueError("no biases")
    H = lstm.hidden_size
    if True:
        for name, parameter in lstm.named_parameters():
            parameter.requires_grad = False
            if "bias_ih" in name:
                parameter[H : 2 * H].fill_(value)
            if "bias_hh" in name:
                parameter[H : 2 * H].zero_()
    return lstm


# %% mutant: no error without biases | says: should raise ValueError
import torch
from torch import nn


def make_lstm(input_size, hidden_size, **options):
    return nn.LSTM(input_size, hidden_size, **options)


def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[H : 2 * H].fill_(value)
            if "bias_hh" in name:
                parameter[H : 2 * H].zero_()
    return lstm
