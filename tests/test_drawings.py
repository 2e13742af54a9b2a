"""Every drawing keeps to the course's one style, carries its alt text, and needs nothing from outside itself."""

import re
from importlib.resources import files
from itertools import groupby
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import ImageFont
from torch import nn
from torch.nn.utils.rnn import pack_sequence

from rnnbook import drawings
from rnnbook.plot import COLOURS

SVG = "{http://www.w3.org/2000/svg}"


def ink(text):
    """The box that a <text> fills when set in DejaVu, the widest of the usual fonts: left, top, right, bottom."""
    size, bold = float(text.get("font-size", 15)), "-Bold" if text.get("font-weight") else ""
    runs = [(text.text, size, bold, 0, 0)]
    for span in text:
        face = "Mono" if span.get("font-family") == "monospace" else bold
        moved = float(span.get("dx", 0)), float(span.get("dy", 0))
        runs += [(span.text, float(span.get("font-size", size)), face, *moved), (span.tail, size, bold, 0, 0)]
    boxes, x, y = [], 0, float(text.get("y"))
    for run, height, face, dx, dy in runs:
        x, y = x + dx, y + dy
        if run:
            font = ImageFont.truetype(f"{mpl.get_data_path()}/fonts/ttf/DejaVuSans{face}.ttf", height)
            left, top, right, bottom = font.getbbox(run, anchor="ls")
            boxes.append((x + left, y + top, x + right, y + bottom))
            x += font.getlength(run)
    start = float(text.get("x")) - x * {"start": 0, None: 0.5, "end": 1}[text.get("text-anchor")]
    left, top, right, bottom = zip(*boxes, strict=True)
    return start + min(left), min(top), start + max(right), max(bottom)


def strokes(root):
    """The boxes that upright and level strokes fill, those of paths and the sides of rectangles."""
    lines = []
    for path in root.iter(f"{SVG}path"):
        x = y = 0.0
        for command, numbers in re.findall(r"([A-Z])([^A-Za-z]*)", path.get("d")):
            to = [float(number) for number in numbers.split()]
            end = {"H": [to[0], y], "V": [x, to[0]]}[command] if command in "HV" else to[-2:]
            lines += [(x, y, *end)] if command in "HV" else []
            x, y = end
    for rect in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        lines += [(x, y, x + w, y), (x, y + h, x + w, y + h), (x, y, x, y + h), (x + w, y, x + w, y + h)]
    return [(min(a, c) - 1, min(b, d) - 1, max(a, c) + 1, max(b, d) + 1) for a, b, c, d in lines]


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def raw(name):
    return files(drawings).joinpath(f"{name}.svg").read_text(encoding="utf-8")


def test_the_drawings_of_the_course_are_there():
    assert drawings.NAMES == [
        "bidirectional", "bptt", "cell", "feedforward", "gru_cell", "layouts", "lstm_cell", "packing", "shapes",
        "stacked", "unrolled",
    ]  # fmt: skip


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
            x, y, end, bottom = ink(text)
            assert left <= x < end <= left + width
            assert top <= y < bottom <= top + height

    def test_no_text_touches_another_or_a_stroke(self, name):
        root = ElementTree.fromstring(raw(name))
        texts = list(root.iter(f"{SVG}text"))
        boxes = [ink(text) for text in texts]
        for i, box in enumerate(boxes):
            said = "".join(texts[i].itertext())
            others = ["".join(texts[j].itertext()) for j in range(i) if overlap(box, boxes[j])]
            assert others == [], said
            assert [stroke for stroke in strokes(root) if overlap(box, stroke)] == [], said
            for circle in root.iter(f"{SVG}circle"):  # a text is within it or clear of it
                x, y, r = (float(circle.get(key)) for key in ("cx", "cy", "r"))
                nearest = np.hypot(x - np.clip(x, box[0], box[2]), y - np.clip(y, box[1], box[3]))
                corners = [np.hypot(x - a, y - b) for a in box[::2] for b in box[1::2]]
                assert nearest > r + 1 or max(corners) < r - 1, said


def test_shapes_marks_each_cell_with_its_layer_and_step():
    cells = [r for r in ElementTree.fromstring(raw("shapes")).iter(f"{SVG}rect") if r.get("data-layer")]
    assert {(cell.get("data-layer"), cell.get("data-step")) for cell in cells} == {
        (layer, step) for layer in "01" for step in "1234"
    }
    (corner,) = [cell for cell in cells if cell.get("stroke") == "currentColor"]
    assert (corner.get("data-layer"), corner.get("data-step")) == ("1", "4")


def words(name, pattern):
    """The texts of a drawing that match, with the place of each: {(y, x): text}, from top left to bottom right."""
    texts = {(float(t.get("y")), float(t.get("x"))): "".join(t.itertext()) for t in each(name, "text")}
    return {place: texts[place] for place in sorted(texts) if re.fullmatch(pattern, texts[place])}


def each(name, tag):
    return ElementTree.fromstring(raw(name)).iter(f"{SVG}{tag}")


@pytest.mark.parametrize(("name", "layer"), [("lstm_cell", nn.LSTM), ("gru_cell", nn.GRU)])
def test_a_cell_names_its_blocks_in_the_order_in_which_torch_keeps_them(name, layer):
    for kind in "ih":
        (order,) = set(re.findall(rf"\((W_{kind}\w(?:\|W_{kind}\w)+)\)", layer.__doc__))
        blocks = words(name, rf"W{kind}\w, b{kind}\w")
        assert [block.split(",")[0] for block in blocks.values()] == order.replace("_", "").split("|")
        assert [block.split(", b")[1] for block in blocks.values()] == [b[1:].split(",")[0] for b in blocks.values()]


def test_packing_shows_what_torch_packs():
    sequences = [torch.tensor([ord(letter) for letter in word]) for word in ("go", "river", "sea")]
    packed = pack_sequence(sequences, enforce_sorted=False)
    lines = groupby(words("packing", r"[a-z\d]").items(), lambda item: item[0][0])
    *grids, below, data, brackets = ["".join(text for _, text in line) for _, line in lines]
    assert grids == ["0go00021river", "1river52sea00", "2sea0030go000"]  # row, letters, length; row, letters
    assert data == "".join(map(chr, packed.data))
    assert below == brackets == "".join(map(str, packed.batch_sizes.tolist()))
    assert f"sorted_indices {', '.join(map(str, packed.sorted_indices.tolist()))}" in words("packing", ".*").values()


def test_bidirectional_says_which_inputs_each_state_has_read():
    x = torch.randn(1, 4, 3, requires_grad=True)
    output, _ = nn.RNN(3, 2, batch_first=True, bidirectional=True)(x)
    read = {}
    for direction, half in enumerate(output.split(2, dim=-1)):
        for t in range(4):
            (grad,) = torch.autograd.grad(half[0, t].sum(), x, retain_graph=True)
            steps = [k + 1 for k in range(4) if grad[0, k].any()]
            read[direction, t] = f"x{steps[0]} … x{steps[-1]}" if len(steps) > 1 else f"x{steps[0]}"
    said = [text for (y, _), text in words("bidirectional", r"x\d( … x\d)?").items()]
    assert said[:4] + said[-4:] == list(read.values())


def test_drawing_displays_the_figure(monkeypatch):
    shown = []
    monkeypatch.setattr(drawings, "display", shown.append)
    drawings.drawing("cell", caption="One step.")
    assert "<figcaption>One step.</figcaption>" in shown[0]._repr_html_()


@pytest.mark.parametrize(
    ("wrong", "right"), [("unroled", r"Did you mean unrolled\? "), ("Shape", r"Did you mean shapes\? "), ("zzz", "")]
)
def test_an_unknown_name_suggests_the_nearest(wrong, right):
    with pytest.raises(ValueError, match=rf"no drawing '{wrong}'\. {right}There are: bidirectional, "):
        drawings.drawing(wrong)
