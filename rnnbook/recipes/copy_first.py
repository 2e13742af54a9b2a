"""Who remembers a first value past 9 to 99 steps of noise? The forget bias decides more than the kind of cell."""

from rnnbook.data.toys import copy_first
from rnnbook.recipes import memory

SETTINGS = {
    "lengths": (10, 30, 50, 100),
    "reported": 50,
    "steps": 1000,
    "batch_size": 32,
    "learning_rate": 5e-3,
    "hidden_size": 32,
}
RECIPES = [memory.recipe("copy_first", kind, copy_first, **SETTINGS) for kind in memory.MODELS]
