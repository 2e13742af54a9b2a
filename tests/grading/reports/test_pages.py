"""The HTML pages: as text, whatever the learners wrote, and in Chromium as an instructor and a learner meet them."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Visit, chromium
from hypothesis import given, settings
from sample_class import EVIL, SECRET, STATUSES, TANH, classes, outcome, result, submission

from rnnbook.grading.reports.cohort import Cohort
from rnnbook.grading.reports.pages import class_page, learner_page, remove_others
from rnnbook.grading.types import Flag

ROOT = Path(__file__).parents[3]
OURS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "header",
        "footer",
        "section",
        "nav",
        "details",
        "summary",
    ),
    *("h1", "h2", "h3", "p", "a", "ul", "ol", "li", "dl", "div", "dt", "dd", "span", "strong", "code", "pre"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
}


class Tags(HTMLParser):
    """Notes tags, attributes and links."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.names, self.links, self.text = set(), set(), set(), ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.names |= {name for name, _ in attributes}
        self.links |= {value for name, value in attributes if name in ("href", "src")}

    def handle_data(self, data):
        self.text += data


def demo():
    """A class with a bit of everything."""
    results, submissions = [], []
    for number, name in enumerate(["Ada Lovelace", "Grace Hopper", "李明", "عمر خيام", *EVIL[:3], "José " * 15]):
        tests = tuple(
            outcome(f"test_{i}", status if (i + number) % 2 else "passed", TANH, printed="x\n", hidden=i == 3)
            for i, status in enumerate(STATUSES)
        )
        flags = (Flag("uses torch.nn.RNNCell", "02_rnn.ipynb, code cell 3, line 7: cell = nn.RNNCell(4, 5)"),)
        results.append(result(name, "rnn-cell", *tests, flags=flags[: number % 2], notes=("cell 5 stops half-way",)))
        results.append(result(name, "one-hot", *tests[:3], fault="it died" if number == 1 else ""))
        results.append(result(name, "softmax-temperature", replace(tests[0], title="Of a `name`")))
        submissions.append(
            submission(name, notes=("read as Latin-1",), problem="handed in nothing" if number == 2 else "")
        )
    return Cohort(results, submissions)


@settings(max_examples=25)
@given(classes())
def test_no_text_becomes_markup(drawn):
    cohort = Cohort(*drawn)
    for page in [class_page(cohort, {}), *map(learner_page, cohort.learners)]:
        found = Tags(page)
        assert found.tags <= OURS
        assert not [name for name in found.names if name.startswith("on")]
        assert not [link for link in found.links if not re.match(r"#|learners/[^/:]+\.html$", link)]
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


def test_a_learners_page_has_marks_messages_and_notes():
    tests = (
        outcome("test_a", "failed", TANH, printed="shape (2, 3)", partial=1, title="The `weight`"),
        outcome("test_b"),
    )
    (learner,) = Cohort([result("Ada", "rnn-cell", *tests, notes=("n",))], [submission(notes=("m",))]).learners
    page = learner_page(learner)
    text = " ".join(Tags(page).text.split())
    for words in ("3 of 4 points", "The weight failed 1 of 2", *TANH.split("\n"), "shape (2, 3)", "sandbox landlock"):
        assert words in text
    assert "The <code>weight</code>" in page
    assert page.count("<li>n</li>") == page.count("<li>m</li>") == 1


def test_what_was_expected_and_what_came_stand_side_by_side():
    message = "h_1 is wrong.\nexpected: [[1. 2.]\n           [3. 4.]]\nyours:    [[1. 2.]\n           [3. 5.]]"
    (learner,) = Cohort([result("Ada", "rnn-cell", outcome("a", "failed", message))], [submission()]).learners
    page = learner_page(learner)
    assert "<pre>h_1 is wrong.</pre>" in page
    assert "  expected     yours\n  [[1. 2.]     [[1. 2.]\n≠  [3. 4.]]     [3. 5.]]</pre>" in page


def test_what_was_not_handed_in_is_said_once():
    tests = [outcome(f"test_{i}", "not run", "Not handed in.") for i in range(3)]
    (learner,) = Cohort([result("Ada", "rnn-cell", *tests)], [submission()]).learners
    page = learner_page(learner)
    assert page.count("Not handed in.") == 1
    assert page.count('<li class="test unrun">') == 3


def test_a_stub_is_not_written_yet():
    test = outcome("test_a", "failed", "rnn_cell is not written yet: put your code in place of `raise`.")
    (learner,) = Cohort([result("Ada", "rnn-cell", test)], [submission()]).learners
    assert "<strong>Not written yet</strong>" in learner_page(learner)


def test_a_learners_page_shows_a_message_once():
    again = [outcome(f"test_{i}", "failed", f"{TANH}{i}") for i in range(3)]
    (learner,) = Cohort([result("Ada", "rnn-cell", *again)], [submission()]).learners
    page = learner_page(learner)
    assert page.count("You left out the tanh") == 1
    assert page.count("With the same message as above.") == 2


def test_a_learners_page_shows_nothing_of_hidden_tests_nor_flags():
    (learner,) = Cohort([result(flags=(Flag("uses torch.nn.RNN", "line 3"),))], [submission()]).learners
    page = learner_page(learner)
    assert SECRET not in page
    assert "torch.nn.RNN" not in page
    assert "Title of test_c <span" in page


def test_a_fault_is_not_the_learners():
    (learner,) = Cohort([result(fault=f"died of {SECRET}")], [submission()]).learners
    page = learner_page(learner)
    assert "no fault of yours" in page
    assert SECRET not in page
    assert "of 7 points" not in page


def test_the_class_page_says_what_to_look_at():
    text = " ".join(
        Tags(class_page(demo(), {"began": "2026-01-01", "seconds": 9, "workers": 2, "more": "secret"})).text.split()
    )
    for words in (
        "8 learners, 3 exercises",
        "one-hot: it died",
        "uses torch.nn.RNNCell",
        "02_rnn.ipynb, code cell 3, line 7",
        "handed in nothing",
        "You left out the tanh",
        "9 s with 2 workers",
        "read as Latin-1",
        "Sandbox: landlock",
    ):
        assert words in text
    assert "secret" not in text


def test_the_class_page_warns_of_the_weakest_sandbox():
    page = class_page(Cohort([result(tier="process")], [submission()]), {})
    assert "does not keep hostile code" in page


@pytest.mark.parametrize("results", [[], [result()]], ids=["nobody", "one"])
def test_small_classes_have_a_page(results):
    assert "Nothing: at least 70 %" in class_page(Cohort(results[:0], []), {})
    assert class_page(Cohort(results, []), {})


def test_colours_are_the_books():
    book = (ROOT / "assets" / "rnnbook.css").read_text(encoding="utf-8")
    style = (ROOT / "rnnbook/grading/reports/templates/style.css").read_text(encoding="utf-8")
    colours = re.findall(r"--pst-color-[\w-]+: light-dark\(.*\);", style)
    assert len(colours) > 8
    assert [colour for colour in colours if colour not in book] == []
    assert set(re.findall(r"var\((--[\w-]+)\)", style)) <= {colour.partition(":")[0] for colour in colours}


def test_pages_of_an_earlier_run_go_and_other_files_stay(tmp_path):
    (learner,) = Cohort([result()], [submission()]).learners
    for name in ("ada.html", "gone.html"):
        (tmp_path / name).write_text(learner_page(learner), encoding="utf-8")
    (tmp_path / "mine.html").write_text("my notes", encoding="utf-8")
    remove_others(tmp_path, {"ada.html"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ada.html", "mine.html"]


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    cohort = demo()
    (folder / "learners").mkdir()
    (folder / "class.html").write_text(class_page(cohort, {}), encoding="utf-8")
    (folder / "learner.html").write_text(learner_page(cohort.learners[1]), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["class.html", "learner.html"])
@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("phone", "dark")])
def test_pages_are_accessible_and_fit(browser, site, name, size, scheme):
    visit = Visit(browser, (site / name).as_uri(), size=size, scheme=scheme)
    try:
        assert visit.errors + visit.foreign == []
        found = Axe().run(visit.page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found] == []
        assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    finally:
        visit.close()
