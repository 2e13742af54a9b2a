import json
import threading

import pytest

from rnnbook.exercises.catalogue import catalogue
from rnnbook.exercises.report import Outcome, Report
from rnnbook.exercises.terminal import progress
from rnnbook.exercises.terminal.progress import Entry


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The state's folder, which is not there yet."""
    folder = tmp_path / "deep" / "state"
    monkeypatch.setenv("RNNBOOK_STATE", str(folder))
    return folder


def test_its_place(monkeypatch, tmp_path):
    monkeypatch.delenv("RNNBOOK_STATE")
    monkeypatch.setattr(progress.platformdirs, "user_state_path", lambda name: tmp_path / name)
    assert progress.path() == tmp_path / "rnnbook" / "progress.json"


def report(exercise: str, *earned: int, message: str = "wrong") -> Report:
    """A report whose tests are worth 5 points each."""
    tests = (Outcome(f"test_{n}", "", 5, "failed", message, partial=points) for n, points in enumerate(earned))
    return Report(exercise, tuple(tests), ("first", "second"))


def test_the_best_marks_are_kept(folder):
    assert progress.read() == ({}, "")
    for marks in (2, 4, 3):
        assert progress.record([report("rnn-cell", marks), report("unroll", 0)]) == ""
    assert progress.read() == ({"rnn-cell": Entry(4, True), "unroll": Entry(0, True)}, "")
    assert sorted(path.name for path in folder.iterdir()) == ["progress.json", "progress.lock"]


@pytest.mark.parametrize("message", ["f is not written yet: put your code", "f is not defined. Write it"])
def test_a_stub_is_not_begun(message):
    progress.record([report("unroll", 0, 0, message=message)])
    assert progress.read()[0] == {"unroll": Entry(0, False)}
    progress.record([report("unroll", 0, 1, message=message)])
    assert progress.read()[0] == {"unroll": Entry(1, True)}


def test_hints_one_after_the_other():
    shown = [progress.hint(report("rnn-cell", 0), None) for _ in range(3)]
    assert shown == [(1, ""), (2, ""), (2, "")]
    assert progress.hint(report("rnn-cell", 0), 1) == (1, "")
    assert progress.hint(report("rnn-cell", 0), None) == (2, "")
    assert progress.hint(Report("unroll", ()), None) == (0, "")
    progress.record([report("rnn-cell", 3)])
    assert progress.read()[0]["rnn-cell"] == Entry(3, True, 2)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"version": 2, "exercises": {}}', b'{"version": 1}'),
        *(b'{"version": 1, "exercises": {"a": 3}}', b'{"version": 1, "exercises": {"a": {"earned": "5"}}}'),
        *(b'{"version": 1, "exercises": {"a": {"hints": -1}}}', b"[" * 100_000),
    ],
    ids=["empty", "cut", "no text", "list", "null", "later", "lacks", "number", "text", "negative", "deep"],
)
def test_a_damaged_file_is_said_and_put_aside(content, folder):
    folder.mkdir(parents=True)
    progress.path().write_bytes(content)
    note = progress.record([report("rnn-cell", 1)])
    assert note == f"{progress.path()} was damaged: it is now progress.damaged, and your progress starts anew."
    assert (folder / "progress.damaged").read_bytes() == content
    assert progress.read() == ({"rnn-cell": Entry(1, True)}, "")


def test_fields_of_a_later_version_do_no_harm(folder):
    folder.mkdir(parents=True)
    progress.path().write_text('{"version": 1, "exercises": {"a": {"earned": 5, "colour": "blue"}}}')
    assert progress.read() == ({"a": Entry(5)}, "")


def test_nothing_is_lost_between_processes():
    threads = [
        threading.Thread(target=progress.record, args=([report(f"exercise-{n}", 1)],), daemon=True) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(progress.read()[0]) == 20


def test_a_folder_that_cannot_be_written_is_said(folder):
    folder.parent.mkdir()
    folder.write_text("a file in its place")
    note = progress.record([report("rnn-cell", 1)])
    assert note.startswith(f"Your progress could not be saved in {progress.path()}: ")
    assert progress.hint(report("rnn-cell", 1), None)[0] == 1


def test_reset():
    assert not progress.reset()
    progress.record([report("rnn-cell", 1)])
    assert progress.reset()
    assert progress.read() == ({}, "")


def test_outline_is_the_catalogue():
    """It is read from the files without running them; so an EXERCISE and its @points must be written out."""
    told = [(exercise.id, exercise.chapter, exercise.title, exercise.points) for exercise in progress.outline()]
    assert told == [(exercise.id, exercise.chapter, exercise.title, exercise.points) for exercise in catalogue()]


def test_outline_knows_points_per_case(tmp_path):
    path = tmp_path / "test_trial.py"
    path.write_text(
        'EXERCISE = Exercise(id="trial", chapter="01", title="T", defines=("f",))\n'
        '@points(2)\n@pytest.mark.parametrize("x", [1, 2, 3])\ndef test_a(student, x): pass\n'
        '@points(2, per_case=True)\n@pytest.mark.parametrize("x", [1, 2, 3])\ndef test_b(student, x): pass\n'
        "def helper(): pass\n"
    )
    assert progress._planned(path) == progress.Planned("trial", "01", "T", 8)


def test_overview(monkeypatch):
    plan = [progress.Planned("one-hot", "01", "Symbols", 10), progress.Planned("unroll", "01", "Steps", 8)]
    plan += [progress.Planned("rnn-cell", "02", "A step", 9)]
    monkeypatch.setattr(progress, "outline", lambda: plan)
    entries = {"one-hot": Entry(12, True), "unroll": Entry(3, True), "gone": Entry(1)}
    assert progress.overview(entries).plain.splitlines() == [
        "01",
        "  ✓ one-hot   10 of 10  Symbols",
        "  ✗ unroll     3 of  8  Steps",
        "02",
        "  – rnn-cell         9  A step",
        "13 of 27 points: 1 of 3 exercises done, 1 begun.",
        "Next: unroll, in 01.ipynb",
    ]
    done = progress.overview({exercise.id: Entry(exercise.points, True) for exercise in plan}).plain
    assert done.endswith("27 of 27 points: 3 of 3 exercises done, 0 begun.\nAll done. Well done!")


def test_written_whole_or_not_at_all(monkeypatch, folder):
    progress.record([report("rnn-cell", 1)])
    before = progress.path().read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(progress.os, "replace", full)
    assert "No space left on device" in progress.record([report("rnn-cell", 5)])
    assert progress.path().read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["progress.json", "progress.lock"]


def test_is_plain_json():
    progress.record([report("rnn-cell", 1)])
    assert json.loads(progress.path().read_text()) == {
        "version": 1,
        "exercises": {"rnn-cell": {"earned": 1, "begun": True, "hints": 0}},
    }
