"""Code as people really write it, under the real grader: what tutorials shipped wrong, right code of any style.

`# %% wrong: NAME | exercise: ID | says: WORDS` loses points, and one of the words, divided by slashes, stands in a
message to the learner. `# %% right: NAME | exercise: ID` has full marks. A line `# -- cell` divides the code into a
notebook's cells; `module` names a helper module that lies beside it.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
from submitted import cells

from rnnbook.exercises.source import Cell
from rnnbook.grading import sandbox
from rnnbook.grading.errors import GradingError
from rnnbook.grading.grader import Grader
from rnnbook.grading.types import Settings, Source, Submission

HELPERS = {
    "cells": "import torch\n\n\ndef cell(x, h, W, V, b, c):\n    return torch.tanh(x @ W.T + b + h @ V.T + c)\n",
}


@dataclass(frozen=True)
class Shipped:
    """One submission."""

    kind: str
    name: str
    exercise: str
    code: str
    says: str = ""
    module: str = ""

    def submission(self) -> Submission:
        parts = self.code.split("# -- cell\n")
        pieces = tuple(Cell(f"02_rnn.ipynb, code cell {number}", part) for number, part in enumerate(parts, 1))
        modules = ((self.module, HELPERS[self.module]),) if self.module else ()
        return Submission("Ada", "ada/02_rnn.ipynb", (Source("02_rnn.ipynb", pieces),), modules)


def shipped(kind: str) -> list:
    found = []
    for path in sorted((Path(__file__).parent / "shipped").glob("*.py")):
        for sort, name, parts, code in cells(path):
            one = Shipped(sort, name, code=code, **parts)
            found.append(pytest.param(one, id=f"{one.exercise}: {name}"))
    return [case for case in found if case.values[0].kind == kind]


@pytest.fixture(scope="module")
def grader():
    try:
        tier = sandbox.choose(None, allow_unsafe=False)
    except GradingError as error:
        pytest.skip(str(error))
    with Grader(Settings(tier)) as grader:
        yield grader


def messages(result) -> str:
    return "\n".join([*(f"{test.title}: {test.status}. {test.message}" for test in result.tests), *result.notes])


@pytest.mark.parametrize("code", shipped("wrong"))
def test_wrong_code_loses_marks_and_hears_why(code, grader):
    result = grader.grade(code.submission(), code.exercise)
    assert not result.fault
    assert result.earned < result.possible
    assert any(words in messages(result) for words in code.says.split(" / ")), messages(result)
    assert {test.status for test in result.tests} <= {"passed", "failed"}, messages(result)


@pytest.mark.parametrize("code", shipped("right"))
def test_right_code_of_any_style_has_full_marks(code, grader):
    result = grader.grade(code.submission(), code.exercise)
    assert result.earned == result.possible > 0, messages(result)
