"""Assertions whose messages name the mistake, and show what was expected and what came."""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.student import Handle, Student
from rnnbook.exercises.values import describe, sketch

Array = torch.Tensor | np.ndarray | float | int
_KINDS = {"b": "truth values", "i": "integers", "u": "integers", "f": "floating-point numbers", "U": "text"}


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
            When `got` is that, the message starts with the sentence. A mistake that in this case gives the right
            answer is none.
        atol: tolerance, absolute and relative to `expected`; by default 1e-8 if both are float64, else 1e-5.
        what: how to name the value in messages.

    Raises:
        AssertionError: with a message for the learner.
    """
    _check_type(got, expected, what)
    a, b = _numpy(got), _numpy(expected)
    if atol is None:
        atol = 1e-8 if a.dtype.itemsize >= 8 and b.dtype.itemsize >= 8 else 1e-5
    problem, guess = _problem(a, b, atol, what)
    if problem:
        named = (sentence for sentence, wrong in (mistakes or {}).items() if _is(a, wrong, b, atol))
        sentence = next(named, None)
        raise AssertionError(f"{sentence}\n{problem}" if sentence else problem + guess)


def assert_raises(call: Callable[[], object], *errors: str, what: str, names: str = "") -> None:
    """Checks that the learner's code refuses: that a call raises one of these errors.

    Args:
        call: a function without arguments that makes the call, such as `lambda: student.softmax(logits, -1)`.
        errors: names of the errors that are right, such as "ValueError"; a subclass of one is right too.
        what: how to name the call in messages.
        names: what the error's own message must contain, such as the unknown symbol.

    Raises:
        AssertionError: with a message for the learner.
        LearnerError: the code is not written yet, not defined, or ran out of time.
    """
    wish = f"{what} should raise {' or '.join(errors)}" + (f" with {names!r} in its message" if names else "")
    try:
        got = call()
    except LearnerError as error:
        if not error.raised:
            raise
        if not set(errors) & set(error.raised):
            raise AssertionError(f"{wish}, but it raised {error.raised[0]}.\n{error}") from None
        if names not in error.said:
            raise AssertionError(f"{wish}, but the message lacks it.\n{error}") from None
        return
    shown = f"{describe(got)}:\n{_short(_numpy(got))}" if isinstance(got, torch.Tensor | np.ndarray) else sketch(got)
    raise AssertionError(f"{wish}, but it raised nothing and returned {shown}")


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
        raise AssertionError(f"The result should be a tuple {expected}, but it is {_form(got)}.")
    if len(got) != len(names):
        raise AssertionError(f"The result should be a tuple {expected} of {len(names)}, but it has {len(got)} entries.")
    return tuple(got)


def _check_type(got, expected: Array, what: str) -> None:
    kinds = next(kinds for kinds in (torch.Tensor, np.ndarray, int | float) if isinstance(expected, kinds))
    if isinstance(got, kinds):
        return
    message = f"{_capital(what)} should be {describe(expected)}, but it is {_form(got)}."
    if got is None:
        message += " Does your function end without `return`?"
    elif kinds is torch.Tensor and isinstance(got, list):
        message += " Make it one tensor: torch.stack joins a list of tensors."
    elif kinds is torch.Tensor and isinstance(got, np.ndarray):
        message += " Stay in torch: a NumPy array carries no gradient."
    elif kinds == int | float and isinstance(got, torch.Tensor | np.ndarray) and _numpy(got).size == 1:
        message += " Take the number out with .item()."
    raise AssertionError(message)


def _problem(a: np.ndarray, b: np.ndarray, atol: float, what: str) -> tuple[str, str]:
    """What is wrong with `a`, the learner's, where `b` is right, and a guess at why; both empty when nothing is."""
    subject = _capital(what)
    if a.shape != b.shape:
        guess = ""
        if a.size == b.size and _close(a.reshape(b.shape), b, atol):
            guess = " The numbers are right: only reshape."
        elif a.shape == b.shape[::-1]:
            guess = " Is it transposed?"
        elif a.ndim == b.ndim - 1:
            guess = " Is an axis (the batch?) lost, by an index or a sum?"
        return f"{subject} should have shape {b.shape}, but it has shape {a.shape}.", guess
    if _kind(a) != _kind(b):
        return f"{subject} should hold {_kind(b)}, but its dtype is {a.dtype}.", ""
    bad = ~np.isfinite(a) & np.isfinite(b) if a.dtype.kind == "f" else np.zeros(a.shape, bool)
    if bad.any():
        return (
            f"{subject} holds NaN or infinity: {int(bad.sum())} of {a.size} values, the first{_at(bad)}.",
            " Look for a division by zero, the logarithm of zero, or exp of a large number.",
        )
    wrong = ~_equal(a, b, atol)
    if not wrong.any():
        return "", ""
    if a.ndim == 0:
        right, found = _told_apart(b, a)
        return f"{subject} should be {right}, but it is {found}.", ""
    first = np.unravel_index(wrong.argmax(), wrong.shape)
    right, found = _told_apart(b[first], a[first])
    return (
        f"{subject} is wrong in {int(wrong.sum())} of {a.size} values, first{_at(wrong)}: "
        f"{right} expected, {found} found.\n"
        f"expected: {_short(b)}\nyours:    {_short(a)}",
        "",
    )


def _is(a: np.ndarray, wrong: Array | Callable[[], Array], b: np.ndarray, atol: float) -> bool:
    """Whether the learner's value `a` is what this mistake gives, where `b` is right.

    A mistake that cannot be computed here, or that gives the right answer, is none. One that gives numbers of the right
    kind does not explain numbers of a wrong kind.
    """
    try:
        c = _numpy(wrong() if callable(wrong) else wrong)
    except Exception:
        return False
    of_right_kind = _kind(c) == _kind(b)
    if of_right_kind and c.shape == b.shape and _close(c, b, atol):
        return False
    return a.shape == c.shape and of_right_kind == (_kind(a) == _kind(b)) and _close(a, c, atol)


def _kind(array: np.ndarray) -> str:
    return _KINDS.get(array.dtype.kind, str(array.dtype))


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


def _form(value) -> str:
    return value._form if isinstance(value, Handle) else describe(value)


def _at(mask: np.ndarray) -> str:
    index = np.unravel_index(mask.argmax(), mask.shape)
    return f" at [{', '.join(map(str, index))}]" if index else ""


def _told_apart(*values: np.ndarray | np.generic) -> list[str]:
    """Values as text, with as many digits as it takes to see that they differ."""
    for digits in (6, 10, 17):
        texts = [f"{v.item():.{digits}g}" if v.dtype.kind == "f" else repr(v.item()) for v in values]
        if len({*texts}) > 1:
            break
    return texts


def _short(array: np.ndarray) -> str:
    if array.ndim > 4:  # each axis would multiply what is shown
        array = array.reshape(-1)
    return np.array2string(array, precision=4, suppress_small=True, threshold=24, edgeitems=2, prefix="expected: ")


def _capital(text: str) -> str:
    """A sentence's first letter; names such as h_1 stay as they are."""
    return text[0].upper() + text[1:] if text.startswith(("the ", "row ", "a ")) else text
