"""All that an exercise needs of torch and NumPy works in a sandbox, in one child after the other."""

WARM = """
import gc, torch
torch.set_num_threads(1)
torch.nn.LSTM(2, 2)(torch.zeros(1, 1, 2))[0].sum().backward()
gc.freeze()
"""
WORK = """
import math, os
import numpy as np
from torch import nn

told["product"] = float((torch.ones(300, 300) @ torch.ones(300, 300)).sum())
model, x = nn.LSTM(3, 5, num_layers=2, bidirectional=True, batch_first=True), torch.randn(4, 7, 3)
head = nn.Linear(10, 2)
optimizer = torch.optim.Adam([*model.parameters(), *head.parameters()])
for _ in range(3):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(head(model(x)[0][:, -1]), torch.tensor([0, 1, 0, 1]))
    loss.backward()
    optimizer.step()
told["loss"] = math.isfinite(loss.item())
told["gru"] = list(nn.GRU(3, 5).double()(x.double())[0].shape)
packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([7, 5, 3, 1]), batch_first=True)
told["packed"] = list(nn.RNN(3, 5)(packed)[1].shape)
place = os.path.join(os.environ["TMPDIR"], "model.pt")
torch.save(model.state_dict(), place)
told["loaded"] = len(torch.load(place))
told["numpy"] = float(np.trace(np.linalg.qr(np.eye(50))[0] ** 2))
told["solved"] = torch.linalg.solve(2 * torch.eye(3), torch.ones(3)).tolist()
told["batches"] = len([*torch.utils.data.DataLoader(torch.arange(10), batch_size=3, shuffle=True)])
torch.set_num_threads(2)
told["threads"] = float((torch.ones(700, 700) @ torch.ones(700, 700)).double().sum())
told["script"] = float(torch.jit.script(nn.ReLU())(torch.tensor([-1.0, 2.0])).sum())
told["huge"] = attempt(lambda: torch.ones(2**31).sum())
told["capability"] = torch.backends.cpu.get_cpu_capability() == capability
"""
RIGHT = {
    "product": 300.0**3,
    "loss": True,
    "gru": [4, 7, 5],
    "packed": [1, 4, 5],
    "loaded": 16,
    "numpy": 50.0,
    "solved": [0.5] * 3,
    "batches": 4,
    "threads": 700.0**3,
    "script": 2.0,
    "huge": "RuntimeError",
    "capability": True,
}


def test_torch_and_numpy(tier, cages, scratch):
    import torch

    capability = f"capability = {torch.backends.cpu.get_cpu_capability()!r}\n"
    cage = cages(tier, WARM)
    for _ in range(2):
        assert cage.told(capability + WORK, scratch=scratch, memory=2**30) == RIGHT


def test_memory_counts_from_the_fork(tier, cages):
    """The limit is what the learner's code takes, however much torch has taken before."""
    code = "import mmap\ntold['fits'] = attempt(lambda: mmap.mmap(-1, {}) and 1)"
    cage = cages(tier, WARM)
    assert cage.told(code.format(90 * 2**20), memory=100 * 2**20) == {"fits": 1}
    assert cage.told(code.format(110 * 2**20), memory=100 * 2**20) == {"fits": "ENOMEM"}
