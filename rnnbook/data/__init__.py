"""Data: embedded samples by default, the published originals with `full=True`, and generators of tasks.

The generators are `toys`, for what a network can remember, and `review_language`, where the order of words decides.
`number_words`, `dates` and `phrases` make pairs: a text, and what is to be written for it.
"""

from rnnbook.data.corpus import load_corpus
from rnnbook.data.fetch import DataError
from rnnbook.data.imdb import Imdb, load_imdb, read_imdb
from rnnbook.data.names import Names, load_names
from rnnbook.data.parallel import Parallel
from rnnbook.data.registry import SOURCES, Source
from rnnbook.data.reviews import Reviews, load_reviews
from rnnbook.data.translation import load_pairs
from rnnbook.data.tweets import load_tweets

__all__ = [
    "SOURCES",
    "DataError",
    "Imdb",
    "Names",
    "Parallel",
    "Reviews",
    "Source",
    "load_corpus",
    "load_imdb",
    "load_names",
    "load_pairs",
    "load_reviews",
    "load_tweets",
    "read_imdb",
]
