"""Surnames and the languages they come from: many characters in, one class out."""

import os
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath

import numpy as np

from rnnbook.data.fetch import DataError, fetch
from rnnbook.data.registry import SOURCES


@dataclass(frozen=True)
class Names:
    """Surnames with their languages.

    Attributes:
        names: the surnames, language by language.
        languages: the language of each.
        label_set: all languages, sorted. Both parts of a split keep the whole set, so that a class has the same number
            in both even where one of them holds no name of it.
    """

    names: list[str]
    languages: list[str]
    label_set: list[str]

    def __len__(self) -> int:
        return len(self.names)

    def split(self, seed: int, held_out: float = 0.2) -> tuple["Names", "Names"]:
        """Divide by distinct name, so that no name is on both sides, not even in another language or in other case.

        Args:
            seed: another seed, another division.
            held_out: the fraction of the distinct names that goes to the second part.

        Returns:
            The names to train on, and those held out, each in the original order.
        """
        distinct = list(dict.fromkeys(name.casefold() for name in self.names))
        count = round(held_out * len(distinct))
        if not 0 < count < len(distinct):
            raise ValueError(
                f"held_out={held_out} of {len(distinct)} distinct names leaves one side empty; "
                "take a fraction such as 0.2"
            )
        chosen = {distinct[i] for i in np.random.default_rng(seed).permutation(len(distinct))[:count]}
        return self._where(chosen, False), self._where(chosen, True)

    def _where(self, chosen: set[str], inside: bool) -> "Names":
        kept = [i for i, name in enumerate(self.names) if (name.casefold() in chosen) == inside]
        return Names([self.names[i] for i in kept], [self.languages[i] for i in kept], self.label_set)


def load_names(full: bool = False, data_dir: str | os.PathLike | None = None) -> Names:
    """Surnames by language: the course's own sample, or the 18 languages of the PyTorch tutorial.

    Names are stripped and in Unicode's composed form (NFC). A name stands once in each language it occurs in: the
    published lists repeat many, and a random split of the raw lines puts the same name on both sides, which flatters.

    The owner publishes no checksum of the real archive. The first download is taken on trust and its checksum recorded;
    a later download that differs is refused. A file in `data_dir` is only checked to be a whole archive.

    Args:
        full: take the real data instead of the embedded sample.
        data_dir: a folder of downloaded originals with `names.zip` or `data.zip`; default `RNNBOOK_DATA`.

    Raises:
        DataError: the real data cannot be had.
    """
    lists = _published(data_dir) if full else _sample()
    names, languages = [], []
    for language in sorted(lists):
        for name in _distinct(lists[language].splitlines()):
            names.append(name)
            languages.append(language)
    return Names(names, languages, sorted(lists))


def _sample() -> dict[str, str]:
    folder = resources.files("rnnbook.data") / "samples" / "surnames"
    files = (file for file in folder.iterdir() if file.name.endswith(".txt"))
    return {file.name.removesuffix(".txt"): file.read_text(encoding="utf-8") for file in files}


def _published(data_dir: str | os.PathLike | None) -> dict[str, str]:
    path = fetch(SOURCES["names"], data_dir)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in map(PurePosixPath, archive.namelist()) if member.match("data/names/*.txt")]
            lists = {member.stem: archive.read(str(member)).decode("utf-8") for member in members}
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}). Delete it and load the names again.") from error
    if not lists:
        raise DataError(f"{path} holds no data/names/LANGUAGE.txt. Replace it by {SOURCES['names'].url}.")
    return lists


def _distinct(lines: Iterable[str]) -> list[str]:
    """The names of one language in their order, each once whatever its case."""
    names: dict[str, str] = {}
    for name in (unicodedata.normalize("NFC", line).strip() for line in lines):
        if name:
            names.setdefault(name.casefold(), name)
    return list(names.values())
