"""Submissions that prove the tests of `robust-predict`: right answers of another form, and the mistakes that people make."""

# %% given: the tokens, the model, and the parts of most answers
import re

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence


def tokens(text):
    return re.findall(r"\w+|[^\w\s]", text.lower())


class SentimentModel(nn.Module):
    def __init__(self, vocabulary_size):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, 4, padding_idx=0)
        self.gru = nn.GRU(4, 5, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(5, 1)
        self.gradients = None

    def forward(self, ids, lengths):
        self.gradients = torch.is_grad_enabled()
        x = self.dropout(self.embedding(ids))
        _, h_n = self.gru(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        return self.linear(self.dropout(h_n[-1]))[:, 0]


def batch(vocabulary, texts):
    rows = [torch.tensor([vocabulary.get(token, 1) for token in tokens(text)] or [1]) for text in texts]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def logits_of(model, ids, lengths):
    mode = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, lengths)
    model.train(mode)
    return logits


def named(p):
    return ("positive", p) if p >= 0.5 else ("negative", 1 - p)


def predict_sentiment(model, vocabulary, texts):
    if isinstance(texts, str):
        raise TypeError("give a list of texts")
    if len(texts) == 0:
        return []
    return [named(p) for p in logits_of(model, *batch(vocabulary, texts)).sigmoid().tolist()]


# %% alternative: a text at a time, in inference mode
def predict_sentiment(model, vocabulary, texts):
    if not isinstance(texts, list):
        raise TypeError(f"texts should be a list, got {type(texts).__name__}")
    training, answers = model.training, []
    model.eval()
    with torch.inference_mode():
        for text in texts:
            ids = [vocabulary.get(token, vocabulary["<unk>"]) for token in tokens(text)]
            if not ids:
                ids = [vocabulary["<unk>"]]
            answers.append(named(torch.sigmoid(model(torch.tensor([ids]), torch.tensor([len(ids)]))).item()))
    if training:
        model.train()
    return answers


# %% alternative: sorted by length and put back, two logits
def predict_sentiment(model, vocabulary, texts):
    if isinstance(texts, str):
        raise TypeError("one string")
    answers = [None] * len(texts)
    order = sorted(range(len(texts)), key=lambda i: -len(tokens(texts[i])))
    for start in range(0, len(order), 2):
        rows = order[start : start + 2]
        z = logits_of(model, *batch(vocabulary, [texts[i] for i in rows]))
        p = torch.stack([0 * z, z], dim=1).softmax(dim=1)
        for i, one in zip(rows, p):
            answers[i] = (("negative", "positive")[int(one[1] >= one[0])], one.max().item())
    return answers


# %% mutant: leaves evaluation mode on | says: after predict_sentiment it is in evaluation mode
def logits_of(model, ids, lengths):
    model.eval()
    with torch.no_grad():
        return model(ids, lengths)


# %% mutant: always back to training | says: it is in training mode
def logits_of(model, ids, lengths):
    model.eval()
    with torch.no_grad():
        logits = model(ids, lengths)
    model.train()
    return logits


# %% mutant: dropout is on | says: dropout is still on
def logits_of(model, ids, lengths):
    with torch.no_grad():
        return model(ids, lengths)


# %% mutant: gradients are on | says: with gradients on
def logits_of(model, ids, lengths):
    mode = model.training
    model.eval()
    logits = model(ids, lengths)
    model.train(mode)
    return logits


# %% mutant: an empty text stops it | says: A text may have no tokens
def batch(vocabulary, texts):
    rows = [torch.tensor([vocabulary.get(token, 1) for token in tokens(text)], dtype=torch.int64) for text in texts]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


# %% mutant: no texts stop it | says: of no texts make no batch
def predict_sentiment(model, vocabulary, texts):
    if isinstance(texts, str):
        raise TypeError("give a list of texts")
    return [named(p) for p in logits_of(model, *batch(vocabulary, texts)).sigmoid().tolist()]


# %% mutant: empty texts are dropped | says: all answers behind it belong to the wrong text
def predict_sentiment(model, vocabulary, texts):
    if isinstance(texts, str):
        raise TypeError("give a list of texts")
    texts = [text for text in texts if tokens(text)]
    if not texts:
        return []
    return [named(p) for p in logits_of(model, *batch(vocabulary, texts)).sigmoid().tolist()]


# %% mutant: an unknown word stops it | says: A token that is not in the vocabulary
def batch(vocabulary, texts):
    rows = [torch.tensor([vocabulary[token] for token in tokens(text)] or [1]) for text in texts]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


# %% mutant: padding is read | says: the padding has been read
def batch(vocabulary, texts):
    rows = [torch.tensor([vocabulary.get(token, 1) for token in tokens(text)] or [1]) for text in texts]
    ids = pad_sequence(rows, batch_first=True)
    return ids, torch.full((len(ids),), ids.shape[1])


# %% mutant: sorted and not put back | says: not in the order of the texts
def predict_sentiment(model, vocabulary, texts):
    if isinstance(texts, str):
        raise TypeError("give a list of texts")
    if len(texts) == 0:
        return []
    texts = sorted(texts, key=len)
    return [named(p) for p in logits_of(model, *batch(vocabulary, texts)).sigmoid().tolist()]


# %% mutant: softmax of one logit | says: a softmax over a single logit always gives 1
def predict_sentiment(model, vocabulary, texts):
    if isinstance(texts, str):
        raise TypeError("give a list of texts")
    if len(texts) == 0:
        return []
    return [named(p) for p in logits_of(model, *batch(vocabulary, texts))[:, None].softmax(dim=1)[:, 0].tolist()]


# %% mutant: always the probability of positive | says: there it is 1 - p
def named(p):
    return ("positive" if p >= 0.5 else "negative", p)


# %% mutant: the logit compared with one half | says: just where the probability is above 0.5
def predict_sentiment(model, vocabulary, texts):
    if isinstance(texts, str):
        raise TypeError("give a list of texts")
    if len(texts) == 0:
        return []
    z = logits_of(model, *batch(vocabulary, texts))
    return [(("negative", "positive")[int(x > 0.5)], max(p, 1 - p)) for x, p in zip(z, z.sigmoid().tolist())]


# %% mutant: tensors | says: use .item()
def predict_sentiment(model, vocabulary, texts):
    if isinstance(texts, str):
        raise TypeError("give a list of texts")
    if len(texts) == 0:
        return []
    return [named(p) for p in logits_of(model, *batch(vocabulary, texts)).sigmoid()]


# %% mutant: a single string is read letter by letter | says: should raise TypeError
def predict_sentiment(model, vocabulary, texts):
    if len(texts) == 0:
        return []
    return [named(p) for p in logits_of(model, *batch(vocabulary, texts)).sigmoid().tolist()]
