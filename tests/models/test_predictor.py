"""The predictor: any text gets its answer, in its place, and a saved model comes back exactly or not at all."""

import hashlib
import json
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import torch as safetensors

from rnnbook.models import Predictor, SequenceClassifier, saved
from rnnbook.models.predictor import Bounded
from rnnbook.text import Vocabulary, characters, words

TEXTS = ["good good film", "", "a very , very bad film", "   ", "zebra xylophone", "film", "not good but dull"]
LABELS = {1: ("negative", "positive"), 2: ("negative", "positive"), 3: ("bad", "mixed", "good")}
VOCABULARY = Vocabulary(["film", "good", "bad", "not", "a", "very", "but", "dull", ","])


def make(classes=2, longest=None, keep_end=None, **options):
    torch.manual_seed(0)
    options = {"embedding_size": 5, "hidden_size": 6, "dropout": 0.5, "symbol_dropout": 0.5} | options
    model = SequenceClassifier(len(VOCABULARY), classes, **options)
    return Predictor(model, VOCABULARY, words, LABELS[classes], longest, keep_end)


def logits_of(model, ids):
    return model.eval()(torch.tensor([ids]), torch.tensor([len(ids)]))[0]


@pytest.mark.parametrize("classes", [1, 2, 3])
@pytest.mark.parametrize("pooling", ["last", "attention"])
def test_probabilities_are_those_of_the_model_one_text_at_a_time(classes, pooling):
    asked = make(classes, pooling=pooling, cell="lstm", bidirectional=True)
    predictions = asked.predict(TEXTS)
    assert len(predictions) == len(TEXTS)
    for text, prediction in zip(TEXTS, predictions, strict=True):
        logits = logits_of(asked.model, VOCABULARY.encode(words(text)) or [1])
        if classes == 1:
            positive = torch.sigmoid(logits).item()
            expected = [1 - positive, positive]
        else:
            expected = logits.softmax(dim=0).tolist()
        assert list(prediction.probabilities) == list(LABELS[classes])
        assert list(prediction.probabilities.values()) == pytest.approx(expected, abs=1e-6)
        assert math.fsum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-12)
        assert prediction.probability == max(prediction.probabilities.values())
        assert prediction.probabilities[prediction.label] == prediction.probability


def test_one_logit_keeps_its_precision_at_both_ends():
    asked = make(1)
    torch.nn.init.zeros_(asked.model.linear.weight)
    for bias, label in ((-40.0, "negative"), (40.0, "positive")):
        torch.nn.init.constant_(asked.model.linear.bias, bias)
        (prediction,) = asked.predict(["film"])
        assert prediction.label == label
        assert min(prediction.probabilities.values()) == pytest.approx(math.exp(-40), rel=1e-6)


def test_a_text_without_a_known_token_is_read_as_unknown_and_says_so():
    asked = make()
    known, empty, _, blank, unknown, *_ = asked.predict(TEXTS)
    assert (known.tokens, known.known, known.blind) == (3, 3, False)
    assert (empty.tokens, empty.known, empty.blind) == (0, 0, True)
    assert blank == empty
    assert (unknown.tokens, unknown.known, unknown.blind) == (2, 0, True)
    (partly,) = asked.predict(["good zebra"])
    assert (partly.tokens, partly.known, partly.blind) == (2, 1, False)
    single = logits_of(asked.model, [1]).softmax(dim=0).tolist()
    assert list(empty.probabilities.values()) == pytest.approx(single, abs=1e-6)


@given(st.lists(st.text(st.sampled_from("good bad,film. '!é\U0001f600<br/>&\0\ud800")), max_size=8))
def test_any_text_has_an_answer_that_does_not_depend_on_the_others(texts):
    asked = make()
    alone = [asked.predict([text])[0] for text in texts]
    for together, single in zip(asked.predict(texts), alone, strict=True):
        assert (together.tokens, together.known) == (single.tokens, single.known)
        assert together.probabilities == pytest.approx(single.probabilities, abs=1e-6)
        assert together.probability >= 0.5


def test_extremely_long_texts():
    asked = make(cell="gru", hidden_size=2)
    long, short = asked.predict(["good film " * 40_000, "good film"])
    assert long.tokens == long.known == 80_000
    assert math.isfinite(long.probability)
    assert short == asked.predict(["good film"])[0]


@pytest.mark.parametrize(("keep_end", "kept"), [(None, "a bad film ,"), (4, "film not good ,"), (0, "a bad film but")])
def test_longest_leaves_out_the_middle(keep_end, kept):
    text = "a bad film but very dull film not good ,"
    if keep_end is None:
        kept = "a bad good ,"
    cropped, whole = make(longest=4, keep_end=keep_end), make()
    (prediction,) = cropped.predict([text])
    assert prediction.probabilities == pytest.approx(whole.predict([kept])[0].probabilities, abs=1e-6)
    assert prediction.tokens == 10
    assert cropped.predict(["film"])[0].probabilities == pytest.approx(whole.predict(["film"])[0].probabilities)


@pytest.mark.parametrize("training", [True, False])
def test_mode_is_evaluation_and_then_what_it_was(training):
    asked = make()
    asked.model.train(training)
    assert asked.predict(TEXTS) == asked.predict(TEXTS)  # no dropout
    assert asked.model.training is training
    assert all(module.training is training for module in asked.model.modules())
    assert all(parameter.grad is None for parameter in asked.model.parameters())

    def fail(text):
        raise RuntimeError("no tokens")

    asked.tokenize = fail
    with pytest.raises(RuntimeError, match="no tokens"):
        asked.predict(["film"])
    assert asked.model.training is training


def test_no_gradients_are_kept():
    asked, seen = make(), []
    asked.model.linear.register_forward_hook(lambda module, inputs, output: seen.append(output.requires_grad))
    asked.predict(TEXTS)
    assert seen == [False]


def test_no_texts_no_predictions():
    assert make().predict([]) == []


def test_any_iterable_of_texts_will_do():
    asked = make()
    assert asked.predict(iter(TEXTS)) == asked.predict(tuple(TEXTS)) == asked.predict(TEXTS)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("good film", r"a single one: write predict\(\[text\]\)"),
        (["good", None], r"texts\[1\] is None, expected a string"),
        ([b"good"], r"texts\[0\] is b'good', expected a string"),
        ([float("nan")], r"texts\[0\] is nan"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(texts, message):
    with pytest.raises(TypeError, match=message):
        make().predict(texts)


def test_logits_that_are_not_finite_are_refused():
    asked = make()
    torch.nn.init.constant_(asked.model.linear.bias, torch.nan)
    with pytest.raises(FloatingPointError, match="not finite"):
        asked.predict(["film"])


def test_batches_are_bounded_by_their_cells(monkeypatch):
    monkeypatch.setattr(Bounded, "CELLS", 12)
    lengths = torch.tensor([3, 40, 1, 5, 2, 6, 13, 3, 12, 1])
    data = Bounded(torch.ones(int(lengths.sum()), dtype=torch.int32), lengths, torch.zeros(10))
    batches = data.order(128)
    sizes = [lengths[batch].tolist() for batch in batches]
    assert sizes == [[1, 1, 2, 3], [3, 5], [6], [12], [13], [40]]
    assert sorted(torch.cat(batches).tolist()) == list(range(10))
    all_long = Bounded(torch.ones(53, dtype=torch.int32), torch.tensor([40, 13]), torch.zeros(2))
    assert [batch.tolist() for batch in all_long.order(128)] == [[1], [0]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocabulary": Vocabulary("abc")}, "the vocabulary has 5 symbols, the model 11: they must be a pair"),
        ({"vocabulary": Vocabulary("abcdefghi", ("<unk>", "<pad>"))}, "must start with '<pad>' and '<unk>'"),
        ({"labels": ("positive",)}, r"labels must be 2 different strings for 2 logit\(s\)"),
        ({"labels": ("a", "b", "c")}, "labels must be 2 different strings"),
        ({"labels": ("a", "a")}, "labels must be 2 different strings"),
        ({"labels": "ab"}, "labels must be 2 different strings"),
        ({"labels": (0, 1)}, "labels must be 2 different strings"),
        ({"longest": 0}, "keep_end from 0 to longest"),
        ({"longest": 5, "keep_end": 6}, "keep_end from 0 to longest"),
        ({"longest": 2.5}, "must be integers or None"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, message):
    asked = make()
    parts = {"model": asked.model, "vocabulary": VOCABULARY, "tokenize": words, "labels": LABELS[2]} | changes
    with pytest.raises(ValueError, match=message):
        Predictor(**parts)


def test_a_model_of_one_logit_has_two_labels():
    with pytest.raises(ValueError, match=r"labels must be 2 different strings for 1 logit\(s\)"):
        Predictor(make(1).model, VOCABULARY, words, ("positive",))


SAVED = [
    {"classes": 1, "pooling": "attention", "cell": "gru"},
    {"classes": 3, "cell": "lstm", "bidirectional": True, "num_layers": 2, "pooling": "last+max", "longest": 3},
    {"classes": 2, "pooling": "mean", "freeze": True, "longest": 5, "keep_end": 4},
    {"classes": 2, "embedding": torch.arange(33.0).reshape(11, 3), "freeze": True},
]


@pytest.mark.parametrize("options", SAVED, ids=lambda o: "-".join(map(str, list(o.values())[:3])))
def test_a_saved_model_comes_back_exactly(tmp_path, options):
    asked = make(**options)
    asked.save(tmp_path / "a" / "model")
    back = Predictor.load(str(tmp_path / "a" / "model"))
    assert not back.model.training
    assert back.predict(TEXTS) == asked.predict(TEXTS)
    assert back.model.settings == asked.model.settings
    for ours, theirs in zip(back.model.parameters(), asked.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
        assert ours.requires_grad == theirs.requires_grad
        assert ours.device.type == "cpu"
    assert back.vocabulary.to_dict() == VOCABULARY.to_dict()
    assert (back.longest, back.keep_end) == (asked.longest, asked.keep_end)
    assert sorted(path.name for path in (tmp_path / "a" / "model").iterdir()) == ["model.json", "model.safetensors"]
    # And it can be trained on.
    loss = back.model.train()(torch.tensor([[2, 3]]), torch.tensor([2])).square().sum()
    loss.backward()


def test_a_tokenizer_is_saved_by_its_name(tmp_path):
    vocabulary = Vocabulary("abcdefghi")
    Predictor(make().model, vocabulary, characters, LABELS[2]).save(tmp_path)
    assert Predictor.load(tmp_path).tokenize is characters
    with pytest.raises(ValueError, match="must be one of words, characters"):
        Predictor(make().model, VOCABULARY, str.split, LABELS[2]).save(tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_another_architecture_is_not_saved(tmp_path):
    class LastStep(SequenceClassifier):
        pass

    asked = Predictor(LastStep(11, 2), VOCABULARY, words, LABELS[2])
    assert asked.predict(["film"])
    with pytest.raises(ValueError, match="only a SequenceClassifier can be saved, this is a LastStep"):
        asked.save(tmp_path)


@pytest.mark.parametrize("fails", ["model.safetensors", "model.json"])
def test_a_save_cut_short_is_never_taken_for_a_model(tmp_path, monkeypatch, fails):
    """Over a model that is there: what load gives is the old one, or an error."""
    make(3).save(tmp_path)

    def put(path, content):
        if path.name == fails:
            raise OSError("no space left")
        path.write_bytes(content)

    monkeypatch.setattr(saved, "put", put)
    with pytest.raises(OSError, match="no space"):
        make(1).save(tmp_path)
    if fails == "model.safetensors":
        assert Predictor.load(tmp_path).labels == LABELS[3]
    else:
        with pytest.raises(ValueError, match=r"model\.safetensors is not the file that model\.json describes"):
            Predictor.load(tmp_path)


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_a_missing_file_is_named(tmp_path, name):
    make().save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"{name} is missing"):
        Predictor.load(tmp_path)


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
@pytest.mark.parametrize("length", [0, 1, 9, 300])
def test_half_a_file_is_refused(tmp_path, name, length):
    make().save(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match=r"damaged, or no saved model: .*; save the model again"):
        Predictor.load(tmp_path)


def changed(folder, weights=None, **changes):
    """Saves a model, and then changes its files as someone would who knows the checksum."""
    make().save(folder)
    path = folder / "model.json"
    description = json.loads(path.read_text())
    if weights is not None:
        (folder / "model.safetensors").write_bytes(weights)
        description["weights_sha256"] = hashlib.sha256(weights).hexdigest()
    settings = description["settings"] | changes.pop("settings", {})
    description |= {"settings": {key: value for key, value in settings.items() if value != "gone"}} | changes
    path.write_text(json.dumps(description))
    return folder


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"null", b'"words"', b"{", b"[" * 100_000, b"9" * 10_000, b"\xff\xfe", b'{"format": 1}']
)
def test_what_is_no_description_is_refused(tmp_path, text):
    make().save(tmp_path)
    (tmp_path / "model.json").write_bytes(text)
    with pytest.raises(ValueError, match="damaged, or no saved model"):
        Predictor.load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "rnnbook predictor 0"}, 'does not say "format": "rnnbook predictor 1"'),
        ({"more": 1}, "model.json must hold format, keep_end"),
        ({"tokenizer": "os.system"}, "unknown tokenizer 'os.system'. There are: words, characters"),
        ({"tokenizer": "word"}, "Did you mean words?"),
        ({"tokenizer": ["words"]}, "unhashable"),
        ({"labels": ["a"]}, "labels must be 2"),
        ({"labels": 3}, ""),
        ({"labels": [["a"], ["b"]]}, "labels must be 2"),
        (
            {"vocabulary": {"specials": ["<pad>", "<unk>"], "tokens": ["film"]}},
            "vocabulary has 3 symbols, the model 11",
        ),
        ({"vocabulary": ["film"]}, "two lists of strings"),
        ({"longest": "long"}, "must be integers"),
        ({"longest": 10**30}, ""),
        ({"longest": -1}, "keep_end from 0 to longest"),
        ({"settings": {"cell": "__import__('os')"}}, "cell must be one of"),
        ({"settings": {"cell": "lstm"}}, r"rnn.weight_ih_l0 is \(6, 5\), and the settings make it \(24, 5\)"),
        ({"settings": {"pooling": "attention"}}, "attention.projection.weight is missing"),
        ({"settings": {"hidden_size": 7}}, "weight_ih_l0"),
        ({"settings": {"hidden_size": 10**9}}, r"settings make it \(1000000000, 5\)"),
        ({"settings": {"hidden_size": 10**15}}, ""),
        ({"settings": {"hidden_size": 10**40}}, ""),
        ({"settings": {"vocabulary_size": 10**12}}, ""),
        ({"settings": {"num_layers": 10**9}}, "1000000000 layers, but 7 tensors"),
        ({"settings": {"num_layers": "1"}}, ""),
        ({"settings": {"num_layers": 0}}, ""),
        ({"settings": {"hidden_size": 6.5}}, ""),
        ({"settings": {"dropout": 2}}, ""),
        ({"settings": {"dropout": "much"}}, ""),
        ({"settings": {"embedding": [[1]]}}, "settings must be"),
        ({"settings": {"dropout": "gone"}}, "settings must be"),
        ({"weights": b"\x80\x04N."}, ""),  # a pickle of None
        ({"weights": safetensors.save({})}, "0 tensors"),
        ({"weights": safetensors.save({"a": torch.ones(2)})}, "embedding.weight is missing"),
    ],
    ids=str,
)
def test_files_that_lie_are_refused(tmp_path, changes, message):
    with pytest.raises(ValueError, match=f"damaged, or no saved model: .*{message}.*; save the model again"):
        Predictor.load(changed(tmp_path, **changes))


def test_weights_of_another_shape_or_kind_are_refused(tmp_path):
    state = {name: tensor.clone() for name, tensor in make().model.state_dict().items()}
    for name, tensor, message in (
        ("linear.bias", torch.ones(3), r"linear.bias is \(3,\), and the settings make it \(2,\)"),
        ("linear.more", torch.ones(2), r"linear.more is \(2,\), and the settings make it none"),
        ("linear.bias", torch.ones(2, dtype=torch.int64), "weights must be floats"),
    ):
        with pytest.raises(ValueError, match=message):
            Predictor.load(changed(tmp_path, weights=safetensors.save(state | {name: tensor})))


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    make().save(tmp_path)

    def refuse(*args, **kwargs):
        raise AssertionError("a pickle")

    for module, name in ((torch, "load"), (__import__("pickle"), "loads"), (__import__("pickle"), "load")):
        monkeypatch.setattr(module, name, refuse)
    assert Predictor.load(tmp_path).predict(["film"])
