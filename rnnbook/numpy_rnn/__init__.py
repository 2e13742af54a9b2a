"""Recurrent networks in NumPy, with their backward passes written out by hand.

    layer       what every layer is; Linear, the output layer
    recurrent   the loop over time and the loop back
    rnn, lstm   one step of the cell, and one step back over it
    gru         likewise, as torch computes it and as the textbooks write it
    stack       layers on top of each other, in one direction or in two
    losses      softmax, cross-entropy
    model       RNNModel: a recurrent network with an output layer; a step of training, and sampling

One step of training is four lines:

    logits, h_n = model.forward(x)
    loss, d_logits = cross_entropy(logits, targets)
    model.backward(d_logits)
    sgd_step(model, learning_rate=0.1, max_norm=1.0)

`d_z` always stands for the gradient of the loss with respect to `z`, and has the shape of `z`.
"""

from rnnbook.numpy_rnn.gru import GRU, TextbookGRU
from rnnbook.numpy_rnn.layer import Layer, Linear
from rnnbook.numpy_rnn.losses import cross_entropy, one_hot, softmax
from rnnbook.numpy_rnn.lstm import LSTM
from rnnbook.numpy_rnn.model import RNNModel, sample, sgd_step
from rnnbook.numpy_rnn.recurrent import Recurrent
from rnnbook.numpy_rnn.rnn import RNN
from rnnbook.numpy_rnn.stack import Stack

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Layer",
    "Linear",
    "RNNModel",
    "Recurrent",
    "Stack",
    "TextbookGRU",
    "cross_entropy",
    "one_hot",
    "sample",
    "sgd_step",
    "softmax",
]
