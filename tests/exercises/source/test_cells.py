import codecs
import json
import linecache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbook.exercises.errors import ExerciseError
from rnnbook.exercises.source.cells import Cell, cells_of, read, show_lines


def notebook(*codes, **more):
    cells = [{"cell_type": "markdown", "source": ["# def text(): pass"]}]
    cells += [{"cell_type": "code", "source": code.splitlines(keepends=True)} for code in codes]
    return {"cells": cells, "nbformat": 4, **more}


def as_bytes(content):
    return json.dumps(content).encode()


def test_code_cells_of_a_notebook():
    cells, notes = cells_of("rnn.ipynb", as_bytes(notebook("x = 1\ny = 2", "", "z = 3")))
    assert cells == [
        Cell("rnn.ipynb, code cell 1", "x = 1\ny = 2"),
        Cell("rnn.ipynb, code cell 2", ""),
        Cell("rnn.ipynb, code cell 3", "z = 3"),
    ]
    assert notes == ()


def test_a_python_file_is_one_cell():
    assert cells_of("rnn.py", b"# %%\nx = 1") == ([Cell("rnn.py", "# %%\nx = 1")], ())


def test_sources_that_are_one_string_and_format_3():
    cells, _ = cells_of("a.ipynb", as_bytes({"cells": [{"cell_type": "code", "source": "x = 1\ny = 2"}]}))
    assert cells[0].code == "x = 1\ny = 2"
    old = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1\n", "y = 2"]}]}]}
    assert cells_of("a.ipynb", as_bytes(old))[0] == cells


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("a.py", "x = 'é'".encode(), ""),
        ("a.py", codecs.BOM_UTF8 + "x = 'é'".encode(), ""),
        ("a.py", "x = 'é'".encode("utf-16"), "a.py was read as UTF-16: UTF-8 is expected."),
        ("a.py", "x = 'é'".encode("utf-32"), "a.py was read as UTF-32: UTF-8 is expected."),
        ("a.py", "x = 'é'".encode("latin-1"), "a.py is no text in UTF-8: it was read as Latin-1."),
        ("a.py", "# coding: latin-1\nx = 'é'".encode("latin-1"), "a.py was read as ISO8859-1: UTF-8 is expected."),
        (
            "a.py",
            "#!\n# vim: fileencoding=cp1251 :\nx = 'é'".encode("cp1251", "ignore") + b"\xe9",
            "a.py was read as CP1251",
        ),
        ("a.py", "# coding: rot13\nx = 'é'".encode(), ""),
        ("a.py", "# coding: nonsense\nx = 'é'".encode(), ""),
    ],
    ids=["utf-8", "mark", "utf-16", "utf-32", "latin-1", "coding", "coding in line 2", "no text encoding", "unknown"],
)
def test_encodings_of_a_python_file(name, content, note):
    cells, notes = cells_of(name, content)
    assert "x = 'é'" in cells[0].code or "CP1251" in note
    assert "".join(notes).startswith(note)
    assert bool(notes) == bool(note)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_encodings_of_a_notebook(encoding):
    text = json.dumps(notebook("x = 'é'"), ensure_ascii=False)
    cells, notes = cells_of("a.ipynb", text.encode(encoding))
    assert cells[0].code == "x = 'é'"
    assert len(notes) == (not encoding.startswith("utf-8"))


def test_halves_of_characters_are_replaced():
    cells, notes = cells_of("a.ipynb", b'{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\'"}]}')
    assert cells[0].code == "x = '\ufffd'"
    assert notes == ("a.ipynb: halves of characters (lone surrogates) were replaced by \ufffd.",)


def test_a_notebook_in_another_language():
    metadata = {"kernelspec": {"language": "R"}}
    _, notes = cells_of("a.ipynb", as_bytes(notebook("x <- 1", metadata=metadata)))
    assert notes == ("a.ipynb is a notebook in R: the exercises are in Python.",)


FAULTY = [
    ("a.ipynb", b"", "is empty: is it saved"),
    ("a.py", b" \n", "is empty: is it saved"),
    ("a.py", b"x = 1\0", "control bytes"),
    ("a.py", b"\x89PNG\r\n\x1a\n\x01\xff", "bytes of no text"),
    ("a.ipynb", b"\x80\x04\x95\x01", "bytes of no text"),
    ("a.py", b"\xff\xfex", "not the text in UTF-16 that it claims to be"),
    ("a.ipynb", b"{", "not a notebook"),
    ("a.ipynb", b"x = 1", "not a notebook"),
    ("a.ipynb", b"<!DOCTYPE html><html>", "it is a web page: download the file itself"),
    ("a.ipynb", b"[1]", "not a notebook"),
    ("a.ipynb", b"null", "not a notebook"),
    ("a.ipynb", "{}".encode("utf-16"), "not a notebook"),
    ("a.ipynb", b'{"worksheets": []}', "not a notebook"),
    ("a.ipynb", b'{"cells": [1]}', "not a notebook"),
    ("a.ipynb", b'{"cells": [{}]}', "not a notebook"),
    ("a.ipynb", b'{"cells": [{"cell_type": "code"}]}', "not a notebook"),
    ("a.ipynb", b'{"cells": [{"cell_type": "code", "source": 3}]}', "not a notebook"),
    ("a.ipynb", b'{"cells": [{"cell_type": "code", "source": [3]}]}', "not a notebook"),
    ("a.ipynb", b'{"cells": 3}', "not a notebook"),
    ("a.ipynb", b"[" * 100_000, "not a notebook"),
    ("a.ipynb", b'{"cells": ' + b"9" * 100_000 + b"}", "not a notebook"),
    ("a.ipynb", b'{"cells": []}', "has no code: is it saved"),
]


@pytest.mark.parametrize(("name", "content", "says"), FAULTY, ids=map(str, range(len(FAULTY))))
def test_files_without_code(name, content, says):
    with pytest.raises(ExerciseError, match=says) as error:
        cells_of(name, content)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(name)


@given(
    content=st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["code", "x = 1"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["cells", "cell_type", "source", "worksheets", "metadata"]), inner)
        ),
        max_leaves=12,
    ).map(as_bytes),
    suffix=st.sampled_from([".py", ".ipynb"]),
)
@settings(max_examples=300)
def test_any_bytes_give_cells_or_one_line(content, suffix):
    try:
        cells, lines = cells_of(f"a{suffix}", content)
    except ExerciseError as error:
        cells, lines = [], [str(error)]
    assert all(isinstance(cell.code, str) and cell.code.encode() is not None for cell in cells)
    assert all("\n" not in line for line in lines)
    assert cells or lines


def test_read_from_the_disk(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\f\ny = 2\x85 # é", encoding="utf-8")
    cells = read(tmp_path / "a.py")
    assert cells == [Cell("a.py", "x = 1\f\ny = 2\x85 # é")]
    assert linecache.getline("a.py", 2) == "y = 2\x85 # é"


def test_read_says_what_is_wrong(tmp_path):
    (tmp_path / "a.txt").write_text("x = 1")
    with pytest.raises(ExerciseError, match="neither a notebook"):
        read(tmp_path / "a.txt")
    with pytest.raises(ExerciseError, match=r"There is no file .*: is it saved"):
        read(tmp_path / "rnn.ipynb")
    with pytest.raises(ExerciseError, match="is a folder"):
        read(tmp_path)


def test_lines_are_counted_as_python_does():
    show_lines([Cell("a cell", "a\r\nb\rc\x0bd\u2028e\n\ff")])
    assert [linecache.getline("a cell", line) for line in range(1, 6)] == ["a\n", "b\n", "c\x0bd\u2028e\n", "\ff", ""]
