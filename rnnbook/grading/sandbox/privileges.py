"""Giving up, for good, whatever a process could do that an ordinary one cannot."""

import contextlib
import ctypes
import os
import re
import signal
from collections.abc import Iterable
from pathlib import Path

from rnnbook.grading.sandbox.syscalls import call

NOBODY = 65534
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 1, 4, 24, 38, 47
_CLEAR_ALL = 4
_CAPABILITIES = 64  # more than any kernel has
_TO_BECOME = 0b11100011  # setuid, setgid, kill, read and write all files, chown
_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("words", ctypes.c_uint32 * 6),)


def stranger() -> int | None:
    """The number of a user for a root process to become, whom nobody else is; None when it is not root's, or cannot."""
    if os.geteuid() != 0 or not _is_mighty():
        return None
    return next(filter(_exists, (2**30 + os.getpid(), NOBODY)), None)


def closed(readable: Iterable[Path], reached: bool) -> Path | None:
    """The first of these paths that is not open to any user.

    Args:
        readable: files and folders.
        reached: whether also the folders on the way there count.
    """
    for path in sorted({path.resolve() for path in readable}):
        for place in [*reversed(path.parents), path] if reached else [path]:
            if not _open_to_all(place):
                return place
    return None


def become(user: int, wholly: bool = True) -> None:
    """Becomes another user and group, without any supplementary group.

    Args:
        user: the number of both.
        wholly: else its files stay root's to read, but its threads are the user's, so that they can be limited.
    """
    with contextlib.suppress(PermissionError):  # in a user namespace it is forbidden, and has been done before
        os.setgroups([])
    if wholly:
        os.setgid(user)
        os.setuid(user)
    else:
        os.setresuid(user, -1, -1)


def drop(user: int | None, wholly: bool) -> None:
    """Drops all capabilities, with no way to regain any.

    Args:
        user: the user to become; None to stay.
        wholly: as for `become`.

    Raises:
        OSError: that failed.
    """
    with contextlib.suppress(OSError):  # not ours to drop, or beyond the last
        for capability in range(_CAPABILITIES):
            call("prctl", _PR_CAPBSET_DROP, capability, 0, 0, 0)
    if user is not None:
        become(user, wholly)
    with contextlib.suppress(OSError):
        call("prctl", _PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    call("capset", _Header(_VERSION_3, 0), _Sets())
    call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)  # no core file, and no other process of the same user looks inside


def die_with_parent() -> None:
    """This process is killed when the thread that forked it ends. To be called after `drop`, which clears it."""
    call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _is_mighty() -> bool:
    """Whether root has the powers to make a process another user's and to go on ruling it: not in all containers."""
    try:
        held = re.search(r"CapEff:\s+(\w+)", Path("/proc/self/status").read_text())
    except OSError:
        return True
    return held is None or int(held[1], 16) & _TO_BECOME == _TO_BECOME


def _exists(user: int) -> bool:
    """Whether there is such a number: a container may have been given but some."""
    try:
        lines = Path("/proc/self/uid_map").read_text().splitlines()
    except OSError:
        return True
    return any(first <= user < first + count for first, _, count in (map(int, line.split()) for line in lines))


def _open_to_all(path: Path) -> bool:
    """Whether any user may read a file, or look into a folder; what is not there is in nobody's way."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return True
    return mode & 0o005 == 0o005 if path.is_dir() else bool(mode & 0o004)
