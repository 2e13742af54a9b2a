"""Many-to-one: a sequence of symbols in, the scores of its classes out."""

import torch
from torch import Tensor, nn

from rnnbook.encode import State, check_lengths, encode, parts_of, valid_steps
from rnnbook.shapes import check_shape

PADDING, UNKNOWN = 0, 1  # the first two ids of `rnnbook.text.Vocabulary`
CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class SequenceClassifier(nn.Module):
    """Embedding, recurrent layers, a summary of the valid states, and a linear layer on top.

    Padding is never read (`rnnbook.encode`): a longer neighbour in the batch changes no prediction.

    >>> model = SequenceClassifier(vocabulary_size=30, classes=4)
    >>> ids, lengths = pad([[2, 3, 4], [5, 6]])
    >>> logits = model(ids, lengths)  # (2, 4)

    Args:
        vocabulary_size: V; id 0 is padding, id 1 the unknown symbol.
        classes: C.
        embedding_size: D, features of a symbol.
        hidden_size: H of each layer and direction.
        cell: "rnn", "lstm" or "gru".
        num_layers: L.
        bidirectional: read from both ends.
        pooling: "last" takes the top layer's state after the last valid step of each direction; "max" takes, for each
            unit, its largest value over the valid steps; "both" sets the two side by side.
        dropout: probability of dropping an embedded feature, an output on its way to the next layer, or a feature of
            the summary, in training.
        symbol_dropout: probability of reading a symbol as unknown, id 1, in training; it teaches the model what to
            make of symbols that it has never met.

    Raises:
        ValueError: an unknown cell or pooling.
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
    ):
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell must be one of {', '.join(CELLS)}, got {cell!r}")
        if pooling not in ("last", "max", "both"):
            raise ValueError(f"pooling must be 'last', 'max' or 'both', got {pooling!r}")
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PADDING)
        self.rnn = CELLS[cell](
            embedding_size,
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
        summary_size = self.directions * hidden_size * (2 if pooling == "both" else 1)
        self.linear = nn.Linear(summary_size, classes)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Score the classes.

        Args:
            ids: symbols, (B, T), padded at the end.
            lengths: the number of valid symbols in each row, (B,), at least 1.

        Returns:
            Logits, (B, C).

        Raises:
            ValueError: the shapes do not fit, or a length is not between 1 and T.
        """
        check_shape("ids", ids, "B", "T", remedy="write ids.unsqueeze(0) for a batch of one" if ids.ndim == 1 else "")
        lengths = check_lengths(lengths, *ids.shape)
        return self.linear(self.dropout(self.summary(ids, lengths)))  # (B, C)

    def summary(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """The vector that stands for each sequence, (B, S); S is H times directions, doubled by "both"."""
        if self.training and self.symbol_dropout > 0:
            unread = torch.rand(ids.shape, device=ids.device) < self.symbol_dropout
            ids = ids.masked_fill(unread, UNKNOWN)
        embedded = self.dropout(self.embedding(ids))  # (B, T, D)
        output, state_n = encode(self.rnn, embedded, lengths)  # (B, T, directions * H)
        last = top_state(state_n, self.directions)  # (B, directions * H)
        if self.pooling == "last":
            return last
        past_end = ~valid_steps(lengths.to(ids.device), ids.shape[1])[..., None]  # (B, T, 1)
        largest = output.masked_fill(past_end, -torch.inf).max(dim=1).values  # (B, directions * H)
        return largest if self.pooling == "max" else torch.cat((last, largest), dim=-1)


def top_state(state_n: State, directions: int) -> Tensor:
    """The top layer's last h of each direction, side by side: (L * directions, B, H) -> (B, directions * H)."""
    h_n = parts_of(state_n)[0]  # of an LSTM's pair, (h_n, c_n), as well
    # The top layer's come last: forward after the last valid step, backward after the first.
    return torch.cat(tuple(h_n[-directions:]), dim=-1)
