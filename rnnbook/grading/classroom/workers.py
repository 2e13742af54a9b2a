"""Who does the grading: processes of this machine, each with a warm grader and a submission at a time.

A task is one learner's code and what is asked of it, without the learner's name. What comes back is `Done`, in any
order. A worker process that dies, killed or out of memory, is replaced, and its submission is tried again.
"""

import atexit
import contextlib
import os
import re
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pkgutil import resolve_name

from rnnbook.exercises.errors import ExerciseError
from rnnbook.grading.errors import SandboxError
from rnnbook.grading.types import Result, Settings, Submission

GRADER = "rnnbook.grading.grader:Grader"  # a name, because each worker process imports it for itself
TRIES = 3
_WATCH = 1.0  # seconds between a worker's looks whether its parent is still there

_graders: dict[tuple[str, Settings], object] = {}  # this process's, kept warm from task to task
_one_at_a_time = threading.Lock()  # a grader captures standard output, which the threads of a process share


@dataclass(frozen=True)
class Task:
    """One piece of work.

    Args:
        submission: the code, without its learner.
        asked: the exercises to grade, of which it may hold some; None for all that it holds.
        known: exercises whose marks are known already.
    """

    submission: Submission
    asked: tuple[str, ...] | None = None
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """What came of a task.

    Args:
        submission: the submission's digest.
        held: the exercises that the submission holds.
        reason: what to tell the learner about those that it does not hold.
        results: the marks in those that were asked for and not known.
        fault: why the grader itself failed, where it failed as a whole; then nothing is known of the submission.
    """

    submission: str
    held: tuple[str, ...] = ()
    reason: str = ""
    results: tuple[Result, ...] = ()
    fault: str = ""


class Local:
    """Worker processes on this machine; a context manager.

    Args:
        count: how many; by default, as many as there are processors for this process.
    """

    def __init__(self, count: int | None = None):
        from joblib import cpu_count

        self.count = count or cpu_count()
        self._workers: list[_Worker] = []

    def __enter__(self) -> "Local":
        return self

    def __exit__(self, kind: type | None, *_) -> None:
        for worker in self._workers:
            worker.stop(kill=kind is not None)

    def tier(self, name: str | None, allow_unsafe: bool) -> str:
        """The sandbox to use; see `sandbox.choose`."""
        from rnnbook.grading import sandbox

        return sandbox.choose(name, allow_unsafe)

    def run(self, tasks: Iterable[Task], settings: Settings) -> Iterator[Done]:
        """Does the tasks, in any order.

        Raises:
            ExerciseError: the settings cannot be used.
        """
        waiting = deque((task, 1) for task in tasks)
        self._workers = [_Worker(settings) for _ in range(min(self.count, len(waiting)))]
        busy: dict[Future, tuple[_Worker, Task, int]] = {}

        def start(worker: _Worker) -> None:
            if waiting:
                task, attempt = waiting.popleft()
                busy[worker.start(task)] = (worker, task, attempt)

        for worker in self._workers:
            start(worker)
        while busy:
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                worker, task, attempt = busy.pop(future)
                death = worker.death(future)
                done = None if death else future.result()
                if death and attempt < TRIES:
                    waiting.appendleft((task, attempt + 1))
                start(worker)  # before the result is written down, so that nobody waits
                if done:
                    yield done
                elif attempt == TRIES:
                    fault = f"The grader's process died {TRIES} times over this submission ({death})."
                    yield Done(task.submission.digest, fault=fault)


class _Worker:
    """One process. It has a task at a time, so that when it dies it is known over which."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._pool = None
        self._future: Future | None = None

    def start(self, task: Task) -> Future:
        """Hands the process a task; starts the process when there is none."""
        from joblib.externals.loky import ProcessPoolExecutor

        if not self._pool:
            self._pool = ProcessPoolExecutor(1, initializer=_begin, initargs=(os.getpid(),), env=_environment())
            resource_tracker.ensure_running()  # which unblocks signals, and so must not come later
        # Ctrl-C is for the parent alone, which then stops all; what is blocked here stays blocked in the new process.
        with _blocked(signal.SIGINT):
            self._future = self._pool.submit(work, task, self._settings, GRADER)
        return self._future

    def death(self, future: Future) -> str:
        """How the process died over its task; empty when it lives."""
        error = future.exception()
        if not isinstance(error, BrokenProcessPool):
            return ""
        self.stop(kill=True)
        found = re.search(r"exit codes of the workers are \{(.*)\}", str(error))
        return found[1] if found else "for an unknown reason"

    def stop(self, kill: bool) -> None:
        """Ends the process: with all its children when `kill` is true, else when its task is done."""
        if self._pool:
            while kill and self._future and not (self._future.running() or self._future.done()):
                time.sleep(0.001)  # a task on its way to the process would be lost, which loky does not take well
            self._pool.shutdown(wait=True, kill_workers=kill)
            self._pool = None


def work(task: Task, settings: Settings, maker: str = GRADER) -> Done:
    """Does a task in this process.

    Args:
        task: what to do.
        settings: how.
        maker: the name of the grader's class.

    Raises:
        ExerciseError: the settings cannot be used.
    """
    submission = task.submission
    with _one_at_a_time:
        try:
            held, reason = _tried(maker, settings, lambda grader: _survey(grader, submission))
        except SandboxError as error:
            return Done(submission.digest, fault=str(error))
        asked = [id for id in held if task.asked is None or id in task.asked]
        results = tuple(_grade(maker, settings, submission, id) for id in asked if id not in task.known)
    return Done(submission.digest, held, reason, results)


def _survey(grader, submission: Submission) -> tuple[tuple[str, ...], str]:
    """The exercises that a submission holds, and what the grader says about any other."""
    held = tuple(grader.survey(submission))
    absent = next((id for id in grader.exercises if id not in held), None)
    return held, _sound(grader.grade(submission, absent)).tests[0].message if absent else ""


def _grade(maker: str, settings: Settings, submission: Submission, exercise: str) -> Result:
    try:
        return _tried(maker, settings, lambda grader: _sound(grader.grade(submission, exercise)))
    except SandboxError as error:
        return Result(submission.learner, exercise, (), settings.tier, fault=str(error))


def _sound(result: Result) -> Result:
    if result.fault:
        raise SandboxError(result.fault)
    return result


def _tried(maker: str, settings: Settings, function: Callable):
    """What `function` gives for the grader; each new attempt is with a new grader.

    Raises:
        SandboxError: no attempt succeeded.
        ExerciseError: the settings cannot be used.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return function(_grader(maker, settings))
        except Exception as error:
            if isinstance(error, ExerciseError) and not isinstance(error, SandboxError):
                raise
            _drop(maker, settings)
            if attempt == TRIES:
                kind = "" if isinstance(error, SandboxError) else f"{type(error).__name__}: "
                raise SandboxError(f"{kind}{error}".partition("\n")[0]) from None


def _grader(maker: str, settings: Settings):
    if (maker, settings) not in _graders:
        for known in [*_graders]:  # those of an earlier run in the same process
            _drop(*known)
        grader = resolve_name(maker)(settings)
        _graders[maker, settings] = grader.__enter__()
        atexit.register(_drop, maker, settings)
    return _graders[maker, settings]


def _drop(maker: str, settings: Settings) -> None:
    grader = _graders.pop((maker, settings), None)
    if grader:
        with contextlib.suppress(Exception):  # it may be broken, that is why it goes
            grader.__exit__(None, None, None)


def _begin(parent: int) -> None:
    """Runs first in a worker process: makes it end when its parent has been killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _environment() -> dict[str, str]:
    """For worker processes: one thread each, and no imports from the folder where the instructor happens to be."""
    return {"OMP_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}


@contextlib.contextmanager
def _blocked(number: int) -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
