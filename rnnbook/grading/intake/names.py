"""Names as they come from file names and rosters: made safe to show, and made comparable."""

import re
import unicodedata

from rnnbook.exercises.display import clean

_JOINERS = "\u200c\u200d"  # invisible, but part of words in Persian and in Indian scripts
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
_WORD = re.compile(r"[^\W_]+")


def clean_name(text: str, length: int = 100) -> str:
    """A name without control characters, bidirectional overrides and other invisible ones, in one line.

    Letters of every script are kept, and several scripts in one name too.

    Args:
        text: the name as it came.
        length: how many characters are kept.

    Returns:
        The name in Unicode's composed form; "unnamed" when nothing is left.
    """
    text = clean(text[: 10 * length])
    text = "".join(c for c in text if c in _JOINERS or c.isspace() or unicodedata.category(c) not in _UNSEEN)
    text = unicodedata.normalize("NFC", " ".join(text.split()).strip(_JOINERS).strip())
    return (text if len(text) <= length else f"{text[: length - 1]}…") or "unnamed"


def words(text: str) -> tuple[str, ...]:
    """The words of a name, comparable: without case, accents and punctuation.

    >>> words("Lovelace, Zoë-Ada")
    ('lovelace', 'zoe', 'ada')
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not "\u0300" <= c <= "\u036f")
    return tuple(_WORD.findall(plain.casefold()))


def squeezed(text: str) -> str:
    """A name's words in one, as "adalovelace"."""
    return "".join(words(text))
