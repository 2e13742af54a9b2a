"""Plain values: what may pass between the tests and the learner's code."""

import inspect
import math
from collections.abc import Callable

import numpy as np
import torch

_DEEPEST = 50  # a list that contains itself must end somewhere


def rebuild(value, other: Callable, depth: int = 0):
    """Copies a value, made anew of plain types alone.

    Whatever their subclass, tensors come back as detached `torch.Tensor` on the CPU, and arrays as `numpy.ndarray`.

    Args:
        value: dense tensors, arrays, numbers, strings, bools, None, and lists, tuples and dicts of these.
        other: called with anything else; gives what stands for it in the copy.

    Returns:
        The copy.
    """
    if depth > _DEEPEST:
        raise ValueError(f"The value is nested more than {_DEEPEST} deep: does it contain itself?")
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, torch.Tensor) and is_dense(value):
        return value.detach().as_subclass(torch.Tensor).to("cpu", copy=True)
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufU":
        return np.array(value, subok=False)
    if isinstance(value, list | tuple):
        kind = list if isinstance(value, list) else tuple
        return kind([rebuild(item, other, depth + 1) for item in value])
    if isinstance(value, dict) and all(isinstance(key, str | int | float | bool | None) for key in value):
        return {rebuild(key, other): rebuild(item, other, depth + 1) for key, item in value.items()}
    return other(value)


def is_dense(value: torch.Tensor) -> bool:
    """Whether a tensor has numbers at all, and in the ordinary layout."""
    return value.layout is torch.strided and not value.is_quantized and not value.is_meta


def same(a, b) -> bool:
    """Whether two plain values are equal throughout, in dtype and shape too; NaN equals NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor | np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


def changed(args: tuple, kwargs: dict, after: list) -> tuple[int | str, ...]:
    """Which arguments of a call are not what they were: positions, and names of keyword arguments.

    Args:
        args: the positional arguments before the call.
        kwargs: the keyword arguments before the call.
        after: all of them after it, in this order.
    """
    before = [*enumerate(args), *kwargs.items()]
    if len(after) != len(before):
        return tuple(key for key, _ in before)
    pairs = zip(before, after, strict=True)
    return tuple(key for (key, given), copy in pairs if not same(plain(given), copy))


def plain(value):
    """A copy of a value with None for each object that is not plain: objects may change, that is what methods do."""
    return rebuild(value, lambda thing: None)


def describe(value) -> str:
    """What a value is, in words."""
    if value is None:
        return "None"
    if isinstance(value, torch.Tensor) and not is_dense(value):
        return "a sparse, quantized or meta tensor"
    kinds = {torch.Tensor: "a torch tensor", np.ndarray: "a NumPy array", bool: "a truth value", str: "text"}
    for kind, words in (kinds | {int | float: "a number"}).items():
        if isinstance(value, kind):
            return words
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    if is_routine(value):
        return f"the {'class' if isinstance(value, type) else 'function'} {value.__name__}"
    return f"an object of the class {type(value).__name__}"


def is_routine(value) -> bool:
    """Whether a value is a function or a class, to be called by its name."""
    return isinstance(value, type) or inspect.isroutine(value)


def sketch(value) -> str:
    """A value in a few characters: arrays by shape, the rest by a short repr."""
    if isinstance(value, torch.Tensor):
        return f"tensor {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"array {value.shape}"
    if isinstance(value, list | tuple) and any(isinstance(item, torch.Tensor | np.ndarray) for item in value):
        return f"[{', '.join(map(sketch, value))}]"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
