import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbook.grading.errors import GradingError
from rnnbook.grading.intake import roster
from rnnbook.grading.intake.downloads import Label, label


@pytest.fixture
def read(tmp_path):
    def written(content, **options):
        path = tmp_path / "roster.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(**options))
        return roster.read(path)

    return written


def names(people):
    return [person.name for person in people]


@pytest.mark.parametrize(
    ("content", "learners"),
    [
        pytest.param("name\nAda Lovelace\n\n  \nBob\n", ["Ada Lovelace", "Bob"], id="name"),
        pytest.param("Last name,First name\nLovelace,Ada\n", ["Ada Lovelace"], id="first-and-last"),
        pytest.param("email;id\nada@x.org;7\n", ["ada@x.org"], id="semicolons"),
        pytest.param('Login\tName\nada\t"Lovelace, Ada"\n', ["Lovelace, Ada"], id="tabs"),
        pytest.param("file\na.ipynb\r\nb.ipynb\r\n", ["a.ipynb", "b.ipynb"], id="files"),
        pytest.param("name\n\u202eada\n", ["ada"], id="override"),
    ],
)
def test_forms(read, content, learners):
    assert names(read(content).people) == learners


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(read, encoding):
    assert names(read("name,id\nЗоя Ödön,1\n", encoding=encoding).people) == ["Зоя Ödön"]


def test_own_columns_are_all_kept(read):
    (person,) = read("Name,E-Mail,section,year\nAda , a@x.org,B,3\n").people
    assert person.identity == {"Name": "Ada", "E-Mail": "a@x.org", "section": "B", "year": "3"}


CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (123),Final Score
    Points Possible,,,,,10,(read only)
"Lovelace, Ada",12345,s99,ada01,Group A,5,50
"Student, Test",99999,,abc,Group A,,
"Hopper, Grace",12346,s98,grace,Group B,,
"""


def test_canvas_gradebook(read):
    people = read(CANVAS)
    assert names(people.people) == ["Lovelace, Ada", "Hopper, Grace"]
    assert people.people[0].identity == {
        "Student": "Lovelace, Ada",
        "ID": "12345",
        "SIS User ID": "s99",
        "SIS Login ID": "ada01",
        "Section": "Group A",
    }
    assert names(people.find(label("someoneelse_12345_67890_a.ipynb"))) == ["Lovelace, Ada"]
    assert names(people.find(label("hoppergrace_555_67890_a.ipynb"))) == ["Hopper, Grace"]


def test_moodle_worksheet(read):
    people = read(
        "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (grade)\n"
        "Participant 123,Ada Lovelace,ada@x.org,Submitted,,100,-\nParticipant 124,Ada Lovelace,ada2@x.org,,,100,-\n"
    )
    assert names(people.find(label("Ada Lovelace_124_assignsubmission_file_", is_folder=True))) == ["Ada Lovelace"]
    assert people.find(label("X_124_assignsubmission_file_", is_folder=True))[0].identity == {
        "Identifier": "Participant 124",
        "Full name": "Ada Lovelace",
        "Email address": "ada2@x.org",
        "Last modified (grade)": "-",
    }
    assert len(people.find(label("ada_lovelace.ipynb"))) == 2


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Ada Lovelace.ipynb", "Ada Lovelace"),
        ("lovelace_ada.ipynb", "Ada Lovelace"),
        ("adalovelace.ipynb", "Ada Lovelace"),
        ("hw2-Ada-LOVELACE-final.ipynb", "Ada Lovelace"),
        ("zoe_muller.ipynb", "Zoë Müller"),
        ("s1234567_hw2.ipynb", "Zoë Müller"),
        ("zm@x.org.ipynb", "Zoë Müller"),
        ("zm.ipynb", "Zoë Müller"),
        ("zm_hw2.ipynb", ""),
        ("Ada King Lovelace.ipynb", "Ada King Lovelace"),
        ("hw1_ada_king_lovelace.ipynb", "Ada King Lovelace"),
        ("lovelaceadaking.ipynb", "Ada King Lovelace"),
        ("strange.ipynb", "Bob"),
        ("team/x", "Grace"),
        ("Bo.ipynb", ""),
        ("ada.ipynb", ""),
        ("anna_lovelace.ipynb", ""),
    ],
)
def test_whose_a_submission_is(read, name, found):
    people = read(
        "name,email,id,file\nAda Lovelace,al@x.org,,\nZoë Müller,zm@x.org,s1234567,\nAda King Lovelace,ak@x.org,,\n"
        "Bob,bob@x.org,,./strange.ipynb\nGrace,,,Team\n"
    )
    name = name.removesuffix("/x")
    assert "".join(names(people.find(label(name, is_folder="." not in name), name))) == found


def test_of_several_ways_one_that_is_certain_counts(read):
    people = read("name,email\nAda Lovelace,ada@x.org\nAda Byron,ada@y.org\n")
    assert len(people.find(Label("ada"))) == 2
    assert names(people.find(Label("Ada Byron", ("ada",)))) == ["Ada Byron"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "has none of the columns name, email, id, login and file", id="empty"),
        pytest.param(b"a,b\n1,2\n", "it has: a, b", id="no-column"),
        pytest.param("name\nZoë\n".encode("latin-1"), "UTF-8", id="latin-1"),
        pytest.param(b"name\n", "has no learner", id="nobody"),
        pytest.param(b"name,id\nAda,1\nBob,2\nEve,1\n", "lines 2 and 4: both have the id 1", id="twice-an-id"),
        pytest.param(b"name,email\nAda,A@x.org\nBob,a@X.org\n", "both have the email", id="twice-an-address"),
        pytest.param(b"name\nAda\nAda\n", "tell them apart by an id", id="twice-a-name"),
        pytest.param(b"name,id\nLovelace, Ada,1\n", 'line 2 has too many cells: put "quotes"', id="commas"),
        pytest.param(b"name,name\nAda,Bob\n", "two columns name", id="twice-a-column"),
        pytest.param(b"name\n" + b"x" * 200_000, "not CSV", id="huge-cell"),
        pytest.param(b"PK\x03\x04\xff\xfe\x00", "UTF-8", id="a-spreadsheet"),
    ],
)
def test_errors_name_the_place_and_the_remedy(read, content, words):
    with pytest.raises(GradingError) as caught:
        read(content)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_learners_of_one_name_with_an_id_each(read):
    assert names(read("name,id\nAda,1\nAda,2\n").people) == ["Ada", "Ada"]


def test_one_number_may_be_in_two_columns(read):
    assert len(read("name,ID,SIS User ID\nAda,1,2\nBob,2,1\n").people) == 2


def test_a_missing_roster(tmp_path):
    with pytest.raises(GradingError, match="could not be read: No such file"):
        roster.read(tmp_path / "none.csv")
    with pytest.raises(GradingError, match="could not be read: Is a directory"):
        roster.read(tmp_path)


@given(st.binary(max_size=200), st.sampled_from([b"", b"name,id\n", b"\xff\xfen\0a\0m\0e\0\n\0", b'name\n"']))
def test_any_bytes_are_a_roster_or_a_clear_error(tmp_path_factory, content, start):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(start + content)
    try:
        people = roster.read(path)
    except GradingError:
        return
    assert all(person.name.strip() for person in people.people)
    people.find(Label("ada", ("1",)), "x")
