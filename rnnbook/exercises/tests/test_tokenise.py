"""Exercise `tokenise`: a text's words and punctuation marks, in lower case, without its HTML breaks."""

import re
from collections.abc import Callable

import pytest

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.text import words

EXERCISE = Exercise(
    id="tokenise",
    chapter="07_text",
    place=1,
    title="From a review to its tokens",
    defines=("tokenise",),
    hints=(
        "Four small steps, in this order: breaks to spaces, curly apostrophes to straight ones, lower case, and then "
        "one regular expression that finds the tokens. re.findall gives all that it matches, from left to right.",
        r"A word is \w+, and more of it may follow an apostrophe: \w+(?:'\w+)*. What is neither a letter, a digit nor "
        r"white space is [^\w\s]. A | between two patterns tries the first one first.",
        r"""re.sub(r"<br\s*/?>", " ", text, flags=re.IGNORECASE), then .replace("’", "'").lower(), and at last """
        r"""re.findall(r"\w+(?:'\w+)*|[^\w\s]", text).""",
    ),
    forbidden=("rnnbook.text", "tokenizers", "nltk", "sklearn.feature_extraction.text", "gensim.utils"),
)
WORD, MARK = r"\w+(?:'\w+)*", r"[^\w\s]"
BREAK = r"<br\s*/?>"


def tokens(text: str, *, word: str = WORD, mark: str = MARK, space: str = " ", breaks: str = BREAK) -> list[str]:
    """The right tokens; other patterns give what people write instead."""
    text = re.sub(breaks, space, text, flags=re.IGNORECASE)
    return re.findall(f"{word}|{mark}" if mark else word, text.replace("’", "'").lower())


def curly(text: str, word: str) -> list[str]:
    """What comes of leaving curly apostrophes as they are."""
    return [token.replace("\0", "’") for token in tokens(text.replace("’", "\0"), word=word)]


# What a mistake gives for a text; the first that fits is the one that is named.
MISTAKES: dict[str, Callable[[str], list[str]]] = {
    "You broke words at a curly apostrophe: “don’t” means “don't”, it only comes from a telephone. Replace ’ by '.": (
        lambda text: curly(text, WORD)
    ),
    "You kept a curly apostrophe: “don’t” and “don't” would be two words. Replace ’ by '.": (
        lambda text: curly(text, r"\w+(?:['\0]\w+)*")
    ),
    "You split at white space alone. A mark is then glued to its word, and “good!” is an unknown word where “good” is "
    "a known one: make each mark a token of its own.": lambda text: tokens(text, word=r"\S+", mark=""),
    "You kept the case: “Good” at the start of a sentence would be another word than “good”. Take text.lower().": (
        lambda text: re.findall(f"{WORD}|{MARK}", re.sub(BREAK, " ", text, flags=re.IGNORECASE).replace("’", "'"))
    ),
    "You split at white space alone, and kept the case and the breaks: text.split() is too little.": str.split,
    "You split at white space alone, and kept the breaks: text.lower().split() is too little.": (
        lambda text: text.lower().split()
    ),
    "You lost the punctuation: a “!” says something about an opinion. Each mark is a token of its own.": (
        lambda text: tokens(text, mark="")
    ),
    "You took the apostrophes out: “don't” became “dont”, and “we'll” became “well”, another word. They stay.": (
        lambda text: tokens(text.replace("'", "").replace("’", ""))
    ),
    "You broke words at their apostrophes: “don't” became “don”, “'” and “t”, and its negation is gone. It is one "
    "token.": lambda text: tokens(text, word=r"\w+"),
    "You broke words at their apostrophes and lost these: “don't” became “don” and “t”. It is one token.": (
        lambda text: tokens(text.replace("'", " ").replace("’", " "))
    ),
    "You split “don't” into “do” and “n't”, as rnnbook.text.words does. That is sensible too, but here it is one "
    "token.": lambda text: tokens(text, word=r"(?:\w+(?=n't\b)|n't\b|\w+(?:'\w+)*)"),
    "You took the apostrophe of a word for a part of it only once: “rock'n'roll” is one token.": (
        lambda text: tokens(text, word=r"\w+(?:'\w+)?")
    ),
    "You took quotation marks for parts of words: an apostrophe belongs to a word only between two letters.": (
        lambda text: tokens(text, word=r"[\w']+")
    ),
    "You took a quotation mark behind a word for a part of it: an apostrophe belongs to a word only between two "
    "letters.": lambda text: tokens(text, word=r"\w[\w']*"),
    "You removed the breaks, and glued together the words around them: put a space there.": (
        lambda text: tokens(text, space="")
    ),
    "You know breaks in small letters only: “<BR>” is one too.": lambda text: tokens(text.replace("<BR", "< BR")),
    "You left the breaks in: “<br />” is HTML, and no word of the review. Put a space there.": (
        lambda text: tokens(text, breaks="(?!)")
    ),
    "You know “<br />” alone: it is also written “<br>” and “<br/>”, and in capitals.": (
        lambda text: tokens(text.replace("<br />", " "), breaks="(?!)")
    ),
    "You know the letters a to z alone: “café” and “naïve” are words. In a regular expression \\w is a letter or digit "
    "of any alphabet.": lambda text: tokens(text, word=r"[a-z0-9]+(?:'[a-z0-9]+)*", mark=r"[^a-z0-9\s]"),
    "You know the letters a to z alone, and lose all others: “café” and “naïve” are words. In a regular expression \\w "
    "is a letter or digit of any alphabet.": lambda text: tokens(text, word=r"[a-z0-9]+(?:'[a-z0-9]+)*"),
    "You lost the digits: “2” of “2/10” says more than most words. Digits are parts of words.": (
        lambda text: tokens(re.sub(r"\d", " ", text))
    ),
    "You joined marks that stand together: each is a token of its own, so that “!!!” is “!” three times, and needs no "
    "entry of its own in the vocabulary.": lambda text: tokens(text, mark=r"[^\w\s]+"),
    "You broke words into characters.": lambda text: tokens(text, word=r"\w"),
    "You split words as rnnbook.text.words does, “don't” into “do” and “n't”. That is sensible too, but here it is one "
    "token.": words,
}
# What may be wrong with any right list.
SPOILT: dict[str, Callable[[list[str]], list[str]]] = {
    "Each token stands there once: a text has its tokens in their order, and as often as they occur.": (
        lambda right: list(dict.fromkeys(right))
    ),
    "The tokens are sorted: keep them in the order of the text.": sorted,
    "The tokens are sorted, and each stands there once: keep them as they come in the text.": (
        lambda right: sorted(set(right))
    ),
}


def assert_tokens(student, text: str) -> None:
    """Checks the learner's tokens of a text."""
    got, right = student.tokenise(text), tokens(text)
    strings = isinstance(got, list | tuple) and all(isinstance(token, str) for token in got)
    kind = " Does your function end without `return`?" if got is None else f"\nIt gave {got!r:.60}"
    assert strings, f"tokenise({text!r}) should be a list of strings.{kind}"
    got = list(got)
    if got == right:
        return
    shown = f"text:     {text!r}\nexpected: {right}\nyours:    {got}"
    blank = sum(not token.strip() for token in got)
    assert not blank, (
        f"Empty strings and white space are no tokens, and you have {blank}: re.split gives such pieces, re.findall "
        f"does not.\n{shown}"
    )
    ragged = [token for token in got if token != token.strip()]
    assert not ragged, f"White space belongs to no token, but it is in {ragged[0]!r}: .strip() it.\n{shown}"
    for sentence, mistake in MISTAKES.items():
        assert got != mistake(text), f"{sentence}\n{shown}"
    for sentence, spoil in SPOILT.items():
        assert got != spoil(right), f"{sentence}\n{shown}"
    place = next((i for i, pair in enumerate(zip(got, right, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        place = min(len(got), len(right))
        said = "is missing" if len(got) < len(right) else f"is one too many, {got[place]!r}"
        raise AssertionError(f"Token {place} of tokenise(...) {said}.\n{shown}")
    raise AssertionError(f"Token {place} should be {right[place]!r}, but it is {got[place]!r}.\n{shown}")


@points(2)
@pytest.mark.parametrize(
    "text",
    [
        "so good! and so (very) long, no?",
        "good, bad; good. bad: good",
        "what a waste... of time!!!",
        'a well-made film: "fine", they said',
    ],
)
def test_punctuation(student, text):
    """Punctuation marks are tokens of their own, one by one."""
    assert_tokens(student, text)


@points(2)
@pytest.mark.parametrize(
    "text",
    [
        "i don't think we'll see it",
        "it's five o'clock, and time for rock'n'roll!",
        "she isn't 'bad', but the actors' lines are",
        "i don’t say it wasn’t fun",
    ],
)
def test_apostrophes(student, text):
    """A word keeps its apostrophes, a curly one too; around a word they are quotation marks."""
    assert_tokens(student, text)


@points(1)
@pytest.mark.parametrize(
    "text", ["the end<br /><br />then the rest", "one<br />two<br>three<br/>four", "so good<BR />never<BR>again"]
)
def test_breaks(student, text):
    """HTML breaks part words, and are none."""
    assert_tokens(student, text)


@points(1)
@pytest.mark.parametrize("text", ["Good film, GOOD cast, good", "É bom ÉMILE"])
def test_case(student, text):
    """Everything is in lower case."""
    assert_tokens(student, text)


@points(1)
@pytest.mark.parametrize("text", ["a naïve café in łódź", "2 of 10 from 2001", "хороший фильм très bien"])
def test_letters_and_digits(student, text):
    """Letters of any alphabet and digits make words."""
    assert_tokens(student, text)


@points(1)
@pytest.mark.parametrize("text", ["", "  \n\t ", "<br />", "\tone  \n two\n"])
def test_white_space(student, text):
    """White space parts tokens and is none; a text without anything else has no tokens."""
    assert_tokens(student, text)
