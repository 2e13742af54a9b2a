"""The built site in headless Chromium, as a reader meets it: from the file system, on a wide screen and on a phone."""

import gzip
import itertools
import os
import threading
import tomllib
from functools import cache, partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import torch
from browser import Visit, assert_no_barrier, assert_nothing_sticks_out, chromium
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

ROOT = Path(__file__).parents[1]
HTML = Path(os.environ.get("RNNBOOK_HTML", ROOT / "build" / "html")).resolve()
if not (HTML / "index.html").is_file():
    if os.environ.get("CI") == "true":
        pytest.fail(f"There is no site at {HTML}: run `make book` first", pytrace=False)
    pytest.skip(f"There is no site at {HTML}: run `make book` first", allow_module_level=True)

TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(HTML.glob("*.html"))}
CHAPTERS = [name for name in TEXTS if (HTML / "_sources" / name).with_suffix(".ipynb").is_file()]
MADE_BY_SPHINX = {"genindex.html", "search.html"}  # pages that are in no table of contents
REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
SENT, UNPACKED = 500_000, 700_000  # bytes that a page may cost: all it loads, compressed; its own HTML


def pages_with(mark):
    """The pages whose HTML holds this text; at least one must."""
    return [name for name, text in TEXTS.items() if mark in text] or [pytest.param(None, id=f"no page has {mark}")]


@pytest.fixture(scope="module")  # two at a time do not go in one process
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module", params=TEXTS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def wide(browser, name):
    visit = Visit(browser, (HTML / name).as_uri())
    yield visit
    visit.close()


@pytest.fixture(scope="module")
def phone(browser, name):
    visit = Visit(browser, (HTML / name).as_uri(), size="phone", scheme="dark")
    yield visit
    visit.close()


@pytest.fixture
def visit(browser):
    """Opens pages for one test, and closes them after it."""
    visits = []

    def open_page(name, **options):
        assert name, "the site has no such page"
        base = options.pop("base", HTML.as_uri())
        visits.append(Visit(browser, f"{base}/{name}", **options))
        return visits[-1]

    yield open_page
    for each in visits:
        each.close()


@pytest.fixture(scope="module")
def server():
    """The site at a loopback address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=HTML))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


# Every page


def test_it_loads_without_errors_and_asks_no_other_host(wide, phone):
    assert wide.foreign + phone.foreign == []
    assert wide.errors + phone.errors == []


def test_all_its_mathematics_is_typeset(wide):
    typeset, nodes, faults = wide.page.evaluate(
        "['mjx-container', '.math', 'mjx-merror'].map(selector => document.querySelectorAll(selector).length)"
    )
    assert (typeset, faults) == (nodes, 0)
    assert wide.page.evaluate("!!window.MathJax") == (nodes > 0), "pages without mathematics do not load MathJax"
    raw = wide.page.evaluate(
        """() => {
          const body = document.body.cloneNode(true);
          body.querySelectorAll('pre, code, script, style').forEach(element => element.remove());
          return body.textContent.match(/\\\\[(\\[].*|\\$\\$.*/g) ?? [];
        }"""
    )
    assert raw == [], "TeX that was left as it is"


def test_its_pictures_have_alternatives(wide):
    silent = wide.page.evaluate(
        """() => [
          ...document.querySelectorAll('img:not([alt]), img[alt=""]'),
          ...[...document.querySelectorAll('figure svg')].filter(
            svg => svg.getAttribute('role') !== 'img' || !svg.getAttribute('aria-label')),
        ].map(picture => picture.outerHTML.slice(0, 200))"""
    )
    assert silent == []


def test_its_icons_are_drawn(wide):
    missing = wide.page.evaluate(
        """() => [...document.querySelectorAll('[class*="fa-"]')].filter(icon => {
          const style = getComputedStyle(icon, '::before');
          const glyph = style.content.replaceAll('"', '');
          return !/^[\\ue000-\\uf8ff]$/.test(glyph)
            || !document.fonts.check(`${style.fontWeight} 1em ${style.fontFamily}`, glyph);
        }).map(icon => icon.className)"""
    )
    assert missing == []


def test_it_fits_on_a_phone(phone):
    assert_nothing_sticks_out(phone.page)
    clipped = phone.page.evaluate(
        """() => [...document.querySelectorAll('span.math')]
          .filter(math => math.querySelector('mjx-math').getBoundingClientRect().width > math.clientWidth + 1)
          .map(math => math.textContent)"""
    )
    assert clipped == [], "inline formulas that a phone cuts off: set them on a line of their own"


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("phone", "dark")])
def test_axe_finds_no_barrier(request, visit, name, size, scheme):
    seen = visit(name, scheme=scheme) if (size, scheme) == ("wide", "dark") else request.getfixturevalue(size)
    assert_no_barrier(seen.page)


def test_it_weighs_little(wide, name):
    files = {file: file.read_bytes() for file in wide.files}
    assert sum(len(gzip.compress(data)) for data in files.values()) < SENT, "as sent, with MathJax and its fonts"
    assert len(files[HTML / name]) < UNPACKED, "the page itself"
    static, mathjax = HTML / "_static", HTML / "_static" / "mathjax"
    theme = [data for file, data in files.items() if static in file.parents and mathjax not in file.parents]
    assert sum(map(len, theme)) < 350_000, "styles and scripts, unpacked, MathJax apart"


def test_its_links_lead_somewhere(name):
    broken = []
    for link in sorted(anchors(name).links):
        url = urlsplit(link)
        if url.scheme or url.netloc:
            continue
        target = unquote(url.path) or name
        to_anchor = url.fragment and target in TEXTS
        if not (HTML / target).is_file() or (to_anchor and unquote(url.fragment) not in anchors(target).ids):
            broken.append(link)
    assert broken == []


def test_its_head_is_complete(name):
    head = anchors(name)
    assert (HTML / head.favicon).is_file()
    if name in MADE_BY_SPHINX:
        return
    assert {"og:title", "og:type", "og:url", "og:site_name", "og:description", "og:image"} <= head.meta.keys()
    assert head.meta["og:description"].strip()
    assert head.meta["og:site_name"] not in ("", "Project name not set")
    site = head.meta["og:url"].removesuffix(name)
    assert site.startswith("https://")
    assert head.meta["og:image"].startswith(site)
    assert (HTML / head.meta["og:image"].removeprefix(site)).is_file()


class Anchors(HTMLParser):
    """The links of a page, the places that links can lead to, and what its head says."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.meta, self.favicon = set(), set(), {}, "no favicon"
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids |= {attributes.get("id"), attributes.get("name")}
        self.links |= {attributes[key] for key in ("href", "src") if attributes.get(key)}
        if tag == "meta" and "property" in attributes:
            self.meta[attributes["property"]] = attributes["content"]
        if tag == "link" and "icon" in attributes.get("rel", "").split():
            self.favicon = attributes["href"]


@cache
def anchors(name):
    return Anchors(TEXTS[name])


# Moving about


def test_previous_and_next_lead_through_all_pages(visit):
    page = visit("index.html").page
    read = ["index.html"]
    while (following := page.locator("a.right-next")).count():
        before = read[-1]
        following.click()
        read.append(Path(urlsplit(page.url).path).name)
        assert page.locator("a.left-prev").get_attribute("href") == before
    assert sorted(read) == sorted(TEXTS.keys() - MADE_BY_SPHINX)


@pytest.mark.loopback
def test_search_finds_a_word(visit, server):
    seen = visit("index.html", base=server)
    seen.page.keyboard.press("Control+k")
    seen.page.locator("#pst-search-dialog input").fill("bibliography")
    seen.page.keyboard.press("Enter")
    seen.page.locator("#search-results li a[href^='bibliography.html']").first.wait_for()
    assert seen.errors == []


def test_the_reader_switches_between_light_and_dark(visit):
    seen = visit("index.html")
    switch = seen.page.locator(".theme-switch-button").first
    look = "[document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]"
    looks = set()
    for _ in ("auto", "light", "dark"):
        switch.click()
        looks.add(tuple(seen.page.evaluate(look)))
    assert {theme for theme, _ in looks} == {"light", "dark"}
    assert len({background for _, background in looks}) == 2
    seen.page.evaluate("localStorage.setItem('mode', 'dark')")
    seen.page.reload()
    assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"


# Chapters


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_offers_colab_download_and_issues(chapter):
    links = anchors(chapter).links
    notebook = Path(chapter).with_suffix(".ipynb").name
    colab = REPOSITORY.replace("https://github.com", "https://colab.research.google.com/github")
    assert f"{colab}/blob/main/book/{notebook}" in links
    assert f"_sources/{notebook}" in links
    assert REPOSITORY in links
    assert any(link.startswith(f"{REPOSITORY}/issues/new?title=") for link in links)


@pytest.mark.loopback
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_code_can_be_copied(visit, server, chapter):
    page = visit(chapter, base=server, permissions=["clipboard-read", "clipboard-write"]).page
    blocks = page.locator(".cell_input div.highlight")
    assert blocks.count() == page.locator(".cell_input button.copybtn").count() > 0
    block = blocks.locator("visible=true").first
    block.hover()
    block.locator("button.copybtn").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == block.locator("pre").inner_text().strip()


@pytest.mark.parametrize("chapter", pages_with("rnnbook-quiz"))
def test_the_quiz_answers(visit, chapter):
    seen = visit(chapter)
    questions = seen.page.locator(".rnnbook-quiz .Quiz:has(.MCButton)")
    assert questions.count() > 0
    for question in questions.all():
        feedback = question.locator(".Feedback")
        for verdict, kind in (("false", "incorrect"), ("true", "correct")):
            question.locator(f".MCButton[data-correct={verdict}]").first.click()
            assert kind in feedback.get_attribute("class").split()
            assert feedback.inner_text().strip()
    assert seen.errors == []


@pytest.mark.parametrize("chapter", pages_with("rnnbook-quiz"))
def test_the_quiz_answers_by_keyboard(visit, chapter):
    page = visit(chapter).page
    for question in page.locator(".rnnbook-quiz .Quiz:has(.MCButton)").all():
        right = question.locator(".MCButton[data-correct=true] input").first
        right.focus()
        outline = right.locator("xpath=..").evaluate("label => getComputedStyle(label).outlineStyle")
        assert outline == "solid", "what has the focus is to be seen"
        page.keyboard.press("Space")
        assert "correct" in question.locator(".Feedback").get_attribute("class").split()


# The shape explorer

EXPLORER = pages_with('data-drawing="shapes"')
SETTINGS = [
    {
        "layers": layers, "directions": directions, "batchFirst": batch_first, "ragged": ragged,
        "batch": batch, "time": time, "input": 3, "hidden": 4,
    }
    for layers, directions, batch_first, ragged, (batch, time) in itertools.product(
        (1, 2, 4), (1, 2), (False, True), (False, True), ((1, 2), (3, 5), (4, 8))
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def predictions(browser):
    """What the explorer says of each of the settings."""
    assert EXPLORER[0] in TEXTS, "no page has the drawing that the explorer replaces"
    visit = Visit(browser, (HTML / EXPLORER[0]).as_uri())
    yield visit.page.evaluate("settings => settings.map(window.rnnbook.shapes)", SETTINGS)
    visit.close()


@pytest.mark.parametrize("case", range(len(SETTINGS)), ids=lambda i: "-".join(map(str, SETTINGS[i].values())))
def test_the_explorer_agrees_with_torch(predictions, case):
    settings, predicted = SETTINGS[case], predictions[case]
    torch.manual_seed(case)
    x = torch.randn(predicted["x"], dtype=torch.float64)
    h_0 = torch.randn(predicted["h_0"], dtype=torch.float64)
    names = {
        "nn": nn, "pack_padded_sequence": pack_padded_sequence, "pad_packed_sequence": pad_packed_sequence,
        "x": x, "h_0": h_0,
    }  # fmt: skip
    exec(predicted["code"][0], names)
    names["rnn"].double()
    exec("\n".join(predicted["code"][1:]), names)
    output, h_n = names["output"], names["h_n"]
    assert list(output.shape) == predicted["output"]
    assert list(h_n.shape) == predicted["h_n"]

    states = every_state(names["rnn"], x if settings["batchFirst"] else x.transpose(0, 1), h_0, predicted["lengths"])
    assert len(predicted["cells"]) == states.shape[:4].numel()
    held_by_output, held_by_h_n = torch.zeros_like(output), torch.zeros_like(h_n)
    for cell in predicted["cells"]:
        state = states[cell["layer"], cell["direction"], cell["b"], cell["t"]]
        assert cell["valid"] == (not state.isnan().any())
        if cell["output"]:
            first, second, start, stop = cell["output"]
            expected = state if cell["valid"] else torch.zeros_like(state)
            torch.testing.assert_close(output[first, second, start:stop], expected)
            held_by_output[first, second, start:stop] += 1
        if cell["h_n"]:
            torch.testing.assert_close(h_n[tuple(cell["h_n"])], state)
            held_by_h_n[tuple(cell["h_n"])] += 1
    assert (held_by_output == 1).all(), "every number of output belongs to one cell"
    assert (held_by_h_n == 1).all(), "every number of h_n belongs to one cell"


def every_state(rnn, x, h_0, lengths):
    """All hidden states of an nn.RNN, one by one: (layers, directions, B, T, H), nan where a sequence has ended."""
    directions = 2 if rnn.bidirectional else 1
    states = torch.full((rnn.num_layers, directions, *x.shape[:2], rnn.hidden_size), torch.nan, dtype=x.dtype)
    for layer, direction in itertools.product(range(rnn.num_layers), range(directions)):
        suffix = f"_l{layer}" + ("_reverse" if direction else "")
        w_ih, w_hh, b_ih, b_hh = (
            getattr(rnn, f"{kind}{suffix}") for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        for b, length in enumerate(lengths):
            h = h_0[layer * directions + direction, b]
            for t in reversed(range(length)) if direction else range(length):
                below = x[b, t] if layer == 0 else states[layer - 1, :, b, t].flatten()
                h = torch.tanh(w_ih @ below + b_ih + w_hh @ h + b_hh)
                states[layer, direction, b, t] = h
    return states.detach()


@pytest.mark.parametrize("chapter", EXPLORER)
def test_the_explorer_by_keyboard(visit, chapter):
    page = visit(chapter).page
    explorer = page.locator(".shape-explorer")
    explorer.locator("[name=bidirectional]").focus()
    page.keyboard.press("Space")
    explorer.locator("[name=layers]").focus()
    page.keyboard.press("ArrowDown")
    explorer.locator("[name=ragged]").focus()
    page.keyboard.press("Space")
    shapes = " ".join(explorer.locator("[role=status]").inner_text().split())
    assert shapes == "x (3, 5, 5) h_0 (6, 3, 20) output (3, 5, 40) h_n (6, 3, 20)"
    explorer.locator("[name=row]").focus()
    page.keyboard.press("Tab")
    for _ in range(3):  # the checkboxes
        page.keyboard.press("Tab")
    said = []
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
        said.append(page.evaluate("document.activeElement.ariaLabel"))
    assert said == [
        "Layer 2, backward, t = 0: output[0, 0, 20:] and h_n[5, 0], the same numbers.",
        "Layer 1, forward, t = 0: in neither: the layer keeps it to itself.",
        "Layer 2, backward, t = 0: output[0, 0, 20:] and h_n[5, 0], the same numbers.",
        "Layer 2, backward, t = 1: output[0, 1, 20:].",
    ]
    assert explorer.locator(".explorer-detail").inner_text() == said[-1]
    assert explorer.locator("[tabindex='0']").count() == 1


@pytest.mark.parametrize("chapter", EXPLORER)
def test_the_explorer_survives_what_is_typed_into_it(visit, chapter):
    seen = visit(chapter)
    size = seen.page.locator(".shape-explorer [name=hidden]")
    shapes = seen.page.locator(".shape-explorer [role=status]")
    before = shapes.inner_text()
    for nonsense in ("", "0", "-3", "2.5", "99999"):
        size.fill(nonsense)
        assert shapes.inner_text() == before
    size.fill("7")
    assert "(2, 3, 7)" in shapes.inner_text()
    seen.page.locator(".shape-explorer [name=row]").select_option("2")
    seen.page.locator(".shape-explorer [name=batch]").select_option("1")
    assert seen.page.locator(".shape-explorer [name=row]").input_value() == "0"
    assert seen.errors == []


@pytest.mark.parametrize("chapter", EXPLORER)
def test_paper_and_pages_without_javascript_show_the_static_figure(visit, chapter):
    page = visit(chapter).page
    figure, explorer = page.locator('figure[data-drawing="shapes"]'), page.locator(".shape-explorer")
    assert (figure.is_visible(), explorer.is_visible()) == (False, True)
    page.emulate_media(media="print")
    assert (figure.is_visible(), explorer.is_visible()) == (True, False)
    plain = visit(chapter, java_script_enabled=False).page
    assert plain.locator('figure[data-drawing="shapes"]').is_visible()
