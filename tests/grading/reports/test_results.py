import json
import random

import jsonschema
import pytest
from hypothesis import given, settings
from sample_class import classes, outcome, result, submission

from rnnbook.exercises.source import Cell
from rnnbook.grading.reports.cohort import Cohort
from rnnbook.grading.reports.results import SCHEMA, VERSION, results
from rnnbook.grading.types import Flag, Source, Submission


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@settings(max_examples=25)
@given(classes())
def test_it_follows_its_schema_whatever_the_texts(validator, drawn):
    content = json.loads(results(Cohort(*drawn)))
    validator.validate(content)
    assert content["version"] == VERSION


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.update(version=2),
        lambda content: content["learners"][0].update(earned="4"),
        lambda content: content["learners"][0]["exercises"][0]["tests"][0].update(status="fine"),
        lambda content: content["learners"][0].update(learner="\x1b[1m"),
        lambda content: content["learners"][0].update(page="../x.html"),
        lambda content: content["learners"][0].pop("digest"),
        lambda content: content.update(more=1),
    ],
    ids=["version", "mark", "status", "control", "page", "missing", "more"],
)
def test_the_schema_refuses_what_is_wrong(validator, spoil):
    content = json.loads(results(Cohort([result("Ada")], [submission()])))
    validator.validate(content)
    spoil(content)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(content)


def test_it_holds_everything():
    flag = Flag("uses torch.nn.RNN", "line 3")
    tests = outcome("test_a", "failed", "wrong\nby far", printed="x", partial=1), outcome("test_b", hidden=True)
    source = Source("a.py", (Cell("a.py", "x = 1"),))
    handed_in = Submission("Ada", "ada/a.py", (source,), notes=("n",), identity={"email": "a@b.org"})
    content = json.loads(results(Cohort([result("Ada", "rnn-cell", *tests, flags=(flag,), notes=("m",))], [handed_in])))
    (learner,) = content["learners"]
    assert learner["digest"] == handed_in.digest
    assert learner["identity"] == {"email": "a@b.org"}
    assert (learner["earned"], learner["possible"], content["possible"]) == (3, 4, 4)
    (exercise,) = learner["exercises"]
    assert exercise["flags"] == [{"what": "uses torch.nn.RNN", "where": "line 3"}]
    assert [(t["earned"], t["message"], t["hidden"]) for t in exercise["tests"]] == [
        (1, "wrong\nby far", False),
        (2, "", True),
    ]
    assert "x = 1" not in json.dumps(content)  # no code


def test_where_the_grader_failed_there_is_no_mark(validator):
    content = json.loads(results(Cohort([result("Ada", fault="it died"), result("Ada", "one-hot")], [submission()])))
    validator.validate(content)
    (learner,) = content["learners"]
    assert learner["earned"] is None
    assert [exercise["earned"] for exercise in learner["exercises"]] == [4, None]


def test_it_is_the_same_whatever_the_order():
    some = [result(name, id) for name in "abc" for id in ("rnn-cell", "one-hot")]
    who = [submission(name) for name in "abc"]
    texts = set()
    for seed in range(4):
        random.Random(seed).shuffle(some)
        random.Random(seed).shuffle(who)
        texts.add(results(Cohort(some, who)))
    assert len(texts) == 1
