"""Submissions that prove the tests of `weighted-epoch`: right answers of another form, and the mistakes that people make."""

# %% given: the model and its optimizer
import torch
import torch.nn.functional as F
from torch import nn


class MeanOfWords(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, classes, dropout):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=0)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(embedding_size, classes)

    def forward(self, ids, lengths):
        mean = self.embedding(ids).sum(dim=1) / lengths[:, None]
        return self.linear(self.dropout(mean))


def plain_descent(model, learning_rate):
    return torch.optim.SGD(model.parameters(), lr=learning_rate)


# %% alternative: cleared at the end, the sum kept as a tensor without its graph
def train_epoch(model, batches, optimizer, max_norm):
    model.train(True)
    optimizer.zero_grad()
    total, count = torch.tensor(0.0, dtype=torch.float64), 0
    for *inputs, targets in batches:
        loss = nn.CrossEntropyLoss()(model(*inputs), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        optimizer.zero_grad()
        total += loss.detach() * targets.shape[0]
        count += targets.shape[0]
    return (total / count).item()


# %% alternative: the losses of all examples in a list, gradients scaled by hand
def train_epoch(model, batches, optimizer, max_norm):
    model.train()
    losses = []
    for ids, lengths, targets in batches:
        each = F.cross_entropy(model(ids, lengths), targets, reduction="none")
        model.zero_grad()
        each.mean().backward()
        gradients = [p.grad for p in model.parameters()]
        norm = torch.cat([g.flatten() for g in gradients]).norm().item()
        if norm > max_norm:
            for g in gradients:
                g *= max_norm / (norm + 1e-6)
        optimizer.step()
        losses += each.tolist()
    return sum(losses) / len(losses)


# %% mutant: mean of the batches' means | says: the mean of the batches' means
def train_epoch(model, batches, optimizer, max_norm):
    model.train()
    total = 0.0
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        total += loss.item()
    return total / len(batches)


# %% mutant: clip before backward | says: between loss.backward(), which makes them
def train_epoch(model, batches, optimizer, max_norm):
    model.train()
    total, count = 0.0, 0
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets)
        optimizer.zero_grad()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(targets)
        count += len(targets)
    return total / count


# %% mutant: clip after the step | says: between loss.backward(), which makes them
def train_epoch(model, batches, optimizer, max_norm):
    model.train()
    total, count = 0.0, 0
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        total += loss.item() * len(targets)
        count += len(targets)
    return total / count


# %% mutant: clip by value | says: clipped by value
def train_epoch(model, batches, optimizer, max_norm):
    model.train()
    total, count = 0.0, 0
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), max_norm)
        optimizer.step()
        total += loss.item() * len(targets)
        count += len(targets)
    return total / count


# %% mutant: no zero_grad | says: The gradients of all batches add up
def train_epoch(model, batches, optimizer, max_norm):
    model.train()
    total, count = 0.0, 0
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        total += loss.item() * len(targets)
        count += len(targets)
    return total / count


# %% mutant: zero_grad after backward | says: throws the new gradients away
def train_epoch(model, batches, optimizer, max_norm):
    model.train()
    total, count = 0.0, 0
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets)
        loss.backward()
        optimizer.zero_grad()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        total += loss.item() * len(targets)
        count += len(targets)
    return total / count


# %% mutant: evaluation mode | says: The model was in evaluation mode
def train_epoch(model, batches, optimizer, max_norm):
    total, count = 0.0, 0
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        total += loss.item() * len(targets)
        count += len(targets)
    return total / count


# %% mutant: losses added up with their graphs | says: keeps the graphs of all batches in memory
def train_epoch(model, batches, optimizer, max_norm):
    model.train()
    total, count = 0.0, 0
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        total += loss * len(targets)
        count += len(targets)
    return total / count


# %% mutant: the sum of a batch | says: reduction='sum'
def train_epoch(model, batches, optimizer, max_norm):
    model.train()
    total, count = 0.0, 0
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets, reduction="sum")
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        total += loss.item()
        count += len(targets)
    return total / count


# %% mutant: means divided by the examples | says: Each batch's loss is a mean already
def train_epoch(model, batches, optimizer, max_norm):
    model.train()
    total, count = 0.0, 0
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        total += loss.item()
        count += len(targets)
    return total / count


# %% mutant: one step at the end | says: The parameters moved only once
def train_epoch(model, batches, optimizer, max_norm):
    model.train()
    total, count = 0.0, 0
    optimizer.zero_grad()
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets)
        loss.backward()
        total += loss.item() * len(targets)
        count += len(targets)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return total / count


# %% mutant: without gradients | says: There is no gradient
@torch.no_grad()
def train_epoch(model, batches, optimizer, max_norm):
    model.train()
    for ids, lengths, targets in batches:
        loss = F.cross_entropy(model(ids, lengths), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()
