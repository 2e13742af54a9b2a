"""The command line: exit codes, one clear line for each trouble, and code that only a process of its own can hold.

A process that imports torch takes seconds, so a test whose subject is no process does the child's work in this one.
"""

import functools
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rnnbook import cli, doctor
from rnnbook.exercises.terminal import console, pack, process, progress

ROOT = Path(__file__).parents[1]
RIGHT = """import torch
def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)
"""
CHECK = 'check("rnn-cell")'
STUB = "def {}(*_): raise NotImplementedError"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Away from the repository, beside files that are in the way of a careless import."""
    monkeypatch.chdir(tmp_path)
    for name in ("torch.py", "random.py", "conftest.py", "sitecustomize.py"):
        Path(name).write_text("raise SystemExit('the learner has a file of this name')")
    Path("pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    # A console's width would break the lines that are compared here.
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("RNNBOOK_NO_HELPER", "1")
    monkeypatch.setenv("RNNBOOK_STATE", str(tmp_path / "state"))


@pytest.fixture
def in_process(monkeypatch):
    """The child's work done here: the same arguments, files and events, but no time limit from outside."""

    class Done:
        def wait(self, timeout):
            return 0

        def kill(self):
            pass

    def start(arguments: list[str], words: Path) -> Done:
        process.work(*arguments)
        return Done()

    monkeypatch.setattr(process, "_start", start)
    monkeypatch.setattr(process.faulthandler, "dump_traceback_later", lambda *_, **__: None)
    monkeypatch.setattr(sys, "path", [*sys.path])


def rnnbook(*arguments: str):
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def save(*codes: str, name: str = "rnn.ipynb") -> str:
    cells = [{"cell_type": "code", "source": code} for code in codes]
    Path(name).write_text(json.dumps({"cells": cells}))
    return name


def test_right_notebook():
    result = rnnbook("check", save("%pip install rnnbook", RIGHT + "rnn_cell('by way of trial')", CHECK))
    assert result.exit_code == 0, result.output
    assert "rnn-cell: 10 of 10 points. All tests pass." in result.output
    assert result.stderr == ""


def test_python_file_whose_names_tell_the_exercise(in_process, monkeypatch):
    monkeypatch.setattr(cli.out, "width", 120)  # side by side needs room
    Path("my work.py").write_text(RIGHT.replace("torch.tanh", ""))
    result = rnnbook("check", "my work.py")
    assert result.exit_code == 1
    assert "You left out the tanh" in result.output
    assert "rnnbook check 'my work.py' rnn-cell --hint\n" in result.output
    assert "  expected  " in result.output


def test_stub_and_hint(in_process):
    result = rnnbook("check", save(STUB.format("rnn_cell")), "rnn-cell", "--hint", "2")
    assert result.exit_code == 1
    assert "rnn-cell: 0 of 10 points" in result.output
    assert "rnn_cell is not written yet" in result.output
    assert "Hint 2 of 3" in result.output


def test_hints_come_one_after_the_other(in_process):
    file = save(STUB.format("unroll"), STUB.format("rnn_cell") + "\n    pass")
    shown = [rnnbook("check", file, "rnn-cell", "--hint").output for _ in range(4)]
    assert [re.search(r"Hint (\d) of 3", text)[1] for text in shown] == ["1", "2", "3", "3"]
    assert "Next hint: rnnbook check rnn.ipynb rnn-cell --hint\n" in shown[0]
    assert "Next hint" not in shown[3]
    rnnbook("check", file, "rnn-cell", "--hint", "1")
    assert "Hint 2 of 3" in rnnbook("check", file, "rnn-cell", "--hint").output
    assert "unroll: 0 of 10 points." in rnnbook("check", file, "--hint").output  # the next that fails
    assert "Hint 3 of 3" in rnnbook("check", file, "--hint", "3").output


def test_the_next_exercise_in_full_and_a_line_for_each(in_process):
    wrong = RIGHT.replace("torch.tanh", "")
    result = rnnbook("check", save(STUB.format("unroll"), STUB.format("one_hot"), wrong, STUB.format("softmax")))
    assert result.exit_code == 1
    assert result.stdout.startswith("rnn-cell: ")  # begun: before those that are not written yet
    assert "You left out the tanh" in result.stdout
    assert result.stdout.count("not written yet") == 3
    assert result.stdout.splitlines()[-5:] == [
        "  – unroll                0 of 10  not written yet",
        "  – one-hot               0 of 10  not written yet",
        "  ✗ rnn-cell              1 of 10  see above",
        "  – softmax-temperature   0 of 10  not written yet",
        "0 of 4 exercises pass, 1 of 40 points.",
    ]


def test_all_that_pass_are_a_line_each(in_process):
    unroll = """def smooth(h, x): return 0.9 * h + 0.1 * x
def largest(h, x): return max(h, x)
def unroll(step, xs, h):
    states = []
    for x in xs:
        states.append(h := step(h, x))
    return states
"""
    result = rnnbook("check", save(unroll, RIGHT))
    assert result.stdout.splitlines()[0].startswith("  ✓ unroll"), result.stdout
    assert result.stdout.splitlines()[-1] == "2 of 2 exercises pass, 20 of 20 points."


def test_syntax_error_names_the_cell(in_process):
    result = rnnbook("check", save("import torch", "x = 1\ndef rnn_cell(x, h:\n    pass", CHECK))
    assert result.exit_code == 1
    assert "rnn.ipynb, code cell 2, line 2: syntax error" in result.stderr
    assert "def rnn_cell(x, h:" in result.stderr
    assert "rnn_cell is not defined" in result.stdout


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("return sum(range(10**13))", "had to be stopped from outside"),  # one operation: no exception can reach it
        ("import os; os._exit(0)", "The Python process ended with exit code 0"),
        ("import ctypes; ctypes.string_at(0)", "The Python process ended with exit code -11"),
    ],
)
def test_code_that_takes_its_process_along(body, says, monkeypatch):
    monkeypatch.setattr(process, "check_file", functools.partial(process.check_file, limit=0.5))
    result = rnnbook("check", save(f"def rnn_cell(*arguments):\n    {body}"), "rnn-cell")
    assert result.exit_code == 1
    assert says in result.output
    assert "Not run: the process had been stopped." in result.output
    if "outside" in says:
        assert f"rnn.ipynb, code cell 1, line 2: {body}" in result.output


def test_definitions_that_take_the_process_along():
    result = rnnbook("check", save("import os\n@lambda _: os._exit(3)\ndef rnn_cell(*_): pass", CHECK))
    assert result.exit_code == 2
    assert "rnn.ipynb could not be run. The Python process ended with exit code 3" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.ipynb"], "There is no file missing.ipynb: is it saved"),
        (["empty.ipynb"], "empty.ipynb is empty: is it saved?"),
        (["notes.txt"], "neither a notebook"),
        (["."], "is a folder"),
        (["rnn.ipynb", "rnn-cel"], 'There is no exercise "rnn-cel". Did you mean "rnn-cell"?'),
        (["rnn.ipynb", "rnn-cell", "1"], "What is 1? For a hint, write --hint 1."),
        (["rnn.ipynb", "rnn-cell", "--hint", "--watch"], "--watch shows no hints"),
        (["nowhere/rnn.ipynb", "--watch"], "There is no folder nowhere"),
        (["rnn.ipynb"], "rnn.ipynb holds none of the exercises: "),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, says, in_process):
    save("y = 1")
    Path("empty.ipynb").touch()
    Path("notes.txt").write_text("x")
    result = rnnbook("check", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_watch_checks_again_and_survives_what_is_half_written(in_process, monkeypatch):
    def turns(path, turn):
        for content in (None, "{", "", json.dumps({"cells": [{"cell_type": "code", "source": RIGHT}]})):
            Path(path).unlink() if content is None else Path(path).write_text(content)
            turn()

    monkeypatch.setattr(console, "on_save", turns)
    result = rnnbook("check", save(RIGHT), "--watch")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("Watching: save the file") == 4
    assert result.stdout.count("All tests pass.") == 1
    said = ["There is no file rnn.ipynb", "rnn.ipynb is not a notebook", "rnn.ipynb is empty"]
    assert [line.startswith(start) for line, start in zip(result.stderr.splitlines(), said, strict=True)] == [True] * 3


@pytest.mark.parametrize(
    ("command", "module", "name", "says"),
    [("check", process, "_start", "Stopped.\n"), ("pack", pack, "grade", "Stopped: nothing was written.\n")],
)
def test_ctrl_c(command, module, name, says, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, name, interrupted)
    result = rnnbook(command, save(RIGHT))
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", says)
    assert not Path("rnn.zip").exists()


def test_notes_and_problems_are_said_and_change_no_mark(in_process):
    result = rnnbook("check", save("!pip list", "import nowhere\nhistory = 1 / 0", RIGHT + "import elsewhere"))
    assert result.exit_code == 0, result.output
    assert "ZeroDivisionError" not in result.stderr  # what no exercise needs, such as a training, is not run
    assert "rnn.ipynb, code cell 1, line 1: left out `!pip list`" in result.stderr


def test_progress_over_the_course(in_process):
    assert "Next: " in rnnbook("progress").output
    rnnbook("check", save(RIGHT))
    rnnbook("check", save(RIGHT.replace("torch.tanh", "")))  # the best marks count
    assert re.search(r"^  ✓ rnn-cell +10 of 10  One step", rnnbook("progress").output, re.MULTILINE)
    Path(progress.path()).write_text("{")
    result = rnnbook("progress")
    assert "was damaged: it is now progress.damaged, and your progress starts anew." in result.stderr
    assert "✓" not in result.stdout
    assert rnnbook("progress", "--reset").output == "There was no progress to forget.\n"
    rnnbook("check", save(RIGHT))
    assert rnnbook("progress", "--reset").output == "Your progress is forgotten.\n"
    assert "✓" not in rnnbook("progress").output


def test_progress_that_cannot_be_read(monkeypatch):
    progress.path().mkdir(parents=True)
    result = rnnbook("progress")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{progress.path()} could not be read: Is a directory.\n"


def test_progress_that_cannot_be_saved_changes_no_exit_code(in_process):
    Path("state").write_text("a file in its place")
    result = rnnbook("check", save(RIGHT))
    assert result.exit_code == 0
    assert result.stderr.startswith("Your progress could not be saved in ")


def test_pack_says_in_one_line_what_is_wrong():
    result = rnnbook("pack", "missing.ipynb")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "There is no file missing.ipynb: is it saved, and are you in its folder?\n"


def test_pack_passes_on_what_it_was_given(monkeypatch):
    given = []
    monkeypatch.setattr(pack, "show", lambda *arguments: given.append(arguments[:2]) or 1)
    assert rnnbook("pack", "a.ipynb", "b.py", "-o", "c.zip").exit_code == 1
    assert given == [([Path("a.ipynb"), Path("b.py")], Path("c.zip"))]


def test_hint_that_does_not_exist(in_process):
    result = rnnbook("check", save(RIGHT), "rnn-cell", "--hint", "9")
    assert (result.exit_code, result.stderr) == (2, "rnn-cell has 3 hints: there is no hint 9.\n")


def test_exercises_are_written_and_compared(monkeypatch):
    result = rnnbook("exercises")
    assert result.exit_code == 2
    assert "There are no notebooks in" in result.stderr
    Path("solutions").mkdir()
    solutions = json.loads((ROOT / "solutions" / "02_rnn.ipynb").read_text())
    Path("solutions/02_rnn.ipynb").write_text(json.dumps(solutions))
    assert rnnbook("exercises", "--check").exit_code == 1
    assert not Path("exercises").exists()
    assert rnnbook("exercises").output == "02_rnn.ipynb is up to date now.\n"
    assert rnnbook("exercises", "--check").exit_code == 0
    assert "BEGIN SOLUTION" not in Path("exercises/02_rnn.ipynb").read_text()


def test_version_and_help():
    assert rnnbook("--version").output == f"rnnbook {importlib.metadata.version('rnnbook')}\n"
    assert "check" in rnnbook("--help").output


def test_help_does_not_import_torch():
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import rnnbook.cli; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-P", "-S", "-c", SITE + code], text=True) == "False\n"


# The folder holds a sitecustomize.py that ends every Python started without -S.
SITE = "import site; site.ENABLE_USER_SITE = False; site.execsitecustomize = lambda: None; site.main(); "


def test_doctor_when_all_is_well():
    result = rnnbook("doctor")
    assert result.exit_code == 0, result.output
    assert "torch" in result.output


def test_doctor_names_what_is_missing_and_the_command_that_mends_it(monkeypatch):
    missing = doctor.package(doctor.Requirement("no-such-package>=1"))
    old = doctor.package(doctor.Requirement("numpy>=999"))
    assert (missing.well, missing.found) == (False, "not installed")
    assert not old.well
    assert 'pip install "numpy>=999"' in old.remedy
    monkeypatch.setattr(doctor, "examine", lambda: [missing, old])
    result = rnnbook("doctor")
    assert result.exit_code == 1
    assert "not installed" in result.output


def test_doctor_on_an_optional_thing():
    finding = doctor.Finding("browser", "not found", False, "apt-get", required=False)
    assert doctor.table([finding]).row_count == 1


def test_doctor_looks_at_python_data_and_browser(monkeypatch, tmp_path):
    assert doctor.python(">=3.11").well
    assert not doctor.python(">=99").well
    monkeypatch.setenv("RNNBOOK_CACHE", str(tmp_path / "deep" / "folder"))
    assert str(tmp_path) in doctor.data_folder().found
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not doctor.browser().well
    assert not doctor.browser().required


def test_doctor_says_when_a_package_does_not_start(monkeypatch):
    def broken(name):
        raise ImportError("libtorch.so is missing\nmore")

    monkeypatch.setattr(doctor.importlib, "import_module", broken)
    finding = doctor.package(doctor.Requirement("torch"))
    assert (finding.well, finding.found) == (False, "does not start: libtorch.so is missing")
