"""The house style is measured: contrast on both grounds, distance under colour-blindness; figures as SVG."""

import base64
import io
import itertools
import re
from collections import Counter
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rnnbook import plot

mpl.use("agg")
ALT = "A figure made up for this test."


@pytest.fixture
def shown(monkeypatch):
    """What `plot.show` displayed."""
    figures = []
    monkeypatch.setattr(plot, "display", figures.append)
    return figures


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


# --- colours ---------------------------------------------------------------------------------------------------------


def linear(colour):
    """sRGB "#rrggbb" to linear light, (3,)."""
    c = np.array(mpl.colors.to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    """WCAG 2.2: the ratio of the relative luminances, each plus 0.05."""
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) + 0.05 for c in (a, b))
    return high / low


def lab(rgb):
    """Linear RGB to CIE L*a*b* under D65, (3,)."""
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    xyz = np.array(to_xyz) @ rgb.clip(0, 1) / [0.95047, 1, 1.08883]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009,
# severity 1; the matrices work on linear RGB.
VISION = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def test_contrast_formula_against_known_values():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("ground", ["#ffffff", "#121212", "#14181e", "#1e2127"])
@pytest.mark.parametrize("name", [*plot.COLOURS, "ink"])
def test_every_colour_stands_out_on_light_and_dark(name, ground):
    assert contrast(plot.COLOURS.get(name, plot.INK), ground) >= 3


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(plot.COLOURS, 2)))
def test_any_two_colours_differ_for_every_reader(a, b, vision):
    seen = [lab(VISION[vision] @ linear(plot.COLOURS[name])) for name in (a, b)]
    assert np.linalg.norm(seen[0] - seen[1]) >= 20  # CIE 1976; a difference of 2 or 3 is just seen


def test_lines_differ_in_more_than_colour():
    assert len(plot.COLOURS) == len(plot.LINES) == len(plot.MARKERS)
    assert len(set(plot.LINES)) == len(plot.LINES)
    assert len(set(plot.MARKERS)) == len(plot.MARKERS)
    _, ax = plot.subplots()
    drawn = [ax.plot([0, 1])[0] for _ in plot.COLOURS]
    assert [line.get_color() for line in drawn] == list(plot.COLOURS.values())
    assert len({str(line._dash_pattern) for line in drawn}) == len(drawn)


# --- size and display ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({}, (640, 290)),
        ({"width": "half"}, (320, 220)),
        ({"nrows": 2}, (640, 580)),
        ({"nrows": 2, "height": 400}, (640, 400)),
        ({"ncols": 3, "width": "page", "height": 200}, (640, 200)),
    ],
)
def test_size_in_pixels(shown, options, size):
    fig, axes = plot.subplots(**options)
    assert np.shape(axes) == {"nrows": (2,), "ncols": (3,)}.get(next(iter(options), ""), ())
    plot.show(fig, ALT)
    assert f'viewBox="0 0 {size[0]} {size[1]}"' in shown[0].svg


def test_unknown_width_names_the_choices():
    with pytest.raises(ValueError, match='"page" or "half"'):
        plot.subplots(width="wide")


def example():
    fig, ax = plot.subplots()
    ax.plot([0.123456, 1.5], [2.25, 3], label="line")
    ax.set(xlabel="step $t$", ylabel="loss", title="Title")
    ax.text(1, 2.5, "0.123456", family="monospace")
    return fig


def test_figure_takes_text_colour_and_font_from_the_page(shown):
    plot.show(example(), ALT, "Caption.")
    html = shown[0]._repr_html_()
    assert plot.INK not in html.lower()
    assert html.count("currentColor") > 20
    families = set(re.findall(r"font-family: ([^;\"]+)", html))
    assert {family.split(",")[0] for family in families} == {"inherit", "'DejaVu Sans Mono'"}
    assert ">loss</text>" in html  # real text
    assert ">0.123456</text>" in html  # only paths are rounded
    assert "<figcaption>Caption.</figcaption>" in html
    background = ElementTree.fromstring(shown[0].svg).find(".//path")
    assert background.attrib["style"] == "fill: none"


def test_figure_is_the_same_every_time(shown, monkeypatch):
    for _ in range(2):
        monkeypatch.setattr("rnnbook.figure._shown", Counter())
        plot.show(example(), ALT)
    assert shown[0].svg == shown[1].svg


def test_show_closes_the_figure_so_that_jupyter_does_not_repeat_it(shown):
    plot.show(example(), ALT)
    assert plt.get_fignums() == []


def test_show_insists_on_an_alt_text(shown):
    with pytest.raises(ValueError, match="too short"):
        plot.show(example(), "A plot.")
    assert plt.get_fignums() == shown == []


# --- what figures are made of ----------------------------------------------------------------------------------------


def test_band_is_the_median_within_the_range():
    _, ax = plot.subplots()
    runs = np.array([[1.0, 5.0], [2.0, 9.0], [6.0, 7.0]])
    line = plot.band(ax, [10, 20], runs, "model", zorder=7)
    assert line.get_ydata().tolist() == [2, 7]
    assert line.get_label() == "model"
    assert line.zorder == 7
    (filled,) = ax.collections
    corners = {tuple(corner) for corner in filled.get_paths()[0].vertices.tolist()}
    assert corners == {(10, 1), (10, 6), (20, 5), (20, 9)}
    assert mpl.colors.same_color(filled.get_facecolor()[0], (line.get_color(), 0.2))


@pytest.mark.parametrize("runs", [[1, 2, 3], [[1, 2], [3, 4]], np.zeros((1, 3, 1))])
def test_band_wants_one_row_a_run(runs):
    _, ax = plot.subplots()
    with pytest.raises(ValueError, match=r"runs must be \(runs, 3\), one row a run"):
        plot.band(ax, [1, 2, 3], runs)


def test_labels_stand_at_the_ends_of_their_lines_apart_and_inside():
    fig, ax = plot.subplots()
    for i, name in enumerate(["a", "b", "c"]):
        ax.plot([0, 1], [1, 0.001 * i], label=name)
    ax.plot([0, 1], [0, 1], label="top")
    ax.plot([0, 1], [0, 0.5])  # not labelled
    limits = ax.get_xlim(), ax.get_ylim()
    plot.label_lines(ax)
    assert (ax.get_xlim(), ax.get_ylim()) == limits
    assert [text.get_text() for text in ax.texts] == ["a", "b", "c", "top"]
    fig.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert boxes[3].y0 - boxes[0].y1 > 100
    for below, above in itertools.pairwise(boxes):
        assert above.y0 + above.y1 - below.y0 - below.y1 > 2 * 14  # centres further apart than a line of text
    assert all(0 <= text.get_position()[1] <= 1 for text in ax.texts)
    assert all(box.x1 <= 640 for box in boxes)
    colours = [line.get_color() for line in ax.get_lines()]
    assert colours[5:] == [colour for colour in colours[:4] for _ in range(2)]  # end mark and stroke


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.1))
def test_spread_keeps_order_and_gap_and_moves_no_more_than_needed(positions, gap):
    spread = plot._spread(positions, gap)
    order = np.argsort(positions, kind="stable")
    assert (np.diff(spread[order]) >= gap - 1e-9).all()
    assert spread.min() >= 0
    assert spread.max() <= 1 + 1e-9
    # Dykstra would find the projection; here it is enough that no convex step towards another allowed layout is nearer.
    rng = np.random.default_rng(0)
    for _ in range(20):
        free = np.sort(rng.uniform(0, 1 - gap * (len(order) - 1), len(order))) + gap * np.arange(len(order))
        other = np.empty_like(spread)
        other[order] = free
        assert (spread - positions) @ (other - spread) >= -1e-9  # the variational inequality of a projection


def embedded(svg):
    """The raster images in an SVG, as arrays (rows, columns, 3)."""
    data = re.findall(r"data:image/png;base64,\s*([^\"]+)", svg)
    return [np.array(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")) for png in data]


def test_heatmap_has_one_pixel_a_cell_and_a_named_scale(shown):
    fig, ax = plot.subplots()
    bar = plot.heatmap(ax, [[0, 1, 2], [3, 4, 5]], "count", rows=["p", "q"], columns=["x", "y", "z"])
    assert bar.ax.get_ylabel() == "count"
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["p", "q"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["x", "y", "z"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row is on top
    plot.show(fig, ALT)
    svg = shown[0].svg
    image, scale = embedded(svg)
    assert image.shape == (2, 3, 3)
    expected = np.array(mpl.colormaps["viridis"](np.arange(6) / 5))[:, :3].reshape(2, 3, 3) * 255
    np.testing.assert_allclose(image, expected, atol=1)
    assert "image-rendering:pixelated" in svg
    assert scale.size < 20_000
    assert len(svg) < 20_000


def test_diverging_heatmap_is_symmetric_about_zero():
    _, ax = plot.subplots()
    plot.heatmap(ax, [[-1, np.nan], [0.5, 4]], "weight", diverging=True)
    (image,) = ax.images
    assert image.get_clim() == (-4, 4)
    assert image.cmap.name == "coolwarm"


def test_heatmap_without_names_counts_its_rows_and_columns_in_whole_numbers():
    _, ax = plot.subplots()
    plot.heatmap(ax, np.zeros((3, 12)), "x")
    assert all(tick == round(tick) for axis in (ax.xaxis, ax.yaxis) for tick in axis.get_majorticklocs())


@pytest.mark.parametrize("diverging", [False, True])
def test_values_in_cells_are_readable(diverging):
    _, ax = plot.subplots()
    values = np.linspace(-1, 1, 30).reshape(5, 6)
    plot.heatmap(ax, values, "share", annotate=".2f", diverging=diverging)
    (image,) = ax.images
    assert [text.get_text() for text in ax.texts] == [f"{value:.2f}" for value in values.ravel()]
    for text, value in zip(ax.texts, values.ravel(), strict=True):
        assert contrast(text.get_color(), mpl.colors.to_hex(image.cmap(image.norm(value)))) >= 4.5


def test_heatmap_wants_a_matrix():
    _, ax = plot.subplots()
    with pytest.raises(ValueError, match=r"matrix \(rows, columns\); the array's shape is \(3,\)"):
        plot.heatmap(ax, [1, 2, 3], "x")
