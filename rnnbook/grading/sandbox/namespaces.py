"""Namespaces: a file system, network, process table of one's own, in which there is nothing but what is given."""

import contextlib
import ctypes
import errno
import os
import signal
import stat
from collections.abc import Iterable
from pathlib import Path

from rnnbook.grading.sandbox import privileges
from rnnbook.grading.sandbox.syscalls import call

USER = 1000  # the learner's number inside
_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    *(0x20000, 0x2000000, 0x4000000, 0x8000000),
    *(0x10000000, 0x20000000, 0x40000000),
)
_READ_ONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_DETACH = 2
_HERE, _RECURSIVE = -100, 0x8000
_BASE = "/tmp"  # where the new root is put together; the old /tmp is seen no more from then on
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_TEMPORARY = "size=64m,nr_inodes=4096,mode=700"


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns", ctypes.c_uint64),
    )


def leave(user: int | None) -> int | None:
    """Leaves the host's namespaces. Returns in a fork; what called it waits for that, and ends as that does.

    Args:
        user: for root, the number outside of a user that it can become inside.

    Returns:
        The number inside of the user to become, if any.

    Raises:
        OSError: the system forbids it.
    """
    user = _unshare(user)
    child = os.fork()
    if child:
        _stand_by(child)
    privileges.die_with_parent()
    call("sethostname", b"sandbox", 7)
    return user


def move(readable: Iterable[Path], hidden: Iterable[Path]) -> str:
    """Puts together a root folder with nothing but what is given, moves there, and lets go of the old one.

    Args:
        readable: files and folders that are seen, and can only be read.
        hidden: what of them is not seen.

    Returns:
        The folder for temporary files.
    """
    folders, links = plan(readable)
    sources = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in [*folders, *map(Path, _DEVICES)]}
    _mount(None, "/", None, _REC | _PRIVATE, None)
    _mount("tmpfs", _BASE, "tmpfs", _NOSUID | _NODEV, "size=1m,mode=755")
    in_use = any(Path("/tmp") in path.parents for path in [*folders, *links])
    temporary = "/scratch" if in_use else "/tmp"
    os.mkdir(f"{_BASE}{temporary}")
    for path, source in sources.items():
        _bind(source, f"{_BASE}{path}", device=str(path) in _DEVICES)
        os.close(source)
    for link, target in links.items():
        place = Path(f"{_BASE}{link}")
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.is_symlink():
            place.symlink_to(target)
    for path in {path.resolve() for path in hidden}:
        _cover(f"{_BASE}{path}")
    os.chdir(_BASE)
    call("pivot_root", ".", ".")
    call("umount2", ".", _DETACH)
    os.chdir("/")
    _mount("tmpfs", temporary, "tmpfs", _NOSUID | _NODEV, _TEMPORARY)
    _mount(None, "/", None, _REMOUNT | _BIND | _READ_ONLY | _NOSUID | _NODEV, None)
    return temporary


def fork(own: int) -> int:
    """As os.fork, but the child is the first process of a process namespace of its own.

    Args:
        own: a file descriptor of this process's namespace.
    """
    call("unshare", _NEWPID)
    child = -1
    try:
        child = os.fork()
    finally:
        if child:
            call("setns", own, _NEWPID)
    return child


def own_temporary(folder: str, user: int | None) -> None:
    """Gives this process temporary files that nobody else sees, in memory, of limited size.

    Args:
        folder: where, as `move` has said.
        user: who will write them; None for the present user.
    """
    owner = os.getuid() if user is None else user
    call("unshare", _NEWNS)
    _mount("tmpfs", folder, "tmpfs", _NOSUID | _NODEV | _NOEXEC, f"{_TEMPORARY},uid={owner},gid={owner}")


def plan(readable: Iterable[Path]) -> tuple[list[Path], dict[Path, str]]:
    """What the new root needs.

    Returns:
        The real files and folders, none inside another, and the symbolic links on the way to them.
    """
    links, real = {}, set()
    for path in readable:
        with contextlib.suppress(OSError):
            real.add(path.resolve(strict=True))
            _links_to(path, links)
    return sorted(path for path in real if not real.intersection(path.parents)), links


def explain(error: OSError) -> str:
    """Why there are no namespaces, and what would help."""
    if error.errno in (errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EUSERS, errno.EINVAL):
        return (
            f"this system forbids user namespaces ({error.strerror}); its administrator can allow them: sysctl "
            "kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu, a larger user.max_user_namespaces elsewhere"
        )
    return error.strerror or str(error)


def _unshare(user: int | None) -> int | None:
    """Leaves the host's namespaces; gives the number inside of the user to become, if root may."""
    wake, woken = os.pipe()
    outside = os.getpid(), os.geteuid(), os.getegid()
    if os.geteuid() == 0:
        with contextlib.suppress(PermissionError):
            os.setgroups([])
    mapper = os.fork()  # stays outside, where it may say who we are inside
    if mapper == 0:
        os.close(woken)
        code = 1
        try:
            if os.read(wake, 1):
                code = 0 if _map(*outside, user) else 2
        finally:
            os._exit(code)
    os.close(wake)
    try:
        call("unshare", _NEWUSER | _NEWNS | _NEWPID | _NEWNET | _NEWIPC | _NEWUTS | _NEWCGROUP)
        os.write(woken, b"!")
    finally:
        os.close(woken)
        code = os.waitstatus_to_exitcode(os.waitpid(mapper, 0)[1])
    if code not in (0, 2):
        raise OSError(errno.EPERM, "no user can be mapped into a user namespace")
    return USER if code == 0 else None


def _map(pid: int, uid: int, gid: int, user: int | None) -> bool:
    """Gives a process its users: itself, and for root the one to become. Whether that one could be given."""
    Path(f"/proc/{pid}/setgroups").write_text("deny")
    own = 0 if uid == 0 else USER
    if user is not None:
        with contextlib.suppress(OSError):
            _write_map(pid, "gid", f"{own} {gid} 1\n{USER} {user} 1\n")
            _write_map(pid, "uid", f"{own} {uid} 1\n{USER} {user} 1\n")
            return True
    _write_map(pid, "gid", f"{own} {gid} 1\n")
    _write_map(pid, "uid", f"{own} {uid} 1\n")
    return False


def _write_map(pid: int, kind: str, lines: str) -> None:
    with open(f"/proc/{pid}/{kind}_map", "wb", buffering=0) as file:
        file.write(lines.encode())


def _stand_by(child: int) -> None:
    """What is left of the process that entered: it waits for its child and ends as that does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    status = os.waitpid(child, 0)[1]
    os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def _links_to(path: Path, links: dict[Path, str]) -> None:
    for part in [*reversed(path.parents), path]:
        if part.is_symlink() and part not in links:
            links[part] = os.readlink(part)
            _links_to(Path(os.path.normpath(part.parent / links[part])), links)


def _bind(source: int, target: str, device: bool) -> None:
    """Shows what is open as `source` at the path `target`, to be read only."""
    origin = f"/proc/self/fd/{source}"
    if stat.S_ISDIR(os.stat(origin).st_mode):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "x").close()
    _mount(origin, target, None, _BIND | _REC, None)
    flags = _READ_ONLY | _NOSUID | (0 if device else _NODEV)
    try:
        attributes = _Attributes(set=flags)
        call("mount_setattr", _HERE, target, _RECURSIVE, attributes, ctypes.sizeof(attributes))
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        _mount(None, target, None, _REMOUNT | _BIND | flags | _kept_flags(target), None)  # before Linux 5.12


def _kept_flags(target: str) -> int:
    """The flags of a mount that a user namespace may not take away."""
    return os.statvfs(target).f_flag & (_READ_ONLY | _NOSUID | _NODEV | _NOEXEC | 1024 | 2048 | 4096)


def _cover(target: str) -> None:
    """Puts something empty over a file or a folder."""
    if os.path.isdir(target):
        _mount("tmpfs", target, "tmpfs", _READ_ONLY | _NOSUID | _NODEV | _NOEXEC, "size=4k,nr_inodes=2,mode=555")
    elif os.path.exists(target):
        empty = f"{_BASE}/empty"
        open(empty, "x").close()
        _mount(empty, target, None, _BIND, None)
        _mount(None, target, None, _REMOUNT | _BIND | _READ_ONLY | _NOSUID | _NODEV, None)
        os.remove(empty)


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None) -> None:
    try:
        call("mount", source, target, kind, flags, data)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} ({target})") from None
