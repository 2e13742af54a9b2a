"""Finish the built site: MathJax from the environment, and pages that weigh little.

Sphinx and its theme serve every page an icon library of 1.5 MB, two icon fonts, and style sheets for elements that no
page has. `finish` keeps what the pages use, found by reading them: 0.3 MB in place of 2.4. Each page loads what its
own demos need, and no other's. With MathJax beside them, the pages ask no other host for anything.
"""

import base64
import io
import re
import shutil
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import tinycss2
from fontTools import subset
from tinycss2.ast import Node, QualifiedRule

from rnnbook import demos


class SiteError(Exception):
    """What does not fit in the built site, and what to do about it, in one message."""


def finish(html: Path) -> None:
    """Install MathJax in a freshly built site and trim it.

    Args:
        html: folder of the built pages, as Sphinx left it. A folder that has been finished already is refused.

    Raises:
        SiteError: if the theme or MathJax is not the one that this module knows how to handle.
    """
    install_mathjax(html)
    drop_unused(html)
    trim(html)


# Demos and tabs

ASSETS = {f'data-demo="{name}"': set(demos.assets(name)) for name in demos.NAMES}
ASSETS |= {'data-drawing="shapes"': {"shape_explorer"}, "sd-tab-set": {"design-tabs"}}
ASSET = "|".join(sorted(set().union(*ASSETS.values())))
ASSET_ELEMENT = re.compile(
    rf'\s*(?:<script [^>]*src="_static/(?P<js>{ASSET})\.js[^"]*"></script>'
    rf'|<link [^>]*href="_static/(?P<css>{ASSET})\.css[^"]*" ?/?>)'
)


def drop_unused(html: Path) -> None:
    """Leave the scripts and the style sheet of a demo, a drawing or tabs out of the pages without them.

    Args:
        html: folder of the built pages.
    """
    for path in html.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        used = set().union(*(assets for sign, assets in ASSETS.items() if sign in page))
        page = ASSET_ELEMENT.sub(lambda asset, used=used: asset[0] if {asset["js"], asset["css"]} & used else "", page)
        path.write_text(page, encoding="utf-8")


# MathJax

# One file holds what the pages need: TeX in, HTML out, MathML for screen readers; no menu, nothing fetched later. An
# unknown macro is an error that the site's tests see.
MATHJAX_PARTS = (
    "startup.js",  # before its start-up runs, the whole file has been read
    "core.js",
    "input/tex-base.js",
    "input/tex/extensions/ams.js",
    "input/tex/extensions/newcommand.js",
    "input/tex/extensions/boldsymbol.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "a11y/assistive-mml.js",
)
MATHJAX_SCRIPT = re.compile(r'\s*<script [^>]*src="_static/mathjax/[^>]*></script>')
MATHJAX_CONFIGURATION = """window.MathJax = {
  loader: {load: []},
  tex: {packages: ["base", "ams", "newcommand", "boldsymbol"]},
  chtml: {scale: 0.95},
  options: {ignoreHtmlClass: "tex2jax_ignore|mathjax_ignore", processHtmlClass: "math"},
};
"""


def install_mathjax(html: Path) -> None:
    """Write MathJax and its fonts to `_static/mathjax`, where `mathjax_path` in _config.yml points.

    Args:
        html: folder of the built pages.

    Raises:
        SiteError: if the package that carries MathJax is missing or lacks a part.
    """
    try:
        source = Path(distribution("sphinx-mathjax-offline").locate_file("sphinx-mathjax-offline/static/mathjax"))
    except PackageNotFoundError:
        raise SiteError("MathJax is not installed: `pip install sphinx-mathjax-offline`") from None
    fonts = Path("output/chtml/fonts/woff-v2")  # MathJax looks for it there, beside its script
    if missing := [part for part in (*MATHJAX_PARTS, fonts) if not (source / part).exists()]:
        raise SiteError(f"sphinx-mathjax-offline lacks {missing[0]}: install 0.0.2, or revise MATHJAX_PARTS")
    target = html / "_static" / "mathjax"
    shutil.copytree(source / fonts, target / fonts, dirs_exist_ok=True)
    script = MATHJAX_CONFIGURATION + "\n".join((source / part).read_text(encoding="utf-8") for part in MATHJAX_PARTS)
    (target / "tex-chtml.js").write_text(script, encoding="utf-8")
    for path in html.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        if 'class="math' not in page:  # Sphinx also loads it in a page whose sub-pages have equations
            path.write_text(MATHJAX_SCRIPT.sub("", page), encoding="utf-8")


# Icons and style sheets

ICON_SCRIPT = re.compile(r'\s*<script src="[^"]*scripts/fontawesome\.js[^"]*"></script>')
ICON = re.compile(r'<(?:i|span)\b(?=[^>]*\bclass="((?:[^"]* )?fa(?:[srb]|-solid|-regular|-brands)? [^"]*)")')
PLAIN_CODE = re.compile(r'<span class="(?:n|p|w)">([^<]*)</span>')  # names, punctuation, blanks: in the text's colour
GLYPH = re.compile("[\ue000-\uf8ff]")  # Unicode's private use area, where icon fonts live
FONT = re.compile(r"src:[^;}]*url\(([^)]+\.ttf)\)[^;}]*")
UNREQUESTED = ("**/*.map", "**/*webpack-macros.html", "scripts/fontawesome.js*", "vendor", "locales")


def trim(html: Path) -> None:
    """Leave out of a built site what none of its pages uses.

    A style rule stays if all classes, ids and elements of one of its selectors occur as words in the pages or scripts.
    Icons are drawn by the theme's icon font, cut down to the glyphs that the remaining rules name and put inside the
    style sheet; the script that would draw them a second time goes. So do the spans of code tokens that have no colour
    of their own, most of a chapter's markup.

    Args:
        html: folder of the built pages.

    Raises:
        SiteError: if no page loads the theme's icon script, or if an icon would not be drawn.
    """
    static = html / "_static"
    pages = {path: path.read_text(encoding="utf-8") for path in html.glob("*.html")}
    if not any(ICON_SCRIPT.search(page) for page in pages.values()):
        raise SiteError("No page loads fontawesome.js: build afresh, or revise rnnbook/site.py for a new theme")
    scripts = [path.read_text(encoding="utf-8") for path in static.rglob("*.js") if path.name != "fontawesome.js"]
    words = set(re.findall(r"[\w-]+", "\n".join([*pages.values(), *scripts])))
    sheets = {path: tinycss2.serialize(_used(_parse(path), words)) for path in static.rglob("*.css")}
    everything = "".join(sheets.values())
    drawn = set(re.findall(r"\.(fa-[\w-]+)::?before", everything))
    glyphs = set(GLYPH.findall(everything))

    for path, page in pages.items():
        for classes in ICON.findall(page):
            if drawn.isdisjoint(classes.split()):
                raise SiteError(f'{path.name} has an icon that no style sheet draws: class="{classes}"')
        page = PLAIN_CODE.sub(r"\1", ICON_SCRIPT.sub("", page))
        page = ICON.sub(r'\g<0> aria-hidden="true"', page)
        path.write_text(page, encoding="utf-8")
    found = set()
    for path, sheet in sheets.items():
        for font in set(FONT.findall(sheet)):
            data, cut = _cut_font(path.parent / font, glyphs)
            sheet = re.sub(rf"src:[^;}}]*{re.escape(font)}[^;}}]*", f'src:url({data}) format("woff")', sheet)
            found |= cut
        path.write_text(sheet, encoding="utf-8")
    if glyphs != found:
        raise SiteError(f"No font has the icon U+{min(map(ord, glyphs - found)):04X} that a style sheet names")
    for pattern in UNREQUESTED:
        for path in list(static.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _parse(sheet: Path) -> list[Node]:
    rules = tinycss2.parse_stylesheet(sheet.read_text(encoding="utf-8"), skip_comments=True, skip_whitespace=True)
    if broken := [rule for rule in rules if rule.type == "error"]:
        raise SiteError(f"{sheet.name}, line {broken[0].source_line}: {broken[0].message}")
    return rules


def _used(rules: list[Node], words: set[str]) -> list[Node]:
    """The rules that can apply to pages made of these words, those inside @media and @supports among them."""
    used = []
    for rule in rules:
        if rule.type == "at-rule" and rule.lower_at_keyword in {"media", "supports"}:
            inside = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            rule.content = _used(inside, words)
            if rule.content:
                used.append(rule)
        elif rule.type == "at-rule" or any(needed <= words for needed in _needs(rule)):
            used.append(rule)
    return used


def _needs(rule: QualifiedRule) -> list[set[str]]:
    """The classes, ids and elements that each selector of a rule needs; what stands in brackets does not count."""
    needs: list[set[str]] = [set()]
    previous = None
    for token in rule.prelude:
        if token == ",":
            needs.append(set())
        elif token.type == "hash" or (token.type == "ident" and previous != ":"):
            needs[-1].add(token.value)
        previous = token
    return needs


def _cut_font(path: Path, glyphs: set[str]) -> tuple[str, set[str]]:
    """A font with only those of the glyphs that it has, as the text of a data URL, and which they are."""
    options = subset.Options(flavor="woff", hinting=False, layout_features=[], name_IDs=[])
    font = subset.load_font(path, options)
    cut = {glyph for glyph in glyphs if ord(glyph) in font.getBestCmap()}
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(cut))
    subsetter.subset(font)
    file = io.BytesIO()
    subset.save_font(font, file, options)
    return f"data:font/woff;base64,{base64.b64encode(file.getvalue()).decode()}", cut
