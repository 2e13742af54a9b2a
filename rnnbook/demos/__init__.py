"""Demos in the page: recorded data, and a static figure whose place a script of the site takes.

`demo("gradient_microscope")` leaves two things in a notebook: a figure, and the demo's data in a script element that
does nothing by itself. In the built site `assets/demo.js` and `assets/NAME.js` find both, and show the demo instead of
the figure. The figure stands in Jupyter and Colab, without JavaScript, and on paper. A demo is a module here, whose
`make` returns a `Demo`, and a script and a style sheet in `assets/`. Two demos that share a part name it in `NEEDS`.
"""

import base64
import hashlib
import json
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from IPython.display import display

from rnnbook.figure import Figure
from rnnbook.nearest import suggest

if TYPE_CHECKING:
    from torch import nn

NAMES = sorted(module.name for module in iter_modules(__path__))


class Demo:
    """A demo's data and its static figure; in a notebook it displays itself.

    Args:
        name: its module's name here, and its script's in `assets/`.
        data: what the script works with, as JSON has it.
        figure: what stands where the script does not run.

    Raises:
        ValueError: data holds something that JSON cannot, such as NaN.
    """

    def __init__(self, name: str, data: dict[str, Any], figure: Figure):
        self.name, self.data, self.figure = name, data, figure
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        self._script = text.replace("<", r"\u003c")  # within a script element, HTML would read on behind a "</script"

    def _repr_html_(self) -> str:
        return (
            f'<div class="rnnbook-demo" data-demo="{self.name}">{self.figure._repr_html_()}'
            f'<script type="application/json">{self._script}</script></div>'
        )

    def __repr__(self) -> str:
        return repr(self.figure)


def assets(name: str) -> tuple[str, ...]:
    """What the scripts and style sheets in `assets/` are called, without their endings, that a demo is made of."""
    return "demo", *getattr(import_module(f"{__name__}.{name}"), "NEEDS", ()), name


def weights_as_json(model: "nn.Module") -> dict[str, Any]:
    """A trained model's weights as JSON holds them: their shapes, and in base64 all numbers in 16 bits, one by one.

    The function `tensors` of `assets/demo.js` reads them.

    Raises:
        ValueError: 16 bits do not hold the weights exactly.
    """
    import numpy as np

    weights = {name: tensor.cpu().numpy() for name, tensor in model.state_dict().items()}
    numbers = np.concatenate([array.ravel() for array in weights.values()])
    halves = numbers.astype("<f2")
    if not np.array_equal(halves.astype(numbers.dtype), numbers):
        raise ValueError("weights that 16 bits do not hold exactly: round them, and measure the model again")
    shapes = {name: list(array.shape) for name, array in weights.items()}
    return {"shapes": shapes, "numbers": base64.b64encode(halves.tobytes()).decode()}


def versioned(file: str, content: str) -> str:
    """The address of a script with this content, a new one after each change: no browser takes an old one instead."""
    return f"{file}?v={hashlib.sha256(content.encode()).hexdigest()[:8]}"


def demo(name: str) -> None:
    """Displays a demo of the course.

    Args:
        name: one of `NAMES`.

    Raises:
        ValueError: there is no demo of this name.
    """
    display(load(name))


def load(name: str) -> Demo:
    """A demo, as `demo` displays it."""
    if name not in NAMES:
        raise ValueError(f"There is no demo {name!r}. {suggest(name, NAMES)}")
    return import_module(f"{__name__}.{name}").make()
