"""Who adds two marked values, the first of which lies in the first half? Predicting 1 is wrong by 1/6 on average."""

from rnnbook.data.toys import adding
from rnnbook.recipes import memory

BASELINE = 1 / 6  # mean squared error of the best constant: the variance of a sum of two uniform values
SETTINGS = {
    "lengths": (20, 50, 100),
    "reported": 50,
    "steps": 2000,
    "batch_size": 32,
    "learning_rate": 5e-3,
    "hidden_size": 32,
}
KINDS = ("rnn", "lstm", "lstm-forget-1", "lstm-forget-4", "gru")
RECIPES = [memory.recipe("adding", kind, adding, **SETTINGS) for kind in KINDS]
