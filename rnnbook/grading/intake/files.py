"""Files that learners handed in, wherever they lie: listed first, read one at a time, and never without a limit."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rnnbook.grading.intake.names import clean_name

MEMBERS = 1000  # files in one submission
FILE = 20 * 2**20  # bytes of one file
METADATA = "submission_metadata.yml"  # Gradescope's list of who handed in which folder
TOTAL = 50 * 2**20  # bytes of all files of one submission that are read, and of an archive
APART = "~"  # added to a name that looks like another's
_SCANNED = 20 * MEMBERS  # entries of a folder that are looked at, rubbish included
_DEPTH = 20  # folders in folders

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_RUBBISH = {"__macosx", "__pycache__", "node_modules", "venv", "thumbs.db", "desktop.ini", "timestamp.txt"}


class Refused(Exception):
    """Something that is not read. The message goes on from its name: "is a link"."""


@dataclass(frozen=True)
class File:
    """One file, not read yet; a folder without files is one, too, and its path ends in "/".

    Args:
        path: where it lies in what was handed in, with "/", safe to show.
        size: its bytes, as far as is known before reading.
        read: gives its content, at most `FILE` bytes (an archive's `TOTAL`); raises Refused.
        refused: why it will not be read.
    """

    path: str
    size: int = 0
    read: Callable[[], bytes] = bytes
    refused: str = ""

    def at(self, path: str) -> "File":
        """The same file at another path."""
        return File(path, self.size, self.read, self.refused)


def kind(path: str) -> str:
    """What a file's name says that it is: "notebook", "python", "archive", or "" for what is not read."""
    name = path.lower()
    if name.endswith(_ARCHIVES):
        return "archive"
    return {".ipynb": "notebook", ".py": "python"}.get(os.path.splitext(name)[1], "")


def without_suffix(name: str) -> str:
    """A file's name without ".ipynb", ".tar.gz" and the like; other names as they are."""
    suffixes = (".ipynb", ".py", *sorted(_ARCHIVES, key=len, reverse=True))
    return next((name[: -len(suffix)] for suffix in suffixes if name.lower().endswith(suffix)), name)


def is_rubbish(path: str) -> bool:
    """Whether tools left a file there, such as .ipynb_checkpoints: hidden files and caches, nobody's work."""
    return any((part.startswith(".") and part.strip(".")) or part.lower() in _RUBBISH for part in path.split("/"))


def mb(size: int) -> str:
    """A number of bytes as "20 MB"."""
    return f"{size / 2**20:.0f} MB"


def limit(path: str) -> int:
    """How many bytes a file may have."""
    return TOTAL if kind(path) == "archive" else FILE


def too_large(path: str, size: int) -> str:
    """Why a file of this size is not read; "" when it is small enough."""
    return f"has {mb(size)}, more than {mb(limit(path))}" if size > limit(path) else ""


def listed(path: Path) -> list[File]:
    """The files of a folder on disk, by name, or the one file that the path is; links are refused, rubbish left out.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    if not path.is_dir():
        return [_file(os.fspath(path), path.name)]
    files: list[File] = []
    names: set[str] = set()
    for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
        if not is_rubbish(entry.name):
            name = _shown(entry.name)
            while name in names:  # names that differ in invisible characters are two learners'
                name = f"{without_suffix(name)}{APART}{name[len(without_suffix(name)) :]}"
            names.add(name)
            files.extend(_below(entry, name))
    return files


def _below(top: os.DirEntry, name: str) -> Iterator[File]:
    """What lies at or under one entry, shown by a name; it ends after one file more than a submission may have."""
    scanned = found = 0
    stack = [(top, name)]
    while stack and found <= MEMBERS and scanned <= _SCANNED:
        entry, name = stack.pop()
        if not _is_folder(entry):
            found += 1
            yield _file(entry.path, name)
            continue
        if name.count("/") >= _DEPTH:
            yield File(_shown(name), refused="lies too deep in folders")
            continue
        try:
            inside = sorted(os.scandir(entry.path), key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            yield File(_shown(name), refused=f"could not be opened: {error.strerror}")
            continue
        scanned += len(inside)
        inside = [below for below in inside if not is_rubbish(below.name)]
        stack += [(below, f"{name}/{below.name}") for below in inside]
        if not inside:
            yield File(f"{_shown(name)}/")
    if scanned > _SCANNED:
        yield File(name, refused=f"holds more than {_SCANNED} files")


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _file(location: str, name: str) -> File:
    """A file on disk; only a regular one, of a size within the limit, will ever be opened."""
    name = _shown(name)
    try:
        status = os.lstat(location)
    except (OSError, ValueError) as error:
        return File(name, refused=f"could not be opened: {getattr(error, 'strerror', '') or error}")
    if stat.S_ISLNK(status.st_mode):
        return File(name, refused="is a link, which is not followed")
    if not stat.S_ISREG(status.st_mode):
        return File(name, refused="is a device or a pipe, not a file")

    def read() -> bytes:
        # The file may have changed since: never a link, never a pipe that blocks, never more than the limit.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            with open(os.open(location, flags), "rb") as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    raise Refused("is no longer a file")
                content = stream.read(limit(name) + 1)
        except OSError as error:
            raise Refused(f"could not be read: {error.strerror}") from None
        if len(content) > limit(name):
            raise Refused(too_large(name, len(content)))
        return content

    return File(name, status.st_size, read, too_large(name, status.st_size))


def _shown(path: str) -> str:
    """A path on disk, safe to show; bytes that are no text come out as "\N{REPLACEMENT CHARACTER}"."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "/".join(clean_name(part, 255) for part in text.split("/"))
