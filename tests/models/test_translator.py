"""The translator: every text gets its translation, in its place, and a saved model comes back exactly or not at all."""

import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from rnnbook.decode import greedy
from rnnbook.models.seq2seq import Seq2Seq, sequence_loss
from rnnbook.models.translator import Translator
from rnnbook.text import Subwords, Vocabulary, words
from rnnbook.text.pairs import END, SPECIALS, START

SOURCE = Vocabulary(["ein", "hund", "schläft", "."])
TARGET = Vocabulary(["a", "dog", "is", "sleeping", "."], specials=SPECIALS)
TEXTS = ["Ein Hund schläft.", "", "Hund", "Ein Zebra schläft. Ein Hund. Ein Hund.", "ein ein ein"]


def make(seed=0, attention="additive", **options):
    torch.manual_seed(seed)
    model = Seq2Seq(len(SOURCE), len(TARGET), 4, 5, attention=attention, dropout=0.5, **options)
    for parameter in model.parameters():  # so that it writes different things
        parameter.data *= 3
    return Translator(model.double(), SOURCE, TARGET, words)


@pytest.mark.parametrize("attention", [None, "additive", "dot"])
@pytest.mark.parametrize("beam", [1, 3])
def test_what_is_said_of_a_translation_is_what_the_model_says(attention, beam):
    asked = make(attention=attention, cell="lstm")
    translations = asked.translate(TEXTS, beam=beam, alpha=1.0, max_length=6)
    assert len(translations) == len(TEXTS)
    model = asked.model.eval().requires_grad_(False)
    for text, translation in zip(TEXTS, translations, strict=True):
        source = torch.tensor([SOURCE.encode(words(text)) or [1]])
        assert translation.read == tuple(SOURCE.tokens[i] for i in source[0])
        target = torch.tensor([TARGET.encode(translation.written)])
        assert translation.finished == (target[0, -1] == END)
        assert translation.finished or target.shape[1] == 6
        assert translation.text == " ".join(translation.written[: len(translation.written) - translation.finished])
        logits = model(source, torch.tensor([source.shape[1]]), target)
        logits[..., :3] = -torch.inf
        total = -float(F.cross_entropy(logits[0], target[0], reduction="sum"))
        assert translation.log_probability == pytest.approx(total, abs=1e-6)
        assert translation.score == pytest.approx(total / ((5 + target.shape[1]) / 6), abs=1e-6)
        if attention is None:
            assert translation.weights is None
        else:
            expected = model.attention_weights(source, torch.tensor([source.shape[1]]), target)[0]
            torch.testing.assert_close(translation.weights, expected, rtol=0, atol=1e-10)
            assert translation.weights.shape == (len(translation.written), len(translation.read))


def test_one_hypothesis_is_greedy():
    asked = make()
    asked.model.eval()
    for text, translation in zip(TEXTS, asked.translate(TEXTS, max_length=8), strict=True):
        source = torch.tensor([SOURCE.encode(words(text)) or [1]])
        state = asked.model.encode(source, torch.tensor([source.shape[1]]))
        (expected,) = greedy(asked._step, torch.tensor([START]), state, max_length=8, end=END)
        assert TARGET.encode(translation.written) == [*expected.tokens, END][: expected.length]


@settings(max_examples=25)
@given(st.lists(st.sampled_from(TEXTS), max_size=7), st.integers(1, 4), st.integers(1, 3))
def test_a_translation_depends_neither_on_the_others_nor_on_the_batches(texts, batch_size, beam):
    asked, options = make(), {"beam": beam, "max_length": 5}
    together = asked.translate(texts, batch_size=batch_size, **options)
    for text, translation in zip(texts, together, strict=True):
        (alone,) = asked.translate([text], **options)
        assert (translation.text, translation.read, translation.written) == (alone.text, alone.read, alone.written)
        assert translation.score == pytest.approx(alone.score, abs=1e-6)
        torch.testing.assert_close(translation.weights, alone.weights, rtol=0, atol=1e-10)


def test_a_model_that_has_learnt_its_pairs_says_them():
    torch.manual_seed(0)
    pairs = {"ein hund schläft .": "a dog is sleeping .", "hund": "dog", "schläft ein hund": "is a dog sleeping"}
    asked = Translator(Seq2Seq(len(SOURCE), len(TARGET), 8, 16, attention="dot"), SOURCE, TARGET, words)
    optimizer = torch.optim.Adam(asked.model.parameters(), lr=0.03)
    for _ in range(60):
        for source, target in pairs.items():
            source, target = (
                torch.tensor([ids]) for ids in (SOURCE.encode(words(source)), TARGET.encode(words(target)))
            )
            target = F.pad(target, (0, 1), value=END)
            loss = sequence_loss(asked.model(source, torch.tensor([source.shape[1]]), target), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    for beam in (1, 4):
        translations = asked.translate(pairs, beam=beam)
        assert [translation.text for translation in translations] == list(pairs.values())
        assert all(translation.finished for translation in translations)
        assert all(math.exp(translation.log_probability) > 0.8 for translation in translations)


def test_specials_are_never_written():
    asked = make()
    with torch.no_grad():
        asked.model.linear.bias[:3] = 100
    (translation,) = asked.translate(["ein hund"], beam=2, max_length=5)
    assert not {"<pad>", "<unk>", "<s>"} & set(translation.written)


@pytest.mark.parametrize("training", [True, False])
def test_mode_is_evaluation_and_then_what_it_was(training):
    asked = make()
    asked.model.train(training)
    first, again = (asked.translate(TEXTS, beam=2, max_length=5) for _ in range(2))
    assert [each.score for each in first] == [each.score for each in again]  # no dropout
    assert all(module.training is training for module in asked.model.modules())
    assert not first[0].weights.requires_grad


def test_no_texts_no_translations_and_any_iterable_will_do():
    asked = make()
    assert asked.translate([]) == []
    assert [each.text for each in asked.translate(iter(TEXTS))] == [each.text for each in asked.translate(TEXTS)]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("ein hund", r"a single one: write translate\(\[text\]\)"),
        (["ein", None], r"texts\[1\] is None, expected a string"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(texts, message):
    with pytest.raises(TypeError, match=message):
        make().translate(texts)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (Vocabulary(["ein"]), TARGET, "the source vocabulary has 3 symbols, the model 6"),
        (SOURCE, Vocabulary(["a"]), "the target vocabulary has 3 symbols, the model 9"),
        (Vocabulary("abcdef", specials=()), TARGET, r"the source vocabulary must start with \['<pad>', '<unk>'\]"),
        (SOURCE, Vocabulary("abcdefg"), r"the target vocabulary must start with \['<pad>', '<unk>', '<s>', '</s>'\]"),
    ],
)
def test_parts_that_do_not_fit_are_refused(source, target, message):
    with pytest.raises(ValueError, match=message):
        Translator(make().model, source, target, words)


@pytest.mark.parametrize("options", [{"cell": "lstm", "num_layers": 2}, {"bidirectional": True}, {"attention": None}])
def test_a_saved_translator_comes_back_exactly(tmp_path, options):
    asked = make(**options)
    asked.save(tmp_path / "model")
    again = Translator.load(tmp_path / "model")
    assert not again.model.training
    assert again.model.settings == asked.model.settings
    for got, expected in zip(again.translate(TEXTS, beam=2), asked.translate(TEXTS, beam=2), strict=True):
        assert (got.text, got.score, got.read, got.written) == (
            expected.text,
            expected.score,
            expected.read,
            expected.written,
        )


def test_subwords_are_saved_with_the_model(tmp_path):
    subwords = Subwords.train(["ein Hund läuft", "a dog runs"] * 3, 290)
    vocabulary = Vocabulary(subwords.names, specials=SPECIALS)
    torch.manual_seed(0)
    asked = Translator(Seq2Seq(len(vocabulary), len(vocabulary), 4, 5), vocabulary, vocabulary, subwords.split)
    first = asked.translate(TEXTS, max_length=9)
    written = [[name for name in each.written if name != "</s>"] for each in first]
    assert [each.text for each in first] == list(map(subwords.join, written))
    asked.save(tmp_path)
    assert Translator.load(tmp_path).translate(TEXTS, max_length=9) == first
    description = json.loads((tmp_path / "model.json").read_text())
    description["tokenizer"]["subwords"]["model"] = {}
    (tmp_path / "model.json").write_text(json.dumps(description))
    with pytest.raises(ValueError, match="damaged, or no saved model: no subwords"):
        Translator.load(tmp_path)


def test_a_tokenizer_without_a_name_cannot_be_saved(tmp_path):
    asked = make()
    asked.tokenize = str.split
    with pytest.raises(ValueError, match="the tokenizer of a saved model must be one of words, characters"):
        asked.save(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", "rnnbook predictor 1", 'model.json does not say "format": "rnnbook translator 1"'),
        ("weights_sha256", "0", "model.safetensors is not the file that model.json describes"),
        ("tokenizer", "word", "unknown tokenizer 'word'"),
        ("tokenizer", [], "damaged"),
        ("source_vocabulary", {}, "a vocabulary is"),
        ("source_vocabulary", Vocabulary(["ein"]).to_dict(), "the source vocabulary has 3 symbols, the model 6"),
        ("settings", {}, "settings must be attention, bidirectional"),
        ("settings", {"hidden_size": 10**6}, "and the settings make it"),
        ("settings", {"num_layers": 10**9}, "1000000000 layers, but"),
        ("settings", {"attention": "dot"}, "and the settings make it none"),
        ("other", 1, "model.json must hold"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, key, value, message):
    make().save(tmp_path)
    path = tmp_path / "model.json"
    description = json.loads(path.read_text())
    if key == "settings" and value:
        value = description["settings"] | value
    path.write_text(json.dumps(description | {key: value}))
    with pytest.raises(ValueError, match=message):
        Translator.load(tmp_path)


def test_cut_and_missing_files_are_refused(tmp_path):
    make().save(tmp_path)
    for name in ("model.safetensors", "model.json"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(ValueError, match="is damaged, or no saved model"):
            Translator.load(tmp_path)
        (tmp_path / name).unlink()
        with pytest.raises(FileNotFoundError, match=f"{name} is missing"):
            Translator.load(tmp_path)
        (tmp_path / name).write_bytes(whole)
    Translator.load(tmp_path)
