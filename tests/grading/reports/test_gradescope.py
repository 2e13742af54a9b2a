import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from sample_class import SECRET, TANH, classes, outcome, result, submission

from rnnbook.grading.reports.cohort import Cohort
from rnnbook.grading.reports.gradescope import VISIBILITIES, failure, gradescope
from rnnbook.grading.types import Flag

SCHEMA = jsonschema.Draft202012Validator(
    json.loads(Path(__file__).with_name("gradescope.schema.json").read_text(encoding="utf-8"))
)


def report(*results, hidden="after_published", **about):
    """What one learner's results become."""
    (learner,) = Cohort(results, [submission(**about)]).learners
    content = gradescope(learner, hidden, seconds=12.34)
    SCHEMA.validate(content)
    return content


@settings(max_examples=25)
@given(classes())
def test_it_follows_the_schema_whatever_the_texts(drawn):
    for learner in Cohort(*drawn).learners:
        content = gradescope(learner)
        SCHEMA.validate(content)
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()


def test_the_score_is_the_exact_sum_of_the_tests():
    tests = outcome("test_a", "failed", TANH, points=5, partial=3), outcome("test_b")
    content = report(result("Ada", "rnn-cell", *tests), result("Ada", "one-hot"))
    assert content["score"] == sum(test["score"] for test in content["tests"]) == 4 + 5
    assert content["execution_time"] == 12.3
    assert content["stdout_visibility"] == "hidden"
    (failed,) = [test for test in content["tests"] if test["name"] == "rnn-cell: Title of test_a"]
    assert (failed["score"], failed["max_score"], failed["status"]) == (3, 5, "failed")
    assert failed["output"] == f"✗ failed\n{TANH}"


@pytest.mark.parametrize("hidden", VISIBILITIES)
def test_a_hidden_test_shows_title_and_status_alone(hidden):
    content = report(result(), hidden=hidden)
    test = content["tests"][-1]
    assert (test["name"], test["visibility"], test["output"]) == ("rnn-cell: Title of test_c", hidden, "✗ failed")
    assert SECRET not in json.dumps(content)


def test_no_sum_that_learners_see_tells_what_hidden_tests_gave():
    outputs = set()
    for status in ("passed", "failed"):
        outputs.add(report(result("Ada", "rnn-cell", outcome(), outcome("test_c", status, hidden=True)))["output"])
    assert outputs == {"rnn-cell: 2 of 2 points in the tests that you see\nGraded in the sandbox landlock."}


def test_a_fault_gives_no_points_and_blames_nobody():
    content = report(result(fault=f"it died of {SECRET}"), result("Ada", "one-hot"))
    assert content["score"] == 4
    seen = json.dumps([content["output"], [test for test in content["tests"] if test["visibility"] != "hidden"]])
    assert SECRET not in seen
    assert "no fault of yours" in seen
    assert {test["output"] for test in content["tests"] if test["name"].startswith("rnn-cell")} == {"Not graded."}


def test_flags_faults_and_a_weak_sandbox_are_for_the_instructor_alone():
    flag = Flag("uses torch.nn.RNN", "a.py, line 3")
    content = report(result(flags=(flag,), tier="process"), result("Ada", "one-hot", fault="it died"))
    note = content["tests"].pop()
    assert note["visibility"] == "hidden"
    assert (note["score"], note["max_score"]) == (0, 0)
    for words in ("rnn-cell: uses torch.nn.RNN, in a.py, line 3", "one-hot: it died", "The sandbox was `process`"):
        assert words in note["output"]
    assert not [words for words in ("torch.nn.RNN", "it died") if words in json.dumps(content)]


def test_notes_and_problems_are_said_once():
    content = report(result(notes=("n", "m")), notes=("n",), problem="half of it")
    assert content["output"].splitlines() == [
        "half of it",
        "rnn-cell: 4 of 4 points in the tests that you see",
        "n",
        "m",
        "Graded in the sandbox landlock.",
    ]


def test_what_was_printed_is_shown():
    (test,) = report(result("Ada", "rnn-cell", outcome("test_a", "timeout", "Too slow.", printed="x\ny")))["tests"]
    assert test["output"] == "✗ time limit\nToo slow.\nprinted by your code:\nx\ny"


def test_failure_is_valid():
    SCHEMA.validate(failure("SandboxError"))
    assert failure("SandboxError")["score"] == 0
