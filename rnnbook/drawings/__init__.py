"""The course's hand-made drawings, one SVG each, with their alt texts inside as <title> and <desc>."""

from importlib.resources import files
from xml.etree import ElementTree

from IPython.display import display

from rnnbook.figure import Figure
from rnnbook.nearest import suggest

NAMES = sorted(path.name.removesuffix(".svg") for path in files(__name__).iterdir() if path.name.endswith(".svg"))


def drawing(name: str, caption: str | None = None) -> None:
    """Displays a drawing of the course.

    Args:
        name: one of `NAMES`.
        caption: shown below the drawing, plain text.

    Raises:
        ValueError: there is no drawing of this name.
    """
    display(load(name, caption))


def load(name: str, caption: str | None = None) -> Figure:
    """A drawing as a figure, as `drawing` displays it."""
    if name not in NAMES:
        raise ValueError(f"There is no drawing {name!r}. {suggest(name, NAMES)}")
    svg = files(__name__).joinpath(f"{name}.svg").read_text(encoding="utf-8")
    title, desc = (ElementTree.fromstring(svg).findtext(f"{{*}}{tag}") for tag in ("title", "desc"))
    return Figure(svg, f"{title}. {desc}", caption, name)
