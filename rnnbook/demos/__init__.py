"""Demos in the page: recorded data, and a static figure whose place a script of the site takes.

`demo("gradient_microscope")` leaves two things in a notebook: a figure, and the demo's data in a script element that
does nothing by itself. In the built site `assets/demo.js` and `assets/NAME.js` find both, and show the demo instead of
the figure. The figure stands in Jupyter and Colab, without JavaScript, and on paper. A demo is a module here, whose
`make` returns a `Demo`, and a script in `assets/`.
"""

import json
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from IPython.display import display

from rnnbook.figure import Figure
from rnnbook.nearest import suggest

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
