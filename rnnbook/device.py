"""Which processor computes, and how precisely."""

import os
import re
from contextlib import nullcontext

import torch
from torch import Tensor, nn

from rnnbook.nearest import suggest


def device(name: str = "auto") -> torch.device:
    """A device that is really there.

    Args:
        name: "cpu", "cuda", "cuda:1", "mps", or "auto" for the first there is of CUDA, MPS and CPU. Under `torchrun`,
            "cuda" without a number is each process's own.

    Raises:
        ValueError: there is no such device here.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    kinds = [kind for kind in there if there[kind]]
    if name == "auto":
        name = kinds[0]
    parts = re.fullmatch(r"(cuda|mps|cpu)(?::(\d+))?", name)
    if not parts:
        raise ValueError(f"There is no device {name!r}. {suggest(name, ['auto', *there])}")
    kind, number = parts.groups()
    if kind not in kinds or (kind == "cuda" and int(number or 0) >= torch.cuda.device_count()):
        raise ValueError(f'device {name!r} is not there; torch finds {", ".join(kinds)}: choose one, or "auto"')
    if name == "cuda" and "LOCAL_RANK" in os.environ:
        name = f"cuda:{os.environ['LOCAL_RANK']}"
    return torch.device(name)


def device_of(model: nn.Module) -> torch.device:
    """Where a model's parameters are; the CPU if it has none."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


class Arithmetic:
    """How precisely a training computes: with 32 bits throughout, or its matrix products with 16.

    bfloat16 has the range of 32 bits, and needs nothing else. float16, for older graphics processors, has not: small
    gradients become 0. So the loss is scaled up before the way back, and the gradients down again after it. A step
    whose gradients have overflowed is left out, and the scale is lowered.

    Args:
        device: where the model is.
        precision: "full", or "mixed" for 16 bits where that is safe.
        optimizer: takes the steps.

    Attributes:
        context: the context to compute predictions and loss in.
        scaler: torch's scaler; without float16 it lets everything pass as it is.

    Raises:
        ValueError: the device cannot, or there is no such precision.
    """

    def __init__(self, device: torch.device, precision: str, optimizer: torch.optim.Optimizer):
        if precision not in ("full", "mixed"):
            raise ValueError(f'precision must be "full" or "mixed", got {precision!r}')
        dtype = _half(device) if precision == "mixed" else None
        self.context = nullcontext() if dtype is None else torch.autocast(device.type, dtype)
        self.scaler = torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)
        self.optimizer = optimizer

    @property
    def scaled(self) -> bool:
        """Whether a gradient that is not finite only means that the scale is still too high."""
        return self.scaler.is_enabled()

    def backward(self, value: Tensor) -> None:
        """`value.backward()`, and the gradients as they are without a scale."""
        self.scaler.scale(value).backward()
        self.scaler.unscale_(self.optimizer)

    def step(self) -> None:
        """`optimizer.step()`, if the gradients are finite."""
        self.scaler.step(self.optimizer)
        self.scaler.update()


def _half(device: torch.device) -> torch.dtype:
    """The 16-bit numbers with which a device is faster."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16
    if device.type == "cpu" and torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return torch.bfloat16
    raise ValueError(f'{device.type} has no mixed precision here, only CUDA and some CPUs have: leave precision="full"')
