"""Exercise `review-project`: a classifier of sentiment that reads in order, with an honest report of how good it is."""

import random
import re
from functools import cache

from rnnbook.data.review_language import WORDS, skeletons
from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="review-project",
    chapter="08_sentiment",
    place=7,
    title="Mini project: a classifier with its report",
    defines=("train_sentiment",),
    hints=(
        "Make it run from end to end first: words, vocabulary, a network, a few epochs, predict. Only then split off "
        "the texts for the report, and only then turn the screws. predict is a function inside train_sentiment: it "
        "sees the network and the vocabulary by itself.",
        "rnnbook.data has Reviews(texts, labels).split(seed): it keeps a fifth apart. Vocabulary, network and "
        "baseline see the other four fifths only. If the network does no better than a bag of words, it has not yet "
        "learned what `but` does: a larger learning rate, smaller batches or more epochs, and take the last state.",
        "words, Vocabulary.from_tokens and Ragged.of from rnnbook.text; SequenceClassifier(len(vocabulary), 1, "
        'embedding_size=16, hidden_size=24, cell="gru") after torch.manual_seed(seed); fit(..., '
        "F.binary_cross_entropy_with_logits, epochs=8, batch_size=16, learning_rate=2e-2, warm_up=0.3, seed=seed) and "
        "predict(...) > 0 from rnnbook.train. Baseline: CountVectorizer and LogisticRegression. An empty text is [1].",
    ),
    time_limit=30,
    forbidden=("rnnbook.data.review_language", "rnnbook.data.load_tweets", "rnnbook.data.tweets"),  # tested with these
)
# Reviews such as "The plot was dull, but the acting was lovely." In four of the six templates both labels have the same
# words, and a model that ignores their order can only guess: it gets 4/6 · 1/2 + 2/6 = 2/3 right.
KIND = "contrast"
BAG = 2 / 3
ENOUGH = 0.85
PAIRS = 0.8
FEW = 40  # enough where it does not matter how well the model does
HONEST = 0.8  # of a fifth of the coin-tossed texts, that is 40, nobody gets more right but by knowing them
Rows = tuple[list[str], list[int]]


@cache
def templates() -> list[tuple[str, str]]:
    """The verdicts alone, that praise, and their opposites."""
    positive, negative = (skeletons([KIND], label) for label in (1, 0))
    pairs = dict(zip(positive, negative, strict=True))
    return [pair for pair in pairs.items() if pair[0].count(".") == 1 and "{place}" not in pair[0]]


def filled(template: str, words: dict[str, list[str]]) -> str:
    """A review: a word for each slot, in order."""
    left = {slot: iter(choice) for slot, choice in words.items()}
    return re.sub(r"\{(\w+)\}", lambda slot: next(left[slot[1]]), template)


def drawn(rng: random.Random) -> dict[str, list[str]]:
    """Words for the slots of a template, in random order."""
    return {slot: rng.sample(words, len(words)) for slot, words in WORDS.items()}


@cache
def reviews(size: int) -> tuple[Rows, Rows]:
    """Reviews to train on, and 200 others, half of them positive, all different."""
    rng, seen = random.Random(1), {}
    while len(seen) < size + 200:
        label = len(seen) % 2
        seen.setdefault(filled(rng.choice(templates())[1 - label], drawn(rng)), label)
    texts = [*seen]
    return tuple((part, [seen[text] for text in part]) for part in (texts[:size], texts[size:]))


def minimal_pairs() -> list[tuple[str, str]]:
    """Positive reviews and, with the same words in another order, negative ones."""
    rng, pairs = random.Random(2), []
    for positive, negative in templates():
        if sorted(re.findall(r"\{\w+\}", positive)) == sorted(re.findall(r"\{\w+\}", negative)):
            words = [drawn(rng) for _ in range(10)]
            pairs += [(filled(positive, choice), filled(negative, choice)) for choice in words]
    return pairs


def tossed() -> Rows:
    """Texts of made-up words with labels by coin: nothing can be learned from them but they themselves."""
    rng = random.Random(3)
    made_up = ["".join(rng.choices("bdfgklmnprst", k=2)) + rng.choice("aeiou") + rng.choice("lnrs") for _ in range(400)]
    return [" ".join(rng.sample(made_up, 8)) for _ in range(200)], [rng.randrange(2) for _ in range(200)]


def trained(student, rows: Rows, seed: int = 0) -> tuple:
    """The learner's `predict` and entry, which have been checked for their form."""
    try:
        got = student.train_sentiment(*rows, seed)
    except LearnerError as error:
        if "KeyError" not in error.raised:
            raise
        remedy = "The texts that you kept apart have words which the others lack: read these as <unk>."
        raise AssertionError(f"{remedy}\n{error}") from None
    pair = isinstance(got, tuple | list) and len(got) == 2
    assert pair, f"train_sentiment should return predict and entry, two things, but it returned {describe(got)}."
    predict, entry = got
    assert not isinstance(predict, dict), "train_sentiment should return predict first, then the entry."
    assert isinstance(entry, dict), f"entry should be a dict, but it is {describe(entry)}."
    wish = {"name": str, "accuracy": float, "baseline": float, "seconds": float}
    assert entry.keys() == wish.keys(), f"entry should have the keys {sorted(wish)}, but it has {sorted(entry)}."
    for key, kind in wish.items():
        right = isinstance(entry[key], kind) or (kind is float and type(entry[key]) is int)
        assert right, f"entry[{key!r}] should be {kind.__name__}, but it is {describe(entry[key])}."
    for key in ("accuracy", "baseline"):
        assert 0 <= entry[key] <= 1, f"entry[{key!r}] should be between 0 and 1, but it is {entry[key]:.4g}."
    assert entry["seconds"] > 0, "entry['seconds'] should be the time of the training, above 0: time.perf_counter()."
    assert entry["name"].strip(), "entry['name'] should say what your model is, in a few words."
    return predict, entry


def labels_of(predict, texts: list[str]) -> list[int]:
    """What the learner's `predict` says, checked to be a 0 or 1 for each text."""
    got = predict(texts)
    assert isinstance(got, list), f"predict should return a list of labels, but it returned {describe(got)}."
    assert len(got) == len(texts), (
        f"predict should give a label for each text. It was given {len(texts)} texts and gave {len(got)} labels: an "
        "empty text gets one too."
    )
    strange = [label for label in got if type(label) is not int or label not in (0, 1)]
    assert not strange, f"A label is the number 1 or 0, but predict gave {strange[0]!r}."
    return got


@points(2)
def test_form(student):
    """train_sentiment returns predict and an entry, and predict gives a 0 or 1 for each text."""
    training, held_out = reviews(FEW)
    predict, _ = trained(student, training)
    labels_of(predict, held_out[0][:9])


@points(3)
def test_any_text(student):
    """Empty texts, unknown words, messages with emoji, no text at all: each gets its label."""
    predict, _ = trained(student, reviews(FEW)[0])
    for texts in (["", "The plot was dull."], ["   "], ["Qwxyz!", "😭😭 #TheLastFerry", "@you lol 10/10"], []):
        try:
            labels_of(predict, texts)
        except LearnerError as error:
            remedy = "A text may be empty, and its words unknown: read what has no tokens as one unknown word."
            raise AssertionError(f"predict({texts}) stops. {remedy}\n{error}") from None


@points(2)
def test_neighbours(student):
    """A text has the same label alone, beside longer ones, and in another order; two calls agree."""
    training, (texts, _) = reviews(FEW)
    predict, _ = trained(student, training)
    texts = [*texts[:20], " ".join(texts[:6])]
    first, second = labels_of(predict, texts), labels_of(predict, texts)
    assert first == second, "Two calls of predict disagree: dropout is still on. Call .eval() on the network."
    backwards = labels_of(predict, texts[::-1])[::-1]
    alone = [label for text in texts for label in labels_of(predict, [text])]
    assert sorted(backwards) != sorted(first) or backwards == first, (
        "The labels do not come in the order of the texts: when you sort by length, put the answers back."
    )
    assert first == backwards == alone, (
        "A text's label depends on the other texts of the call: the network reads the padding. Give it the lengths."
    )


@points(2)
def test_seed(student):
    """Training twice with one seed gives the same predict and the same entry, but for the seconds."""
    training, (texts, _) = reviews(FEW)
    (one, entry), (other, again) = (trained(student, training, seed=7) for _ in range(2))
    same = labels_of(one, texts) == labels_of(other, texts) and entry["accuracy"] == again["accuracy"]
    assert same, (
        "Two trainings with seed 7 differ: call torch.manual_seed(seed) before you make the network, and let the split "
        "and the shuffling come from the seed too."
    )
    assert entry["baseline"] == again["baseline"], "Two trainings with seed 7 have different baselines."


@points(3)
def test_honest_report(student):
    """Where labels are a toss of a coin, accuracy and baseline are near one half."""
    _, entry = trained(student, tossed())
    for key, who in (("accuracy", "your network"), ("baseline", "your bag of words")):
        assert entry[key] < HONEST, (
            f"These labels were tossed by a coin, but entry[{key!r}] is {entry[key]:.0%}: {who} is asked about texts "
            "that it was trained on. Split a fifth of the texts off first, and let nothing see them before the report."
        )


def measured(student) -> tuple[float, float, list[int], dict, str]:
    """After a real training: the share right on new reviews, the share of pairs with both right, the labels of the
    pairs, the entry, and all of it in a sentence."""
    training, (texts, right) = reviews(320)
    predict, entry = trained(student, training)
    mine = labels_of(predict, texts)
    accuracy = sum(a == b for a, b in zip(mine, right, strict=True)) / len(texts)
    answers = labels_of(predict, [text for pair in minimal_pairs() for text in pair])
    pairs = [answers[i : i + 2] for i in range(0, len(answers), 2)]
    solved = sum(pair == [1, 0] for pair in pairs) / len(pairs)
    result = (
        f"Right on {len(texts)} new reviews: {accuracy:.1%}; the best bag of words has {BAG:.1%}, and at least "
        f"{ENOUGH:.0%} is asked for. Both of a minimal pair right: {solved:.0%} of {len(pairs)} pairs."
    )
    assert len({*mine}) > 1, (
        f"predict says {mine[0]} to every review. Does the loss fall from epoch to epoch? Is the logit compared with "
        f"0, or the probability with 0.5? {result}"
    )
    assert accuracy > 1 - ENOUGH, f"Your labels are the wrong way round: 1 is positive. {result}"
    return accuracy, solved, answers, entry, result


@points(4)
def test_new_reviews(student):
    """On new reviews better than any bag of words, and as good as the entry says."""
    accuracy, _, _, entry, result = measured(student)
    assert accuracy >= ENOUGH, (
        "Your model has not learned enough. If it is a network that reads in order: more epochs, smaller batches, a "
        f"larger learning rate; and gradients clipped, so that it does not jump. {result}"
    )
    assert abs(entry["accuracy"] - accuracy) < 0.15, (
        f"entry['accuracy'] is {entry['accuracy']:.1%}, but new reviews say otherwise: report the share of right "
        f"labels among the texts that you kept apart. {result}"
    )
    assert entry["baseline"] < ENOUGH, (
        f"entry['baseline'] is {entry['baseline']:.1%}, which no bag of words can have on new reviews: fit it on the "
        f"training part alone, and ask it about the part that you kept apart. {result}"
    )


@points(4)
def test_order_matters(student):
    """Of two reviews with the same words in another order, one praises and one does not."""
    _, solved, answers, _, result = measured(student)
    alike = sum(a == b for a, b in zip(answers[::2], answers[1::2], strict=True)) * 2 / len(answers)
    assert alike < 0.9, (
        f"Order does not matter to your model: it gives {alike:.0%} of the pairs one and the same label. Such a pair "
        f"is {minimal_pairs()[0][0]!r} and {minimal_pairs()[0][1]!r} Let a recurrent network read the words, and take "
        f"its state after the last one. {result}"
    )
    assert solved >= PAIRS, f"Your model answers by the words more than by their order: train it longer. {result}"
