"""Sequence to sequence: an encoder reads the source, a decoder writes the target, and may look back by attention."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from rnnbook.attention import AdditiveAttention, Attention, Memory, MultiplicativeAttention
from rnnbook.device import device_of
from rnnbook.encode import State, check_lengths, encode, parts_of, state_of, valid_steps
from rnnbook.models.classifier import CELLS, PADDING
from rnnbook.shapes import check_shape
from rnnbook.text.pairs import START, Pairs
from rnnbook.train import evaluating

ATTENTIONS = (None, "additive", *MultiplicativeAttention.KINDS)


@dataclass(frozen=True)
class Decoding:
    """Where a decoder stands: all that it takes to write the next symbol.

    Attributes:
        state: of the recurrent layers, (L, B, H), of an LSTM the pair (h, c).
        memory: the encoder's outputs, for attention; None without.
    """

    state: State
    memory: Memory | None


class Seq2Seq(nn.Module):
    """Encoder, bridge, decoder, and attention between them.

    In training the decoder reads the target itself ("teacher forcing"): what comes before the symbol that it is to
    predict. The caller gives the target once, and the shift is made here.

    >>> model = Seq2Seq(source_size=100, target_size=80, attention="additive")
    >>> logits = model(source, lengths, target)  # (B, S), (B,), (B, T) -> (B, T, 80); target ends in "</s>"
    >>> sequence_loss(logits, target)

    Without a target it writes symbol by symbol, and `rnnbook.decode` chooses among the scores:

    >>> start, state = torch.full((B,), START), model.encode(source, lengths)
    >>> logits, state = model.step(start, state)  # (B, 80)
    >>> beam_search(model.step, start, state, beam=5, end=END, max_length=50, select=model.reorder)

    The order is that of Luong, Pham and Manning (2015), section 3: the recurrence first, attention on its output. No
    step of the recurrence needs an earlier context, and torch's kernels run over all steps of a target at once. In
    Bahdanau, Cho and Bengio (2015) the context is an input to the recurrence, which then goes step by step.

    Args:
        source_size: number of source symbols; id 0 is padding.
        target_size: V, number of target symbols; "<pad>" is 0, "<s>" 2 and "</s>" 3.
        embedding_size: D, features of a symbol on both sides.
        hidden_size: H of each layer, and of each direction of the encoder.
        cell: "rnn", "lstm" or "gru".
        num_layers: L, of the encoder and of the decoder.
        bidirectional: whether the encoder reads from both ends.
        attention: None, "additive", "dot", "general" or "scaled" (`rnnbook.attention`). "dot" and "scaled" need an
            encoder of one direction.
        dropout: probability of dropping an embedded feature, an output on its way to the next layer, or a feature on
            its way to the output layer, in training.
        scheduled_sampling: probability of reading the model's own symbol instead of the target's, in training; see
            `sampled`. The attribute of this name may be changed as training goes on.

    Attributes:
        settings: the arguments that make another model of this architecture: `Seq2Seq(**settings)`.

    Raises:
        ValueError: an unknown cell or attention, or one that does not fit the encoder.
    """

    def __init__(
        self,
        source_size: int,
        target_size: int,
        embedding_size: int = 64,
        hidden_size: int = 128,
        cell: str = "gru",
        num_layers: int = 1,
        bidirectional: bool = False,
        attention: str | None = None,
        dropout: float = 0.0,
        scheduled_sampling: float = 0.0,
    ):
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell must be one of {', '.join(CELLS)}, got {cell!r}")
        if attention not in ATTENTIONS:
            raise ValueError(f"attention must be one of {', '.join(map(str, ATTENTIONS))}, got {attention!r}")
        self.settings = {
            "source_size": source_size,
            "target_size": target_size,
            "embedding_size": embedding_size,
            "hidden_size": hidden_size,
            "cell": cell,
            "num_layers": num_layers,
            "bidirectional": bidirectional,
            "attention": attention,
            "dropout": dropout,
            "scheduled_sampling": scheduled_sampling,
        }
        self.scheduled_sampling = scheduled_sampling
        directions = 2 if bidirectional else 1
        features = directions * hidden_size
        options = {"batch_first": True, "dropout": dropout if num_layers > 1 else 0.0}  # torch drops between layers
        self.source_embedding = nn.Embedding(source_size, embedding_size, padding_idx=PADDING)
        self.encoder = CELLS[cell](embedding_size, hidden_size, num_layers, bidirectional=bidirectional, **options)
        self.bridge = Bridge(hidden_size, num_layers, directions, parts=2 if cell == "lstm" else 1)
        self.target_embedding = nn.Embedding(target_size, embedding_size, padding_idx=PADDING)
        self.decoder = CELLS[cell](embedding_size, hidden_size, num_layers, **options)
        self.attention = make_attention(attention, hidden_size, features)
        self.combine = nn.Linear(features + hidden_size, hidden_size, bias=False) if attention else None
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(hidden_size, target_size)

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Score every symbol of the target, given the source and the symbols before it.

        Args:
            source: symbols, (B, S), padded at the end.
            lengths: the number of valid symbols in each row of the source, (B,), at least 1.
            target: what is to be predicted, (B, T), "</s>" included and "<s>" not, padded at the end.

        Returns:
            Logits, (B, T, V): those at t are for target[:, t] and do not depend on it, nor on what follows it.

        Raises:
            ValueError: the shapes do not fit, or a length is not from 1 to S.
        """
        if self.training and self.scheduled_sampling > 0:
            return self.sampled(source, lengths, target, self.scheduled_sampling)
        return self._read(*self._start(source, lengths, target))[0]

    def attention_weights(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Where the decoder looks as it predicts each symbol of the target, (B, T, S): exactly 0 on padded sources.

        Raises:
            ValueError: the model has no attention.
        """
        if self.attention is None:
            raise ValueError('this model has no attention: make one with attention="additive"')
        return self._read(*self._start(source, lengths, target))[1]

    def sampled(
        self,
        source: Tensor,
        lengths: Tensor,
        target: Tensor,
        probability: float,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Score the target while each symbol read is, at random, the model's most probable one instead of the target's.

        With probability 0 this is teacher forcing, with 1 the model runs free: it meets its own mistakes in training,
        as it will when it writes. The choice of a symbol has no gradient.

        Source: Bengio, Vinyals, Jaitly and Shazeer (2015), "Scheduled sampling"; of its two ways to take the model's
        symbol, sampling and the most probable one, this is the second.

        Args:
            source, lengths, target: as in `forward`.
            probability: of the model's own symbol, for each row and step by itself.
            generator: draws these choices; torch's global one by default.

        Returns:
            Logits, (B, T, V).

        Raises:
            ValueError: probability is not from 0 to 1, or as in `forward`.
        """
        if not 0 <= probability <= 1:
            raise ValueError(f"probability must be from 0 to 1, got {probability}")
        teacher, state = self._start(source, lengths, target)
        if probability == 0:
            return self._read(teacher, state)[0]
        device = generator.device if generator else target.device
        own = torch.rand(target.shape, generator=generator, device=device).to(target.device) < probability  # (B, T)
        logits = []
        for t, tokens in enumerate(teacher.unbind(dim=1)):
            if t > 0:
                tokens = torch.where(own[:, t], logits[-1].argmax(dim=1), tokens)
            scores, state = self.step(tokens, state)
            logits.append(scores)
        return torch.stack(logits, dim=1)  # (B, T, V)

    def encode(self, source: Tensor, lengths: Tensor) -> Decoding:
        """Read the source: the decoder as it stands before the first symbol. Arguments are those of `forward`."""
        check_shape("source", source, "B", "S", remedy="write source.unsqueeze(0) for one" if source.ndim == 1 else "")
        lengths = check_lengths(lengths, *source.shape).to(source.device)
        output, state_n = encode(self.encoder, self.dropout(self.source_embedding(source)), lengths)
        if self.attention is None:
            return Decoding(self.bridge(state_n), None)
        return Decoding(self.bridge(state_n), self.attention.remember(output, valid_steps(lengths, source.shape[1])))

    def step(self, tokens: Tensor, state: Decoding) -> tuple[Tensor, Decoding]:
        """Read one symbol for each row, (N,), and score the next ones.

        Returns:
            The logits, (N, V), and the decoder as it stands then.
        """
        check_shape("tokens", tokens, "N")
        logits, _, state = self._read(tokens[:, None], state)
        return logits[:, 0], state

    @staticmethod
    def reorder(state: Decoding, rows: Tensor) -> Decoding:
        """The decoder with other rows, (N,), each as often as it is named: a beam keeps some of its hypotheses.

        It is the `select` of `rnnbook.decode.beam_search`.
        """
        parts = [part.index_select(1, rows) for part in parts_of(state.state)]  # (L, N, H)
        return Decoding(state_of(parts), state.memory and state.memory.select(rows))

    def _start(self, source: Tensor, lengths: Tensor, target: Tensor) -> tuple[Tensor, Decoding]:
        """What the decoder reads with the target as its teacher, (B, T), and how it stands before."""
        state = self.encode(source, lengths)
        check_shape("target", target, len(source), "T")
        return shift(target), state

    def _read(self, tokens: Tensor, state: Decoding) -> tuple[Tensor, Tensor | None, Decoding]:
        """Logits after each of the symbols (N, T), the attention weights, and where the decoder stands in the end."""
        # h_t = RNN(y_{t-1}, h_{t-1})
        output, state_n = self.decoder(self.dropout(self.target_embedding(tokens)), state.state)  # (N, T, H)
        weights = None
        if self.attention is not None:
            context, weights = self.attention.attend(output, state.memory)  # (N, T, directions * H), (N, T, S)
            # h̃_t = tanh(W_c [c_t; h_t])    (Luong et al., equation 5)
            output = self.combine(torch.cat((context, output), dim=-1)).tanh()  # (N, T, H)
        return self.linear(self.dropout(output)), weights, Decoding(state_n, state.memory)


class Bridge(nn.Module):
    """From the encoder's last states to the decoder's first: for each layer, and for h and c, a linear layer and tanh.

    A layer's two directions are set side by side. (Bahdanau, Cho and Bengio, 2015, appendix A.2.2, have one such layer,
    which reads the backward direction.)

    Args:
        hidden_size: H.
        num_layers: L.
        directions: of the encoder.
        parts: 1, or 2 for an LSTM, whose state is (h, c).
    """

    def __init__(self, hidden_size: int, num_layers: int, directions: int, parts: int):
        super().__init__()
        self.shape = (num_layers, directions)
        self.linears = nn.ModuleList(
            nn.Linear(directions * hidden_size, hidden_size) for _ in range(parts * num_layers)
        )

    def forward(self, state_n: State) -> State:
        """(L * directions, B, H) -> (L, B, H); of an LSTM both parts."""
        # (L, B, directions * H) of each part
        parts = [part.unflatten(0, self.shape).transpose(1, 2).flatten(2) for part in parts_of(state_n)]
        rows = torch.cat(parts)  # (parts * L, B, directions * H)
        # s_0 = tanh(W [h→; h←] + b)
        first = torch.stack([linear(row).tanh() for linear, row in zip(self.linears, rows, strict=True)])
        return state_of([part.contiguous() for part in first.chunk(len(parts))])


def make_attention(kind: str | None, query_size: int, key_size: int) -> Attention | None:
    """The attention of this name; None is none."""
    if kind is None:
        return None
    if kind == "additive":
        return AdditiveAttention(query_size, key_size, query_size)
    return MultiplicativeAttention(query_size, key_size, kind)


def shift(target: Tensor) -> Tensor:
    """What a decoder reads to predict a target: the start, and all symbols but the last, (B, T) -> (B, T)."""
    return torch.cat((torch.full_like(target[:, :1], START), target[:, :-1]), dim=1)


def sequence_loss(logits: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """The mean cross-entropy of a target's symbols, in nats; padding does not count.

    Args:
        logits: (B, T, V).
        target: (B, T), 0 where it is padded.
        label_smoothing: share of a target's probability that goes to all V symbols alike (Szegedy et al., 2016).

    Raises:
        ValueError: the shapes do not fit, or there is nothing but padding, whose mean would be NaN.
    """
    check_shape("logits", logits, *target.shape, "V", remedy="one row of scores for each symbol of the target")
    if not (target != PADDING).any():
        raise ValueError("the target is nothing but padding: leave empty ones out of the batch")
    scores, symbols = logits.flatten(0, 1), target.flatten()  # torch would take (B, V, T) without the flattening
    return cross_entropy(scores, symbols, ignore_index=PADDING, label_smoothing=label_smoothing)


def nats_per_symbol(model: Seq2Seq, data: Pairs, batch_size: int = 128) -> float:
    """The mean cross-entropy over all target symbols, ends included, without dropout.

    A batch weighs as much as it has symbols. The mean of the batches' means would be another number, and would depend
    on how the pairs are put together.
    """
    total, symbols, device = 0.0, 0, device_of(model)
    with evaluating(model):
        for indices in data.order(batch_size):
            *inputs, target = (tensor.to(device) for tensor in data[indices])
            count = int((target != PADDING).sum())
            total += sequence_loss(model(*inputs), target).item() * count
            symbols += count
    return total / symbols
