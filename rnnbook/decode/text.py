"""A language model goes on writing a text."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rnnbook.decode.sampling import sample
from rnnbook.decode.steps import Step
from rnnbook.device import device_of
from rnnbook.shapes import check_shape
from rnnbook.text import Vocabulary
from rnnbook.text.pairs import END, SPECIALS, START
from rnnbook.train import evaluating


def step_of(model: nn.Module) -> Step:
    """A language model as a step function: called with ids (N, 1) and a state, it gives logits (N, 1, V) and a state.

    >>> beam_search(step_of(model), start, beam=4, end=end, max_length=100)
    """

    def step(tokens, state):
        logits, state = model(tokens[:, None], state)
        return logits[:, -1], state

    return step


def generate(
    model: nn.Module,
    vocabulary: Vocabulary,
    prompt: str | Sequence[str] = "",
    *,
    max_length: int = 200,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    penalty: float = 1.0,
    generator: torch.Generator | None = None,
) -> str:
    """A prompt, and what the model writes after it.

    Dropout is off while it writes, and the model is in its own mode again afterwards. If the vocabulary has "<s>", the
    model reads it before the prompt; if it has "</s>", the text ends where the model writes it. Of the other specials
    it writes none.

    >>> generate(model, vocabulary, "ROMEO:", temperature=0.8, generator=torch.Generator().manual_seed(0))

    Args:
        model: a `rnnbook.models.language_model.LanguageModel`.
        vocabulary: the one that it was trained with.
        prompt: a text, or its tokens if the vocabulary has words. It may be empty if the vocabulary has "<s>".
        max_length: how many symbols to write at most.
        temperature, top_k, top_p, penalty, generator: as `sample` takes them; temperature 0 always takes the most
            probable symbol.

    Returns:
        The text.

    Raises:
        TypeError: the vocabulary has words, and the prompt is one string.
        ValueError: the prompt holds what the vocabulary lacks, or is empty and there is no "<s>"; the vocabulary is
            not the model's; or a setting is out of its range.
    """
    one_text_for_words = isinstance(prompt, str) and vocabulary.separator  # which encode refuses
    for position, token in enumerate(prompt):
        if token not in vocabulary and not one_text_for_words:  # read as "<unk>", it would be silently replaced
            raise ValueError(f"{token!r} at position {position} of the prompt is not in the vocabulary: leave it out")
    ids = vocabulary.encode(prompt)
    specials = SPECIALS[START], SPECIALS[END]
    start, end = (vocabulary.encode([token])[0] if token in vocabulary else None for token in specials)
    read = ids if start is None else [start, *ids]
    if not read:
        raise ValueError(f"the prompt is empty, and the vocabulary has no {specials[0]!r} to begin with: give a symbol")
    unwritten = [i for i in range(len(vocabulary.specials)) if i != end]
    step = step_of(model)

    def writing_step(tokens: Tensor, state):
        logits, state = step(tokens, state)
        check_shape("logits", logits, 1, len(vocabulary), remedy="model and vocabulary must be a pair")
        return logits.index_fill(1, torch.tensor(unwritten, dtype=torch.int64, device=logits.device), -torch.inf), state

    with evaluating(model):
        (written,) = sample(
            writing_step,
            torch.tensor([read], device=device_of(model)),  # (1, P)
            max_length=max_length,
            end=end,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            penalty=penalty,
            generator=generator,
        )
    return vocabulary.decode([*ids, *written.tokens])
