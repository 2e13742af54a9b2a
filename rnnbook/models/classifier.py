"""Many-to-one: a sequence of symbols in, the scores of its classes out."""

import torch
from torch import Tensor, nn

from rnnbook.encode import State, check_lengths, encode
from rnnbook.models.evidence import Evidence
from rnnbook.models.pooling import AttentionPooling, masked_max, masked_mean, top_state
from rnnbook.shapes import check_shape

PADDING, UNKNOWN = 0, 1  # the first two ids of `rnnbook.text.Vocabulary`
CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
EVIDENCE_SCALE = 0.5  # a ratio's standard deviation is about 0.6; features of an embedding are best smaller than that
POOLINGS = ("last", "max", "mean", "attention")


class SequenceClassifier(nn.Module):
    """Embedding, recurrent layers, a summary of the valid states, and a linear layer on top.

    Padding is never read (`rnnbook.encode`): a longer neighbour in the batch changes no prediction.

    >>> model = SequenceClassifier(vocabulary_size=30, classes=4)
    >>> ids, lengths = pad([[2, 3, 4], [5, 6]])
    >>> logits = model(ids, lengths)  # (2, 4)

    Args:
        vocabulary_size: V; id 0 is padding, id 1 the unknown symbol.
        classes: C; with 1 there is a single logit a sequence, for `nn.BCEWithLogitsLoss`.
        embedding_size: D, features of a symbol.
        hidden_size: H of each layer and direction.
        cell: "rnn", "lstm" or "gru".
        num_layers: L.
        bidirectional: read from both ends.
        pooling: "last" takes the top layer's state after the last valid step of each direction; "max" takes, for each
            unit, its largest value over the valid steps; "mean" averages the valid steps; "attention" averages them
            with learned weights. Several are set side by side: "max+mean".
        dropout: probability of dropping an embedded feature, an output on its way to the next layer, or a feature of
            the summary, in training.
        symbol_dropout: probability of reading a symbol as unknown, id 1, in training; it teaches the model what to
            make of symbols that it has never met.
        evidence: n; above 0 the network also reads the `Evidence` of the n-grams up to that length, counted before.
        embedding: vectors to start from, (V, D), such as pretrained ones; their width replaces `embedding_size`. They
            are copied, all but row 0: padding stays zero.
        freeze: leave the embedding as it is in training.

    Attributes:
        settings: the arguments that make another model of this architecture: `SequenceClassifier(**settings)`.

    Raises:
        ValueError: an unknown cell or pooling, or `embedding` has not one row for each symbol.
    """

    def __init__(
        self,
        vocabulary_size: int,
        classes: int,
        embedding_size: int = 32,
        hidden_size: int = 64,
        cell: str = "rnn",
        num_layers: int = 1,
        bidirectional: bool = False,
        pooling: str = "last",
        dropout: float = 0.0,
        symbol_dropout: float = 0.0,
        evidence: int = 0,
        embedding: Tensor | None = None,
        freeze: bool = False,
    ):
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell must be one of {', '.join(CELLS)}, got {cell!r}")
        parts = pooling.split("+")
        if not set(parts) <= set(POOLINGS):
            raise ValueError(f"pooling must be one of {', '.join(POOLINGS)}, or some with + between; got {pooling!r}")
        if embedding is not None:
            check_shape("embedding", embedding, vocabulary_size, "D", remedy="one row for each symbol")
            embedding_size = embedding.shape[1]
        self.settings = {
            "vocabulary_size": vocabulary_size,
            "classes": classes,
            "embedding_size": embedding_size,
            "hidden_size": hidden_size,
            "cell": cell,
            "num_layers": num_layers,
            "bidirectional": bidirectional,
            "pooling": pooling,
            "dropout": dropout,
            "symbol_dropout": symbol_dropout,
            "evidence": evidence,
            "freeze": freeze,
        }
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PADDING)
        if embedding is not None:
            self.embedding.weight.data[PADDING + 1 :] = torch.as_tensor(embedding)[PADDING + 1 :]
        self.embedding.weight.requires_grad_(not freeze)
        self.evidence = Evidence(evidence) if evidence else None
        self.rnn = CELLS[cell](
            embedding_size + evidence,
            hidden_size,
            num_layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if num_layers > 1 else 0.0,  # torch drops between layers only
        )
        self.directions = 2 if bidirectional else 1
        self.pooling = pooling
        self.dropout = nn.Dropout(dropout)
        self.symbol_dropout = symbol_dropout
        features = self.directions * hidden_size
        self.attention = AttentionPooling(features, hidden_size) if "attention" in parts else None
        self.linear = nn.Linear(len(parts) * features, classes)

    def forward(self, ids: Tensor, lengths: Tensor, *evidence: Tensor) -> Tensor:
        """Score the classes.

        Args:
            ids: symbols, (B, T), padded at the end.
            lengths: the number of valid symbols in each row, (B,), at least 1.
            evidence: to read instead of the model's own, (B, T, n), if it is given. In training it must come from other
                texts: counted with a text's own label, it tells the label.

        Returns:
            Logits, (B, C), or (B,) where `classes` is 1.

        Raises:
            ValueError: the shapes do not fit, or a length is not between 1 and T.
        """
        logits = self.linear(self.dropout(self.summary(ids, lengths, *evidence)))  # (B, C)
        return logits[:, 0] if self.linear.out_features == 1 else logits

    def summary(self, ids: Tensor, lengths: Tensor, *evidence: Tensor) -> Tensor:
        """The vector that stands for each sequence, (B, S); S is directions * H for each of its poolings."""
        output, state_n = self.read(ids, lengths, *evidence)  # (B, T, directions * H)
        parts = {
            "last": lambda: top_state(state_n, self.directions),
            "max": lambda: masked_max(output, lengths),
            "mean": lambda: masked_mean(output, lengths),
            "attention": lambda: self.attention(output, lengths)[0],
        }
        return torch.cat([parts[name]() for name in self.pooling.split("+")], dim=-1)

    def attention_weights(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """How much each step counts in the summary, (B, T): a row sums to 1, and is exactly 0 past its end.

        Raises:
            ValueError: the model's pooling is not "attention".
        """
        if self.attention is None:
            raise ValueError(f'this model pools by {self.pooling!r}: only "attention" has weights')
        return self.attention(self.read(ids, lengths)[0], lengths)[1]

    def read(self, ids: Tensor, lengths: Tensor, *evidence: Tensor) -> tuple[Tensor, State]:
        """The top layer's output, (B, T, directions * H), and the final states of all layers."""
        check_shape("ids", ids, "B", "T", remedy="write ids.unsqueeze(0) for a batch of one" if ids.ndim == 1 else "")
        lengths = check_lengths(lengths, *ids.shape)
        if self.evidence is not None and not evidence:
            evidence = (self.evidence(ids),)
        if self.training and self.symbol_dropout > 0:
            unread = torch.rand(ids.shape, device=ids.device) < self.symbol_dropout
            ids = ids.masked_fill(unread, UNKNOWN)
        symbols = self.dropout(self.embedding(ids))  # (B, T, D)
        for ratios in evidence:
            symbols = torch.cat((symbols, EVIDENCE_SCALE * ratios), dim=-1)
        return encode(self.rnn, symbols, lengths)
