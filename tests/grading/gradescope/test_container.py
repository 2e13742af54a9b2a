"""What runs in Gradescope's container: a valid results.json, whatever was handed in and whatever fails."""

import contextlib
import json
import os
from pathlib import Path

import jsonschema
import pytest

from rnnbook.grading import sandbox
from rnnbook.grading.errors import SandboxError
from rnnbook.grading.grader import Grader
from rnnbook.grading.gradescope import container
from rnnbook.grading.types import Settings

SCHEMA = json.loads((Path(__file__).parents[1] / "reports" / "gradescope.schema.json").read_text(encoding="utf-8"))
RIGHT = "def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):\n    return (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).tanh()\n"
CONFIG = {
    "exercises": ["rnn-cell"],
    "hidden": "hidden",
    "memory": 2**30,
    "seconds": 2,
    "secret": "00" * 16,
    "tests": False,
}


@pytest.fixture(scope="module")
def grader():
    """One for all tests, because a sandbox takes seconds to warm up."""
    with Grader(Settings(sandbox.choose(None, allow_unsafe=True), seconds=2)) as grader:
        yield grader


@pytest.fixture
def root(tmp_path):
    """The container's folder, with an empty submission."""
    for name in ("source", "submission", "results"):
        (tmp_path / name).mkdir()
    (tmp_path / "source" / "config.json").write_text(json.dumps(CONFIG))
    return tmp_path


def graded(root):
    """What Gradescope reads."""
    container.run(root)
    content = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, SCHEMA)
    return content


@pytest.mark.parametrize(
    ("files", "score", "words"),
    [
        ({"a.py": RIGHT}, 10, "rnn-cell: 10 of 10 points"),
        ({"a.py": "def rnn_cell(:\n"}, 0, "a.py, line 1"),
        ({"a.ipynb": "{"}, 0, "a.ipynb"),
        ({}, 0, "no notebook"),
        ({"a.py": f"{RIGHT}import os\nos._exit(0)\n"}, 10, "10 of 10"),
        ({"a.py": "import os\nimport torch\ndef rnn_cell(*given):\n    os._exit(0)\n"}, 0, "0 of 10"),
        ({"a.py": RIGHT, "torch.py": "raise SystemExit", "conftest.py": "import os; os._exit(0)"}, 10, "torch.py"),
    ],
    ids=["right", "syntax", "corrupt", "nothing", "exits at its end", "exits", "shadows"],
)
def test_whatever_was_handed_in(root, grader, monkeypatch, files, score, words):
    monkeypatch.setattr(container, "Grader", lambda settings: contextlib.nullcontext(grader))
    for name, content in files.items():
        (root / "submission" / name).write_text(content)
    content = graded(root)
    assert content["score"] == score
    assert words in json.dumps(content, ensure_ascii=False)
    assert sum(test["max_score"] for test in content["tests"]) == 10


def test_a_grader_that_does_not_start(root, monkeypatch, capsys):
    def refuse(settings):
        raise SandboxError("secret words")

    monkeypatch.setattr(container, "Grader", refuse)
    monkeypatch.setattr(sandbox, "choose", lambda *_, **__: "landlock")
    content = graded(root)
    assert content["score"] == 0
    assert "SandboxError" in content["output"]
    assert "secret words" not in json.dumps(content)
    assert "secret words" in capsys.readouterr().out  # for the instructor


def test_a_grader_that_fails_at_one_exercise(root, monkeypatch):
    class Failing:
        exercises = {}  # noqa: RUF012

        def grade(self, submission, id):
            raise ValueError("secret words")

    monkeypatch.setattr(container, "Grader", lambda settings: contextlib.nullcontext(Failing()))
    monkeypatch.setattr(sandbox, "choose", lambda *_, **__: "landlock")
    content = graded(root)
    assert {test["output"] for test in content["tests"] if test["visibility"] == "visible"} == {"Not graded."}
    assert "no fault of yours" in content["output"]
    assert "secret words" in content["tests"][-1]["output"]
    assert content["tests"][-1]["visibility"] == "hidden"


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"users": 1}', '{"users": [{"name": "\\ud800\\u0000"}]}'], ids=repr)
def test_metadata_of_any_kind(root, text):
    (root / "submission_metadata.json").write_text(text)
    name = container._submission(root).learner
    assert name
    assert name.isprintable()


def test_without_a_configuration_there_are_results_too(root):
    os.remove(root / "source" / "config.json")
    assert "FileNotFoundError" in graded(root)["output"]
