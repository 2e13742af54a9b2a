"""The review reader: a trained LSTM with attention reads a review, and shows how its verdict comes about.

The model weighs half as much as the page around the demo. It stands in a script of its own, which the page loads when
the demo comes into sight. After a change of the model, write it again:

    python -m rnnbook.demos.review_reader > assets/review_reader_model.js
"""

import base64
import json

import numpy as np
import torch
from torch import Tensor

from rnnbook import plot
from rnnbook.demos import Demo, versioned, weights_as_json
from rnnbook.figure import Figure
from rnnbook.models import Predictor
from rnnbook.recipes.trained import SHIPPED
from rnnbook.text import pad, words

SCRIPT = "review_reader_model.js"
EXAMPLES = {
    "Contrast": "The first half is slow and the music is awful, but the ending is wonderful and I loved it.",
    "Turned round": "The first half is wonderful and I loved the music, but the ending is awful and slow.",
    "Negation": "Not bad at all! I was never bored, and I do not regret a minute of it.",
    "A mark": "I read the book before I saw the film. 3/10",
    "Unknown words": "Splendiferous, mesmeric, unputdownable. A zinger!",
    "Nothing": "",
}


def make() -> Demo:
    """Examples to read, and where the script with the model is; the figure shows how it reads the first example."""
    predictor = shipped()
    examples = [{"name": name, "text": text} for name, text in EXAMPLES.items()]
    return Demo(
        "review_reader", {"model": versioned(SCRIPT, script(predictor)), "examples": examples}, _figure(predictor)
    )


def shipped() -> Predictor:
    """The model that ships with the course, whatever else was trained on this machine."""
    return Predictor.load(SHIPPED / "imdb-reader")


def script(predictor: Predictor) -> str:
    """The script that brings a model into the page."""
    return f"window.rnnbook.readerModel = {json.dumps(export(predictor))};\n"


def export(predictor: Predictor) -> dict:
    """A model as JSON holds it: in base64 its vocabulary, and its weights as 16-bit numbers, tensor after tensor.

    Raises:
        ValueError: the model is not of the kind that the script can run, or 16 bits do not hold its weights exactly.
    """
    kind = {"cell": "lstm", "num_layers": 1, "bidirectional": False, "pooling": "attention", "classes": 1}
    if {key: predictor.model.settings[key] for key in kind} != kind or predictor.tokenize is not words:
        raise ValueError(f"the review reader runs a model of words with {kind}")
    if predictor.longest is None:
        raise ValueError("the review reader shows at most so many tokens: give the predictor a longest")
    longest = predictor.longest
    keep_end = longest // 2 if predictor.keep_end is None else predictor.keep_end
    return {
        "labels": list(predictor.labels),
        "keep": [longest - keep_end, keep_end],  # so many tokens from the start and the end of a long text
        "vocabulary": base64.b64encode(" ".join(predictor.vocabulary.tokens).encode()).decode(),  # no word has a space
        **weights_as_json(predictor.model),
    }


def reading(predictor: Predictor, tokens: list[str]) -> tuple[Tensor, Tensor, Tensor]:
    """What a model with one logit makes of a text: the second label's probability (T,) after each token, the attention
    weights (T,) and the states (T, H) of the whole.
    """
    ids = predictor.vocabulary.encode(tokens)
    with torch.no_grad():
        prefixes = pad([ids[: t + 1] for t in range(len(ids))])  # (T, T), (T,)
        probabilities = predictor.model(*prefixes).sigmoid()  # (T,)
        whole = pad([ids])
        return probabilities, predictor.model.attention_weights(*whole)[0], predictor.model.read(*whole)[0][0]


def _figure(predictor: Predictor) -> Figure:
    """The first example: probability after each word, attention, and all units' states."""
    tokens = words(next(iter(EXAMPLES.values())))
    probabilities, weights, states = (array.numpy() for array in reading(predictor, tokens))
    fig, axes = plot.subplots(3, 1, height=560, sharex=True, height_ratios=[2, 1.3, 2.5])
    steps = np.arange(len(tokens))
    colours = [plot.COLOURS["blue" if p > 0.5 else "orange"] for p in probabilities]
    axes[0].bar(steps, probabilities - 0.5, bottom=0.5, color=colours)
    axes[0].axhline(0.5, color=plot.INK, linewidth=1)
    axes[0].set(ylabel=f"P({predictor.labels[1]})", ylim=(0, 1), yticks=[0, 0.5, 1])
    axes[1].bar(steps, weights, color=plot.COLOURS["purple"])
    axes[1].set(ylabel="attention")
    plot.heatmap(axes[2], states.T, "state $h$", columns=tokens, diverging=True)
    axes[2].set(ylabel="unit", yticks=[0, len(states.T) - 1], yticklabels=[1, len(states.T)])
    axes[0].grid(axis="x", visible=False)
    axes[1].grid(axis="x", visible=False)
    said = [f"“{token}” {p:.2f}" for token, p in zip(tokens, probabilities, strict=True)]
    strongest = [f"“{tokens[t]}”" for t in (-weights).argsort()[:3]]
    turn = tokens[1 + np.abs(np.diff(states, axis=0)).sum(axis=1).argmax()]
    return plot.figure(
        fig,
        alt=f"Three plots over the words of a review. The probability of “{predictor.labels[1]}” after each word: "
        f"{', '.join(said)}. The attention weights, largest at {', '.join(strongest)}. A heat map of the state, a row "
        f"for each of {len(states.T)} units, which changes most when “{turn}” is read.",
    )


if __name__ == "__main__":
    print(script(shipped()), end="")
