"""Plain values cross the wire unchanged, and frames that break the rules are refused."""

import json
import math
import struct

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rnnbook.exercises.student import Handle
from rnnbook.exercises.values import same
from rnnbook.grading import wire
from rnnbook.grading.wire import WireError, decode, encode, payload_size

shapes = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
tensors = st.sampled_from([*wire._TENSORS.values()]).flatmap(
    lambda dtype: shapes.map(lambda shape: (torch.randn(shape) * 9).to(dtype))
)
numpy_arrays = st.sampled_from([*wire._ARRAYS.values()]).flatmap(lambda dtype: arrays.arrays(dtype, shapes))
keys = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
scalars = keys | st.floats() | st.text(st.characters(codec=None), max_size=20)
values = st.recursive(
    scalars | tensors | numpy_arrays,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


def split(frame: bytes) -> tuple[bytes, bytearray]:
    (length,) = struct.unpack(">I", frame[:4])
    return frame[4 : 4 + length], bytearray(frame[4 + length :])


def there_and_back(value):
    header, payload = split(encode(value))
    assert payload_size(header) == len(payload)
    return decode(header, payload, lambda *parts: Handle(None, *parts))


def frame(header: object, payload: bytes = b"") -> tuple[bytes, bytearray]:
    return (header if isinstance(header, bytes) else json.dumps(header).encode()), bytearray(payload)


@given(values)
def test_plain_values_come_back_the_same(value):
    assert same(there_and_back(value), value)


def test_bits_and_dtypes_are_kept():
    tiny = torch.tensor([5e-324, -0.0, math.nan, math.inf], dtype=torch.float64)
    assert there_and_back(tiny).view(torch.int64).tolist() == tiny.view(torch.int64).tolist()
    big_endian = np.arange(6, dtype=">i4").reshape(2, 3)
    assert (there_and_back(big_endian) == big_endian).all()
    words = np.array([["a", "ß\ud800"], ["", "="]])
    assert (there_and_back(words) == words).all()


def test_views_are_sent_as_they_look():
    x = torch.arange(12.0).reshape(3, 4)
    for view in (x.T, x[:, ::2], x[1], x.expand(2, 3, 4), torch.tensor([1 + 2j]).conj()):
        assert torch.equal(there_and_back(view), view)
    assert not there_and_back(torch.ones(2, requires_grad=True)).requires_grad


def test_handles_keep_number_form_and_text():
    handle = there_and_back({"h": Handle(None, 7, "the class RNN", "RNN")})["h"]
    assert (handle._number, handle._form, repr(handle)) == (7, "the class RNN", "RNN")


def test_what_is_received_can_be_written_to():
    got = there_and_back((torch.zeros(3), np.zeros(3), torch.ones(3)))
    got[0].add_(1)
    got[1][:] = 2
    assert got[2].tolist() == [1, 1, 1]


def test_what_cannot_be_sent_is_said():
    float8 = torch.zeros(2).to(torch.float8_e5m2)
    for value in (object(), {1, 2}, b"bytes", range(3), float8, np.array([1 + 2j]), 10**5000):
        with pytest.raises(WireError):
            encode([value])


def test_too_much_is_said_before_memory_is_spent():
    with pytest.raises(WireError, match=r"^The values are too large to be compared: more than 64 MB\.$"):
        encode(torch.zeros(1).expand(10**12))
    with pytest.raises(WireError, match="more than 4 MB of text"):
        encode("x" * 2**23)
    nest = []
    nest.append(nest)
    with pytest.raises(WireError, match="nested more than 60 deep"):
        encode(nest)


BAD = {
    "no JSON": b"\xff",
    "not an object": [],
    "an extra part": {"value": 1, "arrays": [], "more": 1},
    "a missing part": {"value": 1},
    "an unknown dtype": {"value": ["tensor", 0], "arrays": [["object", [1]]]},
    "a negative size": {"value": ["tensor", 0], "arrays": [["float32", [-1, -4]]]},
    "a size that is no integer": {"value": ["tensor", 0], "arrays": [["float32", [True]]]},
    "too many dimensions": {"value": ["tensor", 0], "arrays": [["float32", [1] * 17]]},
    "no such array": {"value": ["tensor", 1], "arrays": []},
    "a negative index": {"value": ["tensor", -1], "arrays": [["float32", [1]]]},
    "an index that is no integer": {"value": ["tensor", False], "arrays": [["float32", [1]]]},
    "a tensor of a NumPy dtype": {"value": ["tensor", 0], "arrays": [["uint16", [2]]]},
    "an array of a torch dtype": {"value": ["array", 0], "arrays": [["bfloat16", [2]]]},
    "a kind that there is not": {"value": ["pickle", "gASV"], "arrays": []},
    "an object": {"value": {"a": 1}, "arrays": []},
    "an empty list": {"value": [], "arrays": []},
    "an unhashable key": {"value": ["dict", [["list"], 1]], "arrays": []},
    "half a pair": {"value": ["dict", [1]], "arrays": []},
    "an integer of letters": {"value": ["int", "x"], "arrays": []},
    "an integer of many digits": {"value": ["int", "9" * 10**6], "arrays": []},
    "a float of its own": {"value": ["float", "1e400"], "arrays": []},
    "text of another shape": {"value": ["text", [3], ["a"]], "arrays": []},
    "text of numbers": {"value": ["text", [1], [1]], "arrays": []},
    "a negative handle": {"value": ["handle", -1, "", ""], "arrays": []},
    "deep brackets": b'{"value": ' + b"[" * 10**6,
    "deep lists": b'{"arrays": [], "value": ' + b'["list", ' * 100 + b"1" + b"]" * 100 + b"}",
}


@pytest.mark.parametrize("name", BAD)
def test_frames_that_break_the_rules_are_refused(name):
    header, _ = frame(BAD[name])
    with pytest.raises(WireError):
        decode(header, bytearray(payload_size(header)), lambda *parts: None)


def test_claims_of_size_are_refused_before_reading():
    header, _ = frame({"value": ["tensor", 0], "arrays": [["float32", [2**39]]]})
    with pytest.raises(WireError, match="More than 64 MB"):
        payload_size(header)
    header, payload = frame({"value": ["tensor", 0], "arrays": [["float32", [2]]]}, b"1234567")
    with pytest.raises(WireError, match="not as many"):
        decode(header, payload, lambda *parts: None)


def test_truth_values_are_zero_or_one_whatever_the_bytes():
    for kind in ("tensor", "array"):
        header, payload = frame({"value": [kind, 0], "arrays": [["bool", [3]]]}, b"\x00\x02\xff")
        got = decode(header, payload, lambda *parts: None)
        assert bytes(memoryview(np.asarray(got)).cast("B")) == b"\x00\x01\x01"
