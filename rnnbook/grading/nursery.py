"""The nursery: a warm process inside the sandbox, torch imported, that forks the children.

It holds no tests and no answers, its environment is empty, and it never runs the learner's code itself. It obeys
orders, each a line of JSON over its control socket: "start", "fork" (with the child's two file descriptors) and "end",
which kills the child if need be, and answers how it ended. When the socket closes, it leaves, and its child with it.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from rnnbook.exercises import warmup
from rnnbook.grading import sandbox
from rnnbook.grading.errors import SandboxError

_START = "import sys; sys.path.append(sys.argv[1]); from rnnbook.grading.nursery import main; main(int(sys.argv[2]))"
_ENVIRONMENT = {
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",  # the same code has the same marks, the order of its sets included
}
_LONGEST = 65536  # bytes of an order or an answer
_STARTING = 120.0  # seconds until a nursery that has not come up is given up


@dataclass(frozen=True)
class Ended:
    """How a child ended: by itself with an exit code, by a signal, or stopped by us."""

    code: int | None = None
    signal: int | None = None

    def __str__(self) -> str:
        if self.code is not None:
            return f"exit code {self.code}"
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(self.signal).name}"
        return f"signal {self.signal}"


class Nursery:
    """The trusted side's hold on a nursery; a context manager.

    Args:
        tier: the sandbox.

    Raises:
        SandboxError: it does not start.
    """

    def __init__(self, tier: str):
        ours, theirs = socket.socketpair()
        package = str(Path(__file__).parents[2])
        environment = _ENVIRONMENT | {k: os.environ[k] for k in ("LD_LIBRARY_PATH",) if k in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-c", _START, package, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        theirs.close()
        self._control = ours
        ours.settimeout(_STARTING)
        self._order({"do": "start", "tier": tier})

    def fork(self, descriptors: list[int], memory: int, seconds: float, scratch: str | None) -> int:
        """Forks a child.

        Args:
            descriptors: the child's ends of its channel and of the pipe for its last place; it gets copies.
            memory: bytes that the learner's code may take.
            seconds: of processor time.
            scratch: the folder that it may write to, where the sandbox does not give it one of its own.

        Returns:
            The process's identifier as it is here, outside; it stays valid until `end`.
        """
        order = {"do": "fork", "memory": memory, "seconds": seconds, "scratch": scratch}
        return self._order(order, descriptors)["pid"]

    def end(self) -> Ended:
        """Ends the child, if it has not ended by itself."""
        return Ended(**self._order({"do": "end"}))

    def close(self) -> None:
        """Ends the nursery, and whatever is left of its child."""
        self._control.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stderr.close()

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _order(self, order: dict, descriptors: list[int] = ()) -> dict:
        try:
            socket.send_fds(self._control, [json.dumps(order).encode()], descriptors)
            message, received, _, _ = socket.recv_fds(self._control, _LONGEST, 1)
            answer = json.loads(message)
        except (OSError, ValueError):
            raise SandboxError(f"The sandbox's process died. Its last words: {self._last_words()}") from None
        for descriptor in received:
            answer["pid"] = _outside(descriptor)
            os.close(descriptor)
        if "error" in answer:
            raise SandboxError(answer["error"])
        return answer

    def _last_words(self) -> str:
        self._process.kill()
        words = self._process.communicate()[1].decode("utf-8", "replace")
        return words.strip().rpartition("\n")[2] or "none"


def main(control: int) -> None:
    """What the nursery does; see the module's docstring.

    Args:
        control: file descriptor of the control socket.
    """
    link = socket.socket(fileno=control)
    tier, pid = None, None
    while True:
        message, descriptors, _, _ = socket.recv_fds(link, _LONGEST, 2)
        if not message:
            if pid:
                _kill(pid)
            return
        order = json.loads(message)
        answer = {}
        try:
            match order["do"]:
                case "start":
                    tier = order["tier"]
                    _warm_up(tier)
                case "fork":
                    pid = sandbox.fork(tier)
                    if pid == 0:
                        link.close()
                        _child(tier, order, *descriptors)
                    answer = {"pid": pid}
                case "end":
                    answer = _end(pid) if pid else {}  # it may have been asked before
                    pid = None
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        handle = [os.pidfd_open(pid)] if "pid" in answer and hasattr(os, "pidfd_open") else []
        socket.send_fds(link, [json.dumps(answer).encode()], handle)
        for descriptor in [*descriptors, *handle]:
            os.close(descriptor)


def _outside(handle: int) -> int:
    """The identifier that a process has here: inside the sandbox it has another."""
    lines = Path(f"/proc/self/fdinfo/{handle}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))


def _warm_up(tier: str) -> None:
    """Enters the sandbox, then imports and runs once what is slow the first time."""
    sandbox.enter(tier, sandbox.readable_paths(), sandbox.hidden_paths())
    warmup.one_thread()
    for _ in warmup.imports():
        pass
    importlib.import_module("rnnbook.grading.child")
    warmup.first_uses()
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, all that it shares with us


def _child(tier: str, order: dict, link: int, late: int) -> None:
    """The forked child; never returns."""
    from rnnbook.exercises.student import Handle
    from rnnbook.grading.channel import Channel
    from rnnbook.grading.child import serve

    code = 1
    try:
        sandbox.confine(tier, (link, late), order["memory"], order["seconds"], order["scratch"])
        serve(Channel(socket.socket(fileno=link), lambda *handle: Handle(None, *handle)), late)
        code = 0
    finally:
        os._exit(code)


def _end(pid: int) -> dict:
    done, status = os.waitpid(pid, os.WNOHANG)
    if not done:
        status = _kill(pid)
    return {"signal": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else {"code": os.waitstatus_to_exitcode(status)}


def _kill(pid: int) -> int:
    """Kills a child and all that is left of it; gives its status."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]
