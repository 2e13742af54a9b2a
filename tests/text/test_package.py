import os
import subprocess
import sys

PROGRAM = """
from rnnbook.text import Subwords, Vocabulary, train_vectors, words
texts = ["the quick brown fox", "the lazy dog was not quick", "what a quick dog"] * 3
tokens = [words(text) for text in texts]
vocabulary = Vocabulary.from_tokens(tokens, size=9)
found = [
    Vocabulary.from_text(texts[0]).tokens,
    vocabulary.tokens,
    Subwords.train(texts, 280).tokenizer.to_str(),
    train_vectors(tokens, vocabulary, size=4, seed=1).matrix.tolist(),
]
"""


def test_nothing_depends_on_the_process():
    """Strings hash differently in every process: whoever goes through a set of them has another order each time."""
    here = {}
    exec(PROGRAM, here)
    for seed in ("1", "2"):
        there = subprocess.run(
            [sys.executable, "-c", f"{PROGRAM}\nprint(found)"],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert there.stdout == f"{here['found']}\n"
