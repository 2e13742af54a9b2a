"""Text of strangers, made harmless: for a screen, for a spreadsheet, for a file name."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace

from rnnbook.exercises.display import clean

_LONGEST = 10_000  # characters of one text; a report of a class must stay readable
_LINE_ENDS = re.compile("\r\n?|\x85|\u2028|\u2029")
_FORMULA = "=+-@\t＝＋－＠"
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


def tidy(value):
    """The same value with every text in it made plain: no control characters, escape sequences or bidi overrides.

    Newlines and tabs stay; very long texts are cut, and say so.

    Args:
        value: text, or tuples, lists, dicts and dataclasses that hold text; anything else stays as it is.
    """
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return type(value)(tidy(item) for item in value)
    if isinstance(value, dict):
        return {tidy(key): tidy(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: tidy(getattr(value, field.name)) for field in fields(value)})
    return value


def line(text: str) -> str:
    """Text on one line."""
    return " ".join(_text(text).split())


def cell(value) -> object:
    """A value for a spreadsheet; text that a spreadsheet would take for a formula begins with an apostrophe."""
    if not isinstance(value, str):
        return value
    text = _text(value)
    begins = text.strip()
    return f"'{text}" if begins[:1] in _FORMULA and len(begins) > 1 else text


def percent(part: int, whole: int) -> int:
    """A share in whole per cent, rounded down, so that only full marks are 100 %."""
    return 100 * part // whole if whole else 0


def file_names(names: Iterable[str]) -> list[str]:
    """A file name without suffix for each name: readable, safe everywhere, no two alike on any file system.

    Args:
        names: all names that will lie in one folder.
    """
    names = list(names)
    stems = [_stem(name) for name in names]
    often = Counter(stems)
    unique = []
    for position, (name, stem) in enumerate(zip(names, stems, strict=True)):
        if often[stem] > 1 or stem in _RESERVED or not stem:
            digest = hashlib.sha256(f"{name!r} {names[:position].count(name)}".encode()).hexdigest()[:8]
            stem = f"{stem or 'learner'}-{digest}"
        unique.append(stem)
    return unique


def _text(text: str) -> str:
    text = clean(_LINE_ENDS.sub("\n", text))
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}\n... and {len(text) - _LONGEST} more characters"
    return text


def _stem(name: str) -> str:
    """Letters and digits of any script, in small letters, the rest hyphens; at most 40 characters."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _text(name)).casefold())
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else "-" for c in folded)
    return re.sub("-+", "-", kept)[:40].strip("-")
