"""Language models: after each symbol, how likely is each symbol to come next?

One long text is read in chunks, and the state goes on from chunk to chunk: forward the network remembers everything,
backward it is cut off where a chunk begins. That is truncated backpropagation through time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, dropout

from rnnbook.device import device_of
from rnnbook.encode import KERNELS, State, first_state, parts_of, state_of
from rnnbook.models.classifier import CELLS
from rnnbook.shapes import check_shape
from rnnbook.train import evaluating


class LanguageModel(nn.Module):
    """Embedding, recurrent layers that read from left to right, and a linear layer that scores the next symbol.

    >>> model = LanguageModel(vocabulary_size=65)
    >>> logits, state = model(ids)  # (B, T) -> (B, T, 65)
    >>> logits, state = model(more, state)  # goes on where it was

    In training, features are dropped by masks that are held over time (Gal and Ghahramani, 2016), each row with its
    own: what a row does not see at one step, it does not see at all. Between time steps it is weights that are
    dropped, entries of W_hh (DropConnect; Merity, Keskar and Socher, 2018, section 2), once for all rows and steps of a
    call. Dropping entries of h at each step would leave torch's fast kernels; a matrix with holes goes through them.

    Args:
        vocabulary_size: V. No id is special: a vocabulary of characters may begin with a letter.
        embedding_size: D, features of a symbol.
        hidden_size: H of each layer.
        cell: "rnn", "lstm" or "gru".
        num_layers: L.
        dropout: probability of dropping an embedded feature, or one of a layer's output, be it on its way to the next
            layer or to the scores.
        recurrent_dropout: probability of dropping a weight between a layer's own states.
        tied: score with the rows of the embedding (Press and Wolf, 2017); where H is not D, a projection H -> D comes
            before. It has no bias: the scores have one.

    Attributes:
        settings: the arguments that make another model of this architecture: `LanguageModel(**settings)`.

    Raises:
        ValueError: an unknown cell, or a probability that is not from 0 to 1.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_size: int = 64,
        hidden_size: int = 256,
        cell: str = "lstm",
        num_layers: int = 1,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        tied: bool = False,
    ):
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell must be one of {', '.join(CELLS)}, got {cell!r}")
        for name, probability in {"dropout": dropout, "recurrent_dropout": recurrent_dropout}.items():
            if not 0 <= probability <= 1:
                raise ValueError(f"{name} must be from 0 to 1, got {probability}")
        self.settings = {
            "vocabulary_size": vocabulary_size,
            "embedding_size": embedding_size,
            "hidden_size": hidden_size,
            "cell": cell,
            "num_layers": num_layers,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "tied": tied,
        }
        self.names = ("h", "c") if cell == "lstm" else ("h",)  # the parts of a state
        self.dropout, self.recurrent_dropout = dropout, recurrent_dropout
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.rnn = CELLS[cell](embedding_size, hidden_size, num_layers, batch_first=True)
        if tied and hidden_size != embedding_size:
            self.projection = nn.Linear(hidden_size, embedding_size, bias=False)
        else:
            self.projection = nn.Identity()
        self.linear = nn.Linear(embedding_size if tied else hidden_size, vocabulary_size)
        if tied:
            # As rows of the scores, the embedding's usual values of about 1 would make the first guesses far too sure.
            self.embedding.weight = self.linear.weight

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Score what comes after each symbol.

        Args:
            ids: symbols, (B, T).
            state: what the model remembers of what came before, (L, B, H), of an LSTM the pair (h, c); zeros by
                default.

        Returns:
            logits: (B, T, V); those at step t are about the symbol that follows ids[:, t].
            state_n: the state after the last step, in the same form.

        Raises:
            ValueError: ids or state has the wrong shape.
        """
        output, state_n = self.read(ids, state)
        return self.linear(self.projection(output)), state_n  # (B, T, V)

    def read(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """The top layer's output, (B, T, H), and the state after the last step."""
        check_shape("ids", ids, "B", "T", remedy="write ids.unsqueeze(0) for a batch of one" if ids.ndim == 1 else "")
        x = hold_dropout(self.embedding(ids), self.dropout, self.training)  # (B, T, D)
        state = first_state(self.names, state, x, self.rnn.num_layers, len(ids), self.rnn.hidden_size)
        if not self.training or self.dropout == self.recurrent_dropout == 0:
            return self.rnn(x, state_of(state))
        finals = []
        for k, (weight_ih, weight_hh, *biases) in enumerate(self.rnn.all_weights):
            # h_t = f(W_ih x_t + (M ⊙ W_hh) h_{t-1} + b), with one mask M for all t
            weights = [weight_ih, dropout(weight_hh, self.recurrent_dropout), *biases]
            below = [part[k : k + 1] for part in state]
            x, *final = KERNELS[self.rnn.mode](x, state_of(below), weights, True, 1, 0.0, True, False, True)
            x = hold_dropout(x, self.dropout)  # (B, T, H)
            finals.append(final)
        return x, state_of([torch.cat(parts) for parts in zip(*finals, strict=True)])


def hold_dropout(x: Tensor, probability: float, training: bool = True) -> Tensor:
    """Drop features, (B, T, F), with one mask for all steps of a row."""
    # m ~ Bernoulli(1 - p) / (1 - p), (B, 1, F)
    return x * dropout(torch.ones_like(x[:, :1]), probability) if training and probability > 0 else x


class Stateful(nn.Module):
    """A language model that goes on from where its last batch ended: for truncated BPTT over a `Stream`.

    >>> fit(Stateful(model, rows=32), Stream(ids, rows=32, steps=128), step_cross_entropy, epochs=10)

    The state goes on without its history: the gradient ends where the batch begins. Where the text starts, so does
    the state, with zeros. In training it is kept in buffers, which a checkpoint holds as it holds the weights; in
    evaluation it is kept apart, so that a validation in between leaves the training alone.

    Args:
        model: the language model, whose weights are trained.
        rows: B of the batches in training.
    """

    def __init__(self, model: LanguageModel, rows: int):
        super().__init__()
        self.model, self.rows = model, rows
        weight = model.embedding.weight
        for name in model.names:
            self.register_buffer(name, weight.new_zeros(model.rnn.num_layers, rows, model.rnn.hidden_size).detach())
        self._reading: State | None = None  # the state in evaluation

    def forward(self, ids: Tensor, start: Tensor | bool) -> Tensor:
        """Score what comes after each symbol.

        Args:
            ids: symbols, (B, T).
            start: whether the text starts here; else it goes on where the last batch ended.

        Returns:
            Logits, (B, T, V).

        Raises:
            ValueError: a batch in training has another number of rows.
        """
        if self.training:
            check_shape("ids", ids, self.rows, "T", remedy="as many rows as the stream has, all of them in one process")
            state = state_of([getattr(self, name) for name in self.model.names])
        else:
            state = self._reading
        logits, state_n = self.model(ids, None if start else state)
        parts = [part.detach().to(self.h.dtype) for part in parts_of(state_n)]  # 16 bits in mixed precision
        if self.training:
            for name, part in zip(self.model.names, parts, strict=True):
                setattr(self, name, part)
        else:
            self._reading = state_of(parts)
        return logits


@dataclass(frozen=True)
class Score:
    """How well a model predicts a text.

    Attributes:
        nats: the mean of -ln p over all predicted symbols.
        symbols: how many they are.
    """

    nats: float
    symbols: int

    @property
    def bits(self) -> float:
        """The mean of -log2 p: bits per character, if the symbols are characters."""
        return self.nats / math.log(2)

    @property
    def perplexity(self) -> float:
        """exp(nats): as uncertain as a choice between so many symbols that are all equally likely."""
        return math.exp(self.nats)


def evaluate(model: LanguageModel, ids: Tensor | Sequence[int], steps: int = 1024) -> Score:
    """How well a model predicts a text, read as one stream from its first symbol to its last.

    Every symbol but the first is predicted, once, from all that stands before it. The mean is over symbols: a mean of
    the chunks' means would weigh a short last chunk too much, and a mean of their perplexities is no perplexity.

    Args:
        model: its mode is restored afterwards.
        ids: the symbols of the text, (N,), at least 2.
        steps: symbols read at a time. It changes how much memory is needed, and nothing else.

    Raises:
        ValueError: the text is too short, or steps less than 1.
    """
    ids = torch.as_tensor(ids, dtype=torch.int64, device=device_of(model))
    if ids.ndim != 1 or len(ids) < 2 or steps < 1:
        raise ValueError(f"expected at least 2 symbols, (N,), and steps >= 1, got {tuple(ids.shape)} and {steps}")
    total, state = 0.0, None
    with evaluating(model):
        for chunk, targets in zip(ids[:-1].split(steps), ids[1:].split(steps), strict=True):
            logits, state = model(chunk[None], state)  # (1, T, V)
            total += cross_entropy(logits[0], targets, reduction="none").double().sum().item()
    return Score(total / (len(ids) - 1), len(ids) - 1)
