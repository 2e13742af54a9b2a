"""The gates that are written down are those that torch's layers used."""

import numpy as np
import pytest
import torch
from torch import nn

from rnnbook import recipes
from rnnbook.data.toys import latest_mark
from rnnbook.models.sequence import SequenceModel
from rnnbook.recipes import gates

TINY = {"length": 8, "share": 0.3, "steps": 80, "batch_size": 16, "learning_rate": 3e-2, "embedding_size": 4}
LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU}


def layer(cell):
    torch.manual_seed(0)
    rnn = LAYERS[cell](3, 5, batch_first=True).double()
    for parameter in rnn.parameters():
        nn.init.normal_(parameter)
    return rnn, torch.randn(2, 7, 3, dtype=torch.float64)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_states_are_the_modules_own(cell):
    rnn, x = layer(cell)
    output, state = rnn(x)
    found = gates.GATES[cell](rnn, x)
    assert all(values.shape == (2, 7, 5) for values in found.values())
    torch.testing.assert_close(found["h"], output, rtol=0, atol=1e-10)
    if cell == "lstm":
        torch.testing.assert_close(found["c"][:, -1], state[1][0], rtol=0, atol=1e-10)


def test_each_lstm_gate_has_its_own_part_of_the_bias():
    """A large bias opens or closes one gate and no other."""
    rnn, x = layer("lstm")
    for k, name in enumerate("ifgo"):
        with torch.no_grad():
            rnn.bias_ih_l0.zero_()
            rnn.bias_ih_l0[5 * k : 5 * (k + 1)] = 1000
        opened = {gate for gate, values in gates.lstm_gates(rnn, x).items() if gate in "ifgo" and values.min() > 0.999}
        assert opened == {name}


def test_each_gru_gate_has_its_own_part_of_the_bias():
    rnn, x = layer("gru")
    for k, name in enumerate("rzn"):
        with torch.no_grad():
            rnn.bias_ih_l0.zero_()
            rnn.bias_ih_l0[5 * k : 5 * (k + 1)] = 1000
        opened = {gate for gate, values in gates.gru_gates(rnn, x).items() if gate in "rzn" and values.min() > 0.999}
        assert opened == {name}


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_openings_by_brute_force(cell):
    torch.manual_seed(0)
    model = SequenceModel(6, 3, 5, cell, embedding_size=4, every_step=True)
    x = torch.from_numpy(latest_mark(9, 7, np.random.default_rng(0))[0])
    found = gates.openings(model, cell, x)
    values = gates.GATES[cell](model.rnn, model.embedding(x))
    assert list(found) == (["i", "f", "o"] if cell == "lstm" else ["r", "z"])
    for name, means in found.items():
        places = [(b, t) for b in range(9) for t in range(7)]
        marks = [values[name][b, t].mean().item() for b, t in places if x[b, t] < 3 and t > 0]
        fillers = [values[name][b, t].mean().item() for b, t in places if x[b, t] >= 3]
        assert means["mark"] == pytest.approx(np.mean(marks), abs=1e-6)
        assert means["filler"] == pytest.approx(np.mean(fillers), abs=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_run_plays_the_sequences_and_repeats(cell):
    first, again = (gates.run(None, 0, "cpu", cell=cell, hidden_size=6, **TINY) for _ in range(2))
    assert first == again
    assert gates.run(None, 1, "cpu", cell=cell, hidden_size=6, **TINY) != first
    assert first.value > 0.7
    assert first.more["units"] == 6
    for played, sequence in zip(first.more["sequences"], gates.SEQUENCES, strict=True):
        assert "".join(played["symbols"]) == sequence
        assert len(played["prediction"]) == len(played["target"]) == len(sequence)
        best = [gates.MARKS[int(np.argmax(row))] for row in played["probability"]]
        assert played["prediction"] == best
        np.testing.assert_allclose(np.sum(played["probability"], axis=1), 1, atol=0.002)
        for values in played["gates"].values():
            assert np.shape(values) == (len(sequence), 6)
            assert values == np.round(values, 3).tolist()
    assert "".join(first.more["sequences"][1]["target"]) == "ABCCBAAAAAAAAACC"


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_gates_that_are_played_are_those_of_the_sequence(cell):
    torch.manual_seed(0)
    model = SequenceModel(6, 3, 5, cell, embedding_size=4, every_step=True)
    played = gates.play(model, cell, "AzB")
    output, _ = model.rnn(model.embedding(torch.tensor([[0, 5, 1]])))
    np.testing.assert_allclose(played["gates"]["h"], output[0].detach(), atol=6e-4)
    probability = model(torch.tensor([[0, 5, 1]]))[0].softmax(dim=1)
    np.testing.assert_allclose(played["probability"], probability.detach(), atol=6e-4)
    assert played["target"] == ["A", "A", "B"]


def test_the_record_keeps_one_seeds_sequences_and_all_seeds_openings():
    findings = [{"units": 8, "sequences": [f"of seed {seed}"], "openings": {"f": seed}} for seed in (0, 1)]
    assert gates.summarise(findings) == {
        "units": 8,
        "sequences": ["of seed 0"],
        "openings": [{"f": 0}, {"f": 1}],
    }


def test_only_the_cell_differs():
    one, other = recipes.find("gates-lstm"), recipes.find("gates-gru")
    assert {key for key in one.settings if one.settings[key] != other.settings[key]} == {"cell"}
