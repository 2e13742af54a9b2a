"""The date converter: a small translator with attention writes a date as ISO 8601 does, and shows where it looks.

The model's weights stand in a script of their own, which the page loads when the demo comes into sight; `beam_tree`
takes the same. After a change of the model, write it again:

    python -m rnnbook.demos.date_converter > assets/dates_reader_model.js
"""

import json

import numpy as np

from rnnbook import plot
from rnnbook.demos import Demo, versioned, weights_as_json
from rnnbook.figure import Figure
from rnnbook.models import Translator
from rnnbook.recipes.trained import SHIPPED
from rnnbook.text import characters

NEEDS = ("translator",)
SCRIPT = "dates_reader_model.js"
LIMIT = 16  # symbols that are written at most: a date and its end are 11
EXAMPLES = {
    "English": "Sunday the 3rd of March, 2024",
    "German": "Dienstag, den 30. September 1969",
    "French": "le 1er août 2005",
    "Spanish": "7 de diciembre de 1931",
    "Roman": "9.IX.1987",
    "Ambiguous": "03/04/2005",
    "Two dates": "31 June or 1 July 2001",
    "Impossible": "31 February 2023",
    "Nothing": "",
}


def make() -> Demo:
    """Examples to read, and where the script with the model is; the figure shows where it looks in the first one."""
    translator = shipped()
    return Demo("date_converter", data(translator, EXAMPLES), _figure(translator))


def shipped() -> Translator:
    """The model that ships with the course, whatever else was trained on this machine."""
    return Translator.load(SHIPPED / "dates-reader")


def data(translator: Translator, examples: dict[str, str]) -> dict:
    """What a demo of this model works with."""
    named = [{"name": name, "text": text} for name, text in examples.items()]
    return {"model": versioned(SCRIPT, script(translator)), "limit": LIMIT, "examples": named}


def script(translator: Translator) -> str:
    """The script that brings a model into the page."""
    return f"window.rnnbook.datesModel = {json.dumps(export(translator))};\n"


def export(translator: Translator) -> dict:
    """A model as JSON holds it: its vocabularies, and in base64 its weights as 16-bit numbers, tensor after tensor.

    Raises:
        ValueError: the model is not of the kind that the script can run, or 16 bits do not hold its weights exactly.
    """
    kind = {"cell": "gru", "num_layers": 1, "bidirectional": True, "attention": "general"}
    if {key: translator.model.settings[key] for key in kind} != kind or translator.tokenize is not characters:
        raise ValueError(f"the demos of dates run a model of characters with {kind}")
    return {
        "source": translator.source_vocabulary.tokens,
        "target": translator.target_vocabulary.tokens,
        **weights_as_json(translator.model),
    }


def _figure(translator: Translator) -> Figure:
    """The attention on the first example: a row for each character written, a column for each one read."""
    (found,) = translator.translate([next(iter(EXAMPLES.values()))], max_length=LIMIT)
    weights = found.weights.numpy()  # (written, read)
    written = [*found.written[:-1], "end"]
    fig, ax = plot.subplots(height=360)
    plot.heatmap(ax, weights, "attention", rows=written)
    ax.set_xticks(range(len(found.read)), found.read)
    ax.set(xlabel="read", ylabel="written")
    looks = [f"“{symbol}” at “{found.read[s]}”" for symbol, s in zip(written, weights.argmax(axis=1), strict=True)]
    return plot.figure(
        fig,
        alt=f"Heat map of attention, a row for each character of {found.text} that is written and a column for each "
        f"one of “{''.join(found.read)}” that is read. Most attention, row by row: {', '.join(looks)}. "
        f"Of all weights {np.mean(weights < 0.01):.0%} are below 0.01.",
    )


if __name__ == "__main__":
    print(script(shipped()), end="")
