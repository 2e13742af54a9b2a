"""A grader that runs no code: the first cell of a submission says, in JSON, what becomes of it.

    {"marks": {"rnn-cell": 7}}      what it earns, of 10, in each exercise that it holds
    {"die": "path"}                 kills its process unless the file is there, which it makes; "always" without end
    {"raise": "path"}               the same with an exception
    {"wait": "path"}                tells a pipe that it has begun, then reads another, path + ".go", to its end

Each grading adds a line to the file that the environment variable RNNBOOK_STUB_LOG names.
"""

import json
import os
import signal
from pathlib import Path

from rnnbook.exercises.report import Outcome
from rnnbook.grading.errors import GradingError, SandboxError
from rnnbook.grading.types import Flag, Result

IDS = ("rnn-cell", "my-rnn", "one-hot")
made = 0  # graders in this process


class Grader:
    """Has the interface of `rnnbook.grading.grader.Grader`."""

    def __init__(self, settings):
        global made
        made += 1
        if settings.tier == "refused":
            raise GradingError("The sandbox refused does not work here.")
        self.settings = settings
        self.exercises = dict.fromkeys(IDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _log("closed")

    def survey(self, submission):
        return {id: None for id in IDS if id in self._orders(submission).get("marks", {})}

    def grade(self, submission, id):
        orders = self._orders(submission)
        tests = tuple(Outcome(f"test_{n}", f"Test {n}", 1) for n in range(10))
        if id not in orders.get("marks", {}):
            reason = submission.problem or "Not handed in."
            return Result(
                submission.learner, id, tuple(Outcome(t.name, t.title, 1, message=reason) for t in tests), "stub"
            )
        if _still(orders.get("die")):
            os.kill(os.getpid(), signal.SIGKILL)
        if _still(orders.get("raise")):
            raise ValueError("the stub was told to fail")
        if _still(orders.get("fault")):
            return Result(submission.learner, id, tests, "stub", fault="the stub was told to be at fault")
        if "wait" in orders:
            Path(orders["wait"]).write_text(f"{os.getpid()}\n")
            Path(orders["wait"] + ".go").read_text()
        _log(f"{submission.digest[:8]} {id} {submission.learner or '-'} {_hidden(self.settings)}")
        earned = orders["marks"][id]
        graded = (
            Outcome(test.name, test.title, 1, "passed" if n < earned else "failed", "" if n < earned else "Wrong.")
            for n, test in enumerate(tests)
        )
        flags = (Flag("uses torch.nn.RNN", "line 1"),) if orders.get("flag") else ()
        return Result(submission.learner, id, tuple(graded), self.settings.tier, ("a note",), flags)

    def _orders(self, submission):
        if submission.problem or not submission.sources:
            return {}
        code = submission.sources[0].cells[0].code
        if "SANDBOX" in code:
            raise SandboxError("The sandbox's process died.")
        return json.loads(code.partition("#")[2])


def _still(path):
    if path is None:
        return False
    if path != "always":
        if Path(path).exists():
            return False
        Path(path).touch()
    return True


def _hidden(settings):
    return ",".join(sorted(os.listdir(settings.tests))) if settings.tests else ""


def _log(line):
    if "RNNBOOK_STUB_LOG" in os.environ:
        with open(os.environ["RNNBOOK_STUB_LOG"], "a") as file:
            file.write(line + "\n")
