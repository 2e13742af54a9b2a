import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_rnn.oracle import TIGHT, draw
from torch import nn

from rnnbook.numpy_rnn import cross_entropy, one_hot, softmax


class TestSoftmax:
    @settings(max_examples=25)
    @given(st.lists(st.floats(-50, 50), min_size=1, max_size=6), st.floats(0.1, 10), st.floats(-1e3, 1e3))
    def test_equals_torch_sums_to_one_and_ignores_a_shift(self, logits, temperature, shift):
        p = softmax(np.array(logits), temperature)
        np.testing.assert_allclose(
            p, torch.softmax(torch.tensor(logits, dtype=torch.float64) / temperature, -1), **TIGHT
        )
        assert p.sum() == pytest.approx(1)
        np.testing.assert_allclose(softmax(np.array(logits) + shift, temperature), p, atol=1e-9)

    @pytest.mark.filterwarnings("error")
    def test_large_logits_do_not_overflow(self):
        p = softmax(np.array([[1e4, 0.0, -1e4], [1e4, 1e4, 1e4]]))
        np.testing.assert_allclose(p, [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]], **TIGHT)

    def test_temperature_zero_is_argmax_and_the_limit_of_small_ones(self, rng):
        logits = rng.normal(size=(20, 7))
        p = softmax(logits, 0)
        np.testing.assert_array_equal(p, one_hot(logits.argmax(axis=-1), 7))
        np.testing.assert_allclose(softmax(logits, 1e-4), p, **TIGHT)

    @pytest.mark.parametrize("temperature", [0, 1e-3])
    def test_equal_logits_share_in_the_limit_too(self, temperature):
        np.testing.assert_allclose(softmax(np.array([2, 5, 5]), temperature), [0, 0.5, 0.5], **TIGHT)

    def test_entropy_grows_with_temperature(self, rng):
        logits = rng.normal(size=9)
        entropies = [-(p * np.log(p)).sum() for p in (softmax(logits, T) for T in (0.2, 0.5, 1, 2, 5, 1e6))]
        assert entropies == sorted(entropies)
        assert entropies[-1] == pytest.approx(np.log(9))

    @pytest.mark.parametrize("temperature", [-1, -1e-9, float("nan")])
    def test_a_temperature_below_zero_is_refused(self, temperature):
        with pytest.raises(ValueError, match=r"temperature must be 0 \(argmax\) or more, got"):
            softmax(np.zeros(3), temperature)


class TestCrossEntropy:
    @pytest.mark.parametrize("leading", [(), (7,), (3, 5)])
    @pytest.mark.parametrize("form", ["ids", "one-hot"])
    def test_equals_torch(self, rng, leading, form):
        logits, logits_ = draw(rng, *leading, 4)
        ids = rng.integers(4, size=leading)
        loss, d_logits = cross_entropy(logits, ids if form == "ids" else one_hot(ids, 4).astype(float))
        loss_ = nn.functional.cross_entropy(logits_.reshape(-1, 4), torch.tensor(ids).reshape(-1))
        loss_.backward()
        assert loss == pytest.approx(loss_.item(), abs=1e-12)
        np.testing.assert_allclose(d_logits, logits_.grad, **TIGHT)

    @pytest.mark.filterwarnings("error")
    def test_a_hopeless_class_costs_a_finite_loss(self):
        loss, d_logits = cross_entropy(np.array([[1e4, -1e4, 0.0]]), np.array([1]))
        assert loss == pytest.approx(2e4)
        np.testing.assert_allclose(d_logits, [[1, -1, 0]], **TIGHT)

    def test_repeating_the_batch_changes_neither_loss_nor_parameter_gradient(self, rng):
        """It is a mean: a batch's size does not change the size of the step."""
        logits, targets = rng.normal(size=(4, 3)), np.array([0, 2, 1, 1])
        loss, d_logits = cross_entropy(logits, targets)
        loss_of_two, d_of_two = cross_entropy(np.tile(logits, (2, 1)), np.tile(targets, 2))
        assert loss_of_two == pytest.approx(loss)
        np.testing.assert_allclose(d_of_two, np.tile(d_logits / 2, (2, 1)), **TIGHT)

    @pytest.mark.parametrize(
        ("targets", "message"),
        [
            ([0, 1, 3], r"class ids must lie in 0\.\.2, got 0\.\.3"),
            ([0, 1, -1], r"class ids must lie in 0\.\.2, got -1\.\.1"),
            ([0.0, 1.0, 2.0], "class ids must be integers, got float64"),
            ([0, 1], r"targets has shape \(2,\), expected \(3,\)"),
            ([[0], [1], [2]], r"targets has shape \(3, 1\), expected \(3,\)"),
            (
                np.random.default_rng(0).integers(0, 3, (3, 3)),
                "must be one-hot, a single 1 in each row; or pass class ids",
            ),
            ([[1, 0, 0], [0, 1, 0], [0, 0, 0]], "must be one-hot"),
            ([[1, 0, 0], [0, 1, 1], [0, 0, 1]], "must be one-hot"),
            ([[1, 0, 0], [0, 1, 0], [0.2, 0, 1]], "must be one-hot"),
            ([[0.9, 0.1, 0], [0, 1, 0], [0, 0, 1]], "must be one-hot"),
        ],
    )
    def test_wrong_targets_are_refused(self, targets, message):
        with pytest.raises(ValueError, match=message):
            cross_entropy(np.zeros((3, 3)), np.array(targets))


def test_one_hot_equals_rows_of_the_identity(rng):
    ids = rng.integers(5, size=(2, 3))
    np.testing.assert_array_equal(one_hot(ids, 5), np.eye(5)[ids])
