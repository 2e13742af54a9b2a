import doctest
import pkgutil
import subprocess
import sys

import pytest

from rnnbook import numpy_rnn


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(numpy_rnn.__path__)])
def test_the_examples_run(name):
    module = __import__(f"rnnbook.numpy_rnn.{name}", fromlist=["_"])
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0


def test_it_needs_no_torch():
    code = "import sys, rnnbook.numpy_rnn; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
