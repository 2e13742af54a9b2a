"""Recurrent cells and layers in torch, exchangeable with torch's own.

    recurrent       what all of them share, parameters and states; the cell
    layer           the loop over layers and the loop over time
    rnn, lstm, gru  the equations of a step, as a function; the cell that makes one step; the layer that makes them all
    extras          what torch's layers lack: layer normalisation and dropout on the state
    initialise      forget bias, orthogonal matrices

Parameters have torch's names and shapes, so that `load_state_dict` works in both directions.
"""

from rnnbook.layers.gru import GRU, GRUCell, gru_step
from rnnbook.layers.initialise import orthogonal, set_forget_bias
from rnnbook.layers.layer import Layer
from rnnbook.layers.lstm import LSTM, LSTMCell, lstm_step
from rnnbook.layers.recurrent import Cell
from rnnbook.layers.rnn import RNN, RNNCell, rnn_step

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Cell",
    "GRUCell",
    "LSTMCell",
    "Layer",
    "RNNCell",
    "gru_step",
    "lstm_step",
    "orthogonal",
    "rnn_step",
    "set_forget_bias",
]
