"""Exercise `build-vocabulary`: numbered tokens, the way to ids and back, and what the test texts may not do."""

from collections import Counter
from itertools import pairwise

import pytest

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_unchanged, unpack
from rnnbook.exercises.errors import LearnerError

EXERCISE = Exercise(
    id="build-vocabulary",
    chapter="07_text",
    place=2,
    title="A vocabulary, and texts as numbers",
    defines=("build_vocabulary", "encode", "decode", "prepare"),
    hints=(
        "A collections.Counter counts: its update(text) adds all tokens of a text. Which tokens stay, and by what are "
        "they sorted? Two things decide: how often a token occurs, and the alphabet.",
        "sorted(kept, key=lambda token: (-counts[token], token)) sorts by the count, downwards, and where counts are "
        'equal by the alphabet. The specials are no part of `kept`: ["<pad>", "<unk>"] stands before it.',
        "To encode, make a dictionary from token to id, {token: i for i, token in enumerate(vocabulary)}, and ask it "
        'by ids.get(token, ids["<unk>"]). prepare builds the vocabulary from the training texts, and encodes both.',
    ),
    forbidden=("rnnbook.text", "sklearn.feature_extraction", "gensim", "torchtext", "tokenizers"),
)
PAD, UNK = SPECIALS = ["<pad>", "<unk>"]
Texts = list[list[str]]
CORPUS = [
    text.split()
    for text in (
        "the cast and the crew was fine , the plot was thin",
        "a fine cast , a thin plot , and not a joke",
        "the joke was old , the popcorn was not",
        "zither and banjo and the the",
    )
]


def vocabulary_of(texts: Texts, min_count: int = 1) -> list[str]:
    """The right vocabulary."""
    counts = Counter(token for text in texts for token in text)
    kept = [token for token, count in counts.items() if count >= min_count and token not in SPECIALS]
    return SPECIALS + sorted(kept, key=lambda token: (-counts[token], token))


def mistakes(texts: Texts, min_count: int) -> dict[str, list[str]]:
    """What people build instead, and what it gives."""
    right = vocabulary_of(texts, min_count)
    counts = Counter(token for text in texts for token in text)
    documents = Counter(token for text in texts for token in set(text))
    kept = right[2:]
    first = [token for token in counts if token in kept]
    return {
        "The specials come last: they come first, so that padding is 0 and an unknown token is 1 in any vocabulary.": (
            kept + SPECIALS
        ),
        "The specials are missing: <pad> comes first, then <unk>.": kept,
        "The specials are the wrong way round: <pad> is 0, <unk> is 1.": [UNK, PAD, *kept],
        "<unk> is missing: what would stand for a word that no training text has?": [PAD, *kept],
        "The rarest tokens come first: sort by the count downwards.": (
            SPECIALS + sorted(kept, key=lambda token: (counts[token], token))
        ),
        "Equally common tokens stand in reverse alphabetical order: reverse=True turns both round. Sort by "
        "(-count, token).": SPECIALS + sorted(kept, key=lambda token: (counts[token], token), reverse=True),
        "Equally common tokens stand in the order of their first appearance, as Counter.most_common leaves them. That "
        "changes with the order of the texts: sort them by the alphabet.": (
            SPECIALS + sorted(first, key=lambda token: -counts[token])
        ),
        "The tokens stand in the order of their first appearance: sort them, the most common first.": SPECIALS + first,
        "The tokens stand in the order of the alphabet alone: the most common comes first.": SPECIALS + sorted(kept),
        "min_count is off by one: a token that occurs min_count times stays, so compare by >=.": (
            vocabulary_of(texts, min_count + 1)
        ),
        "min_count is off by one: a token that occurs less often than min_count times goes.": (
            vocabulary_of(texts, min_count - 1)
        ),
        "min_count does nothing: leave out the tokens that occur less often.": vocabulary_of(texts),
        "You counted texts: a token that stands in a text twice counts twice.": (
            SPECIALS
            + sorted(
                (token for token, count in documents.items() if count >= min_count and token not in SPECIALS),
                key=lambda token: (-documents[token], token),
            )
        ),
        "You used the first text alone.": vocabulary_of(texts[:1], min_count),
        "You counted characters: each text is a list of tokens.": vocabulary_of(
            [list("".join(text)) for text in texts], min_count
        ),
    }


def strings(value, what: str) -> list[str]:
    """The value, once it is known to be a list of strings."""
    right = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    kind = " Does your function end without `return`?" if value is None else f"\nIt gave {value!r:.60}"
    assert right, f"{what} should be a list of strings.{kind}"
    return list(value)


def numbers(value, what: str) -> list[int]:
    """The value, once it is known to be a list of whole numbers."""
    right = isinstance(value, list | tuple) and all(type(item) is int for item in value)
    kind = " Does your function end without `return`?" if value is None else f"\nIt gave {value!r:.60}"
    assert right, f"{what} should be a list of whole numbers.{kind}"
    return list(value)


def assert_vocabulary(got, texts: Texts, min_count: int, what: str) -> list[str]:
    """Checks a vocabulary, and names what is wrong with it."""
    got, right = strings(got, what), vocabulary_of(texts, min_count)
    shown = f"expected: {right}\nyours:    {got}"
    twice = [token for token, count in Counter(got).items() if count > 1]
    own = " A special that stands in a text keeps its place at the front." if {*twice} & {*SPECIALS} else ""
    assert not twice, f"{twice[0]!r} is in the vocabulary {got.count(twice[0])} times: it has one id.{own}\n{shown}"
    for sentence, wrong in mistakes(texts, min_count).items():
        assert got == right or got != wrong, f"{sentence}\n{shown}"
    missing, strange = [t for t in right if t not in got], [t for t in got if t not in right]
    assert not missing, f"{what} lacks {missing[0]!r}.\n{shown}"
    counts = Counter(token for text in texts for token in text)
    assert not strange, f"{what} has {strange[0]!r}, which occurs {counts[strange[0]]} times in these texts.\n{shown}"
    assert got[:2] == SPECIALS, f"{what} should begin with <pad>, <unk>.\n{shown}"
    falling = all(counts[one] >= counts[other] for one, other in pairwise(got[2:]))
    assert not falling or got == right, (
        "Equally common tokens should stand in the order of the alphabet. Yours is another one: that of a set of "
        f"strings is not even the same in every process.\n{shown}"
    )
    assert got == right, (
        "The most common tokens come first, and yours are in another order: that of a set of strings is not even the "
        f"same in every process.\n{shown}"
    )
    return got


@points(2)
@pytest.mark.parametrize("texts", [CORPUS, CORPUS[::-1]], ids=["texts", "the texts in another order"])
def test_order(student, texts):
    """The most common token first, equally common ones by the alphabet, whatever the order of the texts."""
    assert_vocabulary(student.build_vocabulary(texts, 1), texts, 1, "build_vocabulary(texts, min_count=1)")


@points(1)
@pytest.mark.parametrize("min_count", [3, 2, 5, 100])
def test_min_count(student, min_count):
    """Tokens that occur less often than min_count are left out, until the specials are left alone."""
    got = student.build_vocabulary(CORPUS, min_count)
    assert_vocabulary(got, CORPUS, min_count, f"build_vocabulary(texts, min_count={min_count})")


@points(1)
@pytest.mark.parametrize("texts", [[], [["a", "<unk>", "b", "<pad>", "<unk>"], ["<unk>", "b"]]], ids=["none", "inside"])
def test_specials(student, texts):
    """The specials are there without any text, and keep their place when a text has them."""
    assert_vocabulary(student.build_vocabulary(texts, 1), texts, 1, f"build_vocabulary({texts}, min_count=1)")


def assert_ids(got, right: list[int], text: list[str], vocabulary: list[str], what: str) -> None:
    """Checks the ids of a text."""
    got = numbers(got, what)
    if got == right:
        return
    shown = f"text:     {text}\nexpected: {right}\nyours:    {got}"
    known = [i for i, token in zip(right, text, strict=True) if token in vocabulary]
    assert got != known, f"Unknown tokens are lost: each becomes <unk>, {right.count(1)} here.\n{shown}"
    padding = [0 if i == 1 and token != UNK else i for i, token in zip(right, text, strict=True)]
    assert got != padding, f"Unknown tokens became <pad>, 0: they would be skipped. <unk> is 1 here.\n{shown}"
    last = [len(vocabulary) if token not in vocabulary else i for i, token in zip(right, text, strict=True)]
    assert got != last, f"Unknown tokens have a new id, for which an embedding has no row: take <unk>'s.\n{shown}"
    negative = [-1 if token not in vocabulary else i for i, token in zip(right, text, strict=True)]
    assert got != negative, f"Unknown tokens became -1, which an embedding cannot look up: take <unk>'s id.\n{shown}"
    assert got != [i + 1 for i in right], f"The ids are one too high: they begin with 0.\n{shown}"
    assert got != [i - 2 for i in right], f"The specials have ids too: the first token after them is 2.\n{shown}"
    raise AssertionError(f"{what} is wrong: a token's id is its place in the vocabulary.\n{shown}")


VOCABULARY = ["<pad>", "<unk>", "good", "bad", "film", "!"]
SHIFTED = ["<pad>", "<start>", "<unk>", "a", "film"]


@points(2)
@pytest.mark.parametrize(
    ("text", "vocabulary"),
    [
        (["good", "film", "!"], VOCABULARY),
        (["bad", "bad", "<pad>", "good", "film"], VOCABULARY),
        (["a", "splendid", "film", "!"], VOCABULARY),
        (["wholly", "unknown"], VOCABULARY),
        ([], VOCABULARY),
        (["a", "strange", "film"], SHIFTED),
    ],
    ids=["known", "repeated", "partly unknown", "all unknown", "empty", "<unk> in another place"],
)
def test_encode(student, text, vocabulary):
    """A token's id is its place in the vocabulary, an unknown token's that of <unk>; an empty text has no ids."""
    unknown = vocabulary.index(UNK)
    right = [vocabulary.index(token) if token in vocabulary else unknown for token in text]
    try:
        got = student.encode(text, vocabulary)
    except LearnerError as error:
        if not {"KeyError", "ValueError"} & {*error.raised} or {*text} <= {*vocabulary}:
            raise
        remedy = "encode stops at a token that the vocabulary lacks: give it the id of <unk>."
        raise AssertionError(f"{remedy}\n{error}") from None
    if unknown != 1:
        fixed = [1 if i == unknown else i for i in right]
        assert got != fixed, f"<unk> is not always 1: its id here is {unknown}, its place in {vocabulary}."
    assert_ids(got, right, text, vocabulary, f"encode({text}, {vocabulary})")


@points(1)
@pytest.mark.parametrize("ids", [[2, 4, 5], [3, 1, 4, 0, 0], []], ids=["words", "specials", "empty"])
def test_decode(student, ids):
    """The tokens of a list of ids, specials spelled out."""
    got, right = student.decode(ids, VOCABULARY), [VOCABULARY[i] for i in ids]
    what = f"decode({ids}, {VOCABULARY})"
    joined = isinstance(got, str) and got in (" ".join(right), "".join(right))
    assert not joined, f"decode gives a list of tokens, not one string: it is encode's way back.\nyours:    {got!r}"
    got = strings(got, what)
    shown = f"expected: {right}\nyours:    {got}"
    bare = [token for token in right if token not in SPECIALS]
    unpadded = [token for token in right if token != PAD]
    assert got == right or got not in (bare, unpadded), f"decode left specials out: one token for each id.\n{shown}"
    assert got == right, f"{what} is wrong: id i stands for vocabulary[i].\n{shown}"


TRAINING = [text.split() for text in ("good film good cast", "bad film", "a good a bad a film")]
TEST = [text.split() for text in ("splendid film", "a splendid splendid cast , splendid", "not bad")]


@points(2)
@pytest.mark.parametrize("min_count", [1, 2])
def test_prepare(student, min_count):
    """The vocabulary comes from the training texts alone, and all texts are encoded with it."""
    got = unpack(student.prepare(TRAINING, TEST, min_count), "vocabulary", "training ids", "test ids")
    right = vocabulary_of(TRAINING, min_count)
    found = strings(got[0], "the vocabulary that prepare gives")
    leaked = [token for token in found if token not in right and any(token in text for text in TEST)]
    named = found in mistakes(TRAINING, min_count).values()
    assert named or not leaked, (
        f"{leaked[0]!r} is in the vocabulary, and only in the test texts often enough. The test stands for texts that "
        "nobody has seen yet: count the training texts alone.\n"
        f"expected: {right}\nyours:    {found}"
    )
    reordered = sorted(found) == sorted(right) and found == [t for t in vocabulary_of(TRAINING + TEST) if t in right]
    assert found == right or not reordered, (
        "The test texts took part in the counts that sort the vocabulary: count the training texts alone.\n"
        f"expected: {right}\nyours:    {found}"
    )
    assert_vocabulary(found, TRAINING, min_count, "the vocabulary that prepare gives")
    own = vocabulary_of(TEST, min_count)
    for which, ids, texts in (("training", got[1], TRAINING), ("test", got[2], TEST)):
        what = f"the ids of the {which} texts"
        lists = isinstance(ids, list | tuple) and len(ids) == len(texts)
        assert lists, f"{what.capitalize()} should be a list of {len(texts)}, one list for each text: {ids!r:.80}"
        for text, row in zip(texts, ids, strict=True):
            expected = [right.index(token) if token in right else 1 for token in text]
            other = [own.index(token) if token in own else 1 for token in text]
            assert row == expected or which == "training" or row != other, (
                "The test texts have a vocabulary of their own, so that one id means two words: encode them with that "
                f"of the training texts.\nexpected: {expected}\nyours:    {row}"
            )
            assert_ids(row, expected, text, right, f"an entry of {what}")


@points(1)
def test_arguments_unchanged(student):
    """The texts and the vocabulary stay as they are."""
    student.build_vocabulary(CORPUS, 2)
    assert_unchanged(student, "texts", "min_count")
    student.encode(["a", "film"], VOCABULARY)
    assert_unchanged(student, "text", "vocabulary")
    student.decode([2, 0], VOCABULARY)
    assert_unchanged(student, "ids", "vocabulary")
    student.prepare(TRAINING, TEST, 1)
    assert_unchanged(student, "training", "test", "min_count")
