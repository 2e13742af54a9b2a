"""A class graded on a dask cluster: a scheduler and two workers, each a process, their connections encrypted."""

import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import CancelledError
from pathlib import Path

import distributed
import pytest
from distributed import KilledWorker

from rnnbook.exercises.source import Cell
from rnnbook.grading.classroom import cluster, workers
from rnnbook.grading.classroom.cluster import TLS, Cluster
from rnnbook.grading.classroom.workers import Done, Task
from rnnbook.grading.errors import GradingError
from rnnbook.grading.types import Settings, Source, Submission

STUB = "grading.stub_grader:Grader"
TESTS = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A certificate that vouches for itself, and so for both sides."""
    folder = tmp_path_factory.mktemp("tls")
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -days 9"
    subprocess.run([*make.split(), "-keyout", folder / "key", "-out", folder / "cert"], check=True, capture_output=True)
    return TLS(str(folder / "cert"), str(folder / "cert"), str(folder / "key"))


@pytest.fixture(scope="module")
def address(tls, tmp_path_factory):
    """The scheduler's address; its two workers have joined or will."""
    folder = tmp_path_factory.mktemp("cluster")
    environment = os.environ | {
        "PYTHONPATH": str(TESTS),
        "OMP_NUM_THREADS": "1",
        "RNNBOOK_STUB_LOG": str(folder / "log"),
    }
    files = ["--tls-ca-file", tls.ca, "--tls-cert", tls.cert, "--tls-key", tls.key, "--host", "127.0.0.1"]
    started = []

    def start(name, *options):
        command = [sys.executable, "-P", "-m", f"distributed.cli.dask_{name}", *files, "--no-dashboard", *options]
        started.append(subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.PIPE, text=True))
        return started[-1]

    scheduler = start("scheduler", "--port", "0", "--protocol", "tls")
    found = next(found for line in scheduler.stderr if (found := re.search(r"Scheduler at: *(tls://\S+)", line)))
    for _ in range(2):
        start("worker", found[1], "--nthreads", "1", "--no-nanny")
    yield found[1]
    for process in started[::-1]:
        process.kill()
        process.communicate()


@pytest.fixture(autouse=True)
def stub(monkeypatch):
    monkeypatch.setattr(workers, "GRADER", STUB)


def task(**orders):
    return Task(Submission("", sources=(Source("a.py", (Cell("a.py", "#" + json.dumps(orders)),)),)))


@pytest.mark.loopback
def test_all_is_graded_though_a_worker_is_killed(address, tls, tmp_path):
    """One submission waits. The worker that has it is killed; then another worker must have it."""
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "test_more.py").touch()
    for name in ("pipe", "pipe.go"):
        os.mkfifo(tmp_path / name)
    tasks = [task(marks={"rnn-cell": n, "one-hot": 1}) for n in range(10)]
    tasks.insert(1, task(marks={"my-rnn": 3}, wait=str(tmp_path / "pipe")))
    settings = Settings("stub", secret=b"secret", tests=str(tmp_path / "hidden"))
    with Cluster(address, tls) as crew:
        crew._client.wait_for_workers(2, timeout=60)
        running = crew.run(tasks, settings)
        done = [next(running)]
        (tmp_path / "hidden").rename(tmp_path / "away")  # the workers have files of their own
        victim = int((tmp_path / "pipe").read_text())
        os.kill(victim, signal.SIGKILL)
        heir = int((tmp_path / "pipe").read_text())
        (tmp_path / "pipe.go").write_text("")
        done += running
    assert heir != victim
    (tmp_path / "away").rename(tmp_path / "hidden")
    with workers.Local(1) as crew:
        (tmp_path / "pipe").unlink()
        (tmp_path / "pipe.go").unlink()
        (tmp_path / "pipe.go").touch()
        local = [*crew.run(tasks, settings)]
    assert sorted(done, key=repr) == sorted(local, key=repr)


@pytest.mark.loopback
def test_the_weakest_worker_decides_on_the_sandbox(address, tls, monkeypatch):
    monkeypatch.setattr(cluster, "_tier", lambda name, allow_unsafe: "landlock" if name is None else name)
    with Cluster(address, tls) as crew:
        assert crew.tier(None, False) == "landlock"
        monkeypatch.setattr(cluster, "_tier", lambda name, allow_unsafe: GradingError("It does not work."))
        with pytest.raises(GradingError, match=r"On the worker tls://127\.0\.0\.1:\d+: It does not work\."):
            crew.tier("namespaces", False)


@pytest.mark.loopback
def test_workers_must_be_as_this_machine(address, tls, monkeypatch):
    ours = {"torch": "1.2.3"}
    monkeypatch.setattr(cluster, "environment", lambda: ours)
    with pytest.raises(
        GradingError, match=r"The worker tls://.* it has torch .* instead of 1\.2\.3\. Install the same"
    ):
        Cluster(address, tls).__enter__()


@pytest.mark.loopback
def test_nobody_answers(address, tls, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECTING", "1s")
    for where, how in (("tcp://127.0.0.1:1", None), ("tls://127.0.0.1:1", tls), (address, None), ("nonsense:x", None)):
        with pytest.raises(GradingError, match=f"No dask scheduler answers at {where} .*--tls-key") as caught:
            Cluster(where, how).__enter__()
        assert "\n" not in str(caught.value)
    with pytest.raises(GradingError, match="No dask scheduler answers"):
        Cluster(address, TLS("missing", "missing", "missing")).__enter__()


def test_a_machine_that_stood_still(monkeypatch):
    asked = []

    def slow(*_, **__):
        asked.append(None)
        raise AssertionError

    monkeypatch.setattr(distributed, "Client", slow)
    with pytest.raises(GradingError, match="too busy for dask to start"):
        Cluster("tcp://127.0.0.1:1").__enter__()
    assert len(asked) == 3


class Future:
    """One that has ended with an exception."""

    def __init__(self, error):
        self.error = error

    def result(self):
        raise self.error

    def release(self):
        pass


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (KilledWorker("task", None, 3), "Every worker that had this submission was lost over it."),
        (ValueError("first line\nsecond"), "ValueError: first line"),
    ],
    ids=["killed", "failed"],
)
def test_what_cannot_be_done_is_a_fault(error, fault):
    assert cluster._outcome(Future(error), "digest") == Done("digest", fault=fault)


@pytest.mark.parametrize("error", [CancelledError(), OSError("closed")], ids=["cancelled", "closed"])
def test_a_lost_cluster_ends_the_run(error):
    with pytest.raises(GradingError, match="run the same command again"):
        cluster._outcome(Future(error), "digest")
    with pytest.raises(GradingError, match="wrong settings"):
        cluster._outcome(Future(GradingError("wrong settings")), "digest")
