import io
import json
import os
import tarfile
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbook.grading.errors import GradingError
from rnnbook.grading.intake import collect, contents, files, read

CELL = "def rnn_cell(x):\n    return x\n"


def notebook(*codes):
    cells = [{"cell_type": "code", "source": code, "metadata": {}, "outputs": []} for code in codes]
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()


def put(folder, **entries):
    """Files and their contents, a notebook or a function by default."""
    for name, content in entries.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(default(name) if content is None else content)
    return folder


def default(name):
    return notebook(f"# {name}\n{CELL}") if name.endswith(".ipynb") else f"# {name}\n{CELL}".encode()


def zipped(names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as result:
        for name in names:
            result.writestr(name, default(name))
    return stream.getvalue()


def tarred(names):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as result:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(default(name))
            result.addfile(info, io.BytesIO(default(name)))
    return stream.getvalue()


def table(submissions):
    """Each learner with the names of the sources."""
    return {submission.learner: [source.name for source in submission.sources] for submission in submissions}


METADATA = b"""submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '99'
    :email: ada@x.org
submission_12:
  :submitters:
  - :name: Bob
    :email: bob@x.org
  - :name: Eve
    :email: eve@x.org
"""
# Each shape: the names in the class's folder, and what is to come of them.
SHAPES = {
    "flat": (["ada_lovelace.ipynb", "bob.py"], {"ada_lovelace": ["ada_lovelace.ipynb"], "bob": ["bob.py"]}),
    "chapters": (
        ["ada_01_sequences.ipynb", "ada_02_rnn.ipynb", "bob_02_rnn.ipynb"],
        {"ada": ["ada_01_sequences.ipynb", "ada_02_rnn.ipynb"], "bob": ["bob_02_rnn.ipynb"]},
    ),
    "folders": (
        ["Ada/02_rnn.ipynb", "Ada/helpers.py", "Bob/ps1/02_rnn.ipynb", "Bob/.ipynb_checkpoints/x.ipynb"],
        {"Ada": ["helpers.py", "02_rnn.ipynb"], "Bob": ["02_rnn.ipynb"]},
    ),
    "canvas": (
        [
            *("lovelaceada_LATE_12345_67890_02_rnn-1.ipynb", "lovelaceada_12345_67880_02_rnn.ipynb"),
            *("lovelaceada_12345_67891_other.ipynb", "hoppergrace_12346_67892_02_rnn.ipynb"),
        ],
        {"hoppergrace": ["02_rnn.ipynb"], "lovelaceada": ["02_rnn.ipynb", "other.ipynb"]},
    ),
    "moodle": (
        [
            *("Ada Lovelace_123_assignsubmission_file_/x.ipynb", "Bob_124_assignsubmission_file/y.py"),
            "Ada Lovelace_123_assignsubmission_onlinetext_/onlinetext.html",
        ],
        {"Ada Lovelace": ["x.ipynb"], "Bob": ["y.py"]},
    ),
    "gradescope": (
        ["submission_metadata.yml", "submission_11/x.ipynb", "submission_12/y.ipynb", "submission_13/z.py"],
        {"Ada Lovelace": ["x.ipynb"], "Bob": ["y.ipynb"], "Eve": ["y.ipynb"], "submission_13": ["z.py"]},
    ),
    "nbgrader": (
        [
            *("submitted/ada/ps1/x.ipynb", "submitted/ada/ps1/timestamp.txt", "submitted/bob/ps1/x.ipynb"),
            *("source/ps1/x.ipynb", "release/ps1/x.ipynb", "gradebook.db"),
        ],
        {"ada": ["x.ipynb"], "bob": ["x.ipynb"]},
    ),
    "beside": (["ada.ipynb", "grades.csv", "README.md", ".DS_Store", "timestamp.txt"], {"ada": ["ada.ipynb"]}),
}


def contents_of(names):
    return {name: METADATA if name == "submission_metadata.yml" else None for name in names}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_downloads(tmp_path, shape):
    names, expected = SHAPES[shape]
    assert table(collect(put(tmp_path, **contents_of(names)))) == expected


@pytest.mark.parametrize("shape", ["canvas", "moodle", "nbgrader", "folders", "flat", "chapters", "beside"])
@pytest.mark.parametrize(("name", "pack"), [("class.zip", zipped), ("class.tar.gz", tarred)], ids=["zip", "tar"])
@pytest.mark.parametrize("top", ["", "class/"])
def test_a_class_as_one_archive(tmp_path, shape, name, pack, top):
    names, expected = SHAPES[shape]
    put(tmp_path, **{name: pack([top + file for file in names])})
    assert table(collect(tmp_path / name)) == expected


def test_an_archive_of_archives_alone_in_a_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as result:
        result.writestr("lovelaceada_123_45678_hw.zip", zipped(["ps1/02_rnn.ipynb"]))
        result.writestr("bob_124_45679_hw.tar.gz", tarred(["02_rnn.ipynb"]))
    assert table(collect(tmp_path)) == {"bob": ["02_rnn.ipynb"], "lovelaceada": ["02_rnn.ipynb"]}


def test_one_learners_archive_alone_in_a_folder_is_no_class(tmp_path):
    put(tmp_path, **{"ada.zip": zipped(["01_sequences.ipynb", "02_rnn.ipynb"])})
    assert table(collect(tmp_path)) == {"ada": ["01_sequences.ipynb", "02_rnn.ipynb"]}
    roster = put(tmp_path / "x", **{"roster.csv": b"name\nAda Lovelace\nBob Hopper\n"}) / "roster.csv"
    folder = put(tmp_path / "class", **{"all.zip": zipped(["ada_lovelace.ipynb", "bob_hopper.ipynb"])})
    assert [*table(collect(folder, roster))] == ["Ada Lovelace", "Bob Hopper"]


def test_a_learners_archive_from_a_platform_stays_one_learners_whatever_is_in_it(tmp_path):
    put(tmp_path, **{"mallory_123_45678_hw.zip": zipped(["ada_1_999_a.ipynb", "bob_2_999_a.ipynb"])})
    assert [*table(collect(tmp_path))] == ["mallory"]


def test_a_damaged_archive_alone_in_a_folder_is_a_learners(tmp_path):
    (only,) = collect(put(tmp_path, **{"ada.zip": b"PK"}))
    assert (only.learner, only.problem[:23]) == ("ada", "ada.zip was not read: i")
    with pytest.raises(GradingError, match="no archive that can be read"):
        collect(tmp_path / "ada.zip")


def test_a_large_class_in_an_archive_is_not_held_to_a_submissions_limits(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "TOTAL", 10_000)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as result:
        for number in range(40):
            result.writestr(f"learner{number}_{100 + number}_12345_a.ipynb", notebook(CELL + "#" * 1000))
    submissions = collect(tmp_path)
    assert len(submissions) == 40
    assert not any(submission.problem for submission in submissions)


def test_notes_on_attempts_and_lateness(tmp_path):
    submissions = {s.learner: s for s in collect(put(tmp_path, **contents_of(SHAPES["canvas"][0])))}
    ada = submissions["lovelaceada"]
    assert ada.notes == (
        "lovelaceada_12345_67880_02_rnn.ipynb is an earlier attempt, and was left out.",
        "Marked as late in its file's name.",
    )
    assert "LATE" in ada.sources[0].cells[0].code
    assert ada.origin == "lovelaceada_12345_67891_other.ipynb, lovelaceada_LATE_12345_67890_02_rnn-1.ipynb"


def test_the_newest_of_a_browsers_downloads_counts(tmp_path):
    (ada,) = collect(put(tmp_path, **dict.fromkeys(["ada.ipynb", "ada(2).ipynb", "ada (10).ipynb"])))
    assert (ada.learner, ada.origin) == ("ada", "ada (10).ipynb")
    assert [note.partition(" is ")[0] for note in ada.notes] == ["ada(2).ipynb", "ada.ipynb"]


def test_learners_of_one_name_are_kept_apart(tmp_path):
    names = ["Ada_11_assignsubmission_file_/a.ipynb", "Ada_12_assignsubmission_file_/b.ipynb", "bob.ipynb", "bob.zip"]
    put(tmp_path, **dict.fromkeys(names), **{"bob/x.ipynb": None, "bob (2)/y.ipynb": None})
    (tmp_path / "bob.zip").write_bytes(zipped(["z.ipynb"]))
    submissions = collect(tmp_path)
    assert table(submissions) == {
        **{"Ada": ["a.ipynb"], "Ada (2)": ["b.ipynb"]},
        **{"bob": ["x.ipynb"], "bob (2)": ["bob.ipynb"], "bob (2) (2)": ["y.ipynb"], "bob (3)": ["z.ipynb"]},
    }
    assert submissions[1].notes == ("Another submission has the name Ada, too.",)


def test_names_that_only_seem_different(tmp_path):
    put(tmp_path, **{"ada.py": None, "ada\u202e.py": None, "\u200bada.py": None, "b\x1b[31m.py": None})
    learners = [submission.learner for submission in collect(tmp_path)]
    assert learners == ["ada", "ada (2)", "ada (3)", "b"]


# With a roster.

ROSTER = b"name,email,id,section\nAda Lovelace,ada@x.org,12345,A\nBob,bob@x.org,2,B\nEve Moneypenny,,3,B\n"


def test_the_roster_says_who_is_who(tmp_path):
    roster = put(tmp_path, **{"roster.csv": ROSTER}) / "roster.csv"
    names = ["lovelace_ada.ipynb", "bob@x.org.zip", "mallory.ipynb", "Ada Lovelace hw2.ipynb", "roster.csv"]
    folder = put(tmp_path / "class", **dict.fromkeys(names))
    (folder / "bob@x.org.zip").write_bytes(zipped(["rnn.py"]))
    submissions = {submission.learner: submission for submission in collect(folder, roster)}
    assert {learner: submission.problem for learner, submission in submissions.items()} == {
        **{"Ada Lovelace": "", "Bob": "", "Eve Moneypenny": "Handed in nothing.", "mallory": ""},
    }
    assert submissions["Eve Moneypenny"].identity == {"name": "Eve Moneypenny", "email": "", "id": "3", "section": "B"}
    assert submissions["Ada Lovelace"].identity["id"] == "12345"
    assert submissions["Ada Lovelace"].origin == "Ada Lovelace hw2.ipynb, lovelace_ada.ipynb"
    assert submissions["mallory"].notes == ("No line of the roster matches it.",)
    assert submissions["mallory"].identity == {}
    assert submissions["Bob"].notes == ()


def test_when_the_roster_cannot_tell_the_learner_is_not_guessed(tmp_path):
    roster = put(tmp_path, **{"roster.csv": b"name,id\nAda,1\nAda,2\n"}) / "roster.csv"
    submissions = collect(put(tmp_path / "class", **{"ada.ipynb": None}), roster)
    assert [(s.learner, s.problem) for s in submissions] == [
        *(("Ada", "Handed in nothing."), ("ada", ""), ("Ada (2)", "Handed in nothing.")),
    ]
    assert "Several lines of the roster match it" in submissions[1].notes[0]


def test_a_document_of_a_known_learner_is_no_file_of_the_instructors(tmp_path):
    roster = put(tmp_path, **{"roster.csv": ROSTER}) / "roster.csv"
    folder = put(
        tmp_path / "class", **{"bob.html": None, "carl_9_12345_x.json": None, "other.html": None, "eve.docx": None}
    )
    submissions = {submission.learner: submission.problem for submission in collect(folder, roster)}
    assert submissions["Bob"].startswith("bob.html was not read")
    assert submissions["carl"].startswith("x.json was not read")
    assert submissions["eve"].startswith("eve.docx was not read")
    assert "other" not in submissions


# What does harm.


def test_links_out_of_the_class(tmp_path):
    secret = put(tmp_path, **{"secret/answer.py": None}) / "secret"
    folder = put(tmp_path / "class", **{"ada/good.ipynb": None})
    (folder / "ada" / "answer.py").symlink_to(secret / "answer.py")
    (folder / "bob.py").symlink_to(secret / "answer.py")
    (folder / "eve").symlink_to(secret, target_is_directory=True)
    os.mkfifo(folder / "mallory.ipynb")
    submissions = {submission.learner: submission for submission in collect(folder)}
    assert table(submissions.values()) == {"ada": ["good.ipynb"], "bob": [], "eve": [], "mallory": []}
    assert submissions["ada"].notes == ("answer.py was not read: it is a link, which is not followed.",)
    assert submissions["bob"].problem == "bob.py was not read: it is a link, which is not followed."
    assert "a device or a pipe" in submissions["mallory"].problem


def test_a_folder_that_is_itself_a_link_is_the_instructors(tmp_path):
    put(tmp_path / "class", **{"ada.ipynb": None})
    (tmp_path / "link").symlink_to(tmp_path / "class")
    assert [*table(collect(tmp_path / "link"))] == ["ada"]


def test_hostile_members_of_a_class_archive_are_somebodys_and_only_theirs(tmp_path):
    put(tmp_path, **{"class.zip": zipped(["../evil.ipynb", "/etc/evil.ipynb", "ada/../../evil.ipynb", "bob.ipynb"])})
    submissions = collect(tmp_path / "class.zip")
    assert sum(bool(submission.sources) for submission in submissions) == 1
    problems = [submission.problem for submission in submissions if not submission.sources]
    assert all("in its path" in problem or "absolute path" in problem for problem in problems)
    assert len(problems) == len(submissions) - 1 >= 2


def test_many_files_are_one_learners_problem(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MEMBERS", 5)
    monkeypatch.setattr(contents, "MEMBERS", 5)
    folder = put(tmp_path, **{"ada.ipynb": None}, **dict.fromkeys(f"mallory/{number}.py" for number in range(50)))
    assert [s.problem for s in collect(folder)] == ["", "Nothing was read: the submission holds more than 5 files."]


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: put(path, **{"README.md": None})])
def test_an_empty_class(tmp_path, make):
    make(tmp_path / "class")
    with pytest.raises(GradingError, match="holds no submission"):
        collect(tmp_path / "class")


def test_no_class(tmp_path):
    with pytest.raises(GradingError, match="could not be opened: No such file"):
        collect(tmp_path / "nowhere")
    put(tmp_path, **{"ada.ipynb": None})
    assert [*table(collect(tmp_path / "ada.ipynb"))] == ["ada"]


def test_the_order_is_the_learners(tmp_path):
    put(tmp_path, **dict.fromkeys(["b.py", "A.py", "a.py", "Ä.py", "C.py"]))
    assert [*table(collect(tmp_path))] == ["A", "a", "b", "C", "Ä"]


def test_one_submission_wherever_it_lies(tmp_path):
    put(tmp_path, **{"hw/a.ipynb": default("a.ipynb"), "hw/.git/x": None})
    (tmp_path / "hw.zip").write_bytes(zipped(["a.ipynb"]))
    found = [read(tmp_path / "hw"), read(tmp_path / "hw.zip"), read(tmp_path / "hw" / "a.ipynb", "Ada")]
    assert [submission.learner for submission in found] == ["hw", "hw", "Ada"]
    assert len({submission.digest for submission in found}) == 1
    assert [submission.origin for submission in found] == ["hw", "hw.zip", "a.ipynb"]
    with pytest.raises(GradingError, match="could not be opened"):
        read(tmp_path / "none.zip")


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
            lambda stem: not stem.startswith(".") and len(stem.encode()) < 200
        ),
        st.tuples(
            st.sampled_from([".ipynb", ".py", ".zip", ".tar.gz", ".tar", ".docx"]),
            st.binary(max_size=200) | st.sampled_from([notebook(CELL), zipped(["a.py"]), b""]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_file_gives_exactly_one_submission(tmp_path_factory, given):
    folder = tmp_path_factory.mktemp("class")
    for number, (stem, (suffix, content)) in enumerate(given.items()):
        (folder / f"{number}{stem}{suffix}").write_bytes(content)  # the number keeps them apart, and from being rubbish
    submissions = collect(folder)
    assert len(submissions) == len(given)
    assert len({submission.learner for submission in submissions}) == len(given)
    for submission in submissions:
        assert bool(submission.sources) != bool(submission.problem)
        for line in (submission.learner, submission.origin, submission.problem, *submission.notes):
            assert "\n" not in line
            assert "\u202e" not in line
        assert len(submission.digest) == 64
