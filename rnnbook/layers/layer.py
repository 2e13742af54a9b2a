"""The layer: its loop over layers and directions, and its loop over time."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence

from rnnbook.encode import State, check_kind, check_lengths, first_state, parts_of, state_of, valid_steps
from rnnbook.layers.extras import GateNorm, Linear, masked, normalised
from rnnbook.layers.recurrent import Recurrent
from rnnbook.shapes import check_shape

#: So many rows of the input, of all sequences together, are projected at a time: the result is still in the processor's
#: cache when its steps are made.
ROWS_AT_A_TIME = 1024


class Layer(Recurrent):
    """Recurrent layers, one on top of the other, that read a batch of sequences.

    One thing differs from torch's: `batch_first` is True by default, so that inputs and outputs are (B, T, features).
    As in torch, it does not touch the states: `state_0` and `state_n` are (L * directions, B, H) either way, the two
    directions of the first layer first. Where torch packs, there is `lengths`; where it takes a dtype, `layer.to`.

    Args:
        input_size: D, features at each time step.
        hidden_size: H, size of each layer's state.
        num_layers: L; each layer reads the states of the one below.
        bias: whether the layers have b_ih and b_hh.
        batch_first: True for (B, T, features), False for (T, B, features).
        dropout: probability of dropping an output of a layer on its way to the next, in training.
        bidirectional: whether each layer also reads from the last step to the first, with parameters of its own; the
            outputs of the two directions stand side by side.
        layer_norm: normalise W_ih x_t and W_hh h_{t-1} before they and the biases are added, and an LSTM's cell on its
            way to h (Ba, Kiros and Hinton, 2016, "Layer normalization").
        variational_dropout: probability of dropping an entry of h_{t-1} on its way into W_hh h_{t-1}, in training. What
            is dropped is drawn once and the same at all steps (Gal and Ghahramani, 2016, "A theoretically grounded
            application of dropout in recurrent neural networks").
        residual: add a layer's input to its output, wherever the two have the same size: in all layers but the first,
            and in the first where D = directions * H. The states stay as they are.

    Raises:
        ValueError: an option is out of its range, or has nothing to act on.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        layer_norm: bool = False,
        variational_dropout: float = 0.0,
        residual: bool = False,
    ):
        super().__init__(bias, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        for name, p in {"dropout": dropout, "variational_dropout": variational_dropout}.items():
            if isinstance(p, bool) or not 0 <= p <= 1:  # True stands where torch has another argument
                raise ValueError(f"{name} is a probability, between 0 and 1, got {p}")
        if dropout > 0 and num_layers == 1:
            raise ValueError("dropout acts between layers only: use num_layers > 1, or nn.Dropout on the output")
        self.batch_first, self.dropout, self.bidirectional = batch_first, dropout, bidirectional
        self.layer_norm, self.variational_dropout, self.residual = layer_norm, variational_dropout, residual
        width = hidden_size * len(self.directions)
        if residual and num_layers == 1 and input_size != width:
            raise ValueError(f"residual: the input has {input_size} features, the output {width}; make them equal")
        for layer in range(num_layers):
            for direction in self.directions:
                self.add_parameters(input_size if layer == 0 else width, f"_l{layer}{direction}")
                if layer_norm:
                    self._add_norms(f"_l{layer}{direction}")

    def _add_norms(self, suffix: str) -> None:
        sizes = [count * self.hidden_size for count in self.gates]
        self.add_module(f"norm_ih{suffix}", GateNorm(sizes))
        self.add_module(f"norm_hh{suffix}", GateNorm(sizes))
        if "c" in self.parts:
            self.add_module(f"norm_c{suffix}", nn.LayerNorm(self.hidden_size))

    @property
    def directions(self) -> tuple[str, ...]:
        """How the names of the parameters of each direction end."""
        return ("", "_reverse") if self.bidirectional else ("",)

    def forward(
        self, x: Tensor, state_0: State | None = None, lengths: Tensor | None = None, trace: list | None = None
    ) -> tuple[Tensor, State]:
        """Read the sequences.

        With `lengths` the result is that of a packed sequence: what stands in the padding is never read, and the
        backward direction starts at each sequence's own last step.

        Args:
            x: inputs, (B, T, D).
            state_0: each layer's state before the first step, (L * directions, B, H), for an LSTM a pair (h_0, c_0);
                zeros by default.
            lengths: the number of valid steps of each sequence, (B,), integers from 1 to T; T by default.
            trace: a list that gets, for each layer and direction, the list of its T states in the order of time. They
                are the very tensors that the next step and the output are made from, nodes of autograd's graph.

        Returns:
            output: the top layer's state after every step, (B, T, directions * H); zeros past a sequence's end.
            state_n: each layer's state after each sequence's last step, in the form of state_0; a backward direction's
                last step is the first of the sequence.

        Raises:
            TypeError: x is no tensor but, for instance, a packed sequence.
            ValueError: a tensor has the wrong shape, dtype or device, or a length is not from 1 to T.
        """
        x = self._time_first(x)  # (T, B, D): each step is one block of memory
        T, B, _ = x.shape
        names = [f"{part}_0" for part in self.parts]
        shape = (self.num_layers * len(self.directions), B, self.hidden_size)
        firsts = zip(*first_state(names, state_0, x, *shape), strict=True)  # for each recurrence h, or h and c, (B, H)
        valid = None
        if lengths is not None:
            valid = valid_steps(check_lengths(lengths, B, T).to(x.device), T).T[:, :, None]  # (T, B, 1)
            x = x.masked_fill(~valid, 0)  # whatever it was, NaN too, it must not get into a sum

        output, last = x, []
        for layer in range(self.num_layers):
            below = F.dropout(output, self.dropout, self.training) if layer > 0 else output
            outputs = []
            for direction in self.directions:
                states = self._run(f"_l{layer}{direction}", below, state_of(next(firsts)), valid)
                last.append(states[0 if direction else -1])
                outputs.append(torch.stack([parts_of(state)[0] for state in states]))  # (T, B, H)
                if trace is not None:
                    trace.append(states)
            above = torch.cat(outputs, dim=-1) if self.bidirectional else outputs[0]
            output = output + above if self.residual and output.shape == above.shape else above
        if valid is not None:
            output = output.masked_fill(~valid, 0)
        state_n = each_part(lambda *parts: torch.stack(parts), *last)
        return output.transpose(0, 1) if self.batch_first else output, state_n

    def _run(self, suffix: str, x: Tensor, state: State, valid: Tensor | None) -> list[State]:
        """One recurrence over all time steps, (T, B, features) and a state of (B, H) -> T states, in order of time."""
        backward = suffix.endswith("_reverse")
        if backward:
            x, valid = x.flip(0), None if valid is None else valid.flip(0)
        weight_ih, weight_hh, bias_ih, bias_hh = self.parameters_of(suffix)
        if self.bias and self.sums_biases:
            bias_ih, bias_hh = bias_ih + bias_hh, None
        linear, options = self._extras(suffix, x)
        states = []
        # The input's part does not wait for the state: one product serves many time steps.
        for block in x.split(max(1, ROWS_AT_A_TIME // x.shape[1])):
            for projected in linear(block, weight_ih, bias_ih):  # (B, G * H)
                before, state = state, self.step(projected, state, weight_hh, bias_hh, **options)
                if valid is not None:  # past its end a sequence keeps its state; backward, it has not begun
                    state = each_part(partial(torch.where, valid[len(states)]), state, before)
                states.append(state)
        return states[::-1] if backward else states

    def _extras(self, suffix: str, x: Tensor) -> tuple[Linear, dict[str, Callable]]:
        """What computes W_ih x + b_ih, and the options of `step`."""
        linear, options = F.linear, {}
        if self.layer_norm:
            linear = normalised(getattr(self, f"norm_ih{suffix}"))
            options["linear"] = normalised(getattr(self, f"norm_hh{suffix}"))
            if "c" in self.parts:
                options["norm_c"] = getattr(self, f"norm_c{suffix}")
        if self.training and self.variational_dropout > 0:
            # Dropped entries are 0, the others 1 / (1 - p), so that the expected value stays.
            mask = F.dropout(x.new_ones(x.shape[1], self.hidden_size), self.variational_dropout)
            options["linear"] = masked(options.get("linear", F.linear), mask)
        return linear, options

    def _time_first(self, x: Tensor) -> Tensor:
        if isinstance(x, PackedSequence):
            raise TypeError("x is a PackedSequence: give the padded batch instead, as layer(x, lengths=lengths)")
        check_kind("x", x, self.weight_ih_l0, "the weights")
        axes = ("B", "T") if self.batch_first else ("T", "B")
        # torch's layers read a 2-D input as one sequence without a batch axis, even where it was a batch without time.
        remedy = f"for a single sequence write x.unsqueeze({axes.index('B')})" if x.ndim == 2 else ""
        check_shape("x", x, *axes, self.input_size, remedy=remedy)
        return x.transpose(0, 1) if self.batch_first else x

    def extra_repr(self) -> str:
        always = ("num_layers", "batch_first", "bias")
        where_set = ("bidirectional", "dropout", "layer_norm", "variational_dropout", "residual")
        shown = [*always, *(name for name in where_set if getattr(self, name))]
        options = ", ".join(f"{name}={getattr(self, name)}" for name in shown)
        return f"{self.input_size}, {self.hidden_size}, {options}"


def each_part(function: Callable, *states: State) -> State:
    """function(h, h', ...) for states h, h', ...; for pairs, (function(h, h', ...), function(c, c', ...))."""
    return state_of([function(*parts) for parts in zip(*map(parts_of, states), strict=True)])
