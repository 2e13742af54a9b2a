import numpy as np
import pytest
import torch
from numpy_rnn.oracle import TIGHT, draw, numerical_gradient
from scipy.stats import chisquare
from torch import nn

from rnnbook.numpy_rnn import RNNModel, cross_entropy, one_hot, sample, sgd_step, softmax


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

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_everything_is_of_the_dtype_that_was_asked_for(self, rng, dtype):
        model = RNNModel(3, 4, 2, rng, dtype=dtype)
        logits, h_n = model.forward(rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 4)))
        _, d_logits = cross_entropy(logits, rng.integers(2, size=(2, 5)))
        d_x, d_h_0 = model.backward(d_logits)
        arrays = [logits, h_n, d_logits, d_x, d_h_0, softmax(logits, 0), *model.params.values(), *model.grads.values()]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}

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
