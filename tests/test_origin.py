import subprocess

import torch

from rnnbook import origin


def test_the_commit_is_said_to_be_dirty_where_it_is(tmp_path):
    def git(*command):
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        run = subprocess.run(["git", *identity, *command], cwd=tmp_path, capture_output=True, text=True, check=True)
        return run.stdout.strip()

    (tmp_path / "pyproject.toml").touch()
    git("init")
    git("add", "pyproject.toml")
    git("commit", "--message", "first")
    git("tag", "v1")
    commit = git("rev-parse", "HEAD")
    assert origin.commit(tmp_path) == commit
    (tmp_path / "pyproject.toml").write_text("changed")
    assert origin.commit(tmp_path) == f"{commit}-dirty"


def test_without_git_or_a_repository_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert origin.commit(tmp_path) == "unknown"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert origin.commit(tmp_path) == "unknown"


def test_the_machine_in_words():
    machine = origin.machine()
    assert machine["threads"] == torch.get_num_threads()
    assert machine["device"] == "cpu"
    assert machine["processor"]
    assert origin.on({"processor": "Abacus", "threads": 1, "device": "cpu"}) == "Abacus (1 thread, cpu)"
    assert origin.on({"processor": "Abacus", "threads": 2, "device": "cpu"}) == "Abacus (2 threads, cpu)"
