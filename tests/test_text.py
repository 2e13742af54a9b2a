import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from rnnbook.text import Vocabulary, one_hot, pad


def test_from_text_numbers_characters_by_first_appearance():
    assert Vocabulary.from_text("hello world").tokens == ["h", "e", "l", "o", " ", "w", "r", "d"]


def test_the_order_does_not_depend_on_the_process():
    program = "from rnnbook.text import Vocabulary; print(Vocabulary.from_text('the quick brown fox').tokens)"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {f"{list(dict.fromkeys('the quick brown fox'))}\n"}


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


def test_an_unknown_character_is_named_with_its_position():
    with pytest.raises(ValueError, match="'é' at position 3 is not in the vocabulary"):
        Vocabulary.from_text("caf").encode("café")


@pytest.mark.parametrize("i", [-1, 3])
def test_decoding_refuses_ids_out_of_range(i):
    with pytest.raises(ValueError, match=rf"id {i} at position 1: .* 0 to 2"):
        Vocabulary.from_text("abc").decode([0, i])


@pytest.mark.parametrize(("tokens", "twice"), [("aba", "a"), (["a", "<unk>"], "<unk>")])
def test_a_repeated_token_is_refused(tokens, twice):
    with pytest.raises(ValueError, match=f"'{twice}' occurs twice"):
        Vocabulary(tokens)


@given(st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=9), min_size=1, max_size=6), st.integers(-1, 9))
def test_pad_keeps_every_sequence_and_fills_with_the_value(sequences, value):
    ids, lengths = pad(sequences, value)
    assert ids.dtype == lengths.dtype == torch.int64
    assert ids.shape == (len(sequences), max(map(len, sequences)))
    for row, length, sequence in zip(ids.tolist(), lengths.tolist(), sequences, strict=True):
        assert length == len(sequence)
        assert row == sequence + [value] * (len(row) - length)


def test_pad_takes_arrays_and_tensors():
    ids, lengths = pad([np.array([1, 2]), torch.tensor([3])])
    assert ids.tolist() == [[1, 2], [3, 0]]
    assert lengths.tolist() == [2, 1]


def test_pad_refuses_an_empty_batch_and_an_empty_sequence():
    with pytest.raises(ValueError, match="empty batch"):
        pad([])
    with pytest.raises(ValueError, match="sequence 1 has length 0"):
        pad([[1], [], [2]])


def test_one_hot_picks_rows_like_an_embedding():
    ids = torch.tensor([[0, 2, 1], [3, 3, 0]])
    weight = torch.randn(4, 5)
    x = one_hot(ids, 4)
    assert x.shape == (2, 3, 4)
    assert x.dtype == weight.dtype
    torch.testing.assert_close(x @ weight, F.embedding(ids, weight), atol=0, rtol=0)


def test_one_hot_takes_lists_and_no_ids_at_all():
    assert one_hot([1, 0], 2).tolist() == [[0, 1], [1, 0]]
    assert one_hot([], 3).shape == (0, 3)


@pytest.mark.parametrize("ids", [[0, 3], [-1, 0]])
def test_one_hot_refuses_ids_out_of_range(ids):
    with pytest.raises(ValueError, match="3 places, 0 to 2"):
        one_hot(ids, 3)
