"""The errors that an instructor can meet."""

from rnnbook.exercises.errors import ExerciseError


class GradingError(ExerciseError):
    """A wrong request (a missing folder, a sandbox that this system lacks), said in one line that names the remedy."""


class SandboxError(GradingError):
    """The sandbox itself failed: no fault of the learner's, and no mark."""
