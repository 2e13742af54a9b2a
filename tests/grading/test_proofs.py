"""What `tests/test_exercises.py` proves of `check`, proven of the class grader: the same marks in the sandbox."""

import pytest
from submitted import ROOT, of_kind

from rnnbook.exercises import source
from rnnbook.exercises.catalogue import find, identifiers
from rnnbook.exercises.source import Cell
from rnnbook.grading import sandbox
from rnnbook.grading.grader import Grader
from rnnbook.grading.types import Settings, Source, Submission

TIERS = [finding.name for finding in sandbox.available() if finding.works and finding.name != "process"]


@pytest.fixture(scope="module")
def graders():
    """A grader for each tier, started when it is first asked for."""
    started = {}

    def grader(tier: str) -> Grader:
        if tier not in started:
            started[tier] = Grader(Settings(tier, secret=b"of this test"))
        return started[tier]

    yield grader
    for grader in started.values():
        grader.close()


def notebook(folder: str, chapter: str) -> Submission:
    path = ROOT / folder / f"{chapter}.ipynb"
    return Submission("ada", sources=(Source(path.name, tuple(source.read(path))),))


def graded(grader, submission):
    content = Submission("ada", sources=(Source("answer.py", (Cell("answer.py", submission.code),)),))
    result = grader.grade(content, submission.exercise)
    assert not result.fault
    return result


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("id", identifiers())
class TestEach:
    def test_solution_has_full_marks(self, graders, tier, id):
        result = graders(tier).grade(notebook("solutions", find(id).chapter), id)
        assert result.earned == result.possible == find(id).points, result
        assert (result.notes, result.flags) == ((), ()), result

    def test_stub_has_none(self, graders, tier, id):
        result = graders(tier).grade(notebook("exercises", find(id).chapter), id)
        assert result.earned == 0
        assert all("not written yet" in test.message for test in result.tests), result


@pytest.mark.parametrize("submission", of_kind("alternative"))
def test_alternative_has_full_marks(graders, submission):
    result = graded(graders(TIERS[0]), submission)
    assert result.earned == result.possible, result


@pytest.mark.parametrize("submission", of_kind("mutant"))
def test_mutant_is_named(graders, submission):
    result = graded(graders(TIERS[0]), submission)
    assert result.earned < result.possible
    assert any(submission.says in test.message for test in result.tests), result
    assert not any(test.status == "error" for test in result.tests), result
