"""The errors that a learner can meet here."""


class ExerciseError(Exception):
    """A wrong request (unknown exercise, unreadable file), said in one line that names the remedy."""

    def _render_traceback_(self) -> list[str]:
        """What Jupyter prints in place of a traceback, which would only show our own frames."""
        return [str(self)]


class LearnerError(Exception):
    """The learner's code could not give a value; the message is what the learner reads.

    Args:
        message: what happened, in the learner's terms, with the learner's own line.
        status: "failed", or "timeout" when the time limit was reached.
        raised: when the learner's code raised an error, the names of its class and that class's bases.
        said: that error's own message.
    """

    def __init__(self, message: str, status: str = "failed", raised: tuple[str, ...] = (), said: str = ""):
        super().__init__(message)
        self.status = status
        self.raised = raised
        self.said = said


class NotWritten(LearnerError):
    """The learner's code is still the stub."""
