"""The measured gradients: their settings against what they name, their numbers against torch, and what was recorded."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from rnnbook import recipes, results
from rnnbook.gradients import effective_memory, flow, spectral_radius
from rnnbook.recipes.flow import CELLS, build, run, settings, summarise

TINY = {"steps": 12, "batch_size": 3, "input_size": 2, "hidden_size": 6}
EVERY = [pytest.param(cell, each, id=f"{cell}-{each['label']}") for cell in CELLS for each in settings(cell)]


@pytest.mark.parametrize(("cell", "setting"), EVERY)
def test_a_layer_is_what_its_setting_says(cell, setting):
    default, layer = build(cell, 2, 6, 0, settings(cell)[0]), build(cell, 2, 6, 0, setting)
    torch.manual_seed(0)
    for name, parameter in CELLS[cell](2, 6).named_parameters():
        assert torch.equal(getattr(default, name), parameter.double()), "the first setting is torch's own"
    assert torch.equal(layer.weight_ih_l0, default.weight_ih_l0), "from the same draw"
    for gate, own in zip(layer.weight_hh_l0.split(6), default.weight_hh_l0.split(6), strict=True):
        if setting["initialisation"] == "orthogonal":
            torch.testing.assert_close(gate @ gate.T, torch.eye(6).double())
        elif setting["radius"] is None:
            assert torch.equal(gate, own)
        if setting["radius"] is not None:
            assert spectral_radius(gate) == pytest.approx(setting["radius"])
    biases, own = layer.bias_ih_l0 + layer.bias_hh_l0, default.bias_ih_l0 + default.bias_hh_l0
    for index, (gate, before) in enumerate(zip(biases.split(6), own.split(6), strict=True)):
        wanted = torch.full_like(gate, setting["bias"]) if index == 1 and setting["bias"] is not None else before
        torch.testing.assert_close(gate, wanted)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_bias_is_that_of_the_gate_which_keeps_the_state(cell):
    layer = build(cell, 2, 6, 0, {**settings(cell)[0], "bias": 50.0})
    start = torch.full((1, 1, 6), 0.7).double()
    x = torch.zeros(1, 1, 2).double()
    if cell == "lstm":
        layer.bias_ih_l0.data[:6] = -50  # nothing comes in
        kept = layer(x, (start, start))[1][1]
    else:
        kept = layer(x, start)[1]
    torch.testing.assert_close(kept, start)


def test_the_settings_are_a_grid_with_torchs_own_first():
    for cell in CELLS:
        grid = settings(cell)
        labels = [each["label"] for each in grid]
        assert len(set(labels)) == len(labels)
        assert labels[0] == "default"
        assert {each["bias"] for each in grid} == ({None} if cell == "rnn" else {None, 0, 1, 2, 4})
        assert {0.5, 0.8, 1.0, 1.25, 1.5, 2.0, None} <= {each["radius"] for each in grid}
    assert "radius 1.25, bias 4" in labels
    assert "default, bias 0" in labels


@pytest.mark.parametrize("cell", CELLS)
def test_a_run_measures_from_the_last_step_back(cell):
    outcome = run(None, 3, "cpu", cell=cell, **TINY)
    assert list(outcome.more) == [each["label"] for each in settings(cell)]
    assert outcome.value == outcome.more["default"]["memory"]
    assert outcome.parameters == sum(p.numel() for p in CELLS[cell](2, 6).parameters())
    x = torch.from_numpy(np.random.default_rng(3).standard_normal((3, 12, 2)))
    for setting in settings(cell)[::3]:
        layer, found = build(cell, 2, 6, 3, setting), outcome.more[setting["label"]]
        flowing = flow(layer, x)
        np.testing.assert_allclose(10 ** found["norms"][::-1], flowing.h[0])
        np.testing.assert_allclose(10 ** found["inputs"][::-1], flowing.x)
        assert found["memory"] == effective_memory(flowing.x)
        assert found["state_memory"] == effective_memory(flowing.h[0])
        (layer(x)[0][:, -1].square().sum(dim=-1) / 2).mean().backward()
        norm = nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
        assert found["gradient"] == pytest.approx(norm.log10().item(), abs=1e-3)


def test_a_run_repeats_and_another_seed_differs():
    first, again, other = (run(None, seed, "cpu", cell="gru", **TINY).more["default"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first["norms"], again["norms"])
    assert not np.allclose(first["norms"], other["norms"])


def test_the_record_keeps_median_and_extremes_over_seeds():
    labels = [each["label"] for each in settings("rnn")]
    findings = []
    for seed, height in enumerate((0.0, 5.0, -1.00049)):
        entry = {
            "norms": np.full(3, height), "inputs": np.full(3, 2 * height),
            "memory": seed, "state_memory": 10 + seed, "gradient": height,
        }  # fmt: skip
        findings.append({label: copy.deepcopy(entry) for label in labels})
    findings[1]["radius 2"]["norms"] = np.array([-1.0, 2.0, 9.0])
    more = summarise("rnn", 3, findings)
    assert " ".join(more) == "steps settings norms low high inputs memory state_memory gradient"
    assert more["steps"] == 3
    assert more["settings"] == settings("rnn")
    assert all(list(more[key]) == labels for key in list(more)[2:])
    assert (more["low"]["default"][0], more["norms"]["default"][0], more["high"]["default"][0]) == (-1.0, 0.0, 5.0)
    assert more["norms"]["radius 2"] == [-1.0, 0.0, 0.0]
    assert more["high"]["radius 2"] == [0.0, 2.0, 9.0]
    assert more["inputs"]["default"] == [0.0, 0.0, 0.0]
    assert more["memory"]["default"] == [0, 1, 2]
    assert more["state_memory"]["default"] == [10, 11, 12]
    assert more["gradient"]["default"] == [0.0, 5.0, -1.00049]


# What was recorded


@pytest.fixture(params=CELLS)
def recorded(request):
    return results.load(f"flow-{request.param}")


def test_the_record_is_of_the_recipe(recorded):
    recipe = recipes.find(recorded.name)
    assert recorded.command == f"rnnbook train {recorded.name} --full --seeds {len(recorded.seeds)}"
    assert len(recorded.seeds) >= 5
    assert recipe.settings.items() <= recorded.model.items(), "the recipe has changed since: record it again"
    assert recorded.more["settings"] == settings(recorded.model["cell"])
    assert recorded.values == recorded.more["memory"]["default"]
    steps = recorded.more["steps"]
    for label, norms in recorded.more["norms"].items():
        low, high = recorded.more["low"][label], recorded.more["high"][label]
        assert len(norms) == len(low) == len(high) == len(recorded.more["inputs"][label]) == steps
        assert (np.array(low) <= norms).all()
        assert (np.array(norms) <= high).all()
    assert (results.folder() / f"{recorded.name}.json").stat().st_size < 250_000


def test_torchs_default_forgets_within_ten_steps_whatever_the_cell(recorded):
    assert max(recorded.values) < 10
    assert recorded.more["high"]["default"][-1] < -15, "log10 of dL/dh_1"


def test_the_larger_the_radius_the_farther_it_reaches(recorded):
    of = {each["label"]: each for each in recorded.more["settings"]}
    for bias in {each["bias"] for each in of.values()}:
        rows = [each for each in of.values() if each["bias"] == bias and each["label"].startswith("radius")]
        rows.sort(key=lambda each: each["radius"])
        ends = [recorded.more["norms"][each["label"]][-1] for each in rows]
        assert (np.diff(ends) > 0).all()


def test_the_rnn_vanishes_and_explodes_and_clipping_cures_one_of_the_two():
    more = results.load("flow-rnn").more
    assert more["high"]["default"][-1] < -20
    assert more["norms"]["default"][-1] + 15 < more["low"]["orthogonal"][-1] < 0, "orthogonal weights help, and not all"
    assert more["low"]["radius 2"][-1] > more["high"]["radius 2"][0] + 2, "it grows on its way back"
    assert min(more["gradient"]["radius 2"]) > 3, "so that clipping acts"
    assert max(more["gradient"]["default"]) < 1, "where it vanishes there is next to nothing to clip"


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_bias_of_the_gate_that_keeps_the_state_lengthens_the_memory(cell):
    more = results.load(f"flow-{cell}").more
    memory = more["memory"]
    reach = [np.median(memory[f"default, bias {bias}"]) for bias in (0, 1, 2)]
    assert reach[0] * 2 <= reach[1]
    assert reach[1] * 2 <= reach[2]
    assert min(memory["default, bias 4"]) == more["steps"] - 1
    ends = [more["norms"][label][-1] for label in ("default", "default, bias 0")]
    assert ends[0] == pytest.approx(ends[1], abs=1.5), "torch's own biases are about zero"
