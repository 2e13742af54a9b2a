"""The recipes of dates, a few of them."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from rnnbook import recipes
from rnnbook.data import Parallel, dates
from rnnbook.models import Translator
from rnnbook.recipes import dates as recipe
from rnnbook.recipes.dates import by_format, run_network
from rnnbook.text.pairs import SPECIALS

FIT = {"epochs": 1, "batch_size": 32, "learning_rate": 1e-2, "warm_up": 0.15}
TINY = {"n": 300, "embedding_size": 8, "hidden_size": 8, "cell": "gru", "bidirectional": True, "fit_with": FIT}


@pytest.fixture(autouse=True)
def few(monkeypatch, tmp_path):
    monkeypatch.setattr(recipe, "DAYS", 2)
    monkeypatch.setenv("RNNBOOK_CACHE", str(tmp_path))


class Reader:
    """Stands for a translator: right for some texts, wrong for all others."""

    def __init__(self, right):
        self.right = right

    def translate(self, texts, **options):
        return [Answer(self.right.get(text, "?")) for text in texts]


class Answer:
    def __init__(self, text):
        self.text = text


@pytest.mark.parametrize("attention", [None, "additive"])
def test_a_seed_repeats_and_the_model_is_kept(attention, tmp_path):
    first, again, other = (run_network(None, s, "cpu", attention=attention, save=tmp_path, **TINY) for s in (0, 0, 1))
    assert (first.value, first.more) == (again.value, again.more)
    assert first.more["loss"] != other.more["loss"]
    translator = Translator.load(tmp_path)
    _, held_out = dates.generate(300, 1).split(1, recipe.HELD_OUT)
    written = [found.text for found in translator.translate(held_out.sources, max_length=11)]
    assert other.value == np.mean([a == b for a, b in zip(written, held_out.targets, strict=True)])
    assert len(other.more["mistakes"]) == recipe.MISTAKES
    assert other.more["mistakes"][0] == [held_out.sources[0], held_out.targets[0], written[0]]
    assert other.more["held_out"] == len(held_out)


def test_the_reader_is_rounded_to_16_bits_before_it_is_measured(tmp_path):
    assert recipes.find("dates-reader").settings["half"] is True
    outcome = run_network(None, 0, "cpu", attention="general", half=True, save=tmp_path, **TINY)
    translator = Translator.load(tmp_path)
    assert all(torch.equal(tensor.half().float(), tensor) for tensor in translator.model.state_dict().values())
    _, held_out = dates.generate(300, 0).split(0, recipe.HELD_OUT)
    assert outcome.value == np.mean(np.array(recipe.answers(translator, held_out)) == held_out.targets)
    assert outcome.more["mistakes"][0][2] == recipe.answers(translator, held_out)[0]


def test_what_is_learnt_from_are_the_training_dates_with_an_end():
    train, held_out = dates.generate(300, 0).split(0, recipe.HELD_OUT)
    assert not {*train.targets} & {*held_out.targets}
    translator, pairs = recipe.untrained(train, 0, "cpu", embedding_size=4, hidden_size=4)
    source, lengths, target, _ = pairs[[5]]
    assert translator.source_vocabulary.decode(source[0, : lengths[0]]) == train.sources[5]
    assert translator.target_vocabulary.decode(target[0]) == train.targets[5] + "</s>"
    assert translator.target_vocabulary.specials == SPECIALS
    assert len(translator.target_vocabulary) == len(SPECIALS) + 11


def test_every_format_is_judged_by_itself():
    days = ["2024-03-01", "1999-12-31"]
    right = {"1er mars 2024": "2024-03-01", "31 décembre 1999": "1999-12-31", "01.03.2024": "2024-03-01"}
    found = by_format(Reader(right), days)
    assert {language: len(shares) for language, shares in found.items()} == {
        language: len(formats) for language, formats in dates.FORMATS.items()
    }
    assert found["French"][dates.FORMATS["French"].index("{nth} {month} {y}")] == 1
    assert found["numbers"][dates.FORMATS["numbers"].index("{dd}.{mm}.{y}")] == 0.5
    assert found["French"][dates.FORMATS["French"].index("{nth} {mon} {y}")] == 0.5  # March is not abbreviated
    assert sum(map(sum, found.values())) == 2


def test_an_answer_is_right_or_wrong_as_a_whole():
    reader = Reader({"a": "2024-03-01"})
    assert recipe.answers(reader, Parallel(["a", "b"], ["2024-03-01", "2024-03-02"])) == ["2024-03-01", "?"]


def test_the_two_models_differ_in_attention_alone():
    none, attention = (recipes.find(f"dates-{name}").settings for name in ("none", "attention"))
    assert none.keys() == attention.keys()
    assert [key for key in none if none[key] != attention[key]] == ["attention"]
    assert none["attention"] is None


def test_a_run_is_recorded_with_its_metric():
    tiny = replace(recipes.find("dates-attention"), run=partial(run_network, attention="additive", **TINY))
    *_, result = recipes.run(tiny, [0])
    assert (result.metric, result.dataset["full"]) == ("exact_match_accuracy", True)
    assert result.summary().endswith("% (1 seed)")
