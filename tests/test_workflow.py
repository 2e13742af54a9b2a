"""The workflow for a learner's fork. (The other workflows only call .ci/run and `make book`.)"""

import os
import re
import stat
import subprocess
from pathlib import Path

import typer
import yaml
from typer.main import get_command

from rnnbook.grading.cli import grade

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / ".github" / "workflows" / "exercises.yml").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load(TEXT)
(JOB,) = WORKFLOW["jobs"].values()
GRADE = next(step for step in JOB["steps"] if step.get("name") == "Grade")


def test_it_runs_in_forks_alone_and_may_only_read():
    assert JOB["if"] == "github.event.repository.fork"
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert set(WORKFLOW[True]) == {"push", "workflow_dispatch"}  # YAML takes "on" for a truth value
    assert "secrets." not in TEXT
    (checkout,) = [step for step in JOB["steps"] if "checkout" in step.get("uses", "")]
    assert checkout["with"]["persist-credentials"] is False


def test_no_value_of_github_stands_in_a_command():
    assert not [step["run"] for step in JOB["steps"] if "${{" in step.get("run", "")]


def test_it_grades_the_exercises_as_one_learners(tmp_path):
    (tmp_path / "rnnbook").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "rnnbook").chmod(stat.S_IRWXU)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "LEARNER": "ada",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    command = ["bash", "-e", "-c", GRADE["run"]]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    folder = tmp_path / "class"
    assert ran.stdout.split() == [
        "grade",
        str(folder),
        "--output",
        str(tmp_path / "grades"),
        "--summary",
        str(tmp_path / "summary"),
    ]
    handed_in = sorted(path.name for path in (folder / "ada").iterdir())
    assert handed_in == sorted(path.name for path in (ROOT / "exercises").glob("*.ipynb"))


def test_the_command_has_the_options():
    app = typer.Typer()
    app.command()(grade)
    known = {option for parameter in get_command(app).params for option in parameter.opts}
    assert {*re.findall(r"--[\w-]+", GRADE["run"])} <= known
