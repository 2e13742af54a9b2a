"""rnnbook.site on small sites made for the purpose; tests/test_site.py looks at the real one."""

import base64
import io
import re
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pydata_sphinx_theme
import pytest
from fontTools.ttLib import TTFont

from rnnbook import demos, site

FONTS = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static/vendor/fontawesome/webfonts"
SCRIPT = '<script src="_static/scripts/fontawesome.js?digest=1"></script>'
MATHJAX = '<script defer="defer" src="_static/mathjax/tex-chtml.js"></script>'
ICONS = """
@font-face{font-family:Icons;src:url(../vendor/fa-solid-900.woff2) format("woff2"),url(../vendor/fa-solid-900.ttf)}
.fa-bars:before{content:"\\f0c9"}.fa-moon:before{content:"\\f186"}.fa-sun:before{content:"\\f185"}
"""


@pytest.fixture
def make(tmp_path):
    """Writes a site of one page and one style sheet; returns its folder."""

    def write(body="", css="", script=SCRIPT, js=""):
        static = tmp_path / "_static"
        for folder in ("styles", "scripts", "vendor", "locales/de"):
            (static / folder).mkdir(parents=True, exist_ok=True)
        for name in ("fa-solid-900.woff2", "fa-solid-900.ttf"):
            (static / "vendor" / name).write_bytes((FONTS / name).read_bytes())
        (static / "styles/theme.css").write_text(ICONS + css, encoding="utf-8")
        (static / "scripts/fontawesome.js").write_text("const all = ['fa-bars', 'fa-moon', 'fa-sun', 'unused'];")
        (static / "scripts/theme.js").write_text(js)
        (static / "scripts/theme.js.map").write_text("{}")
        (tmp_path / "page.html").write_text(f"<html><head>{script}{MATHJAX}</head><body>{body}</body></html>")
        return tmp_path

    return write


def rules(html):
    """The style sheet without its icons and blanks."""
    sheet = (html / "_static/styles/theme.css").read_text(encoding="utf-8")
    return re.sub(r"@font-face\{.*?\}|\.fa-\w+:before\{.*?\}|\s+", "", sheet)


@pytest.mark.parametrize(
    ("css", "left"),
    [
        ("p{color:red}", "p{color:red}"),
        ("b{color:red}", ""),
        (".used{color:red}", ".used{color:red}"),
        (".used.unused{color:red}", ""),
        (".unused .used{color:red}", ""),
        ("p>.used+#name{color:red}", "p>.used+#name{color:red}"),
        ("#unused{color:red}", ""),
        (".unused,.used{color:red}", ".unused,.used{color:red}"),
        (".used:not(.unused):hover{color:red}", ".used:not(.unused):hover{color:red}"),
        ('[data-theme="dark"] p::after{color:red}', '[data-theme="dark"]p::after{color:red}'),
        ("*{color:red}", "*{color:red}"),
        (":root{--unused:red}", ":root{--unused:red}"),
        (".from-script{color:red}", ".from-script{color:red}"),
        ("@media print{.used{color:red}.unused{color:red}}", "@mediaprint{.used{color:red}}"),
        ("@media print{.unused{color:red}}", ""),
        ("@media print{@supports (x:y){.used{color:red}}}", "@mediaprint{@supports(x:y){.used{color:red}}}"),
        ("@supports (x:y){.unused{color:red}}", ""),
        ("@keyframes unused{to{color:red}}", "@keyframesunused{to{color:red}}"),
        ("/*a note*/p{color:red}", "p{color:red}"),
    ],
)
def test_rules_that_no_page_can_use_go(make, css, left):
    html = make('<p class="used" id="name">Text</p>', css, js='element.className = "from-script"')
    site.trim(html)
    assert rules(html) == left


def test_the_font_keeps_the_icons_of_pages_and_scripts(make):
    html = make('<i class="fa-solid fa-bars"></i>', js='make("fa-solid fa-moon")')
    site.trim(html)
    sheet = (html / "_static/styles/theme.css").read_text(encoding="utf-8")
    data = re.search(r'src:url\(data:font/woff;base64,([^)]+)\) format\("woff"\)', sheet)[1]
    assert TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap().keys() == {0xF0C9, 0xF186}
    assert "fa-sun" not in sheet
    assert len(data) < 2_000


def test_icons_are_hidden_from_screen_readers(make):
    html = make(
        '<i class="theme fa-solid fa-bars" title="x"></i><span class="fas fa-moon"></span><i class="fancy"></i>'
    )
    site.trim(html)
    page = (html / "page.html").read_text(encoding="utf-8")
    assert '<i aria-hidden="true" class="theme fa-solid fa-bars" title="x">' in page
    assert '<span aria-hidden="true" class="fas fa-moon">' in page
    assert '<i class="fancy">' in page


def test_code_keeps_the_tokens_that_have_a_colour(make):
    html = make('<pre><span class="kn">import</span><span class="w"> </span><span class="n">np</span></pre>')
    site.trim(html)
    assert '<pre><span class="kn">import</span> np</pre>' in (html / "page.html").read_text(encoding="utf-8")


def test_what_no_page_requests_goes(make):
    html = make()
    site.trim(html)
    assert "fontawesome" not in (html / "page.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in (html / "_static").rglob("*") if path.is_file()) == ["theme.css", "theme.js"]


def test_the_same_site_gives_the_same_bytes(make):
    results = []
    for _ in range(2):
        html = make('<i class="fas fa-bars"></i>', ".used{color:red}")
        site.trim(html)
        results.append((html / "_static/styles/theme.css").read_bytes())
    assert results[0] == results[1]


def test_a_finished_site_is_refused(make):
    html = make()
    site.finish(html)
    with pytest.raises(site.SiteError, match="build afresh"):
        site.finish(html)


@pytest.mark.parametrize(
    ("site_of", "message"),
    [
        ({"script": ""}, r"No page loads fontawesome\.js: build afresh, or revise"),
        (
            {"body": '<i class="fas fa-lg fa-rocket"></i>'},
            r'page\.html has an icon that no style sheet draws: class="fas',
        ),
        ({"css": 'p{content:"\\f8fe"}', "body": "<p>"}, r"No font has the icon U\+F8FE"),
        ({"css": "p{color:red} }"}, r"theme\.css, line 4: "),
    ],
)
def test_what_it_does_not_understand_it_refuses(make, site_of, message):
    with pytest.raises(site.SiteError, match=message):
        site.trim(make(**site_of))


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("", []),
        ('<figure data-drawing="unrolled">', []),
        ('<figure data-drawing="shapes">', ["shape_explorer"]),
        ('<div data-demo="gate_player">', ["demo", "gate_player"]),
        ('<div data-demo="beam_tree">', ["demo", "translator", "beam_tree"]),
        ('<div class="sd-tab-set">', ["design-tabs"]),
        ("".join(f'<div data-demo="{name}">' for name in demos.NAMES), ["demo", "translator", *demos.NAMES]),
    ],
)
def test_a_page_loads_what_its_own_demos_need(make, body, kept):
    names = ["demo", "translator", *demos.NAMES, "shape_explorer", "design-tabs", "a11y"]
    scripts = "".join(f'<script defer="defer" src="_static/{name}.js?v=c485b19a"></script>' for name in names)
    styles = "".join(
        f'<link rel="stylesheet" type="text/css" href="_static/{name}.css?v=c485b19a" />' for name in names
    )
    html = make(body, script=scripts + styles)
    site.drop_unused(html)
    page = (html / "page.html").read_text(encoding="utf-8")
    for kind in ("js", "css"):
        assert sorted(re.findall(rf"_static/([\w-]+)\.{kind}", page)) == sorted([*kept, "a11y"])
    assert "<link" not in re.sub(r"<link [^>]*/>", "", page)


def test_mathjax_comes_from_the_environment_for_pages_with_mathematics(make):
    html = make('<span class="math notranslate">x</span>')
    (html / "prose.html").write_text(f"<html>{MATHJAX}</html>")
    site.install_mathjax(html)
    assert MATHJAX in (html / "page.html").read_text(encoding="utf-8")
    assert (html / "prose.html").read_text(encoding="utf-8") == "<html></html>"
    script = (html / "_static/mathjax/tex-chtml.js").read_text(encoding="utf-8")
    assert script.startswith("window.MathJax = {")
    assert "cdn" not in script.lower()
    assert (html / "_static/mathjax/output/chtml/fonts/woff-v2/MathJax_Main-Regular.woff").is_file()


def test_without_mathjax_it_says_what_to_install(make, monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(site, "distribution", missing)
    with pytest.raises(site.SiteError, match="pip install sphinx-mathjax-offline"):
        site.install_mathjax(make())


def test_another_mathjax_is_refused(make, monkeypatch):
    monkeypatch.setattr(site, "MATHJAX_PARTS", ("core.js", "of-version-5.js"))
    with pytest.raises(site.SiteError, match=r"lacks of-version-5\.js"):
        site.install_mathjax(make())
