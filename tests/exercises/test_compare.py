import linecache

import numpy as np
import pytest
import torch

from rnnbook.exercises.compare import assert_equal_arrays, assert_raises, assert_unchanged, unpack
from rnnbook.exercises.errors import LearnerError, NotWritten
from rnnbook.exercises.local import Local
from rnnbook.exercises.student import Handle, Student

X = torch.arange(6.0, dtype=torch.float64).reshape(2, 3)


def message(got, expected=X, **options) -> str:
    with pytest.raises(AssertionError) as error:
        assert_equal_arrays(got, expected, **options)
    return str(error.value)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (X + 1e-9, X),
        (X.float() + 1e-6, X),
        (X.numpy(), X.numpy()),
        (X.long(), X.int()),
        (X > 2, X > 2),
        (0.5, 0.5 + 1e-10),
        (3, 3),
        (torch.tensor([float("nan"), float("inf")]), torch.tensor([float("nan"), float("inf")])),
        (np.array(["a", "b"]), np.array(["a", "b"])),
        (torch.zeros(0, 3), torch.zeros(0, 3)),
        (X.bfloat16(), X.bfloat16()),
    ],
)
def test_equal(got, expected):
    assert_equal_arrays(got, expected)


def test_type_comes_first():
    assert (
        message(None) == "The result should be a torch tensor, but it is None. Does your function end without `return`?"
    )
    assert "a NumPy array. Stay in torch" in message(X.numpy())
    assert message((X, X), what="h_1").endswith("but it is a tuple of 2.")
    assert message([X, X], what="h_1").endswith(
        "but it is a list of 2. Make it one tensor: torch.stack joins a list of tensors."
    )
    assert "an object of the class LSTM" in message(Handle(None, 0, "an object of the class LSTM", "<LSTM object>"))
    assert "should be a NumPy array, but it is a torch tensor" in message(X, X.numpy())
    assert "Take the number out with .item()" in message(torch.tensor(1.0), 1.0)
    assert message("1", 1.0) == "The result should be a number, but it is text."


def test_shape():
    assert "h_1 should have shape (2, 3), but it has shape (3, 2). Is it transposed?" in message(X.T, what="h_1")
    assert "only reshape" in message(X[None])
    assert "an axis (the batch?) lost" in message(X.sum(0))
    named = message(X.sum(0), mistakes={"You added the rows up.": X.sum(0)})
    assert named == "You added the rows up.\nThe result should have shape (2, 3), but it has shape (3,)."
    assert message(X[:, :2]) == "The result should have shape (2, 3), but it has shape (2, 2)."


def test_kind():
    assert "should hold floating-point numbers, but its dtype is int64" in message(X.long())
    assert "should hold truth values" in message(X, X > 2)


def test_nan_before_values():
    wrong = X.clone()
    wrong[1, 0] = float("nan")
    assert "holds NaN or infinity: 1 of 6 values, the first at [1, 0]. Look for a division by zero" in message(wrong)
    assert "Look for" not in message(wrong, mistakes={"You divided by zero.": wrong})


def test_values_show_expected_and_found():
    wrong = X.clone()
    wrong[1, 2] = 7
    text = message(wrong)
    assert text.startswith("The result is wrong in 1 of 6 values, first at [1, 2]: 5 expected, 7 found.")
    assert "expected: [[0. 1. 2.]" in text
    assert "yours:    [[0. 1. 2.]" in text
    assert len(message(torch.zeros(100, 100), torch.ones(100, 100)).splitlines()) < 20
    assert message(2.0, 1.0) == "The result should be 1, but it is 2."
    assert message(1 + 2e-8, 1.0) == "The result should be 1, but it is 1.00000002."
    assert "first at [0, 1]: 1 expected, 1.00000002 found" in message(X * (1 + 2e-8))


@pytest.mark.parametrize(("dtype", "error", "passes"), [("float64", 1e-7, False), ("float32", 1e-4, False)])
def test_tolerance_follows_the_coarser_dtype(dtype, error, passes):
    got = (torch.ones(2, dtype=torch.float64) + error).to(getattr(torch, dtype))
    message(got, torch.ones(2, dtype=torch.float64))
    assert_equal_arrays(got, torch.ones(2, dtype=torch.float64), atol=2 * error)


def test_mistakes_lead_the_message_at_every_stage():
    mistakes = {
        "Cannot be computed.": lambda: X @ X,
        "You doubled it.": 2 * X,
        "You transposed it.": lambda: X.T,
        "You took the logarithm.": lambda: X.log(),
    }
    assert message(2 * X, mistakes=mistakes).startswith("You doubled it.\nThe result is wrong")
    assert message(X.T, mistakes=mistakes).startswith("You transposed it.\nThe result should have shape")
    assert message(X.log(), mistakes=mistakes).startswith("You took the logarithm.\nThe result holds NaN")
    assert message(3 * X, mistakes=mistakes).startswith("The result is wrong")


def test_a_mistake_of_the_right_kind_does_not_explain_a_wrong_kind():
    sorted_already = {"You sorted.": X}
    assert message(X.long(), mistakes=sorted_already).startswith("The result should hold floating-point numbers")
    assert message((2 * X).long(), mistakes={"You doubled it.": 2 * X}).startswith("The result should hold")
    integers = {**sorted_already, "Make them floating-point numbers.": X.int()}
    assert message(X.long(), mistakes=integers).startswith("Make them floating-point numbers.\n")
    assert message(X > 0, (X > 0).double(), mistakes={"Not truth values.": X > 0}).startswith("Not truth values.\n")
    assert message(8.0, 8, mistakes={"You left out the biases.": 8}).startswith("The result should hold integers")


def test_a_mistake_that_gives_the_right_answer_is_none():
    # Both are within the tolerance of the right answer, yet the learner's is further from it.
    assert message(1.15, 1.0, mistakes={"You halved it.": 1.08}, atol=0.05).startswith("The result should be 1")


def raising(error: BaseException | None = None, value=None):
    """A call of a learner's function that raises, or gives a value."""

    def function(*_):
        if error:
            raise error
        return value

    namespace = {"f": function}
    return lambda: Student(Local(namespace, 5)).f("abéc")


def refusal(call, *errors, **options) -> str:
    with pytest.raises(AssertionError) as error:
        assert_raises(call, *errors, what='f("abéc")', **options)
    return str(error.value)


@pytest.mark.parametrize("error", [KeyError("é"), ValueError("é is unknown"), UnicodeError("not é")])
def test_raises_as_it_should(error):
    assert_raises(raising(error), "KeyError", "ValueError", names="é", what="f")


def test_raises_nothing():
    assert (
        refusal(raising(), "KeyError", names="é")
        == "f(\"abéc\") should raise KeyError with 'é' in its message, but it raised nothing and returned None"
    )
    assert refusal(raising(value=X[:1]), "ValueError") == (
        'f("abéc") should raise ValueError, but it raised nothing and returned a torch tensor:\n[[0. 1. 2.]]'
    )


def test_raises_something_else():
    text = refusal(raising(TypeError("é")), "KeyError", "ValueError")
    assert text.startswith('f("abéc") should raise KeyError or ValueError, but it raised TypeError.\n')
    assert "Your code raised TypeError: é" in text
    # The call that is shown holds the symbol, but the learner's message does not.
    assert "but the message lacks it.\nYour code raised KeyError" in refusal(raising(KeyError()), "KeyError", names="é")


def test_what_is_no_error_of_the_learners_code_passes_through():
    linecache.cache["stub"] = (0, None, ["raise NotImplementedError\n"], "stub")
    stub = {}
    exec(compile("def f(*_): raise NotImplementedError", "stub", "exec"), stub)
    with pytest.raises(NotWritten, match=r"^f is not written yet"):
        assert_raises(lambda: Student(Local(stub, 5)).f(1), "NotImplementedError", "Exception", what="f")
    with pytest.raises(LearnerError, match="f is not defined"):
        assert_raises(lambda: Student(Local({}, 5)).f(1), "KeyError", what="f")


def test_unchanged():
    class Student:
        changed = ()

    assert_unchanged(Student, "x", "h")
    Student.changed = (1, "state")
    with pytest.raises(AssertionError, match="changed its argument h and state in place"):
        assert_unchanged(Student, "x", "h")


def test_unpack():
    assert unpack((1, 2), "output", "h_n") == (1, 2)
    with pytest.raises(AssertionError, match=r"should be a tuple \(output, h_n\), but it is a torch tensor"):
        unpack(X, "output", "h_n")
    with pytest.raises(AssertionError, match=r"tuple \(output, h_n\) of 2, but it has 3 entries"):
        unpack((1, 2, 3), "output", "h_n")
