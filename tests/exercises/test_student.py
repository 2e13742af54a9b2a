import collections

import numpy as np
import pytest
import torch

from rnnbook.exercises.errors import LearnerError, NotWritten
from rnnbook.exercises.local import Local
from rnnbook.exercises.student import Handle, Student

CODE = """
import torch

def add(a, b=1): return a + b
def echo(*args, **kwargs): return args, kwargs
def same(thing, other): return thing is other
def spoil(x, rows, h):
    h += 1
    x = x * 2
    rows.append(3)
    return x
def pair(x, h): return torch.tanh(x), h * 2
def cut(x): return x.detach() * 2
def stub(x): raise NotImplementedError("Write your code here.")
def wrong(x): return x @ x
def nothing(x): pass
class Counter:
    def __init__(self, start=0): self.count = start
    def up(self, by=1):
        self.count += by
        return self
    def late(self): raise NotImplementedError("Write your code here.")
class Linear(torch.nn.Module):
    def __init__(self, D, H):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(H, D))
        self.inner = torch.nn.Linear(H, 1)
    def forward(self, x): return x @ self.weight.T
answer = 42
"""


@pytest.fixture
def student():
    namespace = {}
    exec(compile(CODE, "cell 1", "exec"), namespace)
    return Student(Local(namespace, seconds=5))


def test_calls_and_plain_names(student):
    assert student.answer == 42
    assert student.add(1) == 2
    assert student.add(1, b=5) == 6
    args, kwargs = student.echo([1, None], {"a": (True, "x")}, key=2.5)
    assert args == ([1, None], {"a": (True, "x")})
    assert kwargs == {"key": 2.5}


def test_missing_names(student):
    with pytest.raises(LearnerError, match=r"^rnn_cell is not defined. Write it, run its cell, then check again.$"):
        student.rnn_cell(1)
    with pytest.raises(LearnerError, match="Your Counter has no attribute `total`"):
        _ = student.Counter().total


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("start", 0, "start should be a function, but it is a number (0). Write `def start`, "),
        ("start", True, "start should be a function, but it is a truth value (True). "),
        ("start", torch.zeros(2), "start should be a function, but it is a torch tensor. "),
        ("start", collections.Counter, None),
        ("start", collections.Counter(), "start should be a function, but it is a Counter of 0. "),
        ("start", object(), "start should be a function, but it is an object of the class object. "),
        ("MyRNN", "x", "MyRNN should be a class, but it is text ('x'). Write `class MyRNN`, "),
        ("answer", 0, None),
    ],
)
def test_a_name_that_should_be_a_function(name, value, says):
    student = Student(Local({name: value}, 5, ("start", "MyRNN")))
    if not says:
        assert getattr(student, name) is not None
        return
    for use in (lambda: getattr(student, name)(1), lambda: student.grad(name, (1,))):
        with pytest.raises(LearnerError) as error:
            use()
        assert str(error.value).startswith(says)
        assert "\n" not in str(error.value)


def test_calling_what_cannot_be_called(student):
    counter = student.Counter()
    for use in (counter, lambda: student.grad(counter, ())):
        with pytest.raises(LearnerError, match=r"^Your code gave an object of the class Counter where a function is "):
            use()


def test_copies_go_in_and_changes_are_noticed(student):
    x, rows, h = torch.ones(2), [1], np.zeros(2)
    assert student.changed == ()
    student.spoil(x, rows, h=h)
    assert student.changed == (1, "h")
    assert rows == [1]
    assert not h.any()
    student.add(x)
    assert student.changed == ()


def test_copies_come_out(student):
    parameter = student.Linear(2, 3).weight
    assert type(parameter) is torch.Tensor
    assert not parameter.requires_grad
    parameter += 1
    assert student.Linear(2, 3).weight.sum() == 6


def test_handles(student):
    counter = student.Counter(3)
    assert repr(counter) == "<Counter object>"
    assert counter.count == 3
    assert [repr(handle) for handle in (student.add, student.Counter, counter.up)] == ["add", "Counter", "up"]
    assert counter.up().up(by=2).count == 6
    assert student.same(counter, counter) is True
    assert student.same(counter, student.Counter()) is False
    model = student.Linear(2, 3)
    assert model(torch.ones(1, 2)).tolist() == [[2, 2, 2]]
    model.load_state_dict({**model.state_dict(), "weight": torch.zeros(3, 2)})
    assert model.forward(torch.ones(1, 2)).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(
    "use",
    [bool, iter, len, hash, lambda h: h == h, lambda h: h != h, lambda h: 1 in h, lambda h: [*h], lambda h: not h],
)
def test_a_test_cannot_pass_by_a_handle(student, use):
    handle = student.Counter()
    assert isinstance(handle, Handle)
    with pytest.raises(TypeError):
        use(handle)


def test_only_plain_values_and_handles_go_in(student):
    with pytest.raises(TypeError, match="Only plain values and handles"):
        student.add(object())


def test_gradients_agree_with_autograd(student):
    x, h = torch.randn(3, dtype=torch.float64), torch.randn(3, dtype=torch.float64)
    upstream = (torch.randn(3), torch.randn(3))
    got = student.grad("pair", (x, h), (0, 1), upstream)
    torch.testing.assert_close(got, (upstream[0] * (1 - x.tanh() ** 2), upstream[1] * 2 + 0 * h))
    (only_second,) = student.grad("pair", (x, h), (0,), (None, upstream[1]))
    assert only_second.tolist() == [0, 0, 0]
    (ones,) = student.grad("pair", (x, h), (1,))
    assert ones.tolist() == [2, 2, 2]


def test_gradients_of_parameters_by_name(student):
    x = torch.tensor([[2.0, 3.0]])
    weight, bias = student.grad(student.Linear(2, 1), (x,), ("weight", "inner.bias"))
    assert weight.tolist() == [[2, 3]]
    assert bias.tolist() == [0]
    with pytest.raises(LearnerError, match="Your Linear has no parameter `weight_ih`"):
        student.grad(student.Linear(2, 1), (x,), ("weight_ih",))


def test_gradient_that_is_cut_off_is_said(student):
    with pytest.raises(LearnerError, match="No gradient flows through cut"):
        student.grad("cut", (torch.ones(2),))
    with pytest.raises(LearnerError, match=r"^nothing should give a torch tensor, but it gave None\.\n"):
        student.grad("nothing", (torch.ones(2),))


def test_gradient_of_fewer_results_than_asked_for_is_said(student):
    with pytest.raises(LearnerError, match="add should return 2 values, but gives 1"):
        student.grad("add", (torch.ones(2),), (0,), (torch.ones(2), torch.ones(2)))


def test_gradients_though_the_notebook_switched_them_off(student):
    with torch.no_grad():
        assert student.grad("add", (torch.ones(2),))[0].tolist() == [1, 1]


def test_errors_show_the_call(student):
    with pytest.raises(LearnerError, match=r"raised RuntimeError(.|\n)*The call was wrong\(tensor \(2, 3\)\)"):
        student.wrong(torch.zeros(2, 3))
    with pytest.raises(LearnerError, match=r"The call was wrong\(\[add, Counter, <Counter object>\]\)\.$"):
        student.wrong([student.add, student.Counter, student.Counter()])


def test_stubs(student):
    with pytest.raises(LearnerError, match="raised NotImplementedError"):
        student.stub(1)  # its line cannot be shown here, so it is not taken for the stub


def test_stubs_of_methods(student):
    import linecache

    linecache.cache["cell 1"] = (len(CODE), None, CODE.splitlines(keepends=True), "cell 1")
    with pytest.raises(NotWritten, match=r"^Counter.late is not written yet"):
        student.Counter().late()
