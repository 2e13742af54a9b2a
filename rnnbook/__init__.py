"""rnnbook: the companion package of a course on recurrent neural networks whose every claim is checked.

Every idea has one module, every module one idea:

    the networks     numpy_rnn/  RNN, LSTM and GRU in NumPy with their backward passes written out
                     layers/     the same in torch, with torch's names, shapes and state_dict
                     encode      torch's own layers over a ragged batch, exact and fast
                     parity      how close all three come to torch
                     gradients/  what flows backward through time: norms, Jacobians, gradient checks
                     attention   additive and multiplicative, masked
                     models/     built from layers: classifiers, language models, translators, and how they are asked
                     decode/     what a model writes: greedy, by chance, by beam search
    their training   train       the training loop
                     schedule, history          the learning rate; what happened
                     checkpoint, distributed    going on exactly; several processes
                     device                     CUDA, MPS or CPU; mixed precision
    their data       data/       one module a data set, one registry of sources, embedded samples
                     text/       tokens, vocabulary, padded batches, word vectors
    what was found   recipes/   one experiment a module, each a line of `rnnbook train`
                     pretrained/                small trained models that ship with the course
                     results     recorded runs, from which the chapters read their numbers
                     origin      the machine, versions and commit that a number comes from
    the pages        plot, figure, drawings/    figures: measured, and drawn by hand
                     table                      a table of what a cell has computed
                     demos/      what a reader plays with in the page
                     show, quiz                 source code and questions in a chapter
                     book, site                 `make book`: executing the notebooks, finishing the HTML
    the exercises    exercises/  catalogue, tests, `check`, and the learner's notebooks
                     grading/    a class's submissions, graded in a sandbox
    the command      cli, __main__, doctor         `rnnbook check`, `grade`, `train`, `predict`, `write` and more
    for all          shapes, nearest    clear errors for a wrong shape, for an unknown name
                     files              files that are whole or not there
"""

from importlib.metadata import version

from rnnbook.demos import demo
from rnnbook.drawings import drawing
from rnnbook.exercises import check
from rnnbook.quiz import quiz
from rnnbook.show import show

__version__ = version("rnnbook")
__all__ = ["check", "demo", "drawing", "quiz", "show"]
