"""One cycle against torch's scheduler, bit for bit."""

from itertools import pairwise

import pytest
import torch

from rnnbook.schedule import one_cycle


@pytest.mark.parametrize("steps", [2, 7, 100])
@pytest.mark.parametrize("warm_up", [0.0, 0.15, 0.3, 0.77])
def test_equals_torchs_bit_for_bit(steps, warm_up):
    optimizer = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=0.3)
    torchs = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.3, steps, pct_start=warm_up)
    for step in range(steps):
        group = optimizer.param_groups[0]
        assert one_cycle(step, steps, 0.3, warm_up) == {"lr": group["lr"], "betas": group["betas"]}
        optimizer.step()
        torchs.step()


def test_a_warm_up_of_one_step_is_the_peak():
    assert one_cycle(0, 10, 0.3, 0.1)["lr"] == 0.3  # where torch's scheduler divides by zero


def test_between_steps_it_moves_on_and_past_the_end_it_stays():
    rates = [one_cycle(at / 4, 10, 1.0, 0.0)["lr"] for at in range(60)]
    assert all(a > b for a, b in pairwise(rates[:37]))
    assert len(set(rates[36:])) == 1
    assert rates[-1] == pytest.approx(1 / 25 / 1e4)
