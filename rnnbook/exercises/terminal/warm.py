"""A check in a process that is warm already: torch is imported, so that the answer takes a moment and not seconds.

The first check starts a helper (`helper`), which waits at a Unix socket in a folder of the user's own and forks a
process for each check. Nothing depends on it: whatever goes wrong here, the check runs the ordinary way.
"""

import contextlib
import hashlib
import json
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path

import platformdirs

PACKAGE = Path(__file__).parents[2]
_STARTING = 60.0  # seconds that a helper may take to import torch
_ANSWERING = 3.0  # seconds until a helper that has imported it must answer
_HELPER = (
    "import sys; sys.path.append(sys.argv[1]); from rnnbook.exercises.terminal.helper import main; main(*sys.argv[2:])"
)
# Variables that Python, torch and the like read when they start; the helper must have the same. The others follow
# each check.
_READ_AT_START = (
    *("PYTHON", "LD_", "HOME", "LANG", "LC_", "MALLOC_", "GLIBC_", "MPL"),
    *("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "BLIS_", "NUMEXPR_", "NPY_"),
    *("TORCH", "PYTORCH", "ATEN_", "CUDA_", "DNNL_", "ONEDNN_", "SCIPY", "SKLEARN"),
)


class Lost(Exception):
    """The helper has gone, or does not answer."""


class Running:
    """A check in the helper's care, with what `subprocess.Popen` has for its child: `wait` and `kill`.

    Args:
        link: the connection to the helper.
        pid: the process of the check, and its group.
    """

    def __init__(self, link: socket.socket, pid: int):
        self._link = link
        self._pid = pid

    def wait(self, timeout: float) -> int:
        """The exit code, as a child's.

        Raises:
            subprocess.TimeoutExpired: it has not ended in this time.
            Lost: the helper's side has gone.
        """
        if not select.select([self._link], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("check", timeout)
        return _line(self._link, "ended", timeout=1)

    def kill(self) -> None:
        """Ends the check and what it has started; does nothing when it has ended."""
        self._link.close()  # at which the helper's side kills it
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)  # if the helper's side still lives


def start(arguments: list[str], words: Path) -> Running | None:
    """Starts a check in the helper, which is itself started if need be.

    Args:
        arguments: of `rnnbook.exercises.terminal.process.work`.
        words: the file that takes what the check writes to standard error.

    Returns:
        The check, or None where it must run the ordinary way.
    """
    if not wanted():
        return None
    with contextlib.suppress(OSError, ValueError, Lost):
        path = folder() / f"{key()}.sock"
        order = {
            "arguments": arguments,
            "words": str(words),
            "folder": os.getcwd(),
            "environment": dict(os.environ),
            "umask": _umask(),
        }
        link, seconds = _connected(path)
        try:
            link.settimeout(seconds)
            link.sendall(json.dumps(order).encode() + b"\n")
            return Running(link, _line(link, "started", seconds))
        except TimeoutError:
            path.unlink(missing_ok=True)  # it hangs: the next check starts another, and it leaves if it wakes
            link.close()
        except BaseException:
            link.close()
            raise
    return None


def wanted() -> bool:
    """Whether to use a helper: on Linux, where a fork of a process with torch can be relied on, unless told not to."""
    return sys.platform == "linux" and not os.environ.get("RNNBOOK_NO_HELPER") and not os.environ.get("CI")


def folder() -> Path:
    """The folder of the sockets, for this user alone.

    Raises:
        PermissionError: someone else can write to it.
    """
    with warnings.catch_warnings(action="ignore"):  # platformdirs warns where a session has no folder of its own
        path = platformdirs.user_runtime_path("rnnbook")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    here, above = os.lstat(path), os.stat(path.parent)
    others_write_above = above.st_mode & 0o022 and not above.st_mode & stat.S_ISVTX
    if (
        not stat.S_ISDIR(here.st_mode)
        or here.st_uid != os.geteuid()
        or here.st_mode & 0o077
        or above.st_uid not in (0, os.geteuid())
        or others_write_above
    ):
        raise PermissionError(f"{path} is not for this user alone")
    return path


def key(environment: Mapping[str, str] = os.environ) -> str:
    """What a helper must have in common with its caller, as a hash: Python, packages, our code, settings, limits.

    Args:
        environment: as it was when the process started; some packages change it when they are imported.
    """
    import resource

    python = os.stat(sys.executable)
    limits = [resource.getrlimit(value) for name, value in vars(resource).items() if name.startswith("RLIMIT_")]
    common = {
        "python": [sys.executable, sys.version, python.st_dev, python.st_ino, python.st_mtime_ns],
        "installed": [os.stat(sysconfig.get_path(name)).st_mtime_ns for name in ("purelib", "platlib")],
        "ours": sorted(
            (entry.path, entry.stat().st_mtime_ns, entry.stat().st_size)
            for directory, _, _ in os.walk(PACKAGE)
            if not directory.endswith("__pycache__")
            for entry in os.scandir(directory)
            if entry.is_file()
        ),
        "environment": sorted(item for item in environment.items() if item[0].startswith(_READ_AT_START)),
        "limits": [limits, sorted(os.sched_getaffinity(0))],
    }
    return hashlib.sha256(json.dumps(common).encode()).hexdigest()[:16]


def mark_of(path: Path) -> str:
    """What tells a socket from a later one at the same path, which may even have its inode's number."""
    status = path.stat()
    return f"{status.st_ino} {status.st_mtime_ns}"


def _connected(path: Path) -> tuple[socket.socket, float]:
    """A connection to the helper at this path, and the seconds in which it should answer."""
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(1)
    try:
        try:
            link.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            _start_helper(path)
            link.connect(str(path))
        age = max(0.0, time.time() - path.stat().st_mtime)
    except BaseException:
        link.close()
        raise
    return link, max(_ANSWERING, _STARTING - age)


def _start_helper(path: Path) -> subprocess.Popen:
    """Starts a helper with its socket, at which one can knock from now on."""
    with socket.socket(socket.AF_UNIX) as listener:
        with tempfile.TemporaryDirectory(dir=path.parent) as part:
            unfinished = Path(part) / "s"
            listener.bind(str(unfinished))
            listener.listen(64)
            mark = mark_of(unfinished)
            os.replace(unfinished, path)
        return subprocess.Popen(
            [
                *(sys.executable, "-P", "-c", _HELPER, str(PACKAGE.parent)),
                *(str(listener.fileno()), str(path), mark),
            ],
            pass_fds=[listener.fileno()],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the check alone
        )


def _line(link: socket.socket, word: str, timeout: float) -> int:
    """The number in the helper's next line, which must begin with this word."""
    link.settimeout(timeout)
    line = b""
    while not line.endswith(b"\n"):
        try:
            byte = link.recv(1)
        except TimeoutError:
            raise
        except OSError:
            byte = b""
        if not byte:
            raise Lost
        line += byte
    said, _, number = line.decode().partition(" ")
    if said != word:
        raise Lost
    return int(number)


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
