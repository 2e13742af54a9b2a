"""Submissions that prove the tests of `adding-problem`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers leave as it is
import torch
from torch import nn


def constant_error(y):
    return (y - y.mean()).square().mean().item()


def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows])
            loss = ((head(h_n[-1]) - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head


def predict_sums(model, x):
    rnn, head = model
    with torch.no_grad():
        _, (h_n, _) = rnn(x)
        return head(h_n[-1])


def adding(n, length, seed):
    rng = torch.Generator().manual_seed(seed)
    values = torch.rand(n, length, generator=rng)
    steps = torch.rand(n, length, generator=rng).argsort(dim=1)[:, :2]
    marks = torch.zeros(n, length).scatter(1, steps, 1.0)
    return torch.stack([values, marks], dim=-1), (values * marks).sum(dim=1, keepdim=True)


# %% alternative: NumPy, and a module
import numpy as np


def adding(n, length, seed):
    rng = np.random.default_rng(seed)
    x = np.zeros((n, length, 2), dtype=np.float32)
    x[:, :, 0] = rng.random((n, length))
    for row in x:
        row[rng.choice(length, size=2, replace=False), 1] = 1
    y = x.prod(axis=2).sum(axis=1, keepdims=True)
    return torch.from_numpy(x), torch.from_numpy(y)


def constant_error(y):
    return float(y.double().var(correction=0))


class Adder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 24, batch_first=True)
        self.head = nn.Linear(24, 1)

    def forward(self, x):
        output, _ = self.rnn(x)
        return self.head(output[:, -1])


def train_adder(x, y, seed):
    torch.manual_seed(seed)
    model = Adder()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    data = torch.utils.data.TensorDataset(x, y)
    for _ in range(10):
        for x_batch, y_batch in torch.utils.data.DataLoader(data, batch_size=32, shuffle=True):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x_batch), y_batch).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    return model.eval()


@torch.no_grad()
def predict_sums(model, x):
    return model(x)


# %% alternative: one mark in each half; two directions
import random


def adding(n, length, seed):
    rng = random.Random(seed)
    x, y = [], []
    for _ in range(n):
        first, second = rng.randrange(length // 2), rng.randrange(length // 2, length)
        values = [rng.random() for _ in range(length)]
        x.append([[v, float(t in (first, second))] for t, v in enumerate(values)])
        y.append([values[first] + values[second]])
    return torch.tensor(x), torch.tensor(y)


def constant_error(y):
    best = y.sum().item() / len(y)
    return sum((v - best) ** 2 for v in y.flatten().tolist()) / len(y)


def train_adder(x, y, seed):
    torch.manual_seed(seed)
    model = nn.ModuleDict({"rnn": nn.LSTM(2, 16, batch_first=True, bidirectional=True), "head": nn.Linear(32, 1)})
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01)
    for _ in range(15):
        order = torch.randperm(len(x))
        for start in range(0, len(x), 32):
            rows = order[start : start + 32]
            loss = nn.functional.huber_loss(forward(model, x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


def forward(model, x):
    _, (h_n, _) = model["rnn"](x)
    return model["head"](torch.cat([h_n[-2], h_n[-1]], dim=1))


def predict_sums(model, x):
    return forward(model, x).detach()


# %% mutant: both marks on one step | says: may fall on the same one
def adding(n, length, seed):
    rng = torch.Generator().manual_seed(seed)
    values = torch.rand(n, length, generator=rng)
    steps = torch.randint(0, length, (n, 2), generator=rng)
    marks = torch.zeros(n, length).scatter(1, steps, 1.0)
    return torch.stack([values, marks], dim=-1), (values * marks).sum(dim=1, keepdim=True)


# %% mutant: same marks for all | says: All rows have their marks at the same steps
def adding(n, length, seed):
    rng = torch.Generator().manual_seed(seed)
    values = torch.rand(n, length, generator=rng)
    marks = torch.zeros(n, length)
    marks[:, torch.randperm(length, generator=rng)[:2]] = 1
    return torch.stack([values, marks], dim=-1), (values * marks).sum(dim=1, keepdim=True)


# %% mutant: normal values | says: That is randn
def adding(n, length, seed):
    rng = torch.Generator().manual_seed(seed)
    values = torch.randn(n, length, generator=rng)
    steps = torch.rand(n, length, generator=rng).argsort(dim=1)[:, :2]
    marks = torch.zeros(n, length).scatter(1, steps, 1.0)
    return torch.stack([values, marks], dim=-1), (values * marks).sum(dim=1, keepdim=True)


# %% mutant: never marks the last step | says: no mark ever falls on step 7
def adding(n, length, seed):
    rng = torch.Generator().manual_seed(seed)
    values = torch.rand(n, length, generator=rng)
    steps = torch.rand(n, length, generator=rng)[:, :-1].argsort(dim=1)[:, :2]
    marks = torch.zeros(n, length).scatter(1, steps, 1.0)
    return torch.stack([values, marks], dim=-1), (values * marks).sum(dim=1, keepdim=True)


# %% mutant: y without its axis | says: Keep the last axis
def adding(n, length, seed):
    rng = torch.Generator().manual_seed(seed)
    values = torch.rand(n, length, generator=rng)
    steps = torch.rand(n, length, generator=rng).argsort(dim=1)[:, :2]
    marks = torch.zeros(n, length).scatter(1, steps, 1.0)
    return torch.stack([values, marks], dim=-1), (values * marks).sum(dim=1)


# %% mutant: y sums all values | says: sum of all values
def adding(n, length, seed):
    rng = torch.Generator().manual_seed(seed)
    values = torch.rand(n, length, generator=rng)
    steps = torch.rand(n, length, generator=rng).argsort(dim=1)[:, :2]
    marks = torch.zeros(n, length).scatter(1, steps, 1.0)
    return torch.stack([values, marks], dim=-1), values.sum(dim=1, keepdim=True)


# %% mutant: features first | says: The two features come last
def adding(n, length, seed):
    rng = torch.Generator().manual_seed(seed)
    values = torch.rand(n, length, generator=rng)
    steps = torch.rand(n, length, generator=rng).argsort(dim=1)[:, :2]
    marks = torch.zeros(n, length).scatter(1, steps, 1.0)
    return torch.stack([values, marks], dim=1), (values * marks).sum(dim=1, keepdim=True)


# %% mutant: features swapped | says: yours are swapped
def adding(n, length, seed):
    rng = torch.Generator().manual_seed(seed)
    values = torch.rand(n, length, generator=rng)
    steps = torch.rand(n, length, generator=rng).argsort(dim=1)[:, :2]
    marks = torch.zeros(n, length).scatter(1, steps, 1.0)
    return torch.stack([marks, values], dim=-1), (values * marks).sum(dim=1, keepdim=True)


# %% mutant: seed ignored | says: Two calls with seed 3 give different rows
def adding(n, length, seed):
    rng = torch.Generator().manual_seed(seed)
    values = torch.rand(n, length)
    steps = torch.rand(n, length).argsort(dim=1)[:, :2]
    marks = torch.zeros(n, length).scatter(1, steps, 1.0)
    return torch.stack([values, marks], dim=-1), (values * marks).sum(dim=1, keepdim=True)


# %% mutant: seed fixed | says: Seeds 3 and 4 give the same rows
def adding(n, length, seed):
    rng = torch.Generator().manual_seed(0)
    values = torch.rand(n, length, generator=rng)
    steps = torch.rand(n, length, generator=rng).argsort(dim=1)[:, :2]
    marks = torch.zeros(n, length).scatter(1, steps, 1.0)
    return torch.stack([values, marks], dim=-1), (values * marks).sum(dim=1, keepdim=True)


# %% mutant: float64 | says: should be float32
def adding(n, length, seed):
    rng = torch.Generator().manual_seed(seed)
    values = torch.rand(n, length, generator=rng).double()
    steps = torch.rand(n, length, generator=rng).argsort(dim=1)[:, :2]
    marks = torch.zeros(n, length).scatter(1, steps, 1.0).double()
    return torch.stack([values, marks], dim=-1), (values * marks).sum(dim=1, keepdim=True)


# %% mutant: unbiased variance | says: You divided by n - 1
def constant_error(y):
    return y.var().item()


# %% mutant: one sixth | says: compute it from y
def constant_error(y):
    return 1 / 6


# %% mutant: always answers 1 | says: You answered 1 to all
def constant_error(y):
    return ((y - 1) ** 2).mean().item()


# %% mutant: answers 0 | says: You answered 0 to all
def constant_error(y):
    return (y**2).mean().item()


# %% mutant: root | says: You took the square root
def constant_error(y):
    return (y - y.mean()).square().mean().sqrt().item()


# %% mutant: a tensor | says: Take the number out with .item()
def constant_error(y):
    return (y - y.mean()).square().mean()


# %% mutant: prediction (n,) against y (n, 1) | says: the prediction is (n,) and y is (n, 1)
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows])
            loss = ((head(h_n[-1])[:, 0] - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head


# %% mutant: prediction (n,) | says: but it gave (9,)
def predict_sums(model, x):
    rnn, head = model
    with torch.no_grad():
        _, (h_n, _) = rnn(x)
        return head(h_n[-1])[:, 0]


# %% mutant: optimizer of the output layer alone | says: Does the optimizer hold the parameters of the recurrent layer too?
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows])
            loss = ((head(h_n[-1]) - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head


# %% mutant: no step | says: hardly been trained
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows])
            loss = ((head(h_n[-1]) - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
    return rnn, head


# %% mutant: no zero_grad | says: On 500 new rows
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.1)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows])
            loss = ((head(h_n[-1]) - y[rows]) ** 2).mean()
            loss.backward()
            optimizer.step()
    return rnn, head


# %% mutant: learning rate far too small | says: On 500 new rows
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=1e-5)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows])
            loss = ((head(h_n[-1]) - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head


# %% mutant: no batch_first | says: batch_first=True missing
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(2, 24), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows])
            loss = ((head(rnn(x[rows])[0][:, -1]) - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head


def predict_sums(model, x):
    rnn, head = model
    with torch.no_grad():
        _, (h_n, _) = rnn(x)
        return head(rnn(x)[0][:, -1])


# %% mutant: reads the values alone | says: hardly depends on the marks
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(1, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows, :, :1])
            loss = ((head(h_n[-1]) - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head


def predict_sums(model, x):
    rnn, head = model
    with torch.no_grad():
        _, (h_n, _) = rnn(x[:, :, :1])
        return head(h_n[-1])


# %% mutant: last step alone | says: hardly depends on the steps before the last one
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows, -1:])
            loss = ((head(h_n[-1]) - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head


def predict_sums(model, x):
    rnn, head = model
    with torch.no_grad():
        _, (h_n, _) = rnn(x[:, -1:])
        return head(h_n[-1])


# %% mutant: state after the first step | says: hardly depends on the steps after the first one
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            output, _ = rnn(x[rows])
            loss = ((head(output[:, 0]) - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head


def predict_sums(model, x):
    rnn, head = model
    with torch.no_grad():
        output, _ = rnn(x)
        return head(output[:, 0])


# %% mutant: standardised targets | says: on another scale
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    y = (y - y.mean()) / y.std()
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows])
            loss = ((head(h_n[-1]) - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head


# %% mutant: sigmoid at the end | says: y goes up to 2
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows])
            loss = ((head(h_n[-1]).sigmoid() - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head


def predict_sums(model, x):
    rnn, head = model
    with torch.no_grad():
        _, (h_n, _) = rnn(x)
        return head(h_n[-1]).sigmoid()


# %% mutant: answers at all steps | says: Take the state after the last step
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            output, _ = rnn(x[rows])
            loss = ((head(output)[:, -1] - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head


def predict_sums(model, x):
    rnn, head = model
    with torch.no_grad():
        output, _ = rnn(x)
        return head(output)


# %% mutant: a network for one length | says: reads sequences of any length
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(2 * x.shape[1], 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(30):
        for rows in torch.randperm(len(x)).split(32):
            loss = ((model(x[rows]) - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


def predict_sums(model, x):
    return model(x).detach()


# %% mutant: seed after the network | says: Two trainings with seed 7 give different networks
def train_adder(x, y, seed):
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Linear(24, 1)
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows])
            loss = ((head(h_n[-1]) - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head


# %% mutant: dropout in evaluation | says: Two calls of predict_sums disagree
def train_adder(x, y, seed):
    torch.manual_seed(seed)
    rnn, head = nn.LSTM(2, 24, batch_first=True), nn.Sequential(nn.Dropout(0.1), nn.Linear(24, 1))
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.015)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(32):
            _, (h_n, _) = rnn(x[rows])
            loss = ((head(h_n[-1]) - y[rows]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return rnn, head
