"""Submissions that prove the tests of `masked-attention`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers leave as it is
import torch
from torch import nn


class Base(nn.Module):
    def __init__(self, features, attention_size):
        super().__init__()
        self.projection = nn.Linear(features, attention_size)
        self.score = nn.Linear(attention_size, 1, bias=False)

    def valid(self, output, lengths):
        return torch.arange(output.shape[1]) < lengths[:, None]

    def scores(self, output):
        return self.score(torch.tanh(self.projection(output))).squeeze(-1)

    def weights(self, output, lengths):
        return self.scores(output).masked_fill(~self.valid(output, lengths), -torch.inf).softmax(dim=1)

    def clean(self, output, lengths):
        return output.masked_fill(~self.valid(output, lengths)[..., None], 0)

    def forward(self, output, lengths):
        output = self.clean(output, lengths)
        weights = self.weights(output, lengths)
        return (weights[..., None] * output).sum(dim=1), weights


# %% alternative: a text at a time
class AttentionPooling(Base):
    def forward(self, output, lengths):
        summaries, rows = [], []
        for row, n in zip(output, lengths.tolist()):
            weights = torch.softmax(self.scores(row[:n]), dim=0)
            summaries.append(weights @ row[:n])
            rows.append(torch.cat([weights, weights.new_zeros(len(row) - n)]))
        return torch.stack(summaries), torch.stack(rows)


# %% alternative: exponentials by hand, bmm
class AttentionPooling(Base):
    def forward(self, output, lengths):
        valid = self.valid(output, lengths)
        output = torch.where(valid[..., None], output, 0)
        scores = torch.where(valid, self.scores(output), -1e30)
        scores = scores - scores.max(dim=1, keepdim=True).values
        exponentials = scores.exp() * valid
        weights = exponentials / exponentials.sum(dim=1, keepdim=True)
        return torch.bmm(weights[:, None], output)[:, 0], weights


# %% alternative: scores added to minus infinity, einsum
class AttentionPooling(Base):
    def forward(self, output, lengths):
        output = self.clean(output, lengths)
        bias = torch.zeros(output.shape[:2], dtype=output.dtype).masked_fill(~self.valid(output, lengths), -torch.inf)
        weights = torch.softmax(self.scores(output) + bias, dim=-1)
        return torch.einsum("bt,btf->bf", weights, output), weights


# %% mutant: no mask | says: There is no mask
class AttentionPooling(Base):
    def weights(self, output, lengths):
        return self.scores(output).softmax(dim=1)

    def clean(self, output, lengths):
        return output


# %% mutant: mask after the softmax | says: You masked after the softmax
class AttentionPooling(Base):
    def weights(self, output, lengths):
        return self.scores(output).softmax(dim=1) * self.valid(output, lengths)

    def clean(self, output, lengths):
        return output


# %% mutant: minus a billionth | says: 0, or almost (-1e-9)
class AttentionPooling(Base):
    def weights(self, output, lengths):
        return self.scores(output).masked_fill(~self.valid(output, lengths), -1e-9).softmax(dim=1)


# %% mutant: scores times mask | says: 0, or almost (-1e-9)
class AttentionPooling(Base):
    def weights(self, output, lengths):
        return (self.scores(output) * self.valid(output, lengths)).softmax(dim=1)


# %% mutant: minus a thousand | says: should be exactly 0
class AttentionPooling(Base):
    def weights(self, output, lengths):
        return self.scores(output).masked_fill(~self.valid(output, lengths), -1000).softmax(dim=1).clamp(min=1e-12)


# %% mutant: softmax over the batch | says: The softmax runs over the batch
class AttentionPooling(Base):
    def weights(self, output, lengths):
        return self.scores(output).masked_fill(~self.valid(output, lengths), -torch.inf).softmax(dim=0)


# %% mutant: softmax over an axis of length 1 | says: the softmax runs over the last axis
class AttentionPooling(Base):
    def weights(self, output, lengths):
        return self.score(torch.tanh(self.projection(output))).softmax(dim=-1)[..., 0]


# %% mutant: the mean | says: These weights are all alike
class AttentionPooling(Base):
    def weights(self, output, lengths):
        return self.valid(output, lengths) / lengths[:, None].to(output.dtype)


# %% mutant: no tanh | says: The tanh is missing
class AttentionPooling(Base):
    def scores(self, output):
        return self.score(self.projection(output))[..., 0]


# %% mutant: a bias on the score | says: The score has no bias
class AttentionPooling(Base):
    def __init__(self, features, attention_size):
        super().__init__(features, attention_size)
        self.score = nn.Linear(attention_size, 1)


# %% mutant: NaN in the padding | says: NaN
class AttentionPooling(Base):
    def forward(self, output, lengths):
        weights = self.weights(output, lengths)
        return (weights[..., None] * output).sum(dim=1), weights


# %% mutant: mask the wrong way round | says: The mask is the wrong way round
class AttentionPooling(Base):
    def valid(self, output, lengths):
        return torch.arange(output.shape[1]) >= lengths[:, None]

    def clean(self, output, lengths):
        return output


# %% mutant: projected steps are weighed | says: You weighed the projected steps
class AttentionPooling(Base):
    def forward(self, output, lengths):
        weights = self.weights(self.clean(output, lengths), lengths)
        return (weights[..., None] * torch.tanh(self.projection(output))).sum(dim=1), weights


# %% mutant: weights first | says: the wrong way round: return summary, weights
class AttentionPooling(Base):
    def forward(self, output, lengths):
        return super().forward(output, lengths)[::-1]


# %% mutant: summary alone | says: should be a tuple (summary, weights)
class AttentionPooling(Base):
    def forward(self, output, lengths):
        return super().forward(output, lengths)[0]


# %% mutant: in place | says: changed its argument output in place
class AttentionPooling(Base):
    def clean(self, output, lengths):
        output[~self.valid(output, lengths)] = 0
        return output
