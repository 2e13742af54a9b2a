"""Data: embedded samples by default, the published originals with `full=True`, and generators of toy tasks (`toys`)."""

from rnnbook.data.corpus import load_corpus
from rnnbook.data.fetch import DataError
from rnnbook.data.names import Names, load_names
from rnnbook.data.registry import SOURCES, Source

__all__ = ["SOURCES", "DataError", "Names", "Source", "load_corpus", "load_names"]
