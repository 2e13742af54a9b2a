"""The set-up of `copy_first` and `adding`: what is equal for all models, what differs, what is recorded."""

import numpy as np
import pytest
import torch

from rnnbook import recipes
from rnnbook.data.toys import adding, copy_first
from rnnbook.models.sequence import parameters_of
from rnnbook.recipes import memory
from rnnbook.train import fit

TINY = {"lengths": (3, 5), "reported": 5, "steps": 7, "batch_size": 8, "learning_rate": 1e-2, "hidden_size": 6}


def weights(kind, seed=0):
    return memory.build(2, 6, seed, **memory.MODELS[kind][1]).state_dict()


@pytest.mark.parametrize("bias", [1, 4])
def test_a_forget_bias_changes_the_forget_part_of_both_biases_and_nothing_else(bias):
    default, changed = weights("lstm"), weights(f"lstm-forget-{bias}")
    expected = {name: value.clone() for name, value in default.items()}
    expected["rnn.bias_ih_l0"][6:12] = bias
    expected["rnn.bias_hh_l0"][6:12] = 0
    assert expected.keys() == changed.keys()
    assert all(torch.equal(expected[name], changed[name]) for name in expected)


def test_orthogonal_changes_the_recurrent_matrix_and_nothing_else():
    default, changed = weights("rnn"), weights("rnn-orthogonal")
    assert {name for name in default if not torch.equal(default[name], changed[name])} == {"rnn.weight_hh_l0"}
    matrix = changed["rnn.weight_hh_l0"]
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(6))


def test_the_initialisation_is_torchs_and_follows_the_seed():
    first, again, other = weights("gru"), weights("gru"), weights("gru", seed=1)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)
    assert max(value.abs().max().item() for name, value in first.items() if "rnn" in name) <= 6**-0.5


def fitted(monkeypatch, kind):
    """What a tiny run hands to the training loop: for each length, the data and the options."""
    seen = []

    def spy(model, data, loss, **options):
        seen.append((data, options))
        return fit(model, data, loss, **options)

    monkeypatch.setattr(memory, "fit", spy)
    memory.run(None, 0, "cpu", draw=adding, **TINY, **memory.MODELS[kind][1])
    return seen


def test_all_models_see_the_same_batches_and_each_once(monkeypatch):
    rnn, lstm = fitted(monkeypatch, "rnn"), fitted(monkeypatch, "lstm-forget-4")
    assert len(rnn) == len(lstm) == 2  # lengths
    for (data, options), (same, same_options), length in zip(rnn, lstm, (3, 5), strict=True):
        assert data[0].shape == (7 * 8, length, 2)
        assert all(torch.equal(a, b) for a, b in zip(data, same, strict=True))
        assert options == same_options == {"epochs": 1, "batch_size": 8, "learning_rate": 1e-2, "seed": 0}


def test_the_value_is_the_held_out_error_at_the_reported_length():
    outcome = memory.run(None, 0, "cpu", draw=copy_first, **TINY, cell="rnn")
    assert list(outcome.more["mse"]) == list(outcome.more["curves"]) == [3, 5]
    assert outcome.value == outcome.more["mse"][5]
    assert all(len(curve) == 7 for curve in outcome.more["curves"].values())
    assert outcome.parameters == parameters_of(memory.build(1, 6, 0, cell="rnn"))


def test_held_out_sequences_are_no_training_sequences():
    drawn = []

    def draw(n, length, rng):
        drawn.append(adding(n, length, rng)[0])
        return adding(n, length, rng)

    memory.run(None, 0, "cpu", draw=draw, **TINY, cell="rnn")
    train, held_out, *_ = drawn
    assert len(held_out) == memory.HELD_OUT
    assert not np.isin(held_out[:, 0, 0], train[:, 0, 0]).any()


def test_the_curve_is_the_loss_batch_by_batch():
    """With a learning rate of nothing, the mean over the curve is the error of the untrained model on all batches."""
    outcome = memory.run(None, 0, "cpu", draw=adding, **TINY | {"learning_rate": 0.0}, cell="gru")
    x, targets = (torch.from_numpy(array) for array in adding(7 * 8, 5, np.random.default_rng((0, 5))))
    model = memory.build(2, 6, 0, cell="gru")
    error = ((model(x) - targets) ** 2).mean().item()
    assert np.mean(outcome.more["curves"][5]) == pytest.approx(error, abs=1e-3)


def test_a_long_curve_is_cut_to_points_that_are_means(monkeypatch):
    monkeypatch.setattr(memory, "POINTS", 2)
    fine, coarse = (
        memory.run(None, 0, "cpu", draw=adding, **TINY | {"steps": steps}, cell="rnn").more["curves"][5]
        for steps in (2, 6)
    )
    assert len(fine) == len(coarse) == 2


@pytest.mark.parametrize("kind", memory.MODELS)
def test_a_run_repeats(kind):
    options = memory.MODELS[kind][1]
    first, again, other = (memory.run(None, seed, "cpu", draw=copy_first, **TINY, **options) for seed in (0, 0, 1))
    assert first == again
    assert first.value != other.value


def test_a_short_memory_is_learnt():
    """Three steps are no trouble: the error falls far below the constant's 1."""
    settings = TINY | {"lengths": (3,), "reported": 3, "steps": 300, "batch_size": 32}
    assert memory.run(None, 0, "cpu", draw=copy_first, **settings, cell="rnn").value < 0.1


def test_summarise_lists_the_seeds_of_each_length():
    findings = [{"mse": {10: a, 30: 1.0}, "curves": {10: [1.0, a], 30: [1.0, 1.0]}} for a in (0.25, 0.5)]
    assert memory.summarise(findings) == {
        "lengths": [10, 30],
        "mse": {"10": [0.25, 0.5], "30": [1.0, 1.0]},
        "curves": {"10": [[1.0, 0.25], [1.0, 0.5]], "30": [[1.0, 1.0], [1.0, 1.0]]},
    }


@pytest.mark.parametrize("task", ["copy-first", "adding"])
def test_recipes_of_a_task_differ_in_the_model_alone(task):
    found = [recipe for name, recipe in recipes.recipes().items() if name.startswith(f"{task}-")]
    assert {"rnn", "lstm", "lstm-forget-1", "lstm-forget-4", "gru"} <= {r.name.removeprefix(f"{task}-") for r in found}
    common = [{k: v for k, v in r.settings.items() if k in TINY} for r in found]
    assert all(settings == common[0] for settings in common)
    assert common[0].keys() == TINY.keys()
    for recipe in found:
        _, options = memory.MODELS[recipe.name.removeprefix(f"{task}-")]
        assert {k: v for k, v in recipe.settings.items() if k not in TINY} == options
        assert (recipe.metric, recipe.higher_is_better) == ("test_mse", False)
        assert recipe.run.keywords["draw"] is (copy_first if task == "copy-first" else adding)
