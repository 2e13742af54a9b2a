import json
from pathlib import Path

import pytest

from rnnbook.exercises import source
from rnnbook.exercises.catalogue import catalogue
from rnnbook.exercises.source import Cell

ROOT = Path(__file__).parents[3]


def cells(*codes):
    return [Cell(f"a.ipynb, code cell {number}", code) for number, code in enumerate(codes, 1)]


def test_survey():
    found = source.survey(
        cells(
            "%magic\nimport os.path, helpers\nfrom x.y import z\nfrom . import near",
            "def f():\n    import inner\n    g = 1\nx, y = 1, 2\nfor i in []: k = 1",
            "class f: pass\ncheck('rnn-cell')\ncheck( \"lstm-cell\", hint=1)\nrecheck('no')\nglobals()['h'] = 1",
            "def broken(:\n\ndef _(): pass\ndef _(): pass",
            "1 / 0",
        )
    )
    assert set(found.defines) == {"os", "helpers", "z", "near", "f", "x", "y", "i", "k", "h", "_"}
    assert found.checked == ("rnn-cell", "lstm-cell")
    assert found.twice == {"f": ("a.ipynb, code cell 2, line 1", "a.ipynb, code cell 3, line 1")}
    assert found.imports == ("os.path", "helpers", "x.y", ".", "near", "inner")
    assert [problem.partition(" (")[0] for problem in found.problems] == ["a.ipynb, code cell 4, line 1: syntax error"]
    assert len(found.notes) == 1


@pytest.mark.parametrize(
    "codes",
    [
        ["SOURCE = '''\n    def rnn_cell(x):\n        return x\n'''", "exec(SOURCE)"],
        ["exec('rnn_cell = lambda x: x')"],
        ["for name in ['rnn_cell']: globals()[name] = 1"],
        ["import sys\nsetattr(sys.modules[__name__], 'rnn_cell', 1)"],
        ["(rnn_cell := 1)"],
        ["def make():\n    global rnn_cell\n    rnn_cell = 1\nmake()"],
        ["def make(name): globals()[name] = 1\nmake('rnn_cell')"],
    ],
)
def test_survey_sees_unusual_definitions(codes):
    assert "rnn_cell" in source.survey(cells(*codes)).defines


def test_exercises_come_in_the_order_of_the_code():
    found = source.exercises_in(
        cells(
            "from mine import smooth\nsoftmax = step = 1",
            "def one_hot(text, symbols):\n    return rnn_cell",
            "class MyRNN: pass",
            "def lookup(): pass\ncheck( 'one-hot')\ncheck('confusion-matrix')",
            "def rnn_cell(: a syntax error",
            "check('rnn-cell')",
        ),
        catalogue(),
    )
    ids = [exercise.id for exercise in found]
    assert ids[:4] == ["one-hot", "my-rnn", "confusion-matrix", "rnn-cell"]
    assert {*ids[4:]} == {"unroll", "softmax-temperature", "parity-state"}


@pytest.mark.parametrize("chapter", ["01_sequences", "02_rnn"])
def test_a_chapters_definitions_are_all_found(chapter):
    path = ROOT / "solutions" / f"{chapter}.ipynb"
    found, notes = source.cells_of(path.name, path.read_bytes())
    assert notes == source.survey(found).notes == source.survey(found).problems == ()
    for exercise in (exercise for exercise in catalogue() if exercise.chapter == chapter):
        assert {*exercise.defines} <= {*source.survey(found).defines}
        for given in (found, source.reduced(found, exercise.defines)):
            loaded = source.load(given, exercise.defines)
            assert loaded.problems == loaded.notes == ()
            assert {*exercise.defines} <= {*loaded.namespace}


def test_read_and_load(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": "x = 1"}]}))
    assert source.load(source.read(path)).namespace["x"] == 1
