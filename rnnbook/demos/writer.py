"""Write with the model: a small LSTM that was trained on Shakespeare goes on writing what the reader has begun.

The weights stand in a script of their own, which the page loads when the demo comes into sight. After a change of the
model, write it again:

    python -m rnnbook.demos.writer > assets/writer_model.js
"""

import json

import numpy as np
import torch
from torch import Tensor

from rnnbook import plot, results
from rnnbook.decode import distribution
from rnnbook.demos import Demo, versioned, weights_as_json
from rnnbook.figure import Figure
from rnnbook.models import LanguageModel
from rnnbook.recipes.shakespeare import load_model
from rnnbook.recipes.trained import SHIPPED
from rnnbook.recipes.units import states
from rnnbook.text import Vocabulary

SCRIPT = "writer_model.js"
NAME = "shakespeare-writer"
BEGINNINGS = {
    "Two speeches": "KING RICHARD:\nWhat news from York? The messenger is late.\n\nQUEEN MARGARET:\nHe comes, my lord",
    "Half a name": "GLOUCESTER:\nWhy, so I think.\n\nGLOU",
    "Half a word": "I know not what they mean, nor what they br",
    "A speaker": "JULIET:\n",
    "A line break": "\n",
    "Not of this age": "The computer said that",
    "An unknown letter": "My fiancée",
}
LIKELIEST = 10  # next characters in the static figure
TEMPERATURE, TOP_P = 0.8, 0.95  # of the static figure


def make() -> Demo:
    """Beginnings, telling units, and where the script with the model is; the figure shows the first beginning."""
    model, vocabulary = shipped()
    data = {
        "model": versioned(SCRIPT, script(model, vocabulary)),
        "beginnings": [{"name": name, "text": text} for name, text in BEGINNINGS.items()],
        "telling": telling(),
    }
    return Demo("writer", data, _figure(model, vocabulary, data["telling"]))


def shipped() -> tuple[LanguageModel, Vocabulary]:
    """The model that ships with the course, whatever else was trained on this machine."""
    return load_model(SHIPPED / NAME)


def telling() -> list[dict]:
    """What single units of the shipped model follow, as its training has measured it."""
    result = results.load(NAME)
    return result.more["units"][result.seeds.index(0)]  # the model that ships is that of seed 0


def script(model: LanguageModel, vocabulary: Vocabulary) -> str:
    """The script that brings a model into the page."""
    return f"window.rnnbook.writerModel = {json.dumps(export(model, vocabulary))};\n"


def export(model: LanguageModel, vocabulary: Vocabulary) -> dict:
    """A model as JSON holds it: its characters, and in base64 its weights as 16-bit numbers, tensor after tensor.

    Raises:
        ValueError: the model is not of the kind that the script can run, or 16 bits do not hold its weights exactly.
    """
    kind = {"cell": "lstm", "num_layers": 1, "tied": False}
    if {key: model.settings[key] for key in kind} != kind:
        raise ValueError(f"the writer runs a model with {kind}")
    if any(len(token) != 1 for token in vocabulary.tokens):
        raise ValueError("the writer runs a model of characters, without specials")
    return {
        "characters": "".join(vocabulary.tokens),
        **weights_as_json(model),
    }


def reading(model: LanguageModel, vocabulary: Vocabulary, text: str) -> tuple[Tensor, Tensor]:
    """The logits (T, V) of what comes after each character of a text, and the hidden states (T, H)."""
    with torch.no_grad():
        logits, _ = model(torch.tensor([vocabulary.encode(text)]))
    return logits[0], states(model, vocabulary, text)


def _shown(character: str) -> str:
    """A character that can be seen."""
    return {"\n": "↵", " ": "␣"}.get(character, character)


def _figure(model: LanguageModel, vocabulary: Vocabulary, told: list[dict]) -> Figure:
    """The first beginning: what may come next, with and without temperature and cut, and the telling units over it."""
    text = next(iter(BEGINNINGS.values()))
    logits, h = reading(model, vocabulary, text)
    own, drawn = distribution(logits[-1]).numpy(), distribution(logits[-1], TEMPERATURE, top_p=TOP_P).numpy()
    order = (-own).argsort()[:LIKELIEST]
    labels = [_shown(vocabulary.tokens[k]) for k in order]
    units = list(dict.fromkeys(each["unit"] for each in told))

    fig, axes = plot.subplots(2, 1, height=520, height_ratios=[1.3, 1])
    places = np.arange(LIKELIEST)
    for shift, p, label, colour in [
        (-0.2, own, "the model", "slate"),
        (0.2, drawn, f"temperature {TEMPERATURE}, top-p {TOP_P}", "blue"),
    ]:
        axes[0].bar(places + shift, p[order], width=0.38, label=label, color=plot.COLOURS[colour])
    axes[0].set(title="The next character", ylabel="probability", xticks=places, xticklabels=labels)
    axes[0].grid(axis="x", visible=False)
    axes[0].legend()
    last = text[text.rindex("\n\n") + 1 :]  # the last speech, and the line break before it
    rows = [f"unit {unit + 1}" for unit in units]
    plot.heatmap(axes[1], h[-len(last) :, units].T, "state $h$", rows=rows, diverging=True)
    axes[1].set_xticks(range(len(last)), [_shown(character) for character in last])
    said = ", ".join(f"“{label}” {own[k]:.2f}" for label, k in zip(labels[:5], order, strict=False))
    follows = ", ".join(f"unit {each['unit'] + 1}, {each['follows']}" for each in told)
    left = (drawn[order] > 0).sum()
    return plot.figure(
        fig,
        alt=f"Above, bars for the {LIKELIEST} characters most likely to come after “{last.strip()}”: {said}; and what "
        f"temperature {TEMPERATURE} and top-p {TOP_P} make of them, which leave {left} of these {LIKELIEST}. Below, a "
        f"heat map of {len(units)} hidden units over the characters of the last speech, chosen for what they follow: "
        f"{follows}.",
    )


if __name__ == "__main__":
    print(script(*shipped()), end="")
