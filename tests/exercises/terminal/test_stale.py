import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rnnbook.exercises.terminal.stale import signs

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def cell(source: str, count: int | None = None, shows: str = "", ran: str = "", **more) -> dict:
    outputs = (
        [{"output_type": "execute_result", "data": {"text/plain": shows.splitlines(keepends=True)}}] if shows else []
    )
    metadata = {"execution": {"iopub.execute_input": ran}} if ran else {}
    kind = {"cell_type": "code", "source": source, "metadata": metadata}
    return kind | {"execution_count": count, "outputs": outputs} | more


def save(*cells: dict, name: str = "rnn.ipynb", at: float = DAY) -> Path:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": "# text"}, *cells]}))
    os.utime(path, (at, at))
    return path


def test_nothing_to_say_of_a_notebook_run_from_top_to_bottom():
    path = save(
        cell("def f(): pass", 1),
        cell("", None),
        cell('check("rnn-cell")', 2, "rnn-cell: 10 of 10 points. All tests pass.\n  ✓", "2026-03-01T11:59:00.1Z"),
    )
    save(cell("def f(): old", 1), name=".ipynb_checkpoints/rnn-checkpoint.ipynb", at=DAY - 100)
    assert signs(path, {"rnn-cell": 10}) == []


def test_a_name_defined_twice():
    (found,) = signs(save(cell("def f(): pass\nx = 1\nx = 2"), cell("\nclass f: pass")), {})
    assert found == (
        "f is defined 2 times: rnn.ipynb, code cell 1, line 1; rnn.ipynb, code cell 2, line 2. The last one counts."
    )


def test_a_python_file():
    Path("mine.py").write_text("def f(): pass\ndef f(): pass\n")
    assert len(signs(Path("mine.py"), {})) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"shows": "rnn-cell: 10 of 10 points. All tests pass."},
        {"outputs": [{"output_type": "stream", "name": "stdout", "text": ["hello\n", "rnn-cell: 10 of 10 points."]}]},
    ],
    ids=["displayed", "printed"],
)
def test_marks_that_the_code_does_not_get_any_more(more):
    path = save(cell('check("rnn-cell")', 1, **more))
    (found,) = signs(path, {"rnn-cell": 4})
    assert found.startswith("rnn.ipynb shows 10 of 10 points for rnn-cell, but its code gets 4: it was changed after")
    (found,) = signs(path, {})
    assert found.endswith("for rnn-cell, but nothing of rnn-cell is in its code any more.")
    assert signs(path, {"rnn-cell": 10}) == []


def test_the_last_marks_shown_count():
    path = save(cell("check()", 1, "rnn-cell: 2 of 10 points."), cell("check()", 2, "rnn-cell: 10 of 10 points."))
    assert signs(path, {"rnn-cell": 10}) == []


def test_cells_run_out_of_order():
    (found,) = signs(save(cell("a", 1), cell("b", 7), cell("c", None), cell("d", 3), cell("e", 2)), {})
    assert found.startswith(
        "rnn.ipynb was not run from top to bottom: code cell 2 as [7], then code cell 4 as [3]. What you saw may not"
    )


@pytest.mark.parametrize(
    ("ran", "older"), [("12:00:01Z", False), ("12:00:03Z", True), ("14:00:03+02:00", True), ("", False)]
)
def test_a_file_older_than_its_outputs(ran, older):
    found = signs(save(cell("a", 1, ran=f"2026-03-01T{ran}")), {})
    assert [sign.partition(", ")[2].startswith("but its cells were run at 2026-03-01") for sign in found] == [
        True
    ] * older


@pytest.mark.parametrize(("code", "at", "said"), [("b", DAY + 3, True), ("b", DAY + 1, False), ("a", DAY + 3, False)])
def test_a_newer_copy_of_jupyters(code, at, said):
    path = save(cell("a"))
    save(cell(code), name=".ipynb_checkpoints/rnn-checkpoint.ipynb", at=at)
    found = signs(path, {})
    assert found == ([".ipynb_checkpoints/rnn-checkpoint.ipynb is newer than rnn.ipynb, and its code differs: "
                      "which one do you mean?"] if said else [])  # fmt: skip


@pytest.mark.parametrize(
    "odd",
    [
        *({"outputs": None}, {"outputs": [3]}, {"outputs": [{"data": []}]}, {"outputs": [{"text": 5}]}),
        *({"metadata": []}, {"metadata": {"execution": [1]}}, {"metadata": {"execution": {"a": 5}}}),
        {"execution_count": "7"},
    ],
    ids=str,
)
def test_what_is_odd_beside_the_code_does_no_harm(odd):
    assert signs(save(cell("def f(): pass", 1) | odd), {"rnn-cell": 10}) == []


def test_a_damaged_copy_does_no_harm():
    path = save(cell("a"))
    save(name=".ipynb_checkpoints/rnn-checkpoint.ipynb", at=DAY + 100).write_text("{")
    assert signs(path, {}) == []


def test_format_3_is_read():
    Path("old.ipynb").write_text(
        json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": "def f(): 1"}]}]})
    )
    assert signs(Path("old.ipynb"), {}) == []
