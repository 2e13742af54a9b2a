"""The classifier: padding is never read, summaries are what they say, dropout sits where it should."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnbook.models import SequenceClassifier
from rnnbook.text import pad

SEQUENCES = [[2, 3, 4, 5, 6], [7], [3, 3, 8]]


def make(**options):
    torch.manual_seed(0)
    return SequenceClassifier(10, 4, embedding_size=5, hidden_size=6, **options).double().eval()


OPTIONS = [
    {"cell": cell, "pooling": pooling, "bidirectional": bidirectional, "num_layers": num_layers}
    for cell in ("rnn", "lstm", "gru")
    for pooling in ("last", "max", "both")
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
    expected = {"last": last, "max": largest, "both": torch.cat([last, largest], dim=1)}[options["pooling"]]
    summary = model.summary(ids, lengths)
    torch.testing.assert_close(summary, expected, rtol=0, atol=1e-12)

    weights = torch.randn_like(expected)
    parameters = [model.embedding.weight, *model.rnn.parameters()]
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


def test_both_is_last_and_max_side_by_side():
    models = {pooling: make(pooling=pooling, bidirectional=True) for pooling in ("last", "max", "both")}
    for model in models.values():
        model.embedding.load_state_dict(models["both"].embedding.state_dict())
        model.rnn.load_state_dict(models["both"].rnn.state_dict())
    batch = pad(SEQUENCES)
    expected = torch.cat([models["last"].summary(*batch), models["max"].summary(*batch)], dim=1)
    torch.testing.assert_close(models["both"].summary(*batch), expected, rtol=0, atol=0)


def test_the_padding_vector_is_zero_and_gets_no_gradient():
    model = make()
    ids, lengths = pad(SEQUENCES)
    model(ids, lengths).sum().backward()
    assert model.embedding.weight[0].eq(0).all()
    assert model.embedding.weight.grad[0].eq(0).all()
    assert model.embedding.weight.grad[3].ne(0).any()


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


@pytest.mark.parametrize("options", [{"cell": "rnnn"}, {"pooling": "mean"}])
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
