"""A figure of the course: an inline SVG with an alt text, readable on light and on dark pages.

Inline, because only then can text and lines take the page's own colour (`currentColor`) and its fonts. Plots
(`rnnbook.plot`) and drawings (`rnnbook.drawings`) both end here.
"""

import hashlib
import html
import re
from collections import Counter
from xml.etree import ElementTree

_NAMESPACE = re.compile(r"\{.*\}")
_REFERENCE = re.compile(r"(?<=^href=#).+|(?<=url\(#)[^)]+(?=\))")  # in key=value; fill="#abc" is none
_shown = Counter()  # how often a figure of the same content was shown: even twins get ids of their own


class Figure:
    """An SVG with its alt text and caption; in a notebook it displays itself, elsewhere it prints its alt text.

    Args:
        svg: the document, with a viewBox in CSS pixels.
        alt: what the figure shows, in a sentence or two, for readers who cannot see it.
        caption: shown below the figure, plain text.
        name: marks the figure as the drawing of this name.

    Raises:
        ValueError: the alt text is missing or says too little.
    """

    def __init__(self, svg: str, alt: str, caption: str | None = None, name: str | None = None):
        self.alt = " ".join(alt.split())
        if len(self.alt) < 20:
            raise ValueError(
                f"alt={alt!r} is too short: say in a sentence what the figure shows (at least 20 characters), "
                "for readers who cannot see it"
            )
        self.caption = caption
        self.name = name
        self.svg = ElementTree.tostring(_inline(svg, self.alt), encoding="unicode")

    def _repr_html_(self) -> str:
        drawing = f' rnnbook-drawing" data-drawing="{self.name}' if self.name else ""
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        return f'<figure class="rnnbook-figure{drawing}">{self.svg}{caption}</figure>'

    def __repr__(self) -> str:
        return self.alt


def _inline(svg: str, alt: str) -> ElementTree.Element:
    """The SVG as an element that may stand in any HTML page: no ids, styles or tooltips that touch its neighbours."""
    digest = hashlib.sha256(f"{alt}\n{svg}".encode()).hexdigest()[:10]
    _shown[digest] += 1
    prefix = f"f{digest}-{_shown[digest]}-"

    root = ElementTree.fromstring(svg)
    for element in root.iter():
        element.tag = _NAMESPACE.sub("", element.tag)
        element.attrib = {_NAMESPACE.sub("", key): value for key, value in element.attrib.items()}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in ("metadata", "style", "title", "desc"):  # a <style> would reach the whole page
                parent.remove(child)

    attributes = [f"{key}={value}" for element in root.iter() for key, value in element.attrib.items()]
    referenced = {name for attribute in attributes for name in _REFERENCE.findall(attribute)}
    for element in root.iter():
        if element.get("id") not in referenced:
            element.attrib.pop("id", None)
        for key, value in element.attrib.items():
            renamed = _REFERENCE.sub(rf"{prefix}\g<0>", f"{key}={value}").removeprefix(f"{key}=")
            element.set(key, prefix + value if key == "id" else renamed)

    width = float(root.attrib["viewBox"].split()[2])
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-label": alt,
        "font-family": "system-ui, sans-serif",
        "stroke-linejoin": "round",
        "style": f"display: block; width: 100%; max-width: {width:g}px; height: auto; margin: 0 auto",
    }
    return root
