"""The archive for Gradescope, and that it grades where it is unpacked."""

import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import jsonschema
import pytest

from rnnbook.exercises.errors import ExerciseError
from rnnbook.grading.gradescope.autograder import build, requirements

SCHEMA = json.loads((Path(__file__).parents[1] / "reports" / "gradescope.schema.json").read_text(encoding="utf-8"))
SECRET = b"0123456789abcdef"
HIDDEN = '''
from rnnbook.exercises.catalogue import points

@points(3)
def test_of_my_own(student):
    """One more step"""
    assert student.rnn_cell is None, "hidden-value-8451"
'''


@pytest.fixture(scope="module")
def hidden(tmp_path_factory):
    """A folder of hidden tests."""
    folder = tmp_path_factory.mktemp("hidden")
    (folder / "test_rnn_cell.py").write_text(HIDDEN)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "left.pyc").write_bytes(b"x")
    return folder


@pytest.fixture(scope="module")
def archive(hidden, tmp_path_factory):
    return build(tmp_path_factory.mktemp("zip") / "autograder.zip", ["rnn-cell"], secret=SECRET, tests=hidden)


def unpack(archive, root):
    """As Gradescope does: the content in source/, run_autograder beside it."""
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            path = Path(opened.extract(member, root / "source"))
            path.chmod(stat.S_IMODE(member.external_attr >> 16))
    (root / "submission").mkdir()
    (root / "results").mkdir()
    (root / "source" / "run_autograder").rename(root / "run_autograder")


def start(root):
    """Runs run_autograder, and gives what Gradescope reads."""
    environment = {"PATH": os.environ["PATH"], "AUTOGRADER_ROOT": str(root), "RNNBOOK_PYTHON": sys.executable}
    ran = subprocess.run(
        [root / "run_autograder"], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    content = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, SCHEMA)
    assert ran.returncode == 0
    return content, ran.stdout


def test_it_holds_what_gradescope_asks_for(archive):
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in opened.infolist()}
        config = json.loads(opened.read("config.json"))
        pins = opened.read("requirements.txt").decode()
    assert {"setup.sh", "run_autograder", "config.json", "requirements.txt", "tests/test_rnn_cell.py"} <= {*names}
    assert "package/rnnbook/grading/grader.py" in names
    assert "package/rnnbook/exercises/tests/test_rnn_cell.py" in names
    assert (modes["setup.sh"], modes["run_autograder"], modes["config.json"]) == (0o755, 0o755, 0o644)
    assert not [name for name in names if re.search(r"__pycache__|\.pyc|/\.|recorded|solutions|^/|\.\.", name)]
    assert config["exercises"] == ["rnn-cell"]
    assert f"torch=={metadata.version('torch').partition('+')[0]}\n" in pins


def test_the_same_arguments_give_the_same_bytes(archive, hidden, tmp_path):
    again = build(tmp_path / "again.zip", ["rnn-cell"], secret=SECRET, tests=hidden)
    other = build(tmp_path / "other.zip", ["rnn-cell"], secret=SECRET[::-1], tests=hidden)
    assert again.read_bytes() == archive.read_bytes() != other.read_bytes()


def test_requirements_are_exact_and_complete():
    pins = requirements()
    assert all(re.fullmatch(r"[a-z0-9.-]+==[\w.!]+", pin) for pin in pins)
    names = {pin.partition("==")[0] for pin in pins}
    assert {"torch", "numpy", "pytest", "typer", "sympy"} <= names  # sympy is torch's
    assert "rnnbook" not in names
    assert not [name for name in names if name.startswith(("nvidia", "triton", "jupyterlab"))]


@pytest.mark.parametrize(
    ("exercises", "options", "words"),
    [
        ([], {}, "at least one exercise"),
        (["rnn-sell"], {}, "rnn-cell"),
        (["rnn-cell"], {"hidden": "visible"}, "after_published"),
        (["rnn-cell"], {"tests": Path(__file__).parent / "none"}, "holds no tests"),
    ],
    ids=["none", "unknown", "visibility", "tests"],
)
def test_a_wrong_request_is_refused_in_a_line(tmp_path, exercises, options, words):
    with pytest.raises(ExerciseError, match=words) as refused:
        build(tmp_path / "a.zip", exercises, secret=SECRET, **options)
    assert "\n" not in str(refused.value)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("script", ["setup.sh", "run_autograder"])
def test_the_scripts_are_bash(archive, tmp_path, script):
    with zipfile.ZipFile(archive) as opened:
        path = Path(opened.extract(script, tmp_path))
    assert path.read_text().startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", path], check=True)


def test_it_grades_where_it_is_unpacked(archive, tmp_path):
    unpack(archive, tmp_path)
    (tmp_path / "submission_metadata.json").write_text('{"users": [{"name": "Ada"}, {"name": "Grace"}]}')
    (tmp_path / "submission" / "a.py").write_text(
        "def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):\n    return x @ W_ih.T + b_ih + h @ W_hh.T + b_hh\n"
    )
    content, printed = start(tmp_path)
    tests = {test["name"]: test for test in content["tests"]}
    assert content["score"] == 1  # the arguments are as they were
    assert "You left out the tanh" in tests["rnn-cell: One step with all sizes equal"]["output"]
    mine = tests["rnn-cell: One more step"]
    assert (mine["max_score"], mine["visibility"], mine["output"]) == (3, "after_published", "✗ failed")
    assert "hidden-value-8451" not in json.dumps(content)
    assert "Sandbox: " in printed
    for private in (
        "source/tests",
        "source/config.json",
        "source/package/rnnbook/exercises/tests",
        "results",
        "submission",
    ):
        assert stat.S_IMODE((tmp_path / private).stat().st_mode) & 0o077 == 0


def test_there_are_results_even_when_the_package_is_broken(archive, tmp_path):
    unpack(archive, tmp_path)
    (tmp_path / "source/package/rnnbook/__init__.py").write_text("raise RuntimeError('broken')")
    (tmp_path / "results" / "results.json").write_text("of an earlier run")
    content, _ = start(tmp_path)
    assert content["score"] == 0
    assert "no fault of yours" in content["output"]
