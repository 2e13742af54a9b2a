import subprocess
import sys

import pytest

from rnnbook.exercises.catalogue import catalogue, find, identifiers, points
from rnnbook.exercises.errors import ExerciseError


def test_catalogue_holds_what_identifiers_lists():
    assert sorted(exercise.id for exercise in catalogue()) == identifiers()
    assert all(exercise.path.exists() for exercise in catalogue())


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
