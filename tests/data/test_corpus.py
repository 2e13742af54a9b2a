import os
from pathlib import Path

import pytest

import rnnbook.data
from rnnbook.data import DataError, load_corpus


def test_the_sample_is_large_enough_to_learn_from():
    text = load_corpus()
    assert len(text) >= 60_000
    assert text.isascii()
    assert text == load_corpus()


def test_the_sample_is_one_text():
    text = load_corpus()
    assert text == text.strip() + "\n"
    assert "\n\n\n\n" not in text
    assert not set("\t\r") & set(text)


def test_a_blank_line_parts_the_files_of_the_sample():
    folder = Path(rnnbook.data.__file__).parent / "samples" / "corpus"
    rest = load_corpus()
    for path in sorted(folder.glob("*.txt")):
        part, rest = path.read_text().strip(), rest.removeprefix("\n\n")
        assert rest.startswith(part)
        rest = rest.removeprefix(part)
        assert rest.startswith("\n\n") or rest == "\n"
    assert rest == "\n"


def test_the_original_is_never_replaced_by_the_sample(tmp_path):
    with pytest.raises(DataError, match=r"No tinyshakespeare/input\.txt"):
        load_corpus(full=True, data_dir=tmp_path)


@pytest.mark.skipif("RNNBOOK_DATA" not in os.environ, reason="RNNBOOK_DATA names no folder of downloaded originals")
def test_tiny_shakespeare():
    text = load_corpus(full=True)
    assert len(text) == 1_115_394
    assert len(set(text)) == 65
    assert text.startswith("First Citizen:\nBefore we proceed any further")
