import json
from collections import Counter
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnbook.text import Vocabulary, words

sequences = st.lists(
    st.lists(st.sampled_from(["the", "film", "was", "not", "a", "i", "<unk>", "é"]), max_size=9), max_size=6
)


def test_from_text_numbers_characters_by_first_appearance():
    assert Vocabulary.from_text("hello world").tokens == ["h", "e", "l", "o", " ", "w", "r", "d"]


def test_specials_come_first():
    v = Vocabulary("ab")
    assert v.tokens == ["<pad>", "<unk>", "a", "b"]
    assert len(v) == 4
    assert v.encode("abz") == [2, 3, 1]
    assert v.decode([2, 0, 3]) == "a<pad>b"
    assert "a" in v
    assert "z" not in v


@given(st.text(min_size=1))
def test_encoding_round_trips(text):
    v = Vocabulary.from_text(text)
    ids = v.encode(text)
    assert set(ids) == set(range(len(v)))
    assert v.decode(ids) == v.decode(torch.tensor(ids)) == text


def test_words_are_joined_by_spaces_again():
    tokens = words("It wasn't a good film.")
    v = Vocabulary.from_tokens([tokens])
    assert v.decode(v.encode(tokens)) == "it was n't a good film ."
    assert v.decode(v.encode(["a", "bad", "film"])) == "a <unk> film"
    assert v.decode([0, 2]).startswith("<pad> ")


@given(sequences, st.integers(1, 3), st.one_of(st.none(), st.integers(3, 9)))
def test_from_tokens_against_counting(sequences, min_count, size):
    v = Vocabulary.from_tokens(sequences, min_count=min_count, size=size)
    counts = Counter(token for sequence in sequences for token in sequence if token != "<unk>")
    assert v.tokens[:2] == ["<pad>", "<unk>"]
    kept = v.tokens[2:]
    enough = [token for token in counts if counts[token] >= min_count]
    assert len(kept) == min(len(enough), len(enough) if size is None else size - 2)
    for earlier, later in pairwise(kept):
        assert counts[earlier] > counts[later] or (counts[earlier] == counts[later] and earlier < later)
    for token in set(enough) - set(kept):
        assert counts[token] <= counts[kept[-1]]
    for sequence in sequences:
        ids = v.encode(sequence)
        assert [v.tokens[i] for i in ids] == [token if token in kept else "<unk>" for token in sequence]


def test_from_tokens_takes_generators_and_other_specials():
    v = Vocabulary.from_tokens((list(line) for line in ("ab", "b")), specials=("<pad>", "<unk>", "<s>"), size=4)
    assert v.tokens == ["<pad>", "<unk>", "<s>", "b"]
    assert v.encode(iter("ab")) == [1, 3]
    assert Vocabulary.from_tokens([["a"]], specials=()).tokens == ["a"]


@pytest.mark.parametrize("given", ["the film", ["the film", "was"]])
def test_a_text_in_place_of_tokens_is_refused(given):
    with pytest.raises(TypeError, match=r"list of tokens, got 'the film': give \[words\(text\), ...\]"):
        Vocabulary.from_tokens(given)


def test_a_size_without_room_is_refused():
    with pytest.raises(ValueError, match="greater than 2, the number of specials, got 2"):
        Vocabulary.from_tokens([["a"]], size=2)


def test_a_vocabulary_of_words_refuses_a_text_that_is_not_split():
    v = Vocabulary.from_tokens([["the", "film"]])
    with pytest.raises(TypeError, match=r"'the film' is one string: encode\(words\(text\)\)"):
        v.encode("the film")


def test_an_unknown_character_is_named_with_its_position():
    with pytest.raises(ValueError, match="'é' at position 3 is not in the vocabulary"):
        Vocabulary.from_text("caf").encode("café")
    with pytest.raises(ValueError, match="'é' at position 3"):
        Vocabulary.from_text("caf").encode(iter("café"))


@pytest.mark.parametrize("i", [-1, 3])
def test_decoding_refuses_ids_out_of_range(i):
    with pytest.raises(ValueError, match=rf"id {i} at position 1: .* 0 to 2"):
        Vocabulary.from_text("abc").decode([0, i])


@pytest.mark.parametrize(("tokens", "twice"), [("aba", "a"), (["a", "<unk>"], "<unk>")])
def test_a_repeated_token_is_refused(tokens, twice):
    with pytest.raises(ValueError, match=f"'{twice}' occurs twice"):
        Vocabulary(tokens)


@given(st.lists(st.text(st.characters()), unique=True), st.sampled_from([(), ("<pad>", "<unk>"), ("<s>",)]))
def test_what_is_saved_is_loaded(tmp_path_factory, tokens, specials):
    v = Vocabulary([token for token in tokens if token not in specials], specials)
    path = tmp_path_factory.mktemp("saved") / "deep" / "vocabulary.json"
    v.save(str(path))
    again = Vocabulary.load(path)
    assert (again.tokens, again.specials, again.separator) == (v.tokens, v.specials, v.separator)
    assert [file.name for file in path.parent.iterdir()] == ["vocabulary.json"]
    assert Vocabulary.from_dict(json.loads(json.dumps(v.to_dict()))).tokens == v.tokens


def test_a_lone_surrogate_survives_saving(tmp_path):
    Vocabulary(["\ud800"]).save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json").tokens[2:] == ["\ud800"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"specials": ["<pad>"], "tok',
        b"\xff\xfe",
        b"[1, 2]",
        b"null",
        b'{"tokens": ["a"]}',
        b'{"specials": [], "tokens": "abc"}',
        b'{"specials": [], "tokens": ["a", 1]}',
        b'{"specials": [], "tokens": ["a", "a"]}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "vocabulary.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"vocabulary\.json is damaged, or no vocabulary: .*; save it again"):
        Vocabulary.load(path)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        Vocabulary.load(tmp_path / "vocabulary.json")
