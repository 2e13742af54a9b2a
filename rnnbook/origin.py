"""Where a recorded number comes from: machine, versions and commit."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any


def machine(device: str = "cpu") -> dict[str, Any]:
    """This machine: "processor", "threads" and "device", the last with its maker's name where torch knows it."""
    import torch

    name = f"{device}, {torch.cuda.get_device_name(device)}" if device.startswith("cuda") else device
    return {"processor": _processor(), "threads": torch.get_num_threads(), "device": name}


def on(machine: dict[str, Any]) -> str:
    """A machine in words."""
    threads = machine["threads"]
    return f"{machine['processor']} ({threads} thread{'s' * (threads != 1)}, {machine['device']})"


def versions() -> dict[str, str]:
    """Of "python", "torch" and "rnnbook"."""
    import torch

    try:
        own = metadata.version("rnnbook")
    except metadata.PackageNotFoundError:
        own = "not installed"
    return {"python": platform.python_version(), "torch": torch.__version__, "rnnbook": own}


def commit(checkout: Path) -> str:
    """The checkout's git commit, with "-dirty" where files have been changed since; or "unknown"."""
    return _output("git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _processor() -> str:
    """The processor's name as the system tells it; Python's own `platform` knows it on few systems."""
    if platform.system() == "Linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if platform.system() == "Darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string")
    return platform.processor() or platform.machine()


def _output(*command: str) -> str:
    """What a command prints, or "unknown" where it is missing or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
