"""One answer a sequence or one a step: where it is read, what padding changes (nothing), how sizes are matched."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from rnnbook.models.sequence import SequenceModel, parameters_of, size_for, step_cross_entropy

KINDS = [
    {"cell": cell, "bidirectional": bidirectional, "num_layers": num_layers}
    for cell in ("rnn", "lstm", "gru")
    for bidirectional in (False, True)
    for num_layers in (1, 2)
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))


def make(*sizes, **options):
    torch.manual_seed(0)
    return SequenceModel(*sizes, hidden_size=5, **options).double()


@every_kind
def test_the_answer_comes_from_the_last_state_of_each_direction(kind):
    model = make(3, 2, **kind)
    assert {name: getattr(model.rnn, name) for name in ("bidirectional", "num_layers")}.items() <= kind.items()
    assert type(model.rnn).__name__.lower() == kind["cell"]
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    output, _ = model.rnn(x)  # (B, T, directions * H)
    summary = torch.cat([output[:, -1, :5], output[:, 0, 5:]], dim=1)
    torch.testing.assert_close(model(x), model.linear(summary), rtol=0, atol=1e-12)


@every_kind
def test_an_answer_at_every_step_comes_from_its_output(kind):
    model = make(3, 2, every_step=True, **kind)
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    assert model(x).shape == (4, 6, 2)
    torch.testing.assert_close(model(x), model.linear(model.rnn(x)[0]), rtol=0, atol=0)


@every_kind
@pytest.mark.parametrize("every_step", [False, True])
def test_each_row_is_answered_as_if_it_were_alone(kind, every_step):
    model = make(3, 2, every_step=every_step, **kind)
    x, lengths = torch.randn(3, 6, 3, dtype=torch.float64), torch.tensor([4, 1, 6])
    batch = model(x, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = model(x[row : row + 1, :length])
        valid = batch[row : row + 1, :length] if every_step else batch[row : row + 1]
        torch.testing.assert_close(valid, alone, rtol=0, atol=1e-12)


def test_symbols_are_embedded():
    model = make(7, 2, embedding_size=4)
    ids = torch.tensor([[0, 6, 3], [5, 5, 1]])
    assert model.rnn.input_size == 4
    _, h_n = model.rnn(model.embedding.weight[ids])
    torch.testing.assert_close(model(ids), model.linear(h_n[-1]), rtol=0, atol=0)


def test_a_single_sequence_is_told_what_to_do():
    with pytest.raises(ValueError, match=r"\(6, 3\), expected \(B, T, 3\): for a single .* x\.unsqueeze\(0\)"):
        make(3, 2)(torch.ones(6, 3))


@pytest.mark.parametrize(
    ("options", "shape"), [({}, (4, 6)), ({}, (4, 6, 2)), ({}, (6, 3)), ({"embedding_size": 4}, (4, 6, 3))]
)
def test_wrong_shapes_are_refused(options, shape):
    with pytest.raises(ValueError, match=r"x has shape .*, expected \(B, T"):
        make(3, 2, **options)(torch.ones(shape, dtype=torch.long))


def test_an_unknown_cell_is_refused():
    with pytest.raises(ValueError, match="must be one of rnn, lstm, gru"):
        make(3, 2, cell="lsmt")


def test_step_cross_entropy_is_torchs_over_all_steps():
    scores, targets = (
        torch.randn(3, 4, 4),
        torch.randint(0, 4, (3, 4)),
    )  # T = C: torch would take the wrong axis silently
    steps = [cross_entropy(scores[b, t], targets[b, t]) for b in range(3) for t in range(4)]
    torch.testing.assert_close(step_cross_entropy(scores, targets), torch.stack(steps).mean())


def test_parameters_of_counts_by_the_formula():
    lstm = 4 * 5 * (3 + 5 + 2)
    assert parameters_of(make(3, 2, cell="lstm")) == lstm + 2 * (5 + 1)


@pytest.mark.parametrize("parameters", [1, 1000, 1001, 12_345])
def test_size_for_comes_nearest(parameters):
    def make(size):
        return nn.Linear(size, size)

    found = size_for(parameters, make)
    assert found == min(range(1, 300), key=lambda size: abs(size * size + size - parameters))
