"""The training loop against one written out by hand, and its manners."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from rnnbook.train import batches, fit, predict


def linear_data(n=37):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(n, 4, generator=generator)
    return x, x @ torch.tensor([[1.0], [-2.0], [0.5], [3.0]]) + 1


def model(seed=0):
    torch.manual_seed(seed)
    return nn.Linear(4, 1)


def test_equals_a_loop_written_out():
    x, y = linear_data()
    trained = model()
    history = fit(
        trained, (x, y), nn.functional.mse_loss, epochs=2, batch_size=8, learning_rate=0.1, max_norm=0.5, seed=5
    )

    byhand, generator = model(), torch.Generator().manual_seed(5)
    optimizer = torch.optim.AdamW(byhand.parameters(), lr=0.1, weight_decay=0.0)
    for epoch in range(2):
        losses, norms = [], []
        for rows in torch.randperm(37, generator=generator).split(8):
            optimizer.zero_grad()
            loss = ((byhand(x[rows]) - y[rows]) ** 2).mean()
            loss.backward()
            norms.append(torch.cat([p.grad.flatten() for p in byhand.parameters()]).norm())
            for p in byhand.parameters():
                p.grad *= (0.5 / (norms[-1] + 1e-6)).clamp(max=1)
            optimizer.step()
            losses += [loss.detach()] * len(rows)
        assert history.loss[epoch] == pytest.approx(torch.stack(losses).mean().item(), rel=1e-5)
        assert history.gradient_norm[epoch] == pytest.approx(max(norms).item(), rel=1e-5)
    torch.testing.assert_close(trained.weight, byhand.weight)


def test_learns_a_linear_rule():
    x, y = linear_data(200)
    trained = model()
    fit(trained, (x, y), nn.functional.mse_loss, epochs=60, batch_size=20, learning_rate=0.1, warm_up=0.2)
    assert ((trained(x) - y) ** 2).mean() < 1e-3


def test_one_cycle_rises_and_then_falls_to_nothing():
    seen = []

    class Spy(nn.Linear):
        def forward(self, x):
            seen.append(self.weight.detach().clone())
            return super().forward(x)

    torch.manual_seed(0)
    fit(Spy(4, 1), linear_data(40), nn.functional.mse_loss, epochs=10, batch_size=8, learning_rate=0.1, warm_up=0.3)
    moves = [(b - a).abs().max().item() for a, b in pairwise(seen)]
    assert moves[0] < max(moves) / 5
    assert moves[-1] < max(moves) / 50


def test_the_same_seed_gives_the_same_model_and_another_seed_another():
    def run(seed):
        trained = model()
        fit(trained, linear_data(), nn.functional.mse_loss, epochs=1, batch_size=8, seed=seed)
        return trained.weight

    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))


def test_each_row_comes_once_an_epoch():
    rows = torch.cat(list(batches(23, 5, torch.Generator().manual_seed(0))))
    assert sorted(rows.tolist()) == list(range(23))
    assert rows.tolist() != list(range(23))


def test_evaluates_after_each_epoch_in_evaluation_mode_without_gradients():
    modes = []

    def evaluate(trained):
        modes.append((trained.training, torch.is_grad_enabled()))
        return len(modes)

    history = fit(model(), linear_data(), nn.functional.mse_loss, epochs=3, evaluate=evaluate)
    assert modes == [(False, False)] * 3
    assert history.score == [1, 2, 3]
    assert len(history.seconds) == 3


def test_training_is_in_training_mode_even_after_an_evaluation():
    modes = []

    class Spy(nn.Linear):
        def forward(self, x):
            modes.append(self.training)
            return super().forward(x)

    fit(Spy(4, 1), linear_data(), nn.functional.mse_loss, epochs=2, batch_size=37, evaluate=lambda m: 0.0)
    assert modes == [True, True]


def test_a_loss_that_is_not_finite_stops_the_training():
    x, y = linear_data()
    trained = model()
    before = trained.weight.clone()
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        fit(trained, (x, y * torch.inf), nn.functional.mse_loss, epochs=1)
    assert torch.equal(trained.weight, before)


@pytest.mark.parametrize("sizes", [(3, 4), (0, 0)])
def test_data_of_different_lengths_or_none_are_refused(sizes):
    with pytest.raises(ValueError, match="one length, more than 0"):
        fit(model(), [torch.zeros(n, 4) for n in sizes], epochs=1)


def test_predict_switches_dropout_off_and_restores_the_mode():
    net = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 2))
    x, _ = linear_data()
    for mode in (True, False):
        net.train(mode)
        got = predict(net, x, batch_size=5)
        assert net.training is mode
        torch.testing.assert_close(got, net[1](x))
        assert not got.requires_grad


def test_predict_restores_the_mode_after_an_error():
    net = model()
    with pytest.raises(RuntimeError):
        predict(net, torch.zeros(3, 5))
    assert net.training
