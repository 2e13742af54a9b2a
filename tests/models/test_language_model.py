"""Language models: torch's layers in evaluation, masks held over time in training, one state from chunk to chunk."""

import math
from dataclasses import asdict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy

from rnnbook.encode import KERNELS, parts_of, state_of
from rnnbook.models.language_model import LanguageModel, Score, Stateful, evaluate
from rnnbook.models.sequence import parameters_of, step_cross_entropy
from rnnbook.text.stream import Stream
from rnnbook.train import fit, mean_loss

V, D, H = 7, 4, 5
CELLS = ("rnn", "lstm", "gru")
every_cell = pytest.mark.parametrize("cell", CELLS)
ids = torch.randint(V, (3, 12), generator=torch.Generator().manual_seed(0))
text = torch.randint(V, (101,), generator=torch.Generator().manual_seed(1))


def make(seed=0, **options):
    torch.manual_seed(seed)
    return LanguageModel(**{"vocabulary_size": V, "embedding_size": D, "hidden_size": H, **options}).double()


def close(got, expected, atol=1e-12):
    torch.testing.assert_close(got, expected, rtol=0, atol=atol)


@every_cell
@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize(("tied", "width"), [(False, D), (True, D), (True, H)])
def test_it_is_embedding_torch_layers_and_linear(cell, num_layers, tied, width):
    model = make(cell=cell, num_layers=num_layers, tied=tied, embedding_size=width, dropout=0.5, recurrent_dropout=0.5)
    twin = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell](width, H, num_layers, batch_first=True).double()
    twin.load_state_dict(model.rnn.state_dict())
    state = state_of([torch.randn(num_layers, 3, H, dtype=torch.float64) for _ in model.names])
    E = model.embedding.weight
    for before in (None, state):
        output, expected_n = twin(E[ids], before)
        if tied and width != H:
            output = output @ model.projection.weight.T
        logits, state_n = model.eval()(ids, before)
        close(logits, output @ (E if tied else model.linear.weight).T + model.linear.bias)
        close(parts_of(state_n), parts_of(expected_n))


def test_tied_weights_are_one_parameter_with_the_gradients_of_both_uses():
    model, apart = make(tied=True, embedding_size=H), make(embedding_size=H)
    assert model.embedding.weight is model.linear.weight
    assert parameters_of(apart) - parameters_of(model) == V * H
    projected = make(tied=True)
    assert projected.projection.weight.shape == (D, H)
    assert parameters_of(make()) - parameters_of(projected) == V * H - D * H
    apart.load_state_dict(model.state_dict())
    for each in (model, apart):
        cross_entropy(each(ids)[0].flatten(0, 1), ids.flatten()).backward()
    close(model.embedding.weight.grad, apart.embedding.weight.grad + apart.linear.weight.grad)


@pytest.mark.parametrize("tied", [False, True])
def test_before_training_all_symbols_are_about_equally_likely(tied):
    torch.manual_seed(0)
    model = LanguageModel(65, embedding_size=256, hidden_size=256, tied=tied)
    score = evaluate(model, torch.randint(65, (300,)))
    assert score.nats == pytest.approx(math.log(65), abs=0.1)


@every_cell
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("training", [False, True])
def test_reading_in_chunks_is_reading_at_once(cell, num_layers, training):
    # Training mode goes its own way, layer by layer; with p = 1 its mask is the same in every call.
    model = make(cell=cell, num_layers=num_layers, recurrent_dropout=1.0).train(training)
    expected, expected_n = model(ids)
    for steps in (1, 5, 12):
        state, parts = None, []
        for chunk in ids.split(steps, dim=1):
            logits, state = model(chunk, state)
            parts.append(logits)
        close(torch.cat(parts, dim=1), expected)
        close(parts_of(state), parts_of(expected_n))


@every_cell
def test_what_is_to_come_plays_no_part(cell):
    model = make(cell=cell, num_layers=2)
    embedded = model.embedding(ids).detach().requires_grad_()
    model.embedding.forward = lambda _: embedded
    (d_embedded,) = torch.autograd.grad(model(ids)[0][:, 5].sum(), embedded)
    assert d_embedded[:, 6:].eq(0).all()
    assert d_embedded[:, :6].ne(0).any(dim=2).all()


# Dropout


@every_cell
def test_without_dropout_training_and_evaluation_are_the_same(cell):
    model = make(cell=cell, num_layers=2)
    close(model.train()(ids)[0], model.eval()(ids)[0])


@every_cell
def test_masks_on_features_are_held_over_time_and_each_row_has_its_own(cell, monkeypatch):
    model = make(cell=cell, num_layers=2, dropout=0.5, embedding_size=40, hidden_size=30)
    nn.init.ones_(model.embedding.weight)
    inputs = []
    kernel = KERNELS[model.rnn.mode]
    monkeypatch.setitem(KERNELS, model.rnn.mode, lambda x, *rest: inputs.append(x) or kernel(x, *rest))
    output, _ = model.read(ids)
    for features in (*inputs, output):  # into the first layer, into the second, into the scores
        dropped = features == 0
        assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
        assert not torch.equal(dropped[0], dropped[1])
        assert 0.2 < dropped.double().mean() < 0.8
    assert set(inputs[0].unique().tolist()) == {0, 2}  # kept ones are scaled by 1 / (1 - p)


@every_cell
@pytest.mark.parametrize("num_layers", [1, 2])
def test_recurrent_dropout_is_reading_with_holes_in_the_recurrent_weights(cell, num_layers):
    model = make(cell=cell, num_layers=num_layers, recurrent_dropout=0.4)
    weights = [getattr(model.rnn, f"weight_hh_l{k}") for k in range(num_layers)]
    torch.manual_seed(5)
    logits, state_n = model.train()(ids)
    torch.manual_seed(5)
    masks = [nn.functional.dropout(torch.ones_like(weight), 0.4) for weight in weights]
    wanted = list(model.parameters())
    gradients = torch.autograd.grad(logits.square().sum(), wanted)

    twin = make(cell=cell, num_layers=num_layers).eval()
    twin.load_state_dict(model.state_dict())
    with torch.no_grad():
        for k, mask in enumerate(masks):
            getattr(twin.rnn, f"weight_hh_l{k}").mul_(mask)
    expected, expected_n = twin(ids)
    close(logits, expected)
    close(parts_of(state_n), parts_of(expected_n))
    twin_gradients = torch.autograd.grad(expected.square().sum(), list(twin.parameters()))
    for (name, _), got, wanted in zip(model.named_parameters(), gradients, twin_gradients, strict=True):
        scale = masks[int(name[-1])] if "weight_hh" in name else 1
        close(got, wanted * scale, atol=1e-10)


def test_all_recurrent_weights_dropped_is_no_memory_at_all():
    model = make(cell="rnn", recurrent_dropout=1.0).train()
    logits, _ = model(ids)
    close(logits, torch.cat([model(ids[:, t : t + 1])[0] for t in range(12)], dim=1))


def test_the_two_kinds_of_dropout_differ_from_call_to_call_and_end_with_training():
    for options in ({"dropout": 0.5}, {"recurrent_dropout": 0.5}):
        model = make(**options)
        assert not torch.equal(model(ids)[0], model(ids)[0])
        model.eval()
        assert torch.equal(model(ids)[0], model(ids)[0])
        close(model(ids)[0], make()(ids)[0])


# Truncated backpropagation through time


def chunks_by_hand(model, stream):
    """Logits and mean gradients of an epoch, with the detaching written out."""
    state, logits, gradients = None, [], 0
    for indices in stream.order():
        inputs, _, targets = stream[indices]
        chunk, state_n = model(inputs, state)
        state = state_of([part.detach() for part in parts_of(state_n)])
        logits.append(chunk.detach())
        wanted = torch.autograd.grad(step_cross_entropy(chunk, targets), list(model.parameters()))
        gradients = [total + each for total, each in zip(gradients or [0] * len(wanted), wanted, strict=True)]
    return torch.cat(logits, dim=1), gradients


@every_cell
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("training", [True, False])
def test_the_state_is_carried_and_detached(cell, num_layers, training):
    model, stream = make(cell=cell, num_layers=num_layers), Stream(text, rows=3, steps=8)
    expected, expected_gradients = chunks_by_hand(model, stream)
    stateful = Stateful(model, rows=3).train(training)
    for _epoch in range(2):  # the second one starts with zeros again
        logits = []
        stateful.zero_grad()
        for indices in stream.order():
            *inputs, targets = stream[indices]
            logits.append(stateful(*inputs))
            step_cross_entropy(logits[-1], targets).backward()
        close(torch.cat(logits, dim=1).detach(), expected)
        close([parameter.grad for parameter in model.parameters()], expected_gradients)


@every_cell
def test_one_chunk_is_backpropagation_through_the_whole_text(cell):
    model = make(cell=cell)
    stream = Stream(text, rows=1, steps=len(text) - 1)
    (indices,) = stream.order()
    *inputs, targets = stream[indices]
    step_cross_entropy(Stateful(model, 1)(*inputs), targets).backward()
    expected = cross_entropy(model(text[None, :-1])[0][0], text[1:])
    wanted = torch.autograd.grad(expected, list(model.parameters()))
    close([parameter.grad for parameter in model.parameters()], list(wanted))


def test_validation_in_between_leaves_the_state_of_the_training_alone():
    stream, other = Stream(text, rows=3, steps=8), Stream(text.flip(0), rows=5, steps=4)
    seen = []
    for validating in (False, True):
        stateful = Stateful(make(), rows=3).train()
        for indices in stream.order():
            logits = stateful(*stream[indices][:-1])
            if validating:
                mean_loss(stateful, other, step_cross_entropy)
        seen.append((logits, stateful.h, stateful.c))
    torch.testing.assert_close(*seen, rtol=0, atol=0)
    assert stateful.h.shape == (1, 3, H)


def test_a_stream_as_validation_is_the_score_of_the_text():
    stateful = Stateful(make(num_layers=2), rows=3)
    for steps in (1, 7, 100):
        loss = mean_loss(stateful, Stream(text, rows=1, steps=steps), step_cross_entropy)
        assert loss == pytest.approx(evaluate(stateful.model, text).nats, abs=1e-12)


def test_another_number_of_rows_in_training_is_refused():
    with pytest.raises(ValueError, match=r"ids has shape \(2, 5\), expected \(3, T\): as many rows as the stream has"):
        Stateful(make(), rows=3)(ids[:2, :5], True)


class Cut(Exception):
    pass


def train(cut_after=None, **settings):
    """A training over 13 chunks an epoch, cut off in the forward pass that follows so many steps."""
    options = {"cell": "lstm", "num_layers": 2, "dropout": 0.2, "recurrent_dropout": 0.2, "tied": True}
    torch.manual_seed(0)
    model, passes = Stateful(LanguageModel(V, D, H, **options), rows=2), []

    def count(module, args):
        passes.append(module.training)
        if cut_after is not None and passes.count(True) > cut_after:
            raise Cut

    model.register_forward_pre_hook(count)
    stream = Stream(text, rows=2, steps=4)
    validate = Stream(text.flip(0)[:31], rows=3, steps=3)
    history = fit(model, stream, step_cross_entropy, epochs=2, learning_rate=0.05, validate=validate, **settings)
    return model, history


def outcome(model, history):
    known = asdict(history)
    del known["seconds"], known["tokens_per_second"]
    return {name: tensor.tolist() for name, tensor in model.state_dict().items()}, known


@pytest.fixture(scope="module")
def whole():
    return outcome(*train())


@pytest.mark.parametrize("cut_after", [3, 13, 20])
def test_a_training_that_is_cut_off_between_chunks_resumes_bit_for_bit(whole, tmp_path, cut_after):
    path = tmp_path / "c.safetensors"
    with pytest.raises(Cut):
        train(cut_after, checkpoint=path, every=1)
    assert outcome(*train(checkpoint=path, every=1, resume=True)) == whole
    assert torch.tensor(whole[0]["h"]).ne(0).all()
    assert "c" in whole[0]


def test_fit_reports_the_mean_over_targets():
    torch.manual_seed(0)
    model = make()
    stream = Stream(text, rows=3, steps=10)  # 33 steps: the last batch has 3
    expected = sum(step_cross_entropy(*pair) * pair[1].numel() for pair in pairs(model, stream)) / len(stream)
    history = fit(Stateful(model, 3), stream, step_cross_entropy, epochs=1, learning_rate=1e-30)
    assert history.loss[0] == pytest.approx(expected.item(), abs=1e-12)


def pairs(model, stream):
    stateful = Stateful(model, stream.rows)
    for indices in stream.order():
        *inputs, targets = stream[indices]
        yield stateful(*inputs), targets


def test_it_learns_what_stands_before_the_chunk():
    # After 0 1 may come 0 or 1, and with 2 steps a batch only the carried state can tell.
    torch.manual_seed(0)
    pattern = torch.tensor([0, 0, 1, 0, 1, 1]).repeat(20)
    model = LanguageModel(2, 8, 16)
    fit(Stateful(model, 4), Stream(pattern, 4, 2), step_cross_entropy, epochs=30, learning_rate=0.03)
    assert evaluate(model, pattern).nats < 0.1
    assert mean_loss(Forgetful(model), Stream(pattern, 4, 2), step_cross_entropy) > 0.3


class Forgetful(Stateful):
    """Every batch starts with zeros."""

    def __init__(self, model):
        super().__init__(model, rows=4)

    def forward(self, ids, start):
        return super().forward(ids, True)


# The score of a text


@every_cell
@settings(max_examples=15)
@given(st.integers(2, 101), st.integers(1, 120))
def test_the_score_is_the_same_for_every_chunk_length(cell, n, steps):
    model = make(cell=cell, num_layers=2)
    by_hand = [-model(text[None, :t])[0][0, -1].log_softmax(dim=0)[text[t]].item() for t in range(1, min(n, 12))]
    whole, chunked = evaluate(model, text[:n], steps=1000), evaluate(model, text[:n], steps=steps)
    assert chunked.symbols == whole.symbols == n - 1
    assert chunked.nats == pytest.approx(whole.nats, abs=1e-12)
    assert evaluate(model, text[: len(by_hand) + 1]).nats == pytest.approx(sum(by_hand) / len(by_hand), abs=1e-12)


def test_a_score_in_bits_and_as_perplexity():
    score = Score(nats=math.log(8), symbols=3)
    assert score.bits == pytest.approx(3)
    assert score.perplexity == pytest.approx(8)


def test_means_are_over_symbols_not_over_chunks():
    model = make()
    nn.init.zeros_(model.linear.weight)
    with torch.no_grad():
        model.linear.bias.copy_(torch.tensor([9.0, 0, 0, 0, 0, 0, 0]))
    likely, unlikely = -model.linear.bias.log_softmax(dim=0)[:2].detach()
    score = evaluate(model, torch.tensor([0, 0, 0, 0, 0, 1]), steps=4)  # the second chunk has one symbol
    assert score.nats == pytest.approx(((4 * likely + unlikely) / 5).item(), abs=1e-12)
    assert score.perplexity == pytest.approx(math.exp((4 * likely + unlikely) / 5))


@pytest.mark.parametrize("training", [True, False])
def test_evaluation_restores_the_mode_and_leaves_no_gradients(training):
    model = make(dropout=0.5).train(training)
    assert evaluate(model, text.tolist()) == evaluate(model, text)
    assert model.training is model.rnn.training is training
    with pytest.raises(IndexError):
        evaluate(model, [0, V, 0])
    assert model.training is training
    assert model.embedding.weight.grad is None


# What is refused, what is kept


def test_settings_make_the_same_model_again():
    model = make(cell="gru", num_layers=2, dropout=0.1, recurrent_dropout=0.2, tied=True)
    again = LanguageModel(**model.settings).double()
    again.load_state_dict(model.state_dict())
    assert again.settings == model.settings
    assert str(again) == str(model)
    close(again.eval()(ids)[0], model.eval()(ids)[0])


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda: make(cell="LSTM"), "cell must be one of rnn, lstm, gru, got 'LSTM'"),
        (lambda: make(dropout=1.5), "dropout must be from 0 to 1, got 1.5"),
        (lambda: make(recurrent_dropout=-0.1), "recurrent_dropout must be from 0 to 1"),
        (lambda: make()(ids[0]), r"ids has shape \(12,\), expected \(B, T\): write ids.unsqueeze\(0\)"),
        (lambda: make()(ids[:, :0]), r"no axis may be empty"),
        (lambda: make()(ids, torch.zeros(1, 3, H).double()), "the state must be h and c, got 1 tensor"),
        (
            lambda: make(cell="gru")(ids, torch.zeros(1, 2, H).double()),
            r"h has shape \(1, 2, 5\), expected \(1, 3, 5\)",
        ),
        (lambda: evaluate(make(), [1]), r"at least 2 symbols, \(N,\), and steps >= 1, got \(1,\) and 1024"),
        (lambda: evaluate(make(), ids), r"got \(3, 12\)"),
        (lambda: evaluate(make(), text, steps=0), "and 0"),
    ],
)
def test_what_does_not_fit_is_refused(do, message):
    with pytest.raises(ValueError, match=message):
        do()
