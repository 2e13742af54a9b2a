"""What single hidden units of a trained language model follow.

A unit is said to tell where something is so, such as that the line ends next, if its value is usually higher there than
elsewhere, or usually lower. How well is the area under the ROC curve: the probability that of one place where it is so
and one where it is not, both drawn by chance, the unit tells which is which. 0.5 is guessing.

Among many units, one is always the best by chance. So it is chosen on one text and measured on another.
"""

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from rnnbook.models import LanguageModel
from rnnbook.text import Vocabulary
from rnnbook.train import evaluating

NAME = re.compile(r"(?:\A|(?<=\n\n))[A-Z][^\n:]*(?=:\n)")


def within_a_name(text: str) -> list[bool]:
    """Whether each character belongs to a speaker's name: what stands before the colon, after an empty line."""
    inside = [False] * len(text)
    for match in NAME.finditer(text):
        inside[match.start() : match.end()] = [True] * (match.end() - match.start())
    return inside


def _next(holds: Callable[[str], bool]) -> Callable[[str], list[bool]]:
    return lambda text: [holds(character) for character in text[1:]] + [False]


#: What is asked of each place in a text that the model has read up to there.
FOLLOWED = {
    "the line ends next": _next("\n".__eq__),
    "a capital comes next": _next(str.isupper),
    "within a speaker's name": within_a_name,
}


def states(model: LanguageModel, vocabulary: Vocabulary, text: str) -> Tensor:
    """The top layer's hidden state after each character, (T, H), read as one stream."""
    read, state = [], None
    with evaluating(model):
        for ids in torch.tensor(vocabulary.encode(text)).split(1024):
            output, state = model.read(ids[None], state)  # (1, T, H)
            read.append(output[0])
    return torch.cat(read)


def areas(values: Tensor, so: Tensor) -> Tensor:
    """The area under the ROC curve of each unit, (H,).

    The probability that the value of a unit is higher where it is so than where it is not; equal values count half.

    Args:
        values: of the units, (T, H).
        so: whether it is so at each step, (T,); true and false must both occur.

    Raises:
        ValueError: it is so everywhere, or nowhere.
    """
    from sklearn.metrics import roc_auc_score  # it takes a moment

    if so.all() or not so.any():
        raise ValueError(f"it is so in {int(so.sum())} of {len(so)} places: there is nothing to tell apart")
    return torch.tensor([roc_auc_score(so.numpy(), column.numpy()) for column in values.T], dtype=torch.float64)


def telling(model: LanguageModel, vocabulary: Vocabulary, chosen_on: str, measured_on: str) -> list[dict[str, Any]]:
    """For all that is `FOLLOWED`, the unit that tells it best.

    Args:
        model, vocabulary: a pair.
        chosen_on: the text on which the unit is chosen.
        measured_on: another one, on which it is measured.

    Returns:
        For each that occurs in both texts: "follows", what; "unit", counted from 0; "higher", whether its value is
        higher where it is so; "area", from 0 to 1, measured so that 0.5 is guessing and more is better.
    """
    chosen, measured = (states(model, vocabulary, text) for text in (chosen_on, measured_on))
    found = []
    for follows, where in FOLLOWED.items():
        so, measured_so = torch.tensor(where(chosen_on)), torch.tensor(where(measured_on))
        if not (so.any() and measured_so.any()):
            continue
        chosen_areas = areas(chosen, so)
        unit = int((chosen_areas - 0.5).abs().argmax())
        higher = bool(chosen_areas[unit] > 0.5)
        area = areas(measured[:, [unit]], measured_so).item()
        found.append({"follows": follows, "unit": unit, "higher": higher, "area": area if higher else 1 - area})
    return found
