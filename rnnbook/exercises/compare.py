"""Assertions whose messages name the mistake, and show what was expected and what came."""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from rnnbook.exercises.student import Handle, Student

Array = torch.Tensor | np.ndarray | float | int
_KINDS = {"b": "truth values", "i": "integers", "u": "integers", "f": "floating-point numbers", "U": "text"}
_NAMES = {torch.Tensor: "a torch tensor", np.ndarray: "a NumPy array", type(None): "None"}


def assert_equal_arrays(
    got,
    expected: Array,
    *,
    mistakes: Mapping[str, Array | Callable[[], Array]] | None = None,
    atol: float | None = None,
    what: str = "the result",
) -> None:
    """Checks type, shape, kind of dtype, NaN and values of what the learner's code gave, in that order.

    Args:
        got: what the learner's code gave.
        expected: the right answer: a tensor, an array or a number.
        mistakes: for each sentence that names a mistake, what that mistake would give, or a function that computes it.
            When `got` is that, the message starts with the sentence.
        atol: tolerance, absolute and relative to `expected`; by default 1e-8 if both are float64, else 1e-5.
        what: how to name the value in messages.

    Raises:
        AssertionError: with a message for the learner.
    """
    __tracebackhide__ = True
    _check_type(got, expected, what)
    a, b = _numpy(got), _numpy(expected)
    if atol is None:
        atol = 1e-8 if a.dtype.itemsize >= 8 and b.dtype.itemsize >= 8 else 1e-5
    problem = _problem(a, b, atol, what)
    if problem:
        named = [sentence for sentence, wrong in (mistakes or {}).items() if _is(a, wrong, atol)]
        raise AssertionError("\n".join([*named[:1], problem]))


def assert_unchanged(student: Student, *names: str) -> None:
    """Checks that the last call left its arguments as they were.

    Args:
        student: the fixture.
        names: the names of the positional arguments, in order.
    """
    changed = [names[key] if isinstance(key, int) else key for key in student.changed]
    assert not changed, (
        f"Your code changed its argument {' and '.join(changed)} in place. The caller may still need it: "
        "make a new value instead of using +=, an index on the left of =, or methods ending in an underscore."
    )


def unpack(got, *names: str) -> tuple:
    """Checks that the learner's code gave a tuple with an entry for each name, and gives it back."""
    expected = f"({', '.join(names)})"
    if not isinstance(got, tuple | list):
        raise AssertionError(f"The result should be a tuple {expected}, but it is {_type(got)}.")
    if len(got) != len(names):
        raise AssertionError(f"The result should be a tuple {expected} of {len(names)}, but it has {len(got)} entries.")
    return tuple(got)


def _check_type(got, expected: Array, what: str) -> None:
    kinds = next(kinds for kinds in (torch.Tensor, np.ndarray, int | float) if isinstance(expected, kinds))
    if isinstance(got, kinds):
        return
    message = f"{_capital(what)} should be {_type(expected)}, but it is {_type(got)}."
    if got is None:
        message += " Does your function end without `return`?"
    elif kinds is torch.Tensor and isinstance(got, np.ndarray):
        message += " Stay in torch: a NumPy array carries no gradient."
    elif kinds == int | float and isinstance(got, torch.Tensor | np.ndarray) and _numpy(got).size == 1:
        message += " Take the number out with .item()."
    raise AssertionError(message)


def _problem(a: np.ndarray, b: np.ndarray, atol: float, what: str) -> str:
    """What is wrong with `a`, the learner's, where `b` is right; empty when nothing is."""
    subject = _capital(what)
    if a.shape != b.shape:
        remedy = ""
        if a.size == b.size and _close(a.reshape(b.shape), b, atol):
            remedy = " The numbers are right: only reshape."
        elif a.shape == b.shape[::-1]:
            remedy = " Is it transposed?"
        elif a.ndim == b.ndim - 1:
            remedy = " Is an axis (the batch?) lost, by an index or a sum?"
        return f"{subject} should have shape {b.shape}, but it has shape {a.shape}.{remedy}"
    if _KINDS.get(a.dtype.kind) != _KINDS.get(b.dtype.kind):
        return f"{subject} should hold {_KINDS.get(b.dtype.kind)}, but its dtype is {a.dtype}."
    bad = ~np.isfinite(a) & np.isfinite(b) if a.dtype.kind == "f" else np.zeros(a.shape, bool)
    if bad.any():
        return (
            f"{subject} holds NaN or infinity: {int(bad.sum())} of {a.size} values, the first{_at(bad)}. "
            "Look for a division by zero, the logarithm of zero, or exp of a large number."
        )
    wrong = ~_equal(a, b, atol)
    if not wrong.any():
        return ""
    if a.ndim == 0:
        return f"{subject} should be {_number(b)}, but it is {_number(a)}."
    first = np.unravel_index(wrong.argmax(), wrong.shape)
    return (
        f"{subject} is wrong in {int(wrong.sum())} of {a.size} values, first{_at(wrong)}: "
        f"{_number(b[first])} expected, {_number(a[first])} found.\n"
        f"expected: {_short(b)}\nyours:    {_short(a)}"
    )


def _is(a: np.ndarray, wrong: Array | Callable[[], Array], atol: float) -> bool:
    """Whether the learner's value is what this mistake gives; a mistake that cannot be computed here is none."""
    try:
        b = _numpy(wrong() if callable(wrong) else wrong)
    except Exception:
        return False
    return a.shape == b.shape and _close(a, b, atol)


def _close(a: np.ndarray, b: np.ndarray, atol: float) -> bool:
    return bool(_equal(a, b, atol).all())


def _equal(a: np.ndarray, b: np.ndarray, atol: float) -> np.ndarray:
    if "f" in (a.dtype.kind, b.dtype.kind) and "U" not in (a.dtype.kind, b.dtype.kind):
        return np.isclose(a, b, rtol=atol, atol=atol, equal_nan=True)
    return a == b


def _numpy(value: Array) -> np.ndarray:
    if isinstance(value, torch.Tensor):
        value = value.detach()
        return (value.float() if value.dtype is torch.bfloat16 else value).numpy()
    return np.asarray(value)


def _type(value) -> str:
    if isinstance(value, Handle):
        return f"an object of the class {value._type_name}"
    for kind, name in _NAMES.items():
        if isinstance(value, kind):
            return name
    if isinstance(value, int | float):
        return "a number"
    return f"a {type(value).__name__}" + (f" of {len(value)}" if isinstance(value, list | tuple | dict) else "")


def _at(mask: np.ndarray) -> str:
    index = np.unravel_index(mask.argmax(), mask.shape)
    return f" at [{', '.join(map(str, index))}]" if index else ""


def _number(value: np.ndarray | np.generic) -> str:
    return f"{value.item():.6g}" if value.dtype.kind == "f" else repr(value.item())


def _short(array: np.ndarray) -> str:
    return np.array2string(array, precision=4, suppress_small=True, threshold=24, edgeitems=2, prefix="expected: ")


def _capital(text: str) -> str:
    """A sentence's first letter; names such as h_1 stay as they are."""
    return text[0].upper() + text[1:] if text.startswith(("the ", "row ", "a ")) else text
