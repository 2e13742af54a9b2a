"""Raw texts, as those who ask a trained model give them, and the tokenizers that a saved model may name."""

from collections.abc import Callable, Iterable

from rnnbook.nearest import suggest
from rnnbook.text import Subwords, characters, words

Tokenizer = Callable[[str], list[str]]
TOKENIZERS: dict[str, Tokenizer] = {"words": words, "characters": characters}


def list_of(texts: Iterable[str], method: str) -> list[str]:
    """The texts that a method was given.

    Raises:
        TypeError: what came is one text, or holds something else than texts.
    """
    if isinstance(texts, str):
        raise TypeError(f"{method} takes a list of texts and got a single one: write {method}([text])")
    texts = list(texts)
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"texts[{position}] is {text!r}, expected a string: leave it out, or write ''")
    return texts


def described(tokenize: Tokenizer) -> str | dict:
    """What a saved model writes of its tokenizer: a name, or all of the `Subwords` whose `split` it is.

    Raises:
        ValueError: it is one that `tokenizer` could not make again.
    """
    if subwords := subwords_of(tokenize):
        return {"subwords": subwords.to_dict()}
    name = next((name for name, known in TOKENIZERS.items() if known is tokenize), None)
    if name is None:
        expected = f"one of {', '.join(TOKENIZERS)} of rnnbook.text, or the `split` of its Subwords"
        raise ValueError(f"the tokenizer of a saved model must be {expected}")
    return name


def tokenizer(description: str | dict) -> Tokenizer:
    """The tokenizer of which `described` has said this.

    Raises:
        ValueError: there is none.
    """
    if isinstance(description, dict) and set(description) == {"subwords"}:
        return Subwords.from_dict(description["subwords"]).split
    if description not in TOKENIZERS:
        raise ValueError(f"unknown tokenizer {description!r}. {suggest(description, TOKENIZERS)}")
    return TOKENIZERS[description]


def subwords_of(tokenize: Tokenizer) -> Subwords | None:
    """The subwords whose `split` it is, for their names are not joined as words or characters are."""
    owner = getattr(tokenize, "__self__", None)
    return owner if isinstance(owner, Subwords) and tokenize == owner.split else None
