"""IMDB: 50,000 film reviews, read straight from the published archive."""

import gzip
import hashlib
import inspect
import io
import os
import re
import sys
import tarfile
import unicodedata
import warnings
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pooch

from rnnbook.data.fetch import DataError, cache_folder, fetch
from rnnbook.data.registry import SOURCES
from rnnbook.data.reviews import Reviews
from rnnbook.files import put

if TYPE_CHECKING:  # rnnbook.text needs torch; `rnnbook doctor` must be able to ask for the cache folder without
    from rnnbook.text import Ragged, Vocabulary

_MEMBER = re.compile(r"(?:^|/)(train|test)/(pos|neg)/(\d+)_(\d+)\.txt$")  # the reviews without a label are in unsup/
_PARTS = ("train", "test")
_COLUMNS = ("ids", "lengths", "labels")


@dataclass(frozen=True, eq=False)
class Imdb:
    """IMDB in numbers.

    Attributes:
        vocabulary: all words of the reviews to train on, the most common first, after "<pad>" and "<unk>".
        train: the reviews to train on as ids, with their labels, in the order of `read_imdb`.
        test: those to test on; a word that stands only in these is "<unk>".
        sha256: of the archive that was read.
    """

    vocabulary: "Vocabulary"
    train: "Ragged"
    test: "Ragged"
    sha256: str

    def most_common(self, size: int) -> "Imdb":
        """The same reviews with a smaller vocabulary.

        The most common words have the smallest ids, so those that drop out are all ids from `size` upwards.

        Args:
            size: the number of ids that remain, "<pad>" and "<unk>" included.

        Raises:
            ValueError: there is no word left, or there are not so many.
        """
        from rnnbook.text import Ragged, Vocabulary

        if not 2 < size <= len(self.vocabulary):
            raise ValueError(f"size={size}: this vocabulary can have from 3 to {len(self.vocabulary)} ids")
        train, test = (
            Ragged(data.ids.where(data.ids < size, 1), data.lengths, data.targets) for data in (self.train, self.test)
        )
        return Imdb(Vocabulary(self.vocabulary.tokens[2:size]), train, test, self.sha256)


def read_imdb(data_dir: str | os.PathLike | None = None) -> tuple[Reviews, Reviews]:
    """The reviews as they were written, line breaks `<br />` included, with the stars from 1 to 10 as `ratings`.

    Up to 4 stars are negative and 7 or more positive; those between were left out by its authors. They took 25,000
    reviews to train on and 25,000 of other films to test on, half of each positive, and at most 30 of one film. Some
    were posted more than once: in the archive that this was counted in, 96 of those to train on and 199 of those to
    test on repeat another of the same part, and 123 stand in both parts, always with the same label. They are kept, so
    that results compare with published ones; `Reviews.split` keeps repeats on one side.

    Args:
        data_dir: a folder of downloaded originals with `aclImdb_v1.tar.gz`; default `RNNBOOK_DATA`.

    Returns:
        The reviews to train on and those to test on, the negative ones first, each label in the archive's numbering.

    Raises:
        DataError: the archive cannot be had or cannot be read.
    """
    path, sha256 = _archive(data_dir)
    parts: dict[str, list[_Review]] = {part: [] for part in _PARTS}
    for review in _reviews(path):
        parts[review.part].append(review)
    columns = []
    for reviews in parts.values():
        reviews.sort(key=_Review.place)
        columns.append(([r.text for r in reviews], [r.label for r in reviews], [r.stars for r in reviews]))
    train, test = (Reviews(*column) for column in columns)
    _warn_of_difference(path, sha256, train.labels, test.labels)
    return train, test


def load_imdb(data_dir: str | os.PathLike | None = None) -> Imdb:
    """IMDB word by word, as ids.

    The first call reads the archive, which takes seconds, and keeps compact arrays in the cache folder. They are used
    as long as the archive, the tokenizer `rnnbook.text.words` and this module stay the same, and are made anew where
    they are missing or damaged.

    Args:
        data_dir: a folder of downloaded originals with `aclImdb_v1.tar.gz`; default `RNNBOOK_DATA`.

    Raises:
        DataError: the archive cannot be had or cannot be read.
    """
    import torch

    from rnnbook.text import Ragged, Vocabulary

    path, sha256 = _archive(data_dir)
    cache = cache_folder() / "imdb" / f"words-{_key(sha256)}.npz"
    arrays = _kept(cache)
    if arrays is None:
        arrays = _encode(_reviews(path))
        _keep(cache, arrays)
    _warn_of_difference(path, sha256, arrays["train_labels"], arrays["test_labels"])
    train, test = (Ragged(*(torch.from_numpy(arrays[f"{part}_{column}"]) for column in _COLUMNS)) for part in _PARTS)
    return Imdb(Vocabulary(arrays["words"].tobytes().decode().split("\n")), train, test, sha256)


class _Review(NamedTuple):
    part: str
    label: int
    number: int
    stars: int
    text: str

    def place(self) -> tuple[int, int]:
        """Where it stands in its part, in whatever order the archive holds its files."""
        return self.label, self.number


def _archive(data_dir: str | os.PathLike | None) -> tuple[Path, str]:
    path = fetch(SOURCES["imdb"], data_dir, exact=False)
    return path, pooch.file_hash(str(path))


def _reviews(path: Path) -> Iterator[_Review]:
    """All labelled reviews in one pass over the archive, which is never unpacked to disk."""
    found = Counter()
    try:
        with gzip.open(path) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    if member.isreg() and (match := _MEMBER.search(member.name)):
                        part, label, number, stars = match.groups()
                        found[f"{part}/{label}"] += 1
                        text = archive.extractfile(member).read().decode("utf-8")
                        yield _Review(part, int(label == "pos"), int(number), int(stars), text)
            while stream.read(1 << 20):
                pass  # gzip compares its checksum at the end, which a tar file leaves unread
    except (tarfile.TarError, OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}). Replace it by {SOURCES['imdb'].url}.") from error
    if missing := [folder for folder in ("train/pos", "train/neg", "test/pos", "test/neg") if not found[folder]]:
        raise DataError(
            f"{path} holds no {' and no '.join(missing)}/ID_STARS.txt. Replace it by {SOURCES['imdb'].url}."
        )


def _warn_of_difference(path: Path, sha256: str, *labels: list[int] | np.ndarray) -> None:
    """An archive of one's own may be another one, but never unnoticed."""
    source = SOURCES["imdb"]
    if sha256 != source.sha256:
        counts = " and ".join(
            f"{sum(part):,} positive and {len(part) - sum(part):,} negative reviews to {purpose}"
            for part, purpose in zip(map(list, labels), ("train on", "test on"), strict=True)
        )
        warnings.warn(
            f"{path} is not the published archive. It holds {counts}, the published one 12,500 of each. Its SHA-256 is "
            f"{sha256}, which belongs in the record of every run on it; the published one's is {source.sha256}.",
            stacklevel=3,
        )


def _encode(reviews: Iterator[_Review]) -> dict[str, np.ndarray]:
    """The reviews as flat arrays; their texts are let go one by one, so that memory holds no more than the ids.

    Words are numbered as they come. What numbers they shall have, by how common they are, is known at the end.
    """
    from rnnbook.text import words

    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    parts: dict[str, list[tuple]] = {part: [] for part in _PARTS}
    for review in reviews:
        tokens = words(review.text)
        ids = np.fromiter(map(numbers.__getitem__, tokens), np.int32, len(tokens))
        parts[review.part].append((*review.place(), ids))
    arrays = {}
    for part, encoded in parts.items():
        encoded.sort(key=lambda entry: entry[:2])
        labels, _, ids = zip(*encoded, strict=True)
        arrays[f"{part}_ids"] = np.concatenate(ids)
        arrays[f"{part}_lengths"] = np.array(list(map(len, ids)))
        arrays[f"{part}_labels"] = np.array(labels)
    tokens = list(numbers)
    counts = np.bincount(arrays["train_ids"], minlength=len(tokens)).tolist()
    ranked = sorted((i for i, count in enumerate(counts) if count), key=lambda i: (-counts[i], tokens[i]))
    final = np.ones(len(tokens), np.int32)  # 1 is "<unk>"
    final[ranked] = np.arange(2, 2 + len(ranked))
    for part in _PARTS:
        arrays[f"{part}_ids"] = final[arrays[f"{part}_ids"]]
    arrays["words"] = np.frombuffer("\n".join(tokens[i] for i in ranked).encode(), np.uint8)
    return arrays


def _key(sha256: str) -> str:
    """A name that changes with the archive and with whatever decides what is made of it."""
    from rnnbook.text import words

    sources = [inspect.getsource(module) for module in (sys.modules[words.__module__], sys.modules[__name__])]
    return hashlib.sha256("\n".join([sha256, unicodedata.unidata_version, *sources]).encode()).hexdigest()[:16]


def _kept(cache: Path) -> dict[str, np.ndarray] | None:
    """The arrays of an earlier call, or None; each has a checksum of its own in the file (CRC-32)."""
    if not cache.exists():
        return None
    try:
        with np.load(cache, allow_pickle=False) as file:
            return {name: file[name] for name in ("words", *(f"{p}_{c}" for p in _PARTS for c in _COLUMNS))}
    except Exception:  # a damaged file fails in many ways, and the archive is at hand
        return None


def _keep(cache: Path, arrays: dict[str, np.ndarray]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    try:
        put(cache, buffer.getvalue())
    except OSError as error:
        warnings.warn(
            f"The arrays of IMDB cannot be kept in {cache.parent} ({error.strerror or error}), so that the next call "
            "will take as long. Free some space there, or set RNNBOOK_CACHE to another folder.",
            stacklevel=3,
        )
