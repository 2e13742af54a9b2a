import numpy as np
import pytest
import torch

from rnnbook.shapes import check_shape


@pytest.mark.parametrize("zeros", [np.zeros, torch.zeros])
def test_sizes_and_letters_that_fit_pass(zeros):
    check_shape("x", zeros((4, 7, 3)), "B", "T", 3)
    check_shape("x", zeros((4, 0)), 4, 0)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4, 3), "x has shape (4, 3), expected (B, T, 3): do this"),
        ((4, 7, 5), "x has shape (4, 7, 5), expected (B, T, 3): do this"),
        ((4, 0, 3), "x has shape (4, 0, 3), expected (B, T, 3): no axis may be empty"),
    ],
)
@pytest.mark.parametrize("zeros", [np.zeros, torch.zeros])
def test_message_has_both_shapes_and_the_remedy(zeros, shape, message):
    with pytest.raises(ValueError, match="x has shape") as error:
        check_shape("x", zeros(shape), "B", "T", 3, remedy="do this")
    assert str(error.value) == message


def test_one_axis_is_written_as_a_tuple():
    with pytest.raises(ValueError, match=r"expected \(3,\)$"):
        check_shape("bias", np.zeros(4), 3)
