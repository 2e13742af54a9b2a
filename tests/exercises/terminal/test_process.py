"""Following a child; what comes of a whole check is in test_cli.py."""

import json
import subprocess
import sys

import pytest

from rnnbook.exercises.terminal import process, warm

HANG = 60  # seconds: a guard, not a measure


def event(kind: str, content: object = None) -> str:
    return json.dumps([kind, content]) + "\n"


LOADED = event("loaded", {"ids": ["a"], "problems": [], "notes": []})
EXERCISE = event("exercise", {"exercise": "rnn-cell", "tests": [{"name": "test_a"}, {"name": "test_b"}]})
UNDECIDED = event("outcome", {"name": "test_a", "status": "not run"})
PASSED = event("outcome", {"name": "test_a", "status": "passed"})


class Child:
    """A child that writes a piece of its events each time that it is waited for, and then ends."""

    def __init__(self, path, *pieces, code=0):
        self._path, self._pieces, self._code, self.killed = path, [*pieces], code, 0

    def wait(self, timeout):
        if not self._pieces:
            return self._code
        piece = self._pieces.pop(0)
        if isinstance(piece, BaseException):
            raise piece
        with self._path.open("a") as file:
            file.write(piece)
        raise subprocess.TimeoutExpired("child", timeout)

    def kill(self):
        self.killed += 1


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "events"
    path.touch()
    return path


def test_how_far_it_is_is_told_as_it_comes(path):
    told = []
    half = len(EXERCISE) // 2
    child = Child(path, LOADED, EXERCISE[:half], EXERCISE[half:] + UNDECIDED, PASSED, event("end"))
    code, events = process._follow(child, path, told.append)
    assert (code, len(events), child.killed) == (0, 5, 1)
    assert [*dict.fromkeys(told)] == ["Running your definitions", "rnn-cell: 0 of 2 tests", "rnn-cell: 1 of 2 tests"]


def test_a_child_that_dies(path):
    code, events = process._follow(Child(path, LOADED, code=-9), path, lambda line: None)
    assert (code, len(events)) == (-9, 1)


def test_a_child_that_has_said_all_is_not_waited_for(path):
    """A thread that the learner's code has started would keep it for ever."""
    code = f"import sys, time; open(sys.argv[1], 'w').write({event('end')!r}); sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-S", "-c", code, str(path)], stdin=subprocess.PIPE)
    assert process._follow(child, path, lambda line: None)[0] == 0
    assert child.returncode is not None
    child.stdin.close()


def test_ctrl_c_kills_the_child(path):
    child = Child(path, LOADED, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        process._follow(child, path, lambda line: None)
    assert child.killed == 1


def test_a_lost_helper_is_passed_on(path):
    child = Child(path, LOADED, warm.Lost())
    with pytest.raises(warm.Lost):
        process._follow(child, path, lambda line: None)
    assert child.killed == 1
