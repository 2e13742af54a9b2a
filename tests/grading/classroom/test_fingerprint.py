"""A mark's key changes with everything that the mark follows from, and with nothing else."""

from dataclasses import replace

import pytest

from rnnbook.grading.classroom import fingerprint
from rnnbook.grading.types import Settings

SETTINGS = Settings("landlock", memory=2**30, seconds=None, secret=b"secret")


@pytest.fixture(autouse=True)
def forget():
    """Digests are kept as long as the process lives; here the files change meanwhile."""
    for function in (fingerprint.environment, fingerprint.package, fingerprint.tests, fingerprint._all_tests):
        function.cache_clear()
    yield
    for function in (fingerprint.environment, fingerprint.package, fingerprint.tests, fingerprint._all_tests):
        function.cache_clear()


@pytest.fixture
def hidden(tmp_path):
    (tmp_path / "test_rnn_cell.py").write_text("one")
    (tmp_path / "test_one_hot.py").write_text("one")
    (tmp_path / "helpers.py").write_text("one")
    return tmp_path


def keys(settings=SETTINGS, submission="s", exercise="rnn-cell"):
    fingerprint.tests.cache_clear()
    fingerprint._all_tests.cache_clear()
    return fingerprint.grading(submission, exercise, settings), fingerprint.survey(submission, settings)


def test_the_same_twice():
    assert keys() == keys()
    assert len({*keys()}) == 2


@pytest.mark.parametrize(
    "change",
    [{"tier": "process"}, {"memory": 1}, {"seconds": 1.0}, {"secret": b"other"}],
    ids=lambda change: next(iter(change)),
)
def test_every_setting_counts(change):
    assert not {*keys()} & {*keys(replace(SETTINGS, **change))}


def test_submission_and_exercise_count():
    assert len({keys()[0], keys(submission="t")[0], keys(exercise="one-hot")[0]}) == 3


@pytest.mark.parametrize("name", ["numpy", "pytest", "python", "rnnbook", "torch"])
def test_every_version_counts(monkeypatch, name):
    before = keys()
    other = fingerprint.environment() | {name: "other"}
    monkeypatch.setattr(fingerprint, "environment", lambda: other)
    assert not {*before} & {*keys()}


@pytest.mark.parametrize(
    ("name", "changed"),
    [("test_rnn_cell.py", [True, False]), ("helpers.py", [True, True]), ("data/x.json", [True, True])],
)
def test_hidden_tests_count_for_their_exercise_and_helpers_for_all(hidden, name, changed):
    settings = replace(SETTINGS, tests=str(hidden))
    before = [keys(settings, exercise=id)[0] for id in ("rnn-cell", "one-hot")]
    (hidden / name).parent.mkdir(exist_ok=True)
    (hidden / name).write_text("two")
    (hidden / "__pycache__").mkdir()
    (hidden / "__pycache__" / "helpers.pyc").write_text("no part of it")
    (hidden / ".helpers.py.swp").write_text("nor this")
    after = [keys(settings, exercise=id)[0] for id in ("rnn-cell", "one-hot")]
    assert [a != b for a, b in zip(before, after, strict=True)] == changed


def test_an_exercise_more_makes_a_survey_out_of_date(hidden):
    settings = replace(SETTINGS, tests=str(hidden))
    grading, survey = keys(settings)
    (hidden / "test_new.py").write_text("another exercise")
    assert keys(settings)[0] == grading
    assert keys(settings)[1] != survey


def test_package_is_code_without_tests_and_caches(tmp_path, monkeypatch):
    (tmp_path / "recorded").mkdir()
    for name in ("layers.py", "test_rnn_cell.py", "recorded/names.json", ".hidden", "page.html"):
        (tmp_path / name).write_text("one")
    monkeypatch.setattr(fingerprint, "_PACKAGE", tmp_path)
    found = []
    for name in ("", "layers.py", "page.html", "test_rnn_cell.py", "recorded/names.json", ".hidden"):
        if name:
            (tmp_path / name).write_text("two")
        fingerprint.package.cache_clear()
        found.append(fingerprint.package())
    assert len({*found[:3]}) == 3
    assert len({*found[2:]}) == 1
