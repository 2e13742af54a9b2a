"""Exercise `names-classifier`: a recurrent network that beats a bag of letters at the language of a surname."""

import random
from collections import Counter

from scipy.optimize import linear_sum_assignment
from sklearn.metrics import confusion_matrix

from rnnbook.data import load_names
from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.errors import LearnerError
from rnnbook.recipes.names import bag_of_characters

EXERCISE = Exercise(
    id="names-classifier",
    chapter="02_rnn",
    place=7,
    title="Which language does a surname come from?",
    defines=("train_classifier", "predict"),
    hints=(
        "predict needs more than the network: also the vocabulary and the list of classes that were used in training. "
        "Return all three together. Class i must mean the same language in both functions.",
        "rnnbook.text.pad makes one batch of the names. Hand its lengths on to the model: SequenceClassifier packs the "
        "batch; a network of your own takes the states at lengths - 1. In predict, call .eval() first.",
        'Vocabulary.from_text("".join(names), specials=("<pad>", "<unk>")), torch.manual_seed(seed), '
        'SequenceClassifier(len(vocabulary), len(classes), cell="gru"), then fit(network, [ids, lengths, targets], '
        "epochs=10, batch_size=32, learning_rate=3e-3, seed=seed). In predict, argmax(dim=-1) over the logits.",
    ),
    time_limit=30,
    forbidden=("rnnbook.data.load_names", "rnnbook.data.names"),  # the held-out answers stand there too
)
# Names and their mirror images have the same letters: who counts them can only guess between the two. A network learns
# from 240 of them, in a fraction of a second, how names begin and end.
SPOKEN = ["Italian", "Russian"]
LANGUAGES = [*SPOKEN, *(f"{language} backwards" for language in SPOKEN)]
MARGIN = 0.1
FEW = 32  # enough where it does not matter how well the network does
Rows = tuple[list[str], list[str]]


def data(size: int | None = None) -> tuple[Rows, Rows]:
    """Names and languages to train on, all or `size` of them, and held-out ones with the same letters, all shuffled."""
    sample, rng = load_names(), random.Random(1)
    training, held_out = [], []
    for language in SPOKEN:
        rows = zip(sample.names, sample.languages, strict=True)
        names = sorted({name.lower() for name, spoken in rows if spoken == language})
        rng.shuffle(names)
        for part, chosen in ((training, names[:60]), (held_out, names[60:130])):
            part += [(name, language) for name in chosen]
            part += [(name[::-1], f"{language} backwards") for name in chosen]
    rng.shuffle(training)
    rng.shuffle(held_out)
    training = training[:size]
    letters = {letter for name, _ in training for letter in name}
    known = [row for row in held_out if letters.issuperset(row[0])]
    return columns(training), columns(known)


def columns(rows: list[tuple[str, str]]) -> Rows:
    """Pairs as two lists."""
    names, languages = zip(*rows, strict=True)
    return list(names), list(languages)


def trained(student, seed: int = 0):
    """A model that was trained quickly, on few names; and held-out names."""
    (names, languages), (held_out, _) = data(FEW)
    return student.train_classifier(names, languages, seed), held_out


def languages_of(student, model, names: list[str]) -> list[str]:
    """What the learner's `predict` says, checked to be a list with a language for each name."""
    predicted = student.predict(model, names)
    strings = isinstance(predicted, list | tuple) and all(isinstance(language, str) for language in predicted)
    assert strings, f"predict should return a list of languages, each of them a string.\nIt gave {predicted!r:.60}"
    lengths = f"It was given {len(names)} names and gave {len(predicted)} languages."
    assert len(predicted) == len(names), f"predict should give a language for each name.\n{lengths}"
    strange = set(predicted) - set(LANGUAGES)
    assert not strange, f"predict should answer with languages of the training.\nIt gave {sorted(strange)}."
    return list(predicted)


def assert_repeatable(student, model, names: list[str]) -> None:
    """Checks that two calls of `predict` agree."""
    first, second = (languages_of(student, model, names) for _ in range(2))
    changed = sum(one != other for one, other in zip(first, second, strict=True))
    assert not changed, (
        "Two calls of predict disagree: dropout is still on. Call .eval() on the network before you predict.\n"
        f"The languages of {changed} of {len(names)} names changed."
    )


def assert_independent(student, model, names: list[str], got: list[str], right: list[str]) -> None:
    """Checks that `got` and `right` are equal: two answers for the names, which had other neighbours each time."""
    if got == right:
        return
    assert_repeatable(student, model, names)
    assert sorted(got) != sorted(right), (
        "The languages are right, but not in the order of the names: when you sort by length, put the answers back. "
        "pack_padded_sequence(..., enforce_sorted=False) does it for you."
    )
    name, one, other = next(row for row in zip(names, right, got, strict=True) if row[1] != row[2])
    raise AssertionError(
        "The language of a name depends on the other names of the call. Either your network reads the padding of the "
        "shorter names: pack the batch, or take each row's state at its own last letter. Or it runs along the batch "
        "instead of the letters: is batch_first=True missing?\n"
        f"{name!r} is {one} in one call and {other} in another."
    )


@points(1)
def test_form(student):
    """predict gives a list with one of the languages for each name."""
    languages_of(student, *trained(student))


@points(2)
def test_two_calls(student):
    """Two calls of predict agree."""
    assert_repeatable(student, *trained(student))


@points(2)
def test_order_of_names(student):
    """The predictions come in the order of the names."""
    model, names = trained(student)
    backwards = languages_of(student, model, names[::-1])[::-1]
    assert_independent(student, model, names, backwards, languages_of(student, model, names))


@points(2)
def test_neighbours(student):
    """A name gets the same language alone and beside a very long one."""
    model, names = trained(student)
    names = [*names[:30], "".join(names[:8])]
    alone = [language for name in names for language in languages_of(student, model, [name])]
    assert_independent(student, model, names, languages_of(student, model, names), alone)


@points(1)
def test_unknown_letters(student):
    """A name with letters that were not in training gets a language too."""
    model, names = trained(student)
    languages_of(student, model, names)
    try:
        languages_of(student, model, ["Ωmega", "Łącz", "王"])
    except LearnerError as error:
        remedy = "predict stops at letters that it has never met: give them all one id, that of <unk>."
        raise AssertionError(f"{remedy}\n{error}") from None


@points(2)
def test_seed(student):
    """Training twice with one seed gives the same model."""
    first, second = (languages_of(student, *trained(student, seed=7)) for _ in range(2))
    assert first == second, (
        "Two trainings with seed 7 predict different languages: call torch.manual_seed(seed) before you make the "
        "network, and shuffle from the seed too."
    )


@points(5)
def test_beats_a_bag_of_letters(student):
    """More right answers than the commonest language and than a bag of letters, on held-out names."""
    training, (names, right) = data()
    bag = bag_of_characters().fit(*training).score(names, right)
    commonest = Counter(training[1]).most_common(1)[0][0]
    majority = right.count(commonest) / len(right)

    model = student.train_classifier(*training, 0)
    counts = confusion_matrix(right, languages_of(student, model, names), labels=LANGUAGES)
    accuracy = counts.trace() / counts.sum()
    renamed = counts[linear_sum_assignment(counts, maximize=True)].sum() / counts.sum()

    result = (
        f"Right answers on {len(names)} held-out names: yours {accuracy:.1%}, a bag of letters {bag:.1%}, "
        f"always {commonest} {majority:.1%}. At least {bag + MARGIN:.1%} is asked for."
    )
    assert renamed < max(accuracy + 0.1, 2 * majority), (
        "Your network tells the languages apart, but predict calls them by wrong names: number the classes once, in "
        "train_classifier, and give that list to predict. set(), sorted() and the order of first appearance differ. "
        f"{result}"
    )
    assert accuracy > majority + MARGIN, (
        "Your network has learnt nothing: does the loss fall from epoch to epoch? Does the optimizer hold this "
        f"network's parameters, and does step() follow backward()? {result}"
    )
    assert accuracy >= bag + MARGIN, (
        "Your network has learnt something, but counting the letters in any order does about as well, or better. Does "
        "it run along the letters (batch_first=True), and take the state after the last one, before the padding? Then "
        f"train for more epochs, or with a larger state or learning rate. {result}"
    )
