import random

import numpy as np
import torch

from rnnbook.exercises.seeds import seeded


def draw():
    return random.random(), np.random.rand(), torch.rand(()).item()  # noqa: NPY002


def test_the_same_inside_and_undisturbed_outside():
    with seeded(3):
        first = draw()
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002
    with seeded(3):
        assert draw() == first
    assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before  # noqa: NPY002
    with seeded(4):
        assert all(other != one for other, one in zip(draw(), first, strict=True))
