"""A training that is cut off, anywhere, ends as one that was not: bit for bit."""

import json
import signal
import subprocess
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch
from torch import nn
from torch.nn.functional import mse_loss

from rnnbook.train import fit

STEPS = 8  # of an epoch
#: Whatever could be forgotten: dropout, a schedule, weight decay, early stopping, a last batch that is smaller.
SETTINGS = {"epochs": 8, "batch_size": 5, "warm_up": 0.3, "weight_decay": 0.1, "learning_rate": 0.3, "patience": 2}


def data(n=37, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 4, generator=generator)
    return x, x.sum(1, keepdim=True) + torch.randn(n, 1, generator=generator)


def model(dropout=0.3):
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 8), nn.Dropout(dropout), nn.Tanh(), nn.Linear(8, 1))


class Cut(Exception):
    pass


def train(cut_after=None, loss=mse_loss, net=None, **settings):
    """The trained model and its history; cut off in the forward pass that follows so many steps."""
    net = model() if net is None else net
    passes = []

    def count(module, args):
        passes.append(module.training)
        if cut_after is not None and passes.count(True) > cut_after:
            raise Cut

    net.register_forward_pre_hook(count)
    history = fit(net, data(), loss, validate=data(20, 1), **(SETTINGS | settings))
    return net, history


def outcome(net, history):
    """All that must be equal: time is not."""
    known = asdict(history)
    del known["seconds"], known["tokens_per_second"]
    return {name: tensor.tolist() for name, tensor in net.state_dict().items()}, known


@pytest.fixture(scope="module")
def whole():
    return outcome(*train())


def test_the_example_is_worth_the_name(whole):
    validation = whole[1]["validation"]
    assert min(validation) < validation[-1]  # the best weights are not the last
    assert len(validation) < SETTINGS["epochs"]  # and they end it early


def test_checkpoints_change_nothing(whole, tmp_path):
    assert outcome(*train(checkpoint=tmp_path / "c", every=3)) == whole


@pytest.mark.parametrize("every", [1, 3, STEPS, None])
@pytest.mark.parametrize("cut_after", [0, 1, 5, STEPS, STEPS + 1, 2 * STEPS + 4, 3 * STEPS])
def test_resumes_bit_for_bit(whole, tmp_path, cut_after, every):
    with pytest.raises(Cut):
        train(cut_after, checkpoint=tmp_path / "c", every=every)
    torch.rand(cut_after + 1)  # the new process has drawn other numbers
    assert outcome(*train(checkpoint=tmp_path / "c", every=every, resume=True)) == whole


def test_cut_off_again_and_again(whole, tmp_path):
    with pytest.raises(Cut):
        train(1, checkpoint=tmp_path / "c", every=1)
    for _ in range(7):
        with pytest.raises(Cut):
            train(3, checkpoint=tmp_path / "c", every=1, resume=True)
    assert outcome(*train(checkpoint=tmp_path / "c", every=1, resume=True)) == whole


def test_what_was_over_is_not_trained_again(whole, tmp_path):
    train(checkpoint=tmp_path / "c")
    assert outcome(*train(0, checkpoint=tmp_path / "c", resume=True)) == whole


def test_resume_without_a_file_starts_anew(whole, tmp_path):
    assert outcome(*train(checkpoint=tmp_path / "new" / "c", resume=True)) == whole


def test_without_resume_a_checkpoint_is_not_read(whole, tmp_path):
    train(checkpoint=tmp_path / "c", epochs=1)
    assert outcome(*train(checkpoint=tmp_path / "c")) == whole


SCRIPT = """
import json, os, signal, sys
sys.path.insert(0, sys.argv[1])
from test_checkpoint import model, outcome, train

net, steps = model(), int(sys.argv[3])

def kill(module, args):
    global steps
    steps -= module.training
    if steps < 0:
        os.kill(os.getpid(), signal.SIGKILL)

net.register_forward_pre_hook(kill)
print(json.dumps(outcome(*train(net=net, checkpoint=sys.argv[2], every=3, resume=True))))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_in_mid_epoch_by_the_system(whole, tmp_path):
    def run(steps):
        command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(tmp_path / "c"), str(steps)]
        return subprocess.run(command, capture_output=True, text=True)

    killed = run(STEPS + 5)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    again = run(1000)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == json.loads(json.dumps(whole))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 6}, "batch_size: 5 then, 6 now"),
        ({"learning_rate": 0.1, "seed": 2}, "learning_rate: 0.3 then, 0.1 now; .*seed: 0 then, 2 now"),
        ({"warm_up": None}, "warm_up: 0.3 then, None now"),
        ({"epochs": 6}, "epochs: 8 then, 6 now"),
        ({"weight_decay": 0}, "weight_decay"),
        ({"max_norm": 2.0}, "max_norm"),
        ({"patience": 3}, "patience"),
        ({"budget_seconds": 9.0}, "budget_seconds: inf then, 9.0 now"),
        ({"loss": nn.functional.l1_loss}, "loss: mse_loss then, l1_loss now"),
        ({"loss": partial(mse_loss, reduction="mean")}, r"loss: mse_loss then, mse_loss\(reduction=mean\) now"),
        ({"net": nn.Sequential(nn.Linear(4, 1))}, r"model: .*Linear\(.*out_features=8.* then, .*out_features=1,"),
        ({"net": model(0.4)}, r"model: .*Dropout\(p=0.3.* then, .*Dropout\(p=0.4.* now"),
        ({"net": model().double()}, r"model: 0.weight \(8, 4\) torch.float32 then, .*float64 now"),
    ],
)
def test_another_training_is_refused_by_what_differs(tmp_path, change, message):
    with pytest.raises(Cut):
        train(STEPS, checkpoint=tmp_path / "c")
    before = (tmp_path / "c").read_bytes()
    with pytest.raises(ValueError, match=f"another training: {message}.*leave out resume"):
        train(**{"checkpoint": tmp_path / "c", "resume": True} | change)
    assert (tmp_path / "c").read_bytes() == before


def test_other_data_are_refused(tmp_path):
    x, y = data()
    settings = {"epochs": 1, "checkpoint": tmp_path / "c"}
    fit(model(), (x, y), mse_loss, validate=(x, y), **settings)
    other = x.clone()
    other[30, 2] += 1e-6
    with pytest.raises(ValueError, match=r"data: 37 examples, sha256 .* then, 37 examples, sha256"):
        fit(model(), (other, y), mse_loss, validate=(x, y), resume=True, **settings)
    with pytest.raises(
        ValueError, match=r"training: validate: mean_loss\(data=37 examples, .* then, mean_loss\(data=36 examples"
    ):
        fit(model(), (x, y), mse_loss, validate=(x[:36], y[:36]), resume=True, **settings)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: b"\x80\x04\x95 no checkpoint",
        lambda content: content[: len(content) // 2],
        lambda content: safetensors.torch.save({"weight": torch.zeros(1)}),
        lambda content: safetensors.torch.save({"weight": torch.zeros(1)}, {"rnnbook": "{}"}),
        lambda content: safetensors.torch.save({"weight": torch.zeros(1)}, {"rnnbook": "["}),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, spoil):
    train(checkpoint=tmp_path / "c", epochs=1)
    (tmp_path / "c").write_bytes(spoil((tmp_path / "c").read_bytes()))
    with pytest.raises(ValueError, match="damaged, or no checkpoint: remove it"):
        train(checkpoint=tmp_path / "c", epochs=1, resume=True)


def test_a_writing_that_fails_leaves_the_file_before(tmp_path, monkeypatch):
    train(checkpoint=tmp_path / "c", epochs=1)
    before = (tmp_path / "c").read_bytes()
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        train(checkpoint=tmp_path / "c", epochs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    assert (tmp_path / "c").read_bytes() == before


def test_weights_that_are_shared_are_kept(tmp_path):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
            self.second.weight = self.first.weight

        def forward(self, x):
            return self.second(self.first(x)).sum(1, keepdim=True)

    settings = {"epochs": 2, "checkpoint": tmp_path / "c"}
    trained, again = Tied(), Tied()
    fit(trained, data(), mse_loss, **settings)
    fit(again, data(), mse_loss, resume=True, **settings)
    assert torch.equal(again.first.weight, trained.first.weight)
    assert again.second.weight is again.first.weight


def test_scores_of_any_kind_of_number_are_kept(tmp_path):
    for validate in (lambda net: np.float32(1.5), lambda net: torch.tensor(1.5)):
        settings = {"epochs": 1, "validate": validate, "evaluate": validate, "checkpoint": tmp_path / "c"}
        fit(model(), data(), mse_loss, **settings)
        again = fit(model(), data(), mse_loss, resume=True, **settings)
        assert again.validation == again.score == [1.5]


def test_arguments_that_need_one_another():
    for settings in ({"every": 3}, {"resume": True}):
        with pytest.raises(ValueError, match="every and resume need checkpoint"):
            fit(model(), data(), mse_loss, epochs=1, **settings)
