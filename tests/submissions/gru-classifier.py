"""Submissions that prove the tests of `gru-classifier`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers leave as it is
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Base(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, classes, num_layers=1, bidirectional=False):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=0)
        self.gru = nn.GRU(embedding_size, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional)
        self.linear = nn.Linear(hidden_size * (1 + bidirectional), classes)

    def pack(self, ids, lengths):
        return pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)

    def summary(self, h_n):
        return torch.cat([h_n[-2], h_n[-1]], dim=1) if self.gru.bidirectional else h_n[-1]

    def forward(self, ids, lengths):
        return self.linear(self.summary(self.gru(self.pack(ids, lengths))[1]))


# %% alternative: a text at a time
class GRUClassifier(Base):
    def forward(self, ids, lengths):
        rows = []
        for row, n in zip(ids, lengths.tolist()):
            _, h_n = self.gru(self.embedding(row[None, :n]))
            rows.append(self.linear(self.summary(h_n))[0])
        return torch.stack(rows)


# %% alternative: the output at the right steps
class GRUClassifier(Base):
    def forward(self, ids, lengths):
        output, _ = pad_packed_sequence(self.gru(self.pack(ids, lengths))[0], batch_first=True)
        rows, H = torch.arange(len(ids)), self.gru.hidden_size
        forward = output[rows, lengths - 1, :H]
        if not self.gru.bidirectional:
            return self.linear(forward)
        return self.linear(torch.cat((forward, output[:, 0, H:]), dim=-1))


# %% alternative: sorted by hand, h_n taken apart by view
class GRUClassifier(Base):
    def forward(self, ids, lengths):
        lengths, order = lengths.sort(descending=True)
        x = pack_padded_sequence(self.embedding(ids[order]), lengths, batch_first=True)
        _, h_n = self.gru(x)
        h = h_n.view(self.gru.num_layers, -1, len(ids), self.gru.hidden_size)[-1]
        return self.linear(h.transpose(0, 1).flatten(1))[order.argsort()]


# %% mutant: squeeze(0) of h_n | says: squeeze(0) leaves it as it is
class GRUClassifier(Base):
    def forward(self, ids, lengths):
        if self.gru.bidirectional:
            return super().forward(ids, lengths)
        return self.linear(self.gru(self.pack(ids, lengths))[1].squeeze(0))


# %% mutant: squeeze() of everything | says: squeeze() without an axis drops it
class GRUClassifier(Base):
    def forward(self, ids, lengths):
        return super().forward(ids, lengths).squeeze()


# %% mutant: last step of the padded batch | says: output[:, -1]
class GRUClassifier(Base):
    def forward(self, ids, lengths):
        output, _ = self.gru(self.embedding(ids))
        return self.linear(output[:, -1])


# %% mutant: last step of the packed output | says: 0 in the padding
class GRUClassifier(Base):
    def forward(self, ids, lengths):
        output, _ = pad_packed_sequence(self.gru(self.pack(ids, lengths))[0], batch_first=True)
        return self.linear(output[:, -1])


# %% mutant: h_n of the padded batch | says: Pack the batch first
class GRUClassifier(Base):
    def forward(self, ids, lengths):
        return self.linear(self.summary(self.gru(self.embedding(ids))[1]))


# %% mutant: no padding_idx | says: padding_idx=0) makes it zero
class GRUClassifier(Base):
    def __init__(self, vocabulary_size, embedding_size, *sizes):
        super().__init__(vocabulary_size, embedding_size, *sizes)
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)


# %% mutant: zero for a start | says: training would move that vector
class GRUClassifier(Base):
    def __init__(self, vocabulary_size, embedding_size, *sizes):
        super().__init__(vocabulary_size, embedding_size, *sizes)
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.embedding.weight.data[0] = 0


# %% mutant: one direction only | says: you take one direction only
class GRUClassifier(Base):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, classes, num_layers=1, bidirectional=False):
        super().__init__(vocabulary_size, embedding_size, hidden_size, classes, num_layers, bidirectional)
        self.linear = nn.Linear(hidden_size, classes)

    def summary(self, h_n):
        return h_n[-1]


# %% mutant: one layer only | says: Hand num_layers on
class GRUClassifier(Base):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, classes, num_layers=1, bidirectional=False):
        super().__init__(vocabulary_size, embedding_size, hidden_size, classes, 1, bidirectional)


# %% mutant: softmax before the loss | says: You put softmax on top
class GRUClassifier(Base):
    def forward(self, ids, lengths):
        return super().forward(ids, lengths).softmax(dim=1)


# %% mutant: the first layer's state | says: This is the first layer's state
class GRUClassifier(Base):
    def summary(self, h_n):
        return torch.cat([h_n[0], h_n[1]], dim=1) if self.gru.bidirectional else h_n[0]


# %% mutant: directions swapped | says: the wrong way round
class GRUClassifier(Base):
    def summary(self, h_n):
        return torch.cat([h_n[-1], h_n[-2]], dim=1) if self.gru.bidirectional else h_n[-1]


# %% mutant: h_n as if batch first | says: is the last text of the batch
class GRUClassifier(Base):
    def summary(self, h_n):
        return h_n[:, -1]


# %% mutant: view mixes the texts | says: mixes the texts
class GRUClassifier(Base):
    def summary(self, h_n):
        if self.gru.bidirectional and self.gru.num_layers == 1:
            return h_n.view(h_n.shape[1], -1)
        return super().summary(h_n)


# %% mutant: backward half from the last step | says: it has read one word only
class GRUClassifier(Base):
    def forward(self, ids, lengths):
        output, _ = pad_packed_sequence(self.gru(self.pack(ids, lengths))[0], batch_first=True)
        return self.linear(output[torch.arange(len(ids)), lengths - 1])


# %% mutant: backward half has read the padding | says: has started in the padding
class GRUClassifier(Base):
    def forward(self, ids, lengths):
        output, _ = self.gru(self.embedding(ids))
        rows, H = torch.arange(len(ids)), self.gru.hidden_size
        forward = output[rows, lengths - 1, :H]
        if not self.gru.bidirectional:
            return self.linear(forward)
        return self.linear(torch.cat((forward, output[:, 0, H:]), dim=-1))


# %% mutant: sorted batches only | says: enforce_sorted=False
class GRUClassifier(Base):
    def pack(self, ids, lengths):
        return pack_padded_sequence(self.embedding(ids), lengths, batch_first=True)


# %% mutant: cut off | says: No gradient flows
class GRUClassifier(Base):
    def forward(self, ids, lengths):
        with torch.no_grad():
            return super().forward(ids, lengths)


# %% mutant: an LSTM | says: A GRU holds three gates
class GRUClassifier(Base):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, classes, num_layers=1, bidirectional=False):
        super().__init__(vocabulary_size, embedding_size, hidden_size, classes, num_layers, bidirectional)
        self.gru = nn.LSTM(embedding_size, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional)


# %% mutant: batch_first forgotten | says: is batch_first=True missing
class GRUClassifier(Base):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, classes, num_layers=1, bidirectional=False):
        super().__init__(vocabulary_size, embedding_size, hidden_size, classes, num_layers, bidirectional)
        self.gru = nn.GRU(embedding_size, hidden_size, num_layers, bidirectional=bidirectional)

    def forward(self, ids, lengths):
        return self.linear(self.summary(self.gru(self.embedding(ids))[1]))
