"""What an installation needs, whether it is there, and the command that mends what is not."""

import importlib
import importlib.metadata
import os
import platform
import shutil
import sys
from dataclasses import dataclass

from packaging.requirements import Requirement
from rich.table import Table

_FREE = 1.0  # GB that the full data sets need, unpacked
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        name: what was looked at.
        found: what is there.
        well: whether that will do.
        remedy: what to do when it will not.
        required: whether nothing works without it.
    """

    name: str
    found: str
    well: bool
    remedy: str = ""
    required: bool = True


def examine() -> list[Finding]:
    """Looks at Python, each package that rnnbook needs, the data folder, the browser and the grader's sandboxes."""
    metadata = importlib.metadata.metadata("rnnbook")
    needs = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    packages = [package(need) for need in needs if need.marker is None]
    return [python(metadata["Requires-Python"]), *packages, data_folder(), browser(), *sandboxes()]


def python(bound: str) -> Finding:
    """Python itself, against a bound such as ">=3.11"."""
    version = platform.python_version()
    well = Requirement(f"python{bound}").specifier.contains(version, prereleases=True)
    return Finding(
        f"Python {bound}", version, well, "Install Python 3.11 or later from python.org, and make the environment anew."
    )


def package(need: Requirement) -> Finding:
    """A package that must be installed in a version that will do; torch and NumPy must also start."""
    remedy = f'{sys.executable} -m pip install "{need}"'
    try:
        version = importlib.metadata.version(need.name)
        if need.name in ("torch", "numpy"):
            importlib.import_module(need.name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(str(need), "not installed", False, remedy)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        return Finding(
            str(need), f"does not start: {reason}", False, f'{sys.executable} -m pip install --force-reinstall "{need}"'
        )
    return Finding(str(need), version, need.specifier.contains(version, prereleases=True), remedy)


def data_folder() -> Finding:
    """The folder for downloaded data: only full runs need it."""
    from rnnbook.data.fetch import cache_folder

    folder = cache_folder()
    existing = next(path for path in [folder, *folder.parents] if path.exists())
    free = shutil.disk_usage(existing).free / 1e9
    writable = os.access(existing, os.W_OK | os.X_OK)
    found = f"{folder}, {free:.1f} GB free" + ("" if writable else ", not writable")
    remedy = f"Set RNNBOOK_CACHE to a writable folder with {_FREE:g} GB free."
    return Finding("data folder (for full=True)", found, writable and free >= _FREE, remedy, required=False)


def browser() -> Finding:
    """Chromium, which the tests of the built site drive."""
    path = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    remedy = "sudo apt-get install chromium, or the like on your system"
    return Finding("Chromium (for the site's tests)", path or "not found", path is not None, remedy, required=False)


def sandboxes() -> list[Finding]:
    """The sandboxes of `rnnbook grade`, the strongest first; one that is safe is enough."""
    from rnnbook.grading import sandbox

    return [
        Finding(
            f"sandbox {tier.name} (for rnnbook grade)", "works" if tier.works else tier.why, tier.works, required=False
        )
        for tier in sandbox.available()
    ]


def table(findings: list[Finding]) -> Table:
    """The findings for rich, one a row."""
    table = Table("", "needed", "found", "what mends it")
    for finding in findings:
        mark = "[green]✓[/]" if finding.well else "[red]✗[/]" if finding.required else "[yellow]–[/]"
        table.add_row(mark, finding.name, finding.found, "" if finding.well else finding.remedy)
    return table
