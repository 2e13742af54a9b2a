"""Numbers in words, to be written in digits: a first sequence to sequence task, small and exact.

Source and target have different lengths, and what stands where differs: German says the unit before the ten,
"siebenundvierzig" for 47.
"""

import numpy as np

from rnnbook.data.parallel import Parallel
from rnnbook.nearest import suggest

LIMIT = 1_000_000  # one more than the greatest number

WORDS = {  # below twenty, and the tens from there
    "english": (
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen",
        "twenty thirty forty fifty sixty seventy eighty ninety",
    ),
    "german": (
        "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
        "siebzehn achtzehn neunzehn",
        "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    ),
}
(ENGLISH, ENGLISH_TENS), (GERMAN, GERMAN_TENS) = ([row.split() for row in rows] for rows in WORDS.values())


def english(number: int) -> str:
    """A number from 0 to 999,999 in English words, as in Britain, with "and" before the tens and units.

    >>> english(12_307)
    'twelve thousand three hundred and seven'
    """
    thousands, rest = divmod(_checked(number), 1000)
    if not thousands:
        return _english_below_1000(rest)
    start = f"{_english_below_1000(thousands)} thousand"
    if not rest:
        return start
    return f"{start}{' and' if rest < 100 else ''} {_english_below_1000(rest)}"


def _english_below_1000(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if hundreds:
        return f"{ENGLISH[hundreds]} hundred" + (f" and {_english_below_1000(rest)}" if rest else "")
    if rest < 20:
        return ENGLISH[rest]
    tens, unit = divmod(rest, 10)
    return ENGLISH_TENS[tens - 2] + (f"-{ENGLISH[unit]}" if unit else "")


def german(number: int) -> str:
    """A number from 0 to 999,999 in German, where it is one word.

    >>> german(12_307)
    'zwölftausenddreihundertsieben'
    """
    thousands, rest = divmod(_checked(number), 1000)
    word = f"{_german_below_1000(thousands)}tausend" if thousands else ""
    if rest or not thousands:
        word += _german_below_1000(rest)
    return word + ("s" if rest % 100 == 1 else "")  # einundzwanzig, einhundert, eintausend, but a last one is "eins"


def _german_below_1000(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if hundreds:
        return f"{GERMAN[hundreds]}hundert" + (_german_below_1000(rest) if rest else "")
    if rest < 20:
        return GERMAN[rest]
    tens, unit = divmod(rest, 10)
    return (f"{GERMAN[unit]}und" if unit else "") + GERMAN_TENS[tens - 2]


LANGUAGES = {"english": english, "german": german}


def generate(n: int, seed: int, language: str = "english") -> Parallel:
    """Draw numbers of 1 to 6 digits, every length as likely as any other, in words and in digits.

    There are few short numbers, so they occur again and again; `Parallel.split` divides by number.

    Args:
        n: how many.
        seed: another seed, other numbers.
        language: "english" or "german".

    Returns:
        The words as sources, the digits as targets; take `.reversed()` to have words written.

    Raises:
        ValueError: the language is not there.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language={language!r}: {suggest(language, LANGUAGES)}")
    rng = np.random.default_rng(seed)
    digits = rng.integers(1, 7, n)
    numbers = rng.integers(np.where(digits == 1, 0, 10 ** (digits - 1)), 10**digits).tolist()
    return Parallel([LANGUAGES[language](number) for number in numbers], [str(number) for number in numbers])


def _checked(number: int) -> int:
    if not 0 <= number < LIMIT:
        raise ValueError(f"{number} is not between 0 and {LIMIT - 1:,}")
    return number
