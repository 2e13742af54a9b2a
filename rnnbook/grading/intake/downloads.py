"""Who handed in what, read from the names that Canvas, Moodle, Gradescope, nbgrader and people give to files."""

import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from rnnbook.grading.errors import GradingError
from rnnbook.grading.intake.files import METADATA, File, Refused, kind, without_suffix

_CANVAS = re.compile(r"([^_]+?)(_LATE)?_(\d+)_\d{3,}_(.+)", re.IGNORECASE)
_MOODLE = re.compile(r"(.+?)_(\d+)_assignsubmission_(?:file|onlinetext)_?(.*)")
_AGAIN = re.compile(r" ?\((\d{1,4})\)$")  # a browser's mark of a second file of one name
_CANVAS_AGAIN = re.compile(r"-(\d{1,4})$")  # Canvas's mark of a second attempt
_COPY = re.compile(r"-Copy\d{1,4}$")  # Jupyter's mark of a duplicate
_OTHER_SUFFIX = re.compile(r"(?<=.)\.\w{1,5}$")  # of a file that is not read: whose it is counts all the same
_CLASS_FOLDER = re.compile(r"submissions?|submitted|downloads?|assignment_\d+_export", re.IGNORECASE)


@dataclass(frozen=True)
class Label:
    """What a file's or a folder's name says.

    Args:
        learner: the name in it.
        ids: what identifies the learner on the platform.
        document: the learner's own name of the file, without marks of attempts; a folder's ends in "/".
        attempt: which attempt, from 0.
        late: whether the platform marks it as late.
        several: whether files with other documents may be the same learner's.
    """

    learner: str
    ids: tuple[str, ...] = ()
    document: str = "/"
    attempt: int = 0
    late: bool = False
    several: bool = False


def label(name: str, is_folder: bool = False) -> Label:
    """Reads the name of a file or folder at the top of a class's folder.

    >>> label("lovelaceada_LATE_12345_67890_02_rnn-1.ipynb").document
    '02_rnn.ipynb'
    """
    name = unicodedata.normalize("NFC", name)
    if found := _MOODLE.fullmatch(name):
        document, attempt = ("/", 0) if is_folder else _attempt(found[3] or name, _AGAIN)
        return Label(found[1], (found[2],), document, attempt, several=True)
    if not is_folder and (found := _CANVAS.fullmatch(name)):
        document, attempt = _attempt(found[4], _CANVAS_AGAIN)
        return Label(found[1], (found[3],), document, attempt, bool(found[2]), several=True)
    if is_folder:
        return Label(name, document=f"{name}/")
    document, attempt = _attempt(name, _AGAIN)
    stem = without_suffix(document) if kind(document) else _OTHER_SUFFIX.sub("", document)
    learner, chapter = _without_chapter(stem)
    return Label(learner, (), document, attempt, several=bool(chapter))


def is_platform(name: str) -> bool:
    """Whether a learning platform gave this name, so that a learner is behind it whatever the file is."""
    return bool(_MOODLE.fullmatch(name) or _CANVAS.fullmatch(name))


def class_files(files: list[File], archive: str = "") -> list[File]:
    """The class's files seen from the folder in which each learner has a file or a folder.

    Args:
        files: all of them.
        archive: the name of the archive that they come from, without its suffix.
    """
    while True:
        tops = {file.path.partition("/")[0] for file in files}
        folders = {file.path.partition("/")[0] for file in files if "/" in file.path}
        if "submitted" in folders:  # nbgrader's, beside its source, release and gradebook
            top = "submitted"
        elif len(tops) == 1 and (only := min(tops)) in folders and (_CLASS_FOLDER.fullmatch(only) or only == archive):
            top = only
        else:
            return files
        files = [file.at(file.path.removeprefix(f"{top}/")) for file in files if file.path.startswith(f"{top}/")]
        files, archive = [file for file in files if file.path], ""


def is_class(files: Iterable[File]) -> bool:
    """Whether an archive's files look like a class's submissions and not like one learner's."""
    tops = {file.path.partition("/")[0] for file in files}
    return METADATA in tops or any(is_platform(top) or kind(top) == "archive" for top in tops)


def submitters(files: Iterable[File]) -> dict[str, list[Label]]:
    """From Gradescope's metadata: the learners of each submission's folder, several for a group; {} without.

    Raises:
        GradingError: the metadata cannot be read.
    """
    metadata = next((file for file in files if file.path == METADATA), None)
    if not metadata:
        return {}
    import yaml

    try:
        groups = {}
        for folder, section in _sections(metadata.read().decode("utf-8-sig")):
            # The loader in C is quicker, and a thousand brackets end the process: this one raises RecursionError.
            entries = yaml.load(section, Loader=yaml.SafeLoader)[":submitters"]
            groups[folder] = [label for label in map(_submitter, entries) if label.learner]
        if groups:
            return groups
    except (yaml.YAMLError, Refused, ValueError, LookupError, TypeError, RecursionError):
        pass
    raise GradingError(
        f"{METADATA} is not as Gradescope writes it: download the submissions again, or delete that file."
    )


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Of Gradescope's metadata, each submission's folder and the lines on its submitters; much else is in it."""
    folder, section, inside = "", [], False
    for line in [*text.splitlines(), "end:"]:
        if line[:1].strip():
            if section:
                yield folder, "\n".join(section)
            folder, section, inside = line.rstrip().removesuffix(":").strip("'\""), [], False
        elif line.startswith("  :"):
            inside = line.startswith("  :submitters:")
        section += [line] if inside else []


def superseded(paths: Collection[str]) -> dict[str, str]:
    """Of files in one submission that are versions of one another: each that does not count, with the one that does.

    The newest by its name counts, "rnn (2).ipynb" and not "rnn.ipynb". Jupyter's "rnn-Copy1.ipynb" does not count where
    its original is there.
    """
    versions: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for path in paths:
        name, attempt = _attempt(path, _AGAIN)
        versions[name].append((attempt, path))
    newest = {path: max(group)[1] for group in versions.values() for _, path in group}
    for path in paths:
        stem = without_suffix(path)
        original = _COPY.sub("", stem) + path[len(stem) :]
        if original in newest:
            newest[path] = newest[original]
    return {path: newest[path] for path in paths if newest[path] != path}


def _submitter(entry: dict) -> Label:
    entry = dict(entry)
    name, *ids = (str(entry.get(key) or "") for key in (":name", ":sid", ":email"))
    ids = tuple(filter(None, ids))
    return Label(name or "".join(ids[-1:]), ids, several=True)


def _attempt(name: str, mark: re.Pattern) -> tuple[str, int]:
    """The name without the mark of a second attempt, and its number."""
    stem = without_suffix(name)
    found = mark.search(stem) or _AGAIN.search(stem)
    if not found or not found.start():
        return name, 0
    return stem[: found.start()] + name[len(stem) :], int(found[1])


def _without_chapter(stem: str) -> tuple[str, str]:
    """A name without the chapter's at its end or beginning, and that chapter's: "ada_02_rnn" is Ada's."""
    if not re.search(r"\d\d_[a-z]", stem):
        return stem, ""
    for chapter in _chapters():
        rest = re.sub(rf"[ _.-]+{chapter}$|^{chapter}[ _.-]+", "", stem)
        if rest != stem and rest:
            return rest, chapter
    return stem, ""


@functools.cache
def _chapters() -> tuple[str, ...]:
    from rnnbook.exercises.catalogue import catalogue

    return tuple(sorted({exercise.chapter for exercise in catalogue()}))
