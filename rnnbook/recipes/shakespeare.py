"""How well can the next character be foreseen? From counting to recurrent networks, on tiny Shakespeare.

The first nine tenths of the text are learnt from; the last tenth is read once, as one stream from its first character
to its last, the state carried along, and what counts is the mean of -ln p over its characters but the first. The
alphabet is that of the whole text, as is usual for it. No weights are chosen by the validation text: a network is
measured as its training leaves it.

The three cells have as many parameters within a hundredth, and read as many characters.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rnnbook.data import load_corpus
from rnnbook.decode import generate, sample
from rnnbook.history import History
from rnnbook.models import LanguageModel, NGram, Stateful, saved
from rnnbook.models.language_model import Score, evaluate
from rnnbook.models.sequence import parameters_of, step_cross_entropy
from rnnbook.recipes import Outcome, Recipe
from rnnbook.recipes.units import telling
from rnnbook.text import Stream, Vocabulary
from rnnbook.train import fit

FORMAT = "rnnbook language model 1"
ORDERS = range(1, 11)  # of the n-gram model, to choose from
PROMPT, WRITTEN, TEMPERATURE = "\n", 400, 0.8  # of the text that a model writes


@dataclass(frozen=True)
class Text:
    """What is learnt from, and what it is measured on.

    Attributes:
        train: the first nine tenths of the characters.
        validation: the rest.
        full: whether it is tiny Shakespeare, not the course's own corpus.
    """

    train: str
    validation: str
    full: bool

    @property
    def vocabulary(self) -> Vocabulary:
        """All characters that occur, sorted."""
        return Vocabulary(sorted({*self.train, *self.validation}), specials=())

    def ids(self) -> tuple[Tensor, Tensor]:
        """Both parts as ids, (N,) each."""
        encode = self.vocabulary.encode
        return torch.tensor(encode(self.train)), torch.tensor(encode(self.validation))


def load(full: bool, data_dir: str | None) -> Text:
    """Tiny Shakespeare, or the course's own corpus."""
    text = load_corpus(full, data_dir)
    cut = int(0.9 * len(text))
    return Text(text[:cut], text[cut:], full)


def describe(text: Text) -> dict[str, Any]:
    """The data's name, and the hash of the whole text."""
    return {
        "name": "tinyshakespeare" if text.full else "corpus",
        "sha256": hashlib.sha256((text.train + text.validation).encode()).hexdigest(),
        "train": len(text.train),
        "validation": len(text.validation),
    }


def outcome(score: Score, parameters: int, sample: str, more: dict[str, Any], seconds: float | None = None) -> Outcome:
    """Nats per character, the same in bits, and what the model writes."""
    return Outcome(score.nats, parameters, {"bits": score.bits, **more, "sample": sample}, seconds)


def run_ngram(text: Text, seed: int, device: str) -> Outcome:
    """Count in the training text; its last tenth, held out at first, says how long the n-grams shall be.

    Only the text that it writes is drawn by chance. Its parameters are the counts: all different n-grams of the
    training text, from single characters up.
    """
    (train, validation), vocabulary = text.ids(), text.vocabulary
    cut = int(0.9 * len(train))

    def counted(order: int, ids: Tensor) -> NGram:
        return NGram(order, len(vocabulary)).fit(ids)

    by_order = [counted(order, train[:cut]).evaluate(train[cut:]).nats for order in ORDERS]
    order = ORDERS[by_order.index(min(by_order))]
    model = counted(order, train)

    def step(tokens: Tensor, context: list[int]) -> tuple[Tensor, list[int]]:
        context = [*context[-order:], int(tokens)]
        return torch.from_numpy(model.probabilities(context)).log()[None], context

    start, generator = torch.tensor([vocabulary.encode(PROMPT)]), torch.Generator().manual_seed(seed)
    (written,) = sample(step, start, [], max_length=WRITTEN, temperature=TEMPERATURE, generator=generator)
    counts = sum(len({text.train[i : i + n] for i in range(len(train) - n + 1)}) for n in range(1, order + 1))
    more = {"order": order, "orders": list(ORDERS), "held_out_by_order": by_order}
    return outcome(model.evaluate(validation), counts, vocabulary.decode(written.tokens), more)


def train(
    text: Text,
    seed: int,
    device: str,
    *,
    rows: int,
    steps: int,
    fit_with: dict[str, Any],
    on_sample: dict[str, Any],
    training: dict[str, Any] | None = None,
    **model_settings,
) -> tuple[LanguageModel, History]:
    """Train a `LanguageModel` by truncated backpropagation through time.

    Its curve of validation is that of the validation text in `rows` pieces side by side, which is quick, and a little
    too high, for each piece begins without a memory.

    Args:
        text: what to learn from.
        seed: of the initialisation and of dropout.
        device: where to train.
        rows: pieces of the text that are read side by side.
        steps: characters from one update to the next, through which the gradient goes back.
        fit_with: arguments of `fit`.
        on_sample: those that are others for the course's own corpus, which is short.
        training: further ones: a checkpoint, a time budget. "validate": None saves the time for the curve.
        model_settings: of the model.
    """
    learnt, validation = (Stream(ids, rows, steps) for ids in text.ids())
    torch.manual_seed(seed)
    model = LanguageModel(len(text.vocabulary), **model_settings)
    network = Stateful(model, rows).to(device)
    fit_with = {"validate": validation} | fit_with | ({} if text.full else on_sample) | (training or {})
    return model, fit(network, learnt, step_cross_entropy, seed=seed, **fit_with)


def run_network(
    text: Text, seed: int, device: str, *, save: Path | None = None, half: bool = False, units: bool = False, **settings
) -> Outcome:
    """Train a network, measure it and let it write.

    Args:
        text, seed, device, settings: those of `train`.
        save: a folder for the trained model.
        half: round the trained weights to 16 bits, so that a page can carry them.
        units: look for hidden units that follow something, in the end of the training text, and measure them on the
            validation text.
    """
    model, history = train(text, seed, device, **settings)
    if half:
        model.half().float()
    score = evaluate(model, text.ids()[1])
    if save:
        save_model(save, model, text.vocabulary)
    options = {"max_length": WRITTEN, "temperature": TEMPERATURE, "generator": torch.Generator().manual_seed(seed)}
    written = generate(model.cpu(), text.vocabulary, PROMPT, **options).removeprefix(PROMPT)
    more = {"loss": history.loss, "validation": history.validation, "validation_seconds": history.seconds}
    more["characters_per_second"] = history.tokens_per_second
    if units:
        chosen_on = text.train[-len(text.validation) :]
        more["units"] = telling(model, text.vocabulary, chosen_on, text.validation)
    return outcome(score, parameters_of(model), written, more, history.seconds[-1])


def save_model(folder: Path, model: LanguageModel, vocabulary: Vocabulary) -> None:
    """Write a language model and its characters, as `rnnbook.models.saved` does."""
    saved.save(folder, FORMAT, model, {"vocabulary": vocabulary.to_dict()})


def load_model(folder: Path) -> tuple[LanguageModel, Vocabulary]:
    """Read what `save_model` has written, on the CPU and in evaluation mode.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is damaged, or the two do not belong together.
    """

    def make(description: dict, weights: saved.Weights) -> tuple[LanguageModel, Vocabulary]:
        vocabulary = Vocabulary.from_dict(description["vocabulary"])
        model = saved.model_of(LanguageModel, description["settings"], weights)
        if model.settings["vocabulary_size"] != len(vocabulary):
            raise ValueError(f"{len(vocabulary)} characters, and a model of {model.settings['vocabulary_size']}")
        return model, vocabulary

    return saved.load(folder, FORMAT, {"vocabulary"}, make)


def _recipe(name: str, model: str, run: Callable[..., Outcome], **settings) -> Recipe:
    return Recipe(
        f"shakespeare-{name}",
        "shakespeare",
        model,
        load,
        describe,
        partial(run, **settings),
        metric="nats_per_character",
        higher_is_better=False,
        settings=settings,
        long=run is run_network,
    )


LADDER = {  # minutes on a CPU; weight decay alone against learning by heart, for dropout needs more epochs
    "embedding_size": 64,
    "rows": 32,
    "steps": 64,
    "on_sample": {"epochs": 20},
}
FIT = {"epochs": 8, "learning_rate": 4e-3, "weight_decay": 0.1, "warm_up": 0.1}
VANILLA = {"cell": "rnn", "hidden_size": 783, "fit_with": {**FIT, "learning_rate": 1e-3}, **LADDER}
GRU = {"cell": "gru", "hidden_size": 447, "fit_with": FIT, **LADDER}
LSTM = {"cell": "lstm", "hidden_size": 384, "fit_with": {**FIT, "learning_rate": 1e-2}, **LADDER}
BEST = {
    "cell": "lstm",
    "embedding_size": 128,
    "hidden_size": 512,
    "num_layers": 2,
    "dropout": 0.3,
    "recurrent_dropout": 0.2,
    "rows": 64,
    "steps": 128,
    "fit_with": {"epochs": 30, "learning_rate": 3e-3, "weight_decay": 0.05, "warm_up": 0.1},
    "on_sample": {"epochs": 10},
}
WRITER = {  # small enough for a page
    "cell": "lstm",
    "embedding_size": 32,
    "hidden_size": 128,
    "rows": 32,
    "steps": 64,
    "half": True,
    "units": True,
    "fit_with": {"epochs": 15, "learning_rate": 6e-3, "weight_decay": 0.01, "warm_up": 0.1},
    "on_sample": {"epochs": 20},
}
RECIPES = [
    _recipe("ngram", "n-grams of characters, Kneser-Ney smoothing", run_ngram),
    _recipe("rnn", "vanilla RNN, one layer", run_network, **VANILLA),
    _recipe("gru", "GRU, one layer", run_network, **GRU),
    _recipe("lstm", "LSTM, one layer", run_network, **LSTM),
    _recipe("best", "LSTM, two layers, dropout", run_network, **BEST),
    _recipe("writer", "small LSTM, for the page", run_network, **WRITER),
]
