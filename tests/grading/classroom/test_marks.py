"""What is left to do, and that every learner gets one result an exercise, which lists every test."""

from dataclasses import replace

import pytest

from rnnbook.exercises.catalogue import find
from rnnbook.exercises.report import Outcome
from rnnbook.exercises.run import blank
from rnnbook.exercises.source import Cell
from rnnbook.grading.classroom.marks import Marks
from rnnbook.grading.classroom.record import Record
from rnnbook.grading.classroom.workers import Done
from rnnbook.grading.types import Flag, Result, Settings, Source, Submission

EXERCISES = {id: find(id) for id in ("one-hot", "rnn-cell", "unroll")}
SETTINGS = Settings("landlock", secret=b"secret")


def submission(learner, code="code", **more):
    return Submission(learner, f"{learner}.py", (Source("a.py", (Cell("a.py", code),)),), **more)


ADA = submission("ada", notes=("a note",), identity={"email": "ada@example.org"})
BOB = submission("bob")
EVE = submission("eve", "other code")


@pytest.fixture
def record(tmp_path):
    with Record(tmp_path) as kept:
        yield kept


def marks(record, submissions=(ADA, BOB, EVE), **more):
    return Marks([*submissions], EXERCISES, SETTINGS, record, **more)


def result(exercise, status="passed", **more):
    tests = tuple(replace(test, status=status, printed="\ud800") for test in blank(EXERCISES[exercise]).tests)
    return Result("", exercise, tests, "landlock", ("a note",), (Flag("uses torch.nn.RNN", "line 1"),), **more)


def done(of, *results, held=("rnn-cell", "unroll"), reason="Not handed in.", **more):
    return Done(of.digest, held, reason, results, **more)


def test_the_same_code_is_one_task_and_nobody_knows_whose(record):
    tasks = marks(record).tasks(None)
    assert [task.submission.digest for task in tasks] == [ADA.digest, EVE.digest]
    for task in tasks:
        assert task.submission == Submission("", sources=task.submission.sources)


def test_both_learners_get_the_result_of_their_code(record):
    known = marks(record)
    known.add(done(ADA, result("rnn-cell")))
    found = [known.result(learner, EXERCISES["rnn-cell"]) for learner in (ADA, BOB)]
    assert found == [replace(result("rnn-cell"), learner=name) for name in ("ada", "bob")]


@pytest.mark.parametrize(
    ("asked", "graded", "left"),
    [
        (None, ["rnn-cell", "unroll"], False),
        (None, ["rnn-cell"], True),
        (["rnn-cell"], ["rnn-cell"], False),
        (["rnn-cell", "one-hot"], ["rnn-cell"], False),
        (["unroll"], ["rnn-cell"], True),
        (["one-hot"], [], False),
    ],
)
@pytest.mark.parametrize("again", [False, True], ids=["this run", "the next run"])
def test_what_is_left(record, asked, graded, left, again):
    known = marks(record)
    known.add(done(ADA, *map(result, graded)))
    if again:
        known = marks(record)
    tasks = {task.submission.digest: task for task in known.tasks(asked)}
    assert (ADA.digest in tasks) == left
    assert EVE.digest in tasks
    if left:
        assert tasks[ADA.digest].known == tuple(graded)


def test_the_next_run_finds_the_same(record):
    known = marks(record)
    known.add(done(ADA, result("rnn-cell"), result("unroll", "failed")))
    again = marks(record)
    for exercise in EXERCISES.values():
        assert known.result(BOB, exercise) == again.result(BOB, exercise)
    assert known.chapters() == again.chapters() == {EXERCISES[id].chapter for id in ("rnn-cell", "unroll")}


def test_what_is_not_held_is_not_run_and_says_why(record):
    known = marks(record)
    known.add(done(ADA, result("rnn-cell"), reason="Not handed in."))
    found = known.result(ADA, EXERCISES["one-hot"])
    assert [(test.name, test.status, test.message) for test in found.tests] == [
        (name, "not run", "Not handed in.") for name in EXERCISES["one-hot"].tests
    ]
    assert (found.learner, found.earned, found.possible, found.fault) == ("ada", 0, EXERCISES["one-hot"].points, "")


def test_regrade_forgets_one_exercise(record):
    marks(record).add(done(ADA, result("rnn-cell"), result("unroll")))
    known = marks(record, regrade=["unroll"])
    (task,) = (task for task in known.tasks(None) if task.submission.digest == ADA.digest)
    assert task.known == ("rnn-cell",)
    known.add(done(ADA, result("unroll", "failed")))
    assert marks(record).result(ADA, EXERCISES["unroll"]).earned == 0


def test_faults_are_tried_again_by_the_next_run(record):
    known = marks(record)
    known.add(done(ADA, replace(result("rnn-cell"), tests=(), fault="the sandbox died"), result("unroll")))
    known.add(Done(EVE.digest, fault="the process died"))
    for learner, why in ((ADA, "the sandbox died"), (EVE, "the process died")):
        found = known.result(learner, EXERCISES["rnn-cell"])
        assert found.fault == why
        assert [test.name for test in found.tests] == [*EXERCISES["rnn-cell"].tests]
        assert found.earned == 0
    tasks = {task.submission.digest: task.known for task in marks(record).tasks(None)}
    assert tasks == {ADA.digest: ("unroll",), EVE.digest: ()}


def test_other_settings_other_marks(record):
    marks(record).add(done(ADA, result("rnn-cell"), held=("rnn-cell",)))
    other = Marks([ADA], EXERCISES, replace(SETTINGS, secret=b"other"), record)
    assert len(other.tasks(None)) == 1
    assert not marks(record, [ADA]).tasks(None)


def test_outcomes_are_kept_whole(record):
    """Partial points and hidden tests come back from the file as they were."""
    outcome = Outcome("test_x", "X", 4, "failed", "message", "printed", partial=2, hidden=True)
    known = marks(record)
    known.add(done(ADA, Result("", "rnn-cell", (outcome,), "landlock")))
    assert marks(record).result(ADA, EXERCISES["rnn-cell"]).tests == (outcome,)
