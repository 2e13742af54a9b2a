"""Submissions that prove the tests of `truncated-bptt`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers leave as it is
import torch
from torch import nn
from torch.nn import functional as F


class Reader(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.rnn = nn.RNN(input_size, hidden_size, batch_first=True)
        self.linear = nn.Linear(hidden_size, output_size)

    def forward(self, x, h=None):
        output, h = self.rnn(x, h)
        return self.linear(output), h


# %% alternative: gradient descent by hand
def train_in_chunks(model, x, y, chunk, learning_rate):
    parameters = list(model.parameters())
    losses, state = [], None
    for x_chunk, y_chunk in zip(x.split(chunk, dim=1), y.split(chunk, dim=1)):
        prediction, state = model(x_chunk, None if state is None else state.detach())
        loss = ((prediction - y_chunk) ** 2).mean()
        with torch.no_grad():
            for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
                parameter -= learning_rate * gradient
        losses.append(loss.item())
    return losses, state


# %% alternative: a while loop, state from data
def train_in_chunks(model, x, y, chunk, learning_rate):
    sgd = torch.optim.SGD(model.parameters(), lr=learning_rate)
    h = torch.zeros(1, x.shape[0], model.rnn.hidden_size, dtype=x.dtype)
    losses = []
    while x.shape[1] > 0:
        sgd.zero_grad()
        out, h_n = model(x[:, :chunk], h)
        loss = nn.MSELoss()(out, y[:, :chunk])
        loss.backward()
        sgd.step()
        h = torch.tensor(h_n.tolist(), dtype=h.dtype)
        x, y = x[:, chunk:], y[:, chunk:]
        losses += [loss.item()]
    return losses, h


# %% alternative: by the parts of the model
def train_in_chunks(model, x, y, chunk, learning_rate):
    T = x.size(1)
    losses, h = [], x.new_zeros(1, len(x), model.rnn.hidden_size)
    for k in range(-(-T // chunk)):
        steps = torch.arange(k * chunk, min((k + 1) * chunk, T))
        output, h = model.rnn(x.index_select(1, steps), h)
        error = model.linear(output) - y.index_select(1, steps)
        loss = torch.einsum("btc,btc->", error, error) / error.numel()
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-learning_rate)
        h = h.data
        losses.append(loss.detach().item())
    return losses, h


# %% mutant: no detach | says: went on into the chunk before it
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses, h


# %% mutant: retain_graph in place of detach | says: retain_graph=True) is no remedy
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward(retain_graph=True)
        optimiser.step()
        losses.append(loss.item())
    return losses, h


# %% mutant: state not carried | says: The state is not carried
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: state set to zeros | says: The state is not carried
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = torch.zeros_like(h)
        losses.append(loss.item())
    return losses, h


# %% mutant: losses with their graphs | says: keeps the graph of its chunk alive
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss)
    return losses, h


# %% mutant: last chunk left out | says: The last chunk is missing
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1] - chunk + 1, chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: steps left over at the start | says: missing at the start
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(x.shape[1] % chunk, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: overlapping chunks | says: The chunks overlap
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1] - chunk + 1):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: chunks from the end | says: the wrong order
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in reversed(range(0, x.shape[1], chunk)):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: targets not cut | says: those of the first: cut y
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = (
            x[:, start : start + chunk],
            y[:, : x_chunk.shape[1]] if (x_chunk := x[:, start : start + chunk]) is not None else 0,
        )
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: gradients not cleared | says: The gradients of all chunks add up
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: gradients cleared before the step | says: Nothing has been learned
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        loss.backward()
        optimiser.zero_grad()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: no step | says: Nothing has been learned
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: one step at the end, through all chunks | says: the gradient went back through all chunks
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        losses.append(loss)
    sum(losses).backward()
    optimiser.step()
    return [loss.item() for loss in losses], h


# %% mutant: mean loss at the end, through all chunks | says: the gradient went back through all chunks
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        losses.append(loss)
    torch.stack(losses).mean().backward()
    optimiser.step()
    return [loss.item() for loss in losses], h


# %% mutant: one step at the end | says: make a step after each chunk
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        loss.backward()
        h = h.detach()
        losses.append(loss.item())
    optimiser.step()
    return losses, h


# %% mutant: sum of squares | says: You added up the squares
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = ((prediction - y_chunk) ** 2).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: cut at every step | says: You cut the history at every step
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        predictions = []
        for t in range(x_chunk.shape[1]):
            prediction, h = model(x_chunk[:, t : t + 1], h)
            h = h.detach()
            predictions.append(prediction)
        prediction = torch.cat(predictions, dim=1)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: Adam | says: You used Adam
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: prediction cut off | says: Only the state that goes into the next chunk is cut
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        prediction = prediction.detach()
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: a copy learns | says: train `model` itself, not a copy
def train_in_chunks(model, x, y, chunk, learning_rate):
    import copy

    model = copy.deepcopy(model)
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: momentum | says: You used momentum
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: recurrent layer alone | says: Only the recurrent layer has learned
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.rnn.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: loss after the step | says: These are the losses after each step
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        before, (prediction, h) = h, model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(F.mse_loss(model(x_chunk, before)[0], y_chunk).item())
    return losses, h


# %% mutant: state from a second reading | says: You read each chunk a second time
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, _ = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = model(x_chunk, h)[1].detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: chunks side by side | says: are the chunks laid side by side
def train_in_chunks(model, x, y, chunk, learning_rate):
    x, y = (value.reshape(-1, chunk, value.shape[2]) for value in (x, y))
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: batch cut | says: Or did you cut the batch
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, len(x), chunk):
        x_chunk, y_chunk = x[start : start + chunk], y[start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: last step's loss | says: You took the loss of each chunk's last step
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction[:, -1], y_chunk[:, -1])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: one chunk | says: You read the whole sequence as one chunk
def train_in_chunks(model, x, y, chunk, learning_rate):
    chunk = x.shape[1]
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses, h


# %% mutant: mean of the losses | says: losses should be a list
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return sum(losses) / len(losses), h


# %% mutant: no state returned | says: should be a tuple (losses, h)
def train_in_chunks(model, x, y, chunk, learning_rate):
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses, h = [], None
    for start in range(0, x.shape[1], chunk):
        x_chunk, y_chunk = x[:, start : start + chunk], y[:, start : start + chunk]
        prediction, h = model(x_chunk, h)
        loss = F.mse_loss(prediction, y_chunk)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        h = h.detach()
        losses.append(loss.item())
    return losses
