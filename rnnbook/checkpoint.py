"""Checkpoints: a training that was cut off goes on as if nothing had happened.

One file holds all that changes while a model learns. It is a safetensors file, numbers by name, and its header carries
the rest as JSON: there is nothing in it that could run. It is written whole or not at all.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from rnnbook.device import device_of
from rnnbook.distributed import Team
from rnnbook.files import put
from rnnbook.history import Epoch, History

HEADER = "rnnbook"  # the entry of the file's header that is ours


@dataclass
class State:
    """All that changes in a training, but for the random numbers, which are torch's.

    Attributes:
        model: its weights.
        optimizer: its moving averages.
        scaler: the scale of the loss in mixed precision.
        history: the epochs that are over.
        epoch: the one that is not.
        best: the weights with the lowest validation so far.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    history: History = field(default_factory=History)
    epoch: Epoch = field(default_factory=Epoch)
    best: dict[str, Tensor] = field(default_factory=dict)


class Checkpoint:
    """A file from which a training can go on; without a path there is none, and nothing is done.

    Args:
        path: where it lies; every process has to see it.
        every: steps from one writing to the next within an epoch; None is never.
        state: what to keep.
        settings: what must be the same for a training that goes on from here, data and functions among it.
        team: the processes. All of them call the methods; the first one writes.
    """

    def __init__(self, path: str | Path | None, every: int | None, state: State, settings: dict[str, Any], team: Team):
        self.path, self.every, self.state, self.team = path and Path(path), every, state, team
        if path:
            described = {name: describe(value) for name, value in settings.items()}
            self.settings = {"model": describe_model(state.model), **described}

    def step(self, steps: int) -> None:
        """Write, if it is time to after so many steps."""
        if self.every and steps % self.every == 0:
            self.save()

    def save(self) -> None:
        """Write in place of the one before, whole or not at all."""
        if not self.path:
            return
        state = self.state
        groups = {
            "model": state.model.state_dict(),
            "best": state.best,
            "optimizer": {
                f"{i}/{name}": tensor
                for i, averages in state.optimizer.state_dict()["state"].items()
                for name, tensor in averages.items()
            },
            "random": {name: self.team.gather(tensor) for name, tensor in _random(device_of(state.model)).items()},
        }
        tensors = {
            f"{group}/{name}": tensor.detach().to("cpu", copy=True).contiguous()  # safetensors takes no shared memory
            for group, named in groups.items()
            for name, tensor in named.items()
        }
        rest = {
            "settings": self.settings,
            "history": asdict(state.history),
            "epoch": asdict(state.epoch),
            "scaler": state.scaler.state_dict(),
        }
        if self.team.rank == 0:
            put(self.path, safetensors.torch.save(tensors, {HEADER: json.dumps(rest)}))

    def restore(self) -> None:
        """Put everything back to where it was when the file was written, if there is a file.

        Raises:
            ValueError: it is damaged, or comes from a training with another model, other settings or other data.
        """
        there = self.team.mean(float(self.path.exists()))
        if there == 0:
            return
        if there < 1:
            raise ValueError(f"only some of the processes see {self.path}: put it where all of them do")
        try:
            with safetensors.safe_open(self.path, "pt") as file:
                tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
                rest = json.loads(file.metadata()[HEADER])
            then, history, epoch = rest["settings"], History(**rest["history"]), Epoch(**rest["epoch"])
        except (safetensors.SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{self.path} is damaged, or no checkpoint: remove it and start anew ({error})") from error
        now = json.loads(json.dumps(self.settings))
        differences = [_difference(key, then.get(key), now[key]) for key in now if then.get(key) != now[key]]
        if differences:
            raise ValueError(
                f"{self.path} is the checkpoint of another training: {'; '.join(differences)}. "
                "Use the same again, name another file, or leave out resume to start anew"
            )

        def group(name: str) -> dict[str, Tensor]:
            return {key.removeprefix(f"{name}/"): tensors[key] for key in tensors if key.startswith(f"{name}/")}

        state, device = self.state, device_of(self.state.model)
        state.model.load_state_dict(group("model"))
        state.best = {name: tensor.to(device) for name, tensor in group("best").items()}
        averages: dict[int, dict[str, Tensor]] = {}
        for key, tensor in group("optimizer").items():
            i, name = key.split("/")
            averages.setdefault(int(i), {})[name] = tensor
        state.optimizer.load_state_dict({**state.optimizer.state_dict(), "state": averages})
        state.scaler.load_state_dict(rest["scaler"])
        state.history, state.epoch = history, epoch
        # A clone, for torch takes a row of a matrix to begin where the matrix does.
        _set_random({name: all_of[self.team.rank].clone() for name, all_of in group("random").items()}, device)


def describe_model(model: nn.Module) -> list[str]:
    """A model's layers, and the name, shape and type of all its numbers, line by line."""
    tensors = [f"{name} {tuple(tensor.shape)} {tensor.dtype}" for name, tensor in model.state_dict().items()]
    return str(model).splitlines() + tensors


def describe(value: Any) -> Any:
    """A setting as JSON has it: data by a hash of all that is in them, a function by its name and what it is given."""
    if hasattr(value, "order"):
        digest = hashlib.sha256()
        for indices in value.order(1024):
            for tensor in value[indices]:
                digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
        return f"{len(value)} examples, sha256 {digest.hexdigest()[:16]}"
    if isinstance(value, partial):
        given = [*map(describe, value.args), *(f"{name}={describe(each)}" for name, each in value.keywords.items())]
        return f"{describe(value.func)}({', '.join(map(str, given))})"
    if callable(value):
        return getattr(value, "__qualname__", None) or str(value)
    return value


def _difference(key: str, then: Any, now: Any) -> str:
    """What was, and what is; of two lists the first entries that differ."""
    if isinstance(then, list) and isinstance(now, list):
        then, now = next(pair for pair in zip_longest(then, now) if pair[0] != pair[1])
    return f"{key}: {then} then, {now} now"


def _random(device: torch.device) -> dict[str, Tensor]:
    """The states of torch's generators, from which dropout draws."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def _set_random(states: dict[str, Tensor], device: torch.device) -> None:
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)
    if device.type == "mps":
        torch.mps.set_rng_state(states["mps"])
