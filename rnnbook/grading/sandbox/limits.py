"""What a process may use: memory, processor time, files, threads."""

import contextlib
import math
import os
from collections.abc import Iterable
from pathlib import Path

try:
    import resource
except ImportError:  # Windows, where no tier works
    resource = None

FILE = 64 * 2**20  # bytes of a file
THREADS = 64
_OPEN = 64  # files
_STACK = 8 * 2**20


def keep_only(descriptors: Iterable[int]) -> None:
    """Closes all files but these, and connects standard input, output and error to nothing."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard, inheritable=True)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    last = 2
    for descriptor in sorted({fd for fd in descriptors if fd > 2}):
        os.closerange(last + 1, descriptor)
        last = descriptor
    os.closerange(last + 1, limit if 0 < limit < 2**31 else 2**20)


def of_user() -> int | None:
    """How many threads and processes this user has now; None where they cannot be counted."""
    if not os.path.exists("/proc/self"):
        return None
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            count += len(os.listdir(process / "task")) if process.stat().st_uid == os.geteuid() else 0
    return count


def size_file() -> int | None:
    """A file descriptor that goes on telling this process's size, wherever it moves; None where there is none."""
    with contextlib.suppress(OSError):
        return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    return None


def size(file: int | None) -> int | None:
    """Bytes of address space of the process that called `size_file`."""
    return None if file is None else int(os.pread(file, 100, 0).split()[0]) * os.sysconf("SC_PAGE_SIZE")


def die_first() -> None:
    """Should the machine run out of memory, this process and its children are killed before others."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def open_more() -> None:
    """Lets this process have as many files open as it may: rules for many folders are an open file each."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2**16) if hard > 0 else 2**16, hard))


def limit(size: int | None, memory: int, seconds: float, threads: int | None) -> None:
    """Limits this process, for good.

    Args:
        size: bytes of its address space now; None where they cannot be known, and then are not limited.
        memory: bytes that it may take on top.
        seconds: of processor time, from its beginning.
        threads: how many threads and processes its user may have; None for no limit.
    """
    time = math.ceil(seconds)
    limits = {
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_CPU": (time, time + 1),
        "RLIMIT_FSIZE": (FILE, FILE),
        "RLIMIT_MEMLOCK": (0, 0),
        "RLIMIT_MSGQUEUE": (0, 0),
        "RLIMIT_NOFILE": (_OPEN, _OPEN),
        "RLIMIT_NPROC": (threads, threads) if threads else None,
        "RLIMIT_STACK": (_STACK, _STACK),
        "RLIMIT_AS": (size + memory, size + memory) if size else None,
    }
    for name, (soft, hard) in ((name, pair) for name, pair in limits.items() if pair and hasattr(resource, name)):
        ceiling = resource.getrlimit(getattr(resource, name))[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        with contextlib.suppress(ValueError if name == "RLIMIT_MSGQUEUE" else ()):
            resource.setrlimit(getattr(resource, name), (soft, hard))
