"""Results of a class that nobody graded, for the tests of the reports."""

from hypothesis import strategies as st

from rnnbook.exercises.report import Outcome
from rnnbook.grading.types import Flag, Result, Submission

STATUSES = ("passed", "failed", "timeout", "memory", "output", "crash", "error", "not run")
TANH = (
    "You left out the tanh: h_1 = tanh(...).\nh_1 is wrong in 3 of 4 values, first at [0, 0]: 0.5 expected, 0.7 found."
)
SECRET = "hidden-value-8451"

#: What a spreadsheet, a browser, a terminal, a parser of XML or of Markdown would do something with.
EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "]]></failure><error/>&lt;&xxe;",
    '=HYPERLINK("http://example.org")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "  =1+1",
    "＝1+1",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "\u202ereversed\u2066",
    "lone \ud800 surrogate",
    "nothing \x00\x0b\x0c\ufffe\uffff",
    "`code` ```` [link](javascript:alert(1)) | cell | *bold* ![](http://example.org/x.png)",
    'quote " and , and \n=newline',
    "{{ 7 * 7 }}{% raw %}",
    "x" * 20_000,
    "",
)


def texts():
    """Any text at all, the evil ones often."""
    return st.one_of(st.sampled_from(EVIL), st.text(max_size=30))


def outcome(name="test_a", status="passed", message="", *, points=2, **more):
    """One test's outcome."""
    return Outcome(name, more.pop("title", f"Title of {name}"), points, status, message, **more)


def result(learner="Ada", exercise="rnn-cell", *tests, tier="landlock", **more):
    """One result; without tests, three, of which two passed and one is hidden and failed."""
    hidden = outcome("test_c", "failed", f"h_1 should be {SECRET}.", points=3, hidden=True, printed=SECRET)
    return Result(learner, exercise, tests or (outcome("test_a"), outcome("test_b"), hidden), tier, **more)


def submission(learner="Ada", **more):
    """A submission without code."""
    return Submission(learner, origin=f"{learner}.ipynb", **more)


@st.composite
def classes(draw):
    """Results and submissions in which every text is hostile."""
    names = draw(st.lists(texts(), max_size=4, unique=True))
    results, submissions = [], []
    for name in names:
        notes = tuple(draw(st.lists(texts(), max_size=2)))
        identity = draw(st.dictionaries(st.sampled_from(["Student", "ID", "Section", "email"]), texts()))
        submissions.append(Submission(name, draw(texts()), (), (), notes, draw(texts()), identity))
        for exercise in ("rnn-cell", "of-my-own"):
            tests = tuple(
                outcome(
                    f"test_{i}",
                    draw(st.sampled_from(STATUSES)),
                    draw(texts()),
                    title=draw(texts()),
                    printed=draw(texts()),
                    hidden=i == 1,
                )
                for i in range(2)
            )
            flags = (Flag(draw(texts()), draw(texts())),)
            fault = draw(st.sampled_from(["", "", *EVIL]))
            results.append(
                Result(name, exercise, tests, "landlock", tuple(draw(st.lists(texts(), max_size=2))), flags, fault)
            )
    return results, submissions
