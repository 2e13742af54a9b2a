"""The gradient microscope: how strongly the loss depends on each step, for cells that are initialised in many ways."""

from statistics import median

import numpy as np

from rnnbook import plot, results
from rnnbook.demos import Demo
from rnnbook.figure import Figure

CELLS = {"rnn": ("RNN", None), "lstm": ("LSTM", "forget"), "gru": ("GRU", "update")}  # title, gate that keeps the state
LOWEST, HIGHEST = -8, 4  # log10 of the norms at which the figure's colours end


def make() -> Demo:
    """What `rnnbook train flow-rnn`, `flow-lstm` and `flow-gru` have recorded."""
    recorded = {cell: results.load(f"flow-{cell}").more for cell in CELLS}
    cells = {
        cell: {
            "title": title,
            "gate": gate,
            "settings": [_entry(recorded[cell], s) for s in recorded[cell]["settings"]],
        }
        for cell, (title, gate) in CELLS.items()
    }
    return Demo("gradient_microscope", {"steps": recorded["rnn"]["steps"], "cells": cells}, _figure(cells))


def _entry(more: dict, setting: dict) -> dict:
    """A setting with its curves, rounded to what an eye can tell apart."""
    label = setting["label"]
    return {
        "weights": label.partition(", bias")[0],
        "bias": setting["bias"],
        **{key: np.round(more[key][label], 2).tolist() for key in ("norms", "inputs", "gradient")},
        **{key: more[key][label] for key in ("memory", "state_memory")},
    }


def _figure(cells: dict[str, dict]) -> Figure:
    """The norms of dL/dx_t: the RNN's for all weights, those of LSTM and GRU for all biases of the gate."""
    rows = {}
    for cell in cells.values():
        for setting in cell["settings"]:
            if cell["gate"] is None:
                rows[f"{cell['title']}, {setting['weights']}"] = setting
            elif setting["weights"] == "default":
                bias = "default" if setting["bias"] is None else f"{cell['gate']} bias {setting['bias']}"
                rows[f"{cell['title']}, {bias}"] = setting
    norms = np.array([setting["inputs"][::-1] for setting in rows.values()]).clip(LOWEST, HIGHEST)  # (rows, T)
    steps = norms.shape[1]
    fig, ax = plot.subplots(height=440)
    plot.heatmap(ax, norms, r"$\log_{10}\,\|\partial L/\partial x_t\|$", rows=list(rows))
    ticks = [1, *(round(quarter * steps / 4) for quarter in (1, 2, 3, 4))]
    ax.set(xlabel="step $t$", xticks=[t - 1 for t in ticks], xticklabels=ticks)
    reach = "; ".join(f"{name} {median(setting['memory']):g}" for name, setting in rows.items())
    return plot.figure(
        fig,
        alt=f"Heat map of the gradient's norm at each of {steps} steps, a row for each way to initialise a network. On "
        "its way back from the last step it falls, the sooner the smaller the recurrent weights or the gate's bias; "
        f"with large ones it rises. Steps back until less than 1 % is left, at most {steps - 1}: {reach}.",
        caption="How strongly the loss depends on what is read at each step, before training: medians over seeds.",
    )
