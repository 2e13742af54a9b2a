"""Figures stand in any HTML page: with an alt text, and without touching their neighbours."""

import re
from collections import Counter
from xml.etree import ElementTree

import pytest

from rnnbook.figure import Figure

SVG = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9in" viewBox="0 0 300 200">
 <metadata>date</metadata><title>tip</title><desc>more</desc>
 <defs><style>* {stroke: red}</style><path id="dot" fill="#12a488"/><clipPath id="box"><rect/></clipPath></defs>
 <g id="axes_1" clip-path="url(#box)"><use xlink:href="#dot"/><use href="#dot"/></g>
 <g style="clip-path: url(#box)"><a href="https://example.org/#dot">x</a></g>
</svg>"""
ALT = "A drawing made up for this test."


def ids(html):
    return re.findall(r' id="([^"]+)"', html)


def test_html_is_a_figure_with_an_accessible_name():
    html = Figure(SVG, 'Says "a < b" & more, at length.')._repr_html_()
    root = ElementTree.fromstring(html)
    assert root.tag == "figure"
    assert root.attrib["class"] == "rnnbook-figure"
    assert root[0].tag == "svg"
    assert root[0].attrib["role"] == "img"
    assert root[0].attrib["aria-label"] == 'Says "a < b" & more, at length.'


def test_plain_text_is_the_alt_text_on_one_line():
    assert repr(Figure(SVG, "A drawing\n   made up for this test.")) == ALT


@pytest.mark.parametrize("alt", ["", "   ", "A line.", "   nineteen letters   "])
def test_alt_text_that_says_too_little_is_refused(alt):
    with pytest.raises(ValueError, match="say in a sentence what the figure shows"):
        Figure(SVG, alt)


def test_caption_is_escaped_and_optional():
    assert "<figcaption>a &lt;b&gt; &amp; c</figcaption>" in Figure(SVG, ALT, caption="a <b> & c")._repr_html_()
    assert "figcaption" not in Figure(SVG, ALT)._repr_html_()


def test_a_drawing_carries_its_name():
    html = Figure(SVG, ALT, name="cell")._repr_html_()
    assert '<figure class="rnnbook-figure rnnbook-drawing" data-drawing="cell"' in html


def test_nothing_reaches_beyond_the_figure():
    html = Figure(SVG, ALT)._repr_html_()
    for trace in ("<?xml", "<style", "<metadata", "<title", "<desc", "ns0", "xlink", "9in"):
        assert trace not in html


def test_svg_shrinks_with_the_page_and_never_grows_beyond_its_size():
    root = ElementTree.fromstring(Figure(SVG, ALT).svg)
    assert root.attrib["viewBox"] == "0 0 300 200"
    assert "width: 100%; max-width: 300px; height: auto" in root.attrib["style"]
    assert "width" not in root.attrib


def test_references_are_renamed_with_their_ids():
    html = Figure(SVG, ALT)._repr_html_()
    assert len(ids(html)) == 2  # the id that nothing refers to is gone
    references = re.findall(r"url\(#([^)]+)\)", html) + re.findall(r'href="#([^"]+)"', html)
    assert len(references) == 4
    assert set(references) == set(ids(html))
    assert 'href="https://example.org/#dot"' in html
    assert 'fill="#12a488"' in html


def test_ids_never_clash_even_between_twins():
    figures = [Figure(SVG, ALT), Figure(SVG, ALT), Figure(SVG, ALT + " Again."), Figure(SVG.replace("300", "301"), ALT)]
    everything = [name for figure in figures for name in ids(figure.svg)]
    assert len(everything) == len(set(everything)) == 8


def test_ids_follow_from_the_content_alone(monkeypatch):
    svgs = []
    for _ in range(2):
        monkeypatch.setattr("rnnbook.figure._shown", Counter())
        svgs.append(Figure(SVG, ALT).svg)
    assert svgs[0] == svgs[1]
