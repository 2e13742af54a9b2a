"""The statements that given names need, and no others: no training, no plots, no experiments.

Needed is each statement that binds a needed name, or changes the object behind it; then all names that it reads are
needed too. What may bind any name (a star import, `exec`) always is.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rnnbook.exercises.source.cells import Cell
from rnnbook.exercises.source.names import ANY, Names, code_in_strings
from rnnbook.exercises.source.syntax import Statement, parse

# Calls that only look at what they are given, though their value is not used.
_SHOWING = re.compile(
    r"(?:.*\.)?(?:print|pprint|display|show|check|help|quiz|save\w*|dump|plot\w*|imshow|hist|bar|scatter|assert\w*|test\w*"
    r"|summary|describe|head|len|repr|type)|(?:plt|sns|px|axe?s?|figs?|figure)\..*"
)
# Methods that change an object, even in the midst of an expression; and functions of a module that change its ways.
_CHANGING = re.compile(
    r"append|extend|insert|remove|pop|popitem|clear|update|setdefault|add|discard|sort|reverse|fit|train|eval|step"
    r"|backward|load_state_dict|register\w*|add_\w+|set_\w+|__set\w+__|[a-z]\w*[a-z0-9]_"
)
_SETTING = re.compile(r"set_\w+|seed|manual_seed|use_\w+|register\w*|filterwarnings|simplefilter")


def needed(statements: Sequence[Statement], wanted: Iterable[str]) -> list[Statement]:
    """The statements, in order, that the wanted names need."""
    names = [statement.names for statement in statements]
    wanted = {*wanted}
    touching = defaultdict(list)  # name: the statements that it needs
    for number, triggers in enumerate(_triggers(names, wanted)):
        for name in triggers:
            touching[name].append(number)
    by_string = any(each.dynamic or ANY in each.binds for each in names)
    definitions = set().union(*(each.defines for each in names))
    chosen, told, left = set(), set(), [*wanted, ANY]
    while left:
        name = left.pop()
        if name in told:
            continue
        told.add(name)
        for number in touching[name]:
            if number not in chosen:
                chosen.add(number)
                left += names[number].reads
                if names[number].dynamic:
                    left += definitions
                if by_string:
                    left += code_in_strings(statements[number].node)[1]
    return [statements[number] for number in sorted(chosen)]


def reduced(cells: Sequence[Cell], wanted: Iterable[str]) -> list[Cell]:
    """The cells with nothing in them but what the wanted names need, each line at its place.

    To load these again and again is quicker; their problems and notes are gone.
    """
    parsed = [parse(cell) for cell in cells]
    kept = defaultdict(list)
    for statement in needed([statement for part in parsed for statement in part.statements], wanted):
        kept[statement.cell].append(statement)
    return [Cell(part.cell.name, _only(part.cell.code, kept[part.cell.name])) for part in parsed]


def _only(code: str, statements: list[Statement]) -> str:
    lines = code.encode().split(b"\n")  # columns count bytes
    kept = [b""] * len(lines)
    for statement in statements:
        (first, start), (last, end) = statement.start, statement.end
        for line in range(first, last + 1):
            text = lines[line - 1][: end if line == last else None]
            if line == first:
                text = (b"; " if kept[line - 1] else b"") + text[start:]
            kept[line - 1] += text
    return b"\n".join(kept).decode()


def _triggers(names: list[Names], wanted: set[str]) -> Iterable[set[str]]:
    """For each statement, the names any one of which makes it needed."""
    defined = set().union(*(each.defines for each in names))
    data = set().union(*(each.binds - each.imports for each in names)) - defined - {ANY}
    objects = set().union(*(each.binds - each.imports - each.fixed for each in names)) - defined - wanted
    aliases, effects, patches = defaultdict(set), defaultdict(set), defaultdict(set)
    for each in names:
        for name, other in each.aliases:
            aliases[name].add(other)
        for name in each.defines:
            patches[name] |= each.patches
    for name, changes in _effects(names, wanted).items():
        effects[name] = {changed for changed, how in changes if _counts(changed, how, data, defined)}

    for each in names:
        changed = {name for name, how in each.changes if _counts(name, how, data, defined)}
        for function, handed in each.passes:
            if not _SHOWING.fullmatch(function) and function not in wanted:
                changed |= {name for name in handed.values() if name in objects}
            changed |= {name for place, name in handed.items() if place in patches[function]}
        behind = _closure(changed & data, aliases) & data
        yield each.binds.union(changed, behind, *(effects[name] for name in each.calls))


def _counts(name: str, how: str, data: set[str], defined: set[str]) -> bool:
    """Whether what is done to the object of this name changes it."""
    method = how.removeprefix("!")
    if how == "=":
        return True
    if name not in data and name not in defined:  # a module
        return how != method and bool(_SETTING.fullmatch(method))
    return bool(_CHANGING.fullmatch(method)) or (how != method and not _SHOWING.fullmatch(method))


def _effects(names: list[Names], wanted: set[str]) -> Mapping[str, set[tuple[str, str]]]:
    """What calling each function changes, by itself or by the functions that it calls, the wanted ones apart."""
    effects = {name: {*each.effects} for each in names for name in each.defines}
    reads = defaultdict(set)
    for each in names:
        for name in each.defines:
            effects[name] |= each.effects
            reads[name] |= each.reads & {*effects} - wanted
    return {
        name: set().union(*(effects[other] for other in _closure({name}, reads)), effects[name]) for name in effects
    }


def _closure(names: set[str], links: Mapping[str, set[str]]) -> set[str]:
    """What the links lead to."""
    reached, left = set(), [*names]
    while left:
        for name in links.get(left.pop(), ()):
            if name not in reached:
                reached.add(name)
                left.append(name)
    return reached
