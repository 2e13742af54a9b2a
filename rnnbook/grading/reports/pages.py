"""HTML: a page for the class and one for each learner. Each is a single file without scripts, and asks no network."""

import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from rnnbook.exercises.display import side_by_side
from rnnbook.exercises.report import Outcome
from rnnbook.grading.reports import lessons
from rnnbook.grading.reports.cohort import WORDS, Cohort, Learner, public, symbol
from rnnbook.grading.reports.tidy import percent, tidy

_WIDTH = 100  # characters that find room in a line of a message
_MARK = '<meta name="generator" content="rnnbook grade">'


def class_page(cohort: Cohort, run: Mapping) -> str:
    """The class: marks, distribution, what to teach again, what to look at. For the instructor.

    Args:
        cohort: the class.
        run: how the run went: of "began", "seconds", "workers" and "versions", those that there are are shown.
    """
    shares = cohort.shares
    flags = [(r, flag, learner) for learner in cohort.learners for r in learner.results.values() for flag in r.flags]
    counts = {
        "learners": len(cohort.learners),
        "mean": f"{statistics.fmean(shares):.0f} %" if shares else "–",
        "median": f"{statistics.median(shares):.0f} %" if shares else "–",
        "full marks": sum(learner.graded and learner.earned == cohort.possible for learner in cohort.learners),
        "nothing to grade": sum(bool(learner.submission.problem) for learner in cohort.learners),
        "to review": len(flags),
    }
    return _template("class.html").render(
        cohort=cohort,
        counts=counts,
        bins=lessons.distribution(shares),
        rows={column.id: lessons.passing(cohort, column) for column in cohort.columns},
        weak=lessons.to_teach_again(cohort),
        mistakes=lessons.mistakes(cohort),
        flags=flags,
        facts=list(_facts(tidy(dict(run)))),
    )


def learner_page(learner: Learner) -> str:
    """One learner's marks and messages; nothing of hidden tests but title and status, no flags."""
    tests = {id: list(_told_once(map(public, result.tests))) for id, result in learner.results.items()}
    notes = {
        id: [note for note in result.notes if note not in learner.submission.notes]
        for id, result in learner.results.items()
    }
    hidden = any(test.hidden for column in learner.columns for test in column.tests)
    return _template("learner.html").render(learner=learner, tests=tests, notes=notes, hidden=hidden)


def remove_others(folder: Path, names: Set[str]) -> None:
    """Removes learners' pages that an earlier run left and that are not among these; other files stay."""
    for path in folder.glob("*.html"):
        if path.name not in names and _MARK in path.read_text(encoding="utf-8", errors="replace")[:1000]:
            path.unlink()


def _told_once(tests: Iterable[Outcome]) -> Iterator[tuple[Outcome, bool]]:
    """Each test, and whether an earlier one of the exercise failed with a message that begins alike."""
    told = {""}
    for test in tests:
        lead = test.message.partition("\n")[0]
        yield test, bool(lead) and lead in told
        told.add(lead)


def _facts(run: Mapping) -> Iterator[str]:
    """What is worth saying of how the run went, as far as it is known."""
    if "began" in run:
        yield f"Begun {run['began']}"
    if "seconds" in run and "workers" in run:
        yield f"{run['seconds']} s with {run['workers']} worker{'s' * (run['workers'] != 1)}"
    if isinstance(run.get("versions"), dict):
        yield ", ".join(f"{name} {version}" for name, version in run["versions"].items())


def _code(text: str) -> Markup:
    """Text with `names` between backticks set as code."""
    parts = re.split("`([^`\n]+)`", text)
    return Markup("").join(Markup("<code>{}</code>").format(t) if i % 2 else escape(t) for i, t in enumerate(parts))


def _parted(message: str) -> tuple[str, str]:
    """A message's words, which may be broken into lines, and the arrays at its end, which may not."""
    text = side_by_side(message, _WIDTH)
    arrays = re.search(r"^(?:  expected  |expected: )", text, re.MULTILINE)
    start = arrays.start() if arrays else len(text)
    return text[:start].rstrip("\n") or text, text[start:] if text[:start].strip() else ""


@cache
def _template(name: str):
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"WORDS": WORDS, "symbol": symbol, "percent": percent}
    environment.filters |= {"code": _code, "parted": _parted}
    return environment.get_template(name)
