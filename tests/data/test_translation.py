import dataclasses
import gzip

import pytest

from rnnbook.data import SOURCES, DataError, Parallel, load_pairs, translation
from rnnbook.data.phrases import idioms

LINES = {
    "de": ["Zwei Hunde rennen.", " Ein Mann schläft.\xa0", "Kühe\u2028grasen."],
    "en": ["Two dogs run.", "A man sleeps.", "Cows graze."],
    "fr": ["Deux chiens courent.", "Un homme dort.", "Des vaches paissent."],
}


@pytest.fixture
def originals(tmp_path, monkeypatch):
    """A folder of three lines a part, for which the registry expects no checksum."""
    for name, source in list(SOURCES.items()):
        if name.startswith("multi30k/"):
            file = name.removeprefix("multi30k/")
            part, language = file.split(".")
            monkeypatch.setitem(translation.SOURCES, name, dataclasses.replace(source, sha256=None))
            (tmp_path / "multi30k").mkdir(exist_ok=True)
            text = "\n".join(LINES[language][: 2 if part == "val" else 3]) + "\n"
            (tmp_path / "multi30k" / f"{file}.gz").write_bytes(gzip.compress(text.encode()))
    return tmp_path


def test_the_embedded_pairs_are_divided_once_and_for_all_and_can_be_turned_round():
    train, validation, test = load_pairs()
    assert [len(part) for part in (train, validation, test)] == [5001, 599, 600]
    assert train.sources[-200:] == idioms().sources
    for one, other in ((train, validation), (train, test), (validation, test)):
        assert not set(one.sources) & set(other.sources)
        assert not set(one.targets) & set(other.targets)
    back = load_pairs(languages=("en", "de"))
    assert tuple(part.reversed() for part in back) == (train, validation, test)
    known = {word for text in train.sources for word in text.split()}
    unknown = {word for text in test.sources for word in text.split()} - known
    assert len(unknown) < 60


def test_real_pairs_are_read_line_by_line(originals):
    train, validation, test = load_pairs(full=True, data_dir=originals)
    german = ["Zwei Hunde rennen.", "Ein Mann schläft.", "Kühe\u2028grasen."]
    assert train == test == Parallel(german, LINES["en"])
    assert validation == Parallel(german[:2], LINES["en"][:2])
    assert load_pairs(True, originals, ("fr", "de"))[0] == Parallel(LINES["fr"], german)


def test_another_test_set(originals):
    path = originals / "multi30k" / "test_2017_flickr.en.gz"
    path.write_bytes(gzip.compress(b"a\nb\nc"))
    assert load_pairs(True, originals, test_set="test_2017_flickr")[2].targets == ["a", "b", "c"]
    with pytest.raises(ValueError, match=r"test_set='test_2016'.*Did you mean test_2016_flickr"):
        load_pairs(True, originals, test_set="test_2016")
    with pytest.raises(ValueError, match=r"test_set='train'"):
        load_pairs(True, originals, test_set="train")


PACKED = gzip.compress(b"a\nb\nc\n", mtime=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(gzip.compress(b"a\nb\n"), r"Multi30k's train has 3 lines in de and 2 in en", id="too few lines"),
        pytest.param(gzip.compress(b"a\n\nb\n"), r"train.en.gz has nothing in line 2. Replace it by https", id="gap"),
        pytest.param(gzip.compress(b"a\n \nb\n"), r"train.en.gz has nothing in line 2", id="space"),
        pytest.param(gzip.compress(b""), r"train.en.gz has nothing in line 1", id="empty"),
        pytest.param(gzip.compress(b"\xff\xfe\nb\nc\n"), r"cannot be read .*Replace it by", id="not UTF-8"),
        pytest.param(PACKED[:-4], r"cannot be read .*Replace it by", id="cut"),
        pytest.param(PACKED[:15] + b"x" * 17, r"cannot be read .*Replace it by", id="damaged"),
        pytest.param(b"a\nb\nc\n", r"cannot be read .*Replace it by", id="not packed"),
    ],
)
def test_files_that_are_not_the_published_ones(originals, content, message):
    (originals / "multi30k" / "train.en.gz").write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_pairs(True, originals)


def test_the_published_training_files_are_known_by_their_checksum(originals, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(DataError, match=r"train.de.gz is not the published file: its SHA-256 is"):
        load_pairs(True, originals)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"No multi30k/train.de.gz or train.de.gz in"):
        load_pairs(True, tmp_path)


@pytest.mark.parametrize(("full", "languages"), [(False, ("de", "fr")), (True, ("de", "cs")), (True, ("de", "de"))])
def test_languages_that_are_not_there(full, languages, tmp_path):
    with pytest.raises(ValueError, match=r"give two different ones, such as \('de', 'en'\)"):
        load_pairs(full, tmp_path, languages)
