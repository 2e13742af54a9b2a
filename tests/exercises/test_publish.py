import json

import nbformat
import pytest

from rnnbook.exercises.errors import ExerciseError
from rnnbook.exercises.publish import is_current, learners_notebook, outdated, publish, strip_solutions

CODE = """def f(x):
    '''What it does.'''
    # BEGIN SOLUTION
    y = x
    return y
    # END SOLUTION

def g():
    if True:
        # BEGIN SOLUTION
        pass
        # END SOLUTION
    return 1"""
STUB = """def f(x):
    '''What it does.'''
    raise NotImplementedError("Write your code here.")

def g():
    if True:
        raise NotImplementedError("Write your code here.")
    return 1"""


def code_cell(code, **changes):
    cell = {"cell_type": "code", "id": "one", "source": code, "execution_count": 3, "outputs": [{"x": 1}]}
    return cell | {"metadata": {"tags": ["colab-setup"], "collapsed": True}} | changes


@pytest.fixture
def root(tmp_path):
    (tmp_path / "solutions").mkdir()
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {"x": 1}, "source": ["# Title\n", "é"]},
        code_cell(CODE),
        code_cell('check("rnn-cell")', id="two"),
    ]
    write(tmp_path, *cells)
    return tmp_path


def write(root, *cells):
    path = root / "solutions" / "02_rnn.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {"language_info": {"version": "3.9"}}, "nbformat": 4}))
    return path


def test_solutions_become_stubs_at_their_indent():
    assert strip_solutions(CODE, "here") == STUB


def test_learners_notebook_is_valid_and_bare(root):
    text = learners_notebook(root / "solutions" / "02_rnn.ipynb")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    title, code, _ = notebook.cells
    assert (title.source, title.id, title.metadata) == ("# Title\né", "title", {})
    assert (code.source, code.execution_count, code.outputs) == (STUB, None, [])
    assert code.metadata == {"tags": ["colab-setup"]}
    assert set(notebook.metadata) == {"kernelspec"}


def test_publishing_is_deterministic_and_knows_what_is_current(root):
    solutions, exercise = root / "solutions" / "02_rnn.ipynb", root / "exercises" / "02_rnn.ipynb"
    assert not is_current(solutions, exercise)
    assert outdated(root) == [exercise] == publish(root)
    written = exercise.read_bytes()
    assert is_current(solutions, exercise)
    assert outdated(root) == [] == publish(root)
    exercise.write_bytes(written.replace(b"Title", b"title"))
    assert publish(root) == [exercise]
    assert exercise.read_bytes() == written
    assert [path.name for path in exercise.parent.iterdir()] == ["02_rnn.ipynb"]


def test_notebooks_without_solutions_are_removed(root):
    publish(root)
    (root / "exercises" / "old.ipynb").write_text("{}")
    assert outdated(root) == [root / "exercises" / "old.ipynb"]
    publish(root)
    assert not (root / "exercises" / "old.ipynb").exists()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("# BEGIN SOLUTION\nx", "`# BEGIN SOLUTION` without `# END SOLUTION`"),
        ("x\n# END SOLUTION", "line 2: `# END SOLUTION` without its partner"),
        ("# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION", "line 2: `# BEGIN SOLUTION` without its partner"),
        ('check("rnn-cel")', 'no exercise "rnn-cel"'),
    ],
)
def test_mistakes_of_authors(root, code, says):
    path = write(root, code_cell(code))
    with pytest.raises(ExerciseError, match=says):
        publish(root)
    assert not (root / "exercises").exists()
    assert path.exists()


def test_cell_ids_are_needed_and_differ(root):
    write(root, code_cell("x"), code_cell("y"))
    with pytest.raises(ExerciseError, match="cell id one occurs twice"):
        outdated(root)
    cell = code_cell("x")
    del cell["id"]
    write(root, cell)
    with pytest.raises(ExerciseError, match="a cell has no id"):
        outdated(root)


def test_wrong_folder(tmp_path):
    with pytest.raises(ExerciseError, match="repository's root"):
        publish(tmp_path)
