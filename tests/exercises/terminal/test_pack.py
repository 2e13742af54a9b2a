"""The file to hand in: what is in it, that it is graded itself, and that nothing else is ever overwritten."""

import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import ClassVar

import pytest
from rich.console import Console

from rnnbook.exercises.catalogue import find
from rnnbook.exercises.display import NOT_HANDED_IN, is_missing
from rnnbook.exercises.errors import ExerciseError
from rnnbook.exercises.report import Outcome, Report
from rnnbook.exercises.terminal import pack as packing
from rnnbook.exercises.terminal import process
from rnnbook.exercises.terminal.pack import Graded, collect, grade, pack, show

CELL = "def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):\n    return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)"
GRADED = Graded([Report("rnn-cell", (Outcome("test_a", "A", 5, "passed"),))], "in the sandbox `trial`", [])


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def save(*codes: str, name: str = "rnn.ipynb") -> Path:
    cells = [{"cell_type": "code", "source": code} for code in codes]
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"cells": cells}) if path.suffix == ".ipynb" else "\n".join(codes))
    return path


def names(path: str = "out.zip") -> list[str]:
    return zipfile.ZipFile(path).namelist()


def trusting(path: Path) -> Graded:
    """Grades nothing."""
    return GRADED


def test_the_notebook_goes_in_as_it_is():
    notebook = save("import torch", CELL)
    pack([notebook], Path("out.zip"), trusting)
    assert names() == ["rnn.ipynb"]
    assert zipfile.ZipFile("out.zip").read("rnn.ipynb") == notebook.read_bytes()


def test_same_bytes_for_the_same_files():
    one, two = save(CELL), save("x = 1", name="more.py")
    pack([one, two], Path("a.zip"), trusting)
    for path in (one, two):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    pack([two, one, one], Path("b.zip"), trusting)
    assert Path("a.zip").read_bytes() == Path("b.zip").read_bytes()


def test_helper_modules_that_it_imports_go_along():
    save("import further\nfrom tools import saw", name="helpers.py")
    save("import helpers", name="further.py")
    save("y = 1", name="tools/__init__.py")
    save("", name="tools/none.py")
    save("x = 1", name="tools/saw.py")
    save("x = 1", name="unused.py")
    save("x = 1", name="random.py")  # Python's own is imported in its place
    notebook = save("import random, nowhere\n%matplotlib inline\ndef f():\n    from helpers import g", CELL)
    taken = ["further.py", "helpers.py", "rnn.ipynb", "tools/__init__.py", "tools/saw.py"]
    assert sorted(collect([notebook])) == taken
    assert collect([notebook])["helpers.py"] == Path("helpers.py")


def test_helpers_lie_beside_a_notebook_in_another_folder():
    save("x = 1", name="lab/helpers.py")
    assert collect([save("import helpers", CELL, name="lab/rnn.ipynb")]) == {
        "rnn.ipynb": Path("lab/rnn.ipynb"),
        "helpers.py": Path("lab/helpers.py"),
    }


def test_two_files_of_one_name():
    with pytest.raises(ExerciseError, match=r"b/rnn\.ipynb and a/rnn\.ipynb have the same name: rename one\.$"):
        collect([save(CELL, name="a/rnn.ipynb"), save(CELL, name="b/rnn.ipynb")])


@pytest.mark.parametrize(("name", "says"), [("none.ipynb", "There is no file"), (".", "is a folder")])
def test_files_that_cannot_be_read(name, says):
    with pytest.raises(ExerciseError, match=says):
        collect([Path(name)])


def test_files_too_large_for_the_grader(monkeypatch):
    from rnnbook.grading.intake import files

    notebook = save(CELL, "#" * 2**20)
    monkeypatch.setattr(files, "FILE", 2**20)
    with pytest.raises(ExerciseError, match=r"^rnn\.ipynb has 1 MB, and the grader takes 1 MB: clear its outputs"):
        collect([notebook])
    monkeypatch.setattr(files, "FILE", 2**30)
    monkeypatch.setattr(files, "TOTAL", 2**20)
    with pytest.raises(ExerciseError, match=r"^The files have 1 MB"):
        collect([notebook])


def test_an_earlier_one_is_replaced_and_nothing_else():
    pack([save(CELL)], Path("out.zip"), trusting)
    first = Path("out.zip").read_bytes()
    pack([save(CELL, "x = 1")], Path("out.zip"), trusting)
    assert Path("out.zip").read_bytes() != first
    for other in (b"a text", b""):
        Path("out.zip").write_bytes(other)
        with pytest.raises(ExerciseError, match=r"^out\.zip is there already, and not from `rnnbook pack`"):
            pack([save(CELL)], Path("out.zip"), trusting)
        assert Path("out.zip").read_bytes() == other
    with zipfile.ZipFile("out.zip", "w") as archive:
        archive.writestr("diary.txt", "dear")
    with pytest.raises(ExerciseError, match="is there already"):
        pack([save(CELL)], Path("out.zip"), trusting)


@pytest.mark.parametrize(
    ("output", "says"), [("out.tar", "should end in .zip"), ("no/out.zip", "There is no folder no")]
)
def test_outputs_that_will_not_do(output, says):
    with pytest.raises(ExerciseError, match=says):
        pack([save(CELL)], Path(output), trusting)


@pytest.mark.parametrize("error", [ExerciseError("no"), KeyboardInterrupt()], ids=["refused", "Ctrl-C"])
def test_nothing_half_written_is_left(error):
    def failing(path):
        assert path.exists()
        raise error

    notebook = save(CELL)
    with pytest.raises(type(error)):
        pack([notebook], Path("out.zip"), failing)
    assert os.listdir() == ["rnn.ipynb"]


def test_the_very_file_is_graded():
    graded = []

    def see(path):
        graded.append((os.stat(path).st_ino, path.read_bytes(), os.listdir(path.parent)))
        return GRADED

    pack([save(CELL)], Path("out.zip"), see)
    assert graded == [(os.stat("out.zip").st_ino, Path("out.zip").read_bytes(), ["out.zip"])]


def test_a_disk_that_is_full(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packing.os, "replace", full)
    with pytest.raises(ExerciseError, match=r"^out\.zip could not be written: No space left on device\.$"):
        pack([save(CELL)], Path("out.zip"), trusting)
    assert os.listdir() == ["rnn.ipynb"]


def said(files: list[Path], graded: Graded, monkeypatch) -> tuple[int, list[str]]:
    monkeypatch.setattr(packing, "grade", lambda path, tell: graded)
    out = io.StringIO()
    code = show(files, None, Console(file=out, width=200, soft_wrap=True), Console(file=out))
    return code, [line.rstrip() for line in out.getvalue().splitlines()]


def test_what_is_said_when_all_is_well(monkeypatch):
    assert said([save(CELL)], GRADED, monkeypatch) == (
        0,
        [
            "rnn.zip is ready (1 kB): rnn.ipynb.",
            "Graded from that very file, in the sandbox `trial`:",
            "  ✓ rnn-cell   5 of  5",
            "1 of 1 exercises pass, 5 of 5 points.",
        ],
    )
    assert said([save(CELL)], GRADED, monkeypatch)[1][0].endswith("rnn.ipynb. It replaces the earlier one.")


def test_what_is_said_before_it_goes(monkeypatch):
    def one(id, message):
        return Report(id, (Outcome("test_a", "A", 5, "failed", message),))

    reports = [
        one("one-hot", "one_hot is not written yet: put"),
        one("rnn-cell", "You left [b]out[/b] the tanh"),
        one("unroll", NOT_HANDED_IN),
    ]
    notebook = save(CELL, CELL, 'check("rnn-cell")')
    code, lines = said([notebook], Graded(reports, "somewhere", ["a [red]note[/red]"]), monkeypatch)
    assert code == 1
    assert lines[2:6] == [
        "  – one-hot    0 of  5  not written yet",
        "  ✗ rnn-cell   0 of  5  You left [b]out[/b] the tanh",
        "  – unroll     0 of  5  not in the file",
        "0 of 3 exercises pass, 0 of 15 points.",
    ]
    assert lines[6:] == [
        "",
        "Before you hand it in:",
        "  ! a [red]note[/red]",
        "  ! Not in the file: unroll.",
        "  ! Not written yet: one-hot. If you have written them, save the notebook, and pack again.",
        "  ! rnn_cell is defined 2 times: rnn.ipynb, code cell 1, line 1; rnn.ipynb, code cell 2, line 1. "
        "The last one counts.",
        "",
        "What fails and why: rnnbook check rnn.ipynb",
    ]


def test_marks_are_the_graders(tmp_path):
    """The real one, on what was packed: a helper module, a name that is missing, and the rest of the chapter."""
    save("import torch\ndef squash(z): return torch.tanh(z)", name="helpers.py")
    code = CELL.replace("torch.tanh", "squash")
    notebook = save("from helpers import squash", code, "def softmax(logits, temperature): return undefined")
    graded = pack([notebook], Path("out.zip"), grade)
    marks = {report.exercise: (report.earned, report.possible) for report in graded.reports}
    assert marks["rnn-cell"] == (10, 10)
    assert marks["softmax-temperature"] == (0, 10)
    assert marks["my-rnn"] == (0, 15)
    assert [report.exercise for report in graded.reports if is_missing(report)] == [
        *("my-rnn", "last-valid-state", "names-split", "confusion-matrix", "names-classifier")
    ]
    assert graded.how.startswith("in the sandbox `")


@pytest.mark.parametrize("where", ["choose", "grade"])
def test_where_no_sandbox_works(where, monkeypatch):
    from rnnbook.grading import grader, sandbox
    from rnnbook.grading.errors import GradingError

    def none(*_, **__):
        raise GradingError("None works.")

    class Done:
        def wait(self, timeout):
            return 0

        def kill(self):
            pass

    def start(arguments, words):
        process.work(*arguments)
        return Done()

    monkeypatch.setattr(sandbox, "choose", none if where == "choose" else lambda *_, **__: "process")
    monkeypatch.setattr(grader, "Grader", none)
    monkeypatch.setenv("RNNBOOK_NO_HELPER", "1")
    monkeypatch.setattr(process, "_start", start)
    monkeypatch.setattr(process.faulthandler, "dump_traceback_later", lambda *_, **__: None)
    monkeypatch.setattr(sys, "path", [*sys.path])
    save("import torch", name="helpers.py")
    graded = pack([save("import helpers\ntorch = helpers.torch", CELL)], Path("out.zip"), grade)
    assert [(report.exercise, report.passed) for report in graded.reports] == [("rnn-cell", True)]
    assert graded.how == "without a sandbox"
    assert graded.notes == ["None works."]
    assert sorted(os.listdir()) == ["helpers.py", "out.zip", "rnn.ipynb"]


def test_files_without_an_exercise(monkeypatch):
    from rnnbook.grading import grader

    class Idle:
        exercises: ClassVar = {"rnn-cell": find("rnn-cell")}

        def __init__(self, settings):
            pass

        def survey(self, submission):
            return {}

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(grader, "Grader", Idle)
    with pytest.raises(ExerciseError, match="hold none of the exercises"):
        pack([save("x = 1")], Path("out.zip"), grade)
    assert os.listdir() == ["rnn.ipynb"]
