"""Exercise `nucleus-sampling`: temperature, top-k and top-p, in this order, each leaving a distribution."""

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged

EXERCISE = Exercise(
    id="nucleus-sampling",
    chapter="09_language_models",
    place=4,
    title="What the next character is drawn from",
    defines=("next_probabilities",),
    hints=(
        "Three steps, one after the other, and each hands probabilities that sum to 1 to the next. Treat temperature 0 "
        "before you divide by it.",
        "Both cuts want the symbols by rank: ranked, order = p.sort(dim=-1, descending=True, stable=True). For the cut "
        "to k, ranked[..., k:] = 0. For the cut to p, a symbol stays while the mass of those before it is below p. "
        "How do you get from the ranks back to the symbols?",
        "before = ranked.cumsum(-1) - ranked; ranked = ranked.masked_fill(before >= top_p, 0). The first rank stays "
        "for every p. Then p = torch.zeros_like(ranked).scatter(-1, order, ranked), and p / p.sum(-1, keepdim=True). "
        "At temperature 0: F.one_hot(logits.argmax(-1), V).",
    ),
    forbidden=("rnnbook.decode", "rnnbook.models", "rnnbook.recipes", "torch.distributions"),
)


def right(logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None) -> Tensor:
    """The answer, symbol by symbol."""
    rows = []
    for row in logits:
        V = len(row)
        ranks = sorted(range(V), key=lambda i: (-row[i].item(), i))
        if temperature == 0:
            kept, p = ranks[:1], torch.ones(V, dtype=row.dtype)
        else:
            p = (row / temperature).softmax(0)
            kept = ranks[:top_k]
            if top_p is not None:
                mass, total, nucleus = 0.0, p[kept].sum().item(), []
                for i in kept:
                    if nucleus and mass >= top_p:
                        break
                    nucleus.append(i)
                    mass += p[i].item() / total
                kept = nucleus
        result = torch.zeros_like(row)
        result[kept] = p[kept] / p[kept].sum()
        rows.append(result)
    return torch.stack(rows)


def other(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    *,
    heat: str = "divide",
    crossing: bool = True,
    renormalise: str = "each",
    order: str = "kp",
    undo: bool = True,
    rest: float = 0.0,
    threshold: bool = False,
    ascending: bool = False,
    leave: str = "kp",
) -> Tensor:
    """The answer with one thing done in another way.

    Args:
        logits, temperature, top_k, top_p: as the learner's function takes them.
        heat: "divide" by the temperature, "multiply", "none", "probabilities" divided by it, or "after" the cuts.
        crossing: whether the symbol that crosses p stays.
        renormalise: after "each" cut, at the "end", or "never".
        order: of the two cuts.
        undo: whether the result is put back into the order of the symbols.
        rest: what stands in place of a probability that was cut.
        threshold: whether the cut to k keeps whatever equals the k-th probability.
        ascending: whether the least probable symbols are kept.
        leave: which cuts are made at all.
    """
    factor = {"divide": 1 / (temperature or 1e-9), "multiply": temperature}.get(heat, 1.0)
    p = (logits * factor).softmax(-1)
    if heat == "probabilities":
        p = p / temperature
    for cut in order:
        if cut not in leave or (top_k if cut == "k" else top_p) is None:
            continue
        ranked, at = p.sort(dim=-1, descending=not ascending, stable=True)
        if cut == "k" and threshold:
            gone = ranked < ranked[..., : top_k or 1][..., -1:]
        elif cut == "k":
            gone = (torch.arange(p.shape[-1]) >= top_k).expand_as(ranked)
        else:
            gone = (ranked.cumsum(-1) - ranked >= top_p) if crossing else (ranked.cumsum(-1) > top_p)
            gone = gone & (torch.arange(p.shape[-1]) > 0)
        ranked = ranked.masked_fill(gone, rest)
        p = torch.zeros_like(ranked).scatter(-1, at, ranked) if undo else ranked
        if renormalise == "each":
            p = p / p.sum(-1, keepdim=True)
    if heat == "after":
        p = p ** (1 / temperature)
        p = p / p.sum(-1, keepdim=True)
    return p / p.sum(-1, keepdim=True) if renormalise == "end" else p


FAULTS = {
    "You multiplied by the temperature: the logits are divided by it.": {"heat": "multiply"},
    "You left out the temperature.": {"heat": "none"},
    "You divided the probabilities by the temperature: divide the logits, before the softmax.": (
        {"heat": "probabilities"}
    ),
    "The temperature comes last: it is the first of the three, and p is a mass of the probabilities that it makes.": (
        {"heat": "after"}
    ),
    "The symbol that crosses p was left out: the smallest set whose mass *reaches* p has it. A symbol goes if the mass "
    "before it is p or more.": {"crossing": False},
    "What is left does not sum to 1: divide by its sum after each cut.": {"renormalise": "never"},
    "The cut to p came before the cut to k, or k's probabilities did not sum to 1 yet: first k, then renormalise, then "
    "p of what that has left.": {"order": "pk"},
    "You renormalised only once, at the end: the cut to p is a mass of what the cut to k has left, which sums to 1.": (
        {"renormalise": "end"}
    ),
    "The probabilities stand in the order of their ranks: put them back where their symbols are, by scatter.": (
        {"undo": False}
    ),
    "Of equal probabilities more than k stayed: exactly k are left, the lower numbers first.": {"threshold": True},
    "You kept the least probable symbols: sort in descending order.": {"ascending": True},
    "The cut to k was not made.": {"leave": "p"},
    "The cut to p was not made.": {"leave": "k"},
    "Neither cut was made.": {"leave": ""},
}


def mistakes(logits: Tensor, **settings) -> dict:
    """What people write instead, and what it gives."""
    top_k, top_p = settings.get("top_k"), settings.get("top_p")
    wrong = {sentence: partial(other, logits, **settings, **fault) for sentence, fault in FAULTS.items()}
    largest = F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    one = partial(right, logits, settings.get("temperature", 1.0))
    return wrong | {
        "Temperature 0 gives NaN: treat it before you divide.": largest * torch.nan,
        "All goes to the most probable symbol: that is for temperature 0.": largest,
        "At temperature 0 you used temperature 1.": lambda: right(logits, 1.0, top_k, top_p),
        "You returned the symbol: return the probabilities, 1 there and 0 elsewhere.": logits.argmax(-1),
        "One symbol too many stayed: the cut to k leaves k.": lambda: one(top_k + 1, top_p),
        "One symbol too few stayed: the cut to k leaves k.": lambda: one(top_k - 1, top_p),
        "You returned logarithms of the probabilities.": lambda: right(logits, **settings).log(),
        "The softmax runs over the batch: each row sums to 1.": lambda: (
            logits / settings.get("temperature", 1.0)
        ).softmax(0),
    }


def assert_right(student, logits: Tensor, **settings) -> None:
    """Checks the probabilities."""
    got, expected = student.next_probabilities(logits, **settings), right(logits, **settings)
    shown = ", ".join(f"{name}={value}" for name, value in settings.items())
    what = f"the result for logits of shape {tuple(logits.shape)}{', ' if shown else ''}{shown}"
    assert_equal_arrays(got, expected, mistakes=mistakes(logits, **settings), what=what)


def drawn(B: int, V: int) -> Tensor:
    """Logits without equal values."""
    return 1.5 * torch.randn(B, V, dtype=torch.float64)


@points(2)
@pytest.mark.parametrize("temperature", [1.0, 0.5, 2.0])
@pytest.mark.parametrize(("B", "V"), [(4, 4), (3, 6), (1, 5)])
def test_temperature(student, B, V, temperature):
    """The temperature alone."""
    assert_right(student, drawn(B, V), temperature=temperature)


@points(1)
@pytest.mark.parametrize("cuts", [{}, {"top_k": 3}, {"top_p": 0.9}])
def test_temperature_zero(student, cuts):
    """Temperature 0 gives all probability to the most probable symbol, whatever the cuts."""
    assert_right(student, drawn(3, 5), temperature=0, **cuts)


@points(2)
@pytest.mark.parametrize("top_k", [1, 2, 4, 6, 20])
def test_top_k(student, top_k):
    """The k most probable symbols stay, and sum to 1; a k above V leaves all."""
    assert_right(student, drawn(4, 6), top_k=top_k)


@points(2)
@pytest.mark.parametrize("top_p", [0.5, 0.8, 0.95, 0.05, 1.0])
def test_top_p(student, top_p):
    """The smallest set whose mass reaches p stays; one symbol at least."""
    assert_right(student, drawn(6, 6), top_p=top_p)


@points(1)
def test_all_three(student):
    """First the temperature, then k, then p of what k has left."""
    logits = torch.tensor([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]], dtype=torch.float64).log()
    assert_right(student, logits, top_k=3, top_p=0.75)
    assert_right(student, drawn(8, 7), temperature=2.0, top_k=4, top_p=0.7)
    assert_right(student, drawn(8, 7), temperature=0.7, top_p=0.8)


@points(1)
def test_ties(student):
    """Of equally probable symbols, the one with the lower number goes first."""
    logits = torch.tensor([[1.0, 2.0, 2.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    assert_right(student, logits, top_k=2)
    assert_right(student, logits, temperature=0)
    assert_right(student, logits, top_p=0.3)


@points(1)
def test_arguments_unchanged(student):
    """The logits stay as they are."""
    student.next_probabilities(drawn(2, 5), 0.8, 3, 0.9)
    assert_unchanged(student, "logits", "temperature", "top_k", "top_p")
