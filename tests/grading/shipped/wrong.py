"""Wrong recurrent code as public tutorials, courses and answers have shipped it, in the form that an exercise asks for."""

# %% wrong: the names tutorial's cell, which has no nonlinearity | exercise: rnn-cell | says: left out the tanh
import torch
import torch.nn as nn


class RNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, input, hidden):
        combined = torch.cat((input, hidden), 1)
        hidden = self.i2h(combined)
        return hidden

    def initHidden(self):
        return torch.zeros(1, self.hidden_size)


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    rnn = RNN(x.shape[1], h.shape[1])
    weights = {"i2h.weight": torch.cat([W_ih, W_hh], 1), "i2h.bias": b_ih + b_hh}
    return torch.func.functional_call(rnn, weights, (x, h))


# %% wrong: the names tutorial's layer with i2h and i2o | exercise: my-rnn | says: The parameters should be called
import torch
import torch.nn as nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.i2o = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x, h_0=None):
        hidden = torch.zeros(x.shape[0], self.hidden_size)
        outputs = []
        for t in range(x.shape[1]):
            combined = torch.cat((x[:, t], hidden), 1)
            hidden = self.i2h(combined)
            outputs.append(self.i2o(combined))
        return torch.stack(outputs, 1), hidden[None]


# %% wrong: the output from the state before, as i2o reads it | exercise: my-rnn | says: saved the states before their step
import torch
import torch.nn as nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        for name, shape in (("weight_ih_l0", (hidden_size, input_size)), ("weight_hh_l0", (hidden_size, hidden_size)),
                            ("bias_ih_l0", (hidden_size,)), ("bias_hh_l0", (hidden_size,))):
            self.register_parameter(name, nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))

    def forward(self, x, h_0=None):
        hidden = x.new_zeros(x.shape[0], self.weight_hh_l0.shape[0]) if h_0 is None else h_0[0]
        outputs = []
        for t in range(x.shape[1]):
            outputs.append(hidden)
            hidden = torch.tanh(x[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0 + hidden @ self.weight_hh_l0.T + self.bias_hh_l0)
        return torch.stack(outputs, 1), hidden[None]


# %% wrong: the state kept in self and never reset | exercise: my-rnn | says: remembers the state of the call before
import torch
import torch.nn as nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.hidden = None

    def forward(self, x, h_0=None):
        if h_0 is not None:
            self.hidden = h_0[0]
        if self.hidden is None:
            self.hidden = x.new_zeros(x.shape[0], self.weight_hh_l0.shape[0])
        outputs = []
        for x_t in x.unbind(1):
            self.hidden = torch.tanh(
                x_t @ self.weight_ih_l0.T + self.bias_ih_l0 + self.hidden @ self.weight_hh_l0.T + self.bias_hh_l0
            )
            outputs.append(self.hidden)
        return torch.stack(outputs, 1), self.hidden[None]


# %% wrong: a new hidden state in each turn of the loop | exercise: my-rnn | says: The state is not handed on
import torch
import torch.nn as nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def init_hidden(self, x):
        return x.new_zeros(x.shape[0], self.weight_hh_l0.shape[0])

    def forward(self, x, h_0=None):
        outputs = []
        for x_t in x.unbind(1):
            hidden = self.init_hidden(x) if h_0 is None else h_0[0]
            hidden = torch.tanh(x_t @ self.weight_ih_l0.T + self.bias_ih_l0 + hidden @ self.weight_hh_l0.T + self.bias_hh_l0)
            outputs.append(hidden)
        return torch.stack(outputs, 1), hidden[None]


# %% wrong: iterates over the batch, as if time came first | exercise: my-rnn | says: You looped over the batch
import torch
import torch.nn as nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        hidden = x.new_zeros(x.shape[1], self.weight_hh_l0.shape[0]) if h_0 is None else h_0[0]
        outputs = []
        for x_t in x:
            hidden = torch.tanh(x_t @ self.weight_ih_l0.T + self.bias_ih_l0 + hidden @ self.weight_hh_l0.T + self.bias_hh_l0)
            outputs.append(hidden)
        return torch.stack(outputs), hidden[None]


# %% wrong: the graph cut at each step | exercise: my-rnn | says: The gradient does not go back from step to step
import torch
import torch.nn as nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h_0=None):
        hidden = x.new_zeros(x.shape[0], self.weight_hh_l0.shape[0]) if h_0 is None else h_0[0]
        outputs = []
        for x_t in x.unbind(1):
            hidden = hidden.detach()
            hidden = torch.tanh(x_t @ self.weight_ih_l0.T + self.bias_ih_l0 + hidden @ self.weight_hh_l0.T + self.bias_hh_l0)
            outputs.append(hidden)
        return torch.stack(outputs, 1), hidden[None]


# %% wrong: all weights of a textbook's layer at zero | exercise: my-rnn | says: Units that start equal stay equal
import torch
import torch.nn as nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.weight_ih_l0 = nn.Parameter(torch.zeros(hidden_size, input_size))
        self.weight_hh_l0 = nn.Parameter(torch.zeros(hidden_size, hidden_size))
        self.bias_ih_l0 = nn.Parameter(torch.zeros(hidden_size))
        self.bias_hh_l0 = nn.Parameter(torch.zeros(hidden_size))

    def forward(self, x, h_0=None):
        hidden = x.new_zeros(x.shape[0], self.weight_hh_l0.shape[0]) if h_0 is None else h_0[0]
        outputs = []
        for x_t in x.unbind(1):
            hidden = torch.tanh(x_t @ self.weight_ih_l0.T + self.bias_ih_l0 + hidden @ self.weight_hh_l0.T + self.bias_hh_l0)
            outputs.append(hidden)
        return torch.stack(outputs, 1), hidden[None]


# %% wrong: the derivative of tanh taken of what tanh gave, once more | exercise: rnn-cell | says: you took tanh twice
import torch


class Tanh(torch.autograd.Function):
    @staticmethod
    def forward(context, z):
        a = torch.tanh(z)
        context.save_for_backward(a)
        return a

    @staticmethod
    def backward(context, gradient):
        (a,) = context.saved_tensors
        return gradient * (1 - torch.tanh(a) ** 2)


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return Tanh.apply(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)


# %% wrong: a sigmoid, as in Elman's paper | exercise: rnn-cell | says: You applied a sigmoid
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.sigmoid(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)


# %% wrong: column vectors, as in the notes of a course | exercise: rnn-cell | says: untransposed / shape
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih + h @ W_hh + b_ih + b_hh)


# %% wrong: one bias, as in the formula of many books | exercise: rnn-cell | says: left out the bias
import torch


def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + h @ W_hh.T + b_ih)


# %% wrong: the last step of the padded batch | exercise: last-valid-state | says: padding
def last_valid_state(output, lengths):
    return output[:, -1, :]


# %% wrong: an index one too large | exercise: last-valid-state | says: one step too late / out of bounds
import torch


def last_valid_state(output, lengths):
    index = lengths.view(-1, 1, 1).expand(-1, 1, output.size(2))
    return output.gather(1, index).squeeze(1)


# %% wrong: the largest value over time, padding included | exercise: last-valid-state | says: largest value over time
import torch.nn.functional as F


def last_valid_state(output, lengths):
    return F.max_pool1d(output.transpose(1, 2), output.shape[1]).squeeze(2)


# %% wrong: np.exp(x) / np.sum(np.exp(x), axis=0) | exercise: softmax-temperature | says: first axis / overflows
import torch


def softmax(logits, temperature):
    if temperature < 0:
        raise ValueError("temperature")
    z = logits / temperature
    return torch.exp(z) / torch.sum(torch.exp(z), dim=0)


# %% wrong: softmax without a shift | exercise: softmax-temperature | says: exp overflows
import torch


def softmax(logits, temperature=1.0):
    exponentials = torch.exp(logits / temperature)
    return exponentials / exponentials.sum(-1, keepdim=True)


# %% wrong: LogSoftmax where probabilities are asked for | exercise: softmax-temperature | says: logarithms
from torch import nn

log_softmax = nn.LogSoftmax(dim=-1)


def softmax(logits, temperature):
    return log_softmax(logits / temperature)


# %% wrong: multiplies by the temperature | exercise: softmax-temperature | says: You multiplied by the temperature
import torch.nn.functional as F


def softmax(logits, temperature):
    return F.softmax(logits * temperature, dim=-1)


# %% wrong: find, which gives -1 for an unknown letter | exercise: one-hot | says: the last column
import torch


def letterToIndex(letter, all_letters):
    return all_letters.find(letter)


def one_hot(text, symbols):
    tensor = torch.zeros(len(text), len(symbols))
    for li, letter in enumerate(text):
        tensor[li][letterToIndex(letter, symbols)] = 1
    return tensor


def lookup(ids, weight):
    return weight[ids]


# %% wrong: vocabulary from the set of the text | exercise: one-hot | says: of the text / sorted
import torch


def one_hot(text, symbols):
    char_to_ix = {ch: i for i, ch in enumerate(sorted(set(text)))}
    xs = torch.zeros(len(text), len(char_to_ix))
    for t, ch in enumerate(text):
        xs[t][char_to_ix[ch]] = 1
    return xs


def lookup(ids, weight):
    return weight[ids]


# %% wrong: an embedding by a product with one-hot vectors | exercise: one-hot | says: multiplied by one-hot
import torch
import torch.nn.functional as F


def one_hot(text, symbols):
    return F.one_hot(torch.tensor([symbols.index(c) for c in text]), len(symbols)).float()


def lookup(ids, weight):
    return F.one_hot(ids, weight.shape[0]).float() @ weight


# %% wrong: one bias for each layer, as Keras counts | exercise: count-parameters | says: You counted one bias
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    total, reads, directions = 0, input_size, 1 + bidirectional
    for _ in range(num_layers):
        total += directions * (hidden_size * (reads + hidden_size) + bias * hidden_size)
        reads = directions * hidden_size
    return total


# %% wrong: layers above that read one direction only | exercise: count-parameters | says: with two directions below
def count_parameters(input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    first = hidden_size * (input_size + hidden_size + 2 * bias)
    others = hidden_size * (2 * hidden_size + 2 * bias)
    return (1 + bidirectional) * (first + (num_layers - 1) * others)


# %% wrong: rows divided by train_test_split | exercise: names-split | says: you divided the rows
from sklearn.model_selection import train_test_split


def split_names(names, languages, held_out=0.25, seed=0):
    a, b, c, d = train_test_split(names, languages, test_size=held_out, random_state=seed)
    return (a, c), (b, d)


# %% wrong: the rows shuffled and cut | exercise: names-split | says: you divided the rows
import random


def split_names(names, languages, held_out=0.25, seed=0):
    pairs = list(zip(names, languages))
    random.Random(seed).shuffle(pairs)
    cut = int(len(pairs) * (1 - held_out))
    training, test = pairs[:cut], pairs[cut:]
    return tuple(map(list, zip(*training))), tuple(map(list, zip(*test)))


# %% wrong: scikit-learn's order of classes, and F1 of the means | exercise: confusion-matrix | says: alphabetical
import torch
from sklearn.metrics import confusion_matrix


def confusion(true, predicted, classes):
    return torch.tensor(confusion_matrix(true, predicted, labels=sorted(classes)))


def macro_f1(counts):
    precision = (counts.diag() / counts.sum(0).clamp(min=1)).mean()
    recall = (counts.diag() / counts.sum(1).clamp(min=1)).mean()
    return (2 * precision * recall / (precision + recall).clamp(min=1e-12)).item()


# %% wrong: rows normalised, as the names tutorial's picture has them | exercise: confusion-matrix | says: normalised the rows
import torch


def confusion(true, predicted, classes):
    confusion = torch.zeros(len(classes), len(classes))
    for t, p in zip(true, predicted):
        confusion[classes.index(t)][classes.index(p)] += 1
    for i in range(len(classes)):
        confusion[i] = confusion[i] / confusion[i].sum()
    return confusion


def macro_f1(counts):
    return (counts.diag().sum() / counts.sum()).item()


# %% wrong: a running average changed in place | exercise: unroll | says: one tensor, changed in place
def smooth(h, x):
    h *= 0.9
    h += 0.1 * x
    return h


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    states, h = [], h_0
    for x in xs:
        h = step(h, x)
        states.append(h)
    return states


# %% wrong: a scan that starts with its start, as itertools.accumulate does | exercise: unroll | says: begins with h_0
from itertools import accumulate


def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    return list(accumulate(xs, step, initial=h_0))


# %% wrong: a threshold unit that learns the last two bits | exercise: parity-state | says: last two bits
def start():
    return [0, 0]


def step(state, bit):
    return [state[1], bit]


def read(state):
    return state[0] ^ state[1]
