"""Exercise `names-split`: training and held-out names that have no name in common."""

from collections import Counter

import pytest

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_unchanged, unpack

EXERCISE = Exercise(
    id="names-split",
    chapter="02_rnn",
    place=5,
    title="A split that keeps every name on one side",
    defines=("split_names",),
    hints=(
        "Draw names, not rows: which distinct names are there, if upper and lower case count as the same? Choose some "
        "of them, then send each row to the side of its name.",
        "sorted({name.casefold() for name in names}) are the distinct names. A set alone has another order in every "
        "process, so sort it. random.Random(seed).shuffle(...) shuffles them; the first ones are held out.",
        "With the held-out names in a set, go through zip(names, languages) once, and append each pair to the side "
        "that `name.casefold() in chosen` tells. Training comes first in the result.",
    ),
    forbidden=("rnnbook.data.Names",),
)
LANGUAGES = ("Czech", "Dutch", "Greek")

Pairs = list[tuple[str, str]]


def given(syllables: str = "ba de fi go lu ma ne pi ro su ta vo") -> tuple[list[str], list[str]]:
    """Names in alphabetical order, language by language; many stand more than once, in one language or in several."""
    parts = syllables.split()
    distinct = [f"{a}{b}ß".capitalize() for a in parts for b in parts]
    pairs = []
    for place, language in enumerate(LANGUAGES):
        for i, name in enumerate(distinct):
            if i % 3 == place or i % 5 == 0:  # every fifth name is in all languages
                pairs += [(name, language)] * (1 + i % 2)  # every second name stands there twice
                pairs += [(name.upper(), language)] * (i % 4 == 0)  # every fourth in capitals too: "ß" becomes "SS"
    return [name for name, _ in pairs], [language for _, language in pairs]


def split(
    student, names: list[str], languages: list[str], held_out: float = 0.25, seed: int = 0
) -> tuple[Pairs, Pairs]:
    """The learner's two sides, training and held out, as pairs of name and language."""
    sides = unpack(student.split_names(names, languages, held_out, seed), "training", "held out")
    return tuple(_pairs(side, what) for side, what in zip(sides, ("training", "held-out"), strict=True))


def _pairs(side, what: str) -> Pairs:
    names, languages = unpack(side, f"{what} names", f"{what} languages")
    for kind, values in (("names", names), ("languages", languages)):
        strings = isinstance(values, list | tuple) and all(isinstance(value, str) for value in values)
        assert strings, f"The {what} {kind} should be a list of strings.\nThey are {values!r:.60}"
    assert len(names) == len(languages), (
        f"The {what} side has {len(names)} names but {len(languages)} languages: each name keeps its language."
    )
    return list(zip(names, languages, strict=True))


def distinct(pairs: Pairs) -> set[str]:
    return {name.casefold() for name, _ in pairs}


@points(2)
def test_every_pair_is_kept(student):
    """Every row, name and language together, is on one side, as often as it was given."""
    names, languages = given()
    training, held_out = split(student, names, languages)
    before, after = Counter(zip(names, languages, strict=True)), Counter(training + held_out)
    lost, new = before - after, after - before
    if not (lost or new):
        return
    count = f"{before.total()} rows were given, and both sides together have {after.total()}."
    if not set(names) & {name for name, _ in after}:
        remedy = f"Your names are not those given, {min(after)[0]!r} for one: compare casefolded, return the original."
    elif Counter(names) == Counter(name for name, _ in training + held_out):
        name, language = min(lost)
        remedy = f"Names and languages no longer go together: {name!r} had {language!r}. Move them as pairs."
    elif not lost:
        remedy = f"Some rows are in the result more often than they were given: {min(new)!r} for one."
    elif set(Counter(name for name, _ in training + held_out).values()) == {1}:
        remedy = "You kept each name once: one that stands several times, in several languages too, keeps all its rows."
    elif lost.keys() <= after.keys():
        remedy = "You dropped repeated rows: a name that stands twice stays twice, on the same side."
    else:
        remedy = f"Some rows are lost: {min(lost.keys() - after.keys())!r} for one."
    raise AssertionError(f"{remedy}\n{count}")


@points(3)
def test_no_name_on_both_sides(student):
    """No name is on both sides, not even in another language or in other case."""
    training, held_out = split(student, *given())
    both = distinct(training) & distinct(held_out)
    exact = {name for name, _ in training} & {name for name, _ in held_out}
    some = sorted(exact or both)[:3]
    assert not exact, (
        f"{len(exact)} names are on both sides, such as {', '.join(some)}: you divided the rows. "
        "Divide the distinct names, and let all rows of a name follow it."
    )
    assert not both, (
        f"{len(both)} names are on both sides in other case, such as {some[0]!r}. Compare names by name.casefold(); "
        "lower() is not enough, because it leaves ß apart from SS."
    )


@points(1)
@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.1])
def test_fraction(student, fraction):
    """About the fraction `held_out` of the distinct names is held out, and training comes first."""
    training, held_out = split(student, *given(), held_out=fraction)
    there, total = len(distinct(held_out)), len(distinct(training) | distinct(held_out))
    result = f"For held_out={fraction}, {there} of {total} distinct names are held out, which is {there / total:.2f}."
    swapped = abs(there / total - (1 - fraction)) < 0.1 < abs(1 - 2 * fraction)
    assert not swapped, f"You swapped the sides: training comes first.\n{result}"
    assert abs(there / total - fraction) < 0.1, f"The fraction is not right: it is of the distinct names.\n{result}"


@points(1)
def test_same_seed(student):
    """The same seed gives the same split, in another process too."""
    names, languages = given()
    first, second = (split(student, names, languages, seed=3) for _ in range(2))
    assert first == second, (
        "Two calls with seed=3 gave different splits: draw from a generator made from the seed, such as "
        "random.Random(seed), inside the function."
    )
    # Where strings collide in a set, the first to come stands first: other rows first, and a few names change places.
    held_out, other = distinct(first[1]), distinct(split(student, names[::-1], languages[::-1], seed=3)[1])
    assert held_out == other or len(held_out & other) < 0.6 * len(held_out), (
        "Your split depends on the order of a set of strings, which is another one in every process: sort the distinct "
        "names before you shuffle them."
    )


@points(2)
def test_another_seed(student):
    """Another seed gives another split, and the held-out names come from the whole alphabet."""
    names, languages = given()
    several = [distinct(split(student, names, languages, seed=seed)[1]) for seed in range(4)]
    count = len(several[0])
    alphabetical = sorted({name.casefold() for name in names})
    shuffle = "Shuffle the distinct names before you divide them."
    assert several[0] not in (set(alphabetical[:count]), set(alphabetical[-count:])), (
        f"The held-out names are the {'first' if alphabetical[0] in several[0] else 'last'} of the alphabet, so that "
        f"the two sides are not alike. {shuffle}"
    )
    assert any(other != several[0] for other in several), (
        f"The seeds 0, 1, 2 and 3 gave the same held-out names: the seed is not used. {shuffle}"
    )


@points(1)
def test_arguments_unchanged(student):
    """The lists that were given stay as they are."""
    split(student, *given("ka lo mi"))
    assert_unchanged(student, "names", "languages", "held_out", "seed")
