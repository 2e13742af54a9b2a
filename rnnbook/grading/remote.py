"""The tests' side: the engine of `student` whose learner is a child in the sandbox. Nothing that comes is trusted."""

import contextlib
import math
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rnnbook.exercises.display import clean
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.guard import dumped
from rnnbook.exercises.source import Cell
from rnnbook.exercises.student import Handle
from rnnbook.exercises.values import changed
from rnnbook.grading.channel import Channel, Closed, Late
from rnnbook.grading.child import TELL
from rnnbook.grading.nursery import Nursery
from rnnbook.grading.wire import WireError

_GRACE = 0.5  # seconds that a child has to stop by itself
_PAUSE = 0.1  # seconds after which a dump of where it is has ended
_DUMP = 2**14  # bytes of it
_LONGEST = 5000  # characters of a message
_SCRATCH = 2**26  # bytes of temporary files
_STATUSES = ("failed", "timeout", "memory", "output")
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Remote:
    """An engine on a child of a nursery.

    Args:
        nursery: where it is forked.
        seconds: time limit of the learner's code in one test.
        memory: bytes that the learner's code may take.
        tests: how many tests there may be.
    """

    def __init__(self, nursery: Nursery, seconds: float, memory: int, tests: int = 1):
        self.spent = False  # whether a limit has been reached, so that the next test had better have another child
        self.changed: tuple[int | str, ...] = ()
        self._nursery = nursery
        self._seconds = self._left = seconds
        self._memory = memory
        self._cells: Sequence[Cell] = ()
        self._handles: dict[str, Handle] = {}  # the learner's global functions and classes
        self._dead: LearnerError | None = None
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:  # closed here where forking fails
            self._scratch = tempfile.mkdtemp(prefix="rnnbook-")
            ours.callback(_remove, self._scratch)
            link, its_link = socket.socketpair()
            self._late, its_late = os.pipe()
            ours.callback(link.close)
            ours.callback(os.close, self._late)
            theirs.callback(its_link.close)
            theirs.callback(os.close, its_late)
            cpu = math.ceil(seconds) * tests + 30  # a backstop
            self._pid = nursery.fork([its_link.fileno(), its_late], memory, cpu, self._scratch)
            self._ours = ours.pop_all()
        self._channel = Channel(link, lambda *handle: Handle(self, *handle))
        self._resident = self._now_resident()

    def survey(self, cells: Sequence[Cell], modules: dict[str, str], exercises: dict) -> dict:
        """What code holds; nothing of it is run, so what comes is true unless Python's own parser can be misled.

        Args:
            cells: the code.
            modules: helper modules beside it.
            exercises: for each identifier the names that it wants, and those that it forbids.
        """
        content = [[cell.name, cell.code] for cell in cells]
        request = {"do": "survey", "cells": content, "modules": modules, "exercises": exercises}
        return self._ask(request, self._seconds)["survey"]

    def load(self, cells: Sequence[Cell], wanted: tuple, modules: dict[str, str], seconds: float, seed: int) -> dict:
        """Runs the learner's definitions; gives the problems and notes that came of it."""
        self._cells = cells
        content = [[cell.name, cell.code] for cell in cells]
        request = {"do": "load", "cells": content, "wanted": wanted, "modules": modules, "seed": seed}
        return self._ask(request | {"seconds": seconds}, seconds)

    def begin(self, seed: int) -> None:
        """Begins a test: a new allowance of time, and random numbers of this seed."""
        self.changed = ()
        self._handles = {}
        self._left = self._seconds
        self._ask({"do": "begin", "limit": self._seconds, "seed": seed}, self._seconds)

    def get(self, number: int | None, name: str):
        """See `Engine.get`. A function or a class of the learner's is asked for once in a test."""
        if number is None and name in self._handles:
            return self._handles[name]
        value = self._timed({"do": "get", "number": number, "name": name})["value"]
        if number is None and isinstance(value, Handle):
            self._handles[name] = value
        return value

    def call(self, number: int, args: tuple, kwargs: dict):
        """See `Engine.call`."""
        return self._watched({"do": "call", "number": number, "args": args, "kwargs": kwargs}, args, kwargs)

    def grad(self, number: int, args: tuple, wrt: tuple, upstream):
        """See `Engine.grad`."""
        request = {"do": "grad", "number": number, "args": args, "wrt": tuple(wrt), "upstream": upstream}
        return self._watched(request, args, {})

    def close(self) -> None:
        """Ends the child, and takes away what it had."""
        with self._ours:
            self._channel.close()
            self._nursery.end()

    def _watched(self, request: dict, args: tuple, kwargs: dict):
        self.changed = ()
        reply = self._timed(request)
        self.changed = changed(args, kwargs, reply["after"])
        return reply["value"]

    def _timed(self, request: dict) -> dict:
        start = time.monotonic()
        try:
            return self._ask(request, self._left)
        finally:
            self._left -= time.monotonic() - start

    def _ask(self, request: dict, seconds: float) -> dict:
        """Sends a request and gives its reply, which has been checked to have the parts that are read of it."""
        if self._dead:
            raise self._dead
        try:
            self._channel.send(request, seconds + _GRACE, self._watch)
            reply = self._channel.receive(seconds + _GRACE, self._watch)
        except Late:
            raise self._died("timeout", self._too_long()) from None
        except Closed:
            raise self._died("crash", f"Your code ended the Python process ({self._nursery.end()}).") from None
        except WireError as error:
            raise self._died("crash", f"Your code broke the connection to its tests. {error}") from None
        self._print(reply)
        match reply:
            case {"error": str(message), "status": str(status), "raised": tuple(raised), "said": str(said)}:
                status = status if status in _STATUSES else "failed"
                self.spent = self.spent or status != "failed"
                names = tuple(name for name in raised if isinstance(name, str))
                raise LearnerError(clean(message[:_LONGEST]), status, names, clean(said[:_LONGEST]))
            case {"value": _, "after": list()} | {"problems": list(), "notes": list()} | {"survey": dict()}:
                return reply
            case {"value": _} if request["do"] in ("begin", "get"):
                return reply
        raise self._died("crash", "Your code broke the connection to its tests.")

    def _died(self, status: str, message: str) -> LearnerError:
        """Notes why the child can answer no more; every further request gets the same error."""
        self.spent = True
        self._dead = LearnerError(message, status)
        return self._dead

    def _too_long(self) -> str:
        """The message for a child that had to be stopped, with the learner's line if the child could still tell it."""
        message = f"Your code took longer than {self._seconds:g} s, and had to be stopped from outside."
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self._pid, TELL)
        dump = b""
        while len(dump) < _DUMP and select.select([self._late], [], [], _PAUSE if dump else _GRACE)[0]:
            piece = os.read(self._late, _DUMP)  # it comes in pieces
            if not piece:
                break
            dump += piece
        lines = {cell.name: cell.code.splitlines() for cell in self._cells}
        for name, number in dumped(dump.decode("utf-8", "replace")):
            if name in lines and 0 < number <= len(lines[name]):
                return clean(f"{message}\n    {name}, line {number}: {lines[name][number - 1].strip()[:_LONGEST]}")
        return message

    def _watch(self) -> None:
        """Looks, while the child computes, at what no limit of the kernel's covers in every sandbox."""
        if self._now_resident() - self._resident > self._memory:
            raise self._died("memory", "Your code needs more memory than it may use.")
        if _size(self._scratch) > _SCRATCH:
            raise self._died("output", f"Your code wrote more than {_SCRATCH // 2**20} MB of temporary files.")

    def _now_resident(self) -> int:
        """Bytes of memory that the child holds; 0 where the system does not tell."""
        try:
            return int(Path(f"/proc/{self._pid}/statm").read_text().split()[1]) * _PAGE
        except (OSError, ValueError, IndexError):
            return 0

    def _print(self, reply) -> None:
        """What the learner's code printed is printed here, where pytest captures it for the report."""
        match reply:
            case {"printed": str(text)} if text:
                print(clean(text[:_LONGEST]), end="")


def _size(folder: str) -> int:
    """Bytes of what is in a folder, as far as it can be counted while somebody writes there; enough to say too much."""
    total, folders = 0, [folder]
    while folders and total <= _SCRATCH:
        with contextlib.suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                total += max(entry.stat(follow_symlinks=False).st_blocks * 512, _PAGE)  # an empty file takes room too
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
    return total


def _remove(folder: str) -> None:
    """Removes a folder, even one too deep for Python's own way, or with folders in it that nobody may enter."""
    try:
        shutil.rmtree(folder)
    except (OSError, RecursionError):
        for command in (["chmod", "-R", "u+rwx", folder], ["rm", "-rf", folder]):
            subprocess.run(command, check=False, stderr=subprocess.DEVNULL)
