"""Trial exercises are written into a folder and run as the real ones are."""

import importlib.util
import os
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from rnnbook.exercises import check
from rnnbook.exercises.catalogue import TESTS, Exercise, find
from rnnbook.exercises.local import Local
from rnnbook.exercises.run import blank, run
from rnnbook.exercises.student import Student

TRIAL = '''
import pytest
from rnnbook.exercises.catalogue import points

@points(2)
def test_right(student):
    """It passes."""
    assert student.f(1) == 2, "wrong"

@points(3)
@pytest.mark.parametrize("x", [1, 2, 3])
def test_cases(student, x):
    """It passes for all cases.

    More about it.
    """
    assert student.f(x) == 2, f"wrong for {x}"

@points(1)
def test_broken(student):
    """It cannot cope."""
    student.f(1).shape

@points(1)
def test_printing(student):
    """It prints."""
    assert student.shout() == 1, "no one"
'''


@dataclass(frozen=True)
class Trial(Exercise):
    """An exercise whose tests are in a file of the test's own."""

    path: Path = None

    @property
    def tests(self):
        spec = importlib.util.spec_from_file_location(self.path.stem, self.path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return {name: value for name, value in vars(module).items() if name.startswith("test_")}


@pytest.fixture
def trial(tmp_path):
    path = tmp_path / "test_trial.py"

    def make(code: str = TRIAL, time_limit: float = 5.0) -> Trial:
        path.write_text(code)
        return Trial("trial", "02_rnn", "Trial", ("f",), time_limit=time_limit, path=path)

    yield make
    sys.modules.pop("test_trial", None)


def report_on(exercise, namespace, **options):
    return run(exercise, lambda case: Student(Local(namespace, exercise.time_limit)), **options)


def statuses(report):
    return {test.name: test.status for test in report.tests}


def shout():
    print("\x1b[31mloud" * 10_000)
    return 2


def test_outcomes_and_points(trial):
    report = report_on(trial(), {"f": lambda x: 2, "shout": shout})
    assert statuses(report) == {
        "test_right": "passed",
        "test_cases": "passed",
        "test_broken": "error",
        "test_printing": "failed",
    }
    assert (report.earned, report.possible) == (5, 7)
    assert report.tests[1].title == "It passes for all cases"
    assert "could not deal with what your code gave (AttributeError" in report.tests[2].message
    assert report.tests[3].message.startswith("no one")
    assert len(report.tests[3].printed) == 2000


def test_a_parametrised_test_needs_all_its_cases(trial):
    report = report_on(trial(), {"f": lambda x: 2 if x < 3 else 0, "shout": shout})
    assert (report.tests[1].earned, report.tests[1].message.partition("\n")[0]) == (0, "wrong for 3")


def test_a_name_that_should_be_a_function_fails_its_tests():
    report = check("rnn-cell", {"rnn_cell": 0})
    assert {test.status for test in report.tests} == {"failed"}
    assert report.tests[0].message.startswith("rnn_cell should be a function, but it is a number (0). ")


def test_no_long_traceback_is_made(trial, monkeypatch):
    # It is never shown, and made most of the time that a failing check took.
    monkeypatch.setattr(pytest.ExceptionInfo, "getrepr", lambda *_, style, **__: styles.append(style) or "")
    styles = []
    report_on(trial(), {"f": lambda x: 0, "shout": shout})
    assert {*styles} == {"native"}


def test_time_limit_and_patience(trial):
    def f(x):
        while True:
            pass

    exercise = trial(time_limit=0.1)
    report = report_on(exercise, {"f": f, "shout": shout})
    assert [*statuses(report).values()] == ["timeout", "timeout", "not run", "not run"]
    assert "run out of time already" in report.tests[2].message
    patient = report_on(exercise, {"f": f, "shout": lambda: 1}, patience=9)
    assert [*statuses(patient).values()] == ["timeout", "timeout", "timeout", "passed"]


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "pytest.exit.Exception", "pytest.skip.Exception"])
def test_no_way_out_passes(trial, name):
    def f(x):
        raise eval(name)

    report = report_on(trial(), {"f": f, "shout": lambda: 1})
    assert [*statuses(report).values()] == ["failed", "failed", "failed", "passed"]


def test_ctrl_c_ends_the_check(trial):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        report_on(trial(), {}, before=interrupt)


def test_tests_that_cannot_be_collected_are_no_ones_marks(trial):
    with pytest.raises(RuntimeError, match=r"The tests of trial could not be run:(.|\n)*ZeroDivisionError"):
        report_on(trial(TRIAL + "\ndef pytest_generate_tests(metafunc): 1 / 0"), {})


def test_outcomes_are_told_as_they_come(trial):
    told, begun = [], []
    report = report_on(trial(), {"f": lambda x: 2, "shout": shout}, before=lambda: begun.append(1), after=told.append)
    assert len(begun) == 6
    assert {outcome.name: outcome for outcome in told} == {outcome.name: outcome for outcome in report.tests}


def test_learners_settings_have_no_influence(tmp_path, monkeypatch):
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("raise SystemExit('conftest')")
    (tmp_path / "plugin.py").write_text("raise SystemExit('plugin')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "plugin")
    before, paths = dict(os.environ), [*sys.path]
    assert check("rnn-cell", {}).possible == find("rnn-cell").points
    assert dict(os.environ) == before
    assert sys.path == paths
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conftest.py", "plugin.py", "pytest.ini"]
    assert not [*TESTS.glob(".*")]  # no cache folder either


def test_random_numbers_of_the_notebook_go_on_undisturbed():
    def draws():
        return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002

    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(7)
    undisturbed = draws()
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(7)
    check("rnn-cell", {})
    assert draws() == undisturbed


def test_every_run_sees_the_same_random_numbers():
    def rnn_cell(x, h, *parameters):
        return h + torch.rand(1)

    assert check("rnn-cell", {"rnn_cell": rnn_cell}) == check("rnn-cell", {"rnn_cell": rnn_cell})


def test_nothing_is_printed(capfd):
    check("rnn-cell", {"rnn_cell": lambda *arguments: print("hello")})
    assert capfd.readouterr() == ("", "")


def test_blank_lists_all_tests_with_no_points():
    report = blank(find("rnn-cell"))
    assert (report.earned, report.possible) == (0, find("rnn-cell").points)
    assert {test.status for test in report.tests} == {"not run"}


PER_CASE = '''
import pytest, torch
from rnnbook.exercises.catalogue import points

@points(2, per_case=True)
@pytest.mark.parametrize("x", [1, 2, 3])
def test_cases(student, x):
    """Each case counts."""
    assert student.f(x) == 2, f"wrong for {x}"

@points(1)
def test_draw(student):
    """It draws."""
    assert False, str(torch.rand(()).item())
'''


def test_cases_may_count_one_by_one(trial):
    exercise = trial(PER_CASE)
    cases, draw = report_on(exercise, {"f": lambda x: 0 if x == 1 else 2}).tests
    assert (cases.status, cases.message.partition("\n")[0]) == ("failed", "wrong for 1")
    assert (cases.earned, cases.points, draw.earned) == (4, 6, 0)
    assert report_on(exercise, {"f": lambda x: 2}).tests[0].earned == 6
    assert report_on(exercise, {"f": lambda x: 0}).tests[0].earned == 0


def test_each_case_has_its_seed(trial):
    exercise, asked = trial(PER_CASE), []

    def drawn(seed):
        return report_on(exercise, {"f": lambda x: 2}, seed=seed).tests[1].message

    assert drawn(lambda case: asked.append(case) or 1) == drawn(lambda case: 1) != drawn(lambda case: 2)
    assert asked == ["test_cases[1]", "test_cases[2]", "test_cases[3]", "test_draw"]
