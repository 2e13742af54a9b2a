"""Reports of a class run. Each module makes one kind of file, as text, from a `Cohort`:

    cohort        the class put together from single results; what learners may see of a test
    lessons       commonest mistakes, tests that went worst, distribution
    spreadsheets  grades.csv, canvas.csv, moodle.csv         pages       class.html, learners/NAME.html
    results       results.json (results.schema.json)         markdown    the summary of a run on GitHub
    junit         junit.xml                                  gradescope  what Gradescope reads
    tidy          makes text harmless                        files       writes files whole or not at all

class.html, grades.csv, results.json and junit.xml are the instructor's: they show messages of hidden tests, or flags.
The learners' pages, moodle.csv's feedback, the summary and Gradescope's file never do.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from rnnbook.files import put
from rnnbook.grading.reports import junit, markdown, pages, results, spreadsheets
from rnnbook.grading.reports.cohort import Cohort
from rnnbook.grading.types import Result, Submission


def write(folder: Path, outcomes: Iterable[Result], submissions: Iterable[Submission], run: Mapping) -> list[Path]:
    """Writes all reports, each whole or not at all, in place of those of an earlier run.

    Args:
        folder: where to.
        outcomes: a result for each learner and exercise, in any order.
        submissions: what each learner handed in, in any order.
        run: how the run went, as JSON has it: times, machine, versions. It goes into run.json and to the foot of
            class.html.

    Returns:
        The files, the most useful first.
    """
    cohort = Cohort(outcomes, submissions)
    texts = {
        "class.html": pages.class_page(cohort, run),
        "grades.csv": "\ufeff" + spreadsheets.grades(cohort),  # with this mark, Excel knows that it is UTF-8
        "canvas.csv": spreadsheets.canvas(cohort),
        "moodle.csv": spreadsheets.moodle(cohort),
        "results.json": results.results(cohort),
        "junit.xml": junit.junit(cohort),
        "run.json": json.dumps(run, indent=1, default=str) + "\n",
    }
    for learner in cohort.learners:
        put(folder / "learners" / learner.page, pages.learner_page(learner))
    for name, text in texts.items():
        if text is None:
            (folder / name).unlink(missing_ok=True)
        else:
            put(folder / name, text)
    pages.remove_others(folder / "learners", {learner.page for learner in cohort.learners})
    return [folder / name for name, text in texts.items() if text is not None]


def summary(outcomes: Iterable[Result], submissions: Iterable[Submission]) -> str:
    """The marks in Markdown, for `$GITHUB_STEP_SUMMARY`: append it there."""
    return markdown.markdown(Cohort(outcomes, submissions))
