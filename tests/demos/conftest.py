"""A demo alone on a page, as the site has it; a module of tests names it `DEMO`, and in `READY` what a model brings."""

from pathlib import Path

import pytest
from browser import Visit, chromium

from rnnbook.demos import assets

ASSETS = Path(__file__).parents[2] / "assets"


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(request, tmp_path_factory):
    return _write_page(request.module.DEMO, tmp_path_factory.mktemp("page"))


@pytest.fixture
def alone(tmp_path):
    """Writes a page with nothing but this demo, and returns its address."""
    return lambda demo: _write_page(demo, tmp_path)


def _write_page(demo, folder):
    names = assets(demo.name)
    sheets = [ASSETS / f"{name}.css" for name in ("rnnbook", *names)]
    style = "".join(sheet.read_text(encoding="utf-8") for sheet in sheets if sheet.is_file())
    scripts = [f'<script defer src="{(ASSETS / f"{name}.js").as_uri()}"></script>' for name in names]
    page = folder / "page.html"
    page.write_text(
        f"""<!doctype html>
        <html lang="en">
          <head>
            <meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Page</title>
            <style>
              * {{ box-sizing: border-box }}
              body {{ background: var(--pst-color-background); color: var(--pst-color-text-base) }}
              {style}
            </style>
            {"".join(scripts)}
          </head>
          <body><main class="bd-article"><h1>Page</h1>{demo._repr_html_()}</main></body>
        </html>""",
        encoding="utf-8",
    )
    return page.as_uri()


@pytest.fixture
def visit(request, browser, address):
    """Opens the page, and sees that it ran without errors and asked nobody for anything."""
    visits, ready = [], getattr(request.module, "READY", None)

    def open_page(**options):
        visits.append(Visit(browser, address, **options))
        if ready and options.get("java_script_enabled", True):
            visits[-1].page.locator(ready).wait_for()
        return visits[-1].page

    yield open_page
    for each in visits:
        assert each.errors + each.foreign == []
        each.close()
