"""Depth at equal numbers of parameters, on a short text."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from rnnbook.data import load_corpus
from rnnbook.models.sequence import parameters_of
from rnnbook.recipes import depth

TINY = {"cell": "lstm", "embedding_size": 4, "hidden_size": 8, "length": 10, "batch_size": 8, "learning_rate": 2e-2}


def test_all_depths_have_as_many_parameters_within_a_hundredth():
    sizes = {key: depth.SETTINGS[key] for key in ("cell", "embedding_size", "hidden_size")}
    models = [depth.build(65, num_layers, **sizes) for num_layers in (1, 2, 4)]  # 65: tiny Shakespeare's characters
    assert [model.rnn.num_layers for model in models] == [1, 2, 4]
    assert models[0].rnn.hidden_size == sizes["hidden_size"]
    for model in models:
        assert parameters_of(model) == pytest.approx(parameters_of(models[0]), rel=0.01)


def test_only_the_depth_differs():
    settings = [recipe.settings for recipe in depth.RECIPES]
    assert [s["num_layers"] for s in settings] == [1, 2, 4]
    assert all(s | {"num_layers": 1} == settings[0] for s in settings)


def test_windows_are_stretches_of_the_text_and_the_targets_their_next_symbols():
    ids = torch.arange(20)
    x, targets = depth.windows(ids, 500, 6, np.random.default_rng(0))
    assert x.shape == targets.shape == (500, 6)
    assert torch.equal(targets, x + 1)
    assert torch.equal(x - x[:, :1], torch.arange(6).expand(500, 6))
    assert set(x[:, 0].tolist()) == set(range(14))  # every start at which a window fits


def test_nats_a_character_by_hand(monkeypatch):
    monkeypatch.setattr(depth, "STRETCH", 4)
    torch.manual_seed(0)
    model = depth.build(5, 2, cell="lstm", embedding_size=3, hidden_size=4)
    ids = torch.randint(0, 5, (11,))
    with torch.no_grad():
        expected = [cross_entropy(model(ids[None, t : t + 4])[0], ids[t + 1 : t + 5]).item() for t in (0, 4)]
    assert depth.nats_a_character(model, ids) == pytest.approx(np.mean(expected))


def test_a_run_learns_from_the_beginning_alone_and_repeats(monkeypatch):
    seen = []
    windows = depth.windows
    monkeypatch.setattr(depth, "windows", lambda ids, *rest: (seen.append(ids), windows(ids, *rest))[1])
    text = load_corpus()[:6000]
    first, again = (depth.run(text, 0, "cpu", num_layers=2, steps=60, **TINY) for _ in range(2))
    assert first == again
    assert {len(ids) for ids in seen} == {5400}
    assert first.value < math.log(len(set(text)))
    assert first.more["hidden_size"] < 8
    assert depth.run(text, 1, "cpu", num_layers=2, steps=60, **TINY) != first


def test_describe_hashes_the_text():
    one, other = depth.describe("a text"), depth.describe("another")
    assert one["sha256"] != other["sha256"]
    assert len(one["sha256"]) == 64
