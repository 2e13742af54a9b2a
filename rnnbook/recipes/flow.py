"""How far back does the gradient reach? RNN, LSTM and GRU before training, initialised in many ways.

The sequences are white noise, and the loss is half the square of the last state. At one seed all settings of a cell see
the same sequences and start from the same draw of weights; each changes only what it names.
"""

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from rnnbook.gradients import effective_memory, flow, scale_to_radius
from rnnbook.layers import orthogonal
from rnnbook.recipes import Outcome, Recipe, generated

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
GATED = {"radii": (0.5, 0.8, 1.0, 1.25, 1.5, 2.0), "biases": (None, 0, 1, 2, 4)}
GRIDS = {"rnn": {"radii": (0.5, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0), "biases": (None,)}, "lstm": GATED, "gru": GATED}


def settings(cell: str) -> list[dict[str, Any]]:
    """The ways to initialise a cell, torch's default first.

    Returns:
        Dictionaries with a "label", such as "radius 1.5, bias 2"; the "initialisation", "uniform" or "orthogonal"; the
        spectral "radius" of each gate's recurrent matrix, None for torch's own; and the "bias" of the gate that keeps
        the state, an LSTM's forget gate or a GRU's update gate, None for torch's own.
    """
    radii, biases = GRIDS[cell].values()
    weights = [
        ("default", "uniform", None),
        ("orthogonal", "orthogonal", 1.0),
        *((f"radius {radius:g}", "uniform", radius) for radius in radii),
    ]
    return [
        {
            "label": name if bias is None else f"{name}, bias {bias}",
            "initialisation": initialisation,
            "radius": radius,
            "bias": bias,
        }
        for bias in biases
        for name, initialisation, radius in weights
    ]


def build(cell: str, input_size: int, hidden_size: int, seed: int, setting: dict[str, Any]) -> nn.Module:
    """A layer in one of the `settings`."""
    torch.manual_seed(seed)
    layer = CELLS[cell](input_size, hidden_size, batch_first=True).double()
    if setting["initialisation"] == "orthogonal":
        orthogonal(layer)
    elif setting["radius"] is not None:
        scale_to_radius(layer, setting["radius"])
    if setting["bias"] is not None:
        keep = slice(hidden_size, 2 * hidden_size)  # the second gate: f of i, f, g, o; z of r, z, n
        with torch.no_grad():
            layer.bias_ih_l0[keep] = setting["bias"]
            layer.bias_hh_l0[keep] = 0
    return layer


def run(
    data: None, seed: int, device: str, *, cell: str, steps: int, batch_size: int, input_size: int, hidden_size: int
) -> Outcome:
    """Measure all settings of a cell. The outcome's value is the effective memory of torch's default.

    Args:
        data: nothing; the sequences are drawn here.
        seed: of the sequences and of the weights.
        device: where to compute.
        cell: "rnn", "lstm" or "gru".
        steps: T.
        batch_size: B.
        input_size: D.
        hidden_size: H.
    """
    x = torch.from_numpy(np.random.default_rng(seed).standard_normal((batch_size, steps, input_size))).to(device)
    found = {}
    for setting in settings(cell):
        layer = build(cell, input_size, hidden_size, seed, setting).to(device)
        flowing = flow(layer, x)
        found[setting["label"]] = {
            "norms": np.log10(flowing.h[0, ::-1]),  # by lag: the last step comes first
            "inputs": np.log10(flowing.x[::-1]),
            "memory": effective_memory(flowing.x),
            "state_memory": effective_memory(flowing.h[0]),
            "gradient": round(float(np.log10(flowing.parameters / batch_size)), 3),  # of a mean loss, as in training
        }
    parameters = sum(parameter.numel() for parameter in layer.parameters())
    return Outcome(found["default"]["memory"], parameters, found)


def summarise(cell: str, steps: int, findings: list[dict[str, dict]]) -> dict[str, Any]:
    """What the record keeps of all seeds.

    Returns:
        "steps" and "settings"; the rest by a setting's label:
            "norms", "low", "high": log10 of the norm of dL/dh_t by lag, median, minimum and maximum over seeds;
            "inputs": log10 of the norm of dL/dx_t by lag, median over seeds;
            "memory", "state_memory": the effective memory by dL/dx_t and by dL/dh_t, seed by seed;
            "gradient": log10 of the norm of the gradient of all parameters, for the mean loss over the batch, seed by
                seed. Where it is above 0, clipping to a norm of 1 multiplies every gradient by 10 to the minus this.
    """
    labels = [setting["label"] for setting in settings(cell)]

    def each(key: str) -> dict[str, list]:
        return {label: [finding[label][key] for finding in findings] for label in labels}

    def curve(key: str, statistic) -> dict[str, list[float]]:
        return {label: statistic(curves, axis=0).round(3).tolist() for label, curves in each(key).items()}

    return {
        "steps": steps,
        "settings": settings(cell),
        "norms": curve("norms", np.median),
        "low": curve("norms", np.min),
        "high": curve("norms", np.max),
        "inputs": curve("inputs", np.median),
        **{key: each(key) for key in ("memory", "state_memory", "gradient")},
    }


def _recipe(cell: str, model: str) -> Recipe:
    sizes = {"cell": cell, "steps": 100, "batch_size": 16, "input_size": 8, "hidden_size": 64}
    return Recipe(
        name=f"flow-{cell}",
        task="flow",
        model=model,
        run=partial(run, **sizes),
        metric="effective_memory",
        settings=sizes,
        summarise=partial(summarise, cell, sizes["steps"]),
        **generated("noise"),
    )


RECIPES = [_recipe("rnn", "vanilla RNN"), _recipe("lstm", "LSTM"), _recipe("gru", "GRU")]
