"""The code run here is compiled under a file name of its own, as a cell is, for `place` leaves out our own files."""

import linecache
import os
import signal
import sys
import textwrap
import threading

import pytest

from rnnbook.exercises.errors import LearnerError, NotWritten
from rnnbook.exercises.guard import Guard, is_learners

LOOPS = {
    "plain": "while True:\n    pass",
    "except Exception": "while True:\n    try:\n        time.sleep(0.01)\n    except Exception:\n        pass",
    "bare except, asleep": "while True:\n    try:\n        time.sleep(0.01)\n    except:\n        pass",
    "bare except, busy": "while True:\n    try:\n        sum(range(100))\n    except:\n        continue",
    "bare except around a bare except": """
        try:
            while True:
                try:
                    time.sleep(0.01)
                except:
                    pass
        except:
            while True:
                pass""",
    "swallowed, then a normal end": "try:\n    time.sleep(60)\nexcept BaseException:\n    pass",
    "turned into another error": "try:\n    time.sleep(60)\nexcept BaseException:\n    raise ValueError",
    "message never ends": "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
}


def learners(body: str):
    """A function `f` of the learner's with this body, from a file that tracebacks can show."""
    code = "import time\ndef f():\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n"
    linecache.cache["cell 7"] = (len(code), None, code.splitlines(keepends=True), "cell 7")
    namespace = {}
    exec(compile(code, "cell 7", "exec"), namespace)
    return namespace["f"]


def message(body: str, seconds: float = 5.0) -> str:
    with pytest.raises(LearnerError) as error:
        Guard(seconds).run(learners(body))
    return str(error.value)


def test_gives_the_value():
    assert Guard(5).run(learners("return 3")) == 3


def test_error_names_the_learners_own_line_and_none_of_ours():
    assert message("x = [1]\nreturn x[2]") == (
        "Your code raised IndexError: list index out of range\n    cell 7, line 4: return x[2]"
    )
    assert message("import json\njson.loads('{')").endswith("cell 7, line 4: json.loads('{')")


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt"])
def test_leaving_the_program_is_said_plainly(name):
    assert f"raised {name}, which would end the whole program" in message(f"raise {name}")


@pytest.mark.parametrize(
    "error", ["GeneratorExit", "BaseException", "RecursionError", "MemoryError", "ValueError('\\x00')"]
)
def test_everything_raised_becomes_a_learners_error(error):
    assert f"raised {error.partition('(')[0]}" in message(f"raise {error}")


def test_message_that_cannot_be_read():
    assert "could not be read" in message("class E(Exception):\n    def __str__(self):\n        raise E\nraise E")


def test_stub_is_not_written_yet_but_torchs_not_implemented_is_an_error():
    with pytest.raises(NotWritten, match=r"^f is not written yet"):
        Guard(5).run(learners("raise NotImplementedError('Write your code here.')"))
    assert "raised NotImplementedError" in message("import torch\ntorch.nn.Module()(1)")


@pytest.mark.parametrize("name", LOOPS)
def test_endless_loop_ends_at_the_limit(name):
    with pytest.raises(LearnerError, match="is there an endless loop") as error:
        Guard(0.2).run(learners(LOOPS[name]))
    assert error.value.status == "timeout"
    assert "cell 7, line " in str(error.value)


@pytest.mark.parametrize("name", ["plain", "except Exception", "bare except, asleep"])
def test_endless_loop_in_a_thread_of_the_users(name):
    caught = []

    def work():
        try:
            Guard(0.2).run(learners(LOOPS[name]))
        except LearnerError as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert caught[0].status == "timeout"
    assert "cell 7, line " in str(caught[0])


def test_thread_gives_values_and_errors():
    results = []

    def work():
        results.append(Guard(5).run(lambda: 3))
        with pytest.raises(LearnerError, match="ValueError"):
            Guard(5).run(learners("raise ValueError"))
        results.append(4)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results == [3, 4]


def test_calls_share_the_time():
    guard = Guard(0.3)
    with pytest.raises(LearnerError):
        guard.run(learners("while True: pass"))
    with pytest.raises(LearnerError, match="took longer"):
        guard.run(lambda: 3)


def test_leaves_signals_and_trace_as_they_were():
    trace, alarm, interrupt = sys.gettrace(), signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGINT)
    message("while True: pass", seconds=0.1)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert (sys.gettrace(), signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGINT)) == (
        trace,
        alarm,
        interrupt,
    )


def test_ctrl_c_is_not_taken_for_the_learners():
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            Guard(5).run(lambda: os.kill(os.getpid(), signal.SIGINT) or [i for i in range(10**5)])
    finally:
        signal.signal(signal.SIGINT, old)


def test_which_files_are_the_learners():
    assert is_learners("/home/me/course/rnn.ipynb, cell 7")
    assert is_learners("/tmp/ipykernel_12/345.py")
    assert not any(
        map(
            is_learners,
            [linecache.__file__, pytest.__file__, "<frozen importlib>", Guard.__init__.__code__.co_filename],
        )
    )
