"""Submissions that prove the tests of `stateful-step`: right answers of another form, and the mistakes that people make."""

# %% given: the model, its optimizer, and the loop over the text
import torch
import torch.nn.functional as F
from torch import nn


class CharLSTM(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, dropout=0.0):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.lstm = nn.LSTM(embedding_size, hidden_size, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, ids, state=None):
        output, state = self.lstm(self.embedding(ids), state)
        return self.linear(self.dropout(output)), state


def plain_descent(model, learning_rate):
    return torch.optim.SGD(model.parameters(), lr=learning_rate)


def train_on_stream(model, optimizer, batches, max_norm):
    losses, state = [], None
    for inputs, targets in batches:
        loss, state = train_step(model, optimizer, inputs, targets, state, max_norm)
        losses.append(loss)
    return losses, state, [part.requires_grad for part in state]


# %% alternative: classes on the second axis, the state cut in a comprehension
def train_step(model, optimizer, inputs, targets, state, max_norm):
    model.train()
    logits, state = model(inputs, state)
    loss = nn.CrossEntropyLoss()(logits.permute(0, 2, 1), targets)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(list(model.parameters()), max_norm)
    optimizer.step()
    return float(loss.detach()), tuple(part.detach() for part in state)


# %% alternative: gradients by autograd.grad, scaled by hand
def train_step(model, optimizer, inputs, targets, state, max_norm):
    if state is not None:
        state = [part.clone() for part in state]
    logits, (h, c) = model(inputs, state)
    log_p = logits.log_softmax(-1).gather(-1, targets.unsqueeze(-1))
    loss = -log_p.mean()
    parameters = list(model.parameters())
    gradients = torch.autograd.grad(loss, parameters)
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    scale = min(1.0, max_norm / (norm.item() + 1e-6))
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = scale * gradient
    optimizer.step()
    return loss.item(), [h.detach().clone(), c.detach().clone()]


# %% mutant: no detach | says: still hangs on the graph of its chunk
def train_step(model, optimizer, inputs, targets, state, max_norm):
    logits, state = model(inputs, state)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item(), state


# %% mutant: no detach, the graph retained | says: Keeping the graphs
def train_step(model, optimizer, inputs, targets, state, max_norm):
    logits, state = model(inputs, state)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    optimizer.zero_grad()
    loss.backward(retain_graph=True)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item(), state


# %% mutant: detach only h | says: You cut h from its history, but c
def train_step(model, optimizer, inputs, targets, state, max_norm):
    logits, (h, c) = model(inputs, state)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item(), (h.detach(), c)


# %% mutant: state reset in each chunk | says: each chunk starts from zeros again
def train_step(model, optimizer, inputs, targets, state, max_norm):
    logits, (h, c) = model(inputs)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item(), (h.detach(), c.detach())


# %% mutant: only h carried | says: Only h is carried
def train_step(model, optimizer, inputs, targets, state, max_norm):
    if state is not None:
        state = state[0], torch.zeros_like(state[1])
    logits, (h, c) = model(inputs, state)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item(), (h.detach(), c.detach())


# %% mutant: clip after the step | says: were not clipped
def train_step(model, optimizer, inputs, targets, state, max_norm):
    logits, (h, c) = model(inputs, state)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return loss.item(), (h.detach(), c.detach())


# %% mutant: no zero_grad | says: The gradients of all chunks add up
def train_step(model, optimizer, inputs, targets, state, max_norm):
    logits, (h, c) = model(inputs, state)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item(), (h.detach(), c.detach())


# %% mutant: sum over time | says: The loss is summed over time
def train_step(model, optimizer, inputs, targets, state, max_norm):
    logits, (h, c) = model(inputs, state)
    loss = sum(F.cross_entropy(logits[:, t], targets[:, t]) for t in range(inputs.shape[1]))
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item(), (h.detach(), c.detach())


# %% mutant: the loss as a tensor | says: keeps the graph of its chunk in memory
def train_step(model, optimizer, inputs, targets, state, max_norm):
    logits, (h, c) = model(inputs, state)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss, (h.detach(), c.detach())


# %% mutant: logits cut from the graph | says: There is no gradient
def train_step(model, optimizer, inputs, targets, state, max_norm):
    logits, (h, c) = model(inputs, state)
    loss = F.cross_entropy(logits.detach().flatten(0, 1), targets.flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item(), (h.detach(), c.detach())
