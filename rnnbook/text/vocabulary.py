"""From tokens to integers and back."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from rnnbook.files import put

SPECIALS = ("<pad>", "<unk>")


class Vocabulary:
    """A numbered list of symbols.

    The specials come first, in the order given, and then the tokens in theirs: "<pad>" is 0 and "<unk>" is 1.

    >>> v = Vocabulary.from_text("hello world")
    >>> v.tokens
    ['h', 'e', 'l', 'o', ' ', 'w', 'r', 'd']
    >>> v.decode(v.encode("hold"))
    'hold'

    Args:
        tokens: the symbols, each once.
        specials: symbols that stand for no character: padding, the unknown symbol, start and end of a text.
    """

    def __init__(self, tokens: Iterable[str], specials: Sequence[str] = SPECIALS):
        self.specials = tuple(specials)
        self.tokens = [*specials, *tokens]
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self._ids) < len(self.tokens):
            twice = next(token for i, token in enumerate(self.tokens) if self._ids[token] != i)
            raise ValueError(
                f"{twice!r} occurs twice among the tokens; Vocabulary.from_text and from_tokens take repeats"
            )
        #: What stands between two tokens of a text: nothing if all of them are single characters, else a space.
        self.separator = " " if any(len(token) > 1 for token in self.tokens[len(self.specials) :]) else ""

    @classmethod
    def from_text(cls, text: str, specials: Sequence[str] = ()) -> "Vocabulary":
        """The characters of a text in order of first appearance.

        A `set` would lose that order: strings hash differently in every process, and ids with them.
        """
        return cls(dict.fromkeys(text), specials)

    @classmethod
    def from_tokens(
        cls,
        sequences: Iterable[Iterable[str]],
        *,
        min_count: int = 1,
        size: int | None = None,
        specials: Sequence[str] = SPECIALS,
    ) -> "Vocabulary":
        """The tokens of many texts, most common first, equally common ones by the alphabet.

        >>> Vocabulary.from_tokens([words("to be or not to be")], size=5).tokens
        ['<pad>', '<unk>', 'be', 'to', 'not']

        Args:
            sequences: the tokens of each text.
            min_count: leave out tokens that occur less often.
            size: V, the greatest number of entries, specials included; the rarest are left out.
            specials: as above; where one occurs in a text, it keeps its place at the front.

        Raises:
            TypeError: a text stands where its tokens should.
            ValueError: there is no place for any token.
        """
        if size is not None and size <= len(specials):
            raise ValueError(f"size must be greater than {len(specials)}, the number of specials, got {size}")
        counts = Counter()
        for sequence in [sequences] if isinstance(sequences, str) else sequences:
            if isinstance(sequence, str):
                raise TypeError(f"a text must be a list of tokens, got {sequence[:40]!r}: give [words(text), ...]")
            counts.update(sequence)
        kept = [token for token, n in counts.items() if n >= min_count and token not in specials]
        kept.sort(key=lambda token: (-counts[token], token))
        return cls(islice(kept, size and size - len(specials)), specials)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def encode(self, text: Iterable[str]) -> list[int]:
        """The ids of a text's tokens, or of its characters; "<unk>" stands for what the vocabulary lacks.

        Raises:
            TypeError: the tokens are words, and the text has not been split into words.
            ValueError: a token is unknown and the vocabulary has no "<unk>".
        """
        if isinstance(text, str) and self.separator:
            raise TypeError(f"this vocabulary has words, and {text[:40]!r} is one string: encode(words(text))")
        text = text if isinstance(text, Sequence) else list(text)
        get, unknown = self._ids.get, self._ids.get("<unk>")
        ids = [get(token, unknown) for token in text]
        if None in ids:
            position = ids.index(None)
            raise ValueError(
                f"{text[position]!r} at position {position} is not in the vocabulary; "
                'build it from more text, or with "<unk>" among its specials'
            )
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of a sequence of ids, specials spelled out; words are joined by spaces, characters by nothing.

        Raises:
            ValueError: an id is not between 0 and len(vocabulary) - 1.
        """
        ids = [int(i) for i in ids]
        for position, i in enumerate(ids):
            if not 0 <= i < len(self):
                raise ValueError(f"id {i} at position {position}: this vocabulary has the ids 0 to {len(self) - 1}")
        return self.separator.join(self.tokens[i] for i in ids)

    def to_dict(self) -> dict:
        """Specials and tokens, as JSON can hold them."""
        return {"specials": list(self.specials), "tokens": self.tokens[len(self.specials) :]}

    @classmethod
    def from_dict(cls, content: dict) -> "Vocabulary":
        """The vocabulary whose `to_dict` this is.

        Raises:
            ValueError: it is none.
        """
        lists = [content.get(key) for key in ("specials", "tokens")] if isinstance(content, dict) else [None]
        for strings in lists:
            if not isinstance(strings, list) or not all(isinstance(token, str) for token in strings):
                raise ValueError('a vocabulary is {"specials": [...], "tokens": [...]}, two lists of strings')
        specials, tokens = lists
        return cls(tokens, specials)

    def save(self, path: str | os.PathLike) -> None:
        """Write it as JSON, a token a line."""
        put(Path(path), json.dumps(self.to_dict(), indent=0) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Vocabulary":
        """Read what `save` has written.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file holds no vocabulary, or not all of it.
        """
        try:
            return cls.from_dict(json.loads(Path(path).read_bytes()))
        except (ValueError, RecursionError) as error:  # also JSONDecodeError and UnicodeDecodeError
            raise ValueError(f"{path} is damaged, or no vocabulary: {error}; save it again") from None
