"""The code cells of a notebook or a Python file, from its bytes; nothing is run, or even parsed as Python."""

import codecs
import io
import json
import linecache
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rnnbook.exercises.errors import ExerciseError

_BYTE_ORDER_MARKS = {  # the longest first: that of UTF-32 begins as that of UTF-16 does
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CODING = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # as in PEP 263
_CHARACTER_SETS = re.compile(r"ascii|utf-8|iso8859-\d+|cp\d+|koi8-[ru]|gb\w+|big5\w*|shift_jis\w*|euc_\w+|mac-roman")
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # tabs, ends of lines and pages, and escapes may occur in text
_SURROGATES = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class Cell:
    """One piece of code, with the name that tracebacks give it."""

    name: str
    code: str


def read(path: str | Path) -> list[Cell]:
    """The code cells of a notebook, or the one cell that a Python file is.

    Raises:
        ExerciseError: the file cannot be read, in one line that says what to do.
    """
    path = Path(path)
    if path.is_dir():
        raise ExerciseError(f"{path} is a folder: name the notebook in it.")
    if path.suffix not in (".ipynb", ".py"):
        raise ExerciseError(f"{path} is neither a notebook (.ipynb) nor a Python file (.py).")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ExerciseError(f"There is no file {path}: is it saved, and are you in its folder?") from None
    except OSError as error:
        raise ExerciseError(f"{path} could not be read: {error.strerror}.") from None
    cells, _ = cells_of(path.name, content)
    show_lines(cells)
    return cells


def cells_of(name: str, content: bytes) -> tuple[list[Cell], tuple[str, ...]]:
    """The code cells of a file's content, and a note for each thing in which it was not as expected.

    Args:
        name: the file's name; with the suffix .ipynb it is a notebook, else Python.
        content: its bytes.

    Raises:
        ExerciseError: there is no code to be had, in one line that says what to do.
    """
    text, notes = _decoded(name, content)
    if not text.strip():
        raise ExerciseError(f"{name} is empty: is it saved?")
    cells = _cells_of_notebook(name, text, notes) if name.lower().endswith(".ipynb") else [Cell(name, text)]
    if any(_SURROGATES.search(cell.code) for cell in cells):
        notes.append(f"{name}: halves of characters (lone surrogates) were replaced by \ufffd.")
        cells = [Cell(cell.name, _SURROGATES.sub("\ufffd", cell.code)) for cell in cells]
    return cells, tuple(notes)


def show_lines(cells: Iterable[Cell]) -> None:
    """Lets tracebacks show the lines of the code."""
    for cell in cells:
        lines = io.StringIO(cell.code, newline=None).readlines()  # str.splitlines knows more ends of lines
        linecache.cache[cell.name] = (len(cell.code), None, lines, cell.name)


def _decoded(name: str, content: bytes) -> tuple[str, list[str]]:
    """The text, and notes on its encoding when that was not UTF-8."""
    encoding = _marked(content) or _named(name, content) or "utf-8"
    notes = [] if encoding.startswith("utf-8") else [f"{name} was read as {encoding.upper()}: UTF-8 is expected."]
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise ExerciseError(f"{name} is not the text in {encoding.upper()} that it claims to be.") from None
        text, notes = content.decode("latin-1"), [f"{name} is no text in UTF-8: it was read as Latin-1."]
        if _NO_TEXT.search(text):
            raise ExerciseError(f"{name} holds bytes of no text: hand in the notebook or Python file itself.") from None
    if "\0" in text:
        raise ExerciseError(f"{name} holds control bytes (NUL), and is damaged: save it again.")
    return text, notes


def _marked(content: bytes) -> str | None:
    """The encoding that the first bytes tell."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return encoding
    start = content[:200]
    for encoding, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if len(zeros) >= 2 and start.count(0) == len(zeros) == zeros.count(0):
            return encoding
    return None


def _named(name: str, content: bytes) -> str | None:
    """The encoding that a Python file names in its first two lines, if it is one of those for text."""
    if name.lower().endswith(".ipynb"):
        return None
    for line in content.split(b"\n", 2)[:2]:
        if match := _CODING.match(line):
            try:
                encoding = codecs.lookup(match[1].decode()).name
            except (LookupError, UnicodeDecodeError):
                return None
            return encoding if _CHARACTER_SETS.fullmatch(encoding) else None
    return None


def _cells_of_notebook(name: str, text: str, notes: list[str]) -> list[Cell]:
    """The code cells of today's format, or of format 3, which had worksheets."""
    try:
        notebook = json.loads(text, strict=False)
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        sources = [cell.get("source", cell.get("input")) for cell in cells if cell["cell_type"] == "code"]
        codes = ["".join(source) for source in sources]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, MemoryError):
        remedy = (
            "it is a web page: download the file itself" if text.lstrip()[:1] == "<" else "save it again in Jupyter"
        )
        raise ExerciseError(f"{name} is not a notebook of today's format, or is damaged: {remedy}.") from None
    if not any(code.strip() for code in codes):
        raise ExerciseError(f"{name} has no code: is it saved?")
    if language := _other_language(notebook):
        notes.append(f"{name} is a notebook in {language}: the exercises are in Python.")
    return [Cell(f"{name}, code cell {number}", code) for number, code in enumerate(codes, 1)]


def _other_language(notebook: dict) -> str | None:
    """The language of the notebook's kernel if it is not Python."""
    try:
        language = notebook["metadata"]["kernelspec"]["language"]
    except (LookupError, TypeError):
        return None
    return language[:30] if isinstance(language, str) and language.lower() != "python" else None
