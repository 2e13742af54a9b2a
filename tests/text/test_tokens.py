import html
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rnnbook.text import Subwords, characters, normalise, words

TEXTS = [
    "the film was not good, and the music was not good either",
    "the actors were good, the film was unwatchable, unwatched and unloved",
    "I watched the film twice; nobody loved it, and nobody was watching",
] * 3

# Fragments that meet each other in ways that random characters never do.
FRAGMENTS = (
    *(
        "don't",
        "N'T",
        "n't",
        "'s",
        "'",
        "’",
        "`",
        "it's_",
        "o'clock",
        "x'sx",
        "y'all'd",
        '"',
        "“",
        "—",
        "-",
        "…",
        "..",
        ".",
    ),
    *(
        "!",
        "?",
        "!?",
        "*",
        "<br />",
        "<BR>",
        "&amp;",
        "&amp;amp;",
        "&lt;br&gt;",
        "&",
        ";",
        "#39;",
        ":",
        ")",
        "(",
        "/",
        "<",
        ">",
    ),
    *(
        ":D",
        "xD",
        "o_O",
        "_",
        "^_^",
        "<3",
        "0",
        "3.5",
        "7/10",
        "10:30",
        ",",
        "http://",
        "www.",
        "a",
        "E",
        "é",
        "e\u0301",
        "İ",
    ),
    *(
        "ΑΣ",
        "H\u0331",
        "\u0301",
        "हिन्दी",
        "中文",
        "\u200d",
        "\u200c",
        "\u200b",
        "\xad",
        "\ufeff",
        "\x85",
        "\x92",
        "👍",
        "🏽",
        "❤",
        "\ufe0f",
    ),
    *(
        "🇬",
        "🇧",
        "👩",
        "1",
        "\u20e3",
        " ",
        "\n",
        "\xa0",
        "\u2028",
        "\x1c",
        "½",
        "²",
        "ß",
        "ſ",
        "ﬁ",
        "İ\u0301",
        "\U000e0067",
    ),
)
text = st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join))


@given(text, st.booleans())
def test_nothing_is_lost_but_white_space_and_no_token_holds_any(text, lower):
    tokens = words(text, lower)
    assert "".join(tokens) == "".join(normalise(text, lower).split())
    assert all(token and not re.search(r"\s", token) for token in tokens)


@given(text, st.booleans())
@example("a's_", True)
@example("grade:D", False)
@example("xhttp://a", True)
def test_tokens_joined_by_spaces_give_the_same_tokens(text, lower):
    tokens = words(text, lower)
    assert words(" ".join(tokens), lower) == tokens


@given(st.text(st.characters(exclude_characters="&", exclude_categories=["Cs"])))
def test_what_normalise_leaves_as_it_is(text):
    """Without HTML it takes away three signs that nobody sees, and rewrites typographic signs; all else is NFC."""
    plain = re.sub("[\xad\ufeff\u200b‐-―‘-‟′″…´`ʼ＇＂−\x80-\x9f<]", "", text)
    assert normalise(plain, lower=False) == unicodedata.normalize("NFC", plain)
    assert normalise(plain) == unicodedata.normalize("NFC", plain.lower())


@given(text)
def test_normalised_text_is_composed_and_lower_case_and_however_an_accent_was_typed_it_is_the_same(text):
    assert unicodedata.is_normalized("NFC", normalise(text))
    assert words(unicodedata.normalize("NFD", text)) == words(text)
    assert [token.lower() for token in words(text)] == words(text)


@given(st.text(st.characters(exclude_characters="\r\xad\ufeff", exclude_categories=["Cs", "Cc"])))
def test_escaped_html_reads_as_what_it_stands_for(text):
    text = text.replace("&", "+")
    assert words(html.escape(text)) == words(text)


@given(st.from_regex(r"[a-z]+( [a-z]+)*", fullmatch=True))
def test_plain_words_are_split_at_spaces(text):
    assert words(text) == text.split()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It wasn't good.", "it was n't good ."),
        ("Don't! I CAN'T, won’t, don`t, don´t.", "do n't ! i ca n't , wo n't , do n't , do n't ."),
        ("couldn't've", "could n't 've"),
        (
            "He's seen it's what they'd like, I'm sure we'll say we've",
            "he 's seen it 's what they 'd like , i 'm sure we 'll say we 've",
        ),
        ("O'Brien, rock'n'roll, y'all", "o'brien , rock'n'roll , y'all"),
        ("lovin'the film", "lovin'the film"),
        ("the actors' lines, 'quoted'", "the actors ' lines , ' quoted '"),
        ("A<br /><br>B<BR/>C", "a b c"),
        ("Q&amp;A &lt;3 &#39;so&#39; &quot;so&quot; caf&eacute;&nbsp;x", "q & a <3 ' so ' \" so \" café x"),
        ("“Well”—she said… no–yes", '" well " -- she said ... no - yes'),
        ("it\x92s \x93fine\x94\x85 yes\x97no", 'it \'s " fine " ... yes -- no'),
        ("not-so-good -- really", "not - so - good -- really"),
        ("wow!!!!! what?! hm.... ****", "wow !!! !! what ?! hm ... . ****"),
        (
            "3.5/10, 1,000 at 10:30 in the 1980s, 90's $7.50 50%",
            "3.5/10 , 1,000 at 10:30 in the 1980s , 90 's $ 7.50 50 %",
        ),
        ("End.Next 5. Then and/or v2", "end . next 5 . then and / or v2"),
        (
            ":) :-( ;D :'( =] >:( :/ :)))) :P xD o_O ^_^ -_- <3 </3",
            ":) :-( ;d :'( =] >:( :/ :))) ) :p xd o_o ^_^ -_- <3 </3",
        ),
        ("grade:D and foo_O, 3<30 (so :dull)", "grade : d and foo _ o , 3 < 30 ( so : dull )"),
        ("see http://example.org/a?b=1, or www.example.org.", "see http://example.org/a?b=1 , or www.example.org ."),
        ("#great @cinema _so_", "# great @ cinema _ so _"),
        ("naïve Ärger über Æon ΑΣ Привет", "naïve ärger über æon ας привет"),
        ("हिन्दी में नमस्ते", "हिन्दी में नमस्ते"),
        ("👍🏽👍 ❤️😂😂 👨‍👩‍👧 🇬🇧🇫🇷 1️⃣ 🏴󠁧󠁢󠁷󠁬󠁳󠁿!", "👍🏽 👍 ❤️ 😂 😂 👨‍👩‍👧 🇬🇧 🇫🇷 1️⃣ 🏴󠁧󠁢󠁷󠁬󠁳󠁿 !"),
        ("un\xadseen\u200bsign\ufeff", "unseen sign"),
        ("", ""),
        (" \n\t\xa0", ""),
    ],
)
def test_words(text, tokens):
    assert words(text) == tokens.split()


def test_case_is_kept_where_it_is_wanted():
    assert words("I DIDN'T, It's NFC", lower=False) == ["I", "DID", "N'T", ",", "It", "'s", "NFC"]


@pytest.mark.parametrize(
    "text", ["'" * 40_000, "a'" * 20_000, "o_" * 20_000, "http://" * 6_000, "1." * 20_000, "<3" * 20_000]
)
def test_no_text_takes_more_than_linear_time(text):
    assert "".join(words(text)) == text


def test_an_entity_with_thousands_of_digits_is_none():
    assert words(f"&#{'1' * 5000};&#8217;") == ["&", "#", "1" * 5000, ";", "'"]


@given(st.text())
def test_characters_join_to_the_text_in_nfc(text):
    assert "".join(characters(text)) == unicodedata.normalize("NFC", text)
    assert all(len(character) == 1 for character in characters(text))


@pytest.fixture(scope="module")
def subwords():
    return Subwords.train(TEXTS, 300)


@given(st.text())
@example("  two spaces, <pad> and <unk>, \r\n naïve 👍🏽")
def test_subwords_give_every_text_back_as_it_was(subwords, text):
    ids = subwords.encode(text)
    assert subwords.decode(ids) == text
    assert not {0, 1} & set(ids)
    assert all(2 <= i < len(subwords) for i in ids)


@given(st.text())
@example("<s> is no start, <pad> no padding")
@example("  日本  e\u0301")
def test_names_of_subwords_are_a_tokenizer(subwords, text):
    names = subwords.split(text)
    assert subwords.join(names) == text
    assert [subwords.names.index(name) + 2 for name in names] == subwords.encode(text)


def test_subwords_join_what_is_frequent(subwords):
    assert len(subwords) <= 300
    assert subwords.tokens("the film") == ["the", " film"]
    assert "".join(subwords.tokens("the unwatchable music")) == "the unwatchable music"
    assert len(subwords.tokens("watched")) < len(subwords.tokens("qzxvkjw"))
    assert subwords.decode([0, 1]) == "<pad><unk>"


def test_the_most_frequent_pair_is_joined_first():
    """By hand: "ab" occurs four times in "xab", "xab", "ab" and "ab", then "x" before it twice, then no pair twice."""
    first, second = (Subwords.train(["xab", "xab", "ab", "ab"], 258 + joins) for joins in (1, 2))
    assert first.tokens("xab") == ["x", "ab"]
    assert second.tokens("xab") == ["xab"]
    assert second.tokens("bax") == ["b", "a", "x"]
    assert len(Subwords.train(["xab", "xab", "ab", "ab"], 300)) == 260


def test_saved_subwords_are_the_same_again(subwords, tmp_path):
    path = tmp_path / "deep" / "subwords.json"
    subwords.save(path)
    again = Subwords.load(str(path))
    assert len(again) == len(subwords)
    for text in (*TEXTS, "<pad>é"):
        assert again.encode(text) == subwords.encode(text)
        assert again.decode(again.encode(text)) == text


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-40], lambda b: b"", lambda b: b"\xff" + b, lambda b: b'{"tokens": []}']
)
def test_damaged_subwords_are_refused(subwords, tmp_path, damage):
    path = tmp_path / "subwords.json"
    subwords.save(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"subwords\.json is damaged, or holds no subwords: .*save them again"):
        Subwords.load(path)


def test_subwords_of_another_origin_are_refused(tmp_path):
    from tokenizers import Tokenizer, models

    path = tmp_path / "other.json"
    path.write_text(Tokenizer(models.BPE()).to_str())
    with pytest.raises(ValueError, match="not <pad> and <unk>"):
        Subwords.load(path)
    with pytest.raises(FileNotFoundError):
        Subwords.load(tmp_path / "missing.json")


def test_wrong_use_of_subwords_names_the_remedy(subwords):
    with pytest.raises(TypeError, match=r"give a list of texts, \[text\]"):
        Subwords.train("one text", 300)
    with pytest.raises(ValueError, match="greater than 258"):
        Subwords.train(TEXTS, 258)
    for i in (-1, len(subwords)):
        with pytest.raises(ValueError, match=f"id {i} at position 1: .* 0 to {len(subwords) - 1}"):
            subwords.decode([5, i])
