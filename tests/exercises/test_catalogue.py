import re
import subprocess
import sys

import nbformat
import pytest
from submitted import ROOT

from rnnbook.exercises.catalogue import catalogue, find, identifiers, points, with_hidden
from rnnbook.exercises.errors import ExerciseError


def test_catalogue_holds_what_identifiers_lists():
    assert sorted(exercise.id for exercise in catalogue()) == identifiers()
    assert all(exercise.path.exists() for exercise in catalogue())


@pytest.mark.parametrize("notebook", sorted((ROOT / "solutions").glob("*.ipynb")), ids=lambda path: path.stem)
def test_exercises_stand_in_the_order_of_their_notebook(notebook):
    cells = nbformat.read(notebook, 4).cells
    checks = [re.fullmatch(r'check\("([\w-]+)"\)', cell.source.strip()) for cell in cells]
    exercises = [exercise for exercise in catalogue() if exercise.chapter == notebook.stem]
    assert [exercise.id for exercise in exercises] == [found[1] for found in checks if found]
    assert [exercise.place for exercise in exercises] == [*range(1, len(exercises) + 1)]


def test_unknown_exercise_suggests_the_nearest_and_lists_all():
    with pytest.raises(ExerciseError, match=r'no exercise "rnn_cel"\. Did you mean "rnn-cell"') as error:
        find("rnn_cel")
    assert all(id in str(error.value) for id in identifiers())
    with pytest.raises(ExerciseError, match=r'no exercise "zzz"\. There are: '):
        find("zzz")


def test_error_shows_itself_in_a_notebook_without_our_frames():
    with pytest.raises(ExerciseError) as error:
        find("zzz")
    assert error.value._render_traceback_() == [str(error.value)]


def test_listing_identifiers_does_not_import_torch():
    code = (
        "import sys; from rnnbook.exercises.catalogue import identifiers; identifiers(); print('torch' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


@pytest.mark.parametrize("number", [0, -1, 0.5, True, "2"])
def test_points_are_whole_and_positive(number):
    with pytest.raises(ValueError, match="whole number of points"):
        points(number)


def test_tests_are_in_the_order_of_the_file_and_add_up():
    exercise = find("rnn-cell")
    lines = [test.__code__.co_firstlineno for test in exercise.tests.values()]
    assert lines == sorted(lines)
    assert exercise.points == sum(test.points for test in exercise.tests.values())


def test_points_per_case_need_cases():
    with pytest.raises(ValueError, match="write @points above"):

        @points(1, per_case=True)
        def test(student): ...


HIDDEN = '''
from rnnbook.exercises.catalogue import Exercise, points

@points(4)
def test_wide(student):
    """A wide state."""
'''
OWN = HIDDEN + 'EXERCISE = Exercise(id="my-own", chapter="02_rnn", title="Our own", defines=("f",))'


def test_hidden_tests_join_an_exercise_or_make_one(tmp_path):
    (tmp_path / "test_rnn_cell.py").write_text(HIDDEN)
    (tmp_path / "test_my_own.py").write_text(OWN)
    found = {exercise.id: exercise for exercise in with_hidden(tmp_path)}
    assert {*found} == {*identifiers(), "my-own"}
    assert found["rnn-cell"].points == find("rnn-cell").points + 4
    assert [*found["rnn-cell"].tests][-1] == "test_wide"
    assert [*found["rnn-cell"].hidden] == [*found["my-own"].tests] == [*found["my-own"].hidden] == ["test_wide"]
    assert found["my-rnn"] == find("my-rnn")
    assert not {name for name in sys.modules if "hidden_test" in name}


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("test_rnn_cell.py", "1 / 0", "does not import: ZeroDivisionError"),
        ("test_rnn_cell.py", "def test_a(student): ...", "test_a needs a docstring"),
        ("test_rnn_cell.py", HIDDEN.replace("test_wide", "test_square"), "has a test test_square already"),
        ("test_rnn_cell.py", "x = 1", "holds no tests"),
        ("test_other.py", HIDDEN, r'needs EXERCISE = Exercise\(id="other"'),
        ("test_other.py", OWN, r'needs EXERCISE = Exercise\(id="other"'),
        ("other.py", HIDDEN, "holds no tests: they are files such as test_rnn_cell.py"),
    ],
    ids=["import", "docstring", "same-name", "empty", "no-exercise", "another-id", "file-name"],
)
def test_hidden_tests_that_cannot_be_used_are_said(tmp_path, name, code, says):
    (tmp_path / name).write_text(code)
    with pytest.raises(ExerciseError, match=says):
        with_hidden(tmp_path)
