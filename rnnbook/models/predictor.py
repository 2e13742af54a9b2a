"""From raw texts to labels with probabilities, and a trained model as two files that any other program can read."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from rnnbook.models import raw, saved
from rnnbook.models.classifier import PADDING, UNKNOWN, SequenceClassifier
from rnnbook.text import Ragged, Vocabulary
from rnnbook.train import predict

FORMAT = "rnnbook predictor 1"
KEYS = {"tokenizer", "longest", "keep_end", "labels", "vocabulary"}


@dataclass(frozen=True)
class Prediction:
    """What a model says of one text.

    Attributes:
        label: the most probable one.
        probability: its probability.
        probabilities: of all labels, in the model's order; they sum to 1.
        tokens: how many tokens the text has.
        known: how many of them are in the model's vocabulary.
    """

    label: str
    probability: float
    probabilities: dict[str, float]
    tokens: int
    known: int

    @property
    def blind(self) -> bool:
        """Whether the model knows nothing of the text, since it is empty or all its tokens are unknown."""
        return self.known == 0


class Predictor:
    """A trained classifier with all that it takes to ask it about raw texts.

    >>> predictor = Predictor(model, vocabulary, words, ("negative", "positive"))
    >>> predictor.predict(["Not dull for a minute."])[0].label
    'positive'
    >>> predictor.save("my-model")
    >>> Predictor.load("my-model")

    Args:
        model: a `SequenceClassifier`; `predictor.model.to(device)` moves it.
        vocabulary: the one it was trained with, "<pad>" and "<unk>" in front.
        tokenize: turns a text into tokens as in training, such as `rnnbook.text.words`.
        labels: what the classes are called, in the order of their numbers; for a model with one logit the two that
            stand for the targets 0 and 1.
        longest: read at most so many tokens of a text, as `Ragged.cropped` does; None reads all.
        keep_end: how many of them are the last ones; by default half.

    Raises:
        ValueError: the parts do not fit together.
    """

    def __init__(
        self,
        model: SequenceClassifier,
        vocabulary: Vocabulary,
        tokenize: Callable[[str], list[str]],
        labels: Sequence[str],
        longest: int | None = None,
        keep_end: int | None = None,
    ):
        symbols, classes = (model.settings[key] for key in ("vocabulary_size", "classes"))
        if len(vocabulary) != symbols:
            raise ValueError(f"the vocabulary has {len(vocabulary)} symbols, the model {symbols}: they must be a pair")
        if vocabulary.tokens[PADDING : UNKNOWN + 1] != ["<pad>", "<unk>"]:
            raise ValueError(f"the vocabulary must start with '<pad>' and '<unk>', got {vocabulary.tokens[:2]}")
        expected = max(classes, 2)
        names = set() if isinstance(labels, str) else {label for label in labels if isinstance(label, str)}
        if not len(names) == len(labels) == expected:
            raise ValueError(f"labels must be {expected} different strings for {classes} logit(s), got {labels!r}")
        self.model, self.vocabulary, self.tokenize, self.labels = model, vocabulary, tokenize, tuple(labels)
        self.longest, self.keep_end = longest, keep_end
        if not isinstance(longest, int | None) or not isinstance(keep_end, int | None):
            raise ValueError(f"longest and keep_end must be integers or None, got {longest!r} and {keep_end!r}")
        self._batches([[UNKNOWN]])  # refuses a longest or keep_end that makes no sense

    def predict(self, texts: Iterable[str]) -> list[Prediction]:
        """Label texts, in their order.

        A text without a token is read as a single unknown one, and its prediction is `blind`. Padding takes no part,
        so that a text's prediction does not depend on the others.

        Raises:
            TypeError: what came is one text, or holds something else than texts.
            FloatingPointError: the model's logits are not finite.
        """
        texts = raw.list_of(texts, "predict")
        if not texts:
            return []
        ids = [self.vocabulary.encode(self.tokenize(text)) for text in texts]
        logits = predict(self.model, self._batches(ids)).cpu().double()  # (N, C) or (N,)
        if not logits.isfinite().all():
            raise FloatingPointError("the model's logits are not finite: its training has diverged")
        if logits.ndim == 1:
            logits = torch.stack((torch.zeros_like(logits), logits), dim=1)  # σ(z) is the softmax of 0 and z
        return [self._prediction(row, tokens) for row, tokens in zip(logits.softmax(dim=1).tolist(), ids, strict=True)]

    def _batches(self, ids: list[list[int]]) -> "Bounded":
        data = Ragged.of([row or [UNKNOWN] for row in ids], torch.zeros(len(ids)))
        if self.longest is not None:
            data = data.cropped(self.longest, self.keep_end)
        return Bounded(data.ids, data.lengths, data.targets)

    def _prediction(self, row: list[float], ids: list[int]) -> Prediction:
        probabilities = dict(zip(self.labels, row, strict=True))
        label = max(probabilities, key=probabilities.get)
        return Prediction(label, probabilities[label], probabilities, len(ids), len(ids) - ids.count(UNKNOWN))

    def save(self, folder: str | os.PathLike) -> None:
        """Write model.safetensors, the weights, and model.json, all the rest, as `rnnbook.models.saved` does.

        Raises:
            ValueError: the model or the tokenizer is one that `load` could not make again.
        """
        if type(self.model) is not SequenceClassifier:
            raise ValueError(f"only a SequenceClassifier can be saved, this is a {type(self.model).__name__}")
        tokenizer = raw.described(self.tokenize)
        description = {
            "tokenizer": tokenizer,
            "longest": self.longest,
            "keep_end": self.keep_end,
            "labels": self.labels,
            "vocabulary": self.vocabulary.to_dict(),
        }
        saved.save(folder, FORMAT, self.model, description)

    @classmethod
    def load(cls, folder: str | os.PathLike) -> "Predictor":
        """Read what `save` has written, on the CPU and in evaluation mode. Nothing in the files is ever run.

        Raises:
            FileNotFoundError: a file is missing.
            ValueError: a file is damaged, or the two do not belong together.
        """

        def make(description: dict, weights: saved.Weights) -> "Predictor":
            model = saved.model_of(SequenceClassifier, description["settings"], weights)
            tokenize = raw.tokenizer(description["tokenizer"])
            vocabulary = Vocabulary.from_dict(description["vocabulary"])
            options = (description[key] for key in ("labels", "longest", "keep_end"))
            return cls(model, vocabulary, tokenize, *options)

        return saved.load(folder, FORMAT, KEYS, make)


class Bounded(Ragged):
    """Sequences in batches of similar length and of at most so many cells, so that no batch outgrows the memory."""

    CELLS = 2**16

    def order(self, batch_size: int | None = None, generator: torch.Generator | None = None) -> list[Tensor]:
        """The batches, as indices, by length; a sequence longer than `CELLS` is a batch of its own."""
        batches = [[]]
        for index in self.lengths.argsort(stable=True).tolist():
            if batches[-1] and (len(batches[-1]) + 1) * int(self.lengths[index]) > self.CELLS:
                batches.append([])
            batches[-1].append(index)
        return [torch.tensor(batch) for batch in batches]
