"""Word vectors: read from a file, or trained on one's own texts, and put into an embedding."""

import gzip
import math
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor, nn

from rnnbook.shapes import check_shape
from rnnbook.text.vocabulary import Vocabulary

REMEDY = (
    'a line must be "WORD NUMBER ... NUMBER", with as many numbers everywhere; download a damaged file again, and '
    'write a binary one as text first (gensim: KeyedVectors.load_word2vec_format("x.bin", binary=True)'
    '.save_word2vec_format("x.txt"))'
)
LONGEST = 2**16  # bytes that are read as a line; a binary file may hold no line break at all


@dataclass(frozen=True)
class Vectors:
    """A vector for each entry of a vocabulary.

    Args:
        matrix: (V, D), float32; zeros for padding and for every entry that has no vector.
        missing: the tokens without a vector, in the vocabulary's order; specials are not counted.
        coverage: the share of the tokens that have a vector, from 0 to 1; specials are not counted.
    """

    matrix: Tensor
    missing: list[str]
    coverage: float


def load_vectors(path: str | os.PathLike, vocabulary: Vocabulary, size: int | None = None) -> Vectors:
    """Read the vectors of a vocabulary's tokens from a text file of GloVe or word2vec.

    The file is read line by line, and only the vocabulary's rows are kept: one of many gigabytes takes no more memory
    than the matrix. The first line of a token counts. "<unk>" has a vector where the file has one of this name.

    Args:
        path: a line a word, "WORD NUMBER ... NUMBER", after word2vec's first line, "WORDS NUMBERS", or without it;
            also compressed as .gz or .zip. A word may hold spaces.
        vocabulary: its tokens are looked up as they are spelled.
        size: D; by default as many numbers as the first word has. It also chooses among the files in a .zip, such as
            glove.6B.50d.txt.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line of another width, no number in the place of one, or a damaged file; with the line's number.
    """
    rows = {token.encode("utf-8", "surrogatepass"): row for row, token in enumerate(vocabulary.tokens)}
    matrix, found, promised, words = None, set(), None, 0
    with _open(Path(path), size) as file:
        for number, line in enumerate(iter(partial(file.readline, LONGEST), b""), 1):
            line = line.rstrip(b" \r\n")
            header = number == 1 and re.fullmatch(rb"(\d+) (\d+)", line)
            if number == 1:
                width = int(header[2]) if header else _count_numbers(line)
                if width < 1 or size not in (None, width):
                    raise ValueError(f"{path}, line 1: {width} numbers, expected {size or 'some'}; {REMEDY}")
                matrix = torch.zeros(len(vocabulary), width)  # (V, D)
            if header:
                promised = int(header[1])
                continue
            # Only from the right is it clear where the word ends. The numbers are counted in every line, and read in
            # the lines that are kept.
            word, *values = line.rsplit(b" ", width)
            if len(values) < width or (b" " in word and _count_numbers(word)):
                raise ValueError(f"{path}, line {number}: {_count_numbers(line)} numbers, expected {width}; {REMEDY}")
            words += 1
            row = rows.get(word)
            if row is not None and row not in found:
                matrix[row] = torch.tensor([_number(value, path, number) for value in values])
                found.add(row)
    if promised not in (None, words) or matrix is None:
        raise ValueError(f"{path} has {words} words, and {promised or 'some'} were expected: download it again")
    return _aligned(matrix, found, vocabulary)


def train_vectors(
    sentences: Iterable[list[str]],
    vocabulary: Vocabulary,
    size: int = 100,
    seed: int = 0,
    *,
    window: int = 5,
    epochs: int = 5,
) -> Vectors:
    """Learn the vectors of a vocabulary's tokens from one's own texts: skip-gram with negative sampling.

    A token that the vocabulary lacks is read as "<unk>", which learns a vector as well. The same seed gives the same
    vectors: one worker reads the texts in their order.

    Source: Mikolov et al. 2013, https://arxiv.org/abs/1310.4546, by the library gensim.

    Args:
        sentences: the tokens of each text.
        vocabulary: whose tokens get a vector.
        size: D.
        seed: of the first vectors and of all that is sampled.
        window: how many neighbours on either side a word has to predict, at most.
        epochs: how often the texts are read.

    Raises:
        ValueError: there is nothing to learn from.
    """
    from gensim.models import Word2Vec
    from gensim.models.word2vec import MAX_WORDS_IN_BATCH  # what follows in a sentence, gensim drops without a word

    known = [[token if token in vocabulary else "<unk>" for token in sentence] for sentence in sentences]
    pieces = [
        sentence[start : start + MAX_WORDS_IN_BATCH]
        for sentence in known
        for start in range(0, len(sentence), MAX_WORDS_IN_BATCH)
    ]
    if not pieces:
        raise ValueError("there are no tokens to learn from: give a list of token lists, such as [words(text), ...]")
    model = Word2Vec(
        pieces, vector_size=size, window=window, min_count=1, sg=1, epochs=epochs, seed=seed, workers=1
    )  # fmt: skip
    matrix = torch.zeros(len(vocabulary), size)  # (V, D)
    found = {row for row, token in enumerate(vocabulary.tokens) if token in model.wv}
    for row in found:
        matrix[row] = torch.from_numpy(model.wv[vocabulary.tokens[row]].copy())
    return _aligned(matrix, found, vocabulary)


def embedding(matrix: Tensor, freeze: bool = True) -> nn.Embedding:
    """An embedding that starts from given vectors; row 0 is padding, zero, and stays so.

    `embedding.weight.requires_grad_(True)` thaws it later, `requires_grad_(False)` freezes it again.

    Args:
        matrix: (V, D), such as `load_vectors(...).matrix`; it is copied.
        freeze: leave the vectors as they are in training.
    """
    check_shape("matrix", matrix, "V", "D")
    weight = matrix.detach().clone()
    weight[0] = 0
    return nn.Embedding.from_pretrained(weight, freeze=freeze, padding_idx=0)


def _aligned(matrix: Tensor, found: set[int], vocabulary: Vocabulary) -> Vectors:
    """The rows that were found, without one for padding, and what is missing."""
    if "<pad>" in vocabulary:
        matrix[vocabulary.encode(["<pad>"])] = 0
    first = len(vocabulary.specials)
    missing = [token for row, token in enumerate(vocabulary.tokens) if row >= first and row not in found]
    return Vectors(matrix, missing, 1 - len(missing) / max(len(vocabulary) - first, 1))


def _count_numbers(line: bytes) -> int:
    """How many numbers stand at the end of a line, after its first field."""
    count = 0
    for field in reversed(line.split(b" ")[1:]):
        try:
            float(field)
        except ValueError:
            break
        count += 1
    return count


def _number(field: bytes, path: str | os.PathLike, line: int) -> float:
    try:
        value = float(field)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{path}, line {line}: {field[:40].decode(errors='replace')!r} is no finite number; {REMEDY}")
    return value


@contextmanager
def _open(path: Path, size: int | None) -> Iterator[BinaryIO]:
    """A file, unpacked while it is read."""
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive, archive.open(_member(path, archive.namelist(), size)) as file:
                yield file
        else:
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is damaged ({error}): download it again") from None


def _member(path: Path, names: list[str], size: int | None) -> str:
    """The one file of vectors in an archive."""
    texts = [name for name in names if name.endswith((".txt", ".vec"))]
    if len(texts) > 1 and size:
        texts = [name for name in texts if re.search(rf"\b{size}d\b", name)]
    if len(texts) != 1:
        raise ValueError(f"{path} holds {', '.join(names) or 'nothing'}: choose one by size=50, or unpack it yourself")
    return texts[0]
