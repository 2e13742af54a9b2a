import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbook.data.number_words import english, generate, german

NUMBERS = st.integers(0, 999_999)
ENGLISH = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
ENGLISH |= {"ten": 10, "eleven": 11, "twelve": 12}
ENGLISH |= {"thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18}
ENGLISH |= {"nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70}
ENGLISH |= {"eighty": 80, "ninety": 90, "zero": 0}
GERMAN = {"null": 0, "ein": 1, "eins": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7}
GERMAN |= {"acht": 8, "neun": 9, "zehn": 10, "elf": 11, "zwölf": 12, "dreizehn": 13, "vierzehn": 14, "fünfzehn": 15}
GERMAN |= {"sechzehn": 16, "siebzehn": 17, "achtzehn": 18, "neunzehn": 19, "zwanzig": 20, "dreißig": 30, "vierzig": 40}
GERMAN |= {"fünfzig": 50, "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90}


def read_english(words: str) -> int:
    total = part = 0
    for word in re.split(r"[ -]", words):
        if word == "hundred":
            part *= 100
        elif word == "thousand":
            total, part = 1000 * part, 0
        elif word != "and":
            part += ENGLISH[word]
    return total + part


def read_german(word: str) -> int:
    if "tausend" in word:
        thousands, rest = word.split("tausend")
        return 1000 * read_german(thousands) + (read_german(rest) if rest else 0)
    if "hundert" in word:
        hundreds, rest = word.split("hundert")
        return 100 * GERMAN[hundreds] + (read_german(rest) if rest else 0)
    if word in GERMAN:
        return GERMAN[word]
    unit, tens = word.split("und")
    return GERMAN[unit] + GERMAN[tens]


@given(NUMBERS)
def test_reading_the_words_gives_back_the_number(number):
    assert read_english(english(number)) == number
    assert read_german(german(number)) == number


def test_every_number_below_a_thousand():
    for number in range(1000):
        assert read_english(english(number)) == number
        assert read_german(german(number)) == number


@pytest.mark.parametrize(
    ("number", "words", "word"),
    [
        (0, "zero", "null"),
        (1, "one", "eins"),
        (17, "seventeen", "siebzehn"),
        (30, "thirty", "dreißig"),
        (47, "forty-seven", "siebenundvierzig"),
        (100, "one hundred", "einhundert"),
        (101, "one hundred and one", "einhunderteins"),
        (121, "one hundred and twenty-one", "einhunderteinundzwanzig"),
        (307, "three hundred and seven", "dreihundertsieben"),
        (1000, "one thousand", "eintausend"),
        (1001, "one thousand and one", "eintausendeins"),
        (1100, "one thousand one hundred", "eintausendeinhundert"),
        (12_307, "twelve thousand three hundred and seven", "zwölftausenddreihundertsieben"),
        (101_016, "one hundred and one thousand and sixteen", "einhunderteintausendsechzehn"),
        (
            999_999,
            "nine hundred and ninety-nine thousand nine hundred and ninety-nine",
            "neunhundertneunundneunzigtausendneunhundertneunundneunzig",
        ),
    ],
)
def test_numbers_as_they_are_written(number, words, word):
    assert english(number) == words
    assert german(number) == word


@pytest.mark.parametrize("number", [-1, 1_000_000])
def test_no_number_beyond(number):
    for words in (english, german):
        with pytest.raises(ValueError, match=r"is not between 0 and 999,999"):
            words(number)


@pytest.mark.parametrize(("language", "words"), [("english", english), ("german", german)])
def test_pairs_of_all_lengths(language, words):
    pairs = generate(3000, 0, language)
    assert pairs.sources == [words(int(target)) for target in pairs.targets]
    assert pairs == generate(3000, 0, language)
    assert pairs != generate(3000, 1, language)
    lengths = Counter(map(len, pairs.targets))
    assert set(lengths) == {1, 2, 3, 4, 5, 6}
    assert min(lengths.values()) > 400
    assert {str(digit) for digit in range(10)} <= set(pairs.targets)
    train, test = pairs.split(0)
    assert not set(train.sources) & set(test.sources)


def test_a_language_that_is_not_there():
    with pytest.raises(ValueError, match=r"language='German'.*Did you mean german"):
        generate(1, 0, "German")
