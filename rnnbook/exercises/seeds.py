"""Random numbers of tests and of the learner's code: Python's, NumPy's and torch's generators, all three at once."""

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch


def seed_all(seed: int) -> None:
    """Seeds the global generators, which the learner may use."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    if torch.cuda.is_initialized() or torch.backends.mps.is_available():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)  # milliseconds faster: no notes for devices that are not in use


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, the random numbers are those of this seed; outside, they go on undisturbed."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        seed_all(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
