"""Submissions that prove the tests of `dropout-and-norm`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers leave as it is
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence


class StepNorm(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.norm = nn.BatchNorm1d(features)

    def forward(self, output, lengths):
        valid = torch.arange(output.shape[1]) < lengths[:, None]
        result = torch.zeros_like(output)
        result[valid] = self.norm(output[valid])
        return result


class Base(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, classes, dropout):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=0)
        self.lstm = nn.LSTM(embedding_size, hidden_size, batch_first=True)
        self.norm = nn.LayerNorm(hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(hidden_size, classes)

    def last(self, x, lengths):
        return self.lstm(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))[1][0][-1]

    def forward(self, ids, lengths):
        h = self.last(self.dropout(self.embedding(ids)), lengths)
        return self.linear(self.dropout(self.norm(h)))


class RegularisedClassifier(Base):
    pass


# %% alternative: padding cut away row by row, F.dropout told its mode
class StepNorm(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.norm = nn.BatchNorm1d(features)

    def forward(self, output, lengths):
        rows = self.norm(torch.cat([row[:n] for row, n in zip(output, lengths)])).split(lengths.tolist())
        T = output.shape[1]
        return torch.stack([F.pad(row, (0, 0, 0, T - len(row))) for row in rows])


class RegularisedClassifier(Base):
    def forward(self, ids, lengths):
        p, training = self.dropout.p, self.training
        output, _ = self.lstm(F.dropout(self.embedding(ids), p, training))
        h = self.norm(output[torch.arange(len(ids)), lengths - 1])
        return self.linear(F.dropout(h, p, training))


# %% alternative: masked_scatter, two dropouts
class StepNorm(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.norm = nn.BatchNorm1d(features)

    def forward(self, output, lengths):
        valid = (torch.arange(output.shape[1]) < lengths[:, None])[..., None].expand_as(output)
        steps = self.norm(output[valid].view(-1, output.shape[-1]))
        return torch.zeros_like(output).masked_scatter(valid, steps)


class RegularisedClassifier(Base):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, classes, dropout):
        super().__init__(vocabulary_size, embedding_size, hidden_size, classes, dropout)
        self.words = nn.Dropout(dropout)

    def forward(self, ids, lengths):
        rows = [self.lstm(self.words(self.embedding(row[None, :n])))[1][0][-1, 0] for row, n in zip(ids, lengths)]
        return self.linear(self.dropout(self.norm(torch.stack(rows))))


# %% mutant: batch norm of time | says: Time is normalised
class StepNorm(StepNorm):
    def forward(self, output, lengths):
        valid = torch.arange(output.shape[1]) < lengths[:, None]
        return self.norm(output) * valid[..., None]


# %% mutant: padding counts | says: The padding counts in mean and variance
class StepNorm(StepNorm):
    def forward(self, output, lengths):
        valid = torch.arange(output.shape[1]) < lengths[:, None]
        return self.norm(output.transpose(1, 2)).transpose(1, 2) * valid[..., None]


# %% mutant: zeros of the padding count | says: counts in mean and variance, as zeros
class StepNorm(StepNorm):
    def forward(self, output, lengths):
        valid = (torch.arange(output.shape[1]) < lengths[:, None])[..., None]
        return self.norm((output * valid).transpose(1, 2)).transpose(1, 2) * valid


# %% mutant: padding not zero | says: should be 0 in the padding
class StepNorm(StepNorm):
    def forward(self, output, lengths):
        valid = torch.arange(output.shape[1]) < lengths[:, None]
        result = output.clone()
        result[valid] = self.norm(output[valid])
        return result


# %% mutant: layer norm of the steps | says: That is a layer norm
class StepNorm(StepNorm):
    def forward(self, output, lengths):
        valid = (torch.arange(output.shape[1]) < lengths[:, None])[..., None]
        return F.layer_norm(output, output.shape[-1:], self.norm.weight, self.norm.bias) * valid


# %% mutant: batch statistics in evaluation | says: In evaluation the batch must not matter
class StepNorm(StepNorm):
    def forward(self, output, lengths):
        valid = torch.arange(output.shape[1]) < lengths[:, None]
        norm, result = self.norm, torch.zeros_like(output)
        args = norm.running_mean, norm.running_var, norm.weight, norm.bias
        result[valid] = F.batch_norm(output[valid], *args, training=True)
        return result


# %% mutant: running statistics never move | says: has not moved in training
class StepNorm(StepNorm):
    def forward(self, output, lengths):
        valid = torch.arange(output.shape[1]) < lengths[:, None]
        norm, result = self.norm, torch.zeros_like(output)
        args = norm.running_mean.clone(), norm.running_var.clone(), norm.weight, norm.bias
        result[valid] = F.batch_norm(output[valid], *args, training=self.training)
        return result


# %% mutant: dropout of the LSTM | says: nn.LSTM's own dropout acts between its layers
class RegularisedClassifier(Base):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, classes, dropout):
        super().__init__(vocabulary_size, embedding_size, hidden_size, classes, dropout)
        self.lstm = nn.LSTM(embedding_size, hidden_size, batch_first=True, dropout=dropout)

    def forward(self, ids, lengths):
        return self.linear(self.norm(self.last(self.embedding(ids), lengths)))


# %% mutant: words are not dropped | says: no word vector loses anything
class RegularisedClassifier(Base):
    def forward(self, ids, lengths):
        return self.linear(self.dropout(self.norm(self.last(self.embedding(ids), lengths))))


# %% mutant: summary is not dropped | says: the summary is not: dropout
class RegularisedClassifier(Base):
    def forward(self, ids, lengths):
        return self.linear(self.norm(self.last(self.dropout(self.embedding(ids)), lengths)))


# %% mutant: F.dropout always on | says: dropout is still on
class RegularisedClassifier(Base):
    def forward(self, ids, lengths):
        p = self.dropout.p
        return self.linear(F.dropout(self.norm(self.last(F.dropout(self.embedding(ids), p), lengths)), p))


# %% mutant: dropout on the logits | says: Dropout acts on the logits
class RegularisedClassifier(Base):
    def forward(self, ids, lengths):
        return self.dropout(self.linear(self.norm(self.last(self.dropout(self.embedding(ids)), lengths))))


# %% mutant: dropout before the norm | says: it comes after self.norm
class RegularisedClassifier(Base):
    def forward(self, ids, lengths):
        h = self.last(self.dropout(self.embedding(ids)), lengths)
        return self.linear(self.norm(self.dropout(h)))


# %% mutant: no norm | says: The summary is not normalised
class RegularisedClassifier(Base):
    def forward(self, ids, lengths):
        return self.linear(self.dropout(self.last(self.dropout(self.embedding(ids)), lengths)))


# %% mutant: norm over the batch | says: You normalised over the batch
class RegularisedClassifier(Base):
    def forward(self, ids, lengths):
        h = self.last(self.dropout(self.embedding(ids)), lengths)
        h = F.batch_norm(h, None, None, self.norm.weight, self.norm.bias, training=True)
        return self.linear(self.dropout(h))


# %% mutant: a batch norm for the summary | says: goes through nn.LayerNorm
class RegularisedClassifier(Base):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, classes, dropout):
        super().__init__(vocabulary_size, embedding_size, hidden_size, classes, dropout)
        self.norm = nn.BatchNorm1d(hidden_size)


# %% mutant: padding read | says: The LSTM has read the padding
class RegularisedClassifier(Base):
    def last(self, x, lengths):
        return self.lstm(x)[1][0][-1]
