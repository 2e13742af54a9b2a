"""Every attack of `attacks/` under the real grader, in each sandbox, with an observer outside.

A cell `# %% attack: NAME | must: WORDS` is a complete submission. One of the words, divided by slashes, must stand in
the result: the status or message of a test, a note, or "flag". Further parts say what is different: `earns` (points at
most; 0 if not said), `exercise`, `tier` (this one alone), `module` (a helper module of this name lies beside it), and
`code` (an expression that gives the code, where it cannot be written down).
"""

import json
import os
import re
import struct
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from observer import SECRET, Observer
from submitted import cells

from rnnbook.exercises.source import Cell
from rnnbook.grading import sandbox
from rnnbook.grading.grader import Grader
from rnnbook.grading.types import Result, Settings, Source, Submission

STATUSES = {"passed", "failed", "timeout", "memory", "output", "crash", "error", "not run"}
TIERS = ("namespaces", "landlock")
EVERYWHERE = ("endless", "harms", "reads")  # what the sandbox itself must stop, in each of them
DAMAGING = ("endless", "harms")  # after each of these, honest code is graded
SECONDS = 1.0
MEMORY = 2**29
SHARED = 600 * 2**20  # what a forked child shares with the nursery, and is counted once more
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

# A small exercise, so that an attack costs few forks; `attacked-loop` has the first test alone, and few time limits.
CELL = '''
"""One step of a recurrent network."""

import torch
from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged

EXERCISE = Exercise(id="attacked-cell", chapter="02_rnn", title="One step", defines=("rnn_cell",))


def inputs():
    return tuple(torch.randn(shape, dtype=torch.float64) for shape in [(4, 4)] * 4 + [(4,)] * 2)


@points(9)
def test_value(student):
    """The new state, and its gradient."""
    given = inputs()
    x, h, W, V, b, c = leaves = [value.clone().requires_grad_() for value in given]
    right = torch.tanh(x @ W.T + b + h @ V.T + c)
    assert_equal_arrays(student.rnn_cell(*given), right.detach(), what="h_1")
    upstream = torch.randn(4, 4, dtype=torch.float64)
    expected = torch.autograd.grad(right, leaves, upstream)
    for got, gradient in zip(student.grad("rnn_cell", given, range(6), upstream), expected, strict=True):
        assert_equal_arrays(got, gradient, what="the gradient")
'''
MANNERS = '''

@points(1)
def test_arguments_unchanged(student):
    """The arguments stay as they are."""
    given = inputs()
    student.rnn_cell(*given)
    assert_unchanged(student, "x", "h", "W", "V", "b", "c")
'''
HONEST = """
import torch


def rnn_cell(x, h, W, V, b, c):
    return torch.tanh(x @ W.T + b + h @ V.T + c)
"""
HELPERS = {"helper": "raise SystemExit(0)"}
# What `code` may use: a cell that writes bytes of its own in the place of a reply, and ends.
FRAME = """
import os
import stat
import struct


def frame(text, payload=b""):
    return struct.pack(">I", len(text)) + text + payload


def rnn_cell(x, h, W, V, b, c):
    for number in range(64):
        try:
            link = stat.S_ISSOCK(os.fstat(number).st_mode)
        except OSError:
            continue
        if link:
            os.set_blocking(number, True)
            with os.fdopen(number, "wb", closefd=False) as file:
                file.write({content})
    os._exit(0)
"""


@dataclass(frozen=True)
class Attack:
    """One submission, and what must come of it."""

    row: str
    name: str
    code: str
    must: tuple[str, ...]
    parts: dict = field(hash=False)

    @property
    def exercise(self) -> str:
        return self.parts.get("exercise", "attacked-loop" if self.must[0] == "timeout" else "attacked-cell")

    def submission(self, canary: str) -> Submission:
        code = eval(self.parts["code"], {"FRAME": FRAME, "struct": struct}) if "code" in self.parts else self.code
        modules = [("canary", canary)]
        if "module" in self.parts:
            modules.append((self.parts["module"], HELPERS.get(self.parts["module"], "")))
        cell = Cell("attack.py", code)
        return Submission("Mallory", "attack.py", (Source("attack.py", (cell,)),), tuple(modules))


def attacks() -> list[Attack]:
    found = []
    for path in sorted((Path(__file__).parent / "attacks").glob("*.py")):
        for _, name, parts, code in cells(path):
            found.append(Attack(path.stem, name, code, tuple(parts.pop("must").split(" / ")), parts))
    return found


def cases() -> list:
    """Each attack in each tier; where it is aimed at the judge and not at the sandbox, in the first tier alone."""
    every = bool(os.environ.get("RNNBOOK_ALL_ATTACKS"))
    return [
        pytest.param(tier, attack, id=f"{tier}: {attack.row}: {attack.name}")
        for tier in TIERS
        for attack in attacks()
        if attack.parts.get("tier", tier) == tier and (every or tier == TIERS[0] or attack.row in EVERYWHERE)
    ]


@pytest.fixture(scope="module")
def observer(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, Observer(tmp_path_factory.mktemp("watched")) as observer:
        patch.setenv("HOME", str(observer.folders[0]))
        patch.setenv("CANARY", SECRET)
        patch.setattr(tempfile, "tempdir", str(observer.temporary))
        yield observer


@pytest.fixture(scope="module")
def graders(observer, tmp_path_factory):
    """A grader for each tier, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("tests")
    (folder / "test_attacked_cell.py").write_text(CELL + MANNERS)
    (folder / "test_attacked_loop.py").write_text(CELL.replace("attacked-cell", "attacked-loop"))
    working = {finding.name: finding for finding in sandbox.available()}
    made = {}

    def get(tier: str) -> Grader:
        if not working[tier].works:
            pytest.skip(f"{tier}: {working[tier].why}")
        if tier not in made:
            made[tier] = Grader(Settings(tier, MEMORY, SECONDS, SECRET.encode(), str(folder)))
        return made[tier]

    yield get
    for grader in made.values():
        assert_honest_code_passes(grader)
        grader.close()


def words(result: Result) -> str:
    """All that a result says."""
    said = [f"{test.status}: {test.message} {test.printed}" for test in result.tests]
    return "\n".join([*said, *result.notes, *(f"flag: {flag.what}" for flag in result.flags)])


def assert_valid(result: Result, grader: Grader) -> None:
    """Checks that a result is whole, and that it can be written down."""
    assert result.fault == ""
    assert [test.name for test in result.tests] == [*grader.exercises[result.exercise].tests]
    assert {test.status for test in result.tests} <= STATUSES
    assert all(test.message for test in result.tests if test.status != "passed")
    content = json.dumps(result.to_json(), ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert Result.from_json(json.loads(content)) == result
    assert not CONTROLS.search(words(result))
    assert len(content) < 100_000


def assert_honest_code_passes(grader: Grader) -> None:
    """Checks that an attack has left the grader as it was."""
    honest = Submission("Ada", sources=(Source("02_rnn.py", (Cell("02_rnn.py", HONEST),)),))
    result = grader.grade(honest, "attacked-loop")
    assert result.earned == result.possible == 9, words(result)


@pytest.mark.parametrize(("tier", "attack"), cases())
def test_attack(tier, attack, graders, observer):
    grader = graders(tier)
    observer.begin()
    start = time.monotonic()
    result = grader.grade(attack.submission(observer.canary), attack.exercise)
    seconds = time.monotonic() - start
    said = words(result)
    assert_valid(result, grader)
    assert "LEAK" not in said, said
    assert SECRET not in said, said
    assert observer.harm() == []
    assert observer.grown() < MEMORY + SHARED
    assert result.earned <= int(attack.parts.get("earns", 0)), said
    assert any(word in said for word in attack.must), said
    assert seconds < 60, "A guard against hanging; how long things take is for the benchmarks."
    if attack.row in DAMAGING:
        assert_honest_code_passes(grader)
