"""Which device is chosen, with every combination of what there might be."""

import pytest
import torch
from torch import nn

from rnnbook.device import Arithmetic, device, device_of


@pytest.fixture
def machine(monkeypatch):
    def has(cuda=0, mps=False, capability=(8, 0), bf16=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: bf16)

    return has


@pytest.mark.parametrize(("there", "chosen"), [((1, True), "cuda"), ((0, True), "mps"), ((0, False), "cpu")])
def test_auto_takes_cuda_then_mps_then_the_cpu(machine, there, chosen):
    machine(*there)
    assert device() == device("auto") == torch.device(chosen)


def test_what_is_not_there_is_refused_by_name(machine):
    machine(cuda=2)
    assert device("cuda:1") == torch.device("cuda:1")
    assert device("cpu") == torch.device("cpu")
    for name in ("mps", "cuda:2"):
        with pytest.raises(ValueError, match=rf"'{name}' is not there; torch finds cuda, cpu"):
            device(name)
    with pytest.raises(ValueError, match=r"no device 'cuad'.*cuda"):
        device("cuad")
    with pytest.raises(ValueError, match="no device 'cuda:x'"):
        device("cuda:x")


def test_each_of_several_processes_has_a_processor_of_its_own(machine, monkeypatch):
    machine(cuda=4)
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert device("cuda") == device() == torch.device("cuda:3")
    assert device("cuda:1") == torch.device("cuda:1")
    machine(cuda=0)
    assert device() == torch.device("cpu")


def test_a_models_device():
    assert device_of(nn.Linear(1, 1, device="meta")) == torch.device("meta")
    assert device_of(nn.Tanh()) == torch.device("cpu")


def test_mixed_precision_is_refused_where_there_is_none(machine):
    machine(mps=True)
    for kind in ("cpu", "mps"):
        with pytest.raises(ValueError, match=f'{kind} has no mixed precision here.*precision="full"'):
            Arithmetic(torch.device(kind), "mixed", None)
    with pytest.raises(ValueError, match='"full" or "mixed"'):
        Arithmetic(torch.device("cpu"), "half", None)


@pytest.mark.filterwarnings("ignore:.*CUDA is not available")
def test_float16_alone_needs_the_scaler(machine, monkeypatch):
    monkeypatch.setattr(torch, "autocast", lambda kind, dtype: (kind, dtype))
    monkeypatch.setattr(torch.amp, "GradScaler", lambda kind, enabled: enabled)
    for capability, dtype in [((7, 5), torch.float16), ((8, 0), torch.bfloat16), ((9, 0), torch.bfloat16)]:
        machine(cuda=1, capability=capability)
        arithmetic = Arithmetic(torch.device("cuda"), "mixed", None)
        assert arithmetic.context == ("cuda", dtype)
        assert arithmetic.scaler == (dtype == torch.float16)
