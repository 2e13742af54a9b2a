"""Every drawing keeps to the course's one style, carries its alt text, and needs nothing from outside itself."""

import re
from importlib.resources import files
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from PIL import ImageFont

from rnnbook import drawings
from rnnbook.plot import COLOURS

SVG = "{http://www.w3.org/2000/svg}"


def length(text):
    """How wide a <text> is set in DejaVu, the widest of the usual fonts."""
    size, bold = float(text.get("font-size", 15)), "-Bold" if text.get("font-weight") else ""
    runs = [(text.text, size, bold)]
    for span in text:
        face = "Mono" if span.get("font-family") == "monospace" else bold
        runs += [(span.text, float(span.get("font-size", size)), face), (span.tail, size, bold)]
    fonts = f"{mpl.get_data_path()}/fonts/ttf/DejaVuSans"
    return sum(ImageFont.truetype(f"{fonts}{face}.ttf", size).getlength(run) for run, size, face in runs if run)


def raw(name):
    return files(drawings).joinpath(f"{name}.svg").read_text(encoding="utf-8")


def test_the_drawings_of_the_course_are_there():
    assert drawings.NAMES == ["cell", "feedforward", "layouts", "shapes", "unrolled"]


@pytest.mark.parametrize("name", drawings.NAMES)
class TestEvery:
    def test_shows_as_a_named_figure_with_title_and_description_as_alt_text(self, name):
        root = ElementTree.fromstring(raw(name))
        title, desc = root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")
        assert len(title) > 20
        assert len(desc) > 150
        html = ElementTree.fromstring(drawings.load(name)._repr_html_())
        assert html.attrib["data-drawing"] == name
        assert html.attrib["class"] == "rnnbook-figure rnnbook-drawing"
        assert html[0].attrib["aria-label"] == f"{title}. {desc}"

    def test_uses_the_text_colour_and_the_palette_only(self, name):
        colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', raw(name)))
        assert {"currentColor", "none"} <= colours <= {"currentColor", "none", *COLOURS.values()}
        assert COLOURS["teal"] in colours

    def test_is_in_the_one_style(self, name):
        root = ElementTree.fromstring(raw(name))
        assert {element.get("stroke-width", "2") for element in root.iter()} == {"2"}
        sizes = {float(element.get("font-size", 15)) for element in root.iter(f"{SVG}text")}
        assert 13 <= min(sizes) <= 15 <= max(sizes)
        assert root.find(f"{SVG}g[@font-size]").get("font-size") == "15"
        assert all(float(rect.get("rx")) >= 6 for rect in root.iter(f"{SVG}rect"))
        width = float(root.get("viewBox").split()[2])
        assert width <= 490  # at 328 pixels, on a phone, its text is still 10 pixels high

    def test_needs_nothing_from_outside(self, name):
        foreign = r"<script|<style|<image|<foreignObject|@font|data:|on\w+=|https?://(?!www\.w3\.org)"
        assert not re.search(foreign, raw(name))
        assert len(raw(name)) < 10_000

    def test_is_wholly_inside_its_view_box(self, name):
        root = ElementTree.fromstring(raw(name))
        left, top, width, height = map(float, root.get("viewBox").split())
        for rect in root.iter(f"{SVG}rect"):
            x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
            assert left < x < x + w < left + width
            assert top < y < y + h < top + height
        for text in root.iter(f"{SVG}text"):
            ink = length(text)
            start = float(text.get("x")) - ink * {"start": 0, None: 0.5, "end": 1}[text.get("text-anchor")]
            assert left <= start
            assert start + ink <= left + width
            assert top + 10 < float(text.get("y")) < top + height - 4


def test_shapes_marks_each_cell_with_its_layer_and_step():
    cells = [r for r in ElementTree.fromstring(raw("shapes")).iter(f"{SVG}rect") if r.get("data-layer")]
    assert {(cell.get("data-layer"), cell.get("data-step")) for cell in cells} == {
        (layer, step) for layer in "01" for step in "1234"
    }
    (corner,) = [cell for cell in cells if cell.get("stroke") == "currentColor"]
    assert (corner.get("data-layer"), corner.get("data-step")) == ("1", "4")


def test_drawing_displays_the_figure(monkeypatch):
    shown = []
    monkeypatch.setattr(drawings, "display", shown.append)
    drawings.drawing("cell", caption="One step.")
    assert "<figcaption>One step.</figcaption>" in shown[0]._repr_html_()


@pytest.mark.parametrize(
    ("wrong", "right"), [("unroled", r"Did you mean unrolled\? "), ("Shape", r"Did you mean shapes\? "), ("zzz", "")]
)
def test_an_unknown_name_suggests_the_nearest(wrong, right):
    with pytest.raises(ValueError, match=rf"no drawing '{wrong}'\. {right}There are: cell, "):
        drawings.drawing(wrong)
