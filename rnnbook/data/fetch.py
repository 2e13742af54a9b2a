"""Getting a published file: from a folder of originals, from the cache, or from the network, and always verified."""

import errno
import os
import tempfile
import warnings
import zipfile
from pathlib import Path

from requests import exceptions as http

from rnnbook.data.registry import Source
from rnnbook.files import put

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # in a notebook, its progress bar misses ipywidgets, and does without
    import pooch


class DataError(RuntimeError):
    """A data set cannot be had. The message says why, and what to do about it."""


def fetch(source: Source, data_dir: str | os.PathLike | None = None, *, exact: bool = True) -> Path:
    """The path of a published file whose content has been verified.

    A folder of already downloaded originals, when one is named, is the only place that is searched. Otherwise the file
    comes from the cache, or is downloaded into it: from `source.url`, then from each mirror in turn. A cached copy that
    has been damaged is downloaded anew. A file enters the cache in one step, after it has been verified.

    What the file must be is its published SHA-256. Where its owner publishes none, the SHA-256 of the first download is
    recorded beside the cached copy, and a later download that differs from it is refused.

    Args:
        source: the registry's entry.
        data_dir: a folder of originals; the environment variable `RNNBOOK_DATA` where it is None.
        exact: refuse an original that is not the published file. A caller that takes another one, such as an archive
            packed anew, tells its user what differs. A download is never taken for less than the published file.

    Raises:
        DataError: no network, a wrong checksum, a cut connection, a full disk, or no such file in `data_dir`.
    """
    folder = data_dir or os.environ.get("RNNBOOK_DATA")
    return _find(source, Path(folder).expanduser(), exact) if folder else _cached(source)


def cache_folder() -> Path:
    """The folder of downloaded files: the environment variable `RNNBOOK_CACHE`, or else the user's cache folder."""
    return Path(os.environ.get("RNNBOOK_CACHE") or pooch.os_cache("rnnbook")).expanduser()


def _find(source: Source, folder: Path, exact: bool) -> Path:
    """The file in a folder of originals."""
    for path in (folder / file for file in source.files):
        if path.is_file():
            if exact and (problem := _problem(path, source.sha256)):
                raise DataError(f"{path} is not the published file: {problem}. To mend it, {_remedy(source)}")
            return path
    raise DataError(
        f"No {' or '.join(source.files)} in {folder}, the folder that data_dir or RNNBOOK_DATA names. "
        f"Put {source.url} there, or name no folder, and it is downloaded."
    )


def _cached(source: Source) -> Path:
    """The file in the cache, downloaded where it is missing or damaged."""
    path = cache_folder() / source.name / Path(source.files[0]).name
    record = path.with_name(f"{path.name}.sha256")
    try:
        sha256 = source.sha256 or (record.read_text().strip() if record.exists() else None)
        if path.exists() and _problem(path, sha256):
            path.unlink()
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _download(source, path, sha256, record)
        if sha256 is None:
            put(record, pooch.file_hash(str(path)) + "\n")
    except OSError as error:
        remedy = "Free some space" if error.errno == errno.ENOSPC else "Make that folder writable"
        raise DataError(
            f"Cannot store {source.name} in {cache_folder()}: {error.strerror or error}. "
            f"{remedy}, or set RNNBOOK_CACHE to another folder."
        ) from error
    return path


def _download(source: Source, path: Path, sha256: str | None, record: Path) -> None:
    """Download to a temporary folder, verify, and only then move to `path`."""
    reasons = []
    for url in (source.url, *source.mirrors):
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder) / path.name
            try:
                pooch.HTTPDownloader(progressbar=True)(url, str(part), None)
            except http.RequestException as error:
                reasons.append(f"{url}: {_reason(error)}")
                continue
            if problem := _problem(part, sha256):
                reasons.append(f"{url}: {problem}")
                continue
            os.replace(part, path)
            return
    lines = [f"Cannot download {source.name}:", *reasons]
    remedy = f"Check the network and try again, or {_remedy(source)}"
    if record.exists():
        remedy += f" If the owner's file has changed and you trust it, delete {record}."
    raise DataError("\n  ".join(lines) + f"\n{remedy}")


def _reason(error: http.RequestException) -> str:
    match error:
        case http.HTTPError():
            return f"the server answers {error.response.status_code} {error.response.reason}"
        case http.Timeout():
            return "no answer in time"
        case http.ChunkedEncodingError():
            return "the connection was cut"
        case http.ConnectionError() if not isinstance(error, http.SSLError):
            return "no connection"
    return str(error)


def _problem(path: Path, sha256: str | None) -> str | None:
    """What is wrong with a file, or None. Without a checksum, an archive must at least be a whole archive."""
    if sha256:
        found = pooch.file_hash(str(path))
        return None if found == sha256 else f"its SHA-256 is {found}, expected {sha256}"
    if path.suffix == ".zip" and not zipfile.is_zipfile(path):
        return "it is not a complete zip archive"
    return None


def _remedy(source: Source) -> str:
    return (
        f"save {source.url} as {source.files[0]} in a folder of your own and name that folder as data_dir= or in "
        "RNNBOOK_DATA, or take the embedded sample with full=False."
    )
