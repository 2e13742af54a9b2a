"""Sentences and their translations: the course's own, German and English, or the captions of Multi30k."""

import gzip
import os
import zlib

from rnnbook.data.fetch import DataError, fetch
from rnnbook.data.parallel import Parallel
from rnnbook.data.registry import MULTI30K, SOURCES
from rnnbook.nearest import suggest

SIZE = 6000  # embedded sentences, idioms not counted
LANGUAGES = ("de", "en", "fr")  # of Multi30k; the first two are those of the embedded sentences


def load_pairs(
    full: bool = False,
    data_dir: str | os.PathLike | None = None,
    languages: tuple[str, str] = ("de", "en"),
    test_set: str = "test_2016_flickr",
) -> tuple[Parallel, Parallel, Parallel]:
    """Pairs of sentences to train on, to validate on, and to test on.

    The embedded sentences are drawn from the grammar of `phrases`, once and for all: 6,000, of which a tenth validates
    and a tenth tests. No German and no English sentence is in two parts, but all are of the same grammar and the same
    few hundred words. The idioms, which only those who have learnt them know, are all in the first part.

    Multi30k has 29,000 captions of photographs to train on, 1,014 to validate on and 1,000 to test on; white space at
    the ends of a line is left out.

    Args:
        full: take Multi30k instead of the embedded sentences.
        data_dir: a folder of downloaded originals with `multi30k/train.de.gz` and so on; default `RNNBOOK_DATA`.
        languages: from which one into which other: "de", "en", and in Multi30k also "fr".
        test_set: of Multi30k: "test_2016_flickr", "test_2017_flickr", "test_2018_flickr" or "test_2017_mscoco".

    Returns:
        The three parts, each with sources and targets.

    Raises:
        ValueError: a language or the test set is not there.
        DataError: the real data cannot be had, or the two sides of a part differ in length.
    """
    known = LANGUAGES if full else LANGUAGES[:2]
    if len(languages) != 2 or len({*languages} & {*known}) != 2:
        raise ValueError(f"languages={languages!r}: give two different ones, such as ('de', 'en'), of {known}")
    if full:
        if test_set not in MULTI30K[2:]:
            raise ValueError(f"test_set={test_set!r}: {suggest(test_set, MULTI30K[2:])}")
        return tuple(_published(part, languages, data_dir) for part in ("train", "val", test_set))
    from rnnbook.data import phrases  # whose tables are read then, and by nobody who does not draw from them

    rest, test = phrases.generate(SIZE, seed=0).split(seed=0, held_out=0.1)
    train, validation = rest.split(seed=1, held_out=1 / 9)
    parts = (train + phrases.idioms(), validation, test)
    return parts if languages == ("de", "en") else tuple(part.reversed() for part in parts)


def _published(part: str, languages: tuple[str, str], data_dir: str | os.PathLike | None) -> Parallel:
    """Both sides of one part of Multi30k."""
    source, target = (_lines(f"multi30k/{part}.{language}", data_dir) for language in languages)
    if len(source) != len(target):
        raise DataError(
            f"Multi30k's {part} has {len(source)} lines in {languages[0]} and {len(target)} in {languages[1]}: they "
            "are not the published files. Delete both and load the pairs again."
        )
    return Parallel(source, target)


def _lines(name: str, data_dir: str | os.PathLike | None) -> list[str]:
    path = fetch(SOURCES[name], data_dir)
    try:
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}). Replace it by {SOURCES[name].url}.") from error
    lines = [line.strip() for line in text.removesuffix("\n").split("\n")]
    if "" in lines:
        raise DataError(f"{path} has nothing in line {lines.index('') + 1}. Replace it by {SOURCES[name].url}.")
    return lines
