"""What runs in Gradescope's container for each submission."""

import json
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path

from rnnbook.exercises.catalogue import find
from rnnbook.exercises.run import blank
from rnnbook.files import put
from rnnbook.grading import sandbox
from rnnbook.grading.grader import Grader
from rnnbook.grading.intake.contents import contents
from rnnbook.grading.intake.files import listed
from rnnbook.grading.intake.names import clean_name
from rnnbook.grading.reports.cohort import Cohort
from rnnbook.grading.reports.gradescope import failure, gradescope
from rnnbook.grading.types import Result, Settings, Submission


def run(root: Path) -> None:
    """Grades the submission in Gradescope's container, and writes its results.json, whatever happens.

    What is printed meanwhile, Gradescope shows to instructors only.

    Args:
        root: /autograder, which holds source/ (the archive), submission/, submission_metadata.json and results/.
    """
    start = time.monotonic()
    try:
        content = _graded(root, start)
    except Exception as error:
        traceback.print_exc(file=sys.stdout)
        content = failure(type(error).__name__)
    put(root / "results" / "results.json", json.dumps(content, indent=1, allow_nan=False) + "\n")


def _graded(root: Path, start: float) -> dict:
    """The results of grading the submission."""
    source = root / "source"
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    _lock_away(root)
    tier = sandbox.choose(None, allow_unsafe=True)
    print(f"Sandbox: {tier}")
    if tier == sandbox.TIERS[-1]:
        for finding in sandbox.available():
            print(f"  {finding.name}: {'works' if finding.works else finding.why}")
    settings = Settings(
        tier=tier,
        memory=config["memory"],
        seconds=config["seconds"],
        secret=bytes.fromhex(config["secret"]),
        tests=str(source / "tests") if config["tests"] else None,
    )
    submission = _submission(root)
    results = list(_results(submission, config["exercises"], settings))
    (learner,) = Cohort(results, [submission]).learners
    for line in [*learner.faults, *(f"{r.exercise}: {r.earned} of {r.possible}" for r in learner.results.values())]:
        print(line)
    return gradescope(learner, config["hidden"], time.monotonic() - start)


def _results(submission: Submission, exercises: Iterable[str], settings: Settings) -> Iterator[Result]:
    """A result for each exercise; where the grader failed, one that says so."""
    with Grader(settings) as grader:
        for id in exercises:
            try:
                yield grader.grade(submission, id)
            except Exception as error:
                traceback.print_exc(file=sys.stdout)
                tests = blank(grader.exercises.get(id) or find(id)).tests
                yield Result(submission.learner, id, tests, settings.tier, fault=f"{type(error).__name__}: {error}")


def _submission(root: Path) -> Submission:
    """What was handed in, by whom Gradescope says."""
    try:
        users = json.loads((root / "submission_metadata.json").read_text(encoding="utf-8"))["users"]
        names = [clean_name(str(user["name"])) for user in users]
    except (OSError, ValueError, LookupError, TypeError):
        names = []
    found = contents(listed(root / "submission"))
    return Submission(
        learner=" and ".join(names) or "submission",
        origin="submission",
        sources=found.sources,
        modules=found.modules,
        notes=found.notes,
        problem=found.problem,
    )


def _lock_away(root: Path) -> None:
    """Makes tests, results and the submission unreadable to other users, of whom the learner's code may become one."""
    source = root / "source"
    secrets = (source / "tests", source / "config.json", source / "package/rnnbook/exercises/tests")
    for path in (*secrets, root / "results", root / "submission", root / "submission_metadata.json"):
        if path.exists():
            path.chmod(0o700 if path.is_dir() else 0o600)
