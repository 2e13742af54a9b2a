"""Exercise `date-converter`: an encoder and decoder with attention that writes dates exactly, of days it never saw."""

import datetime
import random
from collections import Counter
from functools import cache

from rnnbook.data.dates import FIRST, LAST, write
from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="date-converter",
    chapter="10_seq2seq",
    place=6,
    title="Mini project: a date converter",
    defines=("train_converter",),
    hints=(
        "Make it run from end to end first, on a few pairs: ids of the characters, encoder, decoder, a few steps, and "
        "convert. Only then look at `exact`. Write down the shapes of source (B, S), target (B, T), keys, queries.",
        "An alphabet for each side, from the training pairs alone; an unknown character is 1. Encoder: a two-way GRU "
        "on packed sources, whose outputs are the keys. Decoder: a GRU from a state made of the encoder's last ones; "
        "its outputs are the queries. A linear layer and tanh on context and output together, then the logits. If "
        "little is exact, look at the loss first: it should come below 0.05.",
        "This is enough: embeddings of 16, hidden size 48 (24 in each direction of the encoder), general attention, "
        "6 epochs of batches of 40, Adam under OneCycleLR up to 1.5e-2, gradients clipped to the norm 1. "
        "teacher_batch, sequence_loss, attend and greedy_decode from above do the rest: step(tokens, state) calls the "
        "network with tokens[:, None] and gives logits[:, 0]. Give greedy_decode max_length=12.",
    ),
    time_limit=60,
    forbidden=(
        "rnnbook.models",
        "rnnbook.decode",
        "rnnbook.attention",
        "rnnbook.recipes",
        "rnnbook.data.dates",
        "datetime",
        "dateutil",
        "time.strptime",
    ),
)
FORMATS = (
    ("English", "{d} {mon} {y}"),
    ("English", "{mon} {d}, {y}"),
    ("numbers", "{d}.{m}.{y}"),
)
ENOUGH = 0.9
HARDLY = 0.3  # no more than this without attention
FEW = 24  # enough where it does not matter how well it does
Pairs = tuple[list[str], list[str]]


@cache
def dates(size: int, others: int = 60) -> tuple[Pairs, Pairs]:
    """Pairs to train on, and others, all of different days."""
    rng = random.Random(1)
    days = [FIRST + datetime.timedelta(n) for n in rng.sample(range((LAST - FIRST).days + 1), size + others)]
    texts, targets = [write(day, *rng.choice(FORMATS)) for day in days], [day.isoformat() for day in days]
    return tuple((texts[part], targets[part]) for part in (slice(size), slice(size, None)))


def trained(student, training: Pairs, held_out: Pairs, seed: int = 0) -> tuple:
    """The learner's `convert` and `exact`, which have been checked for their form."""
    try:
        got = student.train_converter(training, held_out, seed)
    except LearnerError as error:
        if "KeyError" not in error.raised:
            raise
        remedy = "The held-out texts may have characters that the others lack: read these as <unk>, 1."
        raise AssertionError(f"{remedy}\n{error}") from None
    pair = isinstance(got, tuple | list) and len(got) == 2
    assert pair, f"train_converter should return convert and exact, two things, but it returned {describe(got)}."
    convert, exact = got
    assert not isinstance(convert, float | int), "train_converter should return convert first, then exact."
    number = isinstance(exact, float | int) and not isinstance(exact, bool)
    assert number, f"exact should be a Python number, but it is {describe(exact)}."
    assert 0 <= exact <= 1, f"exact is a share, from 0 to 1, but it is {exact:.4g}."
    return convert, exact


def answers(convert, texts: list[str]) -> list[str]:
    """What the learner's `convert` says, checked to be a string for each text."""
    got = convert(texts)
    assert isinstance(got, list | tuple), f"convert should return a list of strings, but it returned {describe(got)}."
    assert len(got) == len(texts), (
        f"convert should give a string for each text. It was given {len(texts)} texts and gave {len(got)}."
    )
    strange = [answer for answer in got if not isinstance(answer, str)]
    assert not strange, f"An answer should be a string, but one is {describe(strange[0])}: join the characters."
    return list(got)


@points(4)
def test_any_text(student):
    """Each text gets a string: dates, an empty text, unknown characters, a long text, no text at all."""
    training, held_out = dates(FEW)
    convert, _ = trained(student, training, held_out)
    for texts in (held_out[0][:9], ["", "7 Mar 1984"], ["   "], ["Älpüß 🎂", "٣"], ["7 Mar 1984 " * 9, "1.2.1934"], []):
        try:
            answers(convert, texts)
        except LearnerError as error:
            remedy = "A text may be empty, and its characters unknown: read what has no characters as one unknown one."
            raise AssertionError(f"convert({texts}) stops. {remedy}\n{error}") from None


@points(3)
def test_neighbours(student):
    """A text has the same answer alone, beside longer ones, and in another order; two calls agree."""
    training, held_out = dates(FEW)
    convert, _ = trained(student, training, held_out)
    texts = [*held_out[0][:16], " ".join(held_out[0][:4])]
    first, second = answers(convert, texts), answers(convert, texts)
    assert first == second, "Two calls of convert disagree: dropout is still on. Call .eval() on the network."
    backwards, alone = answers(convert, texts[::-1])[::-1], [answers(convert, [text])[0] for text in texts]
    assert sorted(backwards) != sorted(first) or backwards == first, (
        "The answers do not come in the order of the texts: when you sort by length, put the answers back."
    )
    assert first == backwards == alone, (
        "A text's answer depends on the other texts of the call: the padding has been read. Pack the sources, or take "
        "the states at their last valid step, and mask the padding in the attention."
    )


@points(2)
def test_seed(student):
    """Training twice with one seed gives the same convert and the same share."""
    training, held_out = dates(FEW)
    (one, exact), (other, again) = (trained(student, training, held_out, seed=7) for _ in range(2))
    same = answers(one, held_out[0]) == answers(other, held_out[0]) and exact == again
    assert same, (
        "Two trainings with seed 7 differ: call torch.manual_seed(seed) before you make the network, and let the "
        "shuffling come from the seed too."
    )


@points(3)
def test_held_out_untouched(student):
    """The held-out pairs are measured on, and change nothing in the network."""
    training, held_out = dates(FEW)
    others = ["#" + text for text in held_out[0]], ["1111-11-11"] * len(held_out[0])
    (one, _), (other, _) = trained(student, training, held_out), trained(student, training, others)
    assert answers(one, held_out[0]) == answers(other, held_out[0]), (
        "With the same training pairs and the same seed, but other held-out pairs, your converter answers in another "
        "way: the held-out pairs have been trained on. Neither the network nor its alphabet may see them before they "
        "are measured on; make the alphabets from the training pairs alone."
    )


def shares(mine: list[str], targets: list[str]) -> str:
    """How often year, month and day are right, in a sentence, with examples of what is wrong."""
    parts = {"year": slice(0, 4), "month": slice(5, 7), "day": slice(8, 10)}
    right = {
        name: sum(a[part] == b[part] for a, b in zip(mine, targets, strict=True)) / len(targets)
        for name, part in parts.items()
    }
    wrong = [(a, b) for a, b in zip(mine, targets, strict=True) if a != b][:3]
    shown = ", ".join(f"{a!r} for {b}" for a, b in wrong)
    return f"Right are {', '.join(f'{share:.0%} of the {name}s' for name, share in right.items())}. Wrong: {shown}."


@points(8)
def test_new_days(student):
    """After a real training, dates of new days are right in every character, and exact says how many."""
    training, (texts, targets) = dates(1000, 200)
    convert, exact = trained(student, training, (texts, targets))
    mine = answers(convert, texts)
    share = sum(a == b for a, b in zip(mine, targets, strict=True)) / len(targets)
    result = f"Exact: {share:.1%} of {len(texts)}, and at least {ENOUGH:.0%} is asked for. {shares(mine, targets)}"
    tails = sum(answer[:10] == target and answer != target for answer, target in zip(mine, targets, strict=True))
    assert tails < len(targets) / 2, (
        f"The dates are right, but something stands behind them: cut each answer off at its end, the symbol 3. {result}"
    )
    stuck = sum(max(Counter(answer[2:12]).values(), default=10) >= 8 for answer in mine) / len(mine)
    assert stuck < 0.5, (
        "Most of your answers repeat one character. In training the decoder seems to read the very symbol that it must "
        f"predict, and has learned to copy it: shift its inputs by one. {result}"
    )
    assert abs(exact - share) < 1e-6, (
        f"exact is {exact:.1%}, but convert turns {share:.1%} of the held-out sources into exactly their targets. "
        "Measure with convert itself: whole strings, not characters, and a decoder that reads what it has written."
    )
    remedy = (
        "Your network has hardly begun to be exact. Can its decoder look back at the source, by attention? Without it, "
        "a whole date has to pass through one vector."
        if share < HARDLY
        else "Your network has not learned enough: more epochs, smaller batches, a larger learning rate that falls in "
        "the end; and gradients clipped, so that it does not jump."
    )
    assert share >= ENOUGH, f"{remedy} {result}"
