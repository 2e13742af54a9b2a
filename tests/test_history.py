"""Sums, the best epoch, and the plot."""

import math

import pytest
import torch

from rnnbook.figure import Figure
from rnnbook.history import Epoch, History, count_tokens


def test_a_smaller_batch_weighs_less():
    epoch, history = Epoch(began=10.0, seconds=10.0), History()
    epoch.add(loss=1.0, examples=8, tokens=100, gradient_norm=3.0, seconds=12.0)
    epoch.add(loss=4.0, examples=2, tokens=20, gradient_norm=2.0, seconds=14.0)
    epoch.close(history, learning_rate=0.5)
    assert (history.loss, history.gradient_norm, history.learning_rate) == ([1.6], [3.0], [0.5])
    assert history.tokens_per_second == [30.0]
    assert epoch.steps == 2
    assert epoch.summary() == {"loss": "1.600", "norm": "3", "tokens/s": "30"}


def test_a_step_that_a_scaler_left_out_is_no_gradient_norm():
    epoch = Epoch()
    for norm in (2.0, math.inf, math.nan, 1.0):
        epoch.add(1.0, 1, 1, norm, 1.0)
    assert epoch.gradient_norm == 2.0


def test_tokens_are_the_valid_steps():
    x, lengths = torch.zeros(3, 7, 2), torch.tensor([7, 1, 4])
    assert count_tokens([x, lengths]) == 12
    assert count_tokens([x]) == 21
    assert count_tokens([x, torch.zeros(3, 7)]) == 21
    assert count_tokens([torch.zeros(3)]) == 3


@pytest.mark.parametrize(
    ("validation", "best"),
    [([3, 1, 2], 1), ([1, 1], 0), ([math.nan, 5.0], 1), ([5.0, math.nan], 0), ([math.nan, math.nan], 0)],
)
def test_the_best_epoch_is_the_first_of_the_lowest(validation, best):
    assert History(validation=validation).best == best


def test_stalled_after_so_many_epochs_without_a_better_one():
    history = History(validation=[3.0, 1.0, 2.0, 1.0])
    assert [history.stalled(patience) for patience in (1, 2, 3, None)] == [True, True, False, False]
    assert not History().stalled(1)


@pytest.mark.parametrize("validation", [[], [2.0, 1.5, 1.75]])
def test_plot(monkeypatch, validation):
    shown = []
    monkeypatch.setattr("rnnbook.plot.display", shown.append)
    History(loss=[2.5, 1.0, 0.25], gradient_norm=[8.0, 4.0, 2.0], validation=validation).plot()
    (figure,) = shown
    assert isinstance(figure, Figure)
    assert "Over 3 epochs the training loss goes from 2.5 to 0.25" in figure.alt
    assert ("lowest after epoch 2, with 1.5" in figure.alt) == bool(validation)
    assert ("validation" in figure.svg.replace(figure.alt, "")) == bool(validation)
