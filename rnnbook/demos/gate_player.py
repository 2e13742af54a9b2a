"""The gate player: a trained LSTM and a trained GRU, stepped through sequences, with every gate of every unit."""

import numpy as np

from rnnbook import plot, results
from rnnbook.demos import Demo
from rnnbook.figure import Figure

KEPT = {"lstm": ("LSTM, forget gate $f$", "f"), "gru": ("GRU, update gate $z$", "z")}
HELD = {"lstm": ("LSTM, cell state $c$", "c"), "gru": ("GRU, hidden state $h$", "h")}


def make() -> Demo:
    """What `rnnbook train gates-lstm` and `gates-gru` have recorded; the figure shows what is kept and what is held."""
    recorded = {cell: results.load(f"gates-{cell}").more for cell in KEPT}
    return Demo("gate_player", recorded, _figure({cell: more["sequences"][0] for cell, more in recorded.items()}))


def _figure(sequences: dict[str, dict]) -> Figure:
    """For both cells, what keeps the state and the state itself: a row a unit, a column a step of the sequence."""
    fig, axes = plot.subplots(2, 2, height=420)
    for row, (titles, label) in zip(axes, [(KEPT, "share kept"), (HELD, "value")], strict=True):
        for ax, (cell, (title, name)) in zip(row, titles.items(), strict=True):
            symbols, values = sequences[cell]["symbols"], np.array(sequences[cell]["gates"][name]).T  # (H, T)
            plot.heatmap(ax, values, label, diverging=titles is HELD)
            ax.set(title=title, xticks=range(len(symbols)), xticklabels=symbols, yticks=range(len(values)))
            ax.set_yticklabels(range(1, len(values) + 1))
            ax.set_ylabel("unit")
    return plot.figure(
        fig,
        alt="Four heat maps, a row for each unit and a column for each symbol that is read: the forget gate and the "
        "cell state of a trained LSTM, the update gate and the hidden state of a trained GRU. Where a mark is read, a "
        f"capital letter of {''.join(symbols)}, less is kept and many states change their sign; at the small letters "
        "hardly any does.",
    )
