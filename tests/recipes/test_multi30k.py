"""The recipes of translation on a few phrases."""

import json
from dataclasses import replace
from functools import partial

import pytest
import torch

from rnnbook import recipes
from rnnbook.data import Parallel
from rnnbook.models import Translator
from rnnbook.models.seq2seq import nats_per_symbol
from rnnbook.recipes import multi30k
from rnnbook.recipes.multi30k import Data, run
from rnnbook.text.pairs import END

FIT = {"epochs": 1, "batch_size": 16, "learning_rate": 1e-2, "warm_up": 0.15, "patience": 5}
TINY = {
    "subwords": 400,
    "embedding_size": 8,
    "hidden_size": 8,
    "cell": "gru",
    "attention": "general",
    "label_smoothing": 0.1,
    "fit_with": FIT,
    "on_sample": {"epochs": 2},
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNBOOK_CACHE", str(tmp_path))
    monkeypatch.setattr(multi30k, "LONGEST", 12)
    return tmp_path


@pytest.fixture(scope="module")
def data():
    whole = multi30k.load(full=False, data_dir=None)
    train, validation, test = (
        Parallel(part.sources[:count], part.targets[:count])
        for part, count in ((whole.train, 80), (whole.validation, 20), (whole.test, 12))
    )
    return Data(train, validation, test, full=False)


@pytest.fixture
def trainings(monkeypatch):
    """The seeds that are really trained, in their order."""
    seeds = []

    def counted(data, seed, *arguments, **settings):
        seeds.append(seed)
        return train(data, seed, *arguments, **settings)

    train = multi30k.train
    monkeypatch.setattr(multi30k, "train", counted)
    return seeds


@pytest.fixture
def no_score(monkeypatch):
    """For tests that are not about BLEU: the share of translations that are right."""
    monkeypatch.setattr(multi30k, "bleu", lambda written, references, lowercase=True: len(written))


def test_pairs_hold_both_sides_and_the_end(data):
    translator, _ = multi30k.train(data, 0, "cpu", **TINY, training={"epochs": 1})
    source, lengths, target, _ = multi30k.pairs(translator, Parallel(["Ein Hund"], ["A dog"]))[[0]]
    subwords, tokens = translator.tokenize.__self__, translator.target_vocabulary.tokens
    assert subwords.join(tokens[i] for i in source[0]) == "Ein Hund"
    assert lengths.item() == source.shape[1]
    assert target[0, -1] == END
    assert subwords.join(tokens[i] for i in target[0, :-1]) == "A dog"


def test_subwords_and_weights_are_learnt_from_the_training_pairs_alone(data):
    settings = {**TINY, "training": {}}
    one, history = multi30k.train(data, 0, "cpu", **settings)
    swapped = Data(data.train, data.test, data.validation, full=False)
    same, elsewhere = multi30k.train(swapped, 0, "cpu", **settings)
    assert one.target_vocabulary.tokens == same.target_vocabulary.tokens
    assert len(history.loss) == 2  # on_sample
    assert len(multi30k.train(replace(data, full=True), 0, "cpu", **settings)[1].loss) == 1
    assert multi30k.train(data, 0, "cpu", **{**settings, "label_smoothing": 0.0})[1].loss[0] < history.loss[0]
    # The epoch whose weights were kept is the best on the validation pairs.
    assert nats_per_symbol(one.model, multi30k.pairs(one, data.validation)) == pytest.approx(
        min(history.validation), abs=1e-6
    )
    assert history.loss == elsewhere.loss


def test_a_seed_repeats_and_is_described(data, no_score):
    first, again, other = (run(data, seed, "cpu", beam=1, alpha=0.0, **TINY) for seed in (0, 0, 1))
    assert (first.value, first.more) == (again.value, again.more)
    assert first.more["loss"] != other.more["loss"]
    assert first.more["examples"] != other.more["examples"]
    assert [each[:2] for each in first.more["examples"]] == [
        list(pair) for pair in zip(data.test.sources, data.test.targets, strict=True)
    ]
    assert sum(first.more["by_length"]["count"]) == len(data.test)
    description = multi30k.describe(data)
    assert (description["name"], description["test"]) == ("phrases", 12)
    assert description["sha256"] != multi30k.describe(replace(data, test=data.validation))["sha256"]


def test_the_beam_takes_the_model_that_is_there(data, no_score, trainings, cache):
    def kept(seed, name, **settings):
        folder = recipes.models_folder() / f"{name}-sample" / str(seed)
        return run(data, seed, "cpu", save=folder, **{**TINY, **settings})

    same = {"beam": 3, "alpha": 1.0, "same_as": "greedy"}
    greedy = kept(0, "greedy", beam=1, alpha=0.0)
    beam = kept(0, "beam", **same)
    assert trainings == [0]
    assert (beam.more["loss"], beam.seconds, beam.parameters) == (
        greedy.more["loss"],
        greedy.seconds,
        greedy.parameters,
    )

    kept(1, "beam", **same)  # another seed
    kept(0, "beam", label_smoothing=0.0, **same)  # another setting
    kept(0, "beam", training={"budget_seconds": 100.0}, **same)  # another training
    run(replace(data, test=data.validation), 0, "cpu", **TINY, **same)  # other data
    assert trainings == [0, 1, 0, 0, 0]

    # What is taken gives what a training gives.
    assert run(data, 0, "cpu", **TINY, **same).more["examples"] == beam.more["examples"]
    fresh = run(data, 0, "cpu", **{**TINY, **same, "same_as": None})
    assert trainings == [0, 1, 0, 0, 0, 0]
    assert fresh.more["examples"] == beam.more["examples"]


def test_a_kept_model_translates_and_shows_where_it_looks(data, no_score, tmp_path):
    outcome = run(data, 0, "cpu", beam=3, alpha=1.0, save=tmp_path, **TINY)
    translator = Translator.load(tmp_path)
    translate = partial(translator.translate, data.test.sources, max_length=12)
    found, greedy = translate(beam=3, alpha=1.0), translate(beam=1)
    written = [each[2] for each in outcome.more["examples"]]
    assert [each.text for each in found] == written != [each.text for each in greedy]
    assert found[0].weights.shape == (len(found[0].written), len(found[0].read))


def test_what_is_damaged_is_not_taken(data, no_score, cache):
    folder = recipes.models_folder() / "greedy-sample" / "0"
    run(data, 0, "cpu", beam=1, alpha=0.0, save=folder, **TINY)
    for name in ("model.json", "training.json"):
        content = (folder / name).read_text()
        (folder / name).write_text("{}")
        with pytest.raises(ValueError, match="damaged"):
            run(data, 0, "cpu", beam=1, alpha=0.0, same_as="greedy", **TINY)
        (folder / name).write_text(content)


def test_no_training_stands_beside_another_model(data, no_score, trainings, cache, monkeypatch):
    """Should a run be cut off between the model and its training, the next one trains again."""
    folder = recipes.models_folder() / "greedy-sample" / "0"
    run(data, 0, "cpu", beam=1, alpha=0.0, save=folder, **TINY)
    monkeypatch.setattr(multi30k, "put", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(data, 0, "cpu", beam=1, alpha=0.0, save=folder, **TINY)
    assert (folder / "model.json").is_file()
    run(data, 0, "cpu", beam=1, alpha=0.0, same_as="greedy", **TINY)
    assert trainings == [0, 0, 0]


def test_bleu_is_that_of_the_published_tool():
    # "the the the ..." of Papineni et al. (2002): clipped, 2 of 7 words are right, and no pair of words.
    assert multi30k.bleu(["the cat is on the mat"], ["the cat is on the mat"]) == pytest.approx(100)
    assert multi30k.bleu(["A man, a plan."], ["a man , a plan ."]) == pytest.approx(100)
    assert multi30k.bleu(["A man, a plan."], ["a man , a plan ."], lowercase=False) < 80
    assert multi30k.bleu([], []) is None
    # Corpus BLEU by hand: 9 of 10 words, 6 of 8 pairs, 4 of 6, 2 of 4; no penalty, for lengths agree.
    written, references = ["a b c d e", "f g h i j"], ["a b c d e", "f g X i j"]
    expected = 100 * (9 / 10 * 6 / 8 * 3 / 6 * 2 / 4) ** 0.25
    assert multi30k.bleu(written, references) == pytest.approx(expected)


def test_alignments_of_what_a_figure_has_room_for(data, monkeypatch):
    translator, _ = multi30k.train(data, 0, "cpu", **TINY, training={})
    found = translator.translate(data.test.sources, max_length=12)
    sizes = [max(each.weights.shape) for each in found]
    monkeypatch.setattr(multi30k, "WIDEST", sorted(sizes)[3])
    fitting = [each for each, size in zip(found, sizes, strict=True) if size <= multi30k.WIDEST]
    kept = multi30k.alignments(translator, found)
    assert len(fitting) > multi30k.ALIGNMENTS == len(kept)
    for each, whole in zip(kept, fitting, strict=False):
        assert "".join(each["read"]) in data.test.sources
        assert "".join(each["written"]).removesuffix("</s>") == whole.text
        assert torch.allclose(torch.tensor(each["weights"]), whole.weights, atol=5.1e-4)
    assert multi30k.alignments(translator, [replace(each, weights=None) for each in found]) == []


def test_scores_by_length_are_those_of_their_pairs():
    sources = ["w " * 8, "w " * 9, "w " * 16]
    references = ["the cat is on the mat today"] * 3
    written = [references[0], "a dog", references[0]]
    more = multi30k.score(Parallel(sources, references), written)
    assert more["by_length"]["count"] == [1, 1, 0, 0, 1]
    found = more["by_length"]["bleu"]
    assert (found[0], found[4]) == (pytest.approx(100), pytest.approx(100))
    assert found[1] < 10
    assert found[2:4] == [None, None]


def test_the_ladder_changes_one_thing_at_a_time():
    none, attention, beam = (recipes.find(f"multi30k-{name}").settings for name in ("none", "attention", "beam"))
    assert differing(none, attention) == {"attention"}
    assert differing(attention, beam) == {"beam", "alpha", "same_as"}
    assert beam["same_as"] == "multi30k-attention"


def differing(one, other):
    return {key for key in {*one, *other} if one.get(key) != other.get(key)}


def test_a_run_is_recorded_with_its_metric(data):
    run_tiny = partial(run, beam=1, alpha=0.0, **TINY)
    recipe = replace(recipes.find("multi30k-attention"), run=run_tiny, load=lambda **_: data)
    *_, result = recipes.run(recipe, [0])
    assert (result.metric, result.dataset["name"]) == ("bleu", "phrases")
    json.dumps(result.as_dict(), allow_nan=False)
