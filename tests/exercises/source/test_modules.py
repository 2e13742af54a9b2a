import importlib
import inspect
import sys

import pytest

from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.guard import Guard
from rnnbook.exercises.source import modules


@pytest.fixture(autouse=True)
def nothing_left():
    yield
    modules.offer({})


def test_modules_are_imported_from_memory():
    modules.offer(
        {"my_helpers": "x = 1\ndef f():\n    return 1 / 0", "my_package.inner": "from my_helpers import x as y"}
    )
    assert importlib.import_module("my_package.inner").y == 1
    module = sys.modules["my_helpers"]
    assert inspect.getsource(module.f) == "def f():\n    return 1 / 0"
    with pytest.raises(LearnerError, match=r"    my_helpers\.py, line 3: return 1 / 0$"):
        Guard(5).run(module.f)


def test_packages():
    modules.offer({"my_package": "x = 1\nfrom . import inner", "my_package.inner": "from my_package import x"})
    assert importlib.import_module("my_package").inner.x == 1


def test_they_shadow_nothing():
    modules.offer({"torch": "1 / 0", "random": "1 / 0", "wave": "1 / 0", "json": "1 / 0"})
    sys.modules.pop("wave", None)
    assert hasattr(importlib.import_module("wave"), "open")
    assert sys.meta_path[-1].__class__.__module__ == "rnnbook.exercises.source.modules"


def test_those_of_an_earlier_call_are_gone():
    modules.offer({"my_helpers": "x = 1"})
    importlib.import_module("my_helpers")
    modules.offer({"others": ""})
    with pytest.raises(ImportError):
        importlib.import_module("my_helpers")
    assert sum(type(finder).__module__ == modules.__name__ for finder in sys.meta_path) == 1


def test_one_that_is_no_python_says_where():
    modules.offer({"my_helpers": "x = 1\ndef f(:"})
    with pytest.raises(SyntaxError) as error:
        importlib.import_module("my_helpers")
    assert (error.value.filename, error.value.lineno) == ("my_helpers.py", 2)
