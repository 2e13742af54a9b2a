import gzip
import tracemalloc
import zipfile
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn

from rnnbook.text import Vocabulary, embedding, load_vectors, train_vectors

VOCABULARY = Vocabulary(["the", "film", "at name", ". . .", "café", "unseen"])
ROWS = {
    "of": [9, 9, 9],
    "the": [0.1, -2e-3, 3],
    "at name": [1, 2, 3],
    "<unk>": [4, 4, 4],
    "café": [5, 6, 7],
    "<pad>": [8, 8, 8],
    "2005": [9, 9, 9],
    ". . .": [0.5, 0, -0.5],
    "\x85": [9, 9, 9],
    "film": [7, 7, 7],
    "x y": [9, 9, 9],
}
EXPECTED = torch.tensor([[0.0] * 3, ROWS["<unk>"], *(ROWS.get(token, [0.0] * 3) for token in VOCABULARY.tokens[2:])])


def lines(rows=ROWS, end="\n"):
    return "".join(f"{word} {' '.join(map(str, row))}{end}" for word, row in rows.items())


def write(path, text):
    content = text.encode()
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("folder/", "")
            archive.writestr("folder/vectors.txt", content)
            archive.writestr("LICENSE", "")
    else:
        path.write_bytes(content)
    return path


@contextmanager
def peak_memory():
    """The greatest number of bytes that Python held inside, to be asked for afterwards."""
    peaks = []
    tracemalloc.start()
    try:
        yield lambda: peaks[0]
    finally:
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["v.txt", "v.vec", "v.txt.gz", "v.zip"])
@pytest.mark.parametrize("header", ["", f"{len(ROWS)} 3\n"], ids=["glove", "word2vec"])
@pytest.mark.parametrize("end", ["\n", " \n", "\r\n"], ids=["plain", "space", "windows"])
@pytest.mark.parametrize("size", [None, 3])
def test_every_row_gets_its_word(tmp_path, name, header, end, size):
    vectors = load_vectors(str(write(tmp_path / name, header + lines(end=end))), VOCABULARY, size)
    torch.testing.assert_close(vectors.matrix, EXPECTED, atol=0, rtol=0)
    assert vectors.matrix.dtype == torch.float32
    assert vectors.missing == ["unseen"]
    assert vectors.coverage == pytest.approx(5 / 6)


def test_a_file_may_end_without_a_line_break(tmp_path):
    vectors = load_vectors(write(tmp_path / "v.txt", lines().removesuffix("\n")), VOCABULARY)
    torch.testing.assert_close(vectors.matrix, EXPECTED, atol=0, rtol=0)


def test_the_first_line_of_a_word_counts(tmp_path):
    vectors = load_vectors(write(tmp_path / "v.txt", lines() + "film 1 1 1\n"), VOCABULARY)
    torch.testing.assert_close(vectors.matrix, EXPECTED, atol=0, rtol=0)


def test_nothing_is_covered_and_all_is(tmp_path):
    path = write(tmp_path / "v.txt", lines())
    none, every = (load_vectors(path, Vocabulary(tokens)) for tokens in (["z"], ["film", "the"]))
    assert (none.coverage, none.missing) == (0, ["z"])
    assert (every.coverage, every.missing) == (1, [])
    assert load_vectors(path, Vocabulary([], specials=())).matrix.shape == (0, 3)


@pytest.mark.parametrize(
    ("text", "size", "message"),
    [
        ("a 1 2 3\nfilm 1 2\n", None, "line 2: 2 numbers, expected 3"),
        ("a 1 2 3\nb 1 2 3 4\n", None, "line 2: 4 numbers, expected 3"),
        ("a 1 2 3\n", 2, "line 1: 3 numbers, expected 2"),
        ("a 1 2 3\n", 4, "line 1: 3 numbers, expected 4"),
        ("2 3\na 1 2 3\nb 1 2\n", None, "line 3: 2 numbers, expected 3"),
        ("1 3\na 1 2 3\n", 4, "line 1: 3 numbers, expected 4"),
        ("film\n", None, "line 1: 0 numbers, expected some"),
        ("a 1 2 3\n\n", None, "line 2: 0 numbers, expected 3"),
        ("a 1 2 3\nfilm 1 x 3\n", None, "line 2: 'x' is no finite number"),
        ("a 1 2 3\nfilm 1 nan 3\n", None, "line 2: 'nan' is no finite number"),
        ("a 1 2 3\nfilm 1 inf 3\n", None, "line 2: 'inf' is no finite number"),
    ],
)
def test_a_wrong_line_is_named_with_its_number_and_the_remedy(tmp_path, text, size, message):
    with pytest.raises(ValueError, match=rf"v\.txt, {message}.*a line must be .WORD NUMBER"):
        load_vectors(write(tmp_path / "v.txt", text), VOCABULARY, size)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has 0 words, and some were expected: download it again"),
        ("3 2\na 1 2\n", "has 1 words, and 3 were expected: download it again"),
        ("1 2\na 1 2\nb 1 2\n", "has 2 words, and 1 were expected"),
    ],
)
def test_a_file_that_is_cut_off_is_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        load_vectors(write(tmp_path / "v.txt", text), VOCABULARY)


def test_a_binary_file_is_refused_without_reading_it_whole(tmp_path):
    path = tmp_path / "v.bin"
    path.write_bytes(b"2 300\nfilm " + b"\x01" * 8_000_000)
    with peak_memory() as peak, pytest.raises(ValueError, match=r"line 2: .*write a binary one as text first .gensim"):
        load_vectors(path, VOCABULARY)
    assert peak() < 2_000_000


@pytest.mark.parametrize("name", ["v.txt.gz", "v.zip"])
@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:60] + b"\0" * 9 + b[69:]])
def test_a_damaged_archive_is_refused(tmp_path, name, damage):
    path = write(tmp_path / name, lines({f"word{i}": [i, i * 7 % 5, i] for i in range(500)}))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"download it again|, line \d+"):
        load_vectors(path, VOCABULARY)


def test_a_missing_file_is_missing(tmp_path):
    for name in ("v.txt", "v.gz", "v.zip"):
        with pytest.raises(FileNotFoundError):
            load_vectors(tmp_path / name, VOCABULARY)


def test_the_size_chooses_among_the_files_of_an_archive(tmp_path):
    path = tmp_path / "glove.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("glove.2d.txt", "film 1 2\n")
        archive.writestr("glove.12d.txt", "film " + " ".join(["3"] * 12) + "\n")
    vocabulary = Vocabulary(["film"])
    assert load_vectors(path, vocabulary, size=2).matrix[2].tolist() == [1, 2]
    assert load_vectors(path, vocabulary, size=12).matrix[2].tolist() == [3] * 12
    for size in (None, 3):
        with pytest.raises(ValueError, match=r"glove\.2d\.txt, glove\.12d\.txt: choose one by size"):
            load_vectors(path, vocabulary, size)


@pytest.mark.parametrize("name", ["v.txt", "v.txt.gz", "v.zip"])
def test_memory_is_bounded_by_the_matrix(tmp_path, name):
    numbers = " ".join(["0.123456"] * 50)
    path = write(tmp_path / name, "".join(f"word{i} {numbers}\n" for i in range(5_000)))
    vocabulary = Vocabulary(["word7", "word4999", "none"])
    load_vectors(path, vocabulary)  # whatever is imported on the way
    with peak_memory() as peak:
        vectors = load_vectors(path, vocabulary)
    assert vectors.missing == ["none"]
    assert peak() < 500_000  # of 2.3 MB


SENTENCES = [["good", "film", "good", "plot"], ["bad", "film", "rare"], ["good", "plot", "bad", "film"]] * 30
LEARNED = Vocabulary(["good", "film", "bad", "plot", "unseen"])


def test_trained_vectors_have_a_row_for_each_token():
    vectors = train_vectors(SENTENCES, LEARNED, size=8, epochs=2)
    assert vectors.matrix.shape == (7, 8)
    assert vectors.matrix.dtype == torch.float32
    assert vectors.missing == ["unseen"]
    assert vectors.coverage == pytest.approx(4 / 5)
    filled = vectors.matrix.abs().sum(dim=1) > 0
    assert filled.tolist() == [False, True, True, True, True, True, False]  # "rare" is read as <unk>


def test_the_seed_decides():
    first, again, other = (train_vectors(SENTENCES, LEARNED, 8, seed, epochs=1).matrix for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_words_in_the_same_places_get_similar_vectors():
    rng = np.random.default_rng(0)
    animals, vehicles = ("purrs", "sleeps", "meows"), ("drives", "brakes", "honks")
    groups = {"cat": animals, "kitten": animals, "car": vehicles, "van": vehicles}
    sentences = [[word, *rng.permutation(groups[word])] for word in groups for _ in range(300)]
    vocabulary = Vocabulary.from_tokens(sentences)
    vectors = train_vectors(sentences, vocabulary, size=16, epochs=20)
    cat, kitten, car, van = vectors.matrix[vocabulary.encode(groups)]
    near, far = (nn.functional.cosine_similarity(cat, other, dim=0) for other in (kitten, car))
    assert near > far + 0.1
    assert nn.functional.cosine_similarity(car, van, dim=0) > nn.functional.cosine_similarity(kitten, van, dim=0) + 0.1


def test_what_comes_late_in_a_very_long_text_is_learned_as_well():
    vectors = train_vectors([["a"] * 10_050 + ["late"] * 20], Vocabulary(["a", "late"]), size=4, epochs=1)
    assert vectors.missing == []


@pytest.mark.parametrize("sentences", [[], [[]]])
def test_nothing_to_learn_from_is_refused(sentences):
    with pytest.raises(ValueError, match="no tokens to learn from"):
        train_vectors(sentences, LEARNED)


def test_an_embedding_looks_up_the_rows_and_its_padding_is_zero():
    matrix = torch.randn(5, 3, dtype=torch.float64)
    kept = matrix.clone()
    layer = embedding(matrix)
    ids = torch.tensor([[3, 1], [1, 4]])
    assert torch.equal(layer(ids), matrix[ids])
    assert layer(torch.tensor(0)).tolist() == [0, 0, 0]
    assert not layer.weight.requires_grad
    layer.weight.data.fill_(0)
    assert torch.equal(matrix, kept)


def test_a_thawed_embedding_learns_except_for_padding():
    thawed, frozen = embedding(torch.ones(5, 3), freeze=False), embedding(torch.ones(5, 3))
    assert thawed.weight.requires_grad
    for layer in (thawed, frozen.requires_grad_(True)):
        layer(torch.tensor([0, 2, 2])).sum().backward()
        assert layer.weight.grad.tolist() == [[0] * 3, [0] * 3, [2] * 3, [0] * 3, [0] * 3]


def test_a_matrix_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"matrix has shape \(5,\), expected \(V, D\)"):
        embedding(torch.zeros(5))
