import collections

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnnbook.exercises.values import rebuild, same, sketch

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
arrays = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.bool_]), hnp.array_shapes(max_dims=3, max_side=3)
)
plain = st.recursive(
    scalars | arrays | arrays.map(torch.from_numpy),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


def refuse(thing):
    raise AssertionError(f"{thing!r} is plain")


@given(plain)
def test_copy_is_the_same_value(value):
    assert same(rebuild(value, refuse), value)


@given(arrays)
def test_copy_shares_no_memory(array):
    for value in (array, torch.from_numpy(array.copy())):
        copy = rebuild([value], refuse)[0]
        copy[...] = 1 - copy if copy.dtype not in (np.bool_, torch.bool) else ~copy
        assert not same(copy, value) or bool((value != value).all())


def test_subclasses_become_plain():
    class Sneaky(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return super().__torch_function__(func, types, args, kwargs or {})

    class Int(int):
        pass

    pair = collections.namedtuple("pair", "a b")
    cases = {
        torch.Tensor: [torch.nn.Parameter(torch.ones(2)), torch.ones(2).as_subclass(Sneaky)],
        np.ndarray: [np.ma.masked_array([1.0]), np.ones(2).view(np.recarray)],
        int: [Int(3), np.int64(3)],
        float: [np.float32(0.5), np.float64(0.5)],
        bool: [np.bool_(True)],
        str: [np.str_("a")],
        tuple: [pair(1, 2), torch.Size([1])],
        dict: [collections.OrderedDict(a=1)],
    }
    for kind, values in cases.items():
        assert all(type(rebuild(value, refuse)) is kind for value in values)
    assert not rebuild(torch.nn.Parameter(torch.ones(2)), refuse).requires_grad


@pytest.mark.parametrize(
    "thing",
    [object(), {1, 2}, {(1, 2): 3}, np.array([None]), len, torch.float64],
    ids=lambda thing: type(thing).__name__,
)
def test_anything_else_is_handed_over(thing):
    assert rebuild([thing], lambda given: ("other", given is thing)) == [("other", True)]


def test_value_that_contains_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(ValueError, match="does it contain itself"):
        rebuild(value, refuse)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        (1, True),
        (torch.zeros(2), torch.zeros(2, dtype=torch.float64)),
        (torch.zeros(2), torch.zeros(2, 1)),
        (torch.zeros(2), torch.tensor([0.0, float("nan")])),
        ([1], (1,)),
        ([1], [1, 2]),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
    ],
)
def test_different_values_are_told_apart(a, b):
    assert not same(a, b)


def test_sketch_is_short():
    assert sketch(torch.zeros(2, 3)) == "tensor (2, 3)"
    assert sketch([np.zeros(4), 1]) == "[array (4,), 1]"
    assert sketch("a" * 100) == "'" + "a" * 36 + "..."
