"""The parity wall in full, at small sizes and at drawn ones; that it can fail; and what all three refuse."""

import dataclasses
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnnbook import layers, numpy_rnn, parity
from rnnbook.encode import encode
from rnnbook.parity import IMPLEMENTATIONS, KINDS, TOLERANCE, Case

CASES = list(parity.cases())
implementations = pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
kinds = pytest.mark.parametrize("kind", KINDS)


def name(case):
    parts = [case.implementation, case.kind, case.num_layers, "two" if case.bidirectional else "one"]
    parts += ["bias" if case.bias else "no bias", "state" if case.state else "zeros"]
    return "-".join(map(str, [*parts, "ragged" if case.ragged else "full"]))


def assert_parity(case):
    errors = parity.error(case)
    failed = {name: value for name, value in errors.items() if not value <= TOLERANCE}  # NaN fails too
    assert not failed, failed


@pytest.mark.parametrize("case", CASES, ids=name)
def test_parity(case):
    assert_parity(case)


@implementations
@kinds
@settings(max_examples=12)
@given(
    lengths=st.lists(st.integers(1, 7), min_size=1, max_size=5),
    beyond=st.integers(0, 2),
    D=st.integers(1, 5),
    H=st.integers(1, 5),
    num_layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    bias=st.booleans(),
    state=st.booleans(),
    loss=st.sampled_from(["both", "outputs", "states"]),
    seed=st.integers(0, 2**32),
)
def test_parity_at_any_size(implementation, kind, lengths, beyond, **options):
    assert_parity(Case(implementation, kind, lengths=tuple(lengths), T=max(lengths) + beyond, **options))


@implementations
@kinds
@pytest.mark.parametrize("loss", ["outputs", "states"])
def test_parity_where_the_loss_reads_only_some_of_the_results(implementation, kind, loss):
    assert_parity(Case(implementation, kind, num_layers=2, bidirectional=True, loss=loss))


@implementations
@kinds
@pytest.mark.parametrize("ragged", [False, True], ids=["full", "ragged"])
def test_parity_of_a_large_batch(implementation, kind, ragged):
    """Large enough for what is done in blocks, of steps in `layers` and of sequences in `encode`."""
    lengths = np.random.default_rng(0).integers(1, 60, 40) if ragged else [60] * 40
    assert_parity(Case(implementation, kind, num_layers=2, bidirectional=True, lengths=tuple(map(int, lengths)), T=60))


@kinds
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("given_state", [True, False], ids=["state", "zeros"])
def test_parity_of_the_cells(kind, bias, given_state):
    """One step of `layers` against one of torch: the state after it, and all gradients of it."""
    name, options = KINDS[kind]
    ours, theirs = (getattr(space, f"{name}Cell")(3, 5, bias=bias, **options).double() for space in (layers, nn))
    generator = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(normal(*parameter.shape))
    ours.load_state_dict(theirs.state_dict())
    count = 2 if kind == "LSTM" else 1
    x, *state = inputs = [normal(4, size).requires_grad_() for size in (3, *[5] * count * given_state)]
    upstream = [normal(4, 5) for _ in range(count)]

    def everything(cell):
        result = cell(x, tuple(state) if len(state) == 2 else state[0]) if state else cell(x)
        parts = result if kind == "LSTM" else [result]
        return [*parts, *torch.autograd.grad(parts, [*inputs, *cell.parameters()], upstream)]

    torch.testing.assert_close(everything(ours), everything(theirs), rtol=0, atol=TOLERANCE)


# The wall is whole, and it can fail


def test_the_cases_are_all_combinations_and_no_two_draw_the_same():
    combinations = {dataclasses.replace(case, seed=0) for case in CASES}
    assert len(combinations) == len(CASES) == 3 * 4 * 3 * 2**4
    assert len({case.seed for case in CASES}) == len(CASES)
    assert {case.lengths for case in CASES if case.ragged} == {(2, 5, 1, 4)}  # a length of 1, unsorted, none is T
    for case in CASES:
        assert len({len(case.lengths), case.T, case.D, case.H}) == 4


@pytest.mark.parametrize("case", [case for case in CASES if case.implementation == "encode"], ids=name)
def test_all_results_and_gradients_are_compared(case):
    names = {"output", "h_n", "d_x"} | {f"d_{name}" for name, _ in case.module(nn).named_parameters()}
    names |= {"c_n"} if case.kind == "LSTM" else set()
    if case.state:
        names |= {"d_h_0", "d_c_0"} if case.kind == "LSTM" else {"d_h_0"}
    assert parity.error(case).keys() == names


@implementations
@kinds
def test_every_parameter_counts(implementation, kind):
    """One that is off in the seventh place is found, whichever it is."""
    case = Case(implementation, kind, num_layers=2, bidirectional=True)
    for name, _ in case.module(nn).named_parameters():
        errors = parity.error(case, lambda parameters, name=name: {**parameters, name: parameters[name] + 1e-6})
        assert max(errors.values()) > 100 * TOLERANCE, name


@implementations
@pytest.mark.parametrize(("kind", "order"), [("LSTM", [0, 1, 3, 2]), ("LSTM", [1, 0, 2, 3]), ("GRU", [1, 0, 2])])
def test_a_wrong_order_of_gates_fails(implementation, kind, order):
    def edit(parameters):
        return {name: torch.cat([p.chunk(len(order))[i] for i in order]) for name, p in parameters.items()}

    errors = parity.error(Case(implementation, kind), edit)
    assert min(errors.values()) > 1e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda results: results.pop("d_x"), "results of different names: .*d_x"),
        (lambda results: results.update(h_n=results["h_n"][0]), r"h_n has shape \(4, 5\), torch.nn's \(1, 4, 5\)"),
    ],
)
def test_a_result_that_is_missing_or_broadcasts_is_an_error(monkeypatch, change, message):
    def broken(case, given):
        results = encoded(case, given)
        change(results)
        return results

    encoded = IMPLEMENTATIONS["encode"]
    monkeypatch.setitem(IMPLEMENTATIONS, "encode", broken)
    with pytest.raises(ValueError, match=message):
        parity.error(Case("encode", "GRU"))


def test_the_error_is_that_of_the_entry_that_is_furthest_off_whatever_its_sign(monkeypatch):
    def broken(case, given):
        results = encoded(case, given)
        results["output"][1, 0, 2] -= 0.25
        results["h_n"][0, 3, 1] += 0.5
        return results

    encoded = IMPLEMENTATIONS["encode"]
    monkeypatch.setitem(IMPLEMENTATIONS, "encode", broken)
    errors = parity.error(Case("encode", "GRU"))
    assert errors["output"] == pytest.approx(0.25, abs=TOLERANCE)
    assert errors["h_n"] == pytest.approx(0.5, abs=TOLERANCE)


def test_the_padding_spoils_whatever_reads_it_and_nothing_else_does(monkeypatch):
    seen = []
    encoded = IMPLEMENTATIONS["encode"]
    monkeypatch.setitem(IMPLEMENTATIONS, "encode", lambda case, given: seen.append(given.x) or encoded(case, given))
    parity.error(Case("encode", "GRU", lengths=(2, 6, 1), T=6))
    for row, length in enumerate((2, 6, 1)):
        assert seen[0][row, :length].isfinite().all()
        assert seen[0][row, length:].isnan().all()


def test_another_seed_is_another_draw_and_the_same_seed_the_same(monkeypatch):
    seen = []
    encoded = IMPLEMENTATIONS["encode"]
    monkeypatch.setitem(IMPLEMENTATIONS, "encode", lambda case, given: seen.append(given) or encoded(case, given))
    for seed in (3, 4, 3):
        parity.error(Case("encode", "GRU", lengths=(6, 6), seed=seed))
    first, other, again = ([*given.parameters.values(), given.x, *given.state_0, given.d_output] for given in seen)
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))
    assert not any(torch.equal(*pair) for pair in zip(first, other, strict=True))


def test_a_result_that_is_not_a_number_does_not_pass(monkeypatch):
    encoded = IMPLEMENTATIONS["encode"]
    monkeypatch.setitem(
        IMPLEMENTATIONS, "encode", lambda *a: {name: value * torch.nan for name, value in encoded(*a).items()}
    )
    with pytest.raises(AssertionError, match="nan"):
        assert_parity(Case("encode", "GRU"))
    assert np.isnan(parity.Table({case: parity.error(case) for case in [Case("encode", "GRU")]}).largest)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("layer", "LSTM"), "implementation must be one of layers, numpy_rnn, encode, got 'layer'"),
        (("layers", "lstm"), "kind must be one of RNN, tanh, RNN, ReLU, LSTM, GRU, got 'lstm'"),
        (("layers", "GRU", 1, True, True, True, (1,), 1, 1, 1, "all"), "loss must be one of both, .*, got 'all'"),
    ],
)
def test_an_unknown_case_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Case(*options)


# The table


def test_the_table_holds_the_largest_error_of_each_group():
    first, second = Case("encode", "LSTM"), Case("encode", "LSTM", bias=False)
    errors = {
        first: {
            "output": 1e-16,
            "h_n": 2e-16,
            "c_n": 3e-16,
            "d_x": 0.0,
            "d_h_0": 1e-15,
            "d_c_0": 2e-15,
            "d_weight_ih_l0": 4e-15,
        },
        second: {
            "output": 2e-16,
            "h_n": 1e-16,
            "c_n": 1e-16,
            "d_x": 0.0,
            "d_weight_hh_l0": 5e-15,
            "d_bias_ih_l0": 1e-17,
        },
    }
    table = parity.Table({**errors, Case("encode", "GRU"): {"output": 7e-14}})
    assert table.rows["encode", "LSTM"] == {
        "outputs": 2e-16,
        "final states": 3e-16,
        "d inputs": 0,
        "d initial states": 2e-15,
        "d parameters": 5e-15,
    }
    assert table.rows["encode", "GRU"]["outputs"] == table.largest == 7e-14


def test_the_table_can_be_read_by_machines(monkeypatch):
    monkeypatch.setattr(parity, "cases", lambda: [Case(i, k) for i in IMPLEMENTATIONS for k in KINDS])
    table = parity.table()
    root = ElementTree.fromstring(table._repr_html_()).find("table")
    assert "12 cases" in root.findtext("caption")
    assert len(root.findall("thead/tr/th[@scope='col']")) == 1 + 5
    bodies = root.findall("tbody")
    assert [body.findtext("tr/th[@scope='rowgroup']/code") for body in bodies] == list(IMPLEMENTATIONS)
    for body in bodies:
        assert body.find("tr/th").get("colspan") == "6"
        assert [row.findtext("th[@scope='row']") for row in body][1:] == list(KINDS)
        for row in body[1:]:
            assert [bool(re.fullmatch(r"0|\de-\d\d", cell.text)) for cell in row.findall("td")] == [True] * 5
    shown = [float(cell.text) for cell in root.iter("td")]
    assert max(shown) == pytest.approx(table.largest, rel=0.5)


# What all three refuse, and what they take over from the input


def forward(implementation, kind, D=3, H=4, dtype=torch.float64):
    """`call(x, lengths, state_0)` with tensors in and out, whichever implementation it is."""
    name, options = KINDS[kind]
    if implementation == "numpy_rnn":
        stack = numpy_rnn.Stack(
            name.lower(), D, H, np.random.default_rng(0), dtype=torch.zeros(0, dtype=dtype).numpy().dtype, **options
        )

        def call(x, lengths=None, state_0=None):
            if isinstance(state_0, tuple):
                state_0 = tuple(part.numpy() for part in state_0)
            elif state_0 is not None:
                state_0 = state_0.numpy()
            return stack.forward(x.numpy(), state_0, None if lengths is None else np.array(lengths))

        return call
    module = getattr(layers if implementation == "layers" else nn, name)(D, H, **options).to(dtype)

    def call(x, lengths=None, state_0=None):
        if implementation == "layers":
            return module(x, state_0, None if lengths is None else torch.tensor(lengths))
        return encode(module, x, torch.tensor([x.shape[1]] * len(x) if lengths is None else lengths), state_0)

    return call


@implementations
@kinds
@pytest.mark.parametrize(
    ("x", "lengths", "message"),
    [
        ((0, 5, 3), [], r"x has shape \(0, 5, 3\), expected \(B, T, 3\)"),
        ((2, 0, 3), [1, 1], r"x has shape \(2, 0, 3\), expected \(B, T, 3\)"),
        ((5, 3), [5, 5], r"x has shape \(5, 3\), expected \(B, T, 3\): "),
        ((2, 1, 5, 3), [5, 5], r"x has shape \(2, 1, 5, 3\), expected \(B, T, 3\)"),
        ((2, 5, 4), [5, 5], r"x has shape \(2, 5, 4\), expected \(B, T, 3\)"),
        ((2, 5, 3), [5, 0], r"length.*\b0\b"),
        ((2, 5, 3), [6, 1], r"length.*\b6\b"),
        ((2, 5, 3), [-1, 1], r"length.*-1\b"),
        ((2, 5, 3), [5], r"lengths has shape \(1,\), expected \(2,\)"),
        ((2, 5, 3), [5.0, 1.0], r"lengths must be integers, got .*float"),
    ],
)
def test_wrong_batches_are_refused(implementation, kind, x, lengths, message):
    call = forward(implementation, kind)
    with pytest.raises(ValueError, match=message):
        call(torch.zeros(x, dtype=torch.float64), lengths)
    if message.startswith("x") and implementation != "encode":
        with pytest.raises(ValueError, match=message):
            call(torch.zeros(x, dtype=torch.float64))


@implementations
@kinds
@pytest.mark.parametrize("shape", [(2, 4), (2, 2, 4), (1, 1, 4), (1, 2, 5)], ids=str)
@pytest.mark.parametrize("lengths", [[5, 5], [3, 1]], ids=["full", "ragged"])
def test_wrong_states_are_refused(implementation, kind, shape, lengths):
    state = torch.zeros(shape, dtype=torch.float64)
    right = torch.zeros(1, 2, 4, dtype=torch.float64)
    call, x = forward(implementation, kind), torch.zeros(2, 5, 3, dtype=torch.float64)
    for state_0, wrong in [((state, right), "h_0"), ((right, state), "c_0")] if kind == "LSTM" else [(state, "h_0")]:
        with pytest.raises(ValueError, match=re.escape(f"{wrong} has shape {shape}, expected (1, 2, 4)")):
            call(x, lengths, state_0)


@implementations
@kinds
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("lengths", [None, [3, 1]], ids=["full", "ragged"])
def test_default_states_follow_the_input(implementation, kind, dtype, lengths):
    output, state_n = forward(implementation, kind, dtype=dtype)(torch.ones(2, 5, 3, dtype=dtype), lengths)
    results = [output, *(state_n if isinstance(state_n, tuple) else [state_n])]
    assert {torch.as_tensor(result).dtype for result in results} == {dtype}
