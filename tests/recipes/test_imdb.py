"""The recipes of sentiment on a small sample, cut off, resumed and asked."""

import itertools
import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from rnnbook import recipes
from rnnbook.data import Reviews, review_language
from rnnbook.models import Evidence
from rnnbook.recipes import imdb
from rnnbook.recipes.imdb import baselines, network, task, views
from rnnbook.recipes.trained import find
from rnnbook.text import Ragged, words

TINY = {"embedding_size": 6, "hidden_size": 8, "cell": "gru", "vocabulary_size": 200, "longest": 50}
FIT = {"epochs": 2, "batch_size": 32, "learning_rate": 1e-2, "warm_up": 0.15}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNBOOK_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def data(monkeypatch):
    monkeypatch.setattr(task, "SAMPLE", (300, 100))
    return task.load(full=False, data_dir=None)


@pytest.fixture
def tiny(data):
    """A long recipe that takes a second."""
    settings = {**TINY, "fit_with": FIT, "on_sample": {}}
    run = partial(network.run_network, **settings)
    return replace(recipes.find("imdb-bilstm"), name="tiny", run=run, settings=settings, load=lambda **_: data)


def trained(data, seed=0, **settings):
    return network.run_network(data, seed, "cpu", **{**TINY, "fit_with": FIT, "on_sample": {}, **settings})


def test_the_sample_is_balanced_and_its_test_is_new(data):
    assert len(data.reviews.train) == 300
    assert data.reviews.test.targets.double().mean() == 0.5
    assert imdb.describe(data) == {
        "name": "review_language",
        "sha256": review_language.generate(300, 0).sha256,
        "train": 300,
        "test": 100,
    }
    test = task.spelt(data.reviews.test, data.reviews.vocabulary)
    assert test == [
        [word if word in data.reviews.vocabulary else "<unk>" for word in words(text)]
        for text in review_language.generate(100, 1).texts
    ]


def test_baselines(data):
    majority = baselines.run_majority(data, 0, "cpu")
    linear = baselines.run_linear(data, 0, "cpu", C=10)
    assert majority.value == 0.5
    assert linear.value > 0.6
    assert linear == baselines.run_linear(data, 1, "cpu", C=10)
    assert set(linear.more) == {"calibration", "by_length", "by_negation", "missed", "tweets"}
    assert len(linear.more["missed"]) == pytest.approx(100 * (1 - linear.value))


def test_mean_vectors_by_brute_force(data):
    matrix = torch.randn(len(data.reviews.vocabulary), 3)
    right = [matrix[data.reviews.test[[i]][0][0]].mean(dim=0).numpy() for i in range(100)]
    assert np.allclose(baselines.mean_vectors(data.reviews.test, matrix), right, atol=1e-6)


def test_vectors_are_those_of_the_seed(data):
    outcomes = [baselines.run_vectors(data, s, "cpu", C=1, vocabulary_size=100, size=8, epochs=1) for s in (0, 0, 1)]
    assert outcomes[0] == outcomes[1] != outcomes[2]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"pooling": "attention"},
        {"fixed_width": True},
        {"in_pieces": True},
        {"evidence": 2, "in_pieces": True},
        {"vectors": {"epochs": 1}},
        {"half": True},
    ],
    ids=str,
)
def test_a_network_repeats(data, settings):
    first, again, other = (trained(data, seed, **settings) for seed in (0, 0, 1))
    assert (first.value, first.more["loss"]) == (again.value, again.more["loss"])
    assert first.more["loss"] != other.more["loss"]


def test_the_obvious_way_pads_everything_and_says_it_is_valid():
    fixed = views.FixedWidth.of_width(Ragged.of([[2, 3], [4], [5, 6, 7]], [0, 1, 1]), 5)
    ids, lengths, targets = fixed[torch.tensor([2, 1])]
    assert ids.tolist() == [[5, 6, 7, 0, 0], [4, 0, 0, 0, 0]]
    assert lengths.tolist() == [5, 5]
    assert targets.tolist() == [1, 1]
    order = torch.cat(fixed.order(2, torch.Generator().manual_seed(0)))
    assert sorted(order.tolist()) == [0, 1, 2]


def test_pieces_of_a_review_are_left_out_and_the_rest_keeps_its_order(monkeypatch):
    monkeypatch.setattr(views, "PIECE", 3)
    reviews = [list(range(10, 10 + n)) for n in (1, 2, 3, 8, 20)]
    whole = Ragged.of(reviews, torch.arange(5.0))
    data = views.InPieces(whole.ids, whole.lengths, whole.targets)
    torch.manual_seed(0)
    shares, beginnings = [], set()
    for _ in range(400):
        ids, lengths, targets = data[range(5)]
        assert targets.tolist() == [0, 1, 2, 3, 4]
        assert ids.shape == (5, lengths.max())
        assert (ids[torch.arange(ids.shape[1]) >= lengths[:, None]] == 0).all()
        for review, row, length in zip(reviews, ids.tolist(), lengths.tolist(), strict=True):
            kept = row[:length]
            assert kept == [word for word in review if word in kept] != []
            gaps = [b - a - 1 for a, b in itertools.pairwise(kept)]
            assert all(gap % 3 == 0 for gap in gaps), "whole pieces"
        shares.append(lengths[-1] / 20)
        beginnings.add(ids[-1, 0].item())
    assert 0.5 < np.mean(shares) < 0.63  # one of about seven pieces, and half of the others
    assert min(shares) <= 0.15
    assert max(shares) == 1
    assert len(beginnings) > 6


def test_a_review_is_judged_by_those_of_other_folds(monkeypatch):
    monkeypatch.setattr(views.Judged, "FOLDS", 3)
    reviews = torch.randint(2, 9, (30, 6)).tolist()
    data, evidence = Ragged.of(reviews, (torch.arange(30) % 2).float()), Evidence(2, bits=16)
    judged = views.Judged.by(evidence, views.InPieces(data.ids, data.lengths, data.targets), seed=0)
    for _ in range(10):
        ids, lengths, found, targets = judged[range(30)]
        assert targets.equal(data.targets)
        for row, fold in enumerate(judged._folds):
            others = Evidence(2, bits=16)
            others.learn(others.count(data.subset(judged._folds != fold)))
            whole = others(torch.tensor(reviews[row : row + 1]))[0]  # (6, n), of the review before pieces are left out
            T = lengths[row]
            kept = "".join(map(str, ids[row, :T].tolist()))
            assert kept in "".join(map(str, reviews[row]))  # of six words a single piece stays, or all
            assert (found[row, T:] == 0).all()
            if T == 6:
                assert found[row].equal(whole)
    assert judged._folds.bincount().tolist() == [10, 10, 10]
    everybody = Evidence(2, bits=16)
    everybody.learn(everybody.count(data))
    assert evidence.ratios.equal(everybody.ratios)
    assert judged._folds.equal(views.Judged.by(evidence, data, seed=0)._folds)
    assert not judged._folds.equal(views.Judged.by(evidence, data, seed=1)._folds)


def test_words_and_pairs():
    assert baselines.words_and_pairs(["not", "a", "bore"]) == ["not", "a", "bore", "not a", "a bore"]
    assert baselines.words_and_pairs([]) == []


def test_a_message_without_a_word_is_one_unknown(data):
    blank = replace(data, tweets=Reviews(["", "film"], [0, 1]))
    assert task.as_ids(blank.tweets, data.reviews.vocabulary).lengths.tolist() == [1, 1]


def test_the_missed_are_those_of_every_seed():
    found = [{"missed": [1, 5, 7], "tweets": 0.5}, {"missed": [5, 7, 9], "tweets": 0.6}]
    assert imdb.summarise(found) == {"missed": [5, 7], "tweets": [0.5, 0.6]}
    assert imdb.summarise([{}, {}]) == {}


def test_the_trained_model_is_kept_and_answers(tiny, cache):
    outcome, result = recipes.run(tiny, [3])
    assert result.values == [outcome.value]
    predictor = find("tiny-sample")
    texts = review_language.generate(100, 1)
    said = [int(p.label == "positive") for p in predictor.predict(texts.texts)]
    assert np.mean(np.array(said) == texts.labels) == outcome.value
    assert find("tiny-sample/3").predict(["dull"]) == find(cache / "models/tiny-sample/3").predict(["dull"])
    with pytest.raises(FileNotFoundError, match="Did you mean tiny-sample"):
        find("tiny-samples")


def test_seeds_that_are_done_are_not_run_again(tiny):
    runs = recipes.run(tiny, [0, 1])
    first = next(runs)
    runs.close()  # cut off before seed 1

    ran = []
    counted = replace(tiny, run=lambda *args, **more: ran.append(args[1]) or tiny.run(*args, **more))
    *outcomes, result = recipes.run(counted, [0, 1], resume=True)
    assert ran == [1]
    assert outcomes[0] == first
    *_, whole = recipes.run(tiny, [0, 1])
    assert whole.values == result.values
    assert whole.more["loss"] == result.more["loss"]


def test_another_recipe_of_the_same_name_is_not_resumed(tiny):
    next(recipes.run(tiny, [0]))
    changed = replace(tiny, settings={**tiny.settings, "longest": 40})
    with pytest.raises(ValueError, match="begun with another settings: begin anew, without --resume"):
        next(recipes.run(changed, [0], resume=True))
    next(recipes.run(changed, [0]))


def test_a_cut_off_training_goes_on_in_its_midst(tiny, monkeypatch):
    monkeypatch.setattr(recipes, "EVERY", 3)
    *_, whole = recipes.run(tiny, [0])

    steps = []
    loss = network.F.binary_cross_entropy_with_logits

    def fails_at_step_8(*args):
        steps.append(args)
        if len(steps) == 8:
            raise KeyboardInterrupt
        return loss(*args)

    fails_at_step_8.__qualname__, fails_at_step_8.__module__ = loss.__qualname__, loss.__module__
    monkeypatch.setattr(network.F, "binary_cross_entropy_with_logits", fails_at_step_8)
    with pytest.raises(KeyboardInterrupt):
        next(recipes.run(tiny, [0]))
    *_, resumed = recipes.run(tiny, [0], resume=True)
    assert len(steps) == 8 + 20 - 6  # from the checkpoint after step 6 on
    assert resumed.values == whole.values
    assert resumed.more["loss"] == whole.more["loss"]


def test_a_budget_is_in_the_name_and_the_command(tiny):
    *_, result = recipes.run(tiny, [0], budget_seconds=100)
    assert result.name == "tiny-100s"
    assert result.command == "rnnbook train tiny --seeds 1 --budget-seconds 100"


@pytest.mark.parametrize("options", [{"resume": True}, {"budget_seconds": 5}])
def test_what_is_done_in_one_go_is_not_resumed(options):
    with pytest.raises(ValueError, match="names-majority is done in one go"):
        next(recipes.run(recipes.find("names-majority"), [0], **options))


def test_the_record_of_a_network_is_json(tiny):
    *_, result = recipes.run(tiny, [0])
    assert json.loads(json.dumps(result.as_dict(), allow_nan=False))["more"]["by_length"][0]["count"][0] == 100
