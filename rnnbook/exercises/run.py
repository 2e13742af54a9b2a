"""Runs an exercise's tests with pytest, apart from whatever else pytest would pick up, and reports."""

import contextlib
import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch

from rnnbook.exercises.catalogue import TESTS, Exercise
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.report import Outcome, Report
from rnnbook.exercises.seeds import seeded
from rnnbook.exercises.student import Student

# No plugin that writes files, hooks into the process or needs a real standard output; no settings but our own.
_UNUSED = (
    "cacheprovider",
    "doctest",
    "faulthandler",
    "junitxml",
    "logging",
    "threadexception",
    "unraisableexception",
    "warnings",
)
_ARGUMENTS = [
    *(argument for plugin in _UNUSED for argument in ("-p", f"no:{plugin}")),
    *("-c", str(TESTS / "pytest.ini"), "--rootdir", str(TESTS), "--noconftest"),
    *("--capture=sys", "--assert=plain", "--import-mode=append", "--quiet", "--tb=native"),
]
_PRINTED = 2000  # characters of the learner's own output that a report keeps


def run(
    exercise: Exercise,
    make_student: Callable[[str], Student],
    patience: float = 2,
    before: Callable[[], None] = lambda: None,
    after: Callable[[Outcome], None] = lambda outcome: None,
    seed: Callable[[str], int] = lambda case: 0,
) -> Report:
    """Runs all tests of an exercise.

    Args:
        exercise: which one.
        make_student: makes the `student` fixture, anew for each case of a test, whose name it gets.
        patience: after so many tests that ran out of time, the others are not run.
        before: called before each case of a test.
        after: called after each case with the test's outcome so far.
        seed: gives the seed of a case's random numbers.

    Returns:
        A report with an outcome for each test.
    """
    collector = _Collector(exercise, make_student, patience, before, after, seed)
    output = io.StringIO()
    with _own_environment(), _one_thread(), contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = pytest.main([*_ARGUMENTS, *map(str, exercise.paths)], plugins=[collector])
    if collector.interrupted:
        raise KeyboardInterrupt
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"The tests of {exercise.id} could not be run:\n{output.getvalue()}")
    return Report(exercise.id, tuple(collector.outcomes.values()), exercise.hints)


def blank(exercise: Exercise) -> Report:
    """The report before any test has run."""
    hidden = exercise.hidden
    tests = (Outcome(name, title(test), test.points, hidden=name in hidden) for name, test in exercise.tests.items())
    return Report(exercise.id, tuple(tests), exercise.hints)


def title(test: Callable) -> str:
    """What a test asks for: the first line of its docstring."""
    return test.__doc__.strip().partition("\n")[0].removesuffix(".")


class _Collector:
    """A pytest plugin: gives the `student` fixture, and turns pytest's reports into outcomes."""

    def __init__(
        self,
        exercise: Exercise,
        make_student: Callable,
        patience: float,
        before: Callable,
        after: Callable,
        seed: Callable,
    ):
        self.outcomes = {test.name: test for test in blank(exercise).tests}
        self.interrupted = False
        self._make_student = make_student
        self._patience = patience
        self._before = before
        self._after = after
        self._seed = seed
        self._cases_left: Counter[str] = Counter()

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> Iterator[Student]:
        """The learner's names."""
        counts_alone = request.node.function.points_of_a_case
        if self.outcomes[request.node.originalname].status != "not run" and not counts_alone:
            pytest.skip("another case has failed")
        timeouts = sum(outcome.status == "timeout" for outcome in self.outcomes.values())
        if timeouts >= self._patience:
            pytest.skip(f"Not run: {timeouts} tests have run out of time already.")
        case = request.node.name
        with seeded(self._seed(case)):
            self._before()
            yield self._make_student(case)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Counts the cases of parametrised tests."""
        self._cases_left.update(item.originalname for item in session.items)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo) -> None:
        """Notes Ctrl-C; pytest calls this for its own interruptions too, such as a test file that does not import."""
        self.interrupted = excinfo.type is KeyboardInterrupt

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Function, call: pytest.CallInfo) -> Iterator[None]:
        """Notes a test's first failure, or that all its cases have passed."""
        report = (yield).get_result()
        name = item.originalname
        outcome = self.outcomes[name]
        if call.excinfo and outcome.status == "not run":
            status, message = _verdict(call.excinfo.value)
            outcome = replace(outcome, status=status, message=message, printed=report.capstdout[:_PRINTED])
        if call.when == "call" and report.passed:
            self._cases_left[name] -= 1
            outcome = replace(outcome, partial=outcome.partial + item.function.points_of_a_case)
        if call.when == "teardown" and not self._cases_left[name] and outcome.status == "not run":
            outcome = replace(outcome, status="passed")
        self.outcomes[name] = outcome
        if call.when == "teardown":
            self._after(outcome)


def _verdict(error: BaseException) -> tuple[str, str]:
    """Status and message for what ended a test."""
    if isinstance(error, LearnerError):
        return error.status, str(error)
    if isinstance(error, pytest.skip.Exception):
        return "not run", error.msg
    if isinstance(error, AssertionError):
        return "failed", str(error)
    kind = type(error).__name__
    return "error", f"The test could not deal with what your code gave ({kind}: {error}). Is it of the type asked for?"


@contextlib.contextmanager
def _own_environment() -> Iterator[None]:
    """The user's settings of pytest have no influence here, and a pytest that is running outside keeps its own."""
    names = [
        "PYTEST_ADDOPTS",
        "PYTEST_PLUGINS",
        "PYTEST_CURRENT_TEST",
        "PYTEST_VERSION",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
    ]
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    paths = [*sys.path]
    try:
        yield
    finally:
        sys.path[:] = paths
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Small tensors gain nothing from more threads, which on a busy machine wait for each other most of the time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
