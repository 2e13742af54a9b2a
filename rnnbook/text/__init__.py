"""From text to integers and back.

tokens      words, characters, subwords
vocabulary  tokens numbered
batches     sequences of different lengths together: padding, one-hot vectors, batches of similar length
pairs       sources and their targets, in batches
stream      one long text, read side by side in contiguous pieces
vectors     word vectors from a file, or trained on one's own texts
"""

from rnnbook.text.batches import Ragged, one_hot, pad
from rnnbook.text.pairs import Pairs
from rnnbook.text.stream import Stream
from rnnbook.text.tokens import Subwords, characters, normalise, words
from rnnbook.text.vectors import Vectors, embedding, load_vectors, train_vectors
from rnnbook.text.vocabulary import Vocabulary

__all__ = [
    "Pairs",
    "Ragged",
    "Stream",
    "Subwords",
    "Vectors",
    "Vocabulary",
    "characters",
    "embedding",
    "load_vectors",
    "normalise",
    "one_hot",
    "pad",
    "train_vectors",
    "words",
]
