"""The command line: exit codes, one clear line for each trouble, and code that only a process of its own can hold.

A process that imports torch takes seconds, so a test whose subject is no process does the child's work in this one.
"""

import functools
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rnnbook import cli, doctor
from rnnbook.exercises import process

ROOT = Path(__file__).parents[1]
RIGHT = """import torch
def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)
"""
CHECK = 'check("rnn-cell")'


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


@pytest.fixture
def in_process(monkeypatch):
    """The child's work done here: the same arguments, files and events, but no time limit from outside."""

    def run(command: list[str], **_):
        process.work(*command[command.index(process._CHILD) + 2 :])
        return subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setattr(process.subprocess, "run", run)
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


def test_python_file_whose_names_tell_the_exercise(in_process):
    Path("my work.py").write_text(RIGHT.replace("torch.tanh", ""))
    result = rnnbook("check", "my work.py")
    assert result.exit_code == 1
    assert "You left out the tanh" in result.output
    assert "rnnbook check 'my work.py' rnn-cell --hint 1" in result.output


def test_stub_and_hint(in_process):
    result = rnnbook("check", str(ROOT / "exercises" / "02_rnn.ipynb"), "rnn-cell", "--hint", "2")
    assert result.exit_code == 1
    assert "rnn-cell: 0 of 10 points" in result.output
    assert "rnn_cell is not written yet" in result.output
    assert "Hint 2 of 3" in result.output


def test_exercises_in_the_order_of_the_notebook(in_process):
    stubs = [f"def {name}(*_): raise NotImplementedError" for name in ("unroll", "rnn_cell", "one_hot")]
    result = rnnbook("check", save(*stubs))
    headlines = [line.partition(":")[0] for line in result.stdout.splitlines() if " points" in line]
    assert headlines == ["unroll", "rnn-cell", "one-hot"]


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
    result = rnnbook("check", save("import os\nx = os._exit(3)", CHECK))
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
        (["rnn.ipynb", "--hint", "1"], "Name the exercise that the hint is for"),
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
