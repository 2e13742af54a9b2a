import dataclasses
import gzip
import hashlib
import io
import os
import re
import tarfile
import warnings

import numpy as np
import pytest
import torch

from rnnbook.data import DataError, imdb, load_imdb, read_imdb
from rnnbook.files import put
from rnnbook.text import Vocabulary, words

DATA = os.environ.get("RNNBOOK_DATA")
FILES = {
    "test/neg/0_2.txt": "Dull, dull, dull.<br /><br />Never again.",
    "test/pos/10_9.txt": "A joy &amp; a delight",
    "test/pos/9_7.txt": "Not dull. Unforeseen!",
    "train/neg/2_1.txt": "The plot? The plot isn't there.",
    "train/neg/10_4.txt": "Zzz. Zzz.",
    "train/neg/1_3.txt": "The end was dull.",
    "train/pos/0_10.txt": "Très bien, the end.",
    "train/unsup/0_0.txt": "Nobody knows.",
    "train/urls_pos.txt": "http://www.imdb.com/title/tt0210075/usercomments",
    "train/labeledBow.feat": "9 0:9 1:1",
    "README": "Large Movie Review Dataset v1.0",
}
TRAIN = [FILES[f"train/{name}.txt"] for name in ("neg/1_3", "neg/2_1", "neg/10_4", "pos/0_10")]
TEST = [FILES[f"test/{name}.txt"] for name in ("neg/0_2", "pos/9_7", "pos/10_9")]


def archive(files: dict[str, str | bytes], folder: str = "aclImdb/") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            content = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(folder + name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RNNBOOK_DATA", raising=False)
    return tmp_path / "cache" / "imdb"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of originals; its archive passes for the published one."""

    def write(content: bytes = archive(FILES), published: bool = True):
        (tmp_path / "aclImdb_v1.tar.gz").write_bytes(content)
        if published:
            source = dataclasses.replace(imdb.SOURCES["imdb"], sha256=hashlib.sha256(content).hexdigest())
            monkeypatch.setitem(imdb.SOURCES, "imdb", source)
        return tmp_path

    return write


@pytest.fixture
def readings(monkeypatch):
    """How often an archive has been read from beginning to end."""
    seen, read = [], imdb._reviews
    monkeypatch.setattr(imdb, "_reviews", lambda path: seen.append(path) or read(path))
    return seen


def tokens(data: imdb.Imdb, part: str) -> list[list[str]]:
    ragged = getattr(data, part)
    return [[data.vocabulary.tokens[i] for i in ids.tolist()] for ids in ragged.ids.split(ragged.lengths.tolist())]


def same(left: imdb.Imdb, right: imdb.Imdb) -> bool:
    return (
        left.vocabulary.tokens == right.vocabulary.tokens
        and left.sha256 == right.sha256
        and all(
            getattr(getattr(left, part), name).equal(getattr(getattr(right, part), name))
            for part in ("train", "test")
            for name in ("ids", "lengths", "targets")
        )
    )


def test_the_raw_texts(folder):
    train, test = read_imdb(folder())
    assert (train.texts, train.labels, train.ratings) == (TRAIN, [0, 0, 0, 1], [3, 1, 4, 10])
    assert (test.texts, test.labels, test.ratings) == (TEST, [0, 1, 1], [2, 7, 9])


def test_the_words_as_ids(folder):
    data = load_imdb(folder())
    spelled = [words(text) for text in TRAIN]
    assert data.vocabulary.tokens == Vocabulary.from_tokens(spelled).tokens
    assert data.vocabulary.tokens[:4] == ["<pad>", "<unk>", ".", "the"]
    assert tokens(data, "train") == spelled
    known = set(data.vocabulary.tokens)
    assert tokens(data, "test") == [[w if w in known else "<unk>" for w in words(text)] for text in TEST]
    assert "<unk>" in tokens(data, "test")[1]
    assert data.train.targets.tolist() == [0, 0, 0, 1]
    assert data.test.targets.tolist() == [0, 1, 1]
    assert data.train.targets.dtype == torch.int64
    assert data.sha256 == hashlib.sha256(archive(FILES)).hexdigest()


def test_the_order_of_the_archive_does_not_matter(folder):
    first = load_imdb(folder())
    content = archive(dict(reversed(FILES.items())), folder="")
    second = load_imdb(folder(content))
    assert same(dataclasses.replace(first, sha256=second.sha256), second)


def test_a_smaller_vocabulary_is_what_it_would_have_been(folder):
    data = load_imdb(folder())
    for size in (3, 6, len(data.vocabulary)):
        small = data.most_common(size)
        expected = Vocabulary.from_tokens([words(text) for text in TRAIN], size=size)
        assert small.vocabulary.tokens == expected.tokens
        assert small.train.ids.tolist() == [i for text in TRAIN for i in expected.encode(words(text))]
        assert small.test.ids.tolist() == [i for text in TEST for i in expected.encode(words(text))]
        assert small.test.targets.equal(data.test.targets)
        assert small.sha256 == data.sha256
    assert 1 not in data.train.ids  # the larger one is as it was


@pytest.mark.parametrize("size", [-1, 2, 1000])
def test_a_vocabulary_that_cannot_be_is_refused(folder, size):
    with pytest.raises(ValueError, match=rf"size={size}: this vocabulary can have from 3 to \d+ ids"):
        load_imdb(folder()).most_common(size)


def test_the_second_call_reads_no_archive(folder, readings, cache):
    first = load_imdb(folder())
    assert same(load_imdb(folder()), first)
    assert len(readings) == 1
    assert [path.suffix for path in cache.iterdir()] == [".npz"]


def test_another_archive_another_cache(folder, readings):
    load_imdb(folder())
    other = load_imdb(folder(archive({**FILES, "train/pos/0_10.txt": "Other words."})))
    assert len(readings) == 2
    assert "other" in other.vocabulary
    assert "other" not in load_imdb(folder()).vocabulary
    assert len(readings) == 2


@pytest.mark.parametrize("what", ["tokenizer", "layout", "unicode"])
def test_another_tokenizer_another_cache(folder, readings, monkeypatch, what):
    load_imdb(folder())
    if what == "unicode":
        monkeypatch.setattr(imdb.unicodedata, "unidata_version", "99.0.0")
    else:
        changed = {"tokenizer": words.__module__, "layout": imdb.__name__}[what]
        source = imdb.inspect.getsource
        monkeypatch.setattr(
            imdb.inspect, "getsource", lambda module: source(module) + "#" * (module.__name__ == changed)
        )
    load_imdb(folder())
    assert len(readings) == 2


def test_a_damaged_cache_is_made_anew(folder, readings, cache):
    whole = load_imdb(folder())
    (path,) = cache.iterdir()
    content = path.read_bytes()
    positions = np.random.default_rng(0).permutation(len(content))[:100]
    for position in [*positions, *range(-600, 0, 3)]:
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        assert same(load_imdb(folder()), whole), position
    assert len(readings) > 100
    for length in (0, 1, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        before = len(readings)
        assert same(load_imdb(folder()), whole)
        assert len(readings) == before + 1
        assert path.read_bytes()[:4] == content[:4]


def test_a_pickle_in_the_cache_is_not_run(folder, cache, tmp_path):
    class Attack:
        def __reduce__(self):
            return (open, (str(tmp_path / "attacked"), "w"))

    whole = load_imdb(folder())
    (path,) = cache.iterdir()
    buffer = io.BytesIO()
    np.savez(buffer, words=np.array([Attack()], dtype=object))
    path.write_bytes(buffer.getvalue())
    assert same(load_imdb(folder()), whole)
    assert not (tmp_path / "attacked").exists()


def test_an_interrupted_reading_leaves_no_cache(folder, cache, monkeypatch):
    def interrupted(path):
        yield next(read(path))
        raise KeyboardInterrupt

    read = imdb._reviews
    monkeypatch.setattr(imdb, "_reviews", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_imdb(folder())
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_is_done_without(folder, tmp_path):
    whole = load_imdb(folder())
    os.environ["RNNBOOK_CACHE"] = str(tmp_path / "file")  # the fixture puts it back
    (tmp_path / "file").write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match=r"cannot be kept in .*file.*as long\. Free some space there, or set RNNBOOK_"):
        assert same(load_imdb(folder()), whole)


def test_the_published_archive_needs_no_word(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_imdb(folder())
        load_imdb(folder())
        load_imdb(folder())


@pytest.mark.parametrize("load", [read_imdb, load_imdb])
def test_another_archive_is_named_every_time(folder, load):
    message = (
        r"aclImdb_v1\.tar\.gz is not the published archive\. It holds 1 positive and 3 negative reviews to train on "
        rf"and 2 positive and 1 negative reviews to test on, .*{hashlib.sha256(archive(FILES)).hexdigest()}.*c40f74a"
    )
    for _ in range(2):
        with pytest.warns(UserWarning, match=message) as caught:
            load(folder(published=False))
        assert caught[0].filename == __file__


def test_an_archive_without_one_of_the_four_is_refused(folder):
    files = {name: text for name, text in FILES.items() if "test/pos" not in name and "train/neg" not in name}
    with pytest.raises(DataError, match=r"holds no train/neg and no test/pos/ID_STARS\.txt\. Replace it by https://"):
        read_imdb(folder(archive(files)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        gzip.compress(b""),
        gzip.compress(b"<html>" * 200),
        archive({**FILES, "test/neg/3_1.txt": b"\xff"}),
    ],
    ids=["nothing", "a page", "nothing, packed", "a page, packed", "a review that is no UTF-8"],
)
def test_what_is_no_archive_of_reviews_is_refused(folder, cache, content):
    for load in (read_imdb, load_imdb):
        with pytest.raises(DataError, match=r"aclImdb_v1\.tar\.gz (cannot be read|holds no).*Replace it by https://"):
            load(folder(content))
    assert not cache.exists()


def test_a_damaged_archive_never_yields_other_reviews(folder):
    content = archive(FILES)
    whole = read_imdb(folder())
    refused = 0
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0x10
        try:
            assert read_imdb(folder(bytes(damaged))) == whole, position
        except DataError:
            refused += 1
    assert refused > len(content) - 20  # all but the time and the name in the head of gzip
    for length in range(0, len(content), 7):
        with pytest.raises(DataError):
            read_imdb(folder(content[:length]))


def test_a_long_archive_that_is_damaged_in_a_review_is_refused(folder):
    noise = np.random.default_rng(0).choice(list("abcdefghijklm "), 200_000)
    content = archive({**FILES, "train/neg/3_1.txt": "".join(noise)})
    for position in range(2000, len(content) - 2000, len(content) // 60):
        damaged = bytearray(content)
        damaged[position : position + 50] = np.random.default_rng(position).bytes(50)
        with pytest.raises(DataError, match="cannot be read"):
            read_imdb(folder(bytes(damaged)))


def test_a_folder_or_a_link_with_a_reviews_name_is_no_review(folder, tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in FILES.items():
            member = tarfile.TarInfo("aclImdb/" + name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
        for kind, name in ((tarfile.DIRTYPE, "8_8"), (tarfile.SYMTYPE, "9_9"), (tarfile.LNKTYPE, "7_9")):
            member = tarfile.TarInfo(f"aclImdb/train/pos/{name}.txt")
            member.type, member.linkname = kind, "/etc/hostname"
            tar.addfile(member)
    assert read_imdb(folder(buffer.getvalue()))[0].texts == TRAIN


def test_nothing_is_unpacked(folder, tmp_path):
    read_imdb(folder())
    assert [path.name for path in tmp_path.rglob("*")] == ["aclImdb_v1.tar.gz"]


def test_the_cache_is_written_in_one_step(folder, cache, monkeypatch):
    written = []
    monkeypatch.setattr(imdb, "put", lambda path, content: written.append(path) or put(path, content))
    load_imdb(folder())
    assert written == list(cache.iterdir())
    assert re.fullmatch(r"words-[0-9a-f]{16}\.npz", written[0].name)


@pytest.mark.skipif(DATA is None, reason="RNNBOOK_DATA names no folder of downloaded originals")
@pytest.mark.filterwarnings("ignore:.*is not the published archive")
def test_the_published_reviews():
    train, test = read_imdb(DATA)
    data = load_imdb(DATA)
    for reviews, ragged in ((train, data.train), (test, data.test)):
        assert 24_990 <= len(reviews) == len(ragged) <= 25_000
        assert ragged.targets.tolist() == reviews.labels == [int(stars > 5) for stars in reviews.ratings]
        assert set(reviews.ratings) == {1, 2, 3, 4, 7, 8, 9, 10}
        for i in range(0, len(reviews), 5000):
            ids, _, _ = ragged[[i]]
            assert ids[0].tolist() == data.vocabulary.encode(words(reviews.texts[i]))
    assert data.vocabulary.tokens[2:7] == ["the", ".", ",", "and", "a"]
    repeats = set(train.texts) & set(test.texts)
    assert 0 < len(repeats) < 130
