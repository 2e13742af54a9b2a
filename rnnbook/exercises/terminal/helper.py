"""The warm helper: a process that has imported torch and forks for each check; `warm` starts it.

It leaves when nothing was asked for ten minutes, when the package or an installed one has changed, and when its socket
is gone, as after a logout. For each check it forks a minder, which forks the process of the check, waits for its end,
and kills it when the caller goes away.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from rnnbook.exercises import warmup
from rnnbook.exercises.terminal import warm

_IDLE = 600.0  # seconds without a check until it leaves
_LOOK = 5.0  # seconds between looks at whether it is still of use
_ASKING = 5.0  # seconds for a caller to say what it wants
_POLL = 0.01


def main(listener: str, path: str, mark: str) -> None:
    """What the helper does; see the module's docstring.

    Args:
        listener: file descriptor of the socket at which checks knock.
        path: the socket's path, which ends in the key (see `warm.key`).
        mark: of the socket's path (see `warm.mark_of`).
    """
    socket_path = Path(path)
    environment = dict(os.environ)
    door = socket.socket(fileno=int(listener))
    threads = _import_what_every_check_needs()
    chores = _chores()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # minders need no one to wait for them
    gc.disable()  # a collection would touch, and so copy, all that the forked processes share
    busy, last = True, time.monotonic()
    while busy or (time.monotonic() - last < _IDLE and _is_current(socket_path, mark, environment)):
        if select.select([door], [], [], 0 if busy else _LOOK)[0]:
            _take(door, threads)
            last = time.monotonic()
        elif busy:
            busy = next(chores, "done") != "done"
    if _is_ours(socket_path, mark):
        socket_path.unlink()


def _import_what_every_check_needs() -> int:
    """Imports it; gives the number of threads that torch would take, which a check is to have as well."""
    threads = warmup.one_thread()
    importlib.import_module("rnnbook.exercises.terminal.process")
    importlib.import_module("rnnbook.exercises.run")
    return threads


def _chores() -> Iterator[None]:
    """What is left to import, piece by piece, done while no one waits."""
    from rnnbook.exercises.catalogue import find, identifiers

    yield warmup.first_uses()
    for id in identifiers():
        with contextlib.suppress(Exception):
            yield find(id)
    yield from warmup.imports()
    yield gc.collect()


def _is_current(path: Path, mark: str, environment: dict) -> bool:
    """Whether a check of now would come to this helper."""
    with contextlib.suppress(OSError):
        return _is_ours(path, mark) and path.stem == warm.key(environment)
    return False


def _is_ours(path: Path, mark: str) -> bool:
    with contextlib.suppress(OSError):
        return warm.mark_of(path) == mark
    return False


def _take(door: socket.socket, threads: int) -> None:
    """Forks a minder for the check that knocks."""
    link = door.accept()[0]
    gc.freeze()
    if os.fork():
        link.close()
        return
    try:
        door.close()
        _mind(link, threads)
    finally:
        os._exit(0)


def _mind(link: socket.socket, threads: int) -> None:
    """Starts the check, says its process and how it ended, and kills it when the caller goes away."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    link.settimeout(_ASKING)
    with link.makefile("rb") as lines:
        order = json.loads(lines.readline())
    pid = os.fork()
    if not pid:
        link.close()
        _work(order, threads)
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)  # the process does so too: whoever comes first
    with contextlib.suppress(OSError):  # a caller that has gone is noticed below
        link.sendall(f"started {pid}\n".encode())
    while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        if select.select([link], [], [], _POLL)[0]:
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # what it has started, and itself if it still runs
    status = os.waitpid(pid, 0)[1]
    with contextlib.suppress(OSError):
        link.sendall(f"ended {os.waitstatus_to_exitcode(status)}\n".encode())


def _work(order: dict, threads: int) -> None:
    """The process of a check, made like one that the caller had started itself; never returns."""
    code = 1
    try:
        os.setpgid(0, 0)
        os.umask(order["umask"])
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"])
        time.tzset()
        for descriptor in (0, 1):
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
        os.dup2(os.open(order["words"], os.O_WRONLY | os.O_APPEND), 2)

        import numpy as np
        import torch

        from rnnbook.exercises.terminal.process import work

        np.random.seed()  # noqa: NPY002 - the global generator, which else every check would share
        torch.set_num_threads(threads)
        gc.enable()
        work(*order["arguments"])
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
