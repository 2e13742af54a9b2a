"""A class run with a grader that runs no code: the same reports however it went, and nothing lost."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from grading.classroom.test_workers import children
from typer.testing import CliRunner

from rnnbook.grading import classroom, cli
from rnnbook.grading.classroom import fingerprint, workers
from rnnbook.grading.classroom.record import FILE, SECRET

TESTS = Path(__file__).parents[2]
ORDERS = {
    "ada": {"marks": {"rnn-cell": 10, "my-rnn": 4}},
    "bob": {"marks": {"rnn-cell": 3}, "flag": True},
    "bob's friend": {"marks": {"rnn-cell": 3}, "flag": True},
    "eve": {"marks": {"my-rnn": 0}},
    "zoe": {"marks": {}},
}
STUB = "grading.stub_grader:Grader"
app = typer.Typer()
app.command()(cli.grade)


RUN_IN_PROCESSES = workers.Local.run


@pytest.fixture
def processes(monkeypatch):
    """Workers are processes, as they are; in the other tests their work is done here."""
    monkeypatch.setattr(workers.Local, "run", RUN_IN_PROCESSES)


def run_here(crew, tasks, settings):
    for task in tasks:
        yield workers.work(task, settings, workers.GRADER)


@pytest.fixture(autouse=True)
def stub(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(workers, "GRADER", STUB)
    monkeypatch.setattr(workers.Local, "run", run_here)
    monkeypatch.setattr(workers.Local, "tier", lambda self, name, allow_unsafe: name or "stub")
    monkeypatch.setenv("RNNBOOK_STUB_LOG", str(tmp_path / "log"))
    monkeypatch.setattr(fingerprint, "package", lambda: "the same")  # though somebody edits it while tests run
    monkeypatch.setenv("COLUMNS", "200")
    fingerprint.environment.cache_clear()
    hand_in(ORDERS)
    yield
    fingerprint.environment.cache_clear()
    for known in [*workers._graders]:
        workers._drop(*known)


def hand_in(orders, folder="class"):
    for learner, told in orders.items():
        (Path(folder) / learner).mkdir(parents=True, exist_ok=True)
        (Path(folder) / learner / "rnn.py").write_text("#" + json.dumps(told))


def grade(*options, code=0, output="grades"):
    """The output of `rnnbook grade class`, which ends with this exit code."""
    ended = CliRunner().invoke(app, ["class", "--output", output, "--workers", "1", *options])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    assert ended.exit_code == code, ended.output
    assert not children()
    return ended.output


def results(output="grades"):
    return json.loads(Path(output, "results.json").read_text())


def marks(output="grades"):
    return {
        learner["learner"]: {one["exercise"]: one["earned"] for one in learner["exercises"]}
        for learner in results(output)["learners"]
    }


def graded():
    """Each grading that was done: a code and an exercise."""
    path = Path("log")
    return [line for line in path.read_text().splitlines() if line != "closed"] if path.exists() else []


def hidden_test():
    test = Path("hidden/test_rnn_cell.py")
    test.write_text(
        "from rnnbook.exercises.catalogue import points\n\n@points(1)\ndef test_more(student):\n    '''More.'''\n"
    )
    return test


def test_a_class():
    said = grade("--summary", "summary.md")
    found = marks()
    assert [*found] == [*ORDERS]
    for learner, told in ORDERS.items():
        assert found[learner]["rnn-cell"] == told["marks"].get("rnn-cell", 0)
        assert found[learner]["my-rnn"] == told["marks"].get("my-rnn", 0)
        assert {*found[learner]} > {"rnn-cell", "my-rnn"}  # all of the chapter
        assert "one-hot" not in found[learner]  # of another
    assert len(graded()) == 4  # the same code of two learners once
    assert not any(learner in line for learner in ORDERS for line in graded())
    assert "5 learners, 5 graded now" in said
    assert "To review: 2, in class.html" in said
    assert "grades/class.html" in said
    assert "ada" in Path("summary.md").read_text()
    run = json.loads(Path("grades/run.json").read_text())
    assert (run["graded"], run["tier"], run["workers"]) == (5, "stub", 1)


def test_what_is_not_handed_in_is_listed_and_said():
    grade("-e", "one-hot", "-e", "rnn-cell")
    (zoe,) = (learner for learner in results()["learners"] if learner["learner"] == "zoe")
    for exercise in zoe["exercises"]:
        assert {(test["status"], test["message"]) for test in exercise["tests"]} == {("not run", "Not handed in.")}
    assert {*marks()["zoe"]} == {"one-hot", "rnn-cell"}
    assert {line.split()[1] for line in graded()} == {"rnn-cell"}  # not what was not asked for


def test_chapter():
    grade("--chapter", "02_rnn")
    assert {"my-rnn", "rnn-cell"} < {*marks()["ada"]}


def test_the_same_again_grades_nothing():
    grade()
    before = Path("grades/results.json").read_bytes()
    said = grade()
    assert len(graded()) == 4
    assert "0 graded now" in said
    assert Path("grades/results.json").read_bytes() == before


@pytest.mark.parametrize(
    "how", ["two workers", "in another order", "in two runs", "with a damaged record", "one by one"]
)
def test_the_same_results_however_it_went(how, monkeypatch):
    grade()
    expected = Path("grades/results.json").read_bytes()
    if how == "two workers":
        monkeypatch.setattr(workers.Local, "run", RUN_IN_PROCESSES)
        grade("--workers", "2", output="other")
    if how == "in another order":
        monkeypatch.setattr(workers.Local, "run", lambda crew, tasks, settings: run_here(crew, tasks[::-1], settings))
        grade(output="other")
    if how == "in two runs":
        grade("-e", "my-rnn", output="other")
        grade(output="other")
    if how == "with a damaged record":
        Path("other").mkdir()
        lines = Path("grades", FILE).read_bytes().splitlines(keepends=True)
        Path("other", FILE).write_bytes(b"".join([lines[0], lines[1][:-9] + b"\n", *lines[2:-1], lines[-1][:-5]]))
        shutil.copy(f"grades/{SECRET}", "other")
        said = grade(output="other")
        assert "1 line damaged" in said
        assert "cut off half-way" in said
    if how == "one by one":
        shutil.move("class", "all")
        for path in sorted(Path("all").iterdir(), reverse=True):
            shutil.rmtree("class", ignore_errors=True)
            Path("class").mkdir()
            shutil.copytree(path, f"class/{path.name}")
            grade("--chapter", "02_rnn", output="other")
        shutil.rmtree("class")
        shutil.move("all", "class")
        grade(output="other")
    assert Path("other/results.json").read_bytes() == expected


def test_learners_may_come_and_go():
    grade()
    shutil.rmtree("class/ada")
    hand_in({"new": {"marks": {"rnn-cell": 9}}})
    grade()
    assert [*marks()] == ["bob", "bob's friend", "eve", "new", "zoe"]
    assert len(graded()) == 5


def test_regrade():
    grade()
    grade("--regrade", "my-rnn")
    assert [line.split()[1] for line in graded()[4:]] == ["my-rnn", "my-rnn"]
    grade("--secret", "pyproject.toml", code=2)
    Path("secret").write_text("another secret of some length")
    grade("--secret", "secret")
    assert len(graded()) == 10


def test_hidden_tests_reach_the_worker_and_their_change_grades_anew():
    Path("hidden").mkdir()
    test = hidden_test()
    grade("--tests", "hidden")
    assert {line.split()[-1] for line in graded()} == {"test_rnn_cell.py"}
    test.write_text(test.read_text().replace("More", "Still more"))
    workers_before = len(graded())
    fingerprint.tests.cache_clear()
    fingerprint._all_tests.cache_clear()
    grade("--tests", "hidden")
    assert {line.split()[1] for line in graded()[workers_before:]} == {"rnn-cell"}


def test_faults_have_no_mark_and_are_tried_again():
    hand_in({"bad": {"marks": {"rnn-cell": 5}, "raise": "always"}})
    said = grade(code=1)
    assert "No mark: bad, rnn-cell: ValueError: the stub was told to fail" in said
    assert "1 without a mark" in said
    assert marks()["bad"]["rnn-cell"] is None
    assert marks()["ada"]["rnn-cell"] == 10
    (learner,) = (learner for learner in results()["learners"] if learner["learner"] == "bad")
    assert all(exercise["tests"] for exercise in learner["exercises"])
    hand_in({"bad": {"marks": {"rnn-cell": 5}}})
    assert "1 graded now" in grade()
    assert marks()["bad"]["rnn-cell"] == 5


def test_one_damned_submission_stops_nobody(processes):
    hand_in({"bad": {"marks": {"rnn-cell": 5}, "die": "always"}})
    said = grade(code=1)
    assert "died 3 times over this submission" in said
    assert marks()["eve"]["my-rnn"] == 0
    assert marks()["zoe"]["my-rnn"] == 0
    assert {*marks()["bad"].values()} == {None}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-e", "rnn-cel"], 'There is no exercise "rnn-cel". Did you mean "rnn-cell"?'),
        (["--regrade", "rnn-cel"], 'There is no exercise "rnn-cel".'),
        (["-e", "rnn-cell", "--regrade", "my-rnn"], "not among what is to be graded"),
        (["--chapter", "02_rn"], 'There is no chapter "02_rn". Did you mean "02_rnn"?'),
        (["--tests", "nowhere"], "nowhere"),
        (["--tests", "class/tests"], "choose a folder elsewhere with --tests"),
        (["--output", "class/grades"], "choose a folder elsewhere with --output"),
        (["--output", "class"], "choose a folder elsewhere with --output"),
        (["--roster", "nowhere.csv"], "nowhere.csv"),
        (["--sandbox", "refused"], "The sandbox refused does not work here."),
        (["--tls-ca", "ca.pem"], "name it with --dask"),
        (["--dask", "tcp://127.0.0.1:1"], "leave out --workers"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_requests(options, words):
    said = grade(*options, code=2)
    assert words in said
    assert len(said.strip().splitlines()) == 1
    assert not Path("grades/results.json").exists()


def test_a_class_without_exercises():
    shutil.rmtree("class")
    hand_in({"zoe": {"marks": {}}})
    assert "is known to hold an exercise. Name one: rnnbook grade FOLDER --exercise rnn-cell" in grade(code=2)
    grade("-e", "rnn-cell")
    shutil.rmtree("class")
    grade(code=2)
    Path("class").mkdir()
    assert "class" in grade(code=2)


def test_not_where_python_imports_from(monkeypatch):
    monkeypatch.syspath_prepend(str(Path("class").resolve()))
    assert "run this command from another folder" in grade(code=2)


def test_one_run_at_a_time():
    with classroom.Record(Path("grades")):
        assert "Another `rnnbook grade` is at work in grades" in grade(code=2)


RUN = """
import typer
from rnnbook.grading import cli
from rnnbook.grading.classroom import fingerprint
from rnnbook.grading.classroom import workers
fingerprint.package = lambda: "the same"
workers.GRADER = "grading.stub_grader:Grader"
workers.Local.tier = lambda self, name, allow_unsafe: "stub"
app = typer.Typer()
app.command()(cli.grade)
app()
"""


def test_killed_in_the_middle_it_goes_on():
    """The third of five learners waits; then the run is killed. It goes on with that learner, in this process."""
    hand_in({"bob's friend": {"marks": {"rnn-cell": 1}, "wait": str(Path("pipe").resolve())}})
    for name in ("pipe", "pipe.go"):
        os.mkfifo(name)
    command = [sys.executable, "-P", "-c", RUN, "class", "--workers", "1"]
    environment = os.environ | {"PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        Path("pipe").read_text()
        program.kill()
    assert len(graded()) == 3
    for name in ("pipe", "pipe.go"):
        Path(name).unlink()
        Path(name).touch()
    assert "3 graded now" in grade()
    assert len(graded()) == len({*graded()}) == 5
    assert marks()["bob's friend"]["rnn-cell"] == 1


def test_ctrl_c_says_how_to_go_on(monkeypatch):
    def run(crew, tasks, settings):
        yield from run_here(crew, tasks[:2], settings)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(workers.Local, "run", run)
        said = grade(code=130)
    assert said.strip() == "Stopped. What is finished is recorded: the same command goes on from there."
    assert len(graded()) == 3
    grade()
    assert len(graded()) == len({*graded()}) == 4


def test_gradescope_build():
    command = ["build", "-e", "rnn-cell", "-o", "to/auto.zip", "--tests", "hidden"]
    Path("hidden").mkdir()
    ended = CliRunner().invoke(cli.gradescope, command)
    assert (ended.exit_code, len(ended.output.splitlines())) == (2, 1)
    hidden_test()
    ended = CliRunner().invoke(cli.gradescope, command)
    assert (ended.exit_code, ended.exception) == (0, None), ended.output
    assert "to/auto.zip grades rnn-cell." in ended.output
    assert f"Keep to/{SECRET}" in ended.output
    before = Path("to/auto.zip").read_bytes()
    CliRunner().invoke(cli.gradescope, command)
    assert Path("to/auto.zip").read_bytes() == before
    for wrong in (["build"], ["build", "-e", "rnn-cel"], ["build", "-e", "rnn-cell", "--hidden", "never"]):
        ended = CliRunner().invoke(cli.gradescope, wrong)
        assert (ended.exit_code, len(ended.output.splitlines())) == (2, 1), ended.output
