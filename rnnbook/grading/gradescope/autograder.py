"""Makes the archive that Gradescope unpacks and runs: scripts, package, exact requirements, hidden tests."""

import io
import json
import re
import stat
import sys
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import rnnbook
from rnnbook.exercises.catalogue import require, with_hidden
from rnnbook.files import put
from rnnbook.grading.errors import GradingError
from rnnbook.grading.reports.gradescope import VISIBILITIES

_PACKAGE = Path(rnnbook.__file__).parent
_SCRIPTS = Path(__file__).with_name("scripts")
_METADATA = "Metadata-Version: 2.1\nName: rnnbook\nVersion: {}\n"  # without it, the package does not know its version
_WHEN = (1980, 1, 1, 0, 0, 0)  # of every file in the archive, so that the same content has the same bytes
# PyPI's torch for Linux brings its own CUDA libraries; the small build that setup.sh installs has none.
_GRAPHICS = re.compile(r"(nvidia|cuda)-|triton\b")


def build(
    output: Path,
    exercises: Iterable[str],
    *,
    secret: bytes,
    tests: Path | None = None,
    hidden: str = "after_published",
    memory: int = 2**30,
    seconds: float | None = None,
) -> Path:
    """Writes the archive to upload to a programming assignment as its autograder.

    Args:
        output: the archive, such as autograder.zip.
        exercises: identifiers of the exercises to grade.
        secret: the key from which the tests' random numbers come. The same arguments give the same bytes.
        tests: a folder of hidden tests.
        hidden: when learners see a hidden test's title and status: "after_published", "after_due_date" or "hidden".
        memory: bytes that the learner's code may take.
        seconds: time for the learner's code in a test, in place of the exercises' own limits.

    Returns:
        The archive's path.

    Raises:
        ExerciseError: there is no such exercise, or the hidden tests cannot be used.
    """
    exercises = list(dict.fromkeys(exercises))
    if not exercises:
        raise GradingError("Name at least one exercise: rnnbook gradescope build --exercise rnn-cell")
    if hidden not in VISIBILITIES:
        raise GradingError(f"Hidden tests can be shown {', '.join(VISIBILITIES)}, not {hidden}.")
    known = {exercise.id for exercise in with_hidden(tests)} if tests else set()
    for id in exercises:
        if id not in known:
            require(id)
    config = {
        "exercises": exercises,
        "hidden": hidden,
        "memory": memory,
        "seconds": seconds,
        "secret": secret.hex(),
        "tests": tests is not None,
    }
    version = metadata.version("rnnbook")
    files = {
        "config.json": json.dumps(config, indent=1).encode() + b"\n",
        "python-version": f"{sys.version_info.major}.{sys.version_info.minor}\n".encode(),
        "requirements.txt": "".join(f"{line}\n" for line in requirements()).encode(),
        f"package/rnnbook-{version}.dist-info/METADATA": _METADATA.format(version).encode(),
        **{path.name: path.read_bytes() for path in _files(_SCRIPTS)},
        **{f"package/rnnbook/{_within(path, _PACKAGE)}": path.read_bytes() for path in _files(_PACKAGE)},
    }
    if tests:
        files |= {f"tests/{_within(path, tests)}": path.read_bytes() for path in _files(tests)}
    put(output, _archive(files))
    return output


def requirements() -> list[str]:
    """The packages that the installed rnnbook needs, and what those need, each in the installed version."""
    pins: dict[str, str] = {}
    todo = [Requirement("rnnbook")]
    seen = set()
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        extras = {"", *wanted.extras}
        if (name, *sorted(extras)) in seen or _GRAPHICS.match(name):
            continue
        seen.add((name, *sorted(extras)))
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            raise GradingError(f"{name} is not installed: pip install {name}, then build again.") from None
        if name != "rnnbook":
            pins[name] = found.version.partition("+")[0]  # 2.9.0, where the build is 2.9.0+cpu
        needs = map(Requirement, found.requires or ())
        todo += [need for need in needs if _applies(need, extras)]
    return [f"{name}=={version}" for name, version in sorted(pins.items())]


def _applies(need: Requirement, extras: set[str]) -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras)


def _files(folder: Path) -> list[Path]:
    """The files to take along: no caches, no recorded runs, nothing hidden."""
    found = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        passing = any(part == "__pycache__" or part.startswith(".") for part in parts)
        if path.is_file() and not passing and parts[0] != "recorded":
            found.append(path)
    return found


def _within(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _archive(files: dict[str, bytes]) -> bytes:
    """A zip of these files by their paths, the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _WHEN)
            info.create_system = 3  # Unix, which keeps permissions
            mode = 0o755 if name in ("setup.sh", "run_autograder") else 0o644
            info.external_attr = (stat.S_IFREG | mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name])
    return buffer.getvalue()
