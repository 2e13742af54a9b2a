import json

import pytest

from rnnbook.exercises import source
from rnnbook.exercises.catalogue import catalogue
from rnnbook.exercises.errors import ExerciseError, LearnerError
from rnnbook.exercises.guard import Guard


def notebook(path, *codes):
    cells = [{"cell_type": "markdown", "source": ["# def text(): pass"]}]
    cells += [{"cell_type": "code", "source": code.splitlines(keepends=True)} for code in codes]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}), encoding="utf-8")
    return path


def load(path):
    return source.load(source.read(path))


def test_runs_what_defines_and_leaves_experiments_out(tmp_path):
    path = notebook(
        tmp_path / "rnn.ipynb",
        "%matplotlib inline\nimport math\n!pip install nothing\nx?\nwidth: int = 3\nwidth += 1",
        "def area(r):\n    return math.pi * r**2\nprint(area(1))\nopen('made', 'w')\nfor i in range(3):\n    undefined",
        "%%bash\nrm -rf everything",
        "\n%%time\n@staticmethod\ndef timed(): return 1\nclass A:\n    pass",
        "if 'google.colab' in []:\n    %pip install rnnbook\ntext = '''\n%not magic\n'''",
        "try:\n    import nowhere_to_be_found\nexcept ImportError:\n    nowhere = None",
        "from dataclasses import dataclass\n@dataclass\nclass B:\n    a: 'int' = 1",
        'check("rnn-cell")\ncheck( \'lstm-cell\', hint=1)\nrecheck("no")',
    )
    loaded = load(path)
    assert loaded.problems == ()
    names = {name for name in loaded.namespace if not name.startswith("_")}
    assert names == {"math", "width", "area", "timed", "A", "text", "nowhere", "dataclass", "B"}
    assert loaded.namespace["text"] == "\n%not magic\n"
    assert loaded.namespace["width"] == 4
    assert source.exercises_checked(source.read(path)) == ["rnn-cell", "lstm-cell"]


def test_exercises_come_in_the_order_of_the_code(tmp_path):
    path = notebook(
        tmp_path / "rnn.ipynb",
        "from mine import smooth\nsoftmax = step = 1",
        "def one_hot(text, symbols):\n    return rnn_cell",
        "class MyRNN: pass",
        "def lookup(): pass\ncheck( 'one-hot')\ncheck('confusion-matrix')",
        "def rnn_cell(: a syntax error",
        "check('rnn-cell')",
    )
    cells = source.read(path)
    names = dict.fromkeys(["smooth", "softmax", "one_hot", "MyRNN", "lookup"])
    ids = [exercise.id for exercise in source.exercises_in(cells, names, catalogue())]
    assert ids[:4] == ["one-hot", "my-rnn", "confusion-matrix", "rnn-cell"]
    assert {*ids[4:]} == {"unroll", "softmax-temperature"}


def test_tracebacks_show_the_cell_and_its_line(tmp_path):
    loaded = load(notebook(tmp_path / "rnn.ipynb", "", "%matplotlib inline\n\ndef f():\n    return 1 / 0"))
    with pytest.raises(LearnerError, match=r"    rnn\.ipynb, code cell 2, line 4: return 1 / 0$"):
        Guard(5).run(loaded.namespace["f"])


def test_a_python_file_is_one_cell(tmp_path):
    path = tmp_path / "rnn.py"
    path.write_text("# %%\nx = 1\nif __name__ == '__main__':\n    x = 2\n", encoding="utf-8-sig")
    assert load(path).namespace["x"] == 1


def test_a_syntax_error_names_cell_line_and_text_and_the_others_count(tmp_path):
    loaded = load(notebook(tmp_path / "rnn.ipynb", "x = 1", "y = 2\ndef f(x:\n    pass", "z = 3", "\0", "if x:"))
    assert loaded.problems[0].startswith("rnn.ipynb, code cell 2, line 2: syntax error (")
    assert loaded.problems[0].endswith("): def f(x:")
    assert loaded.problems[1].startswith("rnn.ipynb, code cell 4")
    assert (loaded.namespace["x"], loaded.namespace["z"]) == (1, 3)


def test_a_cell_that_stops_half_way(tmp_path):
    loaded = load(notebook(tmp_path / "rnn.ipynb", "x = 1\ny = nothing\nz = 3", "w = 4"))
    assert loaded.problems == (
        "rnn.ipynb, code cell 1 stops half-way. Your code raised NameError: name 'nothing' is not defined\n"
        "    rnn.ipynb, code cell 1, line 2: y = nothing",
    )
    assert (loaded.namespace["x"], loaded.namespace["w"]) == (1, 4)
    assert "z" not in loaded.namespace


def test_an_endless_cell_ends_the_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "_SECONDS", 0.1)
    loaded = load(notebook(tmp_path / "rnn.ipynb", "if True:\n    while True: pass", "x = 1"))
    assert len(loaded.problems) == 1
    assert "code cell 1 stops half-way. Your code took longer than 0.1 s" in loaded.problems[0]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", b"x = 1", "neither a notebook"),
        ("a.ipynb", b"", "is empty: is it saved"),
        ("a.py", b" \n", "is empty: is it saved"),
        ("a.py", b"x = '\xe9'", "not text in UTF-8"),
        ("a.ipynb", "{}".encode("utf-16"), "not text in UTF-8"),
        ("a.ipynb", b"{", "not a notebook"),
        ("a.ipynb", b"[1]", "not a notebook"),
        ("a.ipynb", b'{"worksheets": []}', "not a notebook"),
        ("a.ipynb", b'{"cells": [1]}', "not a notebook"),
        ("a.ipynb", b'{"cells": [{"cell_type": "code", "source": 3}]}', "not a notebook"),
        ("a.ipynb", b'{"cells": 3}', "not a notebook"),
        ("a.ipynb", b"[" * 100_000, "not a notebook"),
        ("a.ipynb", b'{"cells": []}', "has no code: is it saved"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ExerciseError, match=says) as error:
        source.read(tmp_path / name)
    assert "\n" not in str(error.value)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ExerciseError, match=r"There is no file .*: is it saved"):
        source.read(tmp_path / "rnn.ipynb")
    with pytest.raises(ExerciseError, match="is a folder"):
        source.read(tmp_path)
