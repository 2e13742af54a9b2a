"""The course's plots: one style, told apart without colour vision, readable on light and on dark pages.

fig, ax = plot.subplots()
plot.band(ax, steps, losses, "LSTM")
plot.label_lines(ax)
plot.show(fig, alt="The loss of the LSTM falls from 3.2 to 1.9 in 500 steps, alike for all five seeds.")
"""

import io
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from IPython.display import display
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure as MplFigure
from matplotlib.lines import Line2D

from rnnbook.figure import Figure

#: The colours in their fixed order. Each has a contrast of at least 3:1 on white and on the dark page, and any two
#: are told apart by readers with protanopia and deuteranopia too (tests/test_plot.py measures both).
COLOURS = {
    "blue": "#2563f5",
    "orange": "#e86c00",
    "teal": "#12a488",
    "purple": "#b07ed8",
    "red": "#d42450",
    "slate": "#5a7790",
}
LINES = ["-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (9, 2)), (0, (3, 1, 1, 1, 1, 1))]
MARKERS = ["o", "s", "^", "D", "v", "X"]

#: The page's text colour. A figure that is saved by other means shows this grey, which is readable on both grounds.
INK = "#757677"
SIZES = {"page": (640, 290), "half": (320, 220)}  # width and height of a row of axes, in CSS pixels

STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 14,
    "axes.linewidth": 1,
    "axes.prop_cycle": cycler(color=COLOURS.values()) + cycler(linestyle=LINES),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 14,
    "axes.titleweight": "bold",
    "axes.xmargin": 0.02,
    "figure.constrained_layout.use": True,
    "figure.dpi": 72,  # the unit of the SVG is the point of 1/72 inch: here it stands for one CSS pixel
    "figure.facecolor": "none",
    "font.family": "sans-serif",
    "font.size": 13,
    "grid.alpha": 0.2,
    "grid.color": INK,
    "grid.linewidth": 1,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "lines.markersize": 7,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "rnnbook",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def subplots(nrows: int = 1, ncols: int = 1, *, width: str = "page", height: float | None = None, **options):
    """`plt.subplots` in the house style, sized for the page.

    Args:
        nrows, ncols: the grid of axes.
        width: "page", or "half" for a small figure.
        height: of the whole figure in CSS pixels; that of nrows usual rows when left out.
        options: passed on to `plt.subplots` (sharex, width_ratios ...).

    Returns:
        The figure and its axes, as `plt.subplots` returns them.

    Raises:
        ValueError: an unknown width.
    """
    if width not in SIZES:
        raise ValueError(f'width={width!r} is unknown: choose "page" or "half"')
    mpl.rcParams.update(STYLE)  # for good: what is drawn later into these axes asks for it too
    page, row = SIZES[width]
    figsize = page / STYLE["figure.dpi"], (height or row * nrows) / STYLE["figure.dpi"]
    return plt.subplots(nrows, ncols, figsize=figsize, **options)


def show(fig: MplFigure, alt: str, caption: str | None = None) -> None:
    """Displays a figure inline, its text and axes in the page's own colour, and closes it.

    Args:
        fig: from `subplots`.
        alt: what the figure shows, for readers who cannot see it: at least a sentence.
        caption: shown below the figure, plain text.

    Raises:
        ValueError: the alt text is missing or says too little.
    """
    display(figure(fig, alt, caption))


def figure(fig: MplFigure, alt: str, caption: str | None = None) -> Figure:
    """A figure as `show` displays it."""
    plt.close(fig)  # else Jupyter displays it a second time
    svg = io.StringIO()
    fig.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    text = svg.getvalue().replace(INK, "currentColor")
    text = re.sub(r"font-family: 'DejaVu Sans'[^;\"]*", "font-family: inherit", text)
    text = re.sub(r'(?<= d=")[^"]+', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), text)  # half the size
    return Figure(text, alt, caption)


def band(ax, x, runs, label: str | None = None, **options) -> Line2D:
    """The median over several runs as a line, their range from lowest to highest as a band.

    Args:
        ax: the axes to draw into.
        x: (N,) positions.
        runs: (S, N) one row a run (a seed).
        label: names the line, for `label_lines` or a legend.
        options: passed on to `ax.plot`.

    Returns:
        The line of the median.

    Raises:
        ValueError: runs is not (S, N).
    """
    runs = np.asarray(runs)
    if runs.ndim != 2 or runs.shape[1] != len(x):
        raise ValueError(f"runs must be (runs, {len(x)}), one row a run and one column for each x, not {runs.shape}")
    (line,) = ax.plot(x, np.median(runs, axis=0), label=label, **options)
    ax.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=line.get_color(), alpha=0.2, linewidth=0)
    return line


def label_lines(ax) -> None:
    """Writes each labelled line's name at its right end, where a legend would make the eye travel.

    Names that would overlap are moved apart, as little as possible, and joined to their line by a stroke of its colour.
    Call it last: the names stay where the ends of the lines are then.
    """
    lines = [line for line in ax.get_lines() if not line.get_label().startswith("_")]
    ax.figure.draw_without_rendering()  # settles the layout, on which the positions depend
    to_axes = ax.transData + ax.transAxes.inverted()
    ends = np.array([to_axes.transform((line.get_xdata()[-1], line.get_ydata()[-1])) for line in lines])
    heights = _spread(ends[:, 1], gap=1.2 * STYLE["font.size"] / ax.get_window_extent().height)
    for line, marker, (x, y), height in zip(lines, MARKERS * len(lines), ends, heights, strict=False):
        style = {"color": line.get_color(), "transform": ax.transAxes, "clip_on": False}
        ax.plot(x, y, marker, markersize=6, **style)
        ax.plot([x, x + 0.03], [y, height], "-", linewidth=1, **style)
        ax.text(x + 0.035, height, line.get_label(), va="center", transform=ax.transAxes)


def _spread(positions, gap: float):
    """The positions in [0, 1] nearest to the given ones (least squares) that keep their order, at least `gap` apart."""
    order = np.argsort(positions, kind="stable")
    n = len(order)
    ramp = gap * np.arange(n)
    slack = np.asarray(positions)[order] - ramp
    # Isotonic regression, as the max of the min of means: what makes the slack non-decreasing with the least change.
    fitted = [max(min(slack[i : k + 1].mean() for k in range(j, n)) for i in range(j + 1)) for j in range(n)]
    spread = np.empty(n)
    spread[order] = np.clip(fitted, 0, max(0, 1 - ramp[-1])) + ramp
    return spread


def heatmap(
    ax, array, label: str, *, rows=None, columns=None, diverging: bool = False, annotate: str | None = None
) -> Colorbar:
    """A matrix as an image, first row on top, with a colour bar.

    Args:
        ax: the axes to draw into.
        array: (rows, columns) values.
        label: what the colours measure, with its unit; stands beside the colour bar.
        rows, columns: names of all rows and columns.
        diverging: a scale that is symmetric about zero, for values of both signs.
        annotate: a format such as ".2f": writes each value into its cell.

    Returns:
        The colour bar.

    Raises:
        ValueError: array is not a matrix.
    """
    array = np.asarray(array)
    if array.ndim != 2:
        raise ValueError(f"a heat map shows a matrix (rows, columns); the array's shape is {array.shape}")
    bound = np.nanmax(np.abs(array)) if diverging else None
    # Both maps are perceptually uniform. "none" keeps one pixel a cell and leaves the enlarging to the browser.
    image = ax.imshow(
        array,
        cmap="coolwarm" if diverging else "viridis",
        vmin=-bound if diverging else None,
        vmax=bound,
        aspect="auto",
        interpolation="none",
    )
    ax.grid(False)
    ax.locator_params(integer=True)
    ax.spines[:].set_visible(False)
    if rows is not None:
        ax.set_yticks(range(len(rows)), rows)
    if columns is not None:
        ax.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor")
    if annotate:
        for (i, j), value in np.ndenumerate(array):
            linear = ((np.array(image.cmap(image.norm(value))[:3]) + 0.055) / 1.055) ** 2.4  # sRGB to light
            dark = linear @ [0.2126, 0.7152, 0.0722] < 0.179  # where black and white have the same contrast
            ax.text(j, i, f"{value:{annotate}}", ha="center", va="center", color="white" if dark else "black")
    bar = ax.figure.colorbar(image, ax=ax, label=label, pad=0.02)
    bar.outline.set_visible(False)
    bar.solids.set_rasterized(True)  # else some 250 paths
    return bar
