"""The learner's side: a forked process that runs the learner's definitions, then only computes what it is asked.

Its requests, and what it answers:

    {"do": "survey", "cells": ..., "modules": ..., "exercises": ...}    {"survey": what it holds}; nothing of it is run
    {"do": "load", "cells": ..., "wanted": ..., ...}                    {"problems": ..., "notes": ...}
    {"do": "begin", "limit": ..., "seed": ...}                          {"value": None}; a test begins
    {"do": "get", "number": ..., "name": ...}                           {"value": ...}
    {"do": "call", "number": ..., "args": ..., "kwargs": ...}           {"value": ..., "after": the arguments then}
    {"do": "grad", "number": ..., "args": ..., "wrt": ..., "upstream": ...}     the same

or {"error": message, "status": ..., "raised": ..., "said": ...}. "printed" is what was printed meanwhile.
Whatever the learner's code does to this process, all it can reach are its own answers.
"""

import faulthandler
import io
import signal
import sys

from rnnbook.exercises import source
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.local import Local
from rnnbook.exercises.seeds import seed_all
from rnnbook.exercises.source import Cell
from rnnbook.grading import flags
from rnnbook.grading.channel import Channel, Closed
from rnnbook.grading.wire import WireError

TELL = getattr(signal, "SIGUSR1", None)  # asks a child that is late where it is
_OUTPUT = 2**20  # characters that the learner's code may print in one test
_KEPT = 2000  # of them, how many a report shows
_DENIED = "no new processes, no network, and no writing but of temporary files"


class OutputLimit(Exception):
    """Raised in the learner's code at the line that prints too much."""


class Printed(io.TextIOBase):
    """Standard output and error in one: keeps the beginning, and stops code that prints without end."""

    def __init__(self):
        self._beginning = ""
        self._count = 0

    def write(self, text: str) -> int:
        """Takes text; raises OutputLimit when it is too much."""
        self._beginning += text[: _KEPT - len(self._beginning)]
        self._count += len(text)
        if self._count > _OUTPUT:
            raise OutputLimit
        return len(text)

    def take(self) -> str:
        """What was printed since the last time, as far as it is kept."""
        taken, self._beginning = self._beginning, ""
        return taken


def serve(channel: Channel, late: int) -> None:
    """Answers requests until the other side has gone.

    Args:
        channel: to the tests.
        late: a file descriptor to which the place is written on the signal `TELL`.
    """
    faulthandler.register(TELL, file=late, all_threads=False)  # works even in the middle of one huge operation
    printed = Printed()
    sys.stdout = sys.stderr = printed
    child = _Child()
    while True:
        try:
            request = channel.receive()
        except Closed:
            return
        try:
            reply = getattr(child, request.pop("do"))(**request)
        except LearnerError as error:
            reply = _said(error)
        except Exception as error:  # an object that cannot even be described
            reply = _said(LearnerError(f"What your code gave cannot be read ({type(error).__name__})."))
        _send(channel, reply | {"printed": printed.take()})


class _Child:
    """A method for each request."""

    def survey(self, cells: list, modules: dict, exercises: dict) -> dict:
        """What a source defines and checks; for each exercise in it, the flags and the code that it needs."""
        cells = [Cell(*cell) for cell in cells]
        held = source.survey(cells)
        about = {kind: [*getattr(held, kind)] for kind in ("defines", "checked", "problems", "notes")}
        about |= {"flags": {}, "needed": {}}
        for id, (wanted, forbidden) in exercises.items():
            if {*wanted} & {*held.defines}:
                found = flags.flags(cells, forbidden, wanted, modules)
                about["flags"][id] = [[flag.what, flag.where] for flag in found]
                about["needed"][id] = [[cell.name, cell.code] for cell in source.reduced(cells, wanted)]
        return {"survey": about}

    def load(self, cells: list, wanted: tuple, modules: dict, seconds: float, seed: int) -> dict:
        """Runs the definitions that the exercise needs."""
        seed_all(seed)
        loaded = source.load([Cell(*cell) for cell in cells], wanted, modules, seconds)
        self._namespace, self._wanted, self._problems = loaded.namespace, wanted, loaded.problems
        return {"problems": [*loaded.problems], "notes": [*loaded.notes]}

    def begin(self, limit: float, seed: int) -> dict:
        """Begins a test."""
        seed_all(seed)
        self._engine = Local(self._namespace, limit, self._wanted)
        return {"value": None}

    def get(self, number: int | None, name: str) -> dict:
        """See `Engine.get`."""
        try:
            return {"value": self._engine.get(number, name)}
        except LearnerError as error:
            if number is None and self._problems:  # the reason why the name is missing
                error.args = ("\n".join([str(error), *self._problems[:3]]),)
            raise

    def call(self, number: int, args: tuple, kwargs: dict) -> dict:
        """See `Engine.call`."""
        return {"value": self._engine.call(number, args, kwargs), "after": self._engine.after}

    def grad(self, number: int, args: tuple, wrt: tuple, upstream) -> dict:
        """See `Engine.grad`."""
        return {"value": self._engine.grad(number, args, wrt, upstream), "after": self._engine.after}


def _send(channel: Channel, reply: dict) -> None:
    try:
        channel.send(reply)
    except Closed:
        return
    except WireError as error:  # nothing has been sent yet
        channel.send(_said(LearnerError(f"Your code gave what cannot be compared. {error}")))


def _said(error: LearnerError) -> dict:
    """An error as a reply; those that the sandbox causes are named after their limit."""
    message, status = str(error), error.status
    place = message.partition("\n")[2]
    if "MemoryError" in error.raised or "can't allocate memory" in error.said:
        status, message = "memory", f"Your code needs more memory than it may use.\n{place}"
    elif "OutputLimit" in error.raised:
        status, message = "output", f"Your code printed more than {_OUTPUT // 10**6} MB: in an endless loop?\n{place}"
    elif {"PermissionError", "BlockingIOError"} & {*error.raised}:
        message += f"\nThe grader allows {_DENIED}."
    said = error.said[:_KEPT]
    return {"error": message, "status": status, "raised": error.raised, "said": said}
