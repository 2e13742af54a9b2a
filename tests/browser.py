"""Chromium for the tests of the built site: finding it, and visiting a page so that nothing it does goes unseen."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REMEDY = "Chromium is missing. Get one: `playwright install chromium` in the environment, or `apt-get install chromium`"
SWITCHES = [
    "--no-sandbox",  # needed as root, in containers
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


def skip_unless(condition, message):
    """Skip what cannot run on this machine; where everything must run (CI), fail."""
    if not condition:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)


@contextmanager
def chromium():
    """A headless Chromium, the system's or Playwright's own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        candidates = [*map(shutil.which, NAMES), playwright.chromium.executable_path]
        path = next((path for path in candidates if path and Path(path).is_file()), None)
        skip_unless(path, REMEDY)
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


class Visit:
    """One page, open in its own context, with all that it asked for and complained about.

    Args:
        browser: from `chromium`.
        url: a file or loopback URL. Requests to anywhere else are refused, and stand in `foreign`.
        size: "wide" or "phone".
        scheme: "light" or "dark", what the reader's system prefers.
        options: more of Playwright's options of a context.

    Attributes:
        page: Playwright's page, loaded, with its mathematics typeset.
        errors: console errors, exceptions and failed requests.
        foreign: URLs on other hosts.
        files: the files that were requested, each once.
    """

    def __init__(self, browser, url, size="wide", scheme="light", **options):
        self.errors, self.foreign, self.files = [], [], []
        self.context = browser.new_context(
            viewport=SIZES[size], color_scheme=scheme, reduced_motion="reduce", **options
        )
        self.context.route("**/*", self._route)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self._complain(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self._complain(str(error)))
        self.page.on("requestfailed", lambda request: self._complain(f"{request.url}: {request.failure}"))
        self.page.goto(url)
        if options.get("java_script_enabled", True):
            self.page.evaluate("Promise.all([window.MathJax?.startup.promise, document.fonts.ready]).then(() => null)")

    def close(self):
        self.context.close()

    def _complain(self, text):
        self.errors.append(text)

    def _route(self, route):
        url = urlsplit(route.request.url)
        if url.scheme == "file":
            self.files.append(Path(unquote(url.path)))
        elif url.hostname != "127.0.0.1":
            self.foreign.append(route.request.url)
            return route.abort()
        return route.continue_()


def assert_no_barrier(page):
    """By axe-core's rules for WCAG 2.2, levels A and AA."""
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()


def assert_nothing_sticks_out(page):
    """The page does not scroll sideways."""
    width, screen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= screen


def page_with_a_gap(address, folder, script=None, instead=None):
    """A copy of a page whose demo is out of sight there, far down; another script may stand for one of its own."""
    changed = Path(address.removeprefix("file://")).read_text(encoding="utf-8")
    changed = changed.replace("<h1>Page</h1>", '<h1>Page</h1><div style="height: 3000px"></div>')
    (folder / "page.html").write_text(changed.replace(script, instead) if script else changed, encoding="utf-8")
    return (folder / "page.html").as_uri()


def contrast(one, other):
    """The contrast ratio, by WCAG 2.2, of two colours [red, green, blue]."""
    rgb = np.array([one, other]) / 255
    low, high = sorted(np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])
    return (high + 0.05) / (low + 0.05)
