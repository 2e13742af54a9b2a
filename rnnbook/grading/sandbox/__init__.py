"""The sandbox: where a learner's code computes, out of reach of everything else.

Three kinds, the tiers, strongest first:

    namespaces  a file system, process table and network of its own, in which nothing else exists; and all of landlock
    landlock    the kernel refuses files, sockets and new processes; it needs no namespaces
    process     another process with limits, on systems that have neither: no protection against bad intent

`enter` is called once, in the nursery; then `fork` for each child, which calls `confine` before it runs the learner's
code. By idea:

    namespaces  the first tier             limits      memory, time, open files
    landlock    the second tier's files    privileges  root and its capabilities, given up
    seccomp     system calls               paths       what Python and torch must read
    syscalls    the kernel's interface     trial       whether a tier works here, by trying it
"""

import contextlib
import errno
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rnnbook.grading.errors import GradingError, SandboxError
from rnnbook.grading.sandbox import landlock, limits, namespaces, privileges, seccomp, syscalls
from rnnbook.grading.sandbox.paths import hidden_paths, readable_paths
from rnnbook.grading.sandbox.trial import TierFinding, attempt
from rnnbook.nearest import suggest

__all__ = ["TIERS", "TierFinding", "available", "choose", "confine", "enter", "fork", "hidden_paths", "readable_paths"]

TIERS = ("namespaces", "landlock", "process")
_UNSAFE = "process"
_DEVICES = tuple(map(Path, ("/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")))
_MANY = 1000  # threads and processes that a user may start besides those that were there


@dataclass
class _Entered:
    """What `enter` leaves for `fork` and `confine`."""

    tier: str
    user: int | None  # whom a child is to become, if it is root's
    wholly: bool  # or only as far as its threads are counted
    threads: int | None
    pid: int = 0  # of the process that has entered
    size: int | None = None  # a file descriptor that tells that process's size
    namespace: int | None = None  # a file descriptor of its process namespace
    temporary: str = ""  # the folder of the first tier for temporary files
    rules: landlock.Rules | None = None


_entered: _Entered | None = None


def available() -> list[TierFinding]:
    """Which tiers work here, found by trying each in a process of its own."""
    return [attempt(tier) for tier in TIERS]


def choose(name: str | None, allow_unsafe: bool) -> str:
    """The tier to use.

    Args:
        name: the one that is asked for; None for the strongest that works.
        allow_unsafe: whether the tier "process" will do.

    Raises:
        GradingError: there is none, or it does not work here, or it is unsafe and that has not been allowed.
    """
    if name is not None and name not in TIERS:
        raise GradingError(f"There is no sandbox {name}. {suggest(name, TIERS)}")
    if name == _UNSAFE and not allow_unsafe:
        raise GradingError(
            "The sandbox `process` does not protect this machine from the learners' code: add --allow-unsafe."
        )
    tried = []
    for tier in [name] if name else TIERS if allow_unsafe else TIERS[:-1]:
        finding = attempt(tier)
        if finding.works:
            return tier
        tried.append(f"{tier}: {finding.why}")
    reasons = "; ".join(tried)
    if name:
        raise GradingError(f"The sandbox does not work here. {reasons}.")
    raise GradingError(
        f"No safe sandbox works here ({reasons}). Grade in Linux, or add --allow-unsafe at your own risk."
    )


def enter(tier: str, readable: Iterable[Path], hidden: Iterable[Path]) -> None:
    """Moves this process, which must have one thread only, into the sandbox. In the first tier it goes on in a fork.

    Args:
        tier: the tier.
        readable: files and folders that may be read.
        hidden: files and folders inside those that may not.

    Raises:
        SandboxError: the tier does not work here.
    """
    global _entered
    if tier not in TIERS:
        raise SandboxError(f"There is no sandbox {tier}. {suggest(tier, TIERS)}")
    readable, hidden = [*readable], [*hidden]
    with _failing(tier):
        user = privileges.stranger()
        closed = user is not None and privileges.closed(readable, reached=tier != "namespaces")
        if tier == _UNSAFE and closed:
            raise OSError(errno.EACCES, f"run by root, it needs a Python that any user can read, unlike {closed}")
        if tier == _UNSAFE and user is None and os.geteuid() == 0:
            raise OSError(errno.EPERM, "it is run by root, who cannot become another user here: be one from the start")
        _entered = _Entered(tier, user, not closed, _threads(tier, user))
        limits.die_first()
        limits.open_more()
        if tier == "namespaces":
            _entered.user = namespaces.leave(user)
            _entered.namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        _entered.pid, _entered.size = os.getpid(), limits.size_file()
        if tier == "namespaces":
            _entered.temporary = namespaces.move(readable, hidden)
            _at_home_in(_entered.temporary)
            _entered.rules = landlock.everything()
        elif tier == "landlock":
            _entered.rules = landlock.Rules([*readable, *_DEVICES], hidden, [Path(os.devnull)])
        with _best_effort(tier):
            seccomp.program(os.getpid())  # most of it is kept for the children


def fork(tier: str) -> int:
    """As os.fork, called in the process that has entered.

    Raises:
        SandboxError: the system has no process to give.
    """
    entered = _entered_as(tier)
    with _failing(tier):
        return namespaces.fork(entered.namespace) if tier == "namespaces" else os.fork()


def confine(tier: str, keep: Iterable[int], memory: int, seconds: float, scratch: str | None) -> None:
    """Leaves this process, a child from `fork`, nothing but computing. To be called before any learner's code.

    Args:
        tier: the tier.
        keep: file descriptors that stay open.
        memory: bytes that it may take from now on.
        seconds: of processor time.
        scratch: the only folder that it may write to; in the first tier it has one of its own instead, mostly /tmp.

    Raises:
        SandboxError: a part failed; then the learner's code must not run.
    """
    entered = _entered_as(tier)
    with _failing(tier):
        owner = entered.user if entered.wholly else None
        os.setsid()
        os.umask(0o077)
        if tier == "namespaces":
            scratch = entered.temporary
            namespaces.own_temporary(scratch, owner)
        elif scratch and owner is not None:
            os.chown(scratch, owner, owner)
        size = limits.size(entered.size)
        if sys.platform.startswith("linux"):
            syscalls.few_arenas()
        _at_home_in(scratch or "/")
        if sys.platform.startswith("linux"):
            privileges.drop(entered.user, entered.wholly)
            privileges.die_with_parent()
            if tier != "namespaces" and os.getppid() != entered.pid:
                raise OSError(errno.ESRCH, "the nursery has ended")
        elif entered.user is not None:
            privileges.become(entered.user)
        os.chdir(scratch or "/")
        if entered.rules:
            entered.rules.restrict([Path(scratch)] if scratch else [])
        limits.keep_only(keep)
        limits.limit(size, memory, seconds, entered.threads)
        with _best_effort(tier):
            seccomp.restrict()


def _entered_as(tier: str) -> _Entered:
    if _entered is None or _entered.tier != tier:
        raise SandboxError(f"The sandbox `{tier}` has not been entered.")
    return _entered


def _at_home_in(folder: str) -> None:
    """The folder is home, and for temporary files."""
    os.environ.update(HOME=folder, TMPDIR=folder, USER="learner", LOGNAME="learner")
    tempfile.tempdir = None


def _best_effort(tier: str) -> contextlib.AbstractContextManager:
    """What the tier "process" can do without."""
    return contextlib.suppress(OSError) if tier == _UNSAFE else contextlib.nullcontext()


def _threads(tier: str, user: int | None) -> int | None:
    """How many threads and processes the child's user may have, others' that are the same user included."""
    if user is not None or (tier == "namespaces" and _counts_in_namespace()):
        return limits.THREADS
    running = limits.of_user()
    return None if running is None else running + _MANY


def _counts_in_namespace() -> bool:
    """Whether the kernel counts a user's processes in each user namespace apart, as Linux does since 5.14."""
    return tuple(map(int, re.findall(r"\d+", platform.release())[:2])) >= (5, 14)


@contextlib.contextmanager
def _failing(tier: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SandboxError(f"The sandbox `{tier}` does not work: {error.strerror or error}") from error
