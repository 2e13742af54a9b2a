"""What a process that forks for others does first, so that no fork pays for it: imports, and torch's first uses."""

import contextlib
import importlib
from collections.abc import Iterator

# What learners import.
_COMMON = (
    *("collections", "copy", "dataclasses", "functools", "itertools", "math", "random", "re", "string", "typing"),
    *("torch.nn.functional", "torch.nn.utils.rnn", "torch.optim", "torch.utils.data", "torch.func", "numpy.linalg"),
    *("matplotlib.pyplot", "scipy", "sklearn.metrics", "sklearn.linear_model", "sklearn.model_selection", "tqdm.auto"),
    *("rnnbook.data", "rnnbook.data.names", "rnnbook.data.review_language", "rnnbook.data.toys"),
    *("rnnbook.layers", "rnnbook.models", "rnnbook.text", "rnnbook.train"),
)


def one_thread() -> int:
    """Limits torch to one thread, before any operation: else a forked process waits for threads that it lacks.

    Returns:
        The number of threads that torch would have taken.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    return threads


def first_uses() -> None:
    """Runs once what torch sets up at its first use: an optimizer's step, a gradient, a comparison."""
    import torch

    layer = torch.nn.LSTM(2, 2)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.zeros(1, 1, 2))[0].sum().backward()
    optimizer.step()
    torch.testing.assert_close(torch.zeros(1), torch.zeros(1))


def imports() -> Iterator[None]:
    """Imports what learners import, a module at a time, as far as it is there."""
    for name in _COMMON:
        with contextlib.suppress(Exception):
            yield importlib.import_module(name)
