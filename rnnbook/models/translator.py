"""From raw texts to their translations, and a trained model as two files that any other program can read."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from rnnbook.decode import Hypothesis, beam_search
from rnnbook.device import device_of
from rnnbook.models import raw, saved
from rnnbook.models.classifier import UNKNOWN
from rnnbook.models.seq2seq import Decoding, Seq2Seq
from rnnbook.text import Vocabulary, pad
from rnnbook.text.pairs import END, SPECIALS, START
from rnnbook.train import evaluating

FORMAT = "rnnbook translator 1"
KEYS = {"tokenizer", "source_vocabulary", "target_vocabulary"}
UNWRITTEN = [i for i in range(len(SPECIALS)) if i != END]


@dataclass(frozen=True)
class Translation:
    """What a model makes of one text.

    Attributes:
        text: the target.
        log_probability: of all its symbols, and of its end if it came.
        score: by which the search has ranked it.
        finished: the end came; otherwise the greatest length did.
        read: the source's tokens; what the vocabulary lacks is "<unk>".
        written: the target's, "</s>" at last if it came.
        weights: where the decoder looked as it wrote each of them, (written, read); None without attention.
    """

    text: str
    log_probability: float
    score: float
    finished: bool
    read: tuple[str, ...]
    written: tuple[str, ...]
    weights: Tensor | None


class Translator:
    """A trained `Seq2Seq` with all that it takes to ask it about raw texts.

    >>> translator = Translator(model, source_vocabulary, target_vocabulary, words)
    >>> translator.translate(["ein Hund schläft ."])[0].text
    'a dog is sleeping .'
    >>> translator.save("my-model")
    >>> Translator.load("my-model")

    Args:
        model: `translator.model.to(device)` moves it.
        source_vocabulary: the one it was trained with, "<pad>" and "<unk>" in front.
        target_vocabulary: the same, with the specials "<pad>", "<unk>", "<s>" and "</s>" in front.
        tokenize: turns a source into tokens as in training, such as `rnnbook.text.words`. With the `split` of
            `Subwords`, the target is made of their names too.

    Raises:
        ValueError: the parts do not fit together.
    """

    def __init__(
        self,
        model: Seq2Seq,
        source_vocabulary: Vocabulary,
        target_vocabulary: Vocabulary,
        tokenize: Callable[[str], list[str]],
    ):
        for side, vocabulary, count in (("source", source_vocabulary, 2), ("target", target_vocabulary, 4)):
            size = model.settings[f"{side}_size"]
            if len(vocabulary) != size:
                raise ValueError(f"the {side} vocabulary has {len(vocabulary)} symbols, the model {size}")
            expected, got = list(SPECIALS[:count]), vocabulary.tokens[:count]
            if got != expected:
                raise ValueError(f"the {side} vocabulary must start with {expected}, got {got}")
        self.model, self.tokenize = model, tokenize
        self.source_vocabulary, self.target_vocabulary = source_vocabulary, target_vocabulary

    def translate(
        self, texts: Iterable[str], *, beam: int = 1, alpha: float = 0.6, max_length: int = 100, batch_size: int = 64
    ) -> list[Translation]:
        """Translate texts, in their order.

        A text without a token is read as a single unknown one. Padding takes no part, so that a translation does not
        depend on the other texts. "<unk>" is never written.

        Args:
            texts: the sources.
            beam: how many hypotheses are kept at each step; 1 takes the most probable symbol each time.
            alpha: of the `rnnbook.decode.length_penalty`.
            max_length: how many symbols a translation has at most, its end included.
            batch_size: how many texts, of similar length, are read at a time.

        Raises:
            TypeError: what came is one text, or holds something else than texts.
            FloatingPointError: the model's scores are not finite.
        """
        texts = raw.list_of(texts, "translate")
        sources = [self.source_vocabulary.encode(self.tokenize(text)) or [UNKNOWN] for text in texts]
        by_length = sorted(range(len(sources)), key=lambda i: len(sources[i]))
        translations: dict[int, Translation] = {}
        with evaluating(self.model):
            for first in range(0, len(by_length), batch_size):
                batch = by_length[first : first + batch_size]
                found = self._search([sources[i] for i in batch], beam, alpha, max_length)
                translations |= zip(batch, found, strict=True)
        return [translations[i] for i in range(len(texts))]

    def _search(self, sources: list[list[int]], beam: int, alpha: float, max_length: int) -> list[Translation]:
        source, lengths = (tensor.to(device_of(self.model)) for tensor in pad(sources))
        state, start = self.model.encode(source, lengths), torch.full_like(lengths, START)
        options = {"beam": beam, "alpha": alpha, "end": END, "max_length": max_length, "select": self.model.reorder}
        best = [found[0] for found in beam_search(self._step, start, state, **options)]

        # The search has moved on from the weights; with what was written as the teacher, they are the same.
        written = [[*hypothesis.tokens, END][: hypothesis.length] for hypothesis in best]
        weights = [None] * len(best)
        if self.model.attention is not None:
            target = pad(written)[0].to(source.device)
            weights = self.model.attention_weights(source, lengths, target).cpu()  # (B, T, S)
        return [self._translation(*each) for each in zip(best, sources, written, weights, strict=True)]

    def _step(self, tokens: Tensor, state: Decoding) -> tuple[Tensor, Decoding]:
        """A step of the model that never writes padding, start or the unknown symbol."""
        logits, state = self.model.step(tokens, state)
        return logits.index_fill(1, torch.tensor(UNWRITTEN, device=logits.device), -torch.inf), state

    def _translation(
        self, best: Hypothesis, source: list[int], written: list[int], weights: Tensor | None
    ) -> Translation:
        subwords = raw.subwords_of(self.tokenize)
        names = (self.target_vocabulary.tokens[i] for i in best.tokens)
        return Translation(
            text=subwords.join(names) if subwords else self.target_vocabulary.decode(best.tokens),
            log_probability=best.log_probability,
            score=best.score,
            finished=best.finished,
            read=tuple(self.source_vocabulary.tokens[i] for i in source),
            written=tuple(self.target_vocabulary.tokens[i] for i in written),
            weights=None if weights is None else weights[: len(written), : len(source)],
        )

    def save(self, folder: str | os.PathLike) -> None:
        """Write model.safetensors, the weights, and model.json, all the rest, as `rnnbook.models.saved` does.

        Raises:
            ValueError: the tokenizer is one that `load` could not make again.
        """
        tokenizer = raw.described(self.tokenize)
        vocabularies = self.source_vocabulary.to_dict(), self.target_vocabulary.to_dict()
        description = {"source_vocabulary": vocabularies[0], "target_vocabulary": vocabularies[1]}
        saved.save(folder, FORMAT, self.model, {"tokenizer": tokenizer} | description)

    @classmethod
    def load(cls, folder: str | os.PathLike) -> "Translator":
        """Read what `save` has written, on the CPU and in evaluation mode. Nothing in the files is ever run.

        Raises:
            FileNotFoundError: a file is missing.
            ValueError: a file is damaged, or the two do not belong together.
        """

        def make(description: dict, weights: saved.Weights) -> "Translator":
            tokenize = raw.tokenizer(description["tokenizer"])
            vocabularies = (Vocabulary.from_dict(description[f"{side}_vocabulary"]) for side in ("source", "target"))
            return cls(saved.model_of(Seq2Seq, description["settings"], weights), *vocabularies, tokenize)

        return saved.load(folder, FORMAT, KEYS, make)
