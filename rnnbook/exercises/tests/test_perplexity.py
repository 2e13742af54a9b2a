"""Exercise `perplexity`: nats, bits and perplexity of a stream, each as a mean over all its symbols."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged, unpack

EXERCISE = Exercise(
    id="perplexity",
    chapter="09_language_models",
    place=1,
    title="How well a text is predicted",
    defines=("stream_score",),
    hints=(
        "There is one mean, over all symbols of the stream. So keep two totals while you go through the batches: the "
        "sum of -ln p, and how many symbols it was summed over. Which symbols do not count?",
        "Divide once, after the loop. The other two numbers come from this one: nats / ln 2 are bits, and exp(nats) is "
        "the perplexity. For the sum in a batch F.cross_entropy has reduction='sum' and ignore_index, and it wants "
        "logits (B * T, V) and targets (B * T,).",
        "total += F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0, reduction='sum').item(); "
        "count += (targets != 0).sum().item(). Then nats = total / count; return nats, nats / math.log(2), "
        "math.exp(nats).",
    ),
    forbidden=("rnnbook.models", "rnnbook.train", "rnnbook.recipes"),
)
NAMES = ("nats", "bits", "perplexity")
LN2 = math.log(2)
Batch = tuple[Tensor, Tensor]
Score = tuple[float, float, float]


def stream(sizes: list[tuple[int, int]], V: int, padding: float = 0.0, scale: float = 2.0) -> list[Batch]:
    """Batches of these sizes (B, T), whose logits are the sharper the later they come."""
    batches = []
    for i, (B, T) in enumerate(sizes, 1):
        targets = torch.randint(1, V, (B, T)).masked_fill(torch.rand(B, T) < padding, 0)
        targets[0, 0] = 1
        batches.append((torch.randn(B, T, V, dtype=torch.float64) * scale * i, targets))
    return batches


def losses(batches: list[Batch], padding: bool = False) -> list[Tensor]:
    """-ln p of each batch's targets, (its number of targets,); with `padding` the padding's too."""
    each = [-logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0] for logits, targets in batches]
    if padding:
        return [loss.flatten() for loss in each]
    return [loss[targets != 0] for loss, (_, targets) in zip(each, batches, strict=True)]


def score(nats: Tensor) -> Score:
    """The three numbers of a mean."""
    value = nats.item()
    return value, value / LN2, math.exp(value)


def right(batches: list[Batch]) -> Score:
    """The answer: one mean over all symbols."""
    return score(torch.cat(losses(batches)).mean())


def perplexities_meant(batches: list[Batch]) -> Score:
    """The mean of the batches' perplexities, beside nats that are right."""
    nats, bits, _ = right(batches)
    return nats, bits, torch.stack([loss.mean().exp() for loss in losses(batches)]).mean().item()


def twice_softmaxed(batches: list[Batch]) -> Score:
    """Probabilities in place of logits."""
    return right([(logits.softmax(-1), targets) for logits, targets in batches])


def changed(place: int, change: Callable[[float], float]) -> Callable[[list[Batch]], Score]:
    """The right answer with one of its three numbers computed from the nats in another way."""

    def wrong(batches: list[Batch]) -> Score:
        numbers = list(right(batches))
        numbers[place] = change(numbers[0])
        return tuple(numbers)

    return wrong


MISTAKES = {
    "That is the mean of the batches' means, in which a short last batch weighs as much as a full one: add up -ln p "
    "over all batches, and divide once by the number of all symbols.": (
        lambda batches: score(torch.stack([loss.mean() for loss in losses(batches)]).mean())
    ),
    "The perplexity is the mean of the batches' perplexities. A few hard batches dominate it: take exp once, of the "
    "mean over all symbols.": perplexities_meant,
    "The padding was counted: a target of 0 stands for no symbol. Leave it out of the sum and of the count.": (
        lambda batches: score(torch.cat(losses(batches, padding=True)).mean())
    ),
    "The padding is in the count, though not in the sum: divide by the number of targets that are not 0.": (
        lambda batches: score(torch.cat(losses(batches)).sum() / sum(targets.numel() for _, targets in batches))
    ),
    "The padding is in the sum, though not in the count: leave out -ln p where the target is 0.": (
        lambda batches: score(torch.cat(losses(batches, padding=True)).sum() / len(torch.cat(losses(batches))))
    ),
    "You added up the whole stream without dividing: divide by the number of symbols.": (
        lambda batches: score(torch.cat(losses(batches)).sum())
    ),
    "You divided by the number of batches: divide by the number of symbols.": (
        lambda batches: score(torch.cat(losses(batches)).sum() / len(batches))
    ),
    "You divided by the number of rows: divide by the number of symbols.": (
        lambda batches: score(torch.cat(losses(batches)).sum() / sum(len(targets) for _, targets in batches))
    ),
    "Each batch's mean is weighted by its rows: weigh it by its symbols, or add up -ln p and divide once.": (
        lambda batches: score(
            sum(loss.mean() * len(targets) for loss, (_, targets) in zip(losses(batches), batches, strict=True))
            / sum(len(targets) for _, targets in batches)
        )
    ),
    "That is the last batch alone.": lambda batches: right(batches[-1:]),
    "That is the first batch alone: does `return` stand inside the loop?": lambda batches: right(batches[:1]),
    "The sign is wrong: -ln p is positive.": lambda batches: score(-torch.cat(losses(batches)).mean()),
    "The softmax was taken twice: F.cross_entropy wants logits, and does it by itself.": twice_softmaxed,
    "You multiplied the nats by ln 2: one bit is 0.69 nats, so that bits = nats / ln 2 are the larger number.": (
        changed(1, lambda nats: nats * LN2)
    ),
    "The bits are the nats: divide by ln 2.": changed(1, lambda nats: nats),
    "You took the logarithm of the nats: bits are nats / ln 2.": changed(1, lambda nats: math.log2(nats)),
    "You took exp of the bits: exp goes with nats. (2 to the power of the bits gives the same as exp of the nats.)": (
        changed(2, lambda nats: math.exp(nats / LN2))
    ),
    "You took 2 to the power of the nats: 2 goes with bits, exp with nats.": changed(2, lambda nats: 2**nats),
    "The perplexity is missing its exp: it is exp(nats).": changed(2, lambda nats: nats),
    "The perplexity is exp(+nats), not exp(-nats): that is the mean probability, about its inverse.": (
        changed(2, lambda nats: math.exp(-nats))
    ),
}


def assert_right(student, batches: list[Batch], note: str) -> None:
    """Checks the three numbers."""
    got, expected = unpack(student.stream_score(batches), *NAMES), right(batches)
    sizes = [tuple(targets.shape) for _, targets in batches]
    for name, value, correct in zip(NAMES, got, expected, strict=True):  # types first: all three are compared below
        if type(value) not in (int, float):
            assert_equal_arrays(value, correct, what=name)
    guess = None
    if not all(map(close, got, expected)):
        guesses = (sentence for sentence, wrong in MISTAKES.items() if gives(wrong, batches, got, expected))
        guess = next(guesses, None)
    for name, value, correct in zip(NAMES, got, expected, strict=True):
        wrong = {guess: value} if guess else None
        assert_equal_arrays(value, correct, mistakes=wrong, what=f"{name} of batches of {sizes}{note}")


def gives(wrong: Callable[[list[Batch]], Score], batches: list[Batch], got: tuple, expected: Score) -> bool:
    """Whether this mistake gives what the learner's code gave, and something that is not right."""
    try:
        values = wrong(batches)
    except (OverflowError, ValueError):  # exp of a large number, logarithm of a negative one
        return False
    return all(map(close, got, values)) and not all(map(close, values, expected))


def close(a: float, b: float) -> bool:
    """Whether two numbers are equal but for rounding."""
    return math.isclose(a, b, rel_tol=1e-8, abs_tol=1e-8)


@points(2)
@pytest.mark.parametrize(("B", "T", "V"), [(3, 3, 3), (2, 5, 4), (1, 1, 6)])
def test_one_batch(student, B, T, V):
    """One batch: -ln p per symbol, in bits, and as perplexity."""
    assert_right(student, stream([(B, T)], V), "")


@points(2)
@pytest.mark.parametrize("sizes", [[(2, 4), (2, 1)], [(3, 5), (3, 5), (3, 2)], [(1, 2), (4, 3)]])
def test_several_batches(student, sizes):
    """Several batches of different sizes: each symbol weighs the same."""
    assert_right(student, stream(sizes, 5), "")


@points(2)
@pytest.mark.parametrize("sizes", [[(3, 6)], [(3, 4), (2, 6)]])
def test_padding(student, sizes):
    """Targets that are 0 are padding, and count nowhere; also where a batch holds nothing else."""
    batches = stream(sizes, 5, padding=0.4)
    assert_right(student, batches, ", some of it padding")
    logits, targets = batches[0]
    nothing = logits, torch.zeros_like(targets)
    assert_right(student, [*batches, nothing], ", the last one all padding (its mean would be NaN)")


@points(1)
def test_large_logits(student):
    """Logits in the hundreds: no NaN, no infinity."""
    logits = torch.tensor([[[0.0, 900.0, 898.0], [-900.0, -901.0, -899.0]]], dtype=torch.float64)
    assert_right(student, [(logits, torch.tensor([[2, 1]]))], ", with logits in the hundreds")


@points(1)
def test_arguments_unchanged(student):
    """The batches stay as they are."""
    student.stream_score(stream([(2, 3), (2, 2)], 4))
    assert_unchanged(student, "batches")
