"""Submissions that prove the tests of `names-classifier`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers leave as it is
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence


def predict(model, names):
    model["network"].eval()
    logits = model["network"](*encode(model["index"], names))
    return [model["classes"][i] for i in logits.argmax(1)]


def train_classifier(names, languages, seed):
    torch.manual_seed(seed)
    index = {letter: i + 2 for i, letter in enumerate(sorted(set("".join(names))))}
    classes = sorted(set(languages))
    network = Network(len(index) + 2, len(classes))
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    ids, lengths = encode(index, names)
    targets = torch.tensor([classes.index(language) for language in languages])
    for _ in range(3):
        for rows in torch.randperm(len(names)).split(32):
            loss = nn.functional.cross_entropy(network(ids[rows], lengths[rows]), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {"network": network, "index": index, "classes": classes}


# %% alternative: a dictionary, a network of one's own, gather
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        last = output[torch.arange(len(ids)), lengths - 1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def train_classifier(names, languages, seed):
    torch.manual_seed(seed)
    index = {letter: i + 2 for i, letter in enumerate(sorted(set("".join(names))))}
    classes = sorted(set(languages))
    network = Network(len(index) + 2, len(classes))
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    ids, lengths = encode(index, names)
    targets = torch.tensor([classes.index(language) for language in languages])
    for _ in range(6):
        for rows in torch.randperm(len(names)).split(32):
            loss = nn.functional.cross_entropy(network(ids[rows], lengths[rows]), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {"network": network, "index": index, "classes": classes}


# %% alternative: an object, LSTM, packed, scikit-learn's label encoder
from sklearn.preprocessing import LabelEncoder
from torch.nn.utils.rnn import pack_sequence


class Classifier(nn.Module):
    def __init__(self, names, languages):
        super().__init__()
        self.alphabet = "".join(sorted({letter for name in names for letter in name.lower()}))
        self.labels = LabelEncoder().fit(languages)
        self.embedding = nn.Embedding(len(self.alphabet) + 1, 16)
        self.rnn = nn.LSTM(16, 32, batch_first=True, bidirectional=True)
        self.linear = nn.Linear(64, len(self.labels.classes_))

    def forward(self, names):
        rows = [self.embedding(torch.tensor([self.alphabet.find(c) + 1 for c in name.lower()])) for name in names]
        _, (h, _) = self.rnn(pack_sequence(rows, enforce_sorted=False))
        return self.linear(torch.cat([h[0], h[1]], dim=1))


def train_classifier(names, languages, seed):
    torch.manual_seed(seed)
    model = Classifier(names, languages)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    targets = torch.from_numpy(model.labels.transform(languages))
    for _ in range(6):
        for rows in torch.randperm(len(names)).split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model([names[i] for i in rows]), targets[rows]).backward()
            optimizer.step()
    return model.eval()


@torch.no_grad()
def predict(model, names):
    return list(model.labels.inverse_transform(model(names).argmax(dim=1).numpy()))


# %% mutant: last padded step | says: your network reads the padding
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        last = output[:, -1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


# %% mutant: h_n of the padded batch | says: your network reads the padding
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        _, h_n = self.rnn(self.embedding(ids))
        last = h_n[-1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


# %% mutant: batch_first forgotten | says: is batch_first=True missing
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        last = output[torch.arange(len(ids)), lengths - 1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


# %% mutant: dropout left on in predict | says: dropout is still on
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        last = output[torch.arange(len(ids)), lengths - 1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def predict(model, names):
    logits = model["network"](*encode(model["index"], names))
    return [model["classes"][i] for i in logits.argmax(1)]


# %% mutant: sorted by length and not put back | says: not in the order of the names
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        last = output[torch.arange(len(ids)), lengths - 1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def predict(model, names):
    model["network"].eval()
    names = sorted(names, key=len)
    logits = model["network"](*encode(model["index"], names))
    return [model["classes"][i] for i in logits.argmax(1)]


# %% mutant: unknown letters crash | says: give them all one id
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        last = output[torch.arange(len(ids)), lengths - 1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index[letter] for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


# %% mutant: no optimizer step | says: has learnt nothing
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        last = output[torch.arange(len(ids)), lengths - 1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def train_classifier(names, languages, seed):
    torch.manual_seed(seed)
    index = {letter: i + 2 for i, letter in enumerate(sorted(set("".join(names))))}
    classes = sorted(set(languages))
    network = Network(len(index) + 2, len(classes))
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    ids, lengths = encode(index, names)
    targets = torch.tensor([classes.index(language) for language in languages])
    for _ in range(3):
        for rows in torch.randperm(len(names)).split(32):
            loss = nn.functional.cross_entropy(network(ids[rows], lengths[rows]), targets[rows])
            optimizer.zero_grad()
            loss.backward()
    return {"network": network, "index": index, "classes": classes}


# %% mutant: classes in order of appearance, and sorted in predict | says: calls them by wrong names
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        last = output[torch.arange(len(ids)), lengths - 1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def train_classifier(names, languages, seed):
    torch.manual_seed(seed)
    index = {letter: i + 2 for i, letter in enumerate(sorted(set("".join(names))))}
    classes = list(dict.fromkeys(languages))
    network = Network(len(index) + 2, len(classes))
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    ids, lengths = encode(index, names)
    targets = torch.tensor([classes.index(language) for language in languages])
    for _ in range(3):
        for rows in torch.randperm(len(names)).split(32):
            loss = nn.functional.cross_entropy(network(ids[rows], lengths[rows]), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {"network": network, "index": index, "classes": classes}


def predict(model, names):
    model["network"].eval()
    logits = model["network"](*encode(model["index"], names))
    return [sorted(model["classes"])[i] for i in logits.argmax(1)]


# %% mutant: class numbers, not languages | says: each of them a string
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        last = output[torch.arange(len(ids)), lengths - 1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def predict(model, names):
    model["network"].eval()
    logits = model["network"](*encode(model["index"], names))
    return logits.argmax(1).tolist()


# %% mutant: unseeded | says: call torch.manual_seed(seed)
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        last = output[torch.arange(len(ids)), lengths - 1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def train_classifier(names, languages, seed):
    index = {letter: i + 2 for i, letter in enumerate(sorted(set("".join(names))))}
    classes = sorted(set(languages))
    network = Network(len(index) + 2, len(classes))
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    ids, lengths = encode(index, names)
    targets = torch.tensor([classes.index(language) for language in languages])
    for _ in range(3):
        for rows in torch.randperm(len(names)).split(32):
            loss = nn.functional.cross_entropy(network(ids[rows], lengths[rows]), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {"network": network, "index": index, "classes": classes}


# %% mutant: seeded after the network is made | says: call torch.manual_seed(seed)
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        last = output[torch.arange(len(ids)), lengths - 1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def train_classifier(names, languages, seed):
    index = {letter: i + 2 for i, letter in enumerate(sorted(set("".join(names))))}
    classes = sorted(set(languages))
    network = Network(len(index) + 2, len(classes))
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    ids, lengths = encode(index, names)
    targets = torch.tensor([classes.index(language) for language in languages])
    for _ in range(3):
        for rows in torch.randperm(len(names)).split(32):
            loss = nn.functional.cross_entropy(network(ids[rows], lengths[rows]), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {"network": network, "index": index, "classes": classes}


# %% mutant: bag of letters | says: counting the letters in any order does about as well, or better
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def train_classifier(names, languages, seed):
    bag = CountVectorizer(analyzer="char", lowercase=False)
    return make_pipeline(bag, LogisticRegression(max_iter=1000)).fit(names, languages)


def predict(model, names):
    return model.predict(names).tolist()


# %% mutant: mean of the letters' embeddings | says: counting the letters in any order does about as well, or better
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 48, padding_idx=0)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        last = self.embedding(ids).sum(1) / lengths[:, None]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


# %% mutant: always the commonest language | says: has learnt nothing
from collections import Counter


def train_classifier(names, languages, seed):
    return Counter(languages).most_common(1)[0][0]


def predict(model, names):
    return [model] * len(names)


# %% mutant: one prediction for all | says: a language for each name
class Network(nn.Module):
    def __init__(self, V, C):
        super().__init__()
        self.embedding = nn.Embedding(V, 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(48, C)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        last = output[torch.arange(len(ids)), lengths - 1]
        return self.linear(self.dropout(last))


def encode(index, names):
    rows = [torch.tensor([index.get(letter, 1) for letter in name]) for name in names]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def predict(model, names):
    model["network"].eval()
    logits = model["network"](*encode(model["index"], names))
    return [model["classes"][i] for i in logits.argmax(1)[:1]]
