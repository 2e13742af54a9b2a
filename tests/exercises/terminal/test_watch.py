"""Each turn makes the change that brings the next one about, so that nothing waits for a clock."""

import os
from pathlib import Path

import pytest

from rnnbook.exercises.terminal import watch as watching
from rnnbook.exercises.terminal.watch import watch


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rnn.ipynb").write_text("0")


def turns(*saves) -> int:
    """How many turns there were when, after each, one of these functions saved something; Ctrl-C comes last."""
    left, count = [*saves], 0

    def turn():
        nonlocal count
        count += 1
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    watch(Path("rnn.ipynb"), turn)
    return count


def renamed():
    """As editors save: a new file in the old one's place."""
    Path("new").write_text("1")
    os.replace("new", "rnn.ipynb")


def helper():
    Path("helper.py").write_text("1")


def deleted():
    Path("rnn.ipynb").unlink()


def test_each_save_brings_a_turn():
    assert turns(lambda: Path("rnn.ipynb").write_text("1"), renamed, helper, deleted, renamed) == 6


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        *(("rnn.ipynb", True), ("helper.py", True), ("other.ipynb", False), ("notes.txt", False)),
        *((".ipynb_checkpoints/rnn.ipynb", False), ("lab/helper.py", False)),
    ],
)
def test_which_files_count(name, counts, monkeypatch, tmp_path):
    asked = {}

    def changes(folder, **options):
        asked.update(options, folder=folder)
        return iter([set()])

    monkeypatch.setattr(watching.watchfiles, "watch", changes)
    watch(Path("rnn.ipynb"), lambda: None)
    assert asked["folder"] == tmp_path.resolve()
    assert asked["watch_filter"](1, str(tmp_path.resolve() / name)) == counts


def test_a_timeout_brings_no_turn(monkeypatch):
    turns = []
    monkeypatch.setattr(watching.watchfiles, "watch", lambda *_, **__: iter([set(), set(), {"a change"}, set()]))
    watch(Path("rnn.ipynb"), lambda: turns.append(1))
    assert len(turns) == 2  # the first, and that of the change


def test_ctrl_c_in_the_first_turn_leaves():
    def interrupt():
        raise KeyboardInterrupt

    watch(Path("rnn.ipynb"), interrupt)


def test_a_file_in_another_folder():
    Path("lab").mkdir()
    Path("lab/rnn.ipynb").write_text("0")
    count = 0

    def turn():
        nonlocal count
        count += 1
        if count == 2:
            raise KeyboardInterrupt
        Path("lab/rnn.ipynb").write_text("1")

    watch(Path("lab/rnn.ipynb"), turn)
    assert count == 2
