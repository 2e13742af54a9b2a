"""The class's roster: who is in the class, and whose a submission is."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rnnbook.grading.errors import GradingError
from rnnbook.grading.intake.downloads import Label
from rnnbook.grading.intake.files import FILE, mb, without_suffix
from rnnbook.grading.intake.names import clean_name, squeezed, words

# What a column is, by its heading without case, spaces and punctuation.
_COLUMNS = {
    "name": ("name", "fullname", "student", "studentname", "learner", "displayname"),
    "first": ("first", "firstname", "givenname", "forename"),
    "last": ("last", "lastname", "surname", "familyname"),
    "email": ("email", "emailaddress", "mail"),
    "id": ("id", "studentid", "sid", "idnumber", "sisuserid", "identifier", "userid", "matriculationnumber"),
    "login": ("login", "username", "sisloginid", "loginid", "githubusername"),
    "file": ("file", "filename", "path", "folder", "submission"),
}
_UNIQUE = ("email", "id", "login", "file")
_KEPT_TOO = {"section", "group", "rootaccount", "lastmodifiedgrade"}  # of a platform's own tables
_PLATFORMS = {"sisuserid", "sisloginid", "maximumgrade", "gradecanbechanged"}  # headings that only those have
_NO_LEARNER = {"pointspossible", "studenttest"}  # Canvas's second line, and its test student


@dataclass(frozen=True)
class Person:
    """A line of the roster.

    Args:
        name: how the learner is called in the results.
        identity: the line's columns under their own headings.
        keys: what of each kind of column identifies the learner.
    """

    name: str
    identity: dict[str, str] = field(hash=False)
    keys: dict[str, tuple[str, ...]] = field(hash=False)


class Roster:
    """The learners of a class, found by what platforms and people call their files.

    Args:
        people: the lines.
    """

    def __init__(self, people: Iterable[Person] = ()):
        self.people = [*people]
        self._exact: dict[tuple[str, str], list[Person]] = defaultdict(list)
        self._partly: dict[tuple[str, ...], list[Person]] = defaultdict(list)
        for person in self.people:
            for kind, key in set(_exact_keys(person)):
                self._exact[kind, key].append(person)
            for key in set(_part_keys(person)):
                self._partly[key].append(person)

    def find(self, label: Label, origin: str = "") -> list[Person]:
        """Whose a submission is: one person; none when nobody's; several when the roster cannot tell them apart.

        The roster's own column of files decides first, then what identifies the learner on the platform, then the whole
        name, at last a name or an identifier among other words: "hw2_ada_lovelace_final".

        Args:
            label: what the submission's name says.
            origin: where it lies in the class's folder.
        """
        keys = [("file", origin.casefold()), ("file", without_suffix(origin).casefold())]
        keys += [("id", id.strip().casefold()) for id in (*label.ids, label.learner)]
        keys += [("name", squeezed(label.learner))]
        tries = [self._exact[key] for key in keys if key in self._exact] + [self._near(label.learner)]
        return next((people for people in tries if len(people) == 1), next(filter(None, tries), []))

    def _near(self, name: str) -> list[Person]:
        """Those of whom most words are in the name."""
        parts = set(words(name))
        keys = [key for key in self._partly if parts.issuperset(key)]
        longest = max(map(len, keys), default=0)
        people = [person for key in keys if len(key) == longest for person in self._partly[key]]
        return [*{id(person): person for person in people}.values()]


def read(path: str | Path) -> Roster:
    """Reads a roster, a CSV file with a heading for each column; Canvas's and Moodle's own tables are rosters, too.

    Args:
        path: the file. Of the columns name (or first and last), email, id, login and file, one is enough.

    Raises:
        GradingError: it cannot be read or used.
    """
    path = Path(path)
    lines = _lines(path, _text(path))
    number, headings = next(lines, (0, []))
    kinds = {heading: kind for heading in headings for kind, known in _COLUMNS.items() if squeezed(heading) in known}
    if not kinds:
        there = ", ".join(filter(None, headings)) or "none"
        raise GradingError(
            f"{path} has none of the columns name, email, id, login and file in its first line (it has: {there})."
        )
    if twice := {heading for heading in headings if heading and headings.count(heading) > 1}:
        raise GradingError(f"{path} has two columns {min(twice)}: rename or delete one of them.")
    kept = _kept(headings, kinds)
    people, seen = [], {}
    for number, cells in lines:
        if any(cells[len(headings) :]):
            raise GradingError(f'{path}, line {number} has too many cells: put "quotes" around text with commas.')
        row = {heading: cell for heading, cell in zip(headings, cells, strict=False) if heading}
        person = _person(row, kinds, kept)
        if not person or squeezed(person.name) in _NO_LEARNER:
            continue
        unique = [(heading, row[heading]) for heading in kinds if kinds[heading] in _UNIQUE and row.get(heading)]
        for heading, value in unique or [("name", person.name)]:
            first = seen.setdefault((heading, value.casefold()), number)
            if first != number:
                raise GradingError(
                    f"{path}, lines {first} and {number}: both have the {heading} {value}; delete one of them, or tell "
                    "them apart by an id."
                )
        people.append(person)
    if not people:
        raise GradingError(f"{path} has no learner: each line under the first should be one.")
    return Roster(people)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(FILE + 1)
    except OSError as error:
        raise GradingError(f"The roster {path} could not be read: {error.strerror}.") from None
    if len(content) > FILE:
        raise GradingError(f"The roster {path} has more than {mb(FILE)}: is it the right file?")
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise GradingError(f"{path} is not text in UTF-8: save it again as CSV UTF-8.") from None


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not empty, with their numbers; the columns are parted by what the first line has most of."""
    first = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [" ".join(cell.split()) for cell in cells]
    except csv.Error as error:
        raise GradingError(f"{path}, line {reader.line_num}: not CSV ({error}).") from None


def _kept(headings: list[str], kinds: dict[str, str]) -> list[str]:
    """The columns that say who a learner is; a platform's own table has many others, with marks."""
    if any(squeezed(heading) in _PLATFORMS for heading in headings):
        return [heading for heading in headings if heading in kinds or squeezed(heading) in _KEPT_TOO]
    return [heading for heading in headings if heading]


def _person(row: dict[str, str], kinds: dict[str, str], kept: list[str]) -> Person | None:
    keys = {
        kind: tuple(row[heading] for heading in kinds if kinds[heading] == kind and row.get(heading))
        for kind in _COLUMNS
    }
    full = " ".join(keys["first"][:1] + keys["last"][:1])
    others = (value for kind in ("login", "email", "id", "file") for value in keys[kind])
    name = next(filter(None, [*keys["name"], full, *others]), "")
    if not name:
        return None
    keys["name"] += (full,) if full else ()
    return Person(clean_name(name), {heading: row.get(heading, "") for heading in kept}, keys)


def _exact_keys(person: Person) -> Iterator[tuple[str, str]]:
    for file in person.keys["file"]:
        yield "file", file.strip("/").removeprefix("./").casefold()
    for kind in ("id", "login", "email"):
        for value in person.keys[kind]:
            yield "id", value.casefold()
            yield "id", value.casefold().removeprefix("participant ")  # Moodle's table and Moodle's files
            yield "id", value.casefold().partition("@")[0]
    for name in person.keys["name"]:
        parts = words(name)
        for turn in range(len(parts)):  # "Ada Lovelace" is also "lovelaceada"
            yield "name", "".join(parts[turn:] + parts[:turn])


def _part_keys(person: Person) -> Iterator[tuple[str, ...]]:
    """Words that tell the learner among other words: a full name, or an identifier of some length."""
    for name in person.keys["name"]:
        if len(words(name)) > 1:
            yield tuple(sorted(words(name)))
    for kind in ("id", "login"):
        for value in person.keys[kind]:
            if len(words(value)) == 1 and len(squeezed(value)) >= 4:
                yield words(value)
