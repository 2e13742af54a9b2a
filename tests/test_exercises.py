"""Every exercise proves its tests: solutions and alternatives get full marks, stubs none, each mutant is named."""

import functools

import pytest
import submitted
from submitted import ROOT, file_of, of_kind, submissions

from rnnbook.exercises import check, source
from rnnbook.exercises.catalogue import find, identifiers
from rnnbook.exercises.publish import outdated
from rnnbook.exercises.student import Student
from rnnbook.exercises.terminal import progress


def report_on(submission):
    """What `check` says of a submission."""
    namespace = {}
    exec(compile(submission.code, f"{submission.exercise} {submission.name}", "exec"), namespace)
    return check(submission.exercise, namespace)


@functools.cache
def namespace(folder: str, chapter: str) -> dict:
    loaded = source.load(source.read(ROOT / folder / f"{chapter}.ipynb"))
    assert loaded.problems == ()
    return loaded.namespace


@pytest.fixture
def exercise(id):
    """Found in the test, not when tests are collected: one that cannot be imported fails its own tests alone."""
    return find(id)


@pytest.mark.parametrize("id", identifiers())
class TestEach:
    def test_solution_has_full_marks(self, exercise):
        report = check(exercise.id, namespace("solutions", exercise.chapter))
        assert report.passed, report
        assert report.earned == report.possible == exercise.points

    def test_stub_has_none(self, exercise):
        report = check(exercise.id, namespace("exercises", exercise.chapter))
        assert report.earned == 0, report
        assert all("not written yet" in test.message for test in report.tests), report

    def test_has_alternatives_and_mutants(self, id):
        assert file_of(id).exists(), f"Write tests/submissions/{id}.py: at least two alternatives and five mutants."
        kinds = [submission.kind for submission in submissions(id)]
        assert kinds.count("alternative") >= 2
        assert kinds.count("mutant") >= 5
        assert all(submission.says for submission in submissions(id) if submission.kind == "mutant")

    def test_is_described(self, exercise):
        assert exercise.tests
        assert all(test.points >= 1 and test.__doc__ for test in exercise.tests.values())
        assert exercise.hints
        assert not any(hasattr(Student, name) for name in exercise.defines)

    def test_notebook_asks_for_it_and_names_its_points(self, exercise):
        path = ROOT / "solutions" / f"{exercise.chapter}.ipynb"
        assert exercise.id in source.exercises_checked(source.read(path))
        assert f"`{exercise.id}` · {exercise.points} points" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("submission", of_kind("alternative"))
def test_alternative_has_full_marks(submission):
    report = report_on(submission)
    assert report.passed, report


@pytest.mark.parametrize("submission", of_kind("mutant"))
def test_mutant_is_named(submission):
    report = report_on(submission)
    assert report.earned < report.possible
    assert any(submission.says in test.message for test in report.tests), report
    assert not any(test.status == "error" for test in report.tests), report


def test_published_exercises_are_current():
    assert outdated(ROOT) == []


def test_every_submissions_file_has_its_exercise():
    assert {path.stem for path in (ROOT / "tests" / "submissions").glob("*.py")} <= {*identifiers()}


def test_missing_submissions_file_is_said_by_its_own_test(monkeypatch, tmp_path):
    monkeypatch.setattr(submitted, "ROOT", tmp_path)
    assert of_kind("mutant") == []
    with pytest.raises(AssertionError, match=r"^Write tests/submissions/rnn-cell\.py"):
        TestEach().test_has_alternatives_and_mutants("rnn-cell")


def test_check_finds_the_callers_names():
    scope = {"check": check}
    exec("def rnn_cell(*arguments): return 1\nreport = check('rnn-cell')", scope)
    assert "should be a torch tensor, but it is a number" in scope["report"].tests[0].message


def test_names_that_are_missing():
    report = check("rnn-cell", {})
    assert report.earned == 0
    assert report.tests[0].message == "rnn_cell is not defined. Write it, run its cell, then check again."


def test_check_counts_for_the_progress(monkeypatch, tmp_path):
    monkeypatch.setenv("RNNBOOK_STATE", str(tmp_path / "state"))
    report = check("rnn-cell", {"rnn_cell": lambda *arguments: 1})
    assert progress.read() == ({"rnn-cell": progress.Entry(report.earned, begun=True)}, "")
    monkeypatch.setenv("RNNBOOK_STATE", str(tmp_path / "state" / "progress.json"))  # a file where a folder should be
    with pytest.warns(UserWarning, match="progress could not be saved"):
        check("rnn-cell", {})


def test_find_gives_the_exercise():
    assert find("rnn-cell").id == "rnn-cell"
