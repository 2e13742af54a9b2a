import doctest
import pkgutil

import pytest

from rnnbook import layers


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(layers.__path__)])
def test_the_examples_run(name):
    module = __import__(f"rnnbook.layers.{name}", fromlist=["_"])
    assert doctest.testmod(module).failed == 0


def test_all_that_is_promised_is_there():
    assert all(hasattr(layers, name) for name in layers.__all__)
