"""What a Python with torch must be able to read, and nothing else."""

import os
import site
import sys
import sysconfig
from pathlib import Path

import rnnbook

_SYSTEM = (
    *("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/usr/share/zoneinfo", "/etc/localtime"),
    *("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/sys/devices/system/node"),
)
_PACKAGE = Path(rnnbook.__file__).parent


def readable_paths() -> list[Path]:
    """Python's library, installed packages, shared libraries, this package, and what tells of the processor."""
    library = sysconfig.get_paths()
    base = sysconfig.get_paths(vars={"base": sys.base_prefix, "platbase": sys.base_exec_prefix})
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    python = [*(library[kind] for kind in kinds), *(base[kind] for kind in kinds)]
    installed = (
        [*site.getsitepackages(), site.getusersitepackages()] if site.ENABLE_USER_SITE else site.getsitepackages()
    )
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    libraries = [os.path.join(prefix, name) for prefix in sorted(prefixes) for name in ("lib", "lib64")]
    wanted = [*_SYSTEM, *python, *installed, *libraries, *_library_folders(), *_loaded(), _PACKAGE]
    return [Path(path) for path in dict.fromkeys(wanted) if os.path.exists(path)]


def hidden_paths() -> list[Path]:
    """What of those folders holds tests and recorded results."""
    return [path for path in (_PACKAGE / "exercises" / "tests", _PACKAGE / "recorded") if os.path.exists(path)]


def _library_folders() -> list[str]:
    """Where this installation looks for shared libraries besides, as far as there are any."""
    folders = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    return [folder for folder in folders if os.path.isabs(folder) and any(Path(folder).glob("*.so*"))]


def _loaded() -> list[str]:
    """The shared libraries of this process, wherever they were installed."""
    try:
        lines = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return []
    return sorted({line.split(None, 5)[5] for line in lines if ".so" in line and "/" in line})
