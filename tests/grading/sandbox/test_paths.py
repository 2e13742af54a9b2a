"""What may be read: Python and its packages; no home folder, no checkout, no tests of exercises."""

import sys
from pathlib import Path

import numpy

import rnnbook
from rnnbook.grading import sandbox

PACKAGE = Path(rnnbook.__file__).parent


def covered(path: Path) -> bool:
    path = path.resolve()
    return any(shown.resolve() in [path, *path.parents] for shown in sandbox.readable_paths())


def test_python_and_its_packages_may_be_read():
    for path in (numpy.__file__, json_module := sys.modules["json"].__file__, PACKAGE / "layers.py"):
        assert covered(Path(path)), path
    assert Path(json_module).exists()
    assert all(path.is_absolute() and path.exists() for path in sandbox.readable_paths())


def test_the_checkout_and_homes_may_not():
    assert not covered(PACKAGE.parent)
    for path in ("solutions", "tests", "exercises", "pyproject.toml"):
        if (PACKAGE.parent / path).exists() and PACKAGE.parent.name != "site-packages":
            assert not covered(PACKAGE.parent / path), path
    for path in (Path("/"), Path("/etc"), Path("/etc/passwd"), Path("/home"), Path("/var"), Path("/proc"), Path.home()):
        assert not covered(path), path


def test_a_library_in_a_home_folder_does_not_open_that_folder(monkeypatch):
    monkeypatch.setattr("rnnbook.grading.sandbox.paths._loaded", lambda: [__file__])
    assert covered(Path(__file__))
    assert not covered(Path(__file__).parent)


def test_tests_of_exercises_are_hidden():
    hidden = sandbox.hidden_paths()
    assert PACKAGE / "exercises" / "tests" in hidden
    assert all(covered(path) for path in hidden)
