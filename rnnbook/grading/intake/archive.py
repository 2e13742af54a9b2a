"""Archives, unpacked in memory and never to disk: nothing that a header says is believed before it is checked.

The limits are those of `files`. A zip is read one member at a time, when it is asked for; a tar once, from beginning to
end.
"""

import contextlib
import gzip
import itertools
import re
import stat
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from rnnbook.grading.intake.files import MEMBERS, METADATA, TOTAL, File, Refused, is_rubbish, kind, mb, too_large
from rnnbook.grading.intake.names import clean_name

_RATIO = 200  # deflate reaches 1032; notebooks rarely 20
_SMALL = 2**20  # bytes: below, the ratio does not matter
_ENTRY = re.compile(rb"PK\x01\x02")  # begins an entry of a zip's directory
_DAMAGED = "is no archive that can be read, because it is not complete, or not what its name says"


@dataclass(frozen=True)
class Limits:
    """What an archive may hold.

    Args:
        members: files, rubbish not counted.
        stream: bytes that a tar may have unpacked, rubbish and data included.
        kept: bytes of those of a tar's files that are read at all.
    """

    members: int = MEMBERS
    stream: int = 4 * TOTAL
    kept: int = TOTAL


SUBMISSION = Limits()
CLASS = Limits(members=200_000, stream=2**31, kept=2**29)


def unpack(name: str, content: bytes) -> list[File]:
    """The files of a learner's archive, those that are refused included.

    Args:
        name: the archive's file name, whose suffix says its kind.
        content: its bytes.

    Raises:
        Refused: the archive is damaged or breaks a limit as a whole.
    """
    return members(name, BytesIO(content), SUBMISSION)


def members(name: str, stream: BinaryIO, limits: Limits) -> list[File]:
    """The files of an open archive; the stream must stay open until the last one has been read.

    Args:
        name: the archive's file name.
        stream: its bytes, seekable.
        limits: what it may hold.

    Raises:
        Refused: the archive is damaged or breaks a limit as a whole.
    """
    try:
        return _unique(_zip(stream, limits) if name.lower().endswith(".zip") else _tar(stream, limits))
    except Refused:
        raise
    except Exception as error:  # whatever the library raises over bytes that are no archive, there is nothing to read
        raise Refused(_DAMAGED) from error


def _zip(stream: BinaryIO, limits: Limits) -> Iterable[File]:
    if _entries(stream, 20 * limits.members) > 20 * limits.members:
        raise Refused(f"holds more than {20 * limits.members} files")  # said before a directory of that size is read
    archive = zipfile.ZipFile(stream)
    placed = sorted(archive.infolist(), key=lambda info: info.header_offset)
    if any(a.header_offset + 30 + a.compress_size > b.header_offset for a, b in itertools.pairwise(placed)):
        raise Refused("is not honest: its files overlap")
    infos = [info for info in archive.infolist() if not is_rubbish(info.filename.replace("\\", "/"))]
    _check_count(sum(not info.is_dir() for info in infos), limits)
    return [_zip_member(archive, info) for info in infos]


def _entries(stream: BinaryIO, most: int) -> int:
    """How many entries a zip's directory can have at most: its own count of them may lie."""
    stream.seek(0)
    found, tail = 0, b""
    while found <= most and (block := stream.read(2**20)):
        found += sum(1 for _ in itertools.islice(_ENTRY.finditer(tail + block), most + 1))
        tail = block[-3:]
    return found


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> File:
    name = info.orig_filename
    if not info.flag_bits & 0x800:  # no mark of UTF-8; macOS writes UTF-8 all the same
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    try:
        path = safe_path(name)
    except Refused as why:
        return File(clean_name(name), refused=str(why))
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return File(path, refused="is a link or a device, not a file")
    if info.is_dir():
        return File(path)
    if info.flag_bits & 0x41:
        return File(path, refused="is encrypted: zip it without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return File(path, refused="is compressed in an unusual way: zip it anew")
    if info.file_size > max(_SMALL, _RATIO * info.compress_size):
        return File(path, refused=f"would unpack to more than {_RATIO} times its size")

    def read() -> bytes:
        try:
            with archive.open(info) as member:
                return member.read(info.file_size + 1)  # the library decompresses no more than it is asked for
        except Exception as error:  # as above
            raise Refused("is damaged in the archive") from error

    return File(path, info.file_size, read, too_large(path, info.file_size))


def _tar(stream: BinaryIO, limits: Limits) -> Iterable[File]:
    size = stream.seek(0, 2)
    stream.seek(0)
    packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    most = min(limits.stream, max(_SMALL, _RATIO * size)) if packed else limits.stream
    bounded = _Bounded(gzip.GzipFile(fileobj=stream) if packed else stream, most)
    files, kept, seen = [], 0, 0
    with tarfile.open(fileobj=bounded, mode="r|", tarinfo=_Strict) as archive:  # "r|": forward only
        while member := archive.next():
            seen += 1
            _check_count(seen // 20, limits)
            if is_rubbish(member.name.replace("\\", "/")):
                continue
            file = _tar_member(archive, member)
            kept += file.size if file.read is not bytes else 0
            if kept > limits.kept:
                raise Refused(f"holds more than {mb(limits.kept)}")
            files.append(file)
            _check_count(len(files), limits)
    return files


def _tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> File:
    name = member.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        path = safe_path(f"{name}/" if member.isdir() else name)
    except Refused as why:
        return File(clean_name(name), refused=str(why))
    if member.isdir():
        return File(path)
    if not member.isreg() or member.issparse():
        return File(path, refused="is a link or a device, not a file")
    if refused := too_large(path, member.size):
        return File(path, member.size, refused=refused)
    if not kind(path) and not path.endswith(METADATA):
        return File(path, member.size)
    content = archive.extractfile(member).read()
    return File(path, len(content), lambda: content)


class _Bounded:
    """A stream that ends in Refused when more is read of it than allowed, whatever the headers say."""

    def __init__(self, stream: BinaryIO, most: int):
        self._stream = stream
        self._left = self._most = most

    def read(self, size: int) -> bytes:
        block = self._stream.read(size)
        self._left -= len(block)
        if self._left < 0:
            raise Refused(f"would unpack to more than {mb(self._most)}")
        return block


class _Strict(tarfile.TarInfo):
    """A member's header; the library takes a damaged one for the archive's end."""

    @classmethod
    def frombuf(cls, *args):
        try:
            return super().frombuf(*args)
        except (tarfile.EOFHeaderError, tarfile.EmptyHeaderError):
            raise
        except tarfile.HeaderError as error:
            raise Refused(_DAMAGED) from error


def safe_path(name: str) -> str:
    """A member's path within the archive, with "/"; a folder's ends in it.

    Raises:
        Refused: it would lead out of the archive's folder, or is no name that a person gives.
    """
    path = name.replace("\\", "/")
    parts = [clean_name(part, 255) for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        raise Refused("has an absolute path")
    if ".." in parts:
        raise Refused('has ".." in its path')
    if not parts or re.search(r"[\x00-\x1f\x7f]", path) or len(path) > 1000 or len(parts) > 20:
        raise Refused("has an impossible name")
    return "/".join(parts) + "/" * path.endswith("/")


def _check_count(number: int, limits: Limits) -> None:
    if number > limits.members:
        raise Refused(f"holds more than {limits.members} files")


def _unique(files: Iterable[File]) -> list[File]:
    """Of files whose paths differ in case alone, or not at all, the last one: so does an unpacker on a Mac."""
    latest: dict[str, File] = {}
    notes = []
    twice = "is in the archive more than once, or in two spellings: the last counts"
    for file in files:
        key = file.path.casefold()
        if key in latest and not file.path.endswith("/"):
            notes.append(File(file.path, refused=twice))
        latest[key] = file
    return [*latest.values(), *notes]
