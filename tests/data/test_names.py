import os
import unicodedata
import zipfile
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbook.data import DataError, Names, load_names

words = st.lists(st.sampled_from(["Anna", "anna", "Bo", "Cy", "Dee", "Ed"]), min_size=2).filter(
    lambda words: len({word.casefold() for word in words}) > 1
)


@pytest.fixture
def originals(tmp_path):
    """A folder with an archive like the published one."""

    def write(lists: dict[str, bytes]):
        with zipfile.ZipFile(tmp_path / "names.zip", "w") as archive:
            archive.writestr("data/eng-fra.txt", "I am cold.\tJ'ai froid.\n")
            for path, content in lists.items():
                archive.writestr(path, content)
        return tmp_path

    return write


def test_the_sample_is_large_enough_to_learn_from():
    names = load_names()
    assert len(names.label_set) >= 10
    assert len(names) >= 2000


def test_the_sample_is_clean():
    names = load_names()
    assert all(name == unicodedata.normalize("NFC", name).strip() != "" for name in names.names)
    assert all(character.isalpha() or character in " '’ʻ-." for name in names.names for character in name)
    assert max(map(len, names.names)) <= 30
    assert max(Counter((n.casefold(), l) for n, l in zip(names.names, names.languages, strict=True)).values()) == 1
    assert names == load_names()


def test_names_are_stripped_composed_and_kept_once_in_each_language(originals):
    folder = originals(
        {
            "data/names/Polish.txt": "Nowak \n\nNowak\nnowak\nZo\u0301ska\n".encode(),
            "data/names/Czech.txt": "Nowak\r\nA\u0301d\r\n".encode(),
            "data/names/notes.md": b"no names",
            "more/data.txt": b"no names either",
        }
    )
    names = load_names(full=True, data_dir=folder)
    assert names.names == ["Nowak", "\u00c1d", "Nowak", "Z\u00f3ska"]
    assert names.languages == ["Czech", "Czech", "Polish", "Polish"]
    assert names.label_set == ["Czech", "Polish"]
    assert len(names) == 4


@pytest.mark.parametrize(
    ("lists", "message"),
    [({}, "holds no data/names"), ({"data/names/Czech.txt": b"\xff\xfe\xfd"}, "cannot be read")],
)
def test_an_archive_without_names_is_refused(originals, lists, message):
    with pytest.raises(DataError, match=message):
        load_names(full=True, data_dir=originals(lists))


def test_a_damaged_archive_is_refused(originals):
    path = originals({"data/names/Czech.txt": b"Novak\n" * 50}) / "names.zip"
    content = bytearray(path.read_bytes())
    content[content.index(b"Novak")] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"names\.zip cannot be read \(Bad CRC-32"):
        load_names(full=True, data_dir=path.parent)


@given(words, st.integers(0, 99), st.floats(0.3, 0.7))
def test_no_name_is_on_both_sides_of_a_split(names, seed, held_out):
    whole = Names(names, [str(i % 3) for i in range(len(names))], ["0", "1", "2", "3"])
    train, test = whole.split(seed, held_out)
    sides = [{name.casefold() for name in side.names} for side in (train, test)]
    assert not sides[0] & sides[1]
    assert len(sides[1]) == round(held_out * len(sides[0] | sides[1]))
    pairs = [Counter(zip(side.names, side.languages, strict=True)) for side in (train, test, whole)]
    assert pairs[0] + pairs[1] == pairs[2]
    assert train.label_set == test.label_set == whole.label_set
    assert whole.split(seed, held_out) == (train, test)


def test_a_split_keeps_the_order_and_mixes_the_languages():
    whole = Names([f"n{i:03}" for i in range(400)], ["a"] * 200 + ["b"] * 200, ["a", "b"])
    train, test = whole.split(0)
    assert (len(train), len(test)) == (320, 80)
    assert train.names == sorted(train.names)
    assert 20 < test.languages.count("a") < 60
    assert whole.split(1)[1] != test


@pytest.mark.parametrize("held_out", [0, 1, 0.01, 1.5, -0.2])
def test_a_split_with_an_empty_side_is_refused(held_out):
    with pytest.raises(ValueError, match="leaves one side empty"):
        Names(["a", "b", "c"], ["x"] * 3, ["x"]).split(0, held_out)


@pytest.mark.skipif("RNNBOOK_DATA" not in os.environ, reason="RNNBOOK_DATA names no folder of downloaded originals")
def test_the_published_names():
    names = load_names(full=True)
    assert len(names.label_set) == 18
    assert len(names) > 15_000
    assert "Bélanger" in names.names
    assert all(unicodedata.is_normalized("NFC", name) for name in names.names)
