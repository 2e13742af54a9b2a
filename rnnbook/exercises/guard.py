"""Runs the learner's code within a time limit, and turns every way it can fail into a LearnerError."""

import ctypes
import linecache
import re
import signal
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

from rnnbook.exercises.errors import LearnerError, NotWritten

_STDLIB = sysconfig.get_path("stdlib")
_PACKAGE = str(Path(__file__).parents[1])
_DUMPED = re.compile(r'^  File "(.+)", line (\d+) in ', re.MULTILINE)
_AGAIN = 0.01  # seconds between attempts to stop code that catches everything


class _TimeLimit(BaseException):
    """Raised inside the learner's code; not an Exception, so that `except Exception` lets it pass."""


class _Interrupt(BaseException):
    """Ctrl-C while the learner's code runs, told apart from a KeyboardInterrupt that the learner's code raises."""


class Guard:
    """An allowance of time that the calls of one test share.

    Args:
        seconds: what the learner's code may take in all.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self._left = seconds
        self._frames: list = []  # where the time limit was first reached

    def run(self, function: Callable):
        """Calls `function()` and gives its value.

        Raises:
            LearnerError: it raised anything at all, or the time is up.
            KeyboardInterrupt: the user pressed Ctrl-C.
        """

        def attempt():
            try:
                return function()
            except (_TimeLimit, _Interrupt, LearnerError):
                raise
            except BaseException as error:
                raise explain(error) from None

        if self._left <= 0:
            raise self._too_long()
        in_main = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
        start = time.monotonic()
        try:
            return self._with_alarm(attempt) if in_main else self._in_thread(attempt)
        except _Interrupt:
            raise KeyboardInterrupt from None
        finally:
            self._left -= time.monotonic() - start
            if self._frames:  # even if the learner's code caught the exception and went on to its end
                raise self._too_long() from None

    def _with_alarm(self, function: Callable):
        def expire(signum, frame):
            if frame.f_code.co_filename == __file__:
                return  # the learner's code has ended already
            self._frames = self._frames or _stack(frame)
            # A bare `except:` around it will catch this one; the trace raises another at that block's first line.
            sys.settrace(stop)
            while frame.f_code.co_filename != __file__:
                frame.f_trace = stop
                frame = frame.f_back
            raise _TimeLimit

        def stop(frame, event, _):
            if frame.f_code.co_filename == __file__:
                return None
            if event in ("call", "line"):
                raise _TimeLimit
            return stop

        def interrupt(signum, frame):
            raise _Interrupt

        old_trace = sys.gettrace()
        old_alarm = signal.signal(signal.SIGALRM, expire)
        old_interrupt = signal.getsignal(signal.SIGINT)
        if old_interrupt is signal.default_int_handler:
            signal.signal(signal.SIGINT, interrupt)
        old_timer = signal.setitimer(signal.ITIMER_REAL, self._left, _AGAIN)
        try:
            return function()
        finally:
            sys.settrace(old_trace)
            signal.setitimer(signal.ITIMER_REAL, *old_timer)
            signal.signal(signal.SIGALRM, old_alarm)
            if old_interrupt is signal.default_int_handler:
                signal.signal(signal.SIGINT, old_interrupt)

    def _in_thread(self, function: Callable):
        """Where there is no alarm (Windows, a thread of the user's): a daemon thread, left behind if it won't stop."""
        outcome = {}

        def target():
            try:
                outcome["value"] = function()
            except BaseException as error:
                outcome["error"] = error

        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        thread.join(self._left)
        if thread.is_alive():
            self._frames = _stack(sys._current_frames().get(thread.ident))
            for _ in range(100):
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_TimeLimit))
                thread.join(_AGAIN)
                if not thread.is_alive():
                    break
            raise self._too_long()
        if "error" in outcome:
            raise outcome["error"]
        return outcome["value"]

    def _too_long(self) -> LearnerError:
        message = f"Your code took longer than {self.seconds:g} s: is there an endless loop?"
        return LearnerError("\n".join([message, *_indented(place(self._frames))]), status="timeout")


def explain(error: BaseException) -> LearnerError:
    """What went wrong in the learner's code, with the learner's own line and none of ours."""
    frames = _frames(error)
    where = place(frames)
    if isinstance(error, NotImplementedError) and "raise NotImplementedError" in where:
        name = [code.co_qualname for code, _ in frames if is_learners(code.co_filename)][-1]
        return NotWritten(f"{name} is not written yet: put your code in place of `raise NotImplementedError(...)`.")
    message, said = f"Your code raised {type(error).__name__}", ""
    if isinstance(error, SystemExit | KeyboardInterrupt):
        message += ", which would end the whole program: let the function return instead."
    else:
        try:
            said = str(error)[:1000]
            message += f": {said}".removesuffix(": ")
        except Exception:
            message += ", and its message could not be read."
    raised = tuple(base.__name__ for base in type(error).__mro__)
    return LearnerError("\n".join([message, *_indented(where)]), raised=raised, said=said)


def place(frames: Iterable) -> str:
    """The innermost line that the learner wrote, as "file, line 3: text"; empty when there is none.

    Args:
        frames: pairs of a code object and a line number, outermost first.
    """
    for code, line in reversed([*frames]):
        if is_learners(code.co_filename):
            text = linecache.getline(code.co_filename, line).strip()
            return f"{_label(code.co_filename)}, line {line}: {text}".removesuffix(": ")
    return ""


def dumped(text: str) -> list[tuple[str, int]]:
    """The files and lines in what `faulthandler` wrote of a process that had to be stopped, innermost first."""
    return [(file, int(line)) for file, line in _DUMPED.findall(text)]


def is_learners(filename: str) -> bool:
    """Whether a file is neither Python's nor an installed package's nor ours."""
    installed = {"site-packages", "dist-packages"} & set(Path(filename).parts)
    return not (installed or filename.startswith((_STDLIB, _PACKAGE, "<frozen", "<string>")))


def _frames(error: BaseException) -> list:
    return [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]


def _stack(frame: FrameType | None) -> list:
    return [(frame.f_code, line) for frame, line in traceback.walk_stack(frame)][::-1] if frame else []


def _label(filename: str) -> str:
    """Jupyter compiles a cell under a temporary file name; its label is the "In[7]" that the learner sees."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    named = getattr(getattr(shell, "compile", None), "format_code_name", lambda name: None)(filename)
    return named[1] if named else Path(filename).name


def _indented(line: str) -> list[str]:
    return [f"    {line}"] if line else []
