"""From text to integers and back: vocabulary, padding, one-hot vectors."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence


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

    def __init__(self, tokens: Iterable[str], specials: Sequence[str] = ("<pad>", "<unk>")):
        self.tokens = [*specials, *tokens]
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self._ids) < len(self.tokens):
            twice = next(token for i, token in enumerate(self.tokens) if self._ids[token] != i)
            raise ValueError(f"{twice!r} occurs twice among the tokens; Vocabulary.from_text takes a text with repeats")

    @classmethod
    def from_text(cls, text: str, specials: Sequence[str] = ()) -> "Vocabulary":
        """The characters of a text in order of first appearance.

        A `set` would lose that order: strings hash differently in every process, and ids with them.
        """
        return cls(dict.fromkeys(text), specials)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def encode(self, text: Iterable[str]) -> list[int]:
        """The ids of a text's characters; "<unk>" stands for a character that the vocabulary lacks.

        Raises:
            ValueError: a character is unknown and the vocabulary has no "<unk>".
        """
        unknown = self._ids.get("<unk>")
        ids = [self._ids.get(token, unknown) for token in text]
        if None in ids:
            position = ids.index(None)
            raise ValueError(
                f"{list(text)[position]!r} at position {position} is not in the vocabulary; "
                'build it from more text, or with "<unk>" among its specials'
            )
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of a sequence of ids, specials spelled out.

        Raises:
            ValueError: an id is not between 0 and len(vocabulary) - 1.
        """
        ids = [int(i) for i in ids]
        for position, i in enumerate(ids):
            if not 0 <= i < len(self):
                raise ValueError(f"id {i} at position {position}: this vocabulary has the ids 0 to {len(self) - 1}")
        return "".join(self.tokens[i] for i in ids)


def pad(sequences: Iterable[Sequence[int]], value: int = 0) -> tuple[Tensor, Tensor]:
    """One batch of sequences of different lengths: the shorter ones are filled up at the end.

    Args:
        sequences: B sequences of ids, none of them empty.
        value: the id that fills up.

    Returns:
        The ids (B, T), where T is the greatest length, and the true lengths (B,), both int64.

    Raises:
        ValueError: there is no sequence, or one has length 0, for which a recurrent network has no last state.
    """
    sequences = [torch.as_tensor(sequence, dtype=torch.int64) for sequence in sequences]
    if not sequences:
        raise ValueError("an empty batch cannot be padded: give at least one sequence")
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    if not lengths.all():
        raise ValueError(f"sequence {int(lengths.argmin())} has length 0: leave empty texts out of the batch")
    return pad_sequence(sequences, batch_first=True, padding_value=value), lengths


def one_hot(ids: Tensor | Sequence[int], size: int) -> Tensor:
    """A vector for each id: 1 at the id's place, 0 elsewhere.

    Multiplying it by a matrix of shape (size, D) picks that row: an embedding lookup, written as a product.

    Args:
        ids: integers of any shape, each between 0 and size - 1.
        size: the length of a vector, usually `len(vocabulary)`.

    Returns:
        Float tensor of shape (*ids.shape, size).

    Raises:
        ValueError: an id is out of range.
    """
    ids = torch.as_tensor(ids, dtype=torch.int64)
    if ids.numel() and (ids.min() < 0 or ids.max() >= size):
        raise ValueError(f"ids from {ids.min()} to {ids.max()} do not fit into {size} places, 0 to {size - 1}")
    return F.one_hot(ids, size).to(torch.get_default_dtype())  # (*ids.shape, size)
