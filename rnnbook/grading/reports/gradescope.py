"""What Gradescope's autograder reads: https://gradescope-autograders.readthedocs.io/en/latest/specs/"""

from rnnbook.exercises.report import Outcome
from rnnbook.grading.reports.cohort import WORDS, Learner, public, symbol

#: When learners may see a hidden test's title and status. "hidden" is never; with "after_published" Gradescope also
#: keeps the total back until then, so that nobody can work the hidden tests' points out of it.
VISIBILITIES = ("after_published", "after_due_date", "hidden")


def gradescope(learner: Learner, hidden: str = "after_published", seconds: float | None = None) -> dict:
    """One learner's results for Gradescope. The learner sees them.

    Args:
        learner: from a `Cohort` of one.
        hidden: when a hidden test's title and status are shown.
        seconds: how long the grading took.

    Returns:
        What goes into `results/results.json`.
    """
    tests = []
    for result in learner.results.values():
        for test in result.tests:
            tests.append(
                {
                    "name": f"{result.exercise}: {test.title}",
                    "score": 0 if result.fault else test.earned,
                    "max_score": test.points,
                    "status": "passed" if test.status == "passed" and not result.fault else "failed",
                    "output": "Not graded." if result.fault else _output(public(test)),
                    "output_format": "text",
                    "visibility": hidden if test.hidden else "visible",
                    "extra_data": {"exercise": result.exercise, "test": test.name},
                }
            )
    content = {
        "score": sum(test["score"] for test in tests),
        "output": "\n".join(_lines(learner)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [*tests, *_for_the_instructor(learner)],
    }
    return content if seconds is None else {**content, "execution_time": round(seconds, 1)}


def failure(kind: str) -> dict:
    """Results for when nothing could be graded: valid, no mark but zero, and plainly not the learner's fault.

    Args:
        kind: what failed, in a word that tells learners nothing of the tests.
    """
    return {
        "score": 0,
        "output": f"The grader could not finish ({kind}); this is no fault of yours. Tell your instructor.",
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [],
    }


def _lines(learner: Learner):
    """What to say about the submission as a whole."""
    if learner.submission.problem:
        yield learner.submission.problem
    for id, result in learner.results.items():
        seen = [test for test in result.tests if not test.hidden]  # a sum of all would tell what the hidden ones gave
        points = f"{sum(test.earned for test in seen)} of {sum(test.points for test in seen)} points"
        where = " in the tests that you see" if len(seen) < len(result.tests) else ""
        yield f"{id}: not graded" if result.fault else f"{id}: {points}{where}"
    if learner.faults:
        yield "What was not graded failed in the grader; this is no fault of yours. Tell your instructor."
    yield from learner.submission.notes
    notes = dict.fromkeys(note for result in learner.results.values() for note in result.notes)
    yield from (note for note in notes if note not in learner.submission.notes)
    if tiers := sorted({result.tier for result in learner.results.values() if result.tier}):
        yield f"Graded in the sandbox {', '.join(tiers)}."


def _output(test: Outcome) -> str:
    """Status and message; Gradescope folds a test that says nothing."""
    if test.hidden:
        return f"{symbol(test)} {WORDS.get(test.status, test.status)}"
    if test.status == "passed":
        return ""
    parts = [f"{symbol(test)} {WORDS.get(test.status, test.status)}", test.message]
    if test.printed:
        parts.append(f"printed by your code:\n{test.printed}")
    return "\n".join(filter(None, parts))


def _for_the_instructor(learner: Learner) -> list[dict]:
    """What only instructors may see, as a test that is worth nothing and that Gradescope shows to no learner."""
    lines = [f"{id}: {flag.what}, in {flag.where}" for id, result in learner.results.items() for flag in result.flags]
    lines += [f"Not graded, because the grader failed: {fault}" for fault in learner.faults]
    if any(result.tier == "process" for result in learner.results.values()):
        lines.append(
            "The sandbox was `process`, because this container allows no better one: the learner's code ran as another "
            "user with limits, but could use the network. The stronger ones and why they failed stand in the log."
        )
    if not lines:
        return []
    return [
        {
            "name": "For the instructor",
            "score": 0,
            "max_score": 0,
            "output": "\n".join(lines),
            "output_format": "text",
            "visibility": "hidden",
        }
    ]
