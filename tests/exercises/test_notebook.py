"""`check` in a real kernel: names are the notebook's, the report is displayed, errors are one line."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = [
    "from rnnbook.exercises import check",
    'check("rnn-cell")',
    "def rnn_cell(*arguments):\n    print('so far')\n    return arguments[1] @ 3\n",
    'check("rnn-cell", hint=1)',
    "import torch\ndef rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):\n"
    "    return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)",
    'check("rnn-cell")',
    'check("rnn-sell")',
]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("away")
    (folder / "conftest.py").write_text("raise SystemExit")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS])
    client = NotebookClient(notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(folder)}})
    client.execute()
    assert [path.name for path in Path(folder).iterdir()] == ["conftest.py"]
    return [cell.outputs for cell in notebook.cells]


def test_missing_name(outputs):
    (output,) = outputs[1]
    assert "rnn_cell is not defined. Write it, run its cell, then check again." in output["data"]["text/html"]


def test_failure_names_the_cell_and_shows_what_was_printed(outputs):
    (output,) = outputs[3]
    page = output["data"]["text/html"]
    assert "In[3], line 3: return arguments[1] @ 3" in page
    assert "printed by your code:\nso far" in page
    assert "Hint 1 of 3" in page
    assert "Traceback" not in page


def test_success(outputs):
    (output,) = outputs[5]
    assert output["data"]["text/plain"].startswith("rnn-cell: 10 of 10 points. All tests pass.")


def test_unknown_exercise_is_one_line(outputs):
    (output,) = outputs[6]
    assert output["output_type"] == "error"
    assert output["traceback"] == [
        'There is no exercise "rnn-sell". Did you mean "rnn-cell"? ' + output["evalue"].partition("? ")[2]
    ]
