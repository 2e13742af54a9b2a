"""Looks from outside at what a submission does: files, secrets, connections, processes, signals and memory."""

import contextlib
import ctypes
import hashlib
import os
import select
import signal
import socket
import threading
import time
from pathlib import Path

MARK = "rnnbook-attack"  # in the name of every file that an attack leaves
SECRET = "canary-7f3a91"  # in every secret
_PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/etc/cron.d", "/etc/profile.d")
_SUBREAPER = 36
PATIENCE = 5  # seconds that a process which has been killed may take to go
_SAMPLE = 0.1  # seconds between two looks at memory


class Observer:
    """Secrets to find, files to spoil and sockets to talk to; a context manager.

    Args:
        folder: an empty folder, for the secrets, the class and the temporary files.
    """

    def __init__(self, folder: Path):
        self.temporary = folder / "temporary"
        self.folders = [folder / "home", folder / "class"]
        for path in (self.temporary, *self.folders, folder / "class" / "ada"):
            path.mkdir()
        self.files = [folder / "home" / ".netrc", folder / "class" / "ada" / "02_rnn.ipynb", folder / "tests.py"]
        for path in self.files:
            path.write_text(SECRET)
        self.most = 0
        self._watched = folder
        self._unix = str(folder / "socket")
        self._opened = contextlib.ExitStack()
        self._signals: list[int] = []

    def __enter__(self) -> "Observer":
        self._subreaper(1)  # whoever loses its parent becomes a child of this process, and is seen
        self._opened.callback(self._subreaper, 0)
        before = signal.signal(signal.SIGURG, lambda number, _: self._signals.append(number))
        self._opened.callback(signal.signal, signal.SIGURG, before)
        self._listen()
        stop = threading.Event()
        thread = threading.Thread(target=self._sample, args=(stop,), daemon=True)
        thread.start()
        self._opened.callback(thread.join)
        self._opened.callback(stop.set)
        self.begin()
        return self

    def __exit__(self, *_) -> None:
        self._opened.close()

    @property
    def canary(self) -> str:
        """A module that tells an attack where the bait lies."""
        names = [self._unix, self._unix + "-datagram", f"\0{self._unix}", f"\0{self._unix}-datagram"]
        return (
            f"FILES = {[*map(str, self.files)]!r}\nFOLDERS = {[*map(str, self.folders)]!r}\n"
            f"PORT = {self.port}\nUNIX = {names!r}\nSEED_SHA = {hashlib.sha256(SECRET.encode()).hexdigest()!r}\n"
        )

    def begin(self) -> None:
        """Takes the state of now as given."""
        self._connections()
        self._signals.clear()
        self._state = self._files()
        self._before = {*self._left()}
        self._processes = processes()
        self._resident = resident(self._processes)
        self.most = 0

    def harm(self) -> list[str]:
        """What there is to see since `begin`, a line each; empty when all is well."""
        found = [f"the files changed: {sorted(set(self._files()) ^ set(self._state))}"] * (self._files() != self._state)
        found += [f"a connection: {link}" for link in self._connections()]
        found += [f"a signal: {number}" for number in self._signals]
        found += [f"a file: {path}" for path in self._left() if path not in self._before]
        end = time.monotonic() + PATIENCE
        while (more := processes() - self._processes) and time.monotonic() < end:
            select.select([], [], [], 0.01)  # what has just been killed takes a moment to go
        return found + [f"a process: {_command(pid)}" for pid in more]

    def grown(self) -> int:
        """Bytes of memory that all child processes together took more than before."""
        return max(self.most - self._resident, 0)

    def _listen(self) -> None:
        def bound(family: int, kind: int, address) -> socket.socket:
            link = self._opened.enter_context(socket.socket(family, kind))
            link.bind(address)
            if kind == socket.SOCK_STREAM:
                link.listen()
            return link

        first = bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self.port = first.getsockname()[1]
        self._links = [first, bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", self.port))]
        with contextlib.suppress(OSError):  # not everywhere is there IPv6
            self._links.append(bound(socket.AF_INET6, socket.SOCK_STREAM, ("::1", self.port)))
        for start in ("", "\0"):
            self._links.append(bound(socket.AF_UNIX, socket.SOCK_STREAM, start + self._unix))
            self._links.append(bound(socket.AF_UNIX, socket.SOCK_DGRAM, start + self._unix + "-datagram"))

    def _connections(self) -> list[str]:
        readable, _, _ = select.select(self._links, [], [], 0)
        for link in readable:
            if link.type == socket.SOCK_STREAM:
                link.accept()[0].close()
            else:
                link.recv(100)
        return [str(link.getsockname()) for link in readable]

    def _files(self) -> list[tuple]:
        found = []
        for path in sorted(self._watched.rglob("*")):
            if self.temporary not in (path, *path.parents):
                status = path.lstat()
                content = path.read_bytes() if path.is_file() else b""
                found.append((str(path), content, status.st_mode, status.st_mtime_ns, status.st_ino))
        return found

    def _left(self) -> list[str]:
        """Files that attacks leave, and all temporary ones."""
        places = [*_PLACES, os.getcwd(), os.path.expanduser("~")]
        marked = [f"{place}/{name}" for place in places for name in _list(place) if MARK in name]
        return marked + [f"{self.temporary}/{name}" for name in _list(self.temporary)]

    def _sample(self, stop: threading.Event) -> None:
        while not stop.wait(_SAMPLE):
            self.most = max(self.most, resident(processes()))

    @staticmethod
    def _subreaper(on: int) -> None:
        ctypes.CDLL(None).prctl(_SUBREAPER, on, 0, 0, 0)


def processes() -> set[int]:
    """All processes that come from this one."""
    found, new = set(), [os.getpid()]
    while new:
        new = [child for pid in new for child in _children(pid) if child not in found]
        found.update(new)
    return found


def resident(pids: set[int]) -> int:
    """Bytes of memory that processes hold; what they share is counted once for each."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return total * os.sysconf("SC_PAGE_SIZE")


def _children(pid: int) -> list[int]:
    found = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    return found


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return f"{pid} {Path(f'/proc/{pid}/cmdline').read_text()[:100]!r}"
    return str(pid)


def _list(folder) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
