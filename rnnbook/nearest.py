"""What to tell someone who asked for a name that is not there."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggest(name: str, known: Iterable[str], quote: str = "") -> str:
    """The nearest of the known names, and all of them.

    >>> suggest("names-gr", ["names-rnn", "names-gru"])
    'Did you mean names-gru? There are: names-rnn, names-gru.'

    Args:
        name: what was asked for.
        known: what there is.
        quote: the marks around the suggestion, where it is to be typed with them.
    """
    known = list(known)
    near = get_close_matches(str(name), known, n=1)
    question = f"Did you mean {quote}{near[0]}{quote}? " if near else ""
    return f"{question}There are: {', '.join(known) or 'none yet'}."
