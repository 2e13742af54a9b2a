import pytest

from rnnbook.grading.errors import GradingError
from rnnbook.grading.intake.downloads import Label, class_files, is_class, is_platform, label, submitters, superseded
from rnnbook.grading.intake.files import METADATA, File


def paths(files):
    return [file.path for file in files]


def listing(*names):
    return [File(name) for name in names]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ada_lovelace.ipynb", Label("ada_lovelace", document="ada_lovelace.ipynb")),
        ("Ada Lovelace (2).ipynb", Label("Ada Lovelace", document="Ada Lovelace.ipynb", attempt=2)),
        ("ada(1).tar.gz", Label("ada", document="ada.tar.gz", attempt=1)),
        ("(1).ipynb", Label("(1)", document="(1).ipynb")),
        ("ada_02_rnn.ipynb", Label("ada", document="ada_02_rnn.ipynb", several=True)),
        ("02_rnn-ada.ipynb", Label("ada", document="02_rnn-ada.ipynb", several=True)),
        ("02_rnn.ipynb", Label("02_rnn", document="02_rnn.ipynb")),
        ("group_42_smith.ipynb", Label("group_42_smith", document="group_42_smith.ipynb")),
        (
            "lovelaceada_12345_67890_02_rnn.ipynb",
            Label("lovelaceada", ("12345",), "02_rnn.ipynb", several=True),
        ),
        (
            "lovelaceada_LATE_12345_67890_my_work-3.zip",
            Label("lovelaceada", ("12345",), "my_work.zip", 3, late=True, several=True),
        ),
        (
            "Ada Lovelace_123456_assignsubmission_file_02_rnn.ipynb",
            Label("Ada Lovelace", ("123456",), "02_rnn.ipynb", several=True),
        ),
        ("Zoe\u0308.py", Label("Zoë", document="Zoë.py")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_of_files(name, expected):
    assert label(name) == expected


@pytest.mark.parametrize("end", ["file_", "file", "onlinetext_"])
def test_moodles_folders(end):
    name = f"Ada de la Cruz_123456_assignsubmission_{end}"
    assert label(name, is_folder=True) == Label("Ada de la Cruz", ("123456",), "/", several=True)
    assert is_platform(name)


def test_a_folders_name_is_the_learners_whole_name():
    assert label("Ada (2)", is_folder=True) == Label("Ada (2)", document="Ada (2)/")


def test_where_a_class_begins():
    nbgrader = listing("source/ps1/a.ipynb", "submitted/ada/ps1/a.ipynb", "submitted/bob/ps1/a.ipynb", "gradebook.db")
    assert paths(class_files(nbgrader)) == ["ada/ps1/a.ipynb", "bob/ps1/a.ipynb"]
    gradescope = listing(f"assignment_12_export/{METADATA}", "assignment_12_export/submission_3/a.py")
    assert paths(class_files(gradescope)) == [METADATA, "submission_3/a.py"]
    assert paths(class_files(listing("submissions/ada.ipynb", "submissions/bob.ipynb"))) == ["ada.ipynb", "bob.ipynb"]
    assert paths(class_files(listing("rnn/ada.ipynb", "rnn/bob.ipynb"), "rnn")) == ["ada.ipynb", "bob.ipynb"]
    assert paths(class_files(listing("ada/a.ipynb", "ada/b.ipynb"))) == ["ada/a.ipynb", "ada/b.ipynb"]
    assert paths(class_files(listing("submitted/"))) == []


def test_which_archives_are_a_class():
    assert is_class(listing("ada.zip", "bob.zip"))
    assert is_class(listing("lovelaceada_12345_67890_02_rnn.ipynb"))
    assert is_class(listing("Ada_123_assignsubmission_file_/a.ipynb"))
    assert is_class(listing(METADATA, "submission_1/a.ipynb"))
    assert not is_class(listing("01_sequences.ipynb", "02_rnn.ipynb", "helpers.py", "lib/a.py"))


GRADESCOPE = """
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0815'
    :email: ada@example.org
  - :name: Émilie
    :sid:
    :email: emilie@example.org
  :created_at: 2026-01-01 10:00:00.000000000 Z
  :score: 3.0
submission_12:
  :submitters:
  - :name:
    :email: bob@example.org
"""


def test_gradescopes_metadata():
    assert submitters([File(METADATA, read=GRADESCOPE.encode)]) == {
        "submission_11": [
            Label("Ada Lovelace", ("0815", "ada@example.org"), several=True),
            Label("Émilie", ("emilie@example.org",), several=True),
        ],
        "submission_12": [Label("bob@example.org", ("bob@example.org",), several=True)],
    }
    assert submitters([]) == {}
    assert submitters([File(METADATA, read=lambda: b"a:\n  :submitters:\n  - {}\n")]) == {"a": []}


def test_nothing_else_in_gradescopes_metadata_is_parsed():
    text = GRADESCOPE.replace("  :score: 3.0", "  :score: " + "[" * 10**6)
    assert [*submitters([File(METADATA, read=text.encode)])] == ["submission_11", "submission_12"]


START = "a:\n  :submitters:\n"


@pytest.mark.parametrize(
    "content",
    [
        *(
            "",
            "[",
            "- a",
            "a: 1",
            "a:\n  :score: 3\n",
            "\0",
            f"{START}  - 3",
            f"{START}  - x: [",
            "a:\n  :submitters: 3",
        ),
        *(
            f"{START}  - " + "[" * 100_000,
            f"{START}  - !!python/object/apply:os.system ['true']",
            f"{START}  - &a [*a]",
        ),
        b"\xff",
    ],
)
def test_metadata_that_is_not_gradescopes(content):
    content = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(GradingError, match="download the submissions again"):
        submitters([File(METADATA, read=lambda: content)])


def test_versions_in_one_folder():
    names = [
        "a.ipynb",
        "a (1).ipynb",
        "a(10).ipynb",
        "a(9).py",
        "b/a.ipynb",
        "c-Copy1.ipynb",
        "c.ipynb",
        "d-Copy2.ipynb",
    ]
    names += ["e-Copy1.ipynb", "e.ipynb", "e (2).ipynb"]
    assert superseded(names) == {
        "a.ipynb": "a(10).ipynb",
        "a (1).ipynb": "a(10).ipynb",
        "c-Copy1.ipynb": "c.ipynb",
        "e-Copy1.ipynb": "e (2).ipynb",
        "e.ipynb": "e (2).ipynb",
    }
