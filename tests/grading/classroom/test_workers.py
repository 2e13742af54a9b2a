"""Worker processes: what dies is replaced, what fails is tried again, and none is left behind."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from grading import stub_grader

from rnnbook.exercises.source import Cell
from rnnbook.grading.classroom import workers
from rnnbook.grading.classroom.workers import TRIES, Local, Task, work
from rnnbook.grading.errors import GradingError
from rnnbook.grading.types import Settings, Source, Submission

STUB = "grading.stub_grader:Grader"
TESTS = Path(__file__).parents[2]
SETTINGS = Settings("stub")


@pytest.fixture(autouse=True)
def stub(monkeypatch, tmp_path):
    monkeypatch.setattr(workers, "GRADER", STUB)
    monkeypatch.setenv("RNNBOOK_STUB_LOG", str(tmp_path / "log"))
    yield
    for known in [*workers._graders]:
        workers._drop(*known)


def log():
    path = Path(os.environ["RNNBOOK_STUB_LOG"])
    return path.read_text().splitlines() if path.exists() else []


def task(asked=None, known=(), **orders):
    orders = {"marks": {"rnn-cell": 7}} | orders
    return Task(Submission("", sources=(Source("a.py", (Cell("a.py", "#" + json.dumps(orders)),)),)), asked, known)


def found(done):
    return done.held, [(result.exercise, result.earned, result.fault) for result in done.results], done.fault


def test_a_task_is_what_is_asked_and_held_and_not_known():
    orders = {"marks": {"rnn-cell": 7, "my-rnn": 3}}
    assert found(work(task(**orders), SETTINGS, STUB))[1] == [("rnn-cell", 7, ""), ("my-rnn", 3, "")]
    asked = task(asked=("rnn-cell", "one-hot"), **orders)
    assert found(work(asked, SETTINGS, STUB)) == (("rnn-cell", "my-rnn"), [("rnn-cell", 7, "")], "")
    assert found(work(task(known=("rnn-cell",), **orders), SETTINGS, STUB))[1] == [("my-rnn", 3, "")]
    assert work(asked, SETTINGS, STUB).reason == "Not handed in."


def test_a_grader_stays_warm_until_the_settings_change():
    before = stub_grader.made
    for settings in (SETTINGS, SETTINGS, Settings("other"), Settings("other")):
        work(task(), settings, STUB)
    assert stub_grader.made - before == 2
    assert log().count("closed") == 1


@pytest.mark.parametrize(
    ("orders", "fault"),
    [
        ({"raise": "always"}, "ValueError: the stub was told to fail"),
        ({"fault": "always"}, "the stub was told to be at fault"),
    ],
    ids=["raises", "says so"],
)
def test_what_fails_is_tried_with_new_graders_and_then_a_fault(orders, fault):
    before = stub_grader.made
    assert found(work(task(**orders), SETTINGS, STUB)) == (("rnn-cell",), [("rnn-cell", 0, fault)], "")
    assert stub_grader.made - before == TRIES


@pytest.mark.parametrize("how", ["raise", "fault"])
def test_what_fails_once_is_no_fault(tmp_path, how):
    assert found(work(task(**{how: str(tmp_path / "once")}), SETTINGS, STUB))[1] == [("rnn-cell", 7, "")]


def test_a_submission_that_cannot_be_looked_at_is_a_fault():
    broken = Task(Submission("", sources=(Source("a.py", (Cell("a.py", "SANDBOX"),)),)))
    assert found(work(broken, SETTINGS, STUB)) == ((), [], "The sandbox's process died.")


def test_processes_do_all_in_any_order_and_replace_the_dead(tmp_path):
    """One submission kills its worker once, another always; all others are graded once."""
    sound = [task(marks={"rnn-cell": n, "one-hot": 10 - n}) for n in range(11)]
    once, always = task(die=str(tmp_path / "once")), task(die="always")
    with Local(2) as crew:
        results = {done.submission: found(done) for done in crew.run([always, *sound, once], SETTINGS)}
    assert len(results) == 13
    for n, one in enumerate(sound):
        assert results[one.submission.digest][1] == [("rnn-cell", n, ""), ("one-hot", 10 - n, "")]
    assert results[once.submission.digest][1] == [("rnn-cell", 7, "")]
    fault = f"The grader's process died {TRIES} times over this submission (SIGKILL(-9))."
    assert results[always.submission.digest] == ((), [], fault)
    graded = [line for line in log() if "rnn-cell" in line]
    assert len(graded) == len({*graded}) == 12
    assert log()[-1] == "closed"  # a worker that is done closes its sandbox
    assert not children()


def test_wrong_settings_end_the_run():
    with pytest.raises(GradingError, match="The sandbox refused does not work here"), Local(1) as crew:
        next(crew.run([task()], Settings("refused")))
    assert not children()


def test_nothing_to_do():
    with Local(2) as crew:
        assert [*crew.run([], SETTINGS)] == []


def children():
    """Processes of this one that run, but for the one that multiprocessing keeps."""
    running = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in running if "tracker" not in " ".join(child.cmdline())]


RUN = """
import json, sys
from rnnbook.exercises.source import Cell
from rnnbook.grading.classroom import workers
from rnnbook.grading.types import Settings, Source, Submission
workers.GRADER = "grading.stub_grader:Grader"
codes = [json.dumps({"marks": {"rnn-cell": 1}, "wait": path}) for path in sys.argv[1:]]
tasks = [workers.Task(Submission("", sources=(Source("a.py", (Cell("a.py", "#" + code),)),))) for code in codes]
try:
    with workers.Local(len(tasks)) as crew:
        print([done.results[0].earned for done in crew.run(tasks, Settings("stub"))])
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.fixture
def busy(tmp_path):
    """A program whose two workers are in the middle of their tasks, and the workers."""
    for name in ("a", "b", "a.go", "b.go"):
        os.mkfifo(tmp_path / name)
    (folder := tmp_path / "folder").mkdir()
    for name in ("joblib", "json", "pickle", "random", "sitecustomize", "torch"):
        (folder / f"{name}.py").write_text("raise SystemExit('a learner wrote this')")
    program = subprocess.Popen(
        [sys.executable, "-P", "-c", RUN, str(tmp_path / "a"), str(tmp_path / "b")],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        cwd=folder,  # as of somebody who works in the folder of downloads
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    begun = [psutil.Process(int((tmp_path / name).read_text())) for name in "ab"]
    yield program, begun
    program.kill()
    program.communicate()


def go_on(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.go").write_text("")


def test_workers_import_nothing_from_the_folder_where_they_are_started(busy, tmp_path):
    program, _ = busy
    go_on(tmp_path)
    assert program.communicate(timeout=60) == ("[1, 1]\n", "")


def test_ctrl_c_takes_all_workers_away_in_silence(busy):
    """A terminal sends the signal to every process of the group."""
    program, begun = busy
    for worker in begun:  # else one that is about to start, or idle, would print where it was interrupted
        blocked = re.search(r"^SigBlk:\s*(\w+)$", Path(f"/proc/{worker.pid}/status").read_text(), re.MULTILINE)
        assert int(blocked[1], 16) & 1 << signal.SIGINT - 1
    os.killpg(program.pid, signal.SIGINT)
    assert program.communicate(timeout=60) == ("interrupted\n", "")
    assert psutil.wait_procs(begun, timeout=60)[1] == []


def test_a_killed_program_leaves_no_workers(busy):
    program, begun = busy
    program.kill()
    assert psutil.wait_procs(begun, timeout=60)[1] == []


def test_a_killed_worker_loses_nothing(busy, tmp_path):
    program, begun = busy
    begun[0].kill()
    psutil.wait_procs(begun[:1], timeout=60)
    assert (tmp_path / "a").read_text()  # its task has begun anew
    go_on(tmp_path)
    assert program.communicate(timeout=60) == ("[1, 1]\n", "")
