"""What a class handed in: from a folder as a learning platform gives it to one submission a learner.

By idea, from the outside in:

    intake      whose each thing is, which attempt counts     roster      who is in the class
    downloads   what platforms and people call files          names       names safe to show, and comparable
    files       files listed and read within limits           archive     files in archives, unpacked in memory
    contents    a submission's files, read                    roles       which of them are for what
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rnnbook.grading.errors import GradingError
from rnnbook.grading.intake import archive, contents, files
from rnnbook.grading.intake import roster as rosters
from rnnbook.grading.intake.downloads import Label, class_files, is_class, is_platform, label, submitters
from rnnbook.grading.intake.files import File, Refused, kind, without_suffix
from rnnbook.grading.intake.names import clean_name
from rnnbook.grading.intake.roster import Person, Roster
from rnnbook.grading.types import Submission

# Files beside the submissions that are the instructor's, not a learner's.
_INSTRUCTORS = (".csv", ".tsv", ".xlsx", ".yml", ".yaml", ".json", ".md", ".db", ".log", ".html", ".htm")


@dataclass(frozen=True)
class _Item:
    """A file or folder at the top of a class's folder, and whose it is."""

    name: str
    files: tuple[File, ...]
    label: Label
    person: Person | None = None
    notes: tuple[str, ...] = ()

    @property
    def owner(self) -> tuple:
        """The same for all that one learner handed in; files of one plain name may be two learners'."""
        if self.person:
            return (id(self.person),)
        return (self.label.learner, self.label.ids if self.label.several else self.label.document)


def read(path: str | Path, learner: str = "") -> Submission:
    """One submission: a notebook, a Python file, an archive or a folder of them.

    Args:
        path: where it lies.
        learner: the learner's name; by default the file's.

    Raises:
        GradingError: there is nothing at this path.
    """
    path = Path(path)
    found, name = contents.contents(_listed(path)), clean_name(learner or without_suffix(path.name))
    return Submission(name, clean_name(path.name), found.sources, found.modules, found.notes, found.problem)


def collect(folder: str | Path, roster: str | Path | None = None) -> list[Submission]:
    """A class's submissions, sorted by learner.

    Args:
        folder: the class's folder, or an archive of it, as downloaded: a file or a folder for each learner, named by
            Canvas, Moodle, Gradescope, nbgrader or a person.
        roster: a CSV file of the class. Who is in it and handed in nothing gets a submission that says so.

    Returns:
        One submission a learner, each under a name of its own; what could not be read says so in its `problem`.

    Raises:
        GradingError: the folder or the roster cannot be read at all.
    """
    folder = Path(folder)
    people = rosters.read(roster) if roster else Roster()
    with contextlib.ExitStack() as opened:
        items = [*_items(_class(folder, people, opened), people)]
        if not items:
            raise GradingError(f"{folder} holds no submission: no notebook, Python file, archive or folder of them.")
        found = [(_submission(owned), owned[0].person) for owned in _grouped(items)]
    present = {id(person) for _, person in found}
    found += [(Submission("", problem="Handed in nothing."), p) for p in people.people if id(p) not in present]
    return _named(found, people)


def _listed(path: Path) -> list[File]:
    try:
        return files.listed(path.resolve(strict=True))
    except OSError as error:
        raise GradingError(f"{path} could not be opened: {error.strerror}.") from None


def _class(folder: Path, people: Roster, opened: contextlib.ExitStack) -> list[File]:
    """All files of the class; those in an archive can be read until `opened` is closed."""
    listed = _listed(folder)
    if not folder.is_dir():
        return _archived(folder, opened) if kind(folder.name) == "archive" else listed
    visible = [path for path in folder.iterdir() if not files.is_rubbish(path.name)]
    only = visible[0] if len(visible) == 1 else folder
    if kind(only.name) == "archive" and not is_platform(only.name) and only.is_file() and not only.is_symlink():
        with contextlib.suppress(GradingError):  # then it is a learner's, whose submission will say so
            inside = _archived(only, opened)
            known = {id(item.person) for item in _items(inside, people) if item.person}
            if is_class(inside) or len(known) > 1:
                return inside
    return class_files(listed)


def _archived(path: Path, opened: contextlib.ExitStack) -> list[File]:
    try:
        stream = opened.enter_context(path.open("rb"))
        return class_files(archive.members(path.name, stream, archive.CLASS), without_suffix(path.name))
    except Refused as why:
        raise GradingError(f"{path} was not read: it {why}.") from None


def _items(listed: Iterable[File], people: Roster) -> Iterator[_Item]:
    """What lies at the top, the instructor's own files left out; a group's folder comes once for each member."""
    tops: dict[str, list[File]] = {}
    for file in listed:
        tops.setdefault(file.path.partition("/")[0], []).append(file)
    groups = submitters(tops.get(files.METADATA, []))
    for name, inside in sorted(tops.items()):
        is_folder = any("/" in file.path for file in inside)
        labels = groups.get(name) or [label(name, is_folder)]
        inside = [file.at(file.path.partition("/")[2] if is_folder else labels[0].document) for file in inside]
        for one in labels:
            person, notes = None, []
            if found := people.find(one, name):
                person = found[0] if len(found) == 1 else None
            if people.people and not person:
                several = "Several lines of the roster match it: give the roster a column id or file."
                notes.append(several if found else "No line of the roster matches it.")
            if not (is_folder or kind(name) or person or is_platform(name)) and name.lower().endswith(_INSTRUCTORS):
                continue
            if len(labels) > 1:
                notes.append(f"Handed in by a group: {', '.join(clean_name(other.learner) for other in labels)}.")
            if one.late:
                notes.append("Marked as late in its file's name.")
            yield _Item(name, tuple(inside), one, person, tuple(notes))


def _grouped(items: list[_Item]) -> list[list[_Item]]:
    """The items of each learner."""
    owners: dict[tuple, list[_Item]] = {}
    for item in items:
        owners.setdefault(item.owner, []).append(item)
    return [*owners.values()]


def _submission(items: list[_Item]) -> Submission:
    """What one learner handed in, without a name yet that no other has; of several attempts, the newest."""
    latest: dict[str, _Item] = {}
    for item in sorted(items, key=lambda item: (item.label.attempt, item.name)):
        latest[item.name if item.label.document.endswith("/") else item.label.document] = item
    kept = sorted(latest.values(), key=lambda item: item.name)
    older = sorted({item.name for item in items} - {item.name for item in kept})
    notes = [f"{name} is an earlier attempt, and was left out." for name in older]
    notes += dict.fromkeys(note for item in kept for note in item.notes)
    # Of several folders, each keeps its name, so that no file takes another's place.
    apart = len(kept) > 1
    found = contents.contents(
        file.at(f"{item.name}/{file.path}") if apart and item.label.document.endswith("/") else file
        for item in kept
        for file in item.files
    )
    origin = ", ".join(item.name for item in kept)
    name = clean_name(items[0].label.learner.rstrip(files.APART))
    return Submission(name, origin, found.sources, found.modules, (*notes, *found.notes), found.problem)


def _named(found: list[tuple[Submission, Person | None]], people: Roster) -> list[Submission]:
    """The submissions, each under a name of its own: those of the roster's learners first, in its order."""
    places = {id(person): place for place, person in enumerate(people.people)}
    found = sorted(found, key=lambda pair: (places.get(id(pair[1]), len(places)), pair[0].learner, pair[0].origin))
    named: dict[str, Submission] = {}
    for submission, person in found:
        wish = person.name if person else submission.learner
        name, number = wish, 1
        while name in named:
            number += 1
            name = f"{wish} ({number})"
        notes = submission.notes
        if number > 1:
            notes = (f"Another submission has the name {wish}, too.", *notes)
        identity = person.identity if person else {}
        named[name] = replace(submission, learner=name, notes=notes, identity=identity)
    return [named[name] for name in sorted(named, key=lambda name: (name.casefold(), name))]
