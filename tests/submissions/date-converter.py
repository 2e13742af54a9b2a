"""Submissions that prove the tests of `date-converter`: right answers of another form, and the mistakes that people make."""

# %% given: the parts of most answers
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

PAD, UNK, START, END = 0, 1, 2, 3
SIGNS = "0123456789-"
IDS = {sign: i for i, sign in enumerate(SIGNS, 4)}


class Network(nn.Module):
    def __init__(self, symbols):
        super().__init__()
        self.source = nn.Embedding(symbols, 16, padding_idx=0)
        self.encoder = nn.GRU(16, 24, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(48, 48)
        self.target = nn.Embedding(4 + len(SIGNS), 16)
        self.decoder = nn.GRU(16, 48, batch_first=True)
        self.general = nn.Linear(48, 48, bias=False)
        self.combine = nn.Linear(96, 48)
        self.linear = nn.Linear(48, 4 + len(SIGNS))

    def encode(self, ids, lengths):
        packed = pack_padded_sequence(self.source(ids), lengths, batch_first=True, enforce_sorted=False)
        output, h_n = self.encoder(packed)
        keys, _ = pad_packed_sequence(output, batch_first=True)
        return self.bridge(torch.cat((h_n[0], h_n[1]), dim=1)).tanh()[None], keys, ids != PAD

    def context(self, output, keys, valid):
        scores = self.general(output) @ keys.transpose(1, 2)
        return scores.masked_fill(~valid[:, None], -torch.inf).softmax(dim=2) @ keys

    def forward(self, inputs, state):
        h, keys, valid = state
        output, h = self.decoder(self.target(inputs), h)
        combined = self.combine(torch.cat((self.context(output, keys, valid), output), dim=2)).tanh()
        return self.linear(combined), (h, keys, valid)


def index_of(training, held_out):
    return {symbol: i for i, symbol in enumerate(sorted({s for text in training[0] for s in text}), 2)}


def batch(index, texts):
    rows = [torch.tensor([index.get(symbol, UNK) for symbol in text] or [UNK]) for text in texts]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def labels_of(targets):
    return torch.tensor([[*(IDS[sign] for sign in target), END] for target in targets])


def inputs_of(labels):
    return F.pad(labels[:, :-1], (1, 0), value=START)


def pairs_of(training, held_out):
    return training


def fit(network, index, sources, targets, epochs=6):
    labels, steps = labels_of(targets), epochs * -(-len(sources) // 40)
    optimizer = torch.optim.Adam(network.parameters())
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.5e-2, total_steps=steps)
    for _ in range(epochs):
        for chosen in torch.randperm(len(sources)).split(40):
            state = network.encode(*batch(index, [sources[i] for i in chosen]))
            logits, _ = network(inputs_of(labels[chosen]), state)
            loss = F.cross_entropy(logits.flatten(0, 1), labels[chosen].flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            cycle.step()


def text_of(ids):
    ids = ids[: ids.index(END)] if END in ids else ids
    return "".join(SIGNS[i - 4] for i in ids if i >= 4)


def converted(network, index, texts):
    if not texts:
        return []
    tokens, columns = torch.full((len(texts), 1), START), []
    with torch.no_grad():
        state = network.encode(*batch(index, texts))
        for _ in range(12):
            logits, state = network(tokens, state)
            tokens = logits.argmax(dim=2)
            columns.append(tokens)
    return [text_of(row) for row in torch.cat(columns, dim=1).tolist()]


def share(network, index, sources, targets):
    return sum(a == b for a, b in zip(converted(network, index, sources), targets)) / len(targets)


def train_converter(training, held_out, seed):
    torch.manual_seed(seed)
    index = index_of(training, held_out)
    network = Network(len(index) + 2)
    fit(network, index, *pairs_of(training, held_out))

    def convert(texts):
        return converted(network, index, texts)

    return convert, share(network, index, *held_out)


# %% alternative: one-way LSTMs, scaled attention over keys of their own
class Network(nn.Module):
    def __init__(self, symbols):
        super().__init__()
        self.source = nn.Embedding(symbols, 24, padding_idx=0)
        self.encoder = nn.LSTM(24, 48, batch_first=True)
        self.target = nn.Embedding(4 + len(SIGNS), 24)
        self.decoder = nn.LSTM(24, 48, batch_first=True)
        self.keys = nn.Linear(72, 48)
        self.linear = nn.Sequential(nn.Linear(120, 64), nn.Tanh(), nn.Linear(64, 4 + len(SIGNS)))

    def encode(self, ids, lengths):
        x = self.source(ids)
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, state = self.encoder(packed)
        values = torch.cat((pad_packed_sequence(output, batch_first=True)[0], x), dim=2)
        return state, values, ids != PAD

    def forward(self, inputs, state):
        state, values, valid = state
        output, state = self.decoder(self.target(inputs), state)
        scores = output @ self.keys(values).transpose(1, 2) / 48**0.5
        weights = scores.masked_fill(~valid[:, None], -torch.inf).softmax(dim=2)
        return self.linear(torch.cat((weights @ values, output), dim=2)), (state, values, valid)


def fit(network, index, sources, targets, given=fit):
    given(network, index, sources, targets, 8)


# %% alternative: the course's training loop and vocabularies
from rnnbook.text import Vocabulary
from rnnbook.text.pairs import Pairs
from rnnbook.train import fit as fit_


class Teacher(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, source, lengths, target):
        return self.network(inputs_of(target), self.network.encode(source, lengths))[0].transpose(1, 2)


def fit(network, index, sources, targets):
    data = Pairs([[index[s] for s in text] for text in sources], [[IDS[s] for s in text] for text in targets])
    fit_(Teacher(network), data, epochs=6, batch_size=40, learning_rate=1.5e-2, warm_up=0.3)


# %% mutant: unshifted | says: has learned to copy it
def inputs_of(labels):
    return labels


# %% mutant: no attention | says: Can its decoder look back at the source
class Network(Network):
    def context(self, output, keys, valid):
        return torch.zeros_like(output)


# %% mutant: trains on the held-out pairs | says: the held-out pairs have been trained on
def pairs_of(training, held_out):
    return training[0] + held_out[0], training[1] + held_out[1]


# %% mutant: an alphabet of the held-out pairs too | says: make the alphabets from the training pairs alone
def index_of(training, held_out):
    symbols = sorted({symbol for text in training[0] + held_out[0] for symbol in text})
    return {symbol: i for i, symbol in enumerate(symbols, 2)}


# %% mutant: characters, with the target to read | says: and a decoder that reads what it has written
def share(network, index, sources, targets):
    labels = labels_of(targets)
    with torch.no_grad():
        logits, _ = network(inputs_of(labels), network.encode(*batch(index, sources)))
    return (logits.argmax(dim=2) == labels).double().mean().item()


# %% mutant: share of characters | says: whole strings
def share(network, index, sources, targets):
    rows = zip(converted(network, index, sources), targets)
    return sum(sum(a == b for a, b in zip(mine, target)) / 10 for mine, target in rows) / len(targets)


# %% mutant: attention on the padding | says: the padding has been read
class Network(Network):
    def context(self, output, keys, valid):
        return (self.general(output) @ keys.transpose(1, 2)).softmax(dim=2) @ keys


# %% mutant: encoder reads the padding | says: the padding has been read
class Network(Network):
    def encode(self, ids, lengths):
        keys, h_n = self.encoder(self.source(ids))
        return self.bridge(torch.cat((h_n[0], h_n[1]), dim=1)).tanh()[None], keys, ids != PAD


# %% mutant: unseeded | says: Two trainings with seed 7 differ
trainings = iter(range(1000, 2000))


def train_converter(training, held_out, seed, given=train_converter):
    return given(training, held_out, next(trainings))


# %% mutant: an unknown character stops it | says: read these as <unk>
def batch(index, texts):
    rows = [torch.tensor([index[symbol] for symbol in text] or [UNK]) for text in texts]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


# %% mutant: an empty text stops it | says: A text may be empty
def batch(index, texts):
    rows = [torch.tensor([index.get(symbol, UNK) for symbol in text], dtype=torch.int64) for text in texts]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


# %% mutant: sorted by length | says: do not come in the order of the texts
def converted(network, index, texts, given=converted):
    return given(network, index, sorted(texts, key=len))


# %% mutant: goes on after the end | says: something stands behind them
def text_of(ids):
    return "".join(SIGNS[i - 4] if i >= 4 else "." for i in ids)


# %% mutant: the first epoch alone | says: Your network
def fit(network, index, sources, targets, given=fit):
    given(network, index, sources, targets, 2)


# %% mutant: convert alone | says: should return convert and exact
def train_converter(training, held_out, seed, given=train_converter):
    return given(training, held_out, seed)[0]
