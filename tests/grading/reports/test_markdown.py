import re

from hypothesis import given, settings
from markdown_it import MarkdownIt
from sample_class import SECRET, TANH, classes, outcome, result, submission

from rnnbook.grading.reports.cohort import Cohort
from rnnbook.grading.reports.markdown import markdown
from rnnbook.grading.types import Flag

GITHUB = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def test_one_learner_sees_each_test_with_its_message():
    tests = outcome("test_a", "failed", TANH, title="The `weight` of a_b"), outcome("test_b")
    text = markdown(Cohort([result("Ada", "rnn-cell", *tests)], [submission(notes=("read as Latin-1",))]))
    page = GITHUB.render(text)
    assert "<strong>Ada: 2 of 4 points</strong>" in page
    assert "✗ The <code>weight</code> of a_b (0 of 2, failed)" in page
    assert f'<pre><code class="language-text">{TANH}\n</code></pre>' in page
    assert "<li>read as Latin-1</li>" in page
    assert "Graded in the sandbox landlock." in page


def test_a_class_is_a_table():
    results = [result(name, id) for name in ("Ada", "Bob") for id in ("rnn-cell", "one-hot")]
    results[0] = result("Ada", "rnn-cell", fault="it died")
    page = GITHUB.render(markdown(Cohort(results, [])))
    cells = re.findall("<t[hd].*?>(.*?)</t[hd]>", page)
    assert cells == ["learner", "one-hot", "rnn-cell", "total", "Ada", "4", *["not graded"] * 2, "Bob", "4", "4", "8"]


def test_nothing_of_hidden_tests_nor_of_flags():
    cohort = Cohort([result("Ada", flags=(Flag("uses torch.nn.RNN", "line 3"),))], [submission()])
    text = markdown(cohort)
    assert SECRET not in text
    assert "RNN" not in text
    assert "Title of test\\_c" in text


@settings(max_examples=25)
@given(classes())
def test_no_text_becomes_html_or_a_link(drawn):
    page = GITHUB.render(markdown(Cohort(*drawn)))
    ours = "h1|h2|p|strong|ul|li|table|thead|tbody|tr|th|td|pre|code|hr"
    assert not [
        tag
        for tag in re.findall(r"<[^>]*>", page)
        if not re.fullmatch(rf"</?(?:{ours})(?: (?:class|style)=\"[^\"]*\")*>", tag)
    ]


def test_a_message_cannot_leave_its_block():
    text = markdown(
        Cohort([result("Ada", "rnn-cell", outcome("a", "failed", "x\n```\n````\n<b>y</b>"))], [submission()])
    )
    assert "x\n```\n````\n&lt;b&gt;y&lt;/b&gt;\n</code></pre>" in GITHUB.render(text)


def test_a_summary_is_never_too_large_for_github():
    tests = [outcome(f"test_{i}", "failed", "word " * 2000) for i in range(200)]
    text = markdown(Cohort([result("Ada", "rnn-cell", *tests)], [submission()]))
    assert len(text.encode()) < 1_000_000
    assert text.endswith("\n\nThe rest does not fit here.\n")
