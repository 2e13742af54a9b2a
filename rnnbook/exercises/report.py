"""What a check found: each test with its points and its message."""

from dataclasses import dataclass, replace

from rnnbook.exercises import display
from rnnbook.exercises.errors import ExerciseError


@dataclass(frozen=True)
class Outcome:
    """One test's result.

    Args:
        name: the test function's name.
        title: what the test asks for: the first line of its docstring.
        points: what it is worth.
        status: "passed", "failed", "timeout", "error" (the test could not deal with what the code gave) or "not run";
            in a sandbox also "memory", "output" and "crash".
        message: for the learner; empty when passed.
        printed: what the learner's code printed meanwhile.
        partial: points for the cases that passed, in a test whose cases count one by one.
        hidden: whether it is the instructor's own: then its message is not for the learner.
    """

    name: str
    title: str
    points: int
    status: str = "not run"
    message: str = ""
    printed: str = ""
    partial: int = 0
    hidden: bool = False

    @property
    def earned(self) -> int:
        """All the test's points; when it failed, those of the cases that passed if they count one by one, else none."""
        return self.points if self.status == "passed" else self.partial


@dataclass(frozen=True)
class Report:
    """An exercise's result; it displays itself in a notebook, in a terminal and as plain text.

    Args:
        exercise: the exercise's identifier.
        tests: an outcome for each test, in the order of the file.
        hints: all hints that there are.
        hint: which of them to show, from 1; 0 for none.
    """

    exercise: str
    tests: tuple[Outcome, ...]
    hints: tuple[str, ...] = ()
    hint: int = 0

    @property
    def earned(self) -> int:
        """Points earned."""
        return sum(test.earned for test in self.tests)

    @property
    def possible(self) -> int:
        """Full marks."""
        return sum(test.points for test in self.tests)

    @property
    def passed(self) -> bool:
        """Whether all tests passed."""
        return all(test.status == "passed" for test in self.tests)

    def with_hint(self, number: int) -> "Report":
        """The same report with a hint; raises ExerciseError when there is no such hint."""
        if number not in range(len(self.hints) + 1):
            raise ExerciseError(f"{self.exercise} has {len(self.hints)} hints: there is no hint {number}.")
        return replace(self, hint=number)

    def __str__(self) -> str:
        return display.plain(self)

    def __rich__(self):
        return display.terminal(self)

    def _repr_pretty_(self, printer, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        return display.page(self)
