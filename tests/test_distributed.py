"""Two processes under torchrun against one: the same weights and the same history."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from rnnbook import distributed
from rnnbook.distributed import Team
from rnnbook.encode import encode
from rnnbook.text import Ragged
from rnnbook.train import fit


class Reader(nn.Module):
    """Reads ids and lengths; without dropout, whose masks each process draws for itself."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(9, 4, padding_idx=0)
        self.rnn = nn.LSTM(4, 3, batch_first=True, bidirectional=True)
        self.linear = nn.Linear(6, 1)
        self.double()

    def forward(self, ids, lengths):
        output, _ = encode(self.rnn, self.embedding(ids), lengths)
        return self.linear(output.sum(1) / lengths[:, None])


def sequences(n, seed):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, 12, (n,), generator=generator)
    ids = torch.randint(1, 9, (int(lengths.sum()),), generator=generator)
    return Ragged(ids, lengths, torch.randn(n, 1, generator=generator, dtype=torch.float64))


def train(**settings):
    """29 examples in batches of 4: the last one has a single row, fewer than there are processes."""
    net = Reader()
    history = fit(
        net,
        sequences(29, 1),
        mse_loss,
        epochs=4,
        batch_size=4,
        learning_rate=0.1,
        max_norm=0.5,
        warm_up=0.3,
        validate=sequences(10, 2),
        patience=2,
        **settings,
    )
    weights = {name: tensor.tolist() for name, tensor in net.state_dict().items()}
    known = {key: getattr(history, key) for key in ("loss", "gradient_norm", "validation", "learning_rate")}
    return {"weights": weights, "history": known, "mode": net.training}


def main(folder):
    """What each process of torchrun runs."""
    team = Team(torch.device("cpu"))
    found = {"rank": team.rank, "size": team.size, "whole": train()}
    path = folder / "checkpoint"
    cut = {"steps": 0}

    class Cut(Exception):
        pass

    def count(module, args):
        cut["steps"] += isinstance(module, Reader) and module.training
        if cut["steps"] == 12:
            raise Cut

    handle = nn.modules.module.register_module_forward_pre_hook(count)
    try:
        train(checkpoint=path, every=5)
    except Cut:
        handle.remove()
    found["resumed"] = train(checkpoint=path, every=5, resume=True)
    found["writers"] = team.gather(torch.get_rng_state()).shape[0]
    torch.manual_seed(0)
    Team(torch.device("cpu"))
    found["drawn"] = torch.rand(1).item()
    net = Reader()
    infinite = sequences(29, 1)
    infinite.targets[7] = torch.inf
    try:
        fit(net, infinite, mse_loss, epochs=1, batch_size=4)
    except FloatingPointError as error:
        found["error"] = str(error)
    (folder / f"{team.rank}.json").write_text(json.dumps(found))


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", __file__]
    root = str(Path(distributed.__file__).parents[1])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": root}
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.loopback
def test_two_processes_give_what_one_gives(two):
    alone = train()
    for rank, found in enumerate(two):
        assert (found["rank"], found["size"]) == (rank, 2)
        for kind in ("whole", "resumed"):
            for part in ("weights", "history"):
                got, expected = found[kind][part], alone[part]
                assert got.keys() == expected.keys()
                for name in got:
                    tensors = (torch.tensor(each[name], dtype=torch.float64) for each in (got, expected))
                    torch.testing.assert_close(*tensors, rtol=1e-10, atol=1e-10)


@pytest.mark.loopback
def test_the_processes_have_the_same_bits(two):
    assert two[0]["whole"] == two[1]["whole"]
    assert two[0]["resumed"] == two[0]["whole"] == two[1]["resumed"]


@pytest.mark.loopback
def test_each_process_draws_its_own_dropout(two):
    assert two[0]["drawn"] != two[1]["drawn"]


@pytest.mark.loopback
def test_all_stop_at_a_loss_that_is_not_finite(two):
    for found in two:
        assert "lower the learning rate" in found["error"]
    assert two[0]["error"] == two[1]["error"]


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 12])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_each_row_is_one_processs_and_shares_add_up(rows, size):
    indices = torch.randperm(20)[:rows]
    team, taken, shares = Team(torch.device("cpu")), [], []
    team.size = size
    for team.rank in range(size):
        part, share = team.part(indices)
        assert len(part) > 0
        assert share in (0, len(part) / rows)
        taken += part.tolist() if share else []
        shares.append(share)
    assert sorted(taken) == sorted(indices.tolist())
    assert sum(shares) == pytest.approx(1)


def test_one_process_is_a_team_that_costs_nothing():
    team, net = Team(torch.device("cpu")), Reader()
    assert (team.rank, team.size) == (0, 1)
    assert team.wrap(net) is net
    assert team.sum(1.5, 2) == (1.5, 2)
    assert team.mean(0.1) == 0.1
    assert team.gather(torch.arange(3)).tolist() == [[0, 1, 2]]
    assert not torch.distributed.is_initialized()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
