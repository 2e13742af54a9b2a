"""What the decoders share: rows of states, hypotheses, log-probabilities."""

import pytest
import torch

from rnnbook.decode import Hypothesis, pick_rows
from rnnbook.decode.steps import log_probabilities


def test_rows_are_picked_at_the_second_axis_of_every_part():
    h, c = torch.randn(2, 3, 5), torch.randn(2, 3, 5)
    rows = torch.tensor([2, 0, 0, 1])
    assert torch.equal(pick_rows(h, rows), h[:, rows])
    nested = pick_rows(((h, c), None, [c]), rows)
    assert torch.equal(nested[0][0], h[:, rows])
    assert torch.equal(nested[0][1], c[:, rows])
    assert nested[1] is None
    assert torch.equal(nested[2][0], c[:, rows])
    assert pick_rows(None, rows) is None


def test_the_end_symbol_counts_as_predicted():
    assert Hypothesis((4, 5), -1.0, True, -1.0).length == 3
    assert Hypothesis((4, 5), -1.0, False, -1.0).length == 2


def test_sixteen_bits_are_not_enough():
    logits = torch.randn(2, 50).bfloat16()
    assert log_probabilities(logits).dtype == torch.float32
    torch.testing.assert_close(log_probabilities(logits), logits.float().log_softmax(dim=-1))
    assert log_probabilities(logits.double()).dtype == torch.float64


@pytest.mark.parametrize("row", [[0, torch.nan], [0, torch.inf], [-torch.inf, -torch.inf]])
def test_no_distribution_is_refused(row):
    with pytest.raises(FloatingPointError, match="NaN or inf, or nothing but -inf"):
        log_probabilities(torch.tensor([[0.0, 1.0], row]))
