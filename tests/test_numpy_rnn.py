import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare
from torch import nn

from rnnbook.numpy_rnn import RNN, Linear, RNNModel, cross_entropy, one_hot, sample, sgd_step, softmax

TIGHT = {"rtol": 0, "atol": 1e-10}
properties = settings(max_examples=25)
sizes = st.integers(1, 6)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def draw(rng, *shape):
    """Random numbers as a NumPy array and as a torch leaf of the same values."""
    array = rng.normal(size=shape)
    return array, torch.tensor(array, requires_grad=True)


def torch_rnn(rnn):
    """torch's nn.RNN with the same parameters."""
    theirs = nn.RNN(rnn.input_size, rnn.hidden_size, batch_first=True, dtype=torch.float64)
    theirs.load_state_dict({f"{name}_l0": torch.tensor(param) for name, param in rnn.params.items()})
    return theirs


def numerical_gradient(loss, array, eps=1e-6):
    """Central differences of `loss()` over the entries of `array`, which is put back as it was."""
    gradient = np.empty_like(array)
    for i in np.ndindex(array.shape):
        value = array[i]
        array[i] = value + eps
        above = loss()
        array[i] = value - eps
        below = loss()
        array[i] = value
        gradient[i] = (above - below) / (2 * eps)
    return gradient


class TestRNN:
    @properties
    @given(B=sizes, T=sizes, D=sizes, H=sizes, seed=st.integers(0, 9), with_h_0=st.booleans())
    def test_equals_torch_forward_and_backward(self, B, T, D, H, seed, with_h_0):
        rng = np.random.default_rng(seed)
        rnn = RNN(D, H, rng)
        theirs = torch_rnn(rnn)
        (x, x_), (h_0, h_0_) = draw(rng, B, T, D), draw(rng, B, H)
        (d_output, d_output_), (d_h_n, d_h_n_) = draw(rng, B, T, H), draw(rng, B, H)

        output, h_n = rnn.forward(x, h_0 if with_h_0 else None)
        output_, h_n_ = theirs(x_, h_0_[None] if with_h_0 else None)
        np.testing.assert_allclose(output, output_.detach(), **TIGHT)
        np.testing.assert_allclose(h_n, h_n_[0].detach(), **TIGHT)

        d_x, d_h_0 = rnn.backward(d_output, d_h_n)
        ((output_ * d_output_).sum() + (h_n_[0] * d_h_n_).sum()).backward()
        np.testing.assert_allclose(d_x, x_.grad, **TIGHT)
        if with_h_0:
            np.testing.assert_allclose(d_h_0, h_0_.grad, **TIGHT)
        assert rnn.grads.keys() == rnn.params.keys()
        for name, grad in rnn.grads.items():
            np.testing.assert_allclose(grad, getattr(theirs, f"{name}_l0").grad, err_msg=name, **TIGHT)

    def test_a_gradient_left_out_is_zero(self, rng):
        rnn = RNN(3, 4, rng)
        rnn.forward(rng.normal(size=(2, 5, 3)))
        d_output, d_h_n = rng.normal(size=(2, 5, 4)), rng.normal(size=(2, 4))
        both = rnn.backward(d_output, d_h_n)
        summed = [a + b for a, b in zip(rnn.backward(d_output), rnn.backward(d_h_n=d_h_n), strict=True)]
        for ours, expected in zip(summed, both, strict=True):
            np.testing.assert_allclose(ours, expected, **TIGHT)

    def test_cutting_the_sequence_changes_nothing_when_the_state_is_carried(self, rng):
        rnn = RNN(3, 4, rng)
        x = rng.normal(size=(2, 9, 3))
        whole, h_n = rnn.forward(x)
        first, h = rnn.forward(x[:, :4])
        second, h = rnn.forward(x[:, 4:], h)
        np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, **TIGHT)
        np.testing.assert_allclose(h, h_n, **TIGHT)

    def test_a_state_depends_on_its_past_only(self, rng):
        rnn = RNN(3, 4, rng)
        x = rng.normal(size=(2, 7, 3))
        before = rnn.forward(x)[0].copy()
        x[:, 4] += 1
        after = rnn.forward(x)[0]
        np.testing.assert_array_equal(before[:, :4], after[:, :4])
        assert (before[:, 4:] != after[:, 4:]).all()

    def test_sequences_of_a_batch_do_not_touch(self, rng):
        rnn = RNN(3, 4, rng)
        x = rng.normal(size=(5, 7, 3))
        together = rnn.forward(x)[0]
        alone = np.concatenate([rnn.forward(x[b : b + 1])[0] for b in range(5)])
        np.testing.assert_allclose(together, alone, **TIGHT)

    def test_backward_overwrites_the_gradients_of_the_backward_before(self, rng):
        rnn = RNN(3, 4, rng)
        rnn.forward(rng.normal(size=(2, 5, 3)))
        d_output = rng.normal(size=(2, 5, 4))
        rnn.backward(d_output)
        first = rnn.grads
        rnn.backward(d_output)
        for name, grad in rnn.grads.items():
            np.testing.assert_array_equal(grad, first[name])

    def test_the_two_biases_have_separate_gradients(self, rng):
        rnn = RNN(3, 4, rng)
        rnn.forward(rng.normal(size=(2, 5, 3)))
        rnn.backward(np.ones((2, 5, 4)))
        assert not np.shares_memory(rnn.grads["bias_ih"], rnn.grads["bias_hh"])

    def test_inputs_are_left_as_they_were(self, rng):
        rnn = RNN(3, 4, rng)
        given = [rng.normal(size=shape) for shape in [(2, 5, 3), (2, 4), (2, 5, 4), (2, 4)]]
        copies = [array.copy() for array in given]
        rnn.forward(*given[:2])
        rnn.backward(*given[2:])
        for array, copy in zip(given, copies, strict=True):
            np.testing.assert_array_equal(array, copy)

    def test_the_initialisation_is_torchs(self):
        rnn = RNN(30, 100, np.random.default_rng(0))
        for param in rnn.params.values():
            assert np.abs(param).max() <= 0.1
            assert param.mean() == pytest.approx(0, abs=0.02)
            assert param.std() == pytest.approx(0.1 / 3**0.5, rel=0.1)
        assert not np.array_equal(rnn.bias_ih, rnn.bias_hh)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_everything_is_of_the_dtype_that_was_asked_for(self, rng, dtype):
        model = RNNModel(3, 4, 2, rng, dtype=dtype)
        logits, h_n = model.forward(rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 4)))
        _, d_logits = cross_entropy(logits, rng.integers(2, size=(2, 5)))
        d_x, d_h_0 = model.backward(d_logits)
        arrays = [logits, h_n, d_logits, d_x, d_h_0, softmax(logits, 0), *model.params.values(), *model.grads.values()]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}

    @pytest.mark.parametrize(
        ("shape", "h_0_shape", "message"),
        [
            ((5, 3), None, r"x has shape \(5, 3\), expected \(B, T, 3\): for a single sequence write x\[None\]"),
            ((2, 5, 4), None, r"x has shape \(2, 5, 4\), expected \(B, T, 3\)$"),
            ((2, 0, 3), None, r"x has shape \(2, 0, 3\), expected \(B, T, 3\): no axis may be empty"),
            ((2, 5, 3), (4,), r"h_0 has shape \(4,\), expected \(2, 4\)"),
            ((2, 5, 3), (1, 4), r"h_0 has shape \(1, 4\), expected \(2, 4\)"),
        ],
    )
    def test_wrong_shapes_are_refused(self, rng, shape, h_0_shape, message):
        with pytest.raises(ValueError, match=message):
            RNN(3, 4, rng).forward(np.zeros(shape), None if h_0_shape is None else np.zeros(h_0_shape))

    def test_wrong_shapes_are_refused_on_the_way_back(self, rng):
        rnn = RNN(3, 4, rng)
        with pytest.raises(RuntimeError, match="call forward before backward"):
            rnn.backward(np.zeros((2, 5, 4)))
        rnn.forward(np.zeros((2, 5, 3)))
        with pytest.raises(ValueError, match=r"d_output has shape \(2, 4\), expected \(2, 5, 4\)"):
            rnn.backward(np.zeros((2, 4)))
        with pytest.raises(ValueError, match=r"d_h_n has shape \(1, 2, 4\), expected \(2, 4\)"):
            rnn.backward(d_h_n=np.zeros((1, 2, 4)))


class TestLinear:
    @pytest.mark.parametrize("leading", [(), (5,), (2, 5)])
    def test_equals_torch(self, rng, leading):
        linear, theirs = Linear(3, 4, rng), nn.Linear(3, 4, dtype=torch.float64)
        theirs.load_state_dict({name: torch.tensor(param) for name, param in linear.params.items()})
        (x, x_), (d_y, d_y_) = draw(rng, *leading, 3), draw(rng, *leading, 4)
        y_ = theirs(x_)
        np.testing.assert_allclose(linear.forward(x), y_.detach(), **TIGHT)
        (y_ * d_y_).sum().backward()
        np.testing.assert_allclose(linear.backward(d_y), x_.grad, **TIGHT)
        np.testing.assert_allclose(linear.grads["weight"], theirs.weight.grad, **TIGHT)
        np.testing.assert_allclose(linear.grads["bias"], theirs.bias.grad, **TIGHT)

    def test_the_initialisation_is_torchs(self):
        linear = Linear(100, 30, np.random.default_rng(0))
        assert 0.09 < np.abs(linear.weight).max() <= 0.1
        assert 0.05 < np.abs(linear.bias).max() <= 0.1

    def test_wrong_shapes_are_refused(self, rng):
        linear = Linear(3, 4, rng)
        with pytest.raises(RuntimeError, match="call forward before backward"):
            linear.backward(np.zeros((2, 4)))
        with pytest.raises(ValueError, match=r"h has shape \(2, 5\), expected \(2, 3\)"):
            linear.forward(np.zeros((2, 5)))
        linear.forward(np.zeros((2, 3)))
        with pytest.raises(ValueError, match=r"d_y has shape \(4,\), expected \(2, 4\)"):
            linear.backward(np.zeros(4))


class TestRNNModel:
    @pytest.mark.parametrize("every_step", [True, False])
    def test_gradients_equal_finite_differences(self, rng, every_step):
        model = RNNModel(3, 5, 4, rng, every_step=every_step)
        x, h_0 = rng.normal(size=(2, 6, 3)), rng.normal(size=(2, 5))
        targets = rng.integers(4, size=(2, 6) if every_step else 2)

        def loss():
            return cross_entropy(model.forward(x, h_0)[0], targets)[0]

        _, d_logits = cross_entropy(model.forward(x, h_0)[0], targets)
        d_x, d_h_0 = model.backward(d_logits)
        assert model.grads.keys() == model.params.keys()
        for name, param in model.params.items():
            np.testing.assert_allclose(model.grads[name], numerical_gradient(loss, param), atol=1e-8, err_msg=name)
        np.testing.assert_allclose(d_x, numerical_gradient(loss, x), atol=1e-8)
        np.testing.assert_allclose(d_h_0, numerical_gradient(loss, h_0), atol=1e-8)

    @pytest.mark.parametrize("every_step", [True, False])
    def test_equals_torch(self, rng, every_step):
        model = RNNModel(3, 5, 4, rng, every_step=every_step)
        theirs = nn.ModuleDict(
            {
                "rnn": nn.RNN(3, 5, batch_first=True, dtype=torch.float64),
                "linear": nn.Linear(5, 4, dtype=torch.float64),
            }
        )
        names = {name: f"{name}_l0" if name.startswith("rnn.") else name for name in model.params}
        theirs.load_state_dict({names[name]: torch.tensor(param) for name, param in model.params.items()})
        x, x_ = draw(rng, 2, 6, 3)
        targets = rng.integers(4, size=(2, 6) if every_step else 2)

        logits, h_n = model.forward(x)
        loss, d_logits = cross_entropy(logits, targets)
        d_x, _ = model.backward(d_logits)

        output_, h_n_ = theirs["rnn"](x_)
        logits_ = theirs["linear"](output_ if every_step else h_n_[0])
        loss_ = nn.functional.cross_entropy(logits_.reshape(-1, 4), torch.tensor(targets).reshape(-1))
        loss_.backward()
        np.testing.assert_allclose(logits, logits_.detach(), **TIGHT)
        np.testing.assert_allclose(h_n, h_n_[0].detach(), **TIGHT)
        assert loss == pytest.approx(loss_.item(), abs=1e-12)
        np.testing.assert_allclose(d_x, x_.grad, **TIGHT)
        for name, param_ in theirs.named_parameters():
            np.testing.assert_allclose(model.grads[name.removesuffix("_l0")], param_.grad, err_msg=name, **TIGHT)

    def test_the_number_of_parameters_does_not_depend_on_time(self, rng):
        model = RNNModel(8, 20, 8, rng)
        for T in (1, 50):
            assert model.forward(np.zeros((1, T, 8)))[0].shape == (1, T, 8)
            assert sum(param.size for param in model.params.values()) == 20 * 8 + 20 * 20 + 2 * 20 + 8 * 20 + 8

    def test_training_learns_to_spell(self):
        """After each character of "hello world" the next is known only to a model that remembers."""
        rng = np.random.default_rng(0)
        symbols = sorted(set("hello world"))
        ids = np.array([symbols.index(symbol) for symbol in "hello world"])
        model = RNNModel(len(symbols), 24, len(symbols), rng)
        x, targets = one_hot(ids[None, :-1], len(symbols)), ids[None, 1:]
        losses = []
        for _ in range(200):
            logits, _ = model.forward(x)
            loss, d_logits = cross_entropy(logits, targets)
            model.backward(d_logits)
            sgd_step(model, learning_rate=0.5, max_norm=1.0)
            losses.append(loss)
        assert losses[0] == pytest.approx(np.log(8), abs=0.3)
        assert losses[-1] < 0.02
        assert "".join(symbols[i] for i in sample(model, ids[:1], 10, 0, rng)) == "ello world"

    def test_last_state_learns_a_cue_at_the_start(self):
        """Many-to-one: the class is the first symbol, five steps back (accuracy 1/3 without memory)."""
        rng = np.random.default_rng(0)
        model = RNNModel(3, 16, 3, rng, every_step=False)
        ids = rng.integers(3, size=(64, 6))
        x, targets = one_hot(ids, 3), ids[:, 0]
        for _ in range(300):
            logits, _ = model.forward(x)
            _, d_logits = cross_entropy(logits, one_hot(targets, 3))
            model.backward(d_logits)
            sgd_step(model, learning_rate=1.0, max_norm=1.0)
        assert (model.forward(x)[0].argmax(axis=-1) == targets).mean() > 0.95


class TestSoftmax:
    @properties
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


class TestSgdStep:
    @pytest.fixture
    def model(self, rng):
        model = RNNModel(3, 4, 2, rng)
        model.forward(rng.normal(size=(2, 5, 3)))
        model.backward(rng.normal(size=(2, 5, 2)))
        return model

    @pytest.mark.parametrize("max_norm", [None, 1e6, 0.01])
    def test_equals_torch(self, model, max_norm):
        params_ = [nn.Parameter(torch.tensor(param)) for param in model.params.values()]
        for param_, grad in zip(params_, model.grads.values(), strict=True):
            param_.grad = torch.tensor(grad)
        norm_ = nn.utils.clip_grad_norm_(params_, float("inf") if max_norm is None else max_norm).item()
        torch.optim.SGD(params_, lr=0.3).step()

        norm = sgd_step(model, 0.3, max_norm)
        assert norm == pytest.approx(norm_)
        for param, param_ in zip(model.params.values(), params_, strict=True):
            np.testing.assert_allclose(param, param_.detach(), atol=1e-7)  # torch divides by norm + 1e-6

    def test_a_clipped_step_has_the_norm_that_was_asked_for_and_the_gradients_direction(self, model):
        before = {name: param.copy() for name, param in model.params.items()}
        norm = sgd_step(model, learning_rate=1.0, max_norm=0.01)
        step = np.concatenate([(before[name] - param).ravel() for name, param in model.params.items()])
        gradient = np.concatenate([grad.ravel() for grad in model.grads.values()])
        assert np.linalg.norm(step) == pytest.approx(0.01, abs=1e-12)
        np.testing.assert_allclose(step, gradient * 0.01 / norm, **TIGHT)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_a_gradient_that_is_not_finite_is_refused_and_changes_nothing(self, model, value):
        before = {name: param.copy() for name, param in model.params.items()}
        model.linear.grads["bias"][0] = value
        with pytest.raises(FloatingPointError, match="lower the learning rate, or clip"):
            sgd_step(model, 0.1, max_norm=1.0)
        for name, param in model.params.items():
            np.testing.assert_array_equal(param, before[name])

    def test_without_gradients_it_is_refused(self, rng):
        with pytest.raises(RuntimeError, match="call backward before sgd_step"):
            sgd_step(RNNModel(3, 4, 2, rng), 0.1)


class TestSample:
    @pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
    def test_frequencies_follow_the_softmax(self, temperature):
        rng = np.random.default_rng(0)
        model = RNNModel(5, 6, 5, rng)
        model.linear.weight *= 5
        p = softmax(model.forward(one_hot([[3, 1]], 5))[0][0, -1], temperature)
        drawn = [sample(model, [3, 1], 1, temperature, rng)[0] for _ in range(3000)]
        assert chisquare(np.bincount(drawn, minlength=5), 3000 * p).pvalue > 0.01

    @pytest.mark.parametrize("every_step", [True, False])
    def test_temperature_zero_follows_the_argmax_of_the_whole_text_so_far(self, rng, every_step):
        model = RNNModel(7, 8, 7, rng, every_step=every_step)
        model.rnn.weight_ih *= 5
        model.rnn.weight_hh *= 4
        text = [2, 4, 1]
        drawn = sample(model, text, 20, 0, rng)
        for _ in range(20):
            logits, _ = model.forward(one_hot([text], 7))
            text = [*text, int(logits.reshape(-1, 7)[-1].argmax())]
        assert drawn == text[3:]
        assert len(set(drawn)) > 1

    def test_the_same_seed_draws_the_same_text(self, rng):
        model = RNNModel(5, 6, 5, rng, dtype=np.float32)
        one, two, other = (sample(model, [0], 30, 1.0, np.random.default_rng(seed)) for seed in (1, 1, 2))
        assert one == two != other
        assert len(one) == 30
        assert all(type(i) is int and 0 <= i < 5 for i in one)

    def test_an_impossible_beginning_or_model_is_refused(self, rng):
        model = RNNModel(5, 6, 5, rng)
        with pytest.raises(ValueError, match=r"start_ids has shape \(0,\), expected \(T,\): no axis may be empty"):
            sample(model, [], 3, 1.0, rng)
        with pytest.raises(ValueError, match=r"class ids must lie in 0\.\.4, got 5\.\.5"):
            sample(model, [5], 3, 1.0, rng)
        with pytest.raises(ValueError, match="class ids must be integers"):
            sample(model, ["a"], 3, 1.0, rng)
        with pytest.raises(ValueError, match="input_size is 5 and output_size 2"):
            sample(RNNModel(5, 6, 2, rng), [0], 3, 1.0, rng)


def test_it_needs_no_torch():
    code = "import sys, rnnbook.numpy_rnn; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
