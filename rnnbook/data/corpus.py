"""A text to model character by character."""

import os
from importlib import resources

from rnnbook.data.fetch import fetch
from rnnbook.data.registry import SOURCES


def load_corpus(full: bool = False, data_dir: str | os.PathLike | None = None) -> str:
    """One long text: the course's own tales, verse, dialogue and recipes, or tiny Shakespeare.

    Args:
        full: take tiny Shakespeare (1,115,394 characters) instead of the embedded sample.
        data_dir: a folder of downloaded originals with `tinyshakespeare/input.txt`; default `RNNBOOK_DATA`.

    Raises:
        DataError: the real text cannot be had.
    """
    if full:
        return fetch(SOURCES["tinyshakespeare"], data_dir).read_text(encoding="utf-8")
    folder = resources.files("rnnbook.data") / "samples" / "corpus"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".txt")), key=lambda file: file.name)
    return "\n\n".join(file.read_text(encoding="utf-8").strip() for file in files) + "\n"
