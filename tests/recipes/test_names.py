"""The recipes on a handful of names, and their records."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from rnnbook import recipes
from rnnbook.cli import app
from rnnbook.data import Names, load_names
from rnnbook.recipes.names import score, shuffle_letters, summarise
from rnnbook.results import Result

TINY = {"embedding_size": 8, "hidden_size": 16, "epochs": 6, "learning_rate": 1e-2, "weight_decay": 0, "batch_size": 32}


@pytest.fixture(scope="module")
def names():
    """Three languages that are easy to tell apart."""
    sample = load_names()
    chosen = ["Italian", "Japanese", "Polish"]
    kept = [i for i, language in enumerate(sample.languages) if language in chosen]
    return Names([sample.names[i] for i in kept], [sample.languages[i] for i in kept], chosen)


def run(name, names, seed=0, **settings):
    from rnnbook.recipes.names import run_network

    if settings:
        return run_network(names, seed, "cpu", **settings)
    return recipes.find(name).run(names, seed, "cpu")


def test_majority_counts_the_commonest(names):
    outcome = run("names-majority", names)
    _, held_out = names.split(0)
    share = max(held_out.languages.count(label) for label in names.label_set) / len(held_out)
    assert outcome.value == pytest.approx(share, abs=0.1)
    assert outcome.parameters == 0


def test_order_helps_where_it_should(names):
    bag, linear = run("names-bag", names), run("names-linear", names)
    assert linear.value > bag.value > 0.5
    assert linear.parameters > bag.parameters > 0


def test_a_network_learns_and_repeats(names):
    first, again = (run("", names, **TINY) for _ in range(2))
    assert first == again
    assert first.value > 0.5
    assert run("", names, seed=1, **TINY) != first


def test_shuffling_keeps_the_letters_and_the_languages(names):
    shuffled = shuffle_letters(names, np.random.default_rng(0))
    assert shuffled.languages == names.languages
    assert [sorted(name) for name in shuffled.names] == [sorted(name) for name in names.names]
    assert sum(a != b for a, b in zip(shuffled.names, names.names, strict=True)) > len(names) / 2


def test_score_against_numbers_done_by_hand():
    held_out = Names(["a", "b", "c", "d"], ["X", "X", "X", "Y"], ["X", "Y", "Z"])
    outcome = score(held_out, ["X", "X", "Y", "Y"], 7)
    assert outcome.value == 0.75
    # F1 of X: 2·1·(2/3)/(5/3) = 0.8; of Y: 2·0.5·1/1.5 = 2/3; of Z, which nobody has: 0
    assert outcome.more["macro_f1"] == pytest.approx((0.8 + 2 / 3 + 0) / 3)
    assert outcome.more["confusion"] == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_confusion_is_summed_over_seeds():
    found = [{"macro_f1": f1, "labels": ["X"], "confusion": [[n]]} for f1, n in ((0.5, 3), (0.75, 4))]
    assert summarise(found) == {"macro_f1": [0.5, 0.75], "labels": ["X"], "confusion": [[7]]}


def test_a_run_yields_each_seed_and_then_the_record():
    *outcomes, result = recipes.run(recipes.find("names-majority"), [0, 1])
    assert isinstance(result, Result)
    assert result.values == [outcome.value for outcome in outcomes]
    assert result.command == "rnnbook train names-majority --seeds 2"
    assert result.dataset["full"] is False
    assert len(result.dataset["sha256"]) == 64


def test_the_command_records_what_it_is_told_to(tmp_path):
    done = CliRunner().invoke(app, ["train", "names-majority", "--seeds", "2", "--output", str(tmp_path)])
    assert done.exit_code == 0, done.output
    recorded = json.loads((tmp_path / "names-majority.json").read_text())
    assert recorded["seeds"] == [0, 1]
    assert f"{recorded['values'][1]:.4f}" in done.output


def test_the_sample_is_not_recorded_in_the_place_of_the_real_data(monkeypatch):
    saved = []
    monkeypatch.setattr("rnnbook.results.save", lambda *arguments: saved.append(arguments))
    done = CliRunner().invoke(app, ["train", "names-majority"])
    assert done.exit_code == 0
    assert "Not recorded: --full takes the real data" in done.output
    assert saved == []


def test_a_recipe_that_is_none_suggests_the_nearest():
    done = CliRunner().invoke(app, ["train", "names-gr"])
    assert done.exit_code == 2
    assert "Did you mean names-gru?" in done.output


def test_every_recorded_result_comes_from_a_recipe():
    from rnnbook import results

    for name in results.names():
        result = results.load(name)
        if result.task != "names":
            continue
        recipe = recipes.find(name)
        assert result.command.startswith(f"rnnbook train {name} --full")
        assert result.dataset["full"] is True
        assert len(result.seeds) >= 3
        assert recipe.settings.items() <= result.model.items(), "the recipe has changed since: record it again"
