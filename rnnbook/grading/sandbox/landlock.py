"""Landlock: the kernel refuses this process every file, and TCP, that it has not been given."""

import contextlib
import ctypes
import errno
import os
from collections.abc import Iterable
from pathlib import Path

from rnnbook.grading.sandbox.syscalls import call

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_READ = _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER | _TRUNCATE
_OF_FILES = _WRITE_FILE | _READ_FILE | _TRUNCATE  # what may be granted on a file that is no folder
# What each version of Landlock can refuse; what it does not know cannot be asked for.
_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP = {4: 0b11}  # to bind, to connect
_SCOPES = {6: 0b11}  # abstract Unix sockets, signals

_VERSION, _PATH_BENEATH = 1, 1


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("tcp", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("access", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """The version of the kernel's Landlock.

    Raises:
        OSError: it has none (ENOSYS), or it is turned off (EOPNOTSUPP).
    """
    return call("landlock_create_ruleset", None, 0, _VERSION)


class Rules:
    """What a process may read; kept open, so that each child of the nursery can be given them at once.

    Args:
        readable: files, and folders with all that is in them.
        hidden: what is left out of those folders.
        writable: files that may be written to.

    Raises:
        OSError: the kernel has no Landlock.
    """

    def __init__(self, readable: Iterable[Path], hidden: Iterable[Path] = (), writable: Iterable[Path] = ()):
        self._version = version()
        hidden = {path.resolve() for path in hidden}
        self._grants: list[tuple[int, int]] = []
        for path in readable:
            self._grant(path.resolve(), hidden)
        for path in writable:
            self._add(path, _WRITE)

    def restrict(self, scratch: Iterable[Path] = ()) -> None:
        """From here on this process, whose only thread this is, can only read what it has been given.

        Args:
            scratch: folders in which it may also write.
        """
        files, tcp, scopes = (_newest(known, self._version) for known in (_FILES, _TCP, _SCOPES))
        ruleset = call("landlock_create_ruleset", _Ruleset(files, tcp, scopes), ctypes.sizeof(_Ruleset), 0)
        written = [(os.open(folder, os.O_PATH | os.O_CLOEXEC), _WRITE) for folder in scratch]
        for folder, access in [*self._grants, *written]:
            call("landlock_add_rule", ruleset, _PATH_BENEATH, _Beneath(access & files, folder), 0)
        call("landlock_restrict_self", ruleset, 0)
        os.close(ruleset)

    def _grant(self, path: Path, hidden: set[Path]) -> None:
        """Grants a path; where something is hidden below it, the things beside that one by one."""
        if path in hidden:
            return
        if not any(path in other.parents for other in hidden):
            self._add(path, _READ)
            return
        self._add(path, _READ_DIR)  # Python finds no module in a folder that it cannot list
        for child in sorted(path.iterdir()):
            if not child.is_symlink():
                self._grant(child, hidden)

    def _add(self, path: Path, access: int) -> None:
        with contextlib.suppress(FileNotFoundError, PermissionError):
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
            self._grants.append((folder, access if path.is_dir() else access & _OF_FILES))


def everything() -> Rules | None:
    """Rules for where there is nothing but what may be read; None when the kernel has no Landlock."""
    with contextlib.suppress(OSError):
        return Rules([Path("/")], writable=[Path(os.devnull)])
    return None


def explain(error: OSError) -> str:
    """Why there is no Landlock, and what would help."""
    if error.errno == errno.EOPNOTSUPP:
        return "Landlock is turned off in this kernel: add landlock to its boot parameter lsm="
    if error.errno == errno.ENOSYS:
        return "this kernel has no Landlock, which Linux has since 5.13, or the container forbids it"
    return error.strerror or str(error)


def _newest(known: dict[int, int], version: int) -> int:
    return next((known[at] for at in sorted(known, reverse=True) if at <= version), 0)
