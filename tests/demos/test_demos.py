"""What a demo leaves in a notebook, before any script runs."""

import json
from xml.etree import ElementTree

import pytest

import rnnbook
from rnnbook import demos
from rnnbook.demos import Demo
from rnnbook.figure import Figure

FIGURE = Figure('<svg viewBox="0 0 10 10"><path d="M 0 0"/></svg>', "A path that goes nowhere at all.")


def test_it_leaves_the_figure_and_the_data():
    html = ElementTree.fromstring(Demo("thing", {"a": [1, 2.5], "b": None}, FIGURE)._repr_html_())
    assert html.attrib == {"class": "rnnbook-demo", "data-demo": "thing"}
    figure, script = html
    assert ElementTree.tostring(figure) == ElementTree.tostring(ElementTree.fromstring(FIGURE._repr_html_()))
    assert script.attrib == {"type": "application/json"}
    assert json.loads(script.text) == {"a": [1, 2.5], "b": None}


def test_no_text_ends_the_script_element():
    data = {"a": "</script><script>alert(1)</script>", "<b": "<!--", "é": "ü"}
    html = Demo("thing", data, FIGURE)._repr_html_()
    inside = html.partition('<script type="application/json">')[2].partition("</script>")[0]
    assert "<" not in inside
    assert json.loads(inside) == data


def test_where_html_is_not_shown_it_prints_what_the_figure_shows():
    assert repr(Demo("thing", {}, FIGURE)) == "A path that goes nowhere at all."


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_refuses_what_json_has_not(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        Demo("thing", {"a": value}, FIGURE)


def test_demo_displays_what_its_module_makes(monkeypatch):
    shown = []
    made = Demo("gradient_microscope", {}, FIGURE)
    monkeypatch.setattr(demos, "display", shown.append)
    monkeypatch.setattr("rnnbook.demos.gradient_microscope.make", lambda: made)
    rnnbook.demo("gradient_microscope")
    assert shown == [made]


def test_an_unknown_name_suggests_the_nearest():
    names = ["beam_tree", "date_converter", "gate_player", "gradient_microscope", "review_reader", "writer"]
    assert names == demos.NAMES
    with pytest.raises(ValueError, match=r"no demo 'gradient-microscope'\. Did you mean gradient_microscope\?"):
        rnnbook.demo("gradient-microscope")
