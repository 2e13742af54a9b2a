"""A chapter's questions, asked by jupyterquiz: every choice explains itself, in a notebook and on a static page.

The questions stand in `quizzes/CHAPTER.json` in jupyterquiz's format. Their text is HTML, so that they read the same
where no MathJax is: <i>h</i><sub>t</sub>, <code>h_n</code>.
"""

import json
from importlib.resources import files

from IPython.display import display

from rnnbook.nearest import suggest

QUIZZES = files("rnnbook") / "quizzes"
TYPES = ("multiple_choice", "many_choice", "numeric")

#: In place of jupyterquiz's style: text in the page's own colour, marks that do not rest on colour alone.
STYLE = """
.rnnbook-quiz { max-width: 44rem }
.rnnbook-quiz .Quiz { margin: 0 0 2rem; line-height: 1.5 }
.rnnbook-quiz .Answer { display: grid; gap: 0.5rem; margin: 0.75rem 0 }
.rnnbook-quiz .MultipleChoiceQn, .rnnbook-quiz .ManyChoiceQn, .rnnbook-quiz .NumericQn { font-weight: 600 }
.rnnbook-quiz .MCButton { display: block; position: relative; padding: 0.5rem 1rem; font-weight: normal;
  cursor: pointer; border: 1px solid #5a7790; border-radius: 0.4rem }
.rnnbook-quiz .MCButton:hover { background: rgb(90 119 144 / 15%) }
.rnnbook-quiz .MCButton:focus-within, .rnnbook-quiz .Input-text:focus {
  outline: 3px solid #2563f5; outline-offset: 1px }
.rnnbook-quiz .sr-only { position: absolute; opacity: 0; width: 1px; height: 1px; margin: 0 }
.rnnbook-quiz .Input-text { display: block; width: 12rem; padding: 0.4rem 1rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid #5a7790; border-radius: 0.4rem }
.rnnbook-quiz .correctButton { background: rgb(18 164 136 / 15%); box-shadow: inset 0.4rem 0 #12a488 }
.rnnbook-quiz .incorrectButton { background: rgb(212 36 80 / 15%); box-shadow: inset 0.4rem 0 #d42450 }
.rnnbook-quiz .Feedback.correct::before { content: "✓ "; font-weight: bold }
.rnnbook-quiz .Feedback.incorrect::before { content: "✗ "; font-weight: bold }
.rnnbook-quiz code { background: none; color: inherit; padding: 0 }
"""

#: Shows the questions once their container is in the page, and adds what assistive technology needs to know of them.
SCRIPT = """
(function start() {
  const quiz = document.getElementById(ID);
  if (!quiz) return setTimeout(start, 100);
  show_questions(QUESTIONS, quiz);
  for (const question of quiz.children) {
    const [text, answers, feedback] = question.children;
    const inputs = answers.querySelectorAll("input");
    const several = text.className === "ManyChoiceQn";
    feedback.setAttribute("role", "status");
    if (text.className === "NumericQn") {
      answers.querySelector("label").htmlFor = inputs[0].id;
      answers.querySelector("label").textContent = "A number, then Enter:";
      inputs[0].setAttribute("aria-describedby", text.id);
    } else {
      answers.setAttribute("role", several ? "group" : "radiogroup");
      answers.setAttribute("aria-labelledby", text.id);
    }
    if (several) {
      inputs.forEach(input => { input.type = "checkbox"; });
      answers.addEventListener("click", () => inputs.forEach(input => {
        input.checked = /correctButton/.test(input.parentElement.className);
      }));
    }
  }
})();
"""


class Quiz:
    """Questions that a notebook or page displays as buttons with feedback; elsewhere they print as text.

    Args:
        name: identifies the quiz in the page.
        questions: as in `quizzes/*.json`.

    Raises:
        ValueError: the questions are not as they should be; says which one, and what to change.
    """

    def __init__(self, name: str, questions: list[dict]):
        check_questions(questions, where=name)
        self.name = name
        self.questions = questions

    def _repr_html_(self) -> str:
        scripts = sorted(files("jupyterquiz").joinpath("js").iterdir(), key=lambda file: file.name)
        library = "\n".join(file.read_text(encoding="utf-8") for file in scripts if file.name.endswith(".js"))
        questions = json.dumps(self.questions, ensure_ascii=False).replace("</", r"<\/")
        script = SCRIPT.replace("ID", f'"quiz-{self.name}"').replace("QUESTIONS", questions)
        # Within these braces the library sees no MathJax: it would fetch one from a CDN where the page's still loads.
        return (
            f"<style>{STYLE}</style>\n"
            f'<div class="rnnbook-quiz" id="quiz-{self.name}" data-shufflequestions="False" data-shuffleanswers="False"'
            ' data-preserveresponses="false" data-maxwidth="704"></div>\n'
            f"<script>(function () {{ const MathJax = undefined;\n{library}\n{script}}})();</script>"
        )

    def __repr__(self) -> str:
        return "\n".join(f"{i}. {question['question']}" for i, question in enumerate(self.questions, 1))


def quiz(chapter: str) -> None:
    """Displays a chapter's quiz.

    Args:
        chapter: its file name without the ending, such as "02_rnn".

    Raises:
        ValueError: the chapter has no quiz, or a faulty one.
    """
    display(load(chapter))


def load(chapter: str) -> Quiz:
    """A chapter's quiz, as `quiz` displays it."""
    chapters = sorted(file.name.removesuffix(".json") for file in QUIZZES.iterdir() if file.name.endswith(".json"))
    if chapter not in chapters:
        raise ValueError(f"There is no quiz {chapter!r}. {suggest(chapter, chapters)}")
    return Quiz(chapter, json.loads((QUIZZES / f"{chapter}.json").read_text(encoding="utf-8")))


def check_questions(questions: list[dict], where: str) -> None:
    """Refuses questions that jupyterquiz would show wrongly or that leave a choice unexplained."""
    for number, question in enumerate(questions, 1):
        fault = _fault(question)
        if fault:
            raise ValueError(f"quiz {where}, question {number}: {fault}")


def _fault(question: dict) -> str | None:
    """What is wrong with a question, None if nothing."""
    if question.get("type") not in TYPES:
        return f"its type must be one of {', '.join(TYPES)}, not {question.get('type')!r}"
    if not question.get("question"):
        return "it has no text: give it a question"
    if "$" in json.dumps(question):
        return "it has a $: write formulas in HTML, such as <i>h</i><sub>t</sub>, which need no MathJax"
    answers = question.get("answers", [])
    for answer in answers:
        if not answer.get("feedback"):
            return f"this answer has no feedback that explains it: {answer}"
    if question["type"] == "numeric":
        if not any(answer.get("correct") is True and ("value" in answer or "range" in answer) for answer in answers):
            return "no answer with a value or range is correct"
        if [answer.get("type") for answer in answers].count("default") != 1:
            return 'it needs one answer of type "default", for all other numbers'
        return None
    if any(not answer.get("answer") or not isinstance(answer.get("correct"), bool) for answer in answers):
        return 'each choice needs the keys "answer" (text) and "correct" (true or false)'
    texts = [answer["answer"] for answer in answers]
    if len(set(texts)) < max(2, len(texts)):
        return "it needs at least two choices, no two alike"
    correct = sum(answer["correct"] for answer in answers)
    if question["type"] == "multiple_choice" and correct != 1:
        return f"exactly one choice must be correct, not {correct}: for several, the type is many_choice"
    if question["type"] == "many_choice" and correct < 2:
        return f"at least two choices must be correct, not {correct}: for one, the type is multiple_choice"
    return None
