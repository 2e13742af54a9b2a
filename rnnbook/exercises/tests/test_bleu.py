"""Exercise `bleu`: BLEU of a corpus, against values of sacrebleu 2.6.0 (tokenize="none", smooth_method="none")."""

import math
from itertools import chain

import pytest

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="bleu",
    chapter="10_seq2seq",
    place=5,
    title="BLEU by hand",
    defines=("bleu",),
    hints=(
        "Start with p_1 of one sentence: count its words, count the reference's, and let each word count no more often "
        "than there. Then n-grams, tuples of n words. Then two sums over all sentences, divided only at the end.",
        "Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1)) counts the n-grams of one sentence. Of "
        "two counters, a & b takes the minimum of each count. Four precisions, their fourth root, and the penalty for "
        "a corpus that is shorter than its references.",
        "For n in 1 to 4: shared = sum((ngrams(h, n) & ngrams(r, n)).total() for h, r in zip(hypotheses, "
        "references)); return 0.0 if it is 0; count = the same sum without & ngrams(r, n); log_p += math.log(shared / "
        "count) / 4. In the end 100 * math.exp(min(0.0, 1 - r / c) + log_p), with c and r the numbers of words.",
    ),
    forbidden=("sacrebleu", "nltk", "torchtext", "torchmetrics", "evaluate", "datasets"),
)
Corpus = tuple[list[list[str]], list[list[str]]]


def corpus(*pairs: tuple[str, str]) -> Corpus:
    """Hypotheses and references, each as a list of words."""
    hypotheses, references = zip(*pairs, strict=True)
    return [text.split() for text in hypotheses], [text.split() for text in references]


ONE = corpus(("the cat sat on a mat", "the cat sat on the mat"))
PERFECT = corpus(("a dog runs in the park", "a dog runs in the park"), ("yes", "yes"))
CLIPPED = corpus(  # the first is the example of Papineni et al. (2002), section 2.1
    ("the the the the the the the", "the cat is on the mat"), ("the cat is on the mat now", "the cat is on the mat")
)
SHORT = corpus(
    ("a dog is sleeping", "a dog is sleeping on the sofa"), ("two men play chess in", "two men play chess in the park")
)
LONG = corpus(
    ("a dog is sleeping on the sofa in the sun", "a dog is sleeping on the sofa"),
    ("two men play chess", "two men play chess"),
)
SEVERAL = corpus(
    ("a man in a red shirt is riding a bicycle", "a man in a red shirt rides a bicycle"),
    ("two children play in the snow", "two children are playing in the snow"),
    ("a woman reads", "a woman is reading a book"),
    ("people walk along the river in the evening", "people are walking along the river in the evening"),
)
SWAPPED = corpus(
    ("in the park", "a dog runs"),
    ("a dog runs", "in the park"),
    ("the small child laughs at the dog", "a small child laughs at the dog"),
)
# The hypotheses of sacrebleu's own example, with one of its two sets of references.
EXAMPLE = corpus(
    ("The dog bit the man .", "The dog had bit the man ."),
    ("It wasn't surprising .", "No one was surprised ."),
    ("The man had just bitten him .", "The man had bitten the dog ."),
)


def ngrams(words: list[str], n: int) -> list[tuple]:
    """The n-grams of a sentence, in order."""
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def shared(mine: list[tuple], theirs: list[tuple]) -> int:
    """How many of mine stand in theirs, each of theirs used once."""
    left = list(theirs)
    return sum(left.remove(gram) is None for gram in mine if gram in left)


def score(
    hypotheses: list[list[str]],
    references: list[list[str]],
    *,
    highest: int = 4,
    clip: bool = True,
    join: bool = False,
    recall: bool = False,
    mean: str = "geometric",
    penalty: str = "short",
    distinct: bool = False,
) -> float:
    """BLEU by lists, or with one thing done in another way.

    Args:
        highest: n-grams up to this n.
        clip: whether an n-gram of the reference can be used once only.
        join: whether all sentences are made one.
        recall: whether the reference's n-grams are what is divided by.
        mean: of the precisions: "geometric", "arithmetic", their "product", the "last"; or of the "sentences", whose
            own precisions are averaged first.
        penalty: for "short" corpora, for "long" ones, for "both", "none", or the "ratio" c / r.
        distinct: whether an n-gram that is repeated counts once.
    """
    if join:
        hypotheses, references = ([[*chain(*sentences)]] for sentences in (hypotheses, references))
    precisions = []
    for n in range(1, highest + 1):
        pairs = [(ngrams(h, n), ngrams(r, n)) for h, r in zip(hypotheses, references, strict=True)]
        if distinct:
            pairs = [(sorted({*mine}), sorted({*theirs})) for mine, theirs in pairs]
        hits = [shared(h, r) if clip else sum(gram in r for gram in h) for h, r in pairs]
        counts = [len(r if recall else h) for h, r in pairs]
        if mean == "sentences":
            parts = [hit / count for hit, count in zip(hits, counts, strict=True) if count]
            precisions.append(sum(parts) / len(parts))
        else:
            precisions.append(sum(hits) / sum(counts) if sum(counts) else 0.0)
    c, r = (sum(map(len, sentences)) for sentences in (hypotheses, references))
    factor = {
        "short": lambda: math.exp(min(0.0, 1 - r / c)),
        "long": lambda: math.exp(min(0.0, 1 - c / r)),
        "both": lambda: math.exp(1 - r / c),
        "none": lambda: 1.0,
        "ratio": lambda: min(1.0, c / r),
    }[penalty]()
    combined = {
        "geometric": math.prod(precisions) ** (1 / highest),
        "sentences": math.prod(precisions) ** (1 / highest),
        "arithmetic": sum(precisions) / highest,
        "product": math.prod(precisions),
        "last": precisions[-1],
    }[mean]
    return 100 * factor * combined


FAULTS = {
    "Nothing is clipped: a word of the hypothesis counts each time, though the reference has it less often. Take the "
    "smaller of the two counts.": {"clip": False},
    "An n-gram that is repeated counts once only: count it as often as it stands there, but not oftener than in the "
    "reference.": {"distinct": True},
    "The n-grams run across the sentences: an n-gram lies within one sentence, and is looked for in its own "
    "reference.": {"join": True},
    "That is the arithmetic mean of the precisions: take the fourth root of their product.": {"mean": "arithmetic"},
    "That is the product of the four precisions: take its fourth root.": {"mean": "product"},
    "Those are the 4-grams alone: take all n from 1 to 4.": {"mean": "last"},
    "Those are the words alone: take all n from 1 to 4.": {"highest": 1},
    "Those are the n-grams up to n = 2: go on to 4.": {"highest": 2},
    "Those are the n-grams up to n = 3: range(1, 5) ends with 4.": {"highest": 3},
    "The precisions are means over the sentences: add up the counts of all sentences first, then divide.": (
        {"mean": "sentences"}
    ),
    "You divided by the n-grams of the references, which makes it a recall: divide by those of the hypotheses.": (
        {"recall": True}
    ),
    "The brevity penalty is missing: a corpus of few words that are sure would be praised.": {"penalty": "none"},
    "The brevity penalty is the wrong way round: it punishes a corpus that is longer than its references. It is "
    "exp(1 - r / c) where c < r.": {"penalty": "long"},
    "The brevity penalty is applied to long corpora too, where it is above 1: there it should be 1.": (
        {"penalty": "both"}
    ),
    "The brevity penalty is the ratio c / r: it should be exp(1 - r / c).": {"penalty": "ratio"},
}


def mistakes(hypotheses: list, references: list, expected: float) -> dict:
    """What people give instead, as functions."""
    alone = [([h], [r]) for h, r in zip(hypotheses, references, strict=True)]
    wrong = {sentence: lambda fault=fault: score(hypotheses, references, **fault) for sentence, fault in FAULTS.items()}
    wrong["That is the mean of the sentences' BLEU: add up the counts of all sentences first, then divide."] = lambda: (
        sum(score(*pair) if pair[0][0] else 0.0 for pair in alone) / len(alone)
    )
    wrong["Hypotheses and references have changed places."] = lambda: score(references, hypotheses)
    wrong["That is a share from 0 to 1: BLEU is in percent, 100 times as much."] = expected / 100
    return wrong


def assert_bleu(student, given: Corpus, recorded: float | None = None) -> None:
    """Checks the value, against the recorded one where there is one."""
    hypotheses, references = given
    expected = 0.0 if not any(hypotheses) else score(hypotheses, references)
    if recorded is not None:
        assert math.isclose(expected, recorded, rel_tol=1e-9), "The test's own BLEU is wrong. This is not your fault."
    shown = "\n".join(f"{' '.join(h)!r} for {' '.join(r)!r}" for h, r in zip(*given, strict=True))
    try:
        got = student.bleu(hypotheses, references)
    except LearnerError as error:
        if not {"ZeroDivisionError", "ValueError"} & set(error.raised):
            raise
        remedy = "Where there is nothing to count, or nothing is shared, BLEU is 0: return 0.0 before you divide or "
        raise AssertionError(f"{remedy}take a logarithm.\n{error}\n{shown}") from None
    assert not isinstance(got, bool), f"BLEU should be a number, but it is {describe(got)}."
    wrong = mistakes(hypotheses, references, expected)
    try:
        value = float(got) if isinstance(got, int) else got  # a 0 may be whole
        assert_equal_arrays(value, expected, mistakes=wrong, what="BLEU", atol=1e-6)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{shown}") from None


@points(1)
@pytest.mark.parametrize(("given", "recorded"), [(PERFECT, 100.0), (ONE, 53.7284965911771)])
def test_one_sentence(student, given, recorded):
    """A perfect translation, and one with a wrong word."""
    assert_bleu(student, given, recorded)


@points(1)
@pytest.mark.parametrize(("given", "recorded"), [(CLIPPED, 43.47208719449914)])
def test_clipping(student, given, recorded):
    """A word that is repeated counts no more often than in the reference."""
    assert_bleu(student, given, recorded)


@points(2)
@pytest.mark.parametrize(
    ("given", "recorded"), [(SEVERAL, 48.57389018478177), (EXAMPLE, 28.330553664429278), (SWAPPED, 56.07900239988006)]
)
def test_corpus(student, given, recorded):
    """A corpus: counts of all sentences are added up before the division."""
    assert_bleu(student, given, recorded)


@points(2)
@pytest.mark.parametrize(("given", "recorded"), [(LONG, 71.25674706929493), (SHORT, 57.3753420737433)])
def test_brevity(student, given, recorded):
    """A corpus that is too short is punished, one that is too long is not."""
    assert_bleu(student, given, recorded)


@points(1)
@pytest.mark.parametrize(
    "given",
    [
        corpus(("a cat", "the dog runs home")),
        corpus(("yes", "yes")),
        corpus(("", "the dog runs home")),
        corpus(("", "a cat"), ("the dog runs home now", "the dog runs home now")),
    ],
)
def test_nothing_to_count(student, given):
    """Nothing is shared, a sentence is shorter than four words or empty."""
    assert_bleu(student, given)


@points(1)
def test_unchanged(student):
    """The sentences stay as they are, and order within the corpus does not matter."""
    hypotheses, references = SEVERAL
    assert_bleu(student, (hypotheses[::-1], references[::-1]))
    assert_unchanged(student, "hypotheses", "references")
