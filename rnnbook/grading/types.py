"""What passes between the parts of the grader: submissions, results, settings. All of it is plain data."""

import functools
import hashlib
import json
from dataclasses import asdict, dataclass, field

from rnnbook.exercises.report import Outcome
from rnnbook.exercises.source import Cell


@dataclass(frozen=True)
class Source:
    """One file of a learner's code.

    Args:
        name: the file's name, as the learner knows it.
        cells: its code cells; a Python file is one cell.
    """

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Submission:
    """What one learner handed in.

    Args:
        learner: the learner's name, unique in a class.
        origin: where the submission lay, relative to the class's folder.
        sources: its notebooks and Python files.
        modules: helper modules beside them, pairs of a name and its code.
        notes: a line for each thing that was refused, left out or read otherwise than it claims to be.
        problem: one line that says why nothing could be read; empty when all is well.
        identity: what the roster knows of the learner, such as the e-mail address.
    """

    learner: str
    origin: str = ""
    sources: tuple[Source, ...] = ()
    modules: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""
    identity: dict[str, str] = field(default_factory=dict, hash=False)

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the code, whoever handed it in and wherever it lay."""
        content = [[asdict(source) for source in self.sources], self.modules, self.problem]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True)
class Flag:
    """Something for the instructor to look at; it changes no mark.

    Args:
        what: what was found, such as "uses torch.nn.RNN".
        where: the learner's file and line, and the line itself.
    """

    what: str
    where: str


@dataclass(frozen=True)
class Result:
    """One learner's marks in one exercise.

    Args:
        learner: the learner's name.
        exercise: the exercise's identifier.
        tests: an outcome for every test of the exercise, in the order of its files.
        tier: the sandbox that it ran in.
        notes: for the learner, a line each: cells that stopped half-way, magics that were left out.
        flags: for the instructor.
        fault: what failed in the grader itself; then there is no mark, and the exercise wants grading again.
    """

    learner: str
    exercise: str
    tests: tuple[Outcome, ...]
    tier: str
    notes: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    fault: str = ""

    @property
    def earned(self) -> int:
        """Points earned."""
        return sum(test.earned for test in self.tests)

    @property
    def possible(self) -> int:
        """Full marks."""
        return sum(test.points for test in self.tests)

    def to_json(self) -> dict:
        """The result as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict) -> "Result":
        """The result that `to_json` gave."""
        tests = tuple(Outcome(**test) for test in content["tests"])
        flags = tuple(Flag(**flag) for flag in content["flags"])
        return cls(**{**content, "tests": tests, "flags": flags, "notes": tuple(content["notes"])})


@dataclass(frozen=True)
class Settings:
    """What a worker needs to grade.

    Args:
        tier: the sandbox: "namespaces", "landlock" or "process".
        memory: bytes that the learner's code may take.
        seconds: time for the learner's code in one test, in place of the exercise's own limit.
        secret: the key from which the seeds of the tests' random numbers come.
        tests: a folder of hidden tests.
    """

    tier: str
    memory: int = 2**30
    seconds: float | None = None
    secret: bytes = b""
    tests: str | None = None
