"""JUnit XML, which continuous integration and many editors read: a suite for each learner, a case for each test."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from rnnbook.exercises.report import Outcome
from rnnbook.grading.reports.cohort import WORDS, Cohort, Learner
from rnnbook.grading.reports.tidy import line


def junit(cohort: Cohort) -> str:
    """The whole class, for the instructor. What the learner failed is a failure, what the grader failed an error."""
    root = Element("testsuites", name="rnnbook grade")
    for learner in cohort.learners:
        _suite(root, learner)
    _count(root, list(root.iter("testcase")), skipped=False)
    indent(root, " ")
    return f"<?xml version='1.0' encoding='utf-8'?>\n{tostring(root, encoding='unicode')}\n"


def _suite(root: Element, learner: Learner) -> None:
    suite = SubElement(root, "testsuite", name=learner.name)
    for result in learner.results.values():
        for test in result.tests:
            case = SubElement(suite, "testcase", classname=result.exercise, name=line(test.title) or test.name)
            if result.fault:
                SubElement(case, "error", type="grader", message="not graded").text = result.fault
            else:
                _verdict(case, test)
    _count(suite, suite.findall("testcase"))


def _verdict(case: Element, test: Outcome) -> None:
    lead = line(test.message.partition("\n")[0])
    if test.status == "not run":
        SubElement(case, "skipped", message=lead)
    elif test.status != "passed":
        SubElement(case, "failure", type=WORDS.get(test.status, test.status), message=lead).text = test.message


def _count(element: Element, cases: list[Element], skipped: bool = True) -> None:
    """Notes how many cases there are and what became of them; the root of all suites has no count of skipped ones."""
    element.set("tests", str(len(cases)))
    kinds = {"failures": "failure", "errors": "error"} | ({"skipped": "skipped"} if skipped else {})
    for name, tag in kinds.items():
        element.set(name, str(sum(case.find(tag) is not None for case in cases)))
