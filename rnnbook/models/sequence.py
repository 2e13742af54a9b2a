"""One answer a sequence or one a step, numbers or scores: recurrent layers and a linear layer."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from rnnbook.encode import encode
from rnnbook.models.classifier import CELLS, top_state
from rnnbook.shapes import check_shape


class SequenceModel(nn.Module):
    """Recurrent layers, and a linear layer that reads their last valid state or their output at every step.

    >>> model = SequenceModel(2, 1)  # two features a step, one number a sequence
    >>> model(torch.randn(4, 50, 2))  # (4, 1)
    >>> model = SequenceModel(30, 30, embedding_size=16, every_step=True)  # a language model of 30 symbols
    >>> model(ids)  # (B, T) -> (B, T, 30)

    Args:
        input_size: D, features of a step; with an embedding V, the number of symbols.
        output_size: O, numbers in an answer, or the scores of O classes.
        hidden_size: H of each layer and direction.
        cell: "rnn", "lstm" or "gru".
        num_layers: L.
        bidirectional: read from both ends.
        embedding_size: features of a symbol; by default there is no embedding, and the input is features already.
        every_step: answer at every step instead of once at the end.

    Raises:
        ValueError: an unknown cell.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        hidden_size: int = 32,
        cell: str = "rnn",
        num_layers: int = 1,
        bidirectional: bool = False,
        embedding_size: int | None = None,
        every_step: bool = False,
    ):
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell must be one of {', '.join(CELLS)}, got {cell!r}")
        self.input_size, self.every_step = input_size, every_step
        self.embedding = nn.Embedding(input_size, embedding_size) if embedding_size else None
        self.rnn = CELLS[cell](
            embedding_size or input_size, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional
        )
        self.directions = 2 if bidirectional else 1
        self.linear = nn.Linear(self.directions * hidden_size, output_size)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Answer.

        Args:
            x: features, (B, T, D), or symbols, (B, T), where there is an embedding.
            lengths: the number of valid steps in each row, (B,); by default all are.

        Returns:
            (B, O), or (B, T, O) with `every_step`, where the answers after a row's length mean nothing.

        Raises:
            ValueError: x has the wrong shape, or a length is not from 1 to T.
        """
        if self.embedding:
            check_shape("x", x, "B", "T", remedy="symbols are integers, without an axis of features")
            x = self.embedding(x)  # (B, T, D)
        else:
            remedy = "for a single sequence write x.unsqueeze(0)" if x.ndim == 2 else ""
            check_shape("x", x, "B", "T", self.input_size, remedy=remedy)
        output, state_n = self.rnn(x) if lengths is None else encode(self.rnn, x, lengths)  # (B, T, directions * H)
        return self.linear(output if self.every_step else top_state(state_n, self.directions))  # (B, T, O) or (B, O)


def step_cross_entropy(scores: Tensor, targets: Tensor) -> Tensor:
    """The mean cross-entropy over all steps: scores (B, T, C), classes (B, T)."""
    return cross_entropy(scores.flatten(0, 1), targets.flatten())  # torch would take (B, C, T) without the flattening


def parameters_of(model: nn.Module) -> int:
    """How many numbers the model learns."""
    return sum(parameter.numel() for parameter in model.parameters())


def size_for(parameters: int, make: Callable[[int], nn.Module]) -> int:
    """The hidden size with which a model comes nearest to a number of parameters.

    Two models can be compared only at equal size, and a layer more or a second direction changes the count.

    Args:
        parameters: how many there should be.
        make: takes a hidden size, returns a model whose parameters grow with it.
    """
    size = 1
    while parameters_of(make(size)) < parameters:
        size += 1
    return min((size, size - 1 or 1), key=lambda candidate: abs(parameters_of(make(candidate)) - parameters))
