"""Language models on a tiny text, their recipes, and the benchmark beside a GPT."""

import importlib.util
import itertools
import json
import math
from pathlib import Path

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from rnnbook import recipes
from rnnbook.cli import app
from rnnbook.models import NGram
from rnnbook.models.language_model import evaluate
from rnnbook.models.sequence import parameters_of
from rnnbook.recipes import shakespeare
from rnnbook.recipes.shakespeare import Text, run_network, run_ngram
from rnnbook.recipes.units import telling
from rnnbook.results import Result

TINY = {"embedding_size": 8, "hidden_size": 16, "cell": "lstm", "rows": 4, "steps": 30, "on_sample": {}}
FIT = {"epochs": 2, "learning_rate": 1e-2, "warm_up": 0.1}


def benchmark(name):
    """A script of benchmarks/ as a module."""
    path = Path(__file__).parents[2] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


peer = benchmark("shakespeare_gpt")


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNBOOK_CACHE", str(tmp_path))
    monkeypatch.setattr(shakespeare, "WRITTEN", 30)


@pytest.fixture(scope="module")
def text():
    """Verse that counts sheep: 1,200 characters."""
    verse = "".join(f"\n{n} sheep, {n + 1} sheep, sleep;" for n in range(60))[:1200]
    return Text(verse[:1080], verse[1080:], full=False)


def network(text, seed=0, training=None, fit_with=FIT, save=None, **settings):
    return run_network(text, seed, "cpu", save=save, training=training, fit_with=fit_with, **{**TINY, **settings})


def test_nine_tenths_are_learnt_from_and_the_rest_is_the_end_of_the_text():
    text = shakespeare.load(full=False, data_dir=None)
    whole = text.train + text.validation
    assert len(text.train) == int(0.9 * len(whole))
    assert shakespeare.describe(text)["name"] == "corpus"
    train, validation = text.ids()
    assert text.vocabulary.decode([*train, *validation]) == whole


def test_ngram_orders_are_compared_within_the_training_text(text):
    outcome = run_ngram(text, 0, "cpu")
    elsewhere = run_ngram(Text(text.train, "eee" + text.validation[:50], False), 0, "cpu")
    assert outcome.more["order"] == elsewhere.more["order"]
    assert outcome.more["held_out_by_order"] == elsewhere.more["held_out_by_order"]
    order = outcome.more["order"]
    assert outcome.more["held_out_by_order"][order - 1] == min(outcome.more["held_out_by_order"])

    train, validation = text.ids()
    oracle = NGram(order, len(text.vocabulary)).fit(train)
    assert outcome.value == oracle.evaluate(validation).nats
    assert outcome.more["bits"] == pytest.approx(outcome.value / math.log(2))
    assert outcome.parameters == sum(len(set(ngrams(text.train, n))) for n in range(1, order + 1))
    assert len(outcome.more["sample"]) == shakespeare.WRITTEN
    assert outcome.more["sample"] != run_ngram(text, 1, "cpu").more["sample"]


def ngrams(text, n):
    return list(zip(*(text[i:] for i in range(n)), strict=False))


def test_a_network_repeats_and_is_measured_on_the_whole_validation_text(text, tmp_path):
    first, again, other = (network(text, seed, save=tmp_path / str(i)) for i, seed in enumerate((0, 0, 1)))
    assert (first.value, first.more["loss"], first.more["sample"]) == (
        again.value,
        again.more["loss"],
        again.more["sample"],
    )
    assert first.more["loss"] != other.more["loss"]
    model, vocabulary = shakespeare.load_model(tmp_path / "0")
    assert vocabulary.tokens == text.vocabulary.tokens
    assert first.value == pytest.approx(evaluate(model, text.ids()[1], steps=7).nats, abs=1e-6)
    assert first.parameters == parameters_of(model)
    assert len(first.more["sample"]) == shakespeare.WRITTEN
    assert len(first.more["validation"]) == len(first.more["validation_seconds"]) == 2
    assert first.value < math.log(len(vocabulary))


def test_the_pages_model_is_measured_and_saved_with_its_weights_rounded(text, tmp_path):
    whole = network(text, save=tmp_path / "whole")
    rounded = network(text, save=tmp_path / "rounded", half=True, units=True)
    assert rounded.more["loss"] == whole.more["loss"]
    model, vocabulary = shakespeare.load_model(tmp_path / "rounded")
    unrounded, _ = shakespeare.load_model(tmp_path / "whole")
    for (name, weight), parameter in zip(model.state_dict().items(), unrounded.parameters(), strict=True):
        assert torch.equal(weight, parameter.half().float()), name
        assert not torch.equal(weight, parameter), name
    assert rounded.value == pytest.approx(evaluate(model, text.ids()[1]).nats, abs=1e-6)
    assert "units" not in whole.more
    chosen_on, measured_on = text.train[-len(text.validation) :], text.validation
    assert rounded.more["units"] == telling(model, vocabulary, chosen_on, measured_on)


def test_the_networks_learn(text):
    assert network(text, fit_with={**FIT, "epochs": 10, "learning_rate": 3e-2}).value < 1.2


def test_the_validation_text_has_no_part_in_learning(text):
    outcomes = [network(Text(text.train, text.validation[:cut], False)) for cut in (120, 60)]
    assert outcomes[0].more["loss"] == outcomes[1].more["loss"]
    assert outcomes[0].value != outcomes[1].value


def test_settings_for_the_sample_are_for_the_sample(text):
    lengths = [
        len(network(Text(text.train, text.validation, full), on_sample={"epochs": 1}).more["loss"])
        for full in (True, False)
    ]
    assert lengths == [2, 1]


def test_a_training_with_a_budget_ends_in_time_and_without_a_curve_if_so_wished(text):
    outcome = network(text, training={"budget_seconds": 1e-9, "validate": None})
    assert len(outcome.more["loss"]) == 1
    assert outcome.more["validation"] == []
    assert outcome.seconds == outcome.more["validation_seconds"][-1]


def test_another_model_of_characters_is_refused(text, tmp_path):
    network(text, save=tmp_path)
    description = json.loads((tmp_path / "model.json").read_text())
    description["vocabulary"]["tokens"].pop()
    (tmp_path / "model.json").write_text(json.dumps(description))
    with pytest.raises(ValueError, match="characters, and a model of"):
        shakespeare.load_model(tmp_path)


def test_the_cells_have_as_many_parameters_within_a_hundredth():
    counts = []
    for name in ("rnn", "gru", "lstm"):
        settings = recipes.find(f"shakespeare-{name}").settings
        sizes = {key: settings[key] for key in ("cell", "embedding_size", "hidden_size")}
        counts.append(parameters_of(shakespeare.LanguageModel(65, **sizes)))
    assert max(counts) < 1.01 * min(counts)
    first, *others = (recipes.find(f"shakespeare-{name}").settings for name in ("rnn", "gru", "lstm"))
    for other in others:
        assert (first["rows"], first["steps"], first["fit_with"]["epochs"]) == (
            other["rows"],
            other["steps"],
            other["fit_with"]["epochs"],
        )


def test_the_command_trains_within_a_budget_and_records(monkeypatch, tmp_path, text):
    monkeypatch.setattr(shakespeare, "load_corpus", lambda full, data_dir: text.train + text.validation)
    arguments = ["train", "shakespeare-lstm", "--full", "--budget-seconds", "1e-6", "--output", str(tmp_path)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    result = Result(**{k: v for k, v in read(tmp_path / "shakespeare-lstm-0s.json").items() if k not in ("mean", "sd")})
    assert (result.metric, result.higher_is_better) == ("nats_per_character", False)
    assert result.command == "rnnbook train shakespeare-lstm --full --seeds 1 --budget-seconds 0"


def read(path):
    return json.loads(path.read_text())


# The benchmark.


def small_gpt(V=11, context=6):
    torch.manual_seed(0)
    return peer.GPT(V, layers=2, heads=2, width=8, context=context)


def test_the_gpt_is_the_published_size():
    model = peer.GPT(65, **peer.SIZES)
    counted = parameters_of(model) - model.places.weight.numel()  # its authors leave the places out
    assert f"{counted / 1e6:.2f}" == "0.80"


def test_the_gpt_looks_back_only_and_scores_with_its_embedding():
    model = small_gpt().double().eval()
    ids = torch.randint(11, (2, 6))
    logits = model(ids)
    for t in range(6):
        changed = ids.clone()
        changed[:, t] = (changed[:, t] + 1) % 11
        same = (model(changed) == logits).all(dim=-1)
        assert same[:, :t].all()
        assert not same[:, t:].any()
    assert torch.allclose(model(ids[:, :4]), logits[:, :4], atol=1e-12)
    assert all(name.startswith(("symbols", "places", "blocks")) for name, _ in model.named_parameters())


def test_the_gpts_layers_begin_different_and_small():
    layers = peer.GPT(65, **peer.SIZES).blocks.layers
    first, second = (layer.linear2.weight for layer in layers[:2])
    assert not torch.equal(first, second)
    assert first.std().item() == pytest.approx(0.02 / math.sqrt(8), rel=0.05)
    assert layers[0].linear1.weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_the_learning_rate_rises_and_falls_along_a_cosine():
    rates = [peer.learning_rate(step, 2000, 100, 1e-3, 1e-4) for step in range(2000)]
    assert rates[0] == pytest.approx(1e-3 / 101)
    assert rates.index(max(rates)) == 100
    assert rates[100] == 1e-3
    assert rates[1050] == pytest.approx(5.5e-4)
    assert rates[-1] == pytest.approx(1e-4, rel=1e-4)
    assert all(a > b for a, b in itertools.pairwise(rates[100:]))


def test_random_blocks_lie_in_the_text_and_their_targets_come_next():
    ids, generator = torch.arange(10), torch.Generator().manual_seed(0)
    starts = set()
    for _ in range(50):
        inputs, targets = peer.blocks(ids, 3, 4, generator)
        assert (inputs[:, 1:] == inputs[:, :-1] + 1).all()
        assert (targets == inputs + 1).all()
        starts |= set(inputs[:, 0].tolist())
    assert starts == set(range(6))  # the last block predicts the last symbol


@pytest.mark.parametrize("N", [2, 6, 7, 8, 30, 31])
def test_sliding_with_stride_1_predicts_each_symbol_from_the_last_ones(N):
    model, ids = small_gpt().double(), torch.randint(11, (N,))
    right = 0.0
    with torch.no_grad():
        for t in range(1, N):
            logits = model(ids[None, max(t - 6, 0) : t])[0, -1]
            right -= logits.log_softmax(dim=0)[ids[t]].item() / (N - 1)
    assert peer.sliding_nats(model, model, ids, context=6, stride=1) == pytest.approx(right, abs=1e-10)
    assert model.training


@pytest.mark.parametrize(("N", "stride"), [(2, 3), (7, 6), (40, 4), (41, 6), (900, 2)])
def test_sliding_counts_every_symbol_but_the_first_once(N, stride):
    scores = -torch.arange(float(N))  # each symbol has another loss: their sum tells which were counted

    def logits(ids):
        return scores.expand(*ids.shape, N)

    expected = -scores.log_softmax(dim=0)[1:].mean().item()
    found = peer.sliding_nats(nn.Identity(), logits, torch.arange(N), context=6, stride=stride)
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_race_gives_both_the_same_seconds(text, monkeypatch):
    given = {}

    def spied(text, seed, device, *, training, **settings):
        given.update(training)
        return train(text, seed, device, training=training, **settings)

    train = shakespeare.train
    monkeypatch.setattr(shakespeare, "train", spied)
    gpt = {**peer.TRAINING, "steps": 2}
    found = peer.race(text, 0, gpt, {**TINY, "fit_with": FIT})
    assert given == {"budget_seconds": found["gpt_seconds"], "validate": None}
    assert found["lstm_seconds"] > 0
    for name in ("gpt_random", "gpt_sliding", "lstm_sliding", "lstm_stream"):
        assert 0 < found[name] < math.log(len(text.vocabulary)) + 1
    result = peer.record(text, [0], [found], TINY)
    assert (result.name, result.values) == ("shakespeare-peer", [found["gpt_sliding"]])
    assert json.loads(json.dumps(result.as_dict()))["more"]["lstm_stream"] == [found["lstm_stream"]]


def test_the_gpt_learns(text):
    model, ids = small_gpt(len(text.vocabulary), 16), text.ids()[0]
    settings = {**peer.TRAINING, "steps": 60, "warm_up": 5, "peak": 1e-2}
    before = peer.sliding_nats(model, model, ids, 16)
    peer.train_gpt(model, ids, torch.Generator().manual_seed(0), **settings)
    assert peer.sliding_nats(model, model, ids, 16) < before - 0.5


def test_only_the_whole_benchmark_is_recorded():
    for arguments in (["--sample", "--record"], ["--steps", "2", "--record"]):
        with pytest.raises(SystemExit):
            peer.main(arguments)
