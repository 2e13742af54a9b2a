"""What a class run has found so far: an append-only file that outlives a kill at any moment.

The record is a dictionary on disk, a line of JSON for each entry. A key is the digest of everything that the value
follows from, so that an entry is never out of date: when a test changes, its entries are simply not asked for again.
"""

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from rnnbook.files import put
from rnnbook.grading.errors import GradingError

FILE = "record.jsonl"
SECRET = "secret"


def digest(content: object) -> str:
    """SHA-256 of the canonical JSON of plain data."""
    return hashlib.sha256(_canonical(content)).hexdigest()


class Record:
    """The record in an output folder, for one run at a time.

    Args:
        folder: the output folder; made when it is not there.

    Attributes:
        remarks: a line for each thing that was wrong with the file.
    """

    def __init__(self, folder: Path):
        self.remarks: list[str] = []
        self._path = folder / FILE
        self._entries: dict[str, object] = {}
        self._file = -1

    def __enter__(self) -> "Record":
        """Locks and reads the file.

        Raises:
            GradingError: another run has the folder, or the file cannot be used.
        """
        with self._explained(), contextlib.ExitStack() as undo:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            undo.callback(self.__exit__)
            self._lock()
            self._read()
            undo.pop_all()
        return self

    def __exit__(self, *_) -> None:
        """Lets the next run have the folder; so does the system when this process is killed."""
        os.close(self._file)
        self._file = -1

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def get(self, key: str) -> object | None:
        """The value of a key, or None."""
        return self._entries.get(key)

    def add(self, entries: Mapping[str, object]) -> None:
        """Adds entries, or replaces them. When this returns, they are on the disk.

        Raises:
            GradingError: they could not be written.
        """
        lines = b"".join(_line(key, value) for key, value in entries.items())
        with self._explained():
            while lines:
                lines = lines[os.write(self._file, lines) :]
            os.fsync(self._file)
        self._entries.update(entries)

    def _lock(self) -> None:
        import fcntl  # not on Windows, where there is no sandbox either

        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            folder = self._path.parent
            raise GradingError(
                f"Another `rnnbook grade` is at work in {folder}: wait for its end, or choose another --output."
            ) from None

    def _read(self) -> None:
        with open(self._path, "rb") as file:
            *lines, torn = file.read().split(b"\n")
        if torn:
            os.ftruncate(self._file, os.fstat(self._file).st_size - len(torn))
            self.remarks.append(f"{self._path}: the last line was cut off half-way. What was there is graded again.")
        garbled = 0
        for line in lines:
            try:
                entry = json.loads(line)
                key, value = entry["key"], entry["value"]
                if entry["sum"] != _sum(key, value):
                    raise ValueError("not what was written")
                self._entries[key] = value
            except (ValueError, LookupError, TypeError, RecursionError):
                garbled += 1
        if garbled:
            lines = f"{garbled} line{'s' * (garbled != 1)}"
            self.remarks.append(f"{self._path}: {lines} damaged. What was there is graded again.")

    @contextlib.contextmanager
    def _explained(self):
        try:
            yield
        except OSError as error:
            raise GradingError(
                f"{self._path} cannot be used ({error.strerror}): free the disk or choose another --output."
            ) from None


def secret(folder: Path, file: Path | None = None) -> bytes:
    """The key from which the seeds of hidden random numbers come: a given file's, or the output folder's own.

    Args:
        folder: the output folder, in which the secret is made on the first run and found again on the next.
        file: a file of the instructor's.

    Returns:
        The key.

    Raises:
        GradingError: the file cannot be read, or holds no secret.
    """
    path = file or folder / SECRET
    if file is None and not path.exists():
        put(path, secrets.token_hex(32) + "\n", mode=0o600)
    try:
        content = path.read_bytes().strip()
    except OSError as error:
        raise GradingError(f"The secret {path} cannot be read: {error.strerror}.") from None
    if len(content) < 16:
        raise GradingError(
            f"The secret {path} is shorter than 16 characters: put it back from a copy, "
            "or make a new one (python -c 'import secrets; print(secrets.token_hex())'), which grades all anew."
        )
    return content


def _line(key: str, value: object) -> bytes:
    return _canonical({"key": key, "value": value, "sum": _sum(key, value)}) + b"\n"


def _sum(key: str, value: object) -> str:
    return digest([key, value])[:16]


def _canonical(content: object) -> bytes:
    """ASCII throughout, so that lone surrogates of a learner's text do no harm."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")
