import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbook.grading.intake import contents as module
from rnnbook.grading.intake.contents import contents
from rnnbook.grading.intake.files import File, Refused

CELL = "def rnn_cell(x):\n    return x\n"


def notebook(*codes):
    cells = [{"cell_type": "code", "source": code, "metadata": {}, "outputs": []} for code in codes]
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()


def zipped(**entries):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as result:
        for name, content in entries.items():
            result.writestr(name, content)
    return stream.getvalue()


def given_files(**files):
    encoded = {name: content.encode() if isinstance(content, str) else content for name, content in files.items()}
    return [File(name, len(content), lambda content=content: content) for name, content in encoded.items()]


def read(**files):
    return contents(given_files(**files))


def names(found):
    return [source.name for source in found.sources]


def test_a_notebook_with_its_helper_in_a_zip():
    inner = {"ps1/02_rnn.ipynb": notebook("import helpers", CELL), "ps1/helpers.py": "x = 1"}
    found = read(**{"ada.zip": zipped(**inner)})
    assert names(found) == ["02_rnn.ipynb"]
    assert [cell.name for cell in found.sources[0].cells] == ["02_rnn.ipynb, code cell 1", "02_rnn.ipynb, code cell 2"]
    assert found.sources[0].cells[1].code == CELL
    assert found.modules == (("helpers", "x = 1"),)
    assert (found.notes, found.problem) == ((), "")


def test_the_same_code_gives_the_same_wherever_it_lies():
    files = {"a.ipynb": notebook(CELL), "lib/b.py": CELL}
    plain = read(**files)
    assert names(plain) == ["lib/b.py", "a.ipynb"]
    assert read(**{f"x/y/{name}": content for name, content in files.items()}) == plain
    assert read(**{"a.zip": zipped(**files)}) == plain
    assert read(**{"a.zip": zipped(**{f"x/{name}": content for name, content in files.items()})}) == plain


def test_an_archive_in_an_archive_is_opened_and_no_further():
    one = zipped(**{"a.py": CELL})
    two = zipped(**{"in.zip": one})
    assert names(read(**{"out.zip": two})) == ["a.py"]
    found = read(**{"out.zip": zipped(**{"in.zip": two})})
    assert found.problem == "out.zip/in.zip/in.zip was not read: it lies in an archive that lies in an archive."


def test_an_archive_that_holds_itself_again_and_again_ends():
    many = zipped(**{f"{number}.zip": zipped(**{"a.py": CELL}) for number in range(15)})
    found = read(**{"a.zip": many})
    assert len(found.sources) == 9
    assert sum("more than 10 archives" in note for note in found.notes) == 6


def test_all_that_is_refused_is_said():
    files = [
        File("link.py", refused="is a link"),
        *given_files(**{"a.ipynb": notebook(CELL), "notes.txt": "", "b.csv": ""}),
    ]
    files += given_files(**{"conftest.py": "x", "test_a.py": "x", "torch.py": "x", "e.pth": "x", "old.py": "x"})
    found = contents(files)
    assert names(found) == ["a.ipynb"]
    assert sorted(note.partition(" ")[0] for note in found.notes) == [
        *("conftest.py", "e.pth", "link.py", "notes.txt", "old.py", "test_a.py", "torch.py"),
    ]
    assert "link.py was not read: it is a link." in found.notes
    assert "notes.txt was not read, nor were 1 others" in " ".join(found.notes)


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        pytest.param({}, "There is no notebook", id="nothing"),
        pytest.param({"empty/": ""}, "There is no notebook", id="empty-folder"),
        pytest.param({"a.docx": "x"}, "a.docx was not read: it is no notebook", id="document"),
        pytest.param({"a.ipynb": ""}, "a.ipynb is empty", id="empty"),
        pytest.param({"a.ipynb": "x = 1"}, "a.ipynb is no", id="no-notebook"),
        pytest.param({"a.py": b"\x00\x01"}, "a.py", id="binary"),
        pytest.param({"a.zip": b"PK"}, "a.zip was not read: it is no archive that can be read", id="no-archive"),
        pytest.param({"conftest.py": "x = 1"}, "conftest.py was left out", id="settings"),
        pytest.param({"a.zip": zipped(**{"a.txt": "x"})}, "a.zip/a.txt was not read", id="nothing-in-a-zip"),
    ],
)
def test_why_there_is_nothing(files, problem):
    found = read(**files)
    assert found.sources == ()
    assert found.problem.startswith(problem)
    assert "\n" not in found.problem


def test_one_damaged_file_leaves_the_others(tmp_path):
    def fail():
        raise Refused("is damaged")

    found = contents([File("a.py", 10, fail), *given_files(**{"b.ipynb": notebook(CELL), "c.ipynb": "{"})])
    assert names(found) == ["b.ipynb"]
    assert found.notes[0] == "a.py was not read: it is damaged."
    assert found.notes[1].startswith("c.ipynb")


def test_a_file_is_read_only_when_the_whole_is_small_enough(monkeypatch):
    def never():
        raise AssertionError("this was read")

    sizes = [File(f"{number}.py", 20 * 2**20, never) for number in range(3)]
    assert (
        contents(sizes).problem
        == "Nothing was read: the submission holds more than 50 MB of notebooks and Python files."
    )
    many = [File(f"{number}.py", 1, never) for number in range(1001)]
    assert contents(many).problem == "Nothing was read: the submission holds more than 1000 files."
    assert contents([File("data.bin", 2**40, never), *given_files(**{"a.py": CELL})]).problem == ""


def test_archives_together_have_a_limit(monkeypatch):
    monkeypatch.setattr(module, "TOTAL", 1000)
    files = {f"{number}.zip": zipped(**{"a.py": "# " + "x" * 300}) for number in range(4)}
    assert "unpacks to more than" in read(**files).problem
    del files["0.zip"]
    assert len(read(**files).sources) == 3


def test_code_has_a_limit_and_outputs_do_not_count():
    content = json.loads(notebook(CELL))
    content["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 2**21}]
    assert read(**{"a.ipynb": json.dumps(content)}).problem == ""
    assert "holds more than 1 MB of code" in read(**{"a.py": "x = 1\n" * 2**18}).problem


def test_cells_have_a_limit():
    assert read(**{"a.ipynb": notebook(*["x = 1"] * 5000)}).problem == ""
    assert "holds more than 5000 code cells" in read(**{"a.ipynb": notebook(*["x = 1"] * 5001)}).problem


def test_many_notes_are_counted():
    found = contents([File(f"{number}.py", refused="is a link") for number in range(100)])
    assert len(found.notes) == 21
    assert found.notes[-1] == "There are 79 more such notes."  # the first is the problem


def test_the_newest_version_in_a_folder_counts():
    files = {"a.ipynb": notebook("x = 1"), "a (2).ipynb": notebook(CELL), "a-Copy1.ipynb": notebook("y = 1")}
    found = read(**{f"x/{name}": content for name, content in files.items()})
    assert names(found) == ["a (2).ipynb"]
    assert found.notes == tuple(f"{name} was left out: a (2).ipynb counts." for name in ("a.ipynb", "a-Copy1.ipynb"))


def test_two_files_of_one_name():
    found = contents([*given_files(**{"a.py": CELL}), *given_files(**{"a.py": "x = 1"})])
    assert found.sources[0].cells[0].code == CELL
    assert found.notes == ("a.py was not read: it has the name of another file.",)


def test_an_empty_init_makes_a_package():
    files = {"a.ipynb": notebook("import lib.b"), "lib/__init__.py": "", "lib/b.py": "x = 1"}
    assert read(**files).modules == (("lib", ""), ("lib.b", "x = 1"))


def test_capitals_in_a_suffix():
    assert names(read(**{"A.IPYNB": notebook(CELL), "B.PY": CELL})) == ["B.PY", "A.IPYNB"]


def test_other_encodings_are_read_and_said():
    found = read(**{"a.py": "# ä\n".encode("latin-1") + CELL.encode(), "b.py": CELL.encode("utf-16")})
    assert "rnn_cell" in found.sources[1].cells[0].code
    assert len(found.sources) == len(found.notes) == 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b/c", "torch", "tests/x", "é (1)", "conftest", "a-Copy1", "__init__"]),
            st.sampled_from([".ipynb", ".py", ".zip", ".tar", ".tar.gz", ".tgz", ".txt", ""]),
            st.binary(max_size=300)
            | st.text(max_size=100).map(str.encode)
            | st.sampled_from([notebook(CELL), b"{}", b"["]),
        ),
        max_size=5,
    )
)
def test_any_bytes_give_code_or_one_clear_line(files):
    found = read(**{name + suffix: content for name, suffix, content in files})
    assert bool(found.sources) != bool(found.problem)
    for line in (*found.notes, found.problem):
        assert line.isprintable()
