"""Sequence to sequence: against torch's own layers put together by hand, and what must never be seen is not."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from rnnbook.encode import parts_of
from rnnbook.models import seq2seq
from rnnbook.models.seq2seq import Bridge, Seq2Seq, nats_per_symbol, sequence_loss, shift
from rnnbook.text.pairs import END, START, Pairs
from rnnbook.train import fit

V, LENGTHS = 9, torch.tensor([3, 5, 1])
ATTENTIONS = (None, "additive", "dot", "general", "scaled")
CELLS = ("rnn", "lstm", "gru")
#: Every cell and every attention, in one direction and two, with one layer and two.
MODELS = [
    *({"cell": cell, "attention": attention, "num_layers": 2} for cell in CELLS for attention in (None, "dot")),
    *({"cell": "lstm", "attention": attention, "bidirectional": True} for attention in (None, "additive", "general")),
    {"cell": "gru", "attention": "scaled"},
    {"cell": "gru", "attention": "additive", "bidirectional": True, "num_layers": 2},
]
ALL = pytest.mark.parametrize("options", MODELS, ids=lambda options: "-".join(map(str, options.values())))


def make(seed=0, **options):
    torch.manual_seed(seed)
    return Seq2Seq(7, V, **{"embedding_size": 4, "hidden_size": 5} | options).double().eval()


def make_batch(T=4, seed=1):
    generator = torch.Generator().manual_seed(seed)
    source = torch.randint(1, 7, (3, 5), generator=generator)
    source[torch.arange(5) >= LENGTHS[:, None]] = 0
    target = torch.randint(4, V, (3, T), generator=generator)
    target[0, -1], target[1, 1], target[1, 2:], target[2, -1] = END, END, 0, END
    return source, LENGTHS, target


def close(got, expected, atol=1e-10):
    torch.testing.assert_close(got, expected, rtol=0, atol=atol)


def by_hand(model, source, target):
    """The logits of one pair without padding, in torch's own words."""
    output, state = model.encoder(model.source_embedding(source[None]))
    L, directions = model.encoder.num_layers, 2 if model.encoder.bidirectional else 1
    first, linears = [], iter(model.bridge.linears)
    for part in parts_of(state):
        layers = [torch.cat([part[layer * directions + d] for d in range(directions)], dim=-1) for layer in range(L)]
        first.append(torch.stack([torch.tanh(next(linears)(layer)) for layer in layers]))
    state = first[0] if len(first) == 1 else tuple(first)
    logits, weights = [], []
    for symbol in [START, *target.tolist()[:-1]]:
        h, state = model.decoder(model.target_embedding(torch.tensor([[symbol]])), state)
        h = h[0, 0]
        if model.attention:
            context, alpha = model.attention(h[None], output, torch.ones(output.shape[:2], dtype=torch.bool))
            h = torch.tanh(model.combine.weight @ torch.cat((context[0], h)))
            weights.append(alpha[0])
        logits.append(model.linear(h))
    return torch.stack(logits), torch.stack(weights) if weights else None


@ALL
def test_logits_are_those_of_torchs_layers_one_pair_and_one_step_at_a_time(options):
    model, (source, lengths, target) = make(**options), make_batch()
    logits = model(source, lengths, target)
    assert logits.shape == (3, 4, V)
    for b, n in enumerate(lengths.tolist()):
        expected, weights = by_hand(model, source[b, :n], target[b])
        close(logits[b], expected)
        if options["attention"]:
            got = model.attention_weights(source, lengths, target)[b]
            close(got[:, :n], weights)
            assert got[:, n:].eq(0).all()


@ALL
def test_padding_of_source_and_target_changes_nothing(options):
    model, (source, lengths, target) = make(**options), make_batch()
    logits = model(source, lengths, target)
    wider = model(F.pad(source, (0, 3), value=6), lengths, F.pad(target, (0, 2)))
    close(wider[:, :4], logits)
    close(sequence_loss(wider, F.pad(target, (0, 2))), sequence_loss(logits, target))
    gradients = []
    for batch in ((source, lengths, target), (F.pad(source, (0, 3), value=6), lengths, F.pad(target, (0, 2)))):
        loss = sequence_loss(model(*batch), batch[2])
        gradients.append(torch.autograd.grad(loss, list(model.parameters())))
    for got, expected in zip(*gradients, strict=True):
        close(got, expected)


@ALL
def test_steps_write_what_teacher_forcing_scores(options):
    model, (source, lengths, target) = make(**options), make_batch()
    state, steps = model.encode(source, lengths), []
    for tokens in (torch.full((3,), START), *target.unbind(dim=1)[:-1]):
        logits, state = model.step(tokens, state)
        steps.append(logits)
    close(torch.stack(steps, dim=1), model(source, lengths, target))


@ALL
def test_reordered_rows_go_on_as_if_they_had_always_stood_there(options):
    model, (source, lengths, target) = make(**options), make_batch()
    rows = torch.tensor([2, 0, 0, 1])
    _, state = model.step(target[:, 0], model.encode(source, lengths))
    logits, after = model.step(target[rows, 1], model.reorder(state, rows))
    expected, expected_after = model.step(target[:, 1], state)
    close(logits, expected[rows])
    for got, wanted in zip(parts_of(after.state), parts_of(expected_after.state), strict=True):
        close(got, wanted[:, rows])


# Prediction and target out of step by one: a decoder that reads the symbol which it is to predict learns to copy it.


@ALL
def test_no_score_depends_on_the_symbol_that_it_is_for_nor_on_later_ones(options):
    model, (source, lengths, target) = make(**options), make_batch()
    logits = model(source, lengths, target)
    for t in range(4):
        changed = target.clone()
        changed[:, t:] = (changed[:, t:] + 3) % V
        assert torch.equal(model(source, lengths, changed)[:, : t + 1], logits[:, : t + 1])
        if t < 3:
            assert model(source, lengths, changed)[:, t + 1].ne(logits[:, t + 1]).any(dim=1).all()


@ALL
def test_no_gradient_goes_back_to_the_symbol_that_is_predicted_nor_to_later_ones(options):
    model, (source, lengths, target) = make(**options), make_batch()
    read = []  # the embedded inputs, (B, T, D): before symbol t stands the start, or symbol t - 1
    model.target_embedding.register_forward_hook(lambda module, inputs, output: read.append(output))
    logits = model(source, lengths, target)
    for t in range(4):
        (gradient,) = torch.autograd.grad(logits[:, t].square().sum(), read[0], retain_graph=True)
        assert gradient[:, t + 1 :].eq(0).all()
        assert gradient[:, : t + 1].abs().sum(dim=2).gt(0).all()


def test_the_decoder_reads_the_start_and_all_symbols_but_the_last():
    assert shift(torch.tensor([[4, 5, END], [6, END, 0]])).tolist() == [[START, 4, 5], [START, 6, END]]
    assert shift(torch.tensor([[END]])).tolist() == [[START]]


@pytest.mark.parametrize("attention", [None, "additive"])
@pytest.mark.parametrize("cheat", [False, True])
def test_random_targets_cannot_be_learnt_but_by_seeing_them(attention, cheat, monkeypatch):
    if cheat:  # the unshifted target, so that this test is known to find it
        monkeypatch.setattr(seq2seq, "shift", lambda target: target)
    model = make(attention=attention, hidden_size=12, embedding_size=8).float().train()
    optimizer, generator = torch.optim.Adam(model.parameters(), lr=0.03), torch.Generator().manual_seed(0)
    source, losses = torch.ones(16, 2, dtype=torch.int64), []
    for _ in range(120):
        target = torch.randint(4, V, (16, 6), generator=generator)  # five symbols, each as likely as the others
        loss = sequence_loss(model(source, torch.full((16,), 2), target), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    learnt = sum(losses[-30:]) / 30
    assert learnt < 0.1 if cheat else 1.59 < learnt < 1.68  # ln 5 = 1.609


# Scheduled sampling.


@ALL
def test_probability_0_is_teacher_forcing_exactly_and_one_next_to_0_step_by_step(options):
    model, batch = make(**options), make_batch()
    assert torch.equal(model.sampled(*batch, 0), model(*batch))
    close(model.sampled(*batch, 1e-300), model(*batch))


@ALL
def test_probability_1_runs_free(options):
    model, (source, lengths, target) = make(**options), make_batch(T=6)
    state, tokens, steps = model.encode(source, lengths), torch.full((3,), START), []
    for _ in range(6):
        logits, state = model.step(tokens, state)
        steps.append(logits)
        tokens = logits.argmax(dim=1)
    logits = model.sampled(source, lengths, target, 1)
    close(logits, torch.stack(steps, dim=1))
    assert torch.equal(model.sampled(source, lengths, torch.full_like(target, 4), 1), logits)  # whatever the target
    close(model(source, lengths, logits.argmax(dim=2)), logits)  # its own symbols as the teacher


def test_each_symbol_is_replaced_with_the_probability_by_itself(monkeypatch):
    model, read = make(), []
    source, target = torch.ones(200, 2, dtype=torch.int64), torch.full((200, 11), 4)
    nn.init.zeros_(model.linear.weight)
    with torch.no_grad():
        model.linear.bias.copy_(F.one_hot(torch.tensor(8), V))  # its own symbol is always 8, the target's 4
    model.target_embedding.register_forward_hook(lambda module, inputs, output: read.append(inputs[0][:, 0]))
    model.sampled(source, [2] * 200, target, 0.3, torch.Generator().manual_seed(0))
    inputs = torch.stack(read, dim=1)
    assert inputs[:, 0].eq(START).all()
    own = inputs[:, 1:].eq(8)
    assert (own | inputs[:, 1:].eq(4)).all()
    assert own.double().mean() == pytest.approx(0.3, abs=0.03)  # 2000 draws, 3 standard errors
    rows, steps = own.double().mean(dim=1), own.double().mean(dim=0)
    assert rows.std() == pytest.approx((0.21 / 10) ** 0.5, rel=0.2)
    assert steps.std() == pytest.approx((0.21 / 200) ** 0.5, rel=0.6)


def test_the_generator_decides_and_the_global_one_only_without():
    model, batch = make(attention="dot"), make_batch(T=9)
    before = torch.get_rng_state()
    first, again, other = (model.sampled(*batch, 0.5, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.get_rng_state())
    model.sampled(*batch, 0.5)
    assert not torch.equal(before, torch.get_rng_state())


def test_forward_samples_in_training_only_and_as_the_attribute_says():
    model, batch = make(scheduled_sampling=1.0), make_batch()
    forced, free = model.sampled(*batch, 0), model.sampled(*batch, 1)
    assert not torch.equal(forced, free)
    assert torch.equal(model(*batch), forced)
    assert torch.equal(model.train()(*batch), free)
    model.scheduled_sampling = 0.0
    assert torch.equal(model(*batch), forced)


# The loss.


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_the_loss_is_the_mean_over_symbols_without_padding(label_smoothing):
    model, (source, lengths, target) = make(), make_batch()
    logits = model(source, lengths, target)
    p, q = logits.log_softmax(dim=-1), []
    for b, t in (target != 0).nonzero().tolist():
        q.append(-(1 - label_smoothing) * p[b, t, target[b, t]] - label_smoothing * p[b, t].mean())
    assert len(q) == 10
    close(sequence_loss(logits, target, label_smoothing), torch.stack(q).mean())


def test_the_padding_gets_no_gradient_and_a_perfect_model_no_loss():
    _, _, target = make_batch()
    logits = torch.randn(3, 4, V, requires_grad=True)
    sequence_loss(logits, target, 0.1).backward()
    assert logits.grad[target == 0].eq(0).all()
    assert logits.grad[target != 0].ne(0).any(dim=-1).all()
    assert sequence_loss(1e3 * F.one_hot(target, V).double(), target) == 0
    close(sequence_loss(torch.zeros(3, 4, V).double(), target), torch.tensor(V).double().log())


def test_the_mean_over_data_weighs_symbols_not_batches():
    model = make(dropout=0.5).train()
    data = Pairs([[4, 5], [3], [2, 2, 2], [6]], [[4], [5, 6, 7, 8, 4, 5, 6], [8, 8], []])
    model.eval()
    losses = [sequence_loss(model(*data[[i]][:3]), data[[i]][3]).item() for i in range(4)]
    symbols = [2, 8, 3, 1]
    expected = sum(loss * n for loss, n in zip(losses, symbols, strict=True)) / 14
    model.train()
    for batch_size in (1, 2, 3, 4):
        assert nats_per_symbol(model, data, batch_size) == pytest.approx(expected, abs=1e-10)
    assert sum(losses) / 4 != pytest.approx(expected, abs=1e-3)
    assert model.training


# The model as a whole.


def test_fit_teaches_a_model_to_reverse():
    generator = torch.Generator().manual_seed(0)
    rows = [torch.randint(4, 7, (int(n),), generator=generator).tolist() for n in torch.randint(1, 4, (300,))]
    data = Pairs(rows, [row[::-1] for row in rows])
    torch.manual_seed(0)
    model = Seq2Seq(7, 7, 12, 24, attention="general", bidirectional=True)
    validate = partial(nats_per_symbol, data=data)
    history = fit(model, data, sequence_loss, epochs=12, batch_size=32, learning_rate=0.02, validate=validate)
    assert history.validation[0] > 0.5
    assert history.validation[-1] < 0.05
    source, lengths, target, _ = data[:50]
    written = model.sampled(source, lengths, target, 1).argmax(dim=2)  # free, not forced
    assert torch.where(target == 0, 0, written).eq(target).all()


def test_gradients_reach_every_parameter():
    for options in MODELS:
        model, (source, lengths, target) = make(**options), make_batch()
        sequence_loss(model(source, lengths, target), target).backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad.ne(0).any(), name
        for embedding in (model.source_embedding, model.target_embedding):
            assert embedding.weight[0].eq(0).all()
            assert embedding.weight.grad[0].eq(0).all()


def test_settings_make_the_same_architecture_again():
    for options in MODELS:
        model = make(**options, dropout=0.25, scheduled_sampling=0.5)
        again = Seq2Seq(**model.settings)
        assert again.settings == model.settings
        again.double().eval().load_state_dict(model.state_dict())
        assert torch.equal(again(*make_batch()), model(*make_batch()))
        assert (again.dropout.p, again.encoder.dropout, again.scheduled_sampling) == (0.25, model.encoder.dropout, 0.5)


def test_dropout_acts_in_training_only_and_between_layers():
    model, batch = make(dropout=0.5, num_layers=2), make_batch()
    assert model.encoder.dropout == model.decoder.dropout == 0.5
    assert torch.equal(model(*batch), model(*batch))
    model.train()
    assert not torch.equal(model(*batch), model(*batch))


def test_dropout_acts_on_both_embeddings_and_before_the_output():
    model, dropped = make(dropout=0.5, attention="dot"), []
    model.dropout.register_forward_hook(lambda module, inputs, output: dropped.append(tuple(output.shape)))
    model(*make_batch())
    assert dropped == [(3, 5, 4), (3, 4, 4), (3, 4, 5)]


@pytest.mark.parametrize("parts", [1, 2])
def test_the_bridge_keeps_layers_directions_and_parts_apart(parts):
    torch.manual_seed(0)
    bridge = Bridge(hidden_size=3, num_layers=2, directions=2, parts=parts).double()
    given = [torch.randn(4, 6, 3, dtype=torch.float64) for _ in range(parts)]
    first = parts_of(bridge(given[0] if parts == 1 else tuple(given)))
    assert len(first) == parts
    for i, part in enumerate(given):
        for layer in range(2):
            forward, backward = part[2 * layer], part[2 * layer + 1]
            W, b = bridge.linears[2 * i + layer].weight, bridge.linears[2 * i + layer].bias
            close(first[i][layer], torch.tanh(forward @ W[:, :3].T + backward @ W[:, 3:].T + b))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "tcn"}, "cell must be one of rnn, lstm, gru, got 'tcn'"),
        ({"attention": "concat"}, "attention must be one of None, additive, general, dot, scaled, got 'concat'"),
        ({"attention": "dot", "bidirectional": True}, '"dot" attention compares queries of 5 features with keys of 10'),
        ({"attention": "scaled", "bidirectional": True}, '"scaled" attention compares'),
    ],
)
def test_arguments_that_do_not_exist_or_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)


@pytest.mark.parametrize(
    ("source", "lengths", "target", "message"),
    [
        ((3,), [3], (1, 2), r"source has shape \(3,\), expected \(B, S\): write source.unsqueeze\(0\) for one"),
        ((2, 3), [3], (2, 2), r"lengths has shape \(1,\), expected \(2,\)"),
        ((2, 3), [3, 4], (2, 2), r"lengths\[1\] is 4, expected 1 to T = 3"),
        ((2, 3), [3, 0], (2, 2), r"lengths\[1\] is 0"),
        ((2, 3), [3, 3], (3, 2), r"target has shape \(3, 2\), expected \(2, T\)"),
        ((2, 3), [3, 3], (2,), r"target has shape \(2,\), expected \(2, T\)"),
        ((2, 3), [3, 3], (2, 0), "no axis may be empty"),
    ],
)
def test_what_does_not_fit_is_refused(source, lengths, target, message):
    model = make(attention="general")
    batch = torch.ones(source, dtype=torch.int64), torch.tensor(lengths), torch.ones(target, dtype=torch.int64)
    for call in (model, partial(model.sampled, probability=1), model.attention_weights):
        with pytest.raises(ValueError, match=message):
            call(*batch)


def test_other_bad_input_is_refused():
    model, batch = make(), make_batch()
    with pytest.raises(ValueError, match='this model has no attention: make one with attention="additive"'):
        model.attention_weights(*batch)
    for probability in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="probability must be from 0 to 1"):
            model.sampled(*batch, probability)
    with pytest.raises(ValueError, match=r"tokens has shape \(3, 1\), expected \(N,\)"):
        model.step(torch.full((3, 1), START), model.encode(*batch[:2]))
    with pytest.raises(ValueError, match=r"logits has shape \(3, 5, 9\), expected \(3, 4, V\): one row of scores"):
        sequence_loss(torch.zeros(3, 5, V), batch[2])
    with pytest.raises(ValueError, match="the target is nothing but padding"):
        sequence_loss(torch.zeros(3, 4, V), torch.zeros(3, 4, dtype=torch.int64))
