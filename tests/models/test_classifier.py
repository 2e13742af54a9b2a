"""The classifier: padding is never read, summaries are what they say, dropout sits where it should."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnbook.encode import encode
from rnnbook.models import SequenceClassifier, classifier
from rnnbook.text import pad

SEQUENCES = [[2, 3, 4, 5, 6], [7], [3, 3, 8]]


def make(**options):
    torch.manual_seed(0)
    return SequenceClassifier(10, 4, embedding_size=5, hidden_size=6, **options).double().eval()


OPTIONS = [
    {"cell": cell, "pooling": pooling, "bidirectional": bidirectional, "num_layers": num_layers}
    for cell in ("rnn", "lstm", "gru")
    for pooling in ("last", "max", "mean", "attention", "max+attention")
    for bidirectional in (False, True)
    for num_layers in (1, 2)
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(map(str, o.values())))
def test_neighbours_and_padding_change_nothing(options):
    model = make(**options)
    ids, lengths = pad(SEQUENCES)
    batch = model(ids, lengths)
    for row, sequence in enumerate(SEQUENCES):
        alone = model(torch.tensor([sequence]), torch.tensor([len(sequence)]))
        torch.testing.assert_close(batch[row : row + 1], alone, rtol=0, atol=1e-12)
    wider = torch.cat([ids, torch.full((3, 4), 9)], dim=1)  # padding of any content
    torch.testing.assert_close(model(wider, lengths), batch, rtol=0, atol=1e-12)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(map(str, o.values())))
def test_the_summary_and_its_gradients_are_those_of_a_packed_batch(options):
    model = make(**options)
    ids, lengths = pad(SEQUENCES)
    packed = pack_padded_sequence(model.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
    output, state = model.rnn(packed)
    h_n = state[0] if isinstance(state, tuple) else state
    last = torch.cat(tuple(h_n[-model.directions :]), dim=1)
    largest = pad_packed_sequence(output, batch_first=True, padding_value=-torch.inf)[0].amax(dim=1)
    states, _ = pad_packed_sequence(output, batch_first=True)  # zeros past the end
    expected = {"last": last, "max": largest}
    expected["mean"] = states.sum(dim=1) / lengths[:, None]
    if model.attention:
        scores = model.attention.score(torch.tanh(model.attention.projection(states)))[..., 0]
        past_end = torch.arange(ids.shape[1]) >= lengths[:, None]
        alpha = scores.masked_fill(past_end, -torch.inf).softmax(dim=1)
        expected["attention"] = torch.einsum("bt,bth->bh", alpha, states)
        torch.testing.assert_close(model.attention_weights(ids, lengths), alpha, rtol=0, atol=1e-12)
    expected = torch.cat([expected[part] for part in options["pooling"].split("+")], dim=1)
    summary = model.summary(ids, lengths)
    torch.testing.assert_close(summary, expected, rtol=0, atol=1e-12)

    weights = torch.randn_like(expected)
    parameters = [parameter for name, parameter in model.named_parameters() if not name.startswith("linear")]
    gradients, gradients_ = (torch.autograd.grad((weights * s).sum(), parameters) for s in (summary, expected))
    torch.testing.assert_close(gradients, gradients_, rtol=0, atol=1e-12)


@given(st.lists(st.lists(st.integers(2, 9), min_size=1, max_size=6), min_size=1, max_size=4), st.randoms())
def test_rows_follow_their_sequences(sequences, random):
    model = make(cell="gru", bidirectional=True)
    order = list(range(len(sequences)))
    random.shuffle(order)
    shuffled = model(*pad([sequences[i] for i in order]))
    torch.testing.assert_close(shuffled, model(*pad(sequences))[order], rtol=0, atol=1e-12)


def test_last_is_the_state_after_the_last_valid_step_of_each_direction():
    model = make(bidirectional=True, num_layers=2)
    ids, lengths = pad(SEQUENCES)
    summary = model.summary(ids, lengths)
    for row, sequence in enumerate(SEQUENCES):
        output, _ = model.rnn(model.embedding(torch.tensor([sequence])))  # (1, T, 2 H)
        expected = torch.cat([output[0, -1, :6], output[0, 0, 6:]])
        torch.testing.assert_close(summary[row], expected, rtol=0, atol=1e-12)


def test_max_is_over_the_valid_steps():
    model = make(pooling="max")
    summary = model.summary(*pad(SEQUENCES))
    for row, sequence in enumerate(SEQUENCES):
        output, _ = model.rnn(model.embedding(torch.tensor([sequence])))
        torch.testing.assert_close(summary[row], output[0].max(dim=0).values, rtol=0, atol=1e-12)


def test_several_poolings_stand_side_by_side():
    poolings = ("mean", "last", "max")
    models = {pooling: make(pooling=pooling, bidirectional=True) for pooling in (*poolings, "+".join(poolings))}
    for model in models.values():
        model.embedding.load_state_dict(models["max"].embedding.state_dict())
        model.rnn.load_state_dict(models["max"].rnn.state_dict())
    batch = pad(SEQUENCES)
    *single, together = (model.summary(*batch) for model in models.values())
    torch.testing.assert_close(together, torch.cat(single, dim=1), rtol=0, atol=0)


def test_the_padding_vector_is_zero_and_gets_no_gradient():
    model = make()
    ids, lengths = pad(SEQUENCES)
    model(ids, lengths).sum().backward()
    assert model.embedding.weight[0].eq(0).all()
    assert model.embedding.weight.grad[0].eq(0).all()
    assert model.embedding.weight.grad[3].ne(0).any()


@pytest.mark.parametrize("pooling", ["last", "mean", "attention"])
def test_no_gradient_comes_from_the_padding(pooling):
    model = make(pooling=pooling, cell="lstm", bidirectional=True, num_layers=2)
    lengths = torch.tensor([2, 4, 1])
    ids = torch.tensor([[2, 3, 8, 8], [4, 5, 6, 7], [2, 8, 8, 8]])  # symbol 8 stands in the padding alone
    model(ids, lengths).square().sum().backward()
    touched = model.embedding.weight.grad.ne(0).any(dim=1)
    assert touched.tolist() == [False, False, True, True, True, True, True, True, False, False]


def test_attention_weights_are_those_the_summary_uses():
    model = make(pooling="attention", bidirectional=True)
    ids, lengths = pad(SEQUENCES)
    weights = model.attention_weights(ids, lengths)
    assert weights.shape == ids.shape
    output, _ = model.read(ids, lengths)
    torch.testing.assert_close(
        (weights[..., None] * output).sum(dim=1), model.summary(ids, lengths), rtol=0, atol=1e-12
    )
    with pytest.raises(ValueError, match="pools by 'max': only \"attention\" has weights"):
        make(pooling="max").attention_weights(ids, lengths)


def test_one_class_is_one_logit_a_sequence():
    torch.manual_seed(0)
    model = SequenceClassifier(10, 1).eval()
    ids, lengths = pad(SEQUENCES)
    logits = model(ids, lengths)
    assert logits.shape == (3,)
    assert model(ids[:1], lengths[:1]).shape == (1,)  # a squeeze would take this axis too
    torch.testing.assert_close(logits[:, None], model.linear(model.summary(ids, lengths)), rtol=0, atol=0)


def test_names_of_the_parameters():
    """Saved models are found again by these names."""
    assert list(make().state_dict()) == [
        "embedding.weight",
        *(f"rnn.{name}_l0" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")),
        "linear.weight",
        "linear.bias",
    ]
    more = set(make(pooling="attention").state_dict()) - set(make().state_dict())
    assert more == {"attention.projection.weight", "attention.projection.bias", "attention.score.weight"}


@pytest.mark.parametrize("options", OPTIONS[::7], ids=lambda o: "-".join(map(str, o.values())))
def test_settings_make_another_of_this_architecture(options):
    model = make(dropout=0.25, symbol_dropout=0.1, freeze=True, **options)
    twin = SequenceClassifier(**model.settings).double().eval()
    twin.load_state_dict(model.state_dict())
    batch = pad(SEQUENCES)
    torch.testing.assert_close(twin(*batch), model(*batch), rtol=0, atol=0)
    assert twin.settings == model.settings
    assert str(twin) == str(model)
    assert not twin.embedding.weight.requires_grad


@pytest.mark.parametrize("freeze", [False, True])
def test_given_vectors_are_copied_and_stay_as_they_are_only_if_frozen(freeze):
    vectors = torch.randn(10, 7)
    original = vectors.clone()
    model = SequenceClassifier(10, 4, embedding=vectors, freeze=freeze)
    expected = vectors.clone().index_fill(0, torch.tensor([0]), 0)  # the padding's is zero
    torch.testing.assert_close(model.embedding.weight.data, expected, rtol=0, atol=0)
    assert model.settings["embedding_size"] == 7

    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    model(*pad(SEQUENCES)).square().sum().backward()
    optimizer.step()
    assert torch.equal(vectors, original)
    moved = model.embedding.weight.ne(expected).any(dim=1)
    read = [2, 3, 4, 5, 6, 7, 8]
    assert moved.nonzero()[:, 0].tolist() == ([] if freeze else read)


def test_given_vectors_may_be_of_numpy_and_of_another_dtype():
    vectors = np.arange(20.0).reshape(10, 2)
    model = SequenceClassifier(10, 4, embedding=vectors)
    assert model.embedding.weight.dtype == torch.float32
    assert model.embedding.weight[9].tolist() == [18, 19]


@pytest.mark.parametrize("shape", [(9, 5), (10,), (11, 5), (10, 0)])
def test_given_vectors_must_fit_the_vocabulary(shape):
    with pytest.raises(ValueError, match=r"embedding has shape .*, expected \(10, D\)"):
        SequenceClassifier(10, 4, embedding=torch.ones(shape))


@pytest.mark.parametrize("pooling", classifier.POOLINGS)
def test_dropout_stands_after_the_embedding_between_the_layers_and_before_the_linear_layer(monkeypatch, pooling):
    """With everything dropped, what each place hands on is zero; the states of the first layer are not."""
    model = make(num_layers=2, dropout=1.0, pooling=pooling).train()
    ids, lengths = pad(SEQUENCES)
    seen = []
    monkeypatch.setattr(
        classifier, "encode", lambda rnn, x, lengths: (seen.append((x, rnn.dropout)), encode(rnn, x, lengths))[1]
    )
    torch.testing.assert_close(model(ids, lengths), model.linear.bias.expand(3, 4), rtol=0, atol=0)
    ((x, between),) = seen
    assert x.eq(0).all()
    assert between == 1.0
    assert model.summary(ids, lengths).ne(0).any()  # the pooled states themselves are not dropped
    assert make(num_layers=1, dropout=0.5).rnn.dropout == 0  # torch would warn


def test_dropout_acts_in_training_only():
    for options in ({"dropout": 0.5}, {"symbol_dropout": 0.5}):
        model = make(**options)
        batch = pad(SEQUENCES)
        assert torch.equal(model(*batch), model(*batch))
        model.train()
        assert not torch.equal(model(*batch), model(*batch))


def test_symbol_dropout_reads_unknown_symbols():
    model = make(symbol_dropout=1.0)
    ids, lengths = pad(SEQUENCES)
    unknown = model(torch.ones_like(ids), lengths)
    torch.testing.assert_close(model.train()(ids, lengths), unknown, rtol=0, atol=1e-12)


@pytest.mark.parametrize("options", [{"cell": "rnnn"}, {"pooling": "sum"}])
def test_unknown_options_are_refused(options):
    with pytest.raises(ValueError, match="must be"):
        make(**options)


@pytest.mark.parametrize(
    ("ids", "lengths", "message"),
    [
        ((2, 3), (3,), r"lengths has shape \(3,\), expected \(2,\)"),
        ((2,), (2,), r"ids has shape \(2,\), expected \(B, T\): write ids\.unsqueeze\(0\)"),
        ((0, 3), (0,), r"ids has shape \(0, 3\), expected \(B, T\): no axis may be empty"),
    ],
    ids=["lengths", "one axis", "empty"],
)
def test_wrong_shapes_are_refused(ids, lengths, message):
    with pytest.raises(ValueError, match=message):
        make()(torch.ones(ids, dtype=torch.long), torch.ones(lengths, dtype=torch.long))


@pytest.mark.parametrize("lengths", [[0, 2], [2, 4]])
def test_impossible_lengths_are_refused(lengths):
    with pytest.raises(ValueError, match="expected 1 to T = 3"):
        make()(torch.ones(2, 3, dtype=torch.long), torch.tensor(lengths))
