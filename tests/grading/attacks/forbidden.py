"""Uses what is forbidden: full marks, because Python cannot forbid it; plain use is flagged for the instructor."""

# %% attack: calls torch's cell | must: flag | earns: 10 | exercise: rnn-cell
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    cell = torch.nn.RNNCell(x.shape[1], h.shape[1], dtype=x.dtype)
    parameters = {"weight_ih": W_ih, "weight_hh": W_hh, "bias_ih": b_ih, "bias_hh": b_hh}
    return torch.func.functional_call(cell, parameters, (x, h))


# %% attack: calls torch's cell by another name | must: flag | earns: 10 | exercise: rnn-cell
from torch.nn import RNNCell as Dense
from torch.func import functional_call


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    cell = Dense(x.shape[1], h.shape[1], dtype=x.dtype)
    return functional_call(cell, {"weight_ih": W_ih, "weight_hh": W_hh, "bias_ih": b_ih, "bias_hh": b_hh}, (x, h))


# %% attack: calls the function below | must: flag | earns: 10 | exercise: rnn-cell
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.rnn_tanh_cell(x, h, W_ih, W_hh, b_ih, b_hh)


# %% attack: calls the function below that | must: flag | earns: 10 | exercise: rnn-cell
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch._VF.rnn_tanh_cell(x, h, W_ih, W_hh, b_ih, b_hh)


# %% attack: fetches it by getattr | must: flag | earns: 10 | exercise: rnn-cell
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return getattr(torch, "rnn_tanh_cell")(x, h, W_ih, W_hh, b_ih, b_hh)


# %% attack: inherits the whole layer | must: flag | earns: 15 | exercise: my-rnn
from torch import nn


class MyRNN(nn.RNN):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size, batch_first=True)


# %% attack: hides the name | must: passed | earns: 10 | exercise: rnn-cell
import base64
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return vars(torch)[base64.b64decode("cm5uX3RhbmhfY2VsbA==").decode()](x, h, W_ih, W_hh, b_ih, b_hh)
