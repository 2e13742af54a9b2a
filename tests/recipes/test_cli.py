"""The commands about experiments: what they print, what they keep, and what they say to bad input."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from rich.console import Console
from typer.testing import CliRunner

from rnnbook import recipes, results
from rnnbook.cli import app
from rnnbook.decode import generate
from rnnbook.models import LanguageModel, Seq2Seq, Translator
from rnnbook.recipes import cli, shakespeare
from rnnbook.text import Subwords, Vocabulary
from rnnbook.text.pairs import SPECIALS

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A cache of one's own, and a console whose width breaks no line that is compared here."""
    monkeypatch.setenv("RNNBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cli, "out", Console(width=200, highlight=False, soft_wrap=True))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rnnbook(*arguments, code=0, **options):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], **options)
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.stderr


def test_train_records_in_the_folder_it_is_given(elsewhere):
    said = rnnbook("train", "names-majority", "--seed", 4, "--output", "mine")
    assert re.search(r"seed 4: 0\.\d{4}\n.*test accuracy .* \(1 seed\)\nRecorded in mine/names-majority.json", said)
    recorded = json.loads((elsewhere / "mine/names-majority.json").read_text())
    assert recorded["seeds"] == [4]
    assert recorded["command"] == "rnnbook train names-majority --seed 4"


def test_train_names_all_recipes():
    said = rnnbook("train", "list")
    assert [line.split()[0] for line in said.splitlines()] == list(recipes.recipes())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["imdb-bilstn"], "There is no recipe 'imdb-bilstn'. Did you mean imdb-bilstm?"),
        (["imdb-bilstm", "--budget-seconds", "0"], "--budget-seconds 0 is no time"),
        (["names-majority", "--resume"], "names-majority is done in one go: leave out --resume"),
        (["names-majority", "--device", "gpu"], "There is no device 'gpu'"),
        (["names-majority", "--full", "--data-dir", "nowhere"], "No names.zip or data.zip in nowhere"),
        (["imdb-linear", "--full", "--data-dir", "nowhere"], "in nowhere"),
    ],
)
def test_train_says_what_is_wrong(arguments, message):
    said = rnnbook("train", *arguments, code=2)
    assert message in said
    assert "Traceback" not in said


def test_predict_answers_with_the_model_that_ships():
    said = rnnbook("predict", "imdb-reader", "A wonderful film, the best I have seen.", "Boring, a waste of time.")
    assert [line.split()[0] for line in said.splitlines()] == ["positive", "negative"]


def test_predict_reads_lines_and_writes_json():
    said = rnnbook("predict", "imdb-reader", "--json", input="Wonderful!\n\nqwxz\n")
    first, empty, unknown = map(json.loads, said.splitlines())
    assert first["label"] == "positive"
    assert first["known"] == first["tokens"] == 2
    assert sum(first["probabilities"].values()) == pytest.approx(1)
    assert (empty["tokens"], unknown["tokens"], unknown["known"]) == (0, 1, 0)
    assert empty["probabilities"] == unknown["probabilities"]


def test_predict_says_that_it_knows_no_word():
    assert "(no word of it is known to the model)" in rnnbook("predict", "imdb-reader", "")


def test_predict_names_the_models_there_are(elsewhere):
    assert "imdb-reader" in rnnbook("predict", "imdb-raeder", "dull", code=2)
    folder = elsewhere / "broken"
    folder.mkdir()
    (folder / "model.json").write_text("{")
    assert "is missing" in rnnbook("predict", "broken", "dull", code=2)


@pytest.fixture
def translator(elsewhere):
    """One that has learnt nothing, in the folder "mine"."""
    subwords = Subwords.train(["drei Hunde", "three dogs"] * 3, 280)
    vocabulary = Vocabulary(subwords.names, SPECIALS)
    torch.manual_seed(0)
    model = Seq2Seq(len(vocabulary), len(vocabulary), 4, 5, attention="additive")
    translator = Translator(model, vocabulary, vocabulary, subwords.split)
    translator.save(elsewhere / "mine")
    return translator


def test_predict_translates_line_by_line(translator):
    texts = ["drei Hunde", "Hunde"]
    greedy, several = (translator.translate(texts, beam=beam, alpha=1.0) for beam in (1, 3))
    assert greedy != several
    # A blank line stays blank, so that line n is the translation of line n.
    assert rnnbook("predict", "mine", texts[0], "", " ", texts[1]) == f"{greedy[0].text}\n\n\n{greedy[1].text}\n"
    said = rnnbook("predict", "mine", "--beam", 3, "--json", input=f"{texts[0]}\n\n{texts[1]}\n")
    first, blank, second = map(json.loads, said.splitlines())
    assert blank == {"text": "", "translation": "", "log_probability": 0.0, "finished": True}
    for line, text, expected in zip((first, second), texts, several, strict=True):
        assert (line["text"], line["translation"], line["finished"]) == (text, expected.text, expected.finished)
        assert line["log_probability"] == pytest.approx(expected.log_probability)


def test_write_goes_on_with_a_text(elsewhere):
    torch.manual_seed(0)
    vocabulary = Vocabulary("abc\n", specials=())
    shakespeare.save_model(elsewhere / "mine", LanguageModel(4, 3, 5), vocabulary)
    model = shakespeare.load_model(elsewhere / "mine")
    options = {"max_length": 30, "temperature": 2.0, "top_k": 3, "top_p": 0.9}
    expected = generate(*model, "ab", **options, generator=torch.Generator().manual_seed(5))
    asked = ["write", "mine", "ab", "--length", 30, "--temperature", 2, "--top-k", 3, "--top-p", 0.9]
    assert rnnbook(*asked, "--seed", 5) == expected + "\n"
    assert len({rnnbook(*asked) for _ in range(4)}) > 1  # without a seed, chance
    said = rnnbook("write", "mine", "ax", code=2)
    assert "'x' at position 1 of the prompt is not in the vocabulary: leave it out" in said
    assert "temperature" in rnnbook("write", "mine", "a", "--temperature", -1, code=2)
    assert "mine is a language model: `rnnbook write mine" in rnnbook("predict", "mine", "a", code=2)


def test_a_model_is_asked_what_it_can_do(translator):
    assert "imdb-reader does not translate: leave out --beam" in rnnbook("predict", "imdb-reader", "--beam", 2, code=2)
    for model in ("imdb-reader", "mine"):
        assert f"{model} is no language model: `rnnbook predict {model}" in rnnbook("write", model, "a", code=2)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "rnnbook predictor 2"}', '{"format": []}'])
def test_a_damaged_model_is_named(translator, elsewhere, content):
    (elsewhere / "mine" / "model.json").write_text(content)
    assert "mine is damaged, or no saved model" in rnnbook("predict", "mine", "a", code=2)


def test_results_lists_the_best_of_a_task_first():
    said = rnnbook("results", "names")
    listed = re.findall(r"names-[\w-]+", said)
    expected = sorted(
        (results.load(name) for name in results.names() if name.startswith("names-")), key=lambda r: r.mean
    )
    assert listed == [result.name for result in reversed(expected)]


def test_results_of_ones_own_stand_beside_those_recorded(elsewhere):
    recorded = results.load("names-gru")
    worse = dataclasses.replace(recorded, values=[value - 0.01 for value in recorded.values])
    results.save(worse, elsewhere / "mine")
    said = rnnbook("results", "names", "--mine", "mine")
    assert "names-lstm" not in said
    assert re.search(rf"{re.escape(worse.summary())}, -1\.00 ± \d", said)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nmaes"], "No recorded result 'nmaes'. Did you mean names"),
        (["--mine", "nowhere"], "There is no folder nowhere."),
        (["--mine", "."], "holds no record of the same name"),
    ],
)
def test_results_says_what_is_wrong(arguments, message):
    assert message in rnnbook("results", *arguments, code=2)


def test_the_command_starts_without_what_only_experiments_need():
    program = "import sys, rnnbook.cli; print({'numpy', 'pooch', 'torch', 'rnnbook.data'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
