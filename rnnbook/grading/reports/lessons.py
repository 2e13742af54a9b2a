"""What a class's results say to its teacher: which tests and which mistakes are commonest, and what to look at."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rnnbook.exercises.report import Outcome
from rnnbook.grading.reports.cohort import Cohort, Column, Learner
from rnnbook.grading.reports.tidy import percent

BINS = 10
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d.,_]*(?:e[-+]?\d+)?|nan|inf)\b")
_ENOUGH = 70  # per cent of those who tried a test: where fewer pass it, it is worth teaching again


@dataclass(frozen=True)
class Passing:
    """How a class did in one test.

    Args:
        column: the exercise.
        test: the test.
        passed: how many passed.
        tried: how many wrote something for the exercise.
        mistake: the commonest message, or "".
    """

    column: Column
    test: Outcome
    passed: int
    tried: int
    mistake: str

    @property
    def share(self) -> int:
        """Per cent that passed, of those who tried."""
        return percent(self.passed, self.tried)


@dataclass(frozen=True)
class Mistake:
    """A message that learners got, whatever the numbers in it.

    Args:
        column: the exercise.
        text: the message's first line, with "…" where the numbers differ.
        learners: who got it.
    """

    column: Column
    text: str
    learners: tuple[Learner, ...]


@dataclass(frozen=True)
class Bin:
    """One bar of the distribution: how many learners earned between `low` and `high` per cent."""

    low: int
    high: int
    count: int


def distribution(shares: Iterable[int]) -> list[Bin]:
    """Counts of the shares (whole per cent) in ten bins; the last one holds 100 too."""
    counts = [0] * BINS
    for share in shares:
        counts[min(share * BINS // 100, BINS - 1)] += 1
    width = 100 // BINS
    return [Bin(width * i, width * (i + 1) - (i < BINS - 1), count) for i, count in enumerate(counts)]


def passing(cohort: Cohort, column: Column) -> list[Passing]:
    """How the class did in each test of an exercise, among the learners who tried it."""
    tried = [learner for learner in cohort.learners if learner.tried(column)]
    rows = []
    for test in column.tests:
        came = [_outcome(learner, column, test.name) for learner in tried]
        passed = sum(outcome is not None and outcome.status == "passed" for outcome in came)
        leads = _grouped([(outcome.message, learner) for outcome, learner in zip(came, tried, strict=True) if outcome])
        rows.append(Passing(column, test, passed, len(tried), leads[0][0] if leads else ""))
    return rows


def to_teach_again(cohort: Cohort, most: int = 8) -> list[Passing]:
    """The tests that went worst, worst first, at most `most`: those that fewer than 70 % passed of those who tried."""
    rows = [row for column in cohort.columns for row in passing(cohort, column)]
    weak = [row for row in rows if row.tried and row.share < _ENOUGH]
    return sorted(weak, key=lambda row: (row.share, -row.tried))[:most]


def mistakes(cohort: Cohort, most: int = 20) -> list[Mistake]:
    """The commonest messages over all exercises, each counted once a learner."""
    found = []
    for column in cohort.columns:
        pairs = [
            (test.message, learner)
            for learner in cohort.learners
            if learner.tried(column)
            for test in learner.results[column.id].tests
            if test.status != "not run"
        ]
        found += [Mistake(column, text, learners) for text, learners in _grouped(pairs)]
    return sorted(found, key=lambda mistake: -len(mistake.learners))[:most]


def _outcome(learner: Learner, column: Column, name: str) -> Outcome | None:
    return next((test for test in learner.results[column.id].tests if test.name == name), None)


def _grouped(messages: Iterable[tuple[str, Learner]]) -> list[tuple[str, tuple[Learner, ...]]]:
    """Messages by their first line, numbers apart, each with its learners; the commonest first."""
    groups: dict[str, dict[str, Learner]] = {}
    texts: dict[str, set[str]] = {}
    for message, learner in messages:
        lead = message.partition("\n")[0].strip()
        if lead:
            key = _NUMBER.sub("…", lead)
            groups.setdefault(key, {})[learner.page] = learner
            texts.setdefault(key, set()).add(lead)
    named = [(next(iter(texts[key])) if len(texts[key]) == 1 else key, key) for key in groups]
    named.sort(key=lambda pair: (-len(groups[pair[1]]), pair[0]))
    return [(text, tuple(groups[key].values())) for text, key in named]
