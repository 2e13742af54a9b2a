import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbook.grading.intake.names import clean_name, squeezed, words


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        pytest.param("Ada Lovelace", "Ada Lovelace", id="plain"),
        pytest.param("Ада Lovelace 愛", "Ада Lovelace 愛", id="three-scripts"),
        pytest.param("Zoe\u0308", "Zoë", id="composed"),
        pytest.param("ada\u202egpj.exe", "adagpj.exe", id="override"),
        pytest.param("\x1b[31mada\x1b[0m\r\n\tx\0", "ada x", id="terminal"),
        pytest.param("می\u200cخواهم", "می\u200cخواهم", id="persian-joiner"),
        pytest.param("ada\ud800\u2028b", "ada b", id="surrogate"),
        pytest.param(" \u200b\u200d ", "unnamed", id="nothing-left"),
        pytest.param("", "unnamed", id="empty"),
        pytest.param("a" * 101, "a" * 99 + "…", id="long"),
    ],
)
def test_clean_names(name, clean):
    assert clean_name(name) == clean


@given(st.text(st.characters(), max_size=300))
def test_a_clean_name_is_one_short_line_and_stays_clean(name):
    clean = clean_name(name)
    assert 0 < len(clean) <= 100
    assert not {unicodedata.category(c) for c in clean if c not in "\u200c\u200d"} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert clean_name(clean) == clean


def test_words_are_comparable():
    assert words("Lovelace, ZOË-Ada_2") == ("lovelace", "zoe", "ada", "2")
    assert words("Müller") == words("mu\u0308ller") == ("muller",)
    assert squeezed("O'Neil, Ada") == "oneilada"
