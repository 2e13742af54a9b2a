"""Everything as JSON, for other programs: `results.schema.json` says what it holds. For the instructor's eyes."""

import json
from dataclasses import asdict
from pathlib import Path

from rnnbook.grading.reports.cohort import Cohort, Learner

VERSION = 1  # of the schema; it changes when a field is renamed, removed or given another meaning
SCHEMA = Path(__file__).with_name("results.schema.json")


def results(cohort: Cohort) -> str:
    """The whole class; the same text whatever the order and the number of workers: no times, no machine."""
    content = {
        "version": VERSION,
        "possible": cohort.possible,
        "exercises": [
            {
                "id": column.id,
                "title": column.title,
                "chapter": column.chapter,
                "points": column.points,
                "tests": [
                    {"name": test.name, "title": test.title, "points": test.points, "hidden": test.hidden}
                    for test in column.tests
                ],
            }
            for column in cohort.columns
        ],
        "learners": [_learner(learner) for learner in cohort.learners],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _learner(learner: Learner) -> dict:
    return {
        "learner": learner.name,
        "page": f"learners/{learner.page}",
        "origin": learner.submission.origin,
        "identity": learner.submission.identity,
        "digest": learner.digest,
        "problem": learner.submission.problem,
        "notes": learner.submission.notes,
        "earned": learner.earned,
        "possible": learner.possible,
        "exercises": [
            {
                "exercise": result.exercise,
                "earned": None if result.fault else result.earned,
                "possible": result.possible,
                "tier": result.tier,
                "fault": result.fault,
                "notes": result.notes,
                "flags": [asdict(flag) for flag in result.flags],
                "tests": [{**asdict(test), "earned": test.earned} for test in result.tests],
            }
            for result in learner.results.values()
        ],
    }
