"""What every demo does in its page: its static figure, and when it fetches its model."""

import pytest
from browser import Visit, page_with_a_gap

from rnnbook.demos import NAMES, load

DEMOS = {name: load(name) for name in NAMES}
MODELS = {name: demo.data["model"] for name, demo in DEMOS.items() if "model" in demo.data}  # its script


def card_of(page, name):
    return page.locator(f".{name.replace('_', '-')}")


@pytest.mark.parametrize("name", NAMES)
def test_paper_and_pages_without_javascript_show_the_static_figure(browser, alone, name):
    seen = Visit(browser, address := alone(DEMOS[name]))
    figure, card = seen.page.locator("figure"), card_of(seen.page, name)
    card.wait_for()
    assert not figure.is_visible()
    seen.page.emulate_media(media="print")
    assert (figure.is_visible(), card.is_visible()) == (True, False)
    assert (seen.errors, seen.foreign) == ([], [])
    seen.close()
    plain = Visit(browser, address, java_script_enabled=False)
    assert plain.page.locator("figure").is_visible()
    assert (plain.errors, plain.foreign) == ([], [])
    plain.close()


def test_four_demos_run_a_model():
    assert list(MODELS) == ["beam_tree", "date_converter", "review_reader", "writer"]


@pytest.mark.parametrize("name", MODELS)
def test_the_model_is_loaded_once_when_the_demo_comes_into_sight(browser, alone, tmp_path, name):
    seen = Visit(browser, page_with_a_gap(alone(DEMOS[name]), tmp_path))
    page, card = seen.page, card_of(seen.page, name)

    def wait():
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")

    def fetched():
        return [file.name for file in seen.files].count(MODELS[name].partition("?")[0])

    wait()
    assert fetched() == 0
    assert card.inner_text() == "The network is being loaded."
    card.scroll_into_view_if_needed()
    card.locator("button").first.wait_for()
    page.evaluate("(card) => { window.drawn = card.querySelector('button'); }", card.element_handle())
    field = card.locator("textarea, [type=text]")
    field.fill("Mine")
    for place in (page.locator("h1"), card):  # away, and back
        place.scroll_into_view_if_needed()
        wait()
    assert page.evaluate("window.drawn.isConnected"), "it is not drawn anew"
    assert field.input_value() == "Mine", "what the reader has begun stays"
    assert fetched() == 1
    assert (seen.errors, seen.foreign) == ([], [])
    seen.close()


@pytest.mark.parametrize("name", MODELS)
def test_without_the_model_the_figure_stands(browser, alone, tmp_path, name):
    seen = Visit(browser, page_with_a_gap(alone(DEMOS[name]), tmp_path, MODELS[name], "missing.js"))
    card_of(seen.page, name).scroll_into_view_if_needed()
    seen.page.locator("figure").wait_for()
    assert card_of(seen.page, name).count() == 0
    seen.close()
