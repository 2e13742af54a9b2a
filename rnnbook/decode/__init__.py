"""From a model that predicts the next symbol to the symbols themselves.

steps     what all decoders take and give: a step function, and hypotheses
sampling  one symbol after the other, the most probable or drawn at random
beam      several hypotheses side by side, for the most probable sequence
text      a language model goes on writing a text
"""

from rnnbook.decode.beam import Candidate, beam_search, length_penalty
from rnnbook.decode.sampling import distribution, greedy, penalise, sample
from rnnbook.decode.steps import Hypothesis, Step, pick_rows
from rnnbook.decode.text import generate, step_of

__all__ = [
    "Candidate",
    "Hypothesis",
    "Step",
    "beam_search",
    "distribution",
    "generate",
    "greedy",
    "length_penalty",
    "penalise",
    "pick_rows",
    "sample",
    "step_of",
]
