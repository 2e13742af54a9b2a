"""The grader on small submissions, in the strongest sandbox that there is here."""

import hashlib

import pytest

from rnnbook.exercises.catalogue import find
from rnnbook.exercises.display import NOT_HANDED_IN
from rnnbook.exercises.source import Cell
from rnnbook.grading import sandbox
from rnnbook.grading.errors import GradingError, SandboxError
from rnnbook.grading.grader import Grader
from rnnbook.grading.types import Result, Settings, Source, Submission

RIGHT = """import torch

def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)
"""
WORKING = [finding.name for finding in sandbox.available() if finding.works]
SETTINGS = Settings(WORKING[0], seconds=1.0, secret=b"known to nobody")


@pytest.fixture(scope="module")
def grader():
    with Grader(SETTINGS) as grader:
        yield grader


def submission(*codes: str, name: str = "answer.py", **more) -> Submission:
    cells = tuple(Cell(name if len(codes) == 1 else f"{name}, code cell {i}", code) for i, code in enumerate(codes, 1))
    return Submission("ada", sources=(Source(name, cells),), **more)


def graded(grader, *codes: str, id: str = "rnn-cell", **more) -> Result:
    result = grader.grade(submission(*codes, **more), id)
    assert [test.name for test in result.tests] == [*find(id).tests]
    return result


def statuses(result: Result) -> set[str]:
    return {test.status for test in result.tests}


def test_right_code_has_full_marks(grader):
    result = graded(grader, RIGHT)
    assert result.earned == result.possible == find("rnn-cell").points
    assert (result.tier, result.notes, result.flags, result.fault) == (SETTINGS.tier, (), (), "")
    assert Result.from_json(result.to_json()) == result


def test_wrong_code_has_some_and_is_told_why(grader):
    result = graded(grader, RIGHT.replace(" + b_hh", ""))
    assert 0 < result.earned < result.possible
    assert any(test.message.startswith("You left out the bias b_hh.") for test in result.tests)


def test_nothing_asked_for_is_not_handed_in(grader):
    result = graded(grader, "x = 1")
    assert statuses(result) == {"not run"}
    assert {test.message for test in result.tests} == {NOT_HANDED_IN}


def test_what_could_not_be_read_is_said_with_every_test(grader):
    problem = "ada.ipynb is not a notebook."
    result = grader.grade(Submission("ada", problem=problem), "rnn-cell")
    assert {test.message for test in result.tests} == {problem}


def test_syntax_errors_name_their_line(grader):
    result = graded(grader, "import torch", "def rnn_cell(x, h:\n    return x", "y = 2")
    assert "answer.py, code cell 2, line 1" in result.tests[0].message
    assert NOT_HANDED_IN in result.tests[0].message


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ("while True: pass", "timeout", "answer.py, line 2: while True: pass"),
        ("while True:\n        try:\n            while True: pass\n        except: pass", "timeout", "1 s"),
        ("a = bytearray(8 * 2**30)", "memory", "answer.py, line 2: a = bytearray(8 * 2**30)"),
        ("import os; os._exit(0)", "crash", "Your code ended the Python process (exit code 0)."),
        ("import ctypes; ctypes.string_at(0)", "crash", "Your code ended the Python process (signal SIGSEGV)."),
        ("while True: print('x' * 1000)", "output", "Your code printed more than 1 MB"),
        ("import sys; sys.exit(0)", "failed", "Your code raised SystemExit, which would end the whole program"),
        ("return 1 / 0", "failed", "Your code raised ZeroDivisionError: division by zero\n    answer.py, line 2"),
        ("raise NotImplementedError", "failed", "rnn_cell is not written yet"),
        ("return object()", "failed", "should be a torch tensor, but it is an object of the class object"),
        ("return x.expand(10**6, *x.shape)", "failed", "too large to be compared"),
        ("import os; os.fork()", "failed", "no new processes"),
        ("sum(range(10**12))", "timeout", "answer.py, line 2: sum(range(10**12))"),
    ],
    ids=lambda value: value.split("\n")[0][:25] if isinstance(value, str) else None,
)
def test_each_way_to_fail_has_its_status(grader, body, status, says):
    result = graded(grader, f"def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):\n    {body}\n")
    assert result.fault == ""
    assert result.tests[0].status == status
    assert says in result.tests[0].message


def test_endless_definitions_are_run_once(grader):
    result = graded(grader, "n = 0\nwhile n == 0: n = 0\n" + RIGHT.replace("    return", "    n\n    return"))
    assert result.tests[0].message.startswith("Your definitions cannot be run. Your code took longer than 1 s")
    assert statuses(result) == {"timeout", "not run"}


def test_definitions_that_end_the_process(grader):
    result = graded(grader, "import os\ncode = os._exit(0)\n" + RIGHT.replace("return", "code\n    return"))
    assert statuses(result) == {"crash"}


def test_a_name_that_is_missing_because_its_cell_stopped(grader):
    result = graded(grader, "import torch", "W = 1 / 0\n" + RIGHT.replace("x @", "W and x @"))
    assert any("code cell 2, line 1: W = 1 / 0" in note for note in result.notes)


def test_after_a_limit_the_next_test_starts_anew(grader):
    """The child that was stopped is not asked again, and the tests after it are as good as ever."""
    endless = "    while x.shape == W_ih.shape == W_hh.shape: pass\n    return"
    result = graded(grader, RIGHT.replace("    return", endless))
    assert result.tests[0].status == "timeout"
    assert result.tests[-1].status == "passed"
    assert 5 < result.earned < 10


def test_globals_last_from_test_to_test_as_in_a_notebook(grader):
    counting = "    calls.append(1)\n    assert len(calls) < 7\n    return"
    assert 0 < graded(grader, "calls = []\n" + RIGHT.replace("    return", counting)).earned < 10


def test_a_failure_of_the_grader_itself_stops_no_class(monkeypatch):
    with Grader(SETTINGS) as grader:
        monkeypatch.setattr("rnnbook.grading.grader._counting", lambda *_: 1 / 0)
        fault = grader.grade(submission(RIGHT), "rnn-cell").fault
        assert fault == "The grader failed: ZeroDivisionError: division by zero"
        monkeypatch.undo()
        assert grader.grade(submission(RIGHT), "rnn-cell").earned == 10


def test_what_is_printed_is_shown(grader):
    result = graded(grader, RIGHT.replace("    return", "    print('\x1b[31mhere', x.shape)\n    return 1 +"))
    assert result.tests[0].printed.startswith("here torch.Size")


def test_arguments_changed_in_place(grader):
    result = graded(grader, RIGHT.replace("    return", "    h += 0.5\n    h -= 0.25\n    return"))
    assert any("changed its argument h in place" in test.message for test in result.tests)


def test_helper_modules_beside_the_code(grader):
    code = RIGHT.replace("import torch", "from helpers import squash").replace("torch.tanh", "squash")
    assert graded(grader, code, modules=(("helpers", "from torch import tanh as squash"),)).earned == 10
    assert graded(grader, RIGHT, modules=(("torch", "1 / 0"),)).earned == 10


def test_two_files_with_one_exercise_are_said(grader):
    wrong = Source("b.py", (Cell("b.py", "def rnn_cell(*a): return 1"),))
    right = Source("a.py", (Cell("a.py", RIGHT + "\ncheck('rnn-cell')"),))
    result = grader.grade(Submission("ada", sources=(wrong, right)), "rnn-cell")
    assert result.earned == 10
    assert result.notes == ("rnn-cell is in more than one file: a.py counts, not b.py.",)


def test_names_of_one_exercise_in_two_files(grader):
    """A file with more of the names counts before the others, which give what it lacks."""
    start = Source("a.py", (Cell("a.py", "def start(): return 0"),))
    rest = Source("b.py", (Cell("b.py", "def step(state, bit): return state ^ bit\ndef read(state): return state"),))
    assert grader.grade(Submission("ada", sources=(start, rest)), "parity-state").earned == 10
    wrong = Source("z.py", (Cell("z.py", "def read(state): return 1 - state"),))
    result = grader.grade(Submission("ada", sources=(start, rest, wrong)), "parity-state")
    assert result.earned == 10
    assert result.notes == ("parity-state is in more than one file: b.py and a.py counts, not z.py.",)


def test_built_ins_are_flagged_and_change_no_mark(grader):
    code = "from torch import nn\n" + RIGHT.replace("    return", "    nn.RNNCell(2, 3)\n    return")
    result = graded(grader, code)
    assert result.earned == 10
    assert [(flag.what, "nn.RNNCell(2, 3)" in flag.where) for flag in result.flags] == [
        ("calls torch.nn.RNNCell", True)
    ]


HIDDEN = '''
import torch
from rnnbook.exercises.catalogue import points

@points(5)
def test_secret(student):
    """A hidden case."""
    x, h, W, U, b, c = (torch.rand(size) for size in [(1, 2), (1, 3), (3, 2), (3, 3), (3,), (3,)])
    assert student.rnn_cell(x, h, W, U, b, c).shape == (1, 3), f"x was {x.tolist()}"
'''


def test_hidden_tests_count(tmp_path):
    (tmp_path / "test_rnn_cell.py").write_text(HIDDEN)
    with Grader(Settings(**{**vars(SETTINGS), "tests": str(tmp_path)})) as grader:
        result = grader.grade(submission(RIGHT), "rnn-cell")
        assert (result.earned, result.possible) == (15, 15)
        assert [test.hidden for test in result.tests] == [False] * (len(result.tests) - 1) + [True]
        assert grader.grade(submission(RIGHT.replace("tanh(", "tanh(2 +")), "rnn-cell").tests[-1].status == "passed"


def test_hidden_random_numbers_depend_on_secret_code_and_test(grader):
    """Known only through what a test says, which must differ, and be the same when graded again."""
    wrong = RIGHT.replace("    return", "    return 3 *")
    messages = {}
    for name, code in {"a": wrong, "again": wrong, "b": wrong + "\n# another"}.items():
        messages[name] = [test.message for test in graded(grader, code).tests]
    with Grader(Settings(**{**vars(SETTINGS), "secret": b"another"})) as other:
        messages["secret"] = [test.message for test in graded(other, wrong).tests]
    assert messages["a"] == messages["again"]
    assert messages["a"] != messages["b"] != messages["secret"] != messages["a"]


def test_the_learner_cannot_draw_the_tests_numbers(grader):
    """The learner's generators are seeded too, but not with the tests' seed."""
    code = """import torch
def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.randn(x.shape)
"""
    shown = graded(grader, code).tests[0].message
    assert shown == graded(grader, code).tests[0].message  # the same when graded again


def test_a_dead_sandbox_is_the_graders_fault_and_no_mark(monkeypatch):
    with Grader(SETTINGS) as grader:
        grader._nursery._process.kill()
        result = grader.grade(submission(RIGHT), "rnn-cell")
        assert result.fault.startswith("The sandbox's process died.")
        assert result.earned == 0
        assert grader.grade(submission(RIGHT), "rnn-cell").earned == 10


def test_unknown_exercises_and_sandboxes_are_said():
    with Grader(SETTINGS) as grader, pytest.raises(GradingError, match="There is no exercise lstm"):
        grader.grade(submission(RIGHT), "lstm")
    with pytest.raises((SandboxError, GradingError)):
        Grader(Settings("fortress"))


def test_the_digest_is_of_the_code_alone():
    one = submission(RIGHT)
    assert one.digest == Submission("eve", origin="x", sources=one.sources, notes=("n",)).digest
    assert one.digest != submission(RIGHT + " ").digest
    assert len(bytes.fromhex(one.digest)) == hashlib.sha256().digest_size
