"""Submissions that prove the tests of `review-project`: right answers of another form, and the mistakes that people make."""

# %% given: the parts of most answers
import random
import re
import time

import torch
import torch.nn.functional as F
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from torch import nn
from torch.nn.utils.rnn import pad_sequence


class Network(nn.Module):
    def __init__(self, V):
        super().__init__()
        self.embedding = nn.Embedding(V, 16, padding_idx=0)
        self.rnn = nn.LSTM(16, 32, batch_first=True)
        self.linear = nn.Linear(32, 1)

    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        return self.linear(output[torch.arange(len(ids)), lengths - 1])[:, 0]


def tokens(text):
    return re.findall(r"\w+|[^\w\s]", text.lower())


def batch(index, texts):
    rows = [torch.tensor([index.get(token, 1) for token in tokens(text)] or [1]) for text in texts]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def index_of(texts):
    return {token: i for i, token in enumerate(sorted({token for text in texts for token in tokens(text)}), 2)}


def split(texts, labels, seed):
    """The first four fifths of a random order, and the last."""
    rows = list(zip(texts, labels))
    random.Random(seed).shuffle(rows)
    cut = len(rows) * 4 // 5
    return rows[:cut], rows[cut:]


def train(index, rows, seed):
    torch.manual_seed(seed)
    network = Network(len(index) + 2)
    ids, lengths = batch(index, [text for text, _ in rows])
    targets = torch.tensor([float(label) for _, label in rows])
    epochs = 3 if len(rows) < 100 else 12
    steps = epochs * -(-len(rows) // 16)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    falling = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=steps)
    for _ in range(epochs):
        for chosen in torch.randperm(len(rows)).split(16):
            part = lengths[chosen]
            loss = F.binary_cross_entropy_with_logits(network(ids[chosen, : part.max()], part), targets[chosen])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            falling.step()
    return network


def labelled(network, index, texts):
    if not texts:
        return []
    network.eval()
    with torch.no_grad():
        return [int(z > 0) for z in network(*batch(index, texts)).tolist()]


def share(answers, rows):
    return sum(int(a == label) for a, (_, label) in zip(answers, rows)) / len(rows)


def bag_of(rows):
    bag = make_pipeline(CountVectorizer(), LogisticRegression())
    return bag.fit([text for text, _ in rows], [label for _, label in rows])


def report(predict, bag, rows, seconds):
    texts = [text for text, _ in rows]
    accuracy, baseline = share(predict(texts), rows), share(bag.predict(texts), rows)
    return {"name": "LSTM", "accuracy": accuracy, "baseline": baseline, "seconds": seconds}


def train_sentiment(texts, labels, seed):
    start = time.perf_counter()
    training, held_out = split(texts, labels, seed)
    index = index_of([text for text, _ in training])
    network = train(index, training, seed)

    def predict(texts):
        return labelled(network, index, texts)

    return predict, report(predict, bag_of(training), held_out, time.perf_counter() - start)


# %% alternative: an LSTM of one's own, a loop of one's own
class Network(Network):
    pass


# %% alternative: a two-way GRU of the package, a bag by hand
from rnnbook.models import SequenceClassifier
from rnnbook.train import fit


class Counts:
    """For each word, how much oftener it stands in positive texts: the sum over a text decides."""

    def __init__(self, rows):
        self.scores = {}
        for text, label in rows:
            for token in tokens(text):
                self.scores[token] = self.scores.get(token, 0) + 2 * label - 1

    def predict(self, texts):
        return [int(sum(self.scores.get(token, 0) for token in tokens(text)) > 0) for text in texts]


def bag_of(rows):
    return Counts(rows)


def train(index, rows, seed):
    torch.manual_seed(seed)
    network = SequenceClassifier(len(index) + 2, 1, 16, 24, cell="gru", bidirectional=True)
    data = [*batch(index, [text for text, _ in rows]), torch.tensor([float(label) for _, label in rows])]
    epochs = 2 if len(rows) < 100 else 8
    loss = F.binary_cross_entropy_with_logits
    fit(network, data, loss, epochs=epochs, batch_size=16, learning_rate=2e-2, warm_up=0.2, seed=seed)
    return network


# %% mutant: reports on what it was trained on | says: it was trained on
def train_sentiment(texts, labels, seed):
    start = time.perf_counter()
    rows = list(zip(texts, labels))
    index = index_of(texts)
    network = train(index, rows, seed)

    def predict(texts):
        return labelled(network, index, texts)

    return predict, report(predict, bag_of(rows), rows[-len(rows) // 5 :], time.perf_counter() - start)


# %% mutant: a baseline that has seen the answers | says: your bag of words is asked about texts
def train_sentiment(texts, labels, seed):
    start = time.perf_counter()
    training, held_out = split(texts, labels, seed)
    index = index_of([text for text, _ in training])
    network = train(index, training, seed)

    def predict(texts):
        return labelled(network, index, texts)

    return predict, report(predict, bag_of([*training, *held_out]), held_out, time.perf_counter() - start)


# %% mutant: blind to order | says: Order does not matter to your model
class Network(nn.Module):
    def __init__(self, V):
        super().__init__()
        self.embedding = nn.Embedding(V, 16, padding_idx=0)
        self.linear = nn.Linear(16, 1)

    def forward(self, ids, lengths):
        return self.linear(self.embedding(ids).sum(dim=1) / lengths[:, None])[:, 0]


# %% mutant: unseeded | says: Two trainings with seed 7 differ
trainings = iter(range(1000, 2000))


def train_sentiment(texts, labels, seed, given=train_sentiment):
    return given(texts, labels, next(trainings))


# %% mutant: an empty text stops it | says: read what has no tokens as one unknown word
def batch(index, texts):
    rows = [torch.tensor([index.get(token, 1) for token in tokens(text)], dtype=torch.int64) for text in texts]
    lengths = torch.tensor([len(row) for row in rows])
    if lengths.min() == 0:
        raise RuntimeError("Length of all samples has to be greater than 0")
    return pad_sequence(rows, batch_first=True), lengths


# %% mutant: an unknown word stops it | says: read these as <unk>
def batch(index, texts):
    rows = [torch.tensor([index[token] for token in tokens(text)] or [1]) for text in texts]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


# %% mutant: one label for all | says: to every review
def labelled(network, index, texts):
    if not texts:
        return []
    with torch.no_grad():
        p = network(*batch(index, texts))[:, None].softmax(dim=1)[:, 0]
    return [int(x > 0.5) for x in p.tolist()]


# %% mutant: labels the wrong way round | says: the wrong way round
def labelled(network, index, texts):
    if not texts:
        return []
    with torch.no_grad():
        return [int(z < 0) for z in network(*batch(index, texts)).tolist()]


# %% mutant: reads the padding | says: the network reads the padding
class Network(Network):
    def forward(self, ids, lengths):
        output, _ = self.rnn(self.embedding(ids))
        return self.linear(output[:, -1])[:, 0]


# %% mutant: learns too little | says: has not learned enough
def train(index, rows, seed, given=train):
    torch.manual_seed(seed)
    network, known = Network(len(index) + 2), given(index, rows[:60], seed)
    network.load_state_dict(known.state_dict())
    return network


# %% mutant: truth values | says: A label is the number 1 or 0
def train_sentiment(texts, labels, seed, given=train_sentiment):
    predict, entry = given(texts, labels, seed)
    return lambda texts: [label == 1 for label in predict(texts)], entry


# %% mutant: no baseline | says: entry should have the keys
def train_sentiment(texts, labels, seed, given=train_sentiment):
    predict, entry = given(texts, labels, seed)
    del entry["baseline"]
    return predict, entry


# %% mutant: predict alone | says: should return predict and entry
def train_sentiment(texts, labels, seed, given=train_sentiment):
    return given(texts, labels, seed)[0]
