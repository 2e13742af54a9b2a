"""From a cell's code to its statements: Jupyter's own notation is left out, and what is no Python is told."""

import ast
import functools
import re
import warnings
from dataclasses import dataclass
from itertools import pairwise
from types import CodeType

from rnnbook.exercises.source.cells import Cell
from rnnbook.exercises.source.names import Names, names_of

# What cannot begin or end a statement of Python, but can in Jupyter: %magic, !command, name = !command, name?, ?name.
_NOTATION = re.compile(r"([ \t]*+)(?:(?:[\w.,* \t()\[\]]++=[ \t]*)?[%!].*|\?{1,2}[\w.*].*|[%\w.*]++\?{1,2}[ \t]*)$")
_MAYBE = re.compile(r"^[ \t]*+[%!?]|=[ \t]*+[%!]|\?[ \t]*+$", re.MULTILINE)
_TIME = re.compile(r"%time[ \t]+(?=\S)")
_KEPT = re.compile(r"%%(?:time|timeit|capture|prun)\b")  # what follows the first line of such a cell is Python
_TOKEN = re.compile(
    r"""
    (?P<triple>\'{3}|"{3}) | '(?:[^'\\\n]|\\.)*+'? | "(?:[^"\\\n]|\\.)*+"? | \#.*
    | (?P<open>[(\[{]) | (?P<close>[)\]}]) | \\\n | (?P<end>\n) | [^'"\#()\[\]{}\\\n]++ | .
    """,
    re.VERBOSE,
)
_INDENTED = re.compile(r"(?:[ \t]*+\n)*+([ \t]+)\S")
_SEGMENT = re.compile(
    r"^(?:(?:async def|def|class|import|from|if|for|while|with|try)\b|@|['\"]|[\w.]++(?:\(| *=))", re.MULTILINE
)
_MERGED = 30  # pieces that are tried as one when one alone is no Python: a string may hold what looks like a start
_PATIENCE = 10  # problems after which this is given up
_NOT_PYTHON = (ValueError, RecursionError, MemoryError)  # what the parser raises besides SyntaxError
_SHOWN = 60  # characters of a line in a note


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a cell.

    Args:
        cell: the cell's name.
        node: the statement; its lines are those of the cell.
    """

    cell: str
    node: ast.stmt

    @functools.cached_property
    def names(self) -> Names:
        """What it does with the names of its module."""
        return names_of(self.node)

    @property
    def start(self) -> tuple[int, int]:
        """Line and column where it begins, with its decorators."""
        lines = [node.lineno for node in (self.node, *getattr(self.node, "decorator_list", ()))]
        return min(lines), self.node.col_offset

    @property
    def end(self) -> tuple[int, int]:
        """Line and column where it ends."""
        return self.node.end_lineno, self.node.end_col_offset


@dataclass(frozen=True)
class Parsed:
    """A cell's statements.

    Args:
        cell: the cell, without Jupyter's notation and without what is no Python; its lines keep their numbers.
        statements: those of its top level.
        problems: a line for each part that is no Python.
        notes: a line on what was left out.
    """

    cell: Cell
    statements: tuple[Statement, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@functools.lru_cache(maxsize=500)
def parse(cell: Cell) -> Parsed:
    """The statements of a cell; nobody may change them, because they are remembered.

    Where the cell as a whole is no Python, its top-level statements are tried one by one: the mistake in one function
    costs no other.
    """
    code = cell.code.replace("\r\n", "\n").replace("\r", "\n")
    if indented := _INDENTED.match(code):  # a cell may be indented as a whole
        code = re.sub(f"^{indented[1]}", "", code, flags=re.MULTILINE)
    python, left_out = _without_notation(code)
    try:
        nodes, problems = _tree(python), []
    except (SyntaxError, *_NOT_PYTHON):
        python, nodes, problems = _by_segments(cell.name, code)
    statements = tuple(Statement(cell.name, node) for node in nodes)
    return Parsed(Cell(cell.name, python), statements, tuple(problems), _notes(cell.name, left_out))


def compile_one(statement: Statement, flags: int = 0) -> CodeType:
    """The code of one statement.

    Args:
        statement: what to compile.
        flags: the compiler's flags of the `from __future__` imports before it.

    Raises:
        SyntaxError: it cannot be compiled; the message is a line for the learner.
    """
    try:
        return compile(ast.Module([statement.node], []), statement.cell, "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        line = error.lineno or statement.start[0]
        raise SyntaxError(f"{statement.cell}, line {line}: syntax error ({error.msg})") from None
    except _NOT_PYTHON as error:
        line = statement.start[0]
        raise SyntaxError(f"{statement.cell}, line {line}: not Python code ({_reason(error)}).") from None


def _tree(code: str) -> list[ast.stmt]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "invalid escape sequence", which is no mistake yet
        return ast.parse(code).body


def _by_segments(name: str, code: str) -> tuple[str, list[ast.stmt], list[str]]:
    """What of the code is Python, its statements, and a problem for each piece that is none."""
    kept, nodes, problems = [], [], []
    segments = _segments(code)
    line = 0
    while segments:
        failed = None
        for number in range(1, min(len(segments), _MERGED if len(problems) < _PATIENCE else 1) + 1):
            piece, _ = _without_notation("".join(segments[:number]))
            try:
                nodes += [ast.increment_lineno(node, line) for node in _tree(piece)]
                break
            except SyntaxError as error:
                failed = failed or _syntax_error(name, code, line + (error.lineno or 1), error.msg)
            except _NOT_PYTHON as error:
                failed = failed or f"{name}, line {line + 1}: not Python code ({_reason(error)})."
        else:
            number = 1
            piece = "\n" * segments[0].count("\n")
            problems.append(failed)
        kept.append(piece)
        line += piece.count("\n")
        del segments[:number]
    return "".join(kept), nodes, problems


def _segments(code: str) -> list[str]:
    """The code in pieces, each of which may be a statement."""
    matches = [*_SEGMENT.finditer(code)]
    decorated = {match.start() for before, match in pairwise(matches) if before[0] == "@"}
    starts = sorted({0, *(match.start() for match in matches)} - decorated)
    return [code[start:end] for start, end in pairwise([*starts, len(code)])]


def _syntax_error(name: str, code: str, line: int, said: str) -> str:
    lines = code.split("\n")
    text = lines[line - 1].strip()[:_SHOWN] if line <= len(lines) else ""
    return f"{name}, line {line}: syntax error ({said})" + (f": {text}" if text else "")


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError | MemoryError):
        return "too deeply nested"
    return str(error).partition("\n")[0]


def _without_notation(code: str) -> tuple[str, list[tuple[int, str]]]:
    """The code with `pass` in place of what only Jupyter understands, and that with its line numbers."""
    start = len(code) - len(code.lstrip())
    if code.startswith("%%", start):
        first = code[start:].partition("\n")[0]
        if not _KEPT.match(first):
            return "\n" * code.count("\n"), [(code.count("\n", 0, start) + 1, first)]
    if not _MAYBE.search(code):
        return code, []
    pieces, left_out = [], []
    position, line, depth = 0, 1, 0
    new = True  # whether a statement may begin here
    while position < len(code):
        if new and (match := _NOTATION.match(_rest_of_line(code, position))):
            text = match[0]
            end = position + len(text)
            while code[end - 1] == "\\" and end < len(code):  # the command goes on in the next line
                end = _end_of_line(code, end + 1)
            body = text.lstrip()
            if timed := _TIME.match(body):
                replaced = match[1] + body[timed.end() :]
                end = position + len(text)
                text = timed[0]
            else:
                replaced = match[1] + "pass" + "\n" * code.count("\n", position, end)
            left_out.append((line, text.strip()))
            pieces.append(replaced)
            line += code.count("\n", position, end)
            position, new = end, False
            continue
        token = _TOKEN.match(code, position)
        end = token.end()
        match token.lastgroup:
            case "triple":
                end = _closing(code, end, token[0])
            case "open":
                depth += 1
            case "close":
                depth = max(depth - 1, 0)
        new = token.lastgroup == "end" and depth == 0
        pieces.append(code[position:end])
        line += code.count("\n", position, end)
        position = end
    return "".join(pieces), left_out


def _closing(code: str, start: int, quotes: str) -> int:
    """Where the string ends that these three quotes began before `start`."""
    while (found := code.find(quotes, start)) >= 0:
        before = code[start:found]
        if (len(before) - len(before.rstrip("\\"))) % 2 == 0:
            return found + 3
        start = found + 1
    return len(code)


def _rest_of_line(code: str, start: int) -> str:
    return code[start : _end_of_line(code, start)]


def _end_of_line(code: str, start: int) -> int:
    end = code.find("\n", start)
    return len(code) if end < 0 else end


def _notes(name: str, left_out: list[tuple[int, str]]) -> tuple[str, ...]:
    """One line for a cell; the book's own first cell, which installs the package, needs none."""
    told = [(line, text) for line, text in left_out if "rnnbook" not in text]
    if not told:
        return ()
    line, text = told[0]
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    more = f" and {len(told) - 1} more" if len(told) > 1 else ""
    return (f"{name}, line {line}: left out `{text}`{more}, which only Jupyter understands.",)
