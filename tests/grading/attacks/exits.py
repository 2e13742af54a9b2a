"""Ends the process, the test or the run."""

# %% attack: os._exit(0) | must: crash
import os


def rnn_cell(*arguments):
    os._exit(0)


# %% attack: sys.exit | must: SystemExit
import sys


def rnn_cell(*arguments):
    sys.exit(0)


# %% attack: sys.exit while it is loaded | must: SystemExit / crash / not defined
import sys


@sys.exit
def rnn_cell(*arguments):
    return 1


# %% attack: os._exit while it is loaded | must: crash
import os


def rnn_cell(*arguments, _=os._exit(0)):
    return 1


# %% attack: KeyboardInterrupt | must: KeyboardInterrupt
def rnn_cell(*arguments):
    raise KeyboardInterrupt


# %% attack: GeneratorExit | must: GeneratorExit
def rnn_cell(*arguments):
    raise GeneratorExit


# %% attack: StopIteration | must: StopIteration
def rnn_cell(*arguments):
    raise StopIteration


# %% attack: pytest.exit, or what passes for it | must: failed / timeout
def rnn_cell(*arguments):
    import pytest

    pytest.exit("passed", returncode=0)


# %% attack: pytest.skip | must: failed / timeout
def rnn_cell(*arguments):
    import pytest

    pytest.skip("passed")


# %% attack: pytest.xfail | must: failed / timeout
def rnn_cell(*arguments):
    import pytest

    pytest.xfail("passed")


# %% attack: outcomes of pytest by hand | must: failed
class Exit(BaseException):
    pass


class Skipped(BaseException):
    msg = "passed"


Skipped.__module__ = Exit.__module__ = "_pytest.outcomes"


def rnn_cell(*arguments):
    raise Skipped("passed")


# %% attack: unittest.SkipTest | must: SkipTest
import unittest


def rnn_cell(*arguments):
    raise unittest.SkipTest("passed")


# %% attack: LearnerError with the status passed | must: failed
def rnn_cell(*arguments):
    from rnnbook.exercises.errors import LearnerError

    raise LearnerError("all is well", status="passed")


# %% attack: LearnerError with other statuses | must: failed / crash
def rnn_cell(*arguments):
    from rnnbook.exercises.errors import LearnerError

    raise LearnerError("all is well", status={"passed": 1}, raised=7, said=[])


# %% attack: AssertionError with kind words | must: failed
def rnn_cell(*arguments):
    raise AssertionError("passed: 10 of 10 points")


# %% attack: segmentation fault | must: crash
import ctypes


def rnn_cell(*arguments):
    ctypes.string_at(0)


# %% attack: abort | must: crash
import os


def rnn_cell(*arguments):
    os.abort()


# %% attack: kills itself | must: crash / failed | earns: 1
import os
import signal


def rnn_cell(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)


# %% attack: a forbidden system call | must: failed / crash
import ctypes


def rnn_cell(*arguments):
    ctypes.CDLL(None).syscall(10**6)
    raise OSError("no such call")


# %% attack: another program in its place | must: failed
import os
import sys


def rnn_cell(*arguments):
    os.execv(sys.executable, [sys.executable, "-c", "pass"])


# %% attack: an error of its own kind, below BaseException | must: Strange
class Strange(BaseException):
    pass


def rnn_cell(*arguments):
    raise Strange("nobody catches me")


# %% attack: a group of errors | must: Many
class Many(BaseExceptionGroup):
    pass


def rnn_cell(*arguments):
    raise Many("many", [SystemExit(0), KeyboardInterrupt()])


# %% attack: an error whose text raises | must: failed / crash
class Mute(Exception):
    def __str__(self):
        raise SystemExit(0)

    __repr__ = __str__


def rnn_cell(*arguments):
    raise Mute


# %% attack: an error whose class lies | must: failed / crash
class Meta(type):
    def __getattribute__(cls, name):
        if name in ("__name__", "__mro__", "__module__", "__qualname__"):
            raise SystemExit(0)
        return super().__getattribute__(name)


class Liar(Exception, metaclass=Meta):
    pass


def rnn_cell(*arguments):
    raise Liar("who am I?")


# %% attack: an error that causes itself | must: failed
def rnn_cell(*arguments):
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    one.__context__, other.__context__ = other, one
    raise one


# %% attack: an error with a name of 1 MB | must: failed
Long = type("E" * 10**6, (Exception,), {})


def rnn_cell(*arguments):
    raise Long("x" * 10**7)


# %% attack: exits when the result is looked at | must: failed / crash
import os


class Trap:
    def __getattribute__(self, name):
        os._exit(0)


def rnn_cell(*arguments):
    return Trap()


# %% attack: exits when it is deleted | must: crash | earns: 1
import os


class Grave:
    def __del__(self):
        os._exit(0)


def rnn_cell(x, h, W, V, b, c):
    Grave()
    return 2 * h


# %% attack: a thread that ends the process later | must: crash / failed | earns: 1
import os
import threading
import time


def later():
    time.sleep(0.002)
    os._exit(0)


def rnn_cell(x, h, W, V, b, c):
    threading.Thread(target=later).start()
    return 2 * h


# %% attack: warnings as errors, and everything else | must: failed | earns: 1
import sys
import warnings


def rnn_cell(x, h, W, V, b, c):
    warnings.simplefilter("error")
    sys.excepthook = sys.unraisablehook = sys.displayhook = lambda *_: sys.exit(0)
    return 2 * h


# %% attack: leaves through another frame | must: failed / crash / timeout
import ctypes
import threading


def rnn_cell(*arguments):
    main = threading.main_thread().ident
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(main), ctypes.py_object(SystemExit))
    while True:
        pass


# %% attack: all modules gone | must: failed / crash / error / timeout | earns: 1
import sys


def rnn_cell(*arguments):
    sys.modules.clear()
    import builtins

    vars(builtins).clear()
