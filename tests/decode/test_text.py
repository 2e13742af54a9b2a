"""Writing with a language model: prompts, specials, errors, and the model left as it was."""

import pytest
import torch
from decode.toys import Recurrent

from rnnbook.decode import generate
from rnnbook.text import Vocabulary, words

SPECIALS = ("<pad>", "<unk>", "<s>", "</s>")
LETTERS = Vocabulary("abcd ", specials=())
MARKED = Vocabulary("abcd ", SPECIALS)
WORDS = Vocabulary(["to", "be", "or", "not"], SPECIALS)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("prompt", ["a", "bad cab", "d" * 300])
def test_a_text_begins_with_its_prompt(prompt):
    text = generate(Recurrent(5), LETTERS, prompt, max_length=30, generator=seeded())
    assert text.startswith(prompt)
    assert len(text) == len(prompt) + 30


def test_temperature_0_goes_on_with_the_most_probable_symbol():
    model, text = Recurrent(5), "cab"
    for _ in range(10):
        ids = torch.tensor([LETTERS.encode(text)])
        text += LETTERS.decode([model(ids)[0][0, -1].argmax()])
    assert generate(model, LETTERS, "cab", max_length=10, temperature=0) == text


def test_settings_reach_the_sampling():
    model = Recurrent(5)
    greedy = generate(model, LETTERS, "a", max_length=20, temperature=0)
    assert generate(model, LETTERS, "a", max_length=20, top_k=1) == greedy
    assert generate(model, LETTERS, "a", max_length=20, top_p=0) == greedy
    assert generate(model, LETTERS, "a", max_length=20, temperature=0, penalty=1e6) != greedy
    drawn = [generate(model, LETTERS, "a", max_length=20, generator=seeded(seed)) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_start_symbol_comes_first_and_allows_an_empty_prompt():
    model, seen = Recurrent(9), []
    model.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0].tolist()))
    generate(model, MARKED, "", max_length=1)
    assert seen == [[[2]]]
    seen.clear()
    generate(model, MARKED, "ab", max_length=1)
    assert seen == [[[2]], [[4]], [[5]]]
    with pytest.raises(ValueError, match="the prompt is empty, and the vocabulary has no '<s>'"):
        generate(Recurrent(5), LETTERS, "")


def test_the_end_symbol_ends_a_text_and_other_specials_are_not_written():
    model = Recurrent(9)
    with torch.no_grad():
        model.linear.weight.zero_()
        model.linear.bias.copy_(torch.tensor([9.0, 9, 9, 1, 0, 0, 0, 0, 0]))
    lengths = []
    for seed in range(20):
        text = generate(model, MARKED, "a", max_length=50, generator=seeded(seed))
        assert set(text) <= set("abcd ")
        lengths.append(len(text) - 1)
    assert 0 < sum(lengths) / 20 < 6  # its probability is e / (e + 5), which lets 1.8 symbols come before it
    assert generate(model, MARKED, "a", max_length=50, temperature=0) == "a"


def test_words_are_written_with_spaces():
    text = generate(Recurrent(8), WORDS, words("to be"), max_length=5, temperature=2, generator=seeded())
    assert text.startswith("to be ")
    assert set(text.split()) <= {"to", "be", "or", "not"}
    with pytest.raises(TypeError, match=r"encode\(words\(text\)\)"):
        generate(Recurrent(8), WORDS, "to be")


@pytest.mark.parametrize("vocabulary", [LETTERS, MARKED])
def test_an_unknown_character_is_named_with_its_position(vocabulary):
    with pytest.raises(ValueError, match="'é' at position 3"):
        generate(Recurrent(len(vocabulary)), vocabulary, "badéx")


def test_an_unknown_word_is_named_and_may_be_written_as_unknown():
    with pytest.raises(ValueError, match="'maybe' at position 1"):
        generate(Recurrent(8), WORDS, ["to", "maybe"])
    assert generate(Recurrent(8), WORDS, ["to", "<unk>"], max_length=2).startswith("to <unk>")


@pytest.mark.parametrize("training", [True, False])
def test_dropout_is_off_and_the_mode_is_restored(training):
    model, modes = Recurrent(5, dropout=0.9).train(training), []
    model.register_forward_pre_hook(lambda *_: modes.append((model.training, torch.is_grad_enabled())))
    texts = {generate(model, LETTERS, "a", max_length=20, temperature=0) for _ in range(3)}
    assert len(texts) == 1
    assert set(modes) == {(False, False)}
    assert model.training is training
    assert model.dropout.training is training
    with pytest.raises(ValueError, match="top_k"):
        generate(model, LETTERS, "a", top_k=0)
    assert model.training is training
    assert torch.is_grad_enabled()


def test_a_vocabulary_of_another_model_is_refused():
    with pytest.raises(ValueError, match=r"logits has shape \(1, 7\), expected \(1, 5\): model and vocabulary"):
        generate(Recurrent(7), LETTERS, "a")
