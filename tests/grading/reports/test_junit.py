from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given, settings
from sample_class import STATUSES, TANH, classes, outcome, result, submission

from rnnbook.grading.reports.cohort import Cohort
from rnnbook.grading.reports.junit import junit


@pytest.fixture(scope="module")
def schema():
    return xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))


@settings(max_examples=25)
@given(classes())
def test_it_follows_the_schema_whatever_the_texts(schema, drawn):
    text = junit(Cohort(*drawn))
    schema.validate(text)
    results, _ = drawn
    assert len(ElementTree.fromstring(text).findall(".//testcase")) == sum(len(each.tests) for each in results)


@pytest.mark.parametrize("status", STATUSES)
def test_what_a_learner_failed_is_a_failure(status):
    cohort = Cohort([result("Ada", "rnn-cell", outcome("test_a", status, TANH))], [submission()])
    root = ElementTree.fromstring(junit(cohort))
    suite, case = root.find("testsuite"), root.find(".//testcase")
    expected = {"passed": [], "not run": ["skipped"]}.get(status, ["failure"])
    assert [verdict.tag for verdict in case] == expected
    assert suite.attrib["failures"] == root.attrib["failures"] == str(expected.count("failure"))
    assert suite.attrib["skipped"] == str(expected.count("skipped"))
    if "failure" in expected:
        assert case[0].attrib["message"] == "You left out the tanh: h_1 = tanh(...)."
        assert case[0].text == TANH


def test_what_the_grader_failed_is_an_error():
    root = ElementTree.fromstring(junit(Cohort([result("Ada", fault="it died")], [submission()])))
    assert [verdict.tag for case in root.iter("testcase") for verdict in case] == ["error"] * 3
    assert (root.attrib["errors"], root.attrib["failures"]) == ("3", "0")


def test_nobody_at_all(schema):
    schema.validate(junit(Cohort([], [])))
