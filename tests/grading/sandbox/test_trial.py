"""Which tiers work here: found by trying, and told by `rnnbook doctor`."""

import pytest

from rnnbook import doctor
from rnnbook.grading import sandbox
from rnnbook.grading.sandbox import trial
from rnnbook.grading.sandbox.trial import TierFinding, attempt


@pytest.fixture(autouse=True)
def fresh():
    attempt.cache_clear()
    yield
    attempt.cache_clear()


def test_each_tier_is_tried():
    findings = sandbox.available()
    assert [finding.name for finding in findings] == [*sandbox.TIERS]
    for finding in findings:
        assert finding.works == (finding.why == ""), finding
        assert "\n" not in finding.why


def test_without_fork(monkeypatch):
    monkeypatch.delattr(trial.os, "fork")
    assert "WSL" in attempt("landlock").why


@pytest.mark.parametrize(
    ("program", "why"),
    [("raise OSError('one\\ntwo')", "two"), ("import os; os._exit(3)", "it ended with exit code 3")],
)
def test_a_trial_that_fails(monkeypatch, program, why):
    monkeypatch.setattr(trial, "_TRY", program)
    assert attempt("landlock") == TierFinding("landlock", False, why)


def test_doctor_has_a_row_for_each(monkeypatch):
    findings = [TierFinding("namespaces", False, "forbidden"), TierFinding("landlock", True, "")]
    monkeypatch.setattr(sandbox, "available", lambda: findings)
    rows = doctor.sandboxes()
    assert [(row.well, row.found, row.required) for row in rows] == [
        (False, "forbidden", False),
        (True, "works", False),
    ]
