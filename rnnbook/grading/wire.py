"""The wire between the tests and the learner's code: frames of JSON and raw array bytes, never a pickle.

A frame is a 4-byte big-endian length, a JSON header of that length, and the bytes of the arrays that the header lists:

    {"value": VALUE, "arrays": [["float32", [2, 3]], ...]}

A VALUE is null, true, false, a string, a finite number, or a list that starts with its kind:

    ["tensor", i]  ["array", i]      the i-th of the arrays          ["int", "123..."]  ["float", "nan"]  other numbers
    ["list", VALUE...]               ["tuple", VALUE...]             ["dict", [VALUE, VALUE]...]
    ["text", [2], ["a", "b"]]        an array of strings             ["handle", 3, "the class RNN", "RNN"]

The reader takes nothing on trust: every length, depth, dtype and count is checked before memory is spent on it.
"""

import json
import math
import struct
from collections.abc import Callable

import numpy as np
import torch

from rnnbook.exercises.student import Handle

HEADER = 4 * 2**20  # bytes of JSON in a frame
PAYLOAD = 64 * 2**20  # bytes of arrays in a frame
_DEEPEST = 60
_DIMENSIONS = 8
_ARRAYS_AT_MOST = 10_000  # in a frame
_TEXT = 4  # bytes of a character in an array of strings, each of which takes the room of the longest
_EXACT = 2**53  # JSON readers may round integers beyond this
_COLLIDING = 2**60  # beyond it Python gives different integers one hash: a dict of many such keys is slow
_COLLISIONS = 100  # of such keys in a dict

_TENSORS = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128),
    )
}
_ARRAYS = {
    name: np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64"),
    )
}


class WireError(Exception):
    """A frame that breaks the rules, or a value that cannot be sent; said in words that a learner may read."""


def encode(value) -> bytes:
    """A frame for a plain value.

    Args:
        value: tensors, arrays, numbers, strings, bools, None, handles, and lists, tuples and dicts of these.

    Raises:
        WireError: it is of another kind, nested too deep or too large.
    """
    arrays: list[list] = []
    payload: list[bytes] = []
    left = PAYLOAD

    def array(kind: str, name: str, shape: tuple[int, ...], size: int, content: Callable[[], bytes]) -> list:
        nonlocal left
        left -= size
        if len(shape) > _DIMENSIONS:
            raise WireError(f"An array of more than {_DIMENSIONS} axes cannot be compared.")
        if left < 0:
            raise WireError(f"The values are too large to be compared: more than {PAYLOAD // 2**20} MB.")
        arrays.append([name, list(shape)])
        payload.append(content())
        return [kind, len(arrays) - 1]

    def tree(value, depth: int = 0):
        if depth > _DEEPEST:
            raise WireError(f"The value is nested more than {_DEEPEST} deep.")
        match value:
            case None | bool() | str():
                return value
            case int():
                return value if abs(value) < _EXACT else ["int", _digits(value)]
            case float():
                return value if math.isfinite(value) else ["float", str(value)]
            case torch.Tensor():
                name = str(value.dtype).removeprefix("torch.")
                if name not in _TENSORS:
                    raise WireError(f"A tensor of dtype {name} cannot be compared.")
                size = value.numel() * value.element_size()
                return array("tensor", name, tuple(value.shape), size, lambda: _tensor_bytes(value))
            case np.ndarray() if value.dtype.kind == "U":
                return ["text", list(value.shape), value.ravel().tolist()]
            case np.ndarray():
                if value.dtype.name not in _ARRAYS:
                    raise WireError(f"An array of dtype {value.dtype} cannot be compared.")
                little = value.astype(value.dtype.newbyteorder("<"), copy=False)
                return array("array", value.dtype.name, value.shape, value.nbytes, little.tobytes)
            case list() | tuple():
                kind = "list" if isinstance(value, list) else "tuple"
                return [kind, *(tree(item, depth + 1) for item in value)]
            case dict():
                _check_keys([*value])
                return ["dict", *([tree(key, depth + 1), tree(item, depth + 1)] for key, item in value.items())]
            case Handle():
                return ["handle", value._number, value._form, value._text]
        raise WireError(f"A value of the class {type(value).__name__} cannot be sent.")

    header = json.dumps({"value": tree(value), "arrays": arrays}, allow_nan=False).encode()
    if len(header) > HEADER:
        raise WireError(f"The values are too large to be compared: more than {HEADER // 2**20} MB of text and numbers.")
    return b"".join([struct.pack(">I", len(header)), header, *payload])


def decode(header: bytes, payload: bytearray, handle: Callable[[int, str, str], object]):
    """The value of a frame.

    Args:
        header: the JSON.
        payload: the bytes of the arrays, as many as `payload_size(header)` says.
        handle: gives what stands for an object of the other side, from its number, form and text.

    Raises:
        WireError: anything in it breaks the rules.
    """
    value, specifications = _parse(header)
    offsets, used = [0], 0
    for name, shape in specifications:
        offsets.append(offsets[-1] + _size(name, shape))
    if offsets[-1] != len(payload):
        raise WireError("The arrays' bytes are not as many as their shapes say.")

    def content(index) -> tuple[str, list[int], bytearray]:
        nonlocal used
        if type(index) is not int or index != used or index >= len(specifications):
            raise WireError("The arrays are not used once each, in their order.")  # used often, they would fill memory
        used += 1
        return *specifications[index], payload[offsets[index] : offsets[index + 1]]

    def build(node, depth: int = 0):
        if depth > _DEEPEST:
            raise WireError(f"Nested more than {_DEEPEST} deep.")
        if node is None or isinstance(node, bool | str | int | float):
            return node
        match node:
            case ["tensor", index]:
                return _tensor(*content(index))
            case ["array", index]:
                return _array(*content(index))
            case ["int", str(digits)]:
                return int(digits)
            case ["float", "nan" | "inf" | "-inf" as name]:
                return float(name)
            case ["list", *items]:
                return [build(item, depth + 1) for item in items]
            case ["tuple", *items]:
                return tuple([build(item, depth + 1) for item in items])
            case ["dict", *pairs]:
                keys = [build(key, depth + 1) for key, _ in pairs]
                _check_keys(keys)
                return {key: build(item, depth + 1) for key, (_, item) in zip(keys, pairs, strict=True)}
            case ["text", list(shape), list(strings)] if all(isinstance(string, str) for string in strings):
                if max(map(len, strings), default=0) * len(strings) * _TEXT > PAYLOAD:
                    raise WireError("An array of strings that is too large.")
                return np.array(strings, dtype=str).reshape(shape)
            case ["handle", int(number), str(form), str(text)] if number >= 0:
                return handle(number, form[:200], text[:200])
        raise WireError("A value of no known kind.")

    try:
        return build(value)
    except (ValueError, TypeError, OverflowError, RecursionError, MemoryError, RuntimeError) as error:
        raise WireError(f"A value that cannot be read ({type(error).__name__}).") from None


def payload_size(header: bytes) -> int:
    """How many bytes follow this header.

    Raises:
        WireError: the header breaks the rules, or asks for more than `PAYLOAD`.
    """
    _, specifications = _parse(header)
    size = sum(_size(name, shape) for name, shape in specifications)
    if size > PAYLOAD:
        raise WireError(f"More than {PAYLOAD // 2**20} MB of arrays.")
    return size


def _parse(header: bytes) -> tuple[object, list]:
    """The value tree and the arrays' dtypes and shapes, the latter checked."""
    try:
        content = json.loads(header)
    except (ValueError, RecursionError, MemoryError):
        raise WireError("The header is no JSON.") from None
    match content:
        case {"value": value, "arrays": list(specifications)} if len(content) == 2:
            if len(specifications) > _ARRAYS_AT_MOST:
                raise WireError(f"More than {_ARRAYS_AT_MOST:,} arrays.")
            for specification in specifications:
                match specification:
                    case [str(name), list(shape)] if name in _TENSORS or name in _ARRAYS:
                        small = len(shape) <= _DIMENSIONS
                        if small and all(type(size) is int and 0 <= size < 2**40 for size in shape):
                            continue
                raise WireError("An array of unknown dtype or shape.")
            return value, specifications
    raise WireError("The header lacks its parts.")


def _size(name: str, shape: list[int]) -> int:
    itemsize = _ARRAYS[name].itemsize if name in _ARRAYS else _TENSORS[name].itemsize
    return math.prod(shape) * itemsize


def _tensor_bytes(value: torch.Tensor) -> bytes:
    flat = value.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def _tensor(name: str, shape: list[int], content: bytearray) -> torch.Tensor:
    if name not in _TENSORS:
        raise WireError(f"No tensor has the dtype {name}.")
    if not content:
        return torch.empty(shape, dtype=_TENSORS[name])
    if name == "bool":  # any byte but 0 and 1 would be undefined behaviour
        return (torch.frombuffer(content, dtype=torch.uint8) != 0).reshape(shape)
    return torch.frombuffer(content, dtype=_TENSORS[name]).reshape(shape)


def _array(name: str, shape: list[int], content: bytearray) -> np.ndarray:
    if name not in _ARRAYS:
        raise WireError(f"No array has the dtype {name}.")
    if name == "bool":
        return (np.frombuffer(content, dtype=np.uint8) != 0).reshape(shape)
    return np.frombuffer(content, dtype=_ARRAYS[name].newbyteorder("<")).astype(_ARRAYS[name]).reshape(shape)


def _check_keys(keys: list) -> None:
    if not all(key is None or isinstance(key, bool | int | float | str) for key in keys):
        raise WireError("A key of a dict that is no plain value.")
    if sum(isinstance(key, int) and abs(key) > _COLLIDING for key in keys) > _COLLISIONS:
        raise WireError(f"A dict with more than {_COLLISIONS} keys that are very large numbers.")


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:
        raise WireError("An integer of too many digits.") from None
