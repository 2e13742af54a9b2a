import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_class import EVIL, outcome, texts

from rnnbook.grading.reports.tidy import cell, file_names, line, percent, tidy


@given(texts())
def test_tidy_text_is_plain(text):
    plain = tidy(text)
    plain.encode()  # no lone surrogate
    assert not [c for c in plain if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    assert not set(plain) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff")
    assert len(plain) <= 10_100


@pytest.mark.parametrize(
    "text", ["two\nlines\tand a tab", "Zoë Ångström", "می\u200cخواهم", "क्\u200dष", "👩\u200d🔬", "李明"]
)
def test_what_is_harmless_stays(text):
    assert tidy(text) == text


def test_line_ends_become_newlines():
    assert tidy("a\r\nb\rc\u2028d\x85e") == "a\nb\nc\nd\ne"


def test_a_cut_text_says_so():
    assert tidy("x" * 20_000).endswith("... and 10000 more characters")


def test_texts_deep_inside_are_made_plain():
    test = tidy({"a\x00": [outcome(message="\x1b[1mbold"), ("\u202e",)], "n": 3})
    assert test == {"a": [outcome(message="bold"), ("",)], "n": 3}


def test_line_is_one_line():
    assert line(" a\n b\tc ") == "a b c"


@given(texts())
def test_no_cell_begins_like_a_formula(text):
    value = cell(text)
    begins = value.strip()
    assert len(begins) <= 1 or begins[0] not in "=+-@＝＋－＠\t\r"


@pytest.mark.parametrize("text", [text for text in EVIL if text.strip()[:1] in tuple("=+-@＝")], ids=repr)
def test_a_formula_begins_with_an_apostrophe(text):
    assert cell(text).startswith("'")
    assert cell(text)[1:].strip() == text.strip()


def test_numbers_and_a_dash_stay_as_they_are():
    assert [cell(-3), cell("-"), cell("Ada")] == [-3, "-", "Ada"]


@pytest.mark.parametrize(("part", "whole", "share"), [(0, 7, 0), (7, 7, 100), (999, 1000, 99), (0, 0, 0)])
def test_only_full_marks_are_100_per_cent(part, whole, share):
    assert percent(part, whole) == share


@given(st.lists(texts(), max_size=8))
def test_file_names_are_safe_and_differ_on_every_file_system(names):
    found = file_names(names)
    folded = {unicodedata.normalize("NFC", name).casefold() for name in found}
    assert len(folded) == len(names)
    for name in found:
        assert 0 < len(f"{name}.html".encode()) <= 255
        assert not set(name) & set('/\\:*?"<>|. \x00')


@pytest.mark.parametrize(
    "names",
    [["Ada", "ADA"], ["é", "e\u0301"], ["a/b", "a b"], ["..", "."], ["con", "Con "], ["", " "], ["ß", "SS"]],
    ids=repr,
)
def test_alike_names_get_different_files(names):
    first, second = file_names(names)
    assert first != second
    assert not {first, second} & {"con", "", ".", ".."}


@pytest.mark.parametrize("name", ["CON", "nul", "Lpt1", "..", ""], ids=repr)
def test_names_that_a_system_keeps_for_itself_are_changed(name):
    (found,) = file_names([name])
    assert found not in {"con", "nul", "lpt1", "..", ""}


def test_a_file_name_does_not_depend_on_the_others_when_it_is_alone():
    assert file_names(["Ada Lovelace", "Grace Hopper"]) == ["ada-lovelace", "grace-hopper"]
    assert file_names(["Grace Hopper", "Ada Lovelace"]) == ["grace-hopper", "ada-lovelace"]
