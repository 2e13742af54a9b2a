"""The parity wall: everything that the course computes, against `torch.nn`, in float64.

A case says what is compared: which implementation, which network, which batch. Both sides get the same random
parameters, inputs and initial states, and the same random gradients into outputs and final states; then all that comes
out is compared, gradients included. `tests/test_parity.py` asks for `TOLERANCE` in every case, and a page of the book
shows the largest errors.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnbook import layers, numpy_rnn
from rnnbook.encode import encode, parts_of, state_of, valid_steps

#: The largest absolute difference that passes. Rounding alone stays some orders of magnitude below it.
TOLERANCE = 1e-10

#: The kinds of networks: the class in `torch.nn` and in `rnnbook.layers`, and its options.
KINDS = {
    "RNN, tanh": ("RNN", {"nonlinearity": "tanh"}),
    "RNN, ReLU": ("RNN", {"nonlinearity": "relu"}),
    "LSTM": ("LSTM", {}),
    "GRU": ("GRU", {}),
}

LOSSES = ("both", "outputs", "states")

Arrays = dict[str, Tensor]


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        implementation: "layers", "numpy_rnn" or "encode".
        kind: a key of `KINDS`.
        num_layers, bidirectional, bias: as in `torch.nn`.
        state: whether there is an initial state, or zeros by default.
        lengths: of the sequences; where they are all T, the batch is full, and nothing is packed.
        T, D, H: steps of the padded batch, features, hidden size.
        loss: what a loss would read, and gradients come back into: the "outputs", the final "states", or "both".
        seed: of all that is drawn.
    """

    implementation: str
    kind: str
    num_layers: int = 1
    bidirectional: bool = False
    bias: bool = True
    state: bool = True
    lengths: tuple[int, ...] = (2, 5, 1, 4)
    T: int = 6
    D: int = 3
    H: int = 5
    loss: str = "both"
    seed: int = 0

    def __post_init__(self):
        for name, known in {"implementation": IMPLEMENTATIONS, "kind": KINDS, "loss": LOSSES}.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}")

    @property
    def ragged(self) -> bool:
        return min(self.lengths) < self.T

    def module(self, namespace) -> nn.Module:
        """The network of `torch.nn`, or of another namespace with the same classes."""
        name, options = KINDS[self.kind]
        options = {**options, "bias": self.bias, "bidirectional": self.bidirectional, "batch_first": True}
        return getattr(namespace, name)(self.D, self.H, self.num_layers, **options).double()


def cases() -> Iterator[Case]:
    """All cases of the wall: every combination of what is compared, at small sizes that all differ."""
    options = itertools.product(
        IMPLEMENTATIONS, KINDS, (1, 2, 3), (False, True), (True, False), (False, True), ((6, 6, 6, 6), (2, 5, 1, 4))
    )
    for seed, combination in enumerate(options):
        yield Case(*combination, seed=seed)


def error(case: Case, edit: Callable[[Arrays], Arrays] | None = None) -> dict[str, float]:
    """The largest absolute differences between an implementation and `torch.nn`.

    Args:
        case: what is compared.
        edit: takes the parameters by name and gives those that the implementation gets in their place. The control: an
            implementation that makes a mistake, and an error that shows it.

    Returns:
        The error of each result by name: "output", "h_n", "c_n", and "d_x", "d_h_0", "d_c_0", "d_weight_ih_l0" ... for
        the gradients. A default initial state has no gradient, and only an LSTM has c.
    """
    reference = case.module(nn)
    given = _draw(case, reference)
    expected = _torch(case, given, reference, _call)
    if edit:
        given.parameters = edit(given.parameters)
    got = IMPLEMENTATIONS[case.implementation](case, given)
    if got.keys() != expected.keys():
        raise ValueError(f"results of different names: {sorted(got.keys() ^ expected.keys())}")
    for name in expected:
        if got[name].shape != expected[name].shape:
            raise ValueError(f"{name} has shape {tuple(got[name].shape)}, torch.nn's {tuple(expected[name].shape)}")
    return {name: (got[name] - expected[name]).abs().max().item() for name in expected}


@dataclass
class _Given:
    """What both sides of a case get."""

    parameters: Arrays
    x: Tensor
    state_0: list[Tensor]  # [h_0], of an LSTM [h_0, c_0]; empty for the default
    d_output: Tensor | None  # None and an empty list where the loss does not read them
    d_state_n: list[Tensor]


def _draw(case: Case, reference: nn.Module) -> _Given:
    generator = torch.Generator().manual_seed(case.seed)

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    # Matrices that keep the size of what they multiply, and biases far from zero.
    shapes = {name: parameter.shape for name, parameter in reference.named_parameters()}
    parameters = {name: normal(*shape) * (shape[1] ** -0.5 if len(shape) == 2 else 1) for name, shape in shapes.items()}
    B, directions = len(case.lengths), 2 if case.bidirectional else 1
    state = (case.num_layers * directions, B, case.H)
    parts = range(2 if case.kind == "LSTM" else 1)
    x = normal(B, case.T, case.D)
    x[~valid_steps(torch.tensor(case.lengths), case.T)] = torch.nan  # spoils whatever reads it, forward or backward
    return _Given(
        parameters,
        x,
        state_0=[normal(*state) for _ in parts if case.state],
        d_output=normal(B, case.T, directions * case.H) if case.loss != "states" else None,
        d_state_n=[normal(*state) for _ in parts if case.loss != "outputs"],
    )


def _torch(case: Case, given: _Given, module: nn.Module, call: Callable) -> Arrays:
    """Results and gradients of a module, by autograd."""
    module.load_state_dict(given.parameters)
    x, *state_0 = leaves = [tensor.clone().requires_grad_() for tensor in (given.x, *given.state_0)]
    output, state_n = call(case, module, x, _form(state_0))
    results = [output, *parts_of(state_n)]
    read = {"outputs": results[:1], "states": results[1:], "both": results}[case.loss]
    upstream = [gradient for gradient in (given.d_output, *given.d_state_n) if gradient is not None]
    gradients = torch.autograd.grad(read, [*leaves, *module.parameters()], upstream)
    inputs = ["x", *("h_0", "c_0")[: len(state_0)], *dict(module.named_parameters())]
    return _named(results, inputs, gradients)


def _call(case: Case, module: nn.Module, x: Tensor, state_0):
    """`torch.nn`, which takes a ragged batch packed."""
    if not case.ragged:
        return module(x, state_0)
    packed = pack_padded_sequence(x, torch.tensor(case.lengths), batch_first=True, enforce_sorted=False)
    output, state_n = module(packed, state_0)
    return pad_packed_sequence(output, batch_first=True, total_length=case.T)[0], state_n


def _call_layers(case: Case, module: nn.Module, x: Tensor, state_0):
    return module(x, state_0, torch.tensor(case.lengths) if case.ragged else None)


def _call_encode(case: Case, module: nn.Module, x: Tensor, state_0):
    return encode(module, x, torch.tensor(case.lengths), state_0)


def _numpy(case: Case, given: _Given) -> Arrays:
    """Results and gradients of `numpy_rnn`, whose backward pass is its own."""
    name, options = KINDS[case.kind]
    rng = np.random.default_rng(case.seed)
    stack = numpy_rnn.Stack(
        name.lower(), case.D, case.H, rng, case.num_layers, case.bidirectional, bias=case.bias, **options
    )
    for name, parameter in stack.params.items():
        parameter[...] = given.parameters[name]
    state_0 = _form([part.numpy() for part in given.state_0])
    output, state_n = stack.forward(given.x.numpy(), state_0, np.array(case.lengths) if case.ragged else None)
    d_output = None if given.d_output is None else given.d_output.numpy()
    d_x, d_state_0 = stack.backward(d_output, _form([part.numpy() for part in given.d_state_n]))
    d_states = parts_of(d_state_0) if case.state else []
    inputs = ["x", *("h_0", "c_0")[: len(d_states)], *stack.grads]
    return _named([output, *parts_of(state_n)], inputs, [d_x, *d_states, *stack.grads.values()])


IMPLEMENTATIONS = {
    "layers": lambda case, given: _torch(case, given, case.module(layers), _call_layers),
    "numpy_rnn": _numpy,
    "encode": lambda case, given: _torch(case, given, case.module(nn), _call_encode),
}


def _form(parts: list):
    """[] -> None, [h] -> h, [h, c] -> (h, c): a state as the networks take it."""
    return state_of(parts) if parts else None


def _named(results: list, inputs: list[str], gradients) -> Arrays:
    names = [*("output", "h_n", "c_n")[: len(results)], *(f"d_{name}" for name in inputs)]
    tensors = (torch.as_tensor(array).detach() for array in (*results, *gradients))
    return dict(zip(names, tensors, strict=True))


#: The columns of the table, and which errors belong to each; all others are of parameters.
GROUPS = {
    "outputs": ("output",),
    "final states": ("h_n", "c_n"),
    "d inputs": ("d_x",),
    "d initial states": ("d_h_0", "d_c_0"),
}
PARAMETERS = "d parameters"


@dataclass
class Table:
    """The largest error for each implementation and kind, over all its cases. In a notebook it displays itself.

    Attributes:
        errors: `error` of each case.
        rows: implementation and kind -> column -> largest error.
    """

    errors: dict[Case, dict[str, float]]
    rows: dict[tuple[str, str], dict[str, float]] = field(init=False)

    def __post_init__(self):
        column_of = {name: column for column, names in GROUPS.items() for name in names}
        self.rows = {}
        for case, errors in self.errors.items():
            row = self.rows.setdefault((case.implementation, case.kind), dict.fromkeys([*GROUPS, PARAMETERS], 0.0))
            for name, value in errors.items():
                column = column_of.get(name, PARAMETERS)
                row[column] = float(np.maximum(row[column], value))  # keeps NaN, as max does not

    @property
    def largest(self) -> float:
        """The largest error of all."""
        return float(np.max([list(row.values()) for row in self.rows.values()]))

    def _repr_html_(self) -> str:
        def cells(tag, texts, **attributes):
            inside = "".join(f' {name}="{value}"' for name, value in attributes.items())
            return "".join(f"<{tag}{inside}>{text}</{tag}>" for text in texts)

        columns = ["network", *GROUPS, PARAMETERS]
        head = cells("th", columns, scope="col")
        bodies = []
        for implementation, group in itertools.groupby(self.rows.items(), key=lambda item: item[0][0]):
            lines = [cells("th", [f"<code>{implementation}</code>"], scope="rowgroup", colspan=len(columns))]
            for (_, kind), row in group:
                values = [f"{value:.0e}" if value else "0" for value in row.values()]
                lines.append(cells("th", [kind], scope="row") + cells("td", values))
            bodies.append(f"<tbody>{cells('tr', lines)}</tbody>")
        caption = (
            f"Largest absolute differences from torch.nn in float64, over {len(self.errors)} cases; "
            f"“d” stands for the gradient of. Up to {TOLERANCE:.0e} passes."
        )
        table = (
            f"<table class='table'><caption>{caption}</caption><thead><tr>{head}</tr></thead>{''.join(bodies)}</table>"
        )
        return f"<div class='pst-scrollable-table-container'>{table}</div>"  # scrolls by itself on a narrow screen


def table() -> Table:
    """Measure all cases, here and now."""
    return Table({case: error(case) for case in cases()})
