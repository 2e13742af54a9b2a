"""The decoder against noise, mutated frames and frames made to harm: it raises WireError and nothing else."""

import contextlib
import json
import random
import socket
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbook.exercises.values import same
from rnnbook.grading.channel import Channel, Closed, Late
from rnnbook.grading.wire import HEADER, PAYLOAD, WireError, decode, encode, payload_size

FRAMES = 100_000
MEMORY = 300 * 2**20  # bytes that decoding may take at most
DTYPES = ("bool", "uint8", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "qint8", "object", "")
VALUES = (
    *(None, True, 3, -(2**70), 0.5, float("nan"), float("-inf"), "text", "\ud800\0", "", [], (), {}),
    *([1, [2, (3, {"a": None})]], {"a": 1, 2: [3.5], None: "b"}, torch.randn(2, 3), torch.zeros(0, 3), torch.ones(())),
    *(np.arange(4), np.zeros((0, 2)), np.array(["a", "bcd"]), [torch.arange(3), torch.tensor([True]), np.float32([1])]),
)
TOKENS = (
    *(
        b'"tensor"',
        b'"array"',
        b'"int"',
        b'"float"',
        b'"list"',
        b'"tuple"',
        b'"dict"',
        b'"text"',
        b'"handle"',
        b'"nan"',
    ),
    *(
        b"0",
        b"1",
        b"-1",
        b"2",
        b"1e999",
        b"NaN",
        b"true",
        b"null",
        b"[]",
        b"{}",
        b"[0]",
        b'["list"]',
        b'"x"',
        b'"9999"',
    ),
    *(b"99999999999999999999", b'[["uint8",[2]]]', b'"value"', b'"arrays"', b"[", b"]", b"{", b"}", b",", b":", b'"'),
)


def read(frame: bytes):
    """What Channel does with the bytes of a frame."""
    (length,) = struct.unpack(">I", frame[:4].rjust(4, b"\0"))
    if length > HEADER:
        raise WireError("too long")
    header = frame[4 : 4 + length]
    return decode(header, bytearray(frame[4 + length :][: payload_size(header)]), lambda *handle: handle)


def tree(random: random.Random, depth: int = 0):
    """A header's value, mostly of the right form."""
    if depth > 4 or random.random() < 0.3:
        return random.choice([None, True, 0, 2**60, -0.5, "x", "nan", [], {}, 10**30])
    kind = random.choice(["tensor", "array", "int", "float", "list", "tuple", "dict", "text", "handle", "x", 7])
    if kind in ("tensor", "array"):
        return [kind, random.choice([0, 0, 0, 1, 2, -1, True, None, 10**30, "0"])]
    if kind == "dict":
        return [kind, *([tree(random, depth + 1) for _ in range(random.choice([2, 2, 2, 1, 3]))] for _ in range(2))]
    if kind == "text":
        return [
            kind,
            random.choice([[1], [2], [-1], [0, 2**40], 3, [None]]),
            random.choice([["a"], ["a", "b"], [1], "ab"]),
        ]
    if kind == "handle":
        return [
            kind,
            random.choice([0, -1, 2**80, "1", True]),
            random.choice(["form", 1]),
            "text" * random.choice([1, 200]),
        ]
    return [kind, *(tree(random, depth + 1) for _ in range(random.randrange(3)))]


def built(random: random.Random) -> bytes:
    """A frame that is nearly right."""
    sizes = [0, 1, 2, 3, 2**39, 2**40, -1, 1.5, True, "2"]
    shapes = [[random.choice(sizes) for _ in range(random.choice([0, 1, 1, 2, 9]))] for _ in range(random.randrange(3))]
    arrays = [[random.choice(DTYPES), shape] for shape in shapes]
    header = json.dumps({"value": tree(random), "arrays": arrays}).encode()
    return struct.pack(">I", len(header)) + header + random.randbytes(random.choice([0, 1, 2, 8, 16, 24]))


def mutated(random: random.Random, valid: list[bytes]) -> bytes:
    """A right frame with a few changes; mostly its length is put right again, so that the change is read."""
    frame = bytearray(random.choice(valid))
    (length,) = struct.unpack(">I", frame[:4])
    header, payload = frame[4 : 4 + length], frame[4 + length :]
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(header) + 1)
        match random.randrange(4):
            case 0:
                header[at : at + 1] = random.randbytes(1)
            case 1:
                header[at : at + random.randrange(8)] = random.choice(TOKENS)
            case 2:
                del header[at : at + random.randrange(1, 10)]
            case 3:
                header[at:at] = header[: random.randrange(20)]
    if random.random() < 0.3:
        payload = payload[: random.randrange(len(payload) + 1)] + random.randbytes(random.randrange(4))
    length = len(header) if random.random() < 0.9 else random.randrange(2**32)
    return struct.pack(">I", length) + header + payload


def peak() -> int:
    """Bytes of memory that this process has held at most since `forget_peak`."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def forget_peak() -> int:
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured as Linux tells it")
def test_a_hundred_thousand_frames():
    source = random.Random(0)
    valid = [encode(value) for value in VALUES]
    before, refused = forget_peak(), 0
    for number in range(FRAMES):
        kind = number % 8
        frame = source.randbytes(40) if kind == 0 else built(source) if kind < 4 else mutated(source, valid)
        try:
            read(frame)
        except WireError:
            refused += 1
    assert peak() - before < MEMORY
    assert 0.5 * FRAMES < refused < FRAMES  # the others were changed in what they say, not in their form


def frame_of(value: bytes, arrays: bytes = b"[]", payload: bytes = b"") -> bytes:
    header = b'{"value": %s, "arrays": %s}' % (value, arrays)
    return struct.pack(">I", len(header)) + header + payload


HARMFUL = {
    "the same array again and again": frame_of(
        b'["list"' + b', ["tensor", 0]' * 50_000 + b"]", b'[["uint8", [9000000]]]', bytes(9_000_000)
    ),
    "strings of very different lengths": frame_of(
        b'["text", [100001], ["' + b"x" * 1_500 + b'"' + b', ""' * 100_000 + b"]]"
    ),
    "keys that collide": frame_of(
        b'["dict"' + b"".join(b', [["int", "%d"], null]' % ((2**61 - 1) * i) for i in range(1, 30_000)) + b"]"
    ),
    "keys that collide, as JSON has them": frame_of(
        b'["dict"' + b"".join(b", [%d, null]" % ((2**61 - 1) * i) for i in range(1, 30_000)) + b"]"
    ),
    "digits without end": frame_of(b'["int", "' + b"9" * 4_000_000 + b'"]'),
    "a number without end": frame_of(b"9" * 4_000_000),
    "brackets without end": frame_of(b"[" * 4_000_000),
    "lists in lists": frame_of(b'["list", ' * 100_000 + b"1" + b"]" * 100_000),
    "arrays of 10^24 bytes": frame_of(b"null", b'[["float64", [1099511627775, 1099511627775]]]'),
    "shapes beyond counting": frame_of(b"null", b'[["float64", [%s]]]' % b", ".join([b"1099511627775"] * 300_000)),
    "arrays without end": frame_of(b"null", b"[%s]" % b", ".join([b'["uint8", [0]]'] * 20_000)),
    "an empty array of enormous shape": frame_of(b'["tensor", 0]', b'[["uint8", [0, 1099511627775, 1099511627775]]]'),
    "a header of 4 GB": b"\xff" * 4 + b"x" * 100,
    "more arrays than may be sent": frame_of(b"null", b'[["uint8", [%d]]]' % (PAYLOAD + 1)),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_harmful_frame_costs_little(name):
    before = forget_peak()
    with pytest.raises(WireError):
        read(HARMFUL[name])
    assert peak() - before < MEMORY


@pytest.mark.parametrize("name", ["arrays of 10^24 bytes", "shapes beyond counting", "more arrays than may be sent"])
def test_too_many_bytes_are_refused_before_they_come(name):
    frame = HARMFUL[name]
    with pytest.raises(WireError, match=r"MB of arrays|unknown dtype or shape"):
        payload_size(frame[4 : 4 + struct.unpack(">I", frame[:4])[0]])


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
        | st.lists(st.floats(width=32), max_size=4).map(torch.tensor)
        | st.lists(st.integers(0, 255), max_size=4).map(lambda numbers: np.array(numbers, np.uint8))
    ),
    max_leaves=12,
)


@given(value=PLAIN)
def test_what_is_sent_arrives(value):
    assert same(read(encode(value)), value)


@given(value=PLAIN, at=st.integers(0, 2**31), byte=st.integers(0, 255))
@settings(max_examples=300)
def test_a_changed_byte_is_read_or_refused(value, at, byte):
    frame = bytearray(encode(value))
    frame[at % len(frame)] = byte
    with contextlib.suppress(WireError):
        read(bytes(frame))


@pytest.fixture
def pair():
    """A channel, and the socket at its other end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Channel(ours, lambda *handle: handle), theirs


def test_noise_over_the_socket(pair):
    channel, other = pair
    source = random.Random(1)
    valid = [encode(value) for value in VALUES]
    noise = b"".join(mutated(source, valid) for _ in range(2000))

    def send():
        other.sendall(noise)
        other.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=send)
    thread.start()
    while True:
        try:
            channel.receive(seconds=60)
        except Closed:
            break
        except WireError:
            continue
    thread.join()


def test_closed_half_way(pair):
    channel, other = pair
    other.sendall(encode("a text")[:-3])
    other.close()
    with pytest.raises(Closed):
        channel.receive(seconds=60)


def test_a_byte_at_a_time_is_late(pair):
    channel, other = pair
    stop = threading.Event()

    def drip():
        other.sendall(struct.pack(">I", HEADER))
        while not stop.wait(0.002):
            other.sendall(b" ")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        with pytest.raises(Late):
            channel.receive(seconds=0.1)
    finally:
        stop.set()
        thread.join()


def test_nobody_reads(pair):
    channel, _ = pair
    with pytest.raises(Late):
        channel.send(torch.zeros(10**6), seconds=0.1)
