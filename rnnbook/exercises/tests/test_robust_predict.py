"""Exercise `robust-predict`: from raw texts to labels and probabilities, whatever the texts are."""

import re

import pytest
import torch
from torch import nn

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_raises
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="robust-predict",
    chapter="08_sentiment",
    place=5,
    title="Predict the sentiment of any text",
    defines=("tokens", "SentimentModel", "predict_sentiment"),
    hints=(
        "Do one text first: its tokens, their ids, one row of a batch, one logit, its sigmoid. What has no id? What "
        "has no tokens at all, and which ids could stand for it?",
        "vocabulary.get(token, 1) knows what to do with unknown tokens, and `or [1]` with no tokens. The batch is "
        "padded with 0, and lengths are the true numbers of ids. Before you call the model, note model.training, then "
        "model.eval() and torch.no_grad(); afterwards model.train(what you noted).",
        "rows = [[vocabulary.get(t, 1) for t in tokens(text)] or [1] for text in texts]; ids by "
        "nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True); p = model(ids, "
        "lengths).sigmoid(). The answer is ('positive', p) if p >= 0.5, else ('negative', 1 - p). First of all: raise "
        "a TypeError if texts is a str, and return [] if it is empty.",
    ),
    forbidden=("rnnbook.models", "rnnbook.train"),
)
WORDS = ("the", "film", "was", "good", "bad", "not", "!", ".", "plot")
VOCABULARY = {"<pad>": 0, "<unk>": 1} | {word: i for i, word in enumerate(WORDS, 2)}
TEXTS = ["The film was good!", "Bad.", "The plot was not bad, not bad at all.", "Good film. Good plot."]


class Right(nn.Module):
    """The model of the task, in evaluation."""

    def __init__(self, vocabulary_size: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, 4, padding_idx=0)
        self.gru = nn.GRU(4, 5, batch_first=True)
        self.linear = nn.Linear(5, 1)

    @torch.no_grad()
    def logit(self, text: str) -> float:
        """Of one text."""
        ids = [VOCABULARY.get(token, 1) for token in re.findall(r"\w+|[^\w\s]", text.lower())] or [1]
        h_n = self.gru(self.embedding(torch.tensor([ids])))[1]
        return self.linear(h_n[-1]).item()


def built(student) -> tuple:
    """The learner's model and the right one, with the same large weights; one text has a logit of 0.2."""
    right = Right(len(VOCABULARY))
    for parameter in right.parameters():
        nn.init.normal_(parameter)
    right.embedding.weight.data[0] = 0
    logits = sorted(right.logit(text) for text in TEXTS)
    right.linear.bias.data += 0.2 - logits[2]
    model = student.SentimentModel(len(VOCABULARY))
    model.load_state_dict({name: value.detach() for name, value in right.state_dict().items()})
    model.eval()
    return model, right


def predicted(student, model, texts: list[str]) -> list[tuple[str, float]]:
    """What the learner's function gives, checked to be a pair for each text."""
    got = student.predict_sentiment(model, VOCABULARY, texts)
    call = f"predict_sentiment for {len(texts)} texts"
    assert isinstance(got, list | tuple), f"{call} should give a list of pairs, but it gave {describe(got)}."
    assert len(got) == len(texts), (
        f"{call} should give {len(texts)} answers, but it gave {len(got)}: each text gets one, an empty text too. "
        "Where one is left out, all answers behind it belong to the wrong text."
    )
    for pair in got:
        right = isinstance(pair, list | tuple) and len(pair) == 2
        assert right, f"Each answer should be a pair (label, probability), but one is {describe(pair)}."
        label, probability = pair
        known = isinstance(label, str) and label in ("positive", "negative")
        assert known, f"A label should be 'positive' or 'negative', but one is {label!r}."
        number = isinstance(probability, float)
        assert number, f"A probability should be a Python number, but one is {describe(probability)}: use .item()."
    return [(label, probability) for label, probability in got]


def assert_right(student, model, right: Right, texts: list[str], note: str = "") -> None:
    """Checks labels and probabilities of texts."""
    got = predicted(student, model, texts)
    logits = torch.tensor([right.logit(text) for text in texts], dtype=torch.float64)
    p = logits.sigmoid()
    labels = ["positive" if each >= 0.5 else "negative" for each in p.tolist()]
    q = torch.tensor([probability for _, probability in got], dtype=torch.float64)
    expected = torch.maximum(p, 1 - p)
    ordered = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    wrong = {
        "Your probability is that of 'positive', also where the label is 'negative': there it is 1 - p.": p,
        "Your probability is that of 'negative': where the label is 'positive', it is p itself.": 1 - p,
        "All probabilities are 1: a softmax over a single logit always gives 1. The model has one logit a text: use "
        "the sigmoid.": torch.ones_like(p),
        "That is the logit: its sigmoid is the probability.": logits,
        "The answers are not in the order of the texts: when you sort by length, put them back.": expected[ordered],
        "The answers are in the opposite order.": expected.flip(0),
        "The softmax runs over the texts: each text has its own probability, the sigmoid of its logit.": (
            logits.softmax(0)
        ),
    }
    what = f"the probabilities of {len(texts)} texts{note}"
    assert_equal_arrays(q, expected, mistakes=wrong, what=what, atol=1e-4)
    pairs = zip(texts, [label for label, _ in got], labels, p.tolist(), strict=True)
    text, mine, yours, chance = next(((t, r, g, c) for t, g, r, c in pairs if g != r), ("", "", "", 0))
    assert text == mine == yours == "", (
        f"The probabilities are right, the labels are not: the logit is above 0 just where the probability is above "
        f"0.5.\n{text!r} is positive with probability {chance:.3f}, so the label is {mine!r}, but yours is {yours!r}."
    )


@points(2)
def test_label_and_probability(student):
    """A text at a time: the label, and the probability of this label."""
    model, right = built(student)
    for text in TEXTS:
        assert_right(student, model, right, [text], f", {text!r},")


@points(2)
def test_many(student):
    """Many texts at once: in their order, and each as if it were alone."""
    model, right = built(student)
    texts = [*TEXTS, "Good.", "The film was " + "not " * 20 + "bad.", "Bad plot!"]
    alone = [predicted(student, model, [text])[0] for text in texts]
    together = predicted(student, model, texts)
    same = all(abs(a[1] - b[1]) < 1e-4 and a[0] == b[0] for a, b in zip(alone, together, strict=True))
    moved = not same and sorted(round(p, 4) for _, p in alone) == sorted(round(p, 4) for _, p in together)
    if not same and not moved:
        i = next(i for i, (a, b) in enumerate(zip(alone, together, strict=True)) if abs(a[1] - b[1]) >= 1e-4)
        raise AssertionError(
            "A text's answer depends on the other texts of the call: the padding has been read. lengths are the true "
            "numbers of ids, before padding.\n"
            f"{texts[i]!r} has probability {alone[i][1]:.3f} alone, and {together[i][1]:.3f} beside longer texts."
        )
    assert_right(student, model, right, texts)


@points(2)
@pytest.mark.parametrize("texts", [["", "Good!"], ["Bad.", "   ", "Good film.", "\n"], [""], []])
def test_empty(student, texts):
    """Empty texts are read as one unknown word, and keep their place; no texts give no answers."""
    model, right = built(student)
    try:
        assert_right(student, model, right, texts, f", {texts},")
    except LearnerError as error:
        remedy = "A text may have no tokens: read it as a single unknown one, [1]. And of no texts make no batch."
        raise AssertionError(f"{remedy}\n{error}") from None


@points(1)
@pytest.mark.parametrize("texts", [["Sublime", "...", "?!"], ["good!", "good !", "GOOD!"], ["😭😭 #TheBypass", "Bad."]])
def test_unknown(student, texts):
    """Unknown words, nothing but punctuation, capitals, emoji."""
    model, right = built(student)
    try:
        assert_right(student, model, right, texts, f", {texts},")
    except LearnerError as error:
        if "KeyError" not in error.raised:
            raise
        remedy = "A token that is not in the vocabulary stops your function: vocabulary.get(token, 1) is <unk>."
        raise AssertionError(f"{remedy}\n{error}") from None


@points(2)
@pytest.mark.parametrize("mode", [True, False])
def test_mode(student, mode):
    """The model answers in evaluation mode and without gradients, and is afterwards in the mode that it was in."""
    model, right = built(student)
    model.train(mode)
    name = "training" if mode else "evaluation"
    first, second = (predicted(student, model, TEXTS) for _ in range(2))
    assert first == second, (
        "Two calls disagree: the model was in training mode, and its dropout is still on. Call model.eval() first."
    )
    assert_right(student, model, right, TEXTS, f" of a model in {name} mode")
    assert model.gradients is False, (
        "The model was called with gradients on, which keeps every state in memory for a backward pass that never "
        "comes: call it within torch.no_grad()."
    )
    after = "training" if model.training else "evaluation"
    assert model.training is mode, (
        f"The model was in {name} mode, and after predict_sentiment it is in {after} mode. Note model.training before "
        "you call eval(), and restore it by model.train(...): else the rest of a training goes on without dropout."
    )


@points(1)
def test_single_string(student):
    """A single string in place of a list is refused: its characters are no texts."""
    model, _ = built(student)
    what = 'predict_sentiment(model, vocabulary, "Good film.")'
    assert_raises(lambda: student.predict_sentiment(model, VOCABULARY, "Good film."), "TypeError", what=what)
