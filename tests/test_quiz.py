"""Faulty questions are refused, the course's own are sound, and in a browser they work by mouse and keyboard."""

import copy
import re
import sys
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import chromium
from test_plot import contrast

from rnnbook.quiz import QUIZZES, STYLE, Quiz, load, quiz

CHAPTERS = sorted(file.name.removesuffix(".json") for file in QUIZZES.iterdir() if file.name.endswith(".json"))
QUESTIONS = [
    {
        "question": "One?",
        "type": "multiple_choice",
        "answers": [
            {"answer": "a", "correct": True, "feedback": "right"},
            {"answer": "b", "correct": False, "feedback": "wrong, <code>b</code> </script> is no"},
        ],
    },
    {
        "question": "Several?",
        "type": "many_choice",
        "answers": [
            {"answer": "a", "correct": True, "feedback": "right"},
            {"answer": "b", "correct": False, "feedback": "wrong"},
            {"answer": "c", "correct": True, "feedback": "right too"},
        ],
    },
    {
        "question": "How many?",
        "type": "numeric",
        "answers": [
            {"type": "value", "value": 640, "correct": True, "feedback": "right"},
            {"type": "default", "feedback": "wrong"},
        ],
    },
]


# --- the format ------------------------------------------------------------------------------------------------------


def test_sound_questions_are_taken():
    assert Quiz("test", QUESTIONS).questions == QUESTIONS


@pytest.mark.parametrize(
    ("number", "path", "value", "message"),
    [
        (1, ("type",), "string", "type must be one of multiple_choice, many_choice, numeric, not 'string'"),
        (1, ("type",), None, "type must be one of"),
        (1, ("question",), "", "it has no text"),
        (2, ("question",), "What is $h_t$?", r"write formulas in HTML"),
        (1, ("answers", 1, "feedback"), "", "no feedback that explains it: .*'b'"),
        (3, ("answers", 1, "feedback"), None, "no feedback"),
        (1, ("answers", 0, "correct"), False, "exactly one choice must be correct, not 0"),
        (1, ("answers", 1, "correct"), True, "exactly one choice must be correct, not 2.*many_choice"),
        (1, ("answers", 1, "correct"), "false", "true or false"),
        (1, ("answers", 1, "answer"), "", 'needs the keys "answer"'),
        (1, ("answers", 1, "answer"), "a", "no two alike"),
        (2, ("answers", 2, "correct"), False, "at least two choices must be correct, not 1.*multiple_choice"),
        (3, ("answers", 0, "correct"), False, "no answer with a value or range is correct"),
        (3, ("answers", 1, "type"), "value", 'one answer of type "default"'),
        (1, ("answers",), [QUESTIONS[0]["answers"][0]], "at least two choices"),
    ],
)
def test_faulty_questions_are_refused_with_a_remedy(number, path, value, message):
    questions = copy.deepcopy(QUESTIONS)
    place = questions[number - 1]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ValueError, match=rf"quiz test, question {number}: .*{message}"):
        Quiz("test", questions)


@pytest.mark.parametrize("wrong", ["2_rnn", "02-rn"])
def test_an_unknown_chapter_suggests_the_nearest(wrong):
    with pytest.raises(ValueError, match=rf"no quiz '{wrong}'\. Did you mean 02_rnn\? There are: 01_sequences, 02"):
        quiz(wrong)


def test_quiz_displays_the_same_html_every_time(monkeypatch):
    shown = []
    monkeypatch.setattr(sys.modules["rnnbook.quiz"], "display", shown.append)  # rnnbook.quiz is the function
    quiz("01_sequences")
    quiz("01_sequences")
    assert shown[0]._repr_html_() == shown[1]._repr_html_()
    assert repr(shown[0]).startswith("1. How does a recurrent network differ")


def test_html_carries_the_questions_once_and_cannot_end_its_script_early():
    html = Quiz("test", QUESTIONS)._repr_html_()
    assert html.count("</script>") == 1
    assert html.count('id="quiz-test"') == 1
    assert len(html) < 60_000


# --- the course's own questions --------------------------------------------------------------------------------------


def texts(question):
    return [question["question"]] + [a[key] for a in question["answers"] for key in ("answer", "feedback") if key in a]


@pytest.mark.parametrize("chapter", CHAPTERS)
class TestEvery:
    def test_is_sound_and_short(self, chapter):
        assert 6 <= len(load(chapter).questions) <= 8

    def test_texts_are_well_formed_html_in_the_tone_of_the_course(self, chapter):
        for question in load(chapter).questions:
            for text in texts(question):
                ElementTree.fromstring(f"<p>{text}</p>")
                assert "!" not in text
                assert not re.search(r"\]\(|<http", text)  # jupyterquiz would make a link of it
            assert all(len(answer["feedback"]) >= 40 for answer in question["answers"])

    def test_neither_place_nor_length_gives_the_answer_away(self, chapter):
        choices = [q["answers"] for q in load(chapter).questions if q["type"] == "multiple_choice"]
        places = [[answer["correct"] for answer in answers].index(True) for answers in choices]
        assert len(set(places)) >= 3
        longest = [max(answers, key=lambda answer: len(answer["answer"]))["correct"] for answers in choices]
        assert sum(longest) <= 0.6 * len(longest)


def test_the_parameters_asked_for_are_those_of_torch():
    import torch

    for steps in (5, 500):
        rnn = torch.nn.RNN(10, 20, batch_first=True)
        rnn(torch.zeros(1, steps, 10))
        assert sum(p.numel() for p in rnn.parameters()) == 640
    (question,) = [q for q in load("01_sequences").questions if q["type"] == "numeric"]
    assert [answer["value"] for answer in question["answers"] if answer.get("correct")] == [640]


# --- in the browser --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", [("#ffffff", "#222832"), ("#14181e", "#ced6dd")])
def test_marked_choices_keep_their_contrast(ground):
    page, text = ([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in ground)
    tints = re.findall(r"rgb\((\d+) (\d+) (\d+) / (\d+)%\)", STYLE)
    assert len(tints) == 3
    for *tint, percent in tints:
        share = int(percent) / 100
        mixed = [round(share * int(t) + (1 - share) * p) for t, p in zip(tint, page, strict=True)]
        assert contrast("#{:02x}{:02x}{:02x}".format(*mixed), "#{:02x}{:02x}{:02x}".format(*text)) >= 4.5
    for solid in re.findall(r"#[0-9a-f]{6}", STYLE):
        assert contrast(solid, ground[0]) >= 3


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
    page.on("request", lambda request: page.problems.append(request.url))
    yield page
    assert page.problems == []
    page.close()


def open_with(page, *quizzes, head=""):
    body = "".join(quiz._repr_html_() for quiz in quizzes)
    page.set_content(f'<!doctype html><html lang="en"><title>t</title>{head}<main><h1>Quiz</h1>{body}</main>')


def feedback(page):
    return [status.inner_text() for status in page.get_by_role("status").all()]


def test_choices_answer_to_the_mouse(page):
    open_with(page, Quiz("test", QUESTIONS))
    page.get_by_text("b", exact=True).first.click()
    assert feedback(page) == ["wrong, b is no", "", ""]
    assert page.get_by_role("status").first.get_attribute("class") == "Feedback incorrect"
    page.get_by_text("a", exact=True).first.click()
    assert feedback(page) == ["right", "", ""]
    assert page.locator(".incorrectButton").count() == 0


def test_choices_answer_to_the_keyboard(page):
    open_with(page, Quiz("test", QUESTIONS))
    for key in ("Tab", "Space", "ArrowDown", "Tab", "Space", "Tab", "Tab", "Space", "Tab"):
        page.keyboard.press(key)
    page.keyboard.type("640")
    page.keyboard.press("Enter")
    assert feedback(page) == ["wrong, b is no", "right too [2/2]", "right"]
    boxes = page.get_by_role("checkbox").all()
    assert [box.is_checked() for box in boxes] == [True, False, True]
    boxes[0].press("Space")  # what is found stays found
    assert [box.is_checked() for box in boxes] == [True, False, True]
    boxes[1].press("Space")  # a wrong choice starts the question again
    assert [box.is_checked() for box in boxes] == [False, True, False]


def test_every_control_has_its_role_and_name(page):
    open_with(page, Quiz("test", QUESTIONS))
    assert page.get_by_role("radiogroup", name="One?").get_by_role("radio").count() == 2
    assert page.get_by_role("group", name="Several?").get_by_role("checkbox").count() == 3
    assert page.get_by_role("textbox", name="A number, then Enter:").count() == 1


def test_a_page_that_has_yet_to_load_mathjax_fetches_none(page):
    page.clock.install()
    open_with(page, Quiz("test", QUESTIONS), head="<script>window.MathJax = {tex: {}}</script>")
    page.evaluate("MathJax.version = '3.0'")
    page.get_by_text("a", exact=True).first.click()
    page.clock.run_for(5000)
    assert feedback(page)[0] == "right"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_choices_stand_in_the_order_of_the_file(page, chapter):
    open_with(page, load(chapter))
    written = [a["answer"] for q in load(chapter).questions for a in q["answers"] if "answer" in a]
    assert page.locator(".MCButton > span").evaluate_all("spans => spans.map(span => span.innerHTML)") == written


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_course_s_quizzes_have_no_accessibility_violation(page, scheme):
    colours = {"light": "background: #fff; color: #222832", "dark": "background: #14181e; color: #ced6dd"}[scheme]
    open_with(page, *map(load, CHAPTERS), head=f"<style>body {{ {colours} }}</style>")
    for i, group in enumerate(page.locator(".Answer:has(.MCButton)").all()):
        choices = group.locator(".MCButton").all()
        choices[i % len(choices)].click()
    violations = Axe().run(page).response["violations"]
    assert [(violation["id"], violation["nodes"]) for violation in violations] == []
