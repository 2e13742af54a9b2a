"""The training loop against one written out by hand, and its manners."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from rnnbook.text import Ragged
from rnnbook.train import Rows, fit, mean_loss, predict


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
    rows = torch.cat(Rows([torch.zeros(23)]).order(5, torch.Generator().manual_seed(0)))
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

    spy = Spy(4, 1).eval()  # as a training before has left it
    fit(spy, linear_data(), nn.functional.mse_loss, epochs=2, batch_size=37, evaluate=lambda m: 0.0)
    assert modes == [True, True]
    assert not spy.training


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


def test_a_gradient_that_is_not_finite_is_reported_with_step_norm_and_name():
    class Sick(nn.Module):
        def __init__(self):
            super().__init__()
            self.well, self.ill, self.steps = nn.Linear(4, 1), nn.Linear(4, 1, bias=False), 0

        def forward(self, x):
            self.steps += 1
            sick = self.ill(x)
            sick.register_hook(lambda gradient: gradient * (torch.inf if self.steps == 3 else 1))
            return self.well(x) + sick

    with pytest.raises(FloatingPointError, match=r"^step 2: gradient norm (inf|nan), not finite in ill.weight; lower"):
        fit(Sick(), linear_data(), nn.functional.mse_loss, epochs=1, batch_size=8)


def test_a_loss_that_is_not_finite_is_reported_where_all_gradients_are():
    with pytest.raises(FloatingPointError, match=r"^step 0: the loss is inf; lower the learning rate"):
        fit(model(), linear_data(), lambda got, y: got.mean() + torch.inf, epochs=1)


def test_gradients_that_are_finite_one_by_one_and_not_together():
    with pytest.raises(FloatingPointError, match="gradient norm inf, not finite in their sum of squares"):
        fit(model(), linear_data(), lambda got, y: 2e38 * got.mean(), epochs=1)


@pytest.fixture
def clock(monkeypatch):
    """Time that goes on by a second with each forward pass in training."""

    class Clock:
        now = 100.0

        def tick(self, module, args):
            self.now += module.training

    clock = Clock()
    monkeypatch.setattr("rnnbook.train.time", SimpleNamespace(perf_counter=lambda: clock.now))
    return clock


class Reader(nn.Module):
    """Reads ids and lengths, and notes how each batch was padded."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.linear, self.shapes = nn.Embedding(9, 4, padding_idx=0), nn.Linear(4, 1), []

    def forward(self, ids, lengths):
        self.shapes.append(tuple(ids.shape))
        return self.linear(self.embedding(ids).sum(1) / lengths[:, None])


def sequences(n=23):
    generator = torch.Generator().manual_seed(0)
    ids = [torch.randint(1, 9, (T,), generator=generator) for T in torch.randint(1, 30, (n,), generator=generator)]
    return Ragged.of(ids, torch.randn(n, 1, generator=generator))


def test_sequences_of_different_lengths_come_in_their_own_order(clock):
    data, trained, byhand = sequences(), Reader(), Reader()
    trained.register_forward_pre_hook(clock.tick)
    history = fit(trained, data, nn.functional.mse_loss, epochs=2, batch_size=4, seed=7)
    optimizer, generator = torch.optim.AdamW(byhand.parameters(), weight_decay=0.0), torch.Generator().manual_seed(7)
    for _ in range(2):
        for indices in data.order(4, generator):
            ids, lengths, targets = data[indices]
            optimizer.zero_grad()
            nn.functional.mse_loss(byhand(ids, lengths), targets).backward()
            nn.utils.clip_grad_norm_(byhand.parameters(), 1.0)
            optimizer.step()
    assert trained.shapes == byhand.shapes
    assert torch.equal(trained.embedding.weight, byhand.embedding.weight)
    assert history.tokens_per_second == [data.lengths.sum() / 6] * 2


def test_predict_gives_the_answers_in_the_order_of_the_data():
    data, net = sequences(), Reader()
    got = predict(net, data, batch_size=4)
    assert max(T for _, T in net.shapes[:3]) < max(data.lengths)  # read by length
    for i in range(len(data)):
        ids, lengths, _ = data[[i]]
        torch.testing.assert_close(got[i : i + 1], net(ids, lengths).detach())


def test_mean_loss_weighs_by_examples_and_has_no_dropout():
    x, y = linear_data()
    net = nn.Sequential(nn.Dropout(0.5), model())
    expected = nn.functional.mse_loss(net[1](x), y).item()
    assert mean_loss(net, (x, y), nn.functional.mse_loss, batch_size=8) == pytest.approx(expected)
    assert net.training


def test_validation_on_data_is_their_mean_loss_and_changes_nothing():
    held_out = linear_data(11)
    settings = {"epochs": 2, "batch_size": 8}
    losses = []
    watched, plain = model(), model()
    history = fit(
        watched,
        linear_data(),
        nn.functional.mse_loss,
        validate=held_out,
        evaluate=lambda net: losses.append(nn.functional.mse_loss(net(held_out[0]), held_out[1]).item()) or 0.0,
        **settings,
    )
    fit(plain, linear_data(), nn.functional.mse_loss, **settings)
    assert history.validation == pytest.approx(losses)
    assert torch.equal(watched.weight, plain.weight)


@pytest.mark.parametrize(("patience", "epochs"), [(1, 3), (2, 6), (9, 7)])
def test_patience_ends_early_and_takes_back_the_best_weights(patience, epochs):
    course, weights = iter([3.0, 2.0, 2.5, 1.0, 1.0, 4.0, 4.0]), []

    def validate(net):
        assert not net.training
        assert not torch.is_grad_enabled()
        weights.append(net.weight.clone())
        return next(course)

    trained = model()
    history = fit(trained, linear_data(), nn.functional.mse_loss, epochs=7, validate=validate, patience=patience)
    assert len(history.loss) == len(history.validation) == epochs
    assert torch.equal(trained.weight, weights[history.best])
    assert history.best == (1 if patience == 1 else 3)


def test_without_patience_the_last_weights_stay():
    weights, course = [], iter([1.0, 2.0])
    trained = model()
    fit(
        trained,
        linear_data(),
        nn.functional.mse_loss,
        epochs=2,
        validate=lambda net: weights.append(net.weight.clone()) or next(course),
    )
    assert torch.equal(trained.weight, weights[1])


def test_the_time_before_a_checkpoint_counts(clock, tmp_path):
    start = clock.now
    settings = {"epochs": 3, "batch_size": 8, "budget_seconds": 5, "checkpoint": tmp_path / "c", "every": 1}

    class Cut(Exception):
        pass

    def tick_or_cut(module, args):
        clock.tick(module, args)
        if clock.now == start + 4:
            raise Cut

    trained = model()
    trained.register_forward_pre_hook(tick_or_cut)
    with pytest.raises(Cut):
        fit(trained, linear_data(), nn.functional.mse_loss, **settings)
    clock.now = resumed = 1000.0
    history = fit(trained, linear_data(), nn.functional.mse_loss, resume=True, **settings)
    assert clock.now == resumed + 2  # after 3 seconds in the checkpoint
    assert history.seconds == [5]


@pytest.mark.parametrize("budget", [0, -1])
def test_a_budget_of_nothing_is_refused(budget):
    with pytest.raises(ValueError, match="budget_seconds must be more than 0"):
        fit(model(), linear_data(), epochs=1, budget_seconds=budget)


def test_patience_needs_something_to_wait_for():
    with pytest.raises(ValueError, match="patience needs validate"):
        fit(model(), linear_data(), epochs=1, patience=1)


@pytest.mark.parametrize(("budget", "steps"), [(3, 3), (3.5, 4), (5, 5), (6.5, 7), (1000, 15)])
def test_a_budget_ends_after_the_step_in_which_it_runs_out(clock, budget, steps):
    trained = model()
    trained.register_forward_pre_hook(clock.tick)
    settings = {"epochs": 3, "batch_size": 8, "budget_seconds": budget, "warm_up": 0.2}  # 5 steps an epoch
    history = fit(trained, linear_data(), nn.functional.mse_loss, validate=linear_data(11), **settings)
    assert clock.now == 100 + steps
    assert len(history.loss) == len(history.validation) == len(history.seconds) == -(-steps // 5)
    assert history.seconds[-1] == steps
    if budget >= 3:
        assert history.learning_rate[-1] < 1e-3 * (0.3 if budget == 3 else 0.2)  # cooled down: not cut off at its peak


def test_an_epoch_that_a_budget_cuts_off_has_the_mean_of_what_it_had(clock):
    losses, trained = [], model()
    trained.register_forward_pre_hook(clock.tick)

    def loss(got, y):
        value = nn.functional.mse_loss(got, y)
        losses.append(value.item())
        return value

    history = fit(trained, linear_data(), loss, epochs=3, batch_size=8, budget_seconds=2)
    assert history.loss == pytest.approx([sum(losses) / 2])
    assert len(losses) == 2


def test_the_schedule_is_by_steps_while_there_is_time(clock):
    plain, timed = model(), model()
    timed.register_forward_pre_hook(clock.tick)
    settings = {"epochs": 2, "batch_size": 8, "warm_up": 0.3}
    fit(plain, linear_data(), nn.functional.mse_loss, **settings)
    fit(timed, linear_data(), nn.functional.mse_loss, budget_seconds=11, **settings)
    assert torch.equal(plain.weight, timed.weight)


@pytest.mark.skipif(not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="this CPU has no bfloat16")
def test_mixed_precision_computes_products_with_16_bits_and_keeps_weights_of_32():
    seen = []

    class Spy(nn.Linear):
        def forward(self, x):
            y = super().forward(x)
            seen.append(y.dtype)
            return y

    torch.manual_seed(0)
    trained = Spy(4, 1)
    x, y = linear_data(200)
    fit(trained, (x, y), nn.functional.mse_loss, epochs=60, batch_size=20, learning_rate=0.1, precision="mixed")
    assert set(seen) == {torch.bfloat16}
    assert trained.weight.dtype == trained.weight.grad.dtype == torch.float32
    assert ((trained(x) - y) ** 2).mean() < 0.05
    assert seen[-1] == torch.float32  # the training is over


def test_a_scaler_leaves_out_a_step_that_overflows(monkeypatch):
    class Scaler:  # as torch's for float16, whose first scale was too high; torch has it on a CUDA device only
        steps = 0

        def is_enabled(self):
            return True

        def scale(self, value):
            return value * (torch.inf if self.steps == 0 else 8)

        def unscale_(self, optimizer):
            for parameter in optimizer.param_groups[0]["params"]:
                parameter.grad /= 8

        def step(self, optimizer):
            if self.steps:
                optimizer.step()

        def update(self):
            self.steps += 1

    data, scaled, plain = [tensor[:16] for tensor in linear_data()], model(), model()
    fit(plain, data, nn.functional.mse_loss, epochs=1, batch_size=16)
    monkeypatch.setattr("torch.amp.GradScaler", lambda device, enabled: Scaler())
    history = fit(scaled, data, nn.functional.mse_loss, epochs=2, batch_size=16)
    torch.testing.assert_close(scaled.weight, plain.weight)
    assert history.gradient_norm[0] == 0.0
    assert history.gradient_norm[1] > 0


def test_the_bar_shows_loss_norm_and_tokens(capsys):
    fit(model(), linear_data(), nn.functional.mse_loss, epochs=1, batch_size=8, progress=True)
    shown = capsys.readouterr().err
    assert "/5" in shown
    fit(model(), linear_data(), nn.functional.mse_loss, epochs=1, batch_size=8)
    assert capsys.readouterr().err == ""


def test_no_examples_are_refused():
    class Empty:
        def __len__(self):
            return 0

        def order(self, batch_size, generator=None):
            return []

    with pytest.raises(ValueError, match="no examples"):
        fit(Reader(), Empty(), epochs=1)


def test_predict_takes_a_model_without_parameters():
    assert predict(nn.Tanh(), torch.zeros(3)).tolist() == [0, 0, 0]


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
