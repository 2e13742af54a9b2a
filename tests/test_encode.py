"""The encoder against the packed call, which it stands for, and the two helpers against loops."""

import doctest

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import rnnbook.encode
from rnnbook.encode import encode, last_valid, reverse_by_length, valid_steps

TIGHT = {"rtol": 0, "atol": 1e-10}
KINDS = {
    "tanh": lambda *sizes, **options: nn.RNN(*sizes, **options),
    "relu": lambda *sizes, **options: nn.RNN(*sizes, nonlinearity="relu", **options),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}
kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def packed(rnn, x, lengths, state_0=None):
    sequence = pack_padded_sequence(x, torch.as_tensor(lengths), batch_first=True, enforce_sorted=False)
    output, state_n = rnn(sequence, state_0)
    return pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])[0], state_n


def as_list(state):
    return list(state) if isinstance(state, tuple) else [state]


def everything(run, rnn, x, lengths, state_0):
    """Output, final states, and all gradients of a random combination of them, by name."""
    x = x.clone().requires_grad_()
    starts = [part.clone().requires_grad_() for part in as_list(state_0)]
    output, state_n = run(rnn, x, lengths, tuple(starts) if len(starts) == 2 else starts[0])
    results = [output, *as_list(state_n)]
    weights = torch.Generator().manual_seed(1)
    loss = sum((torch.randn(r.shape, generator=weights, dtype=r.dtype) * r).sum() for r in results)
    d_x, *d_others = torch.autograd.grad(loss, [x, *starts, *rnn.parameters()])
    return {"output": output, "states": results[1:], "d_x": d_x, "d_states and d_parameters": d_others}


def make(kind, D, H, B, dtype=torch.float64, **options):
    """A module and random initial states for a batch of B."""
    rnn = KINDS[kind](D, H, **options).to(dtype)
    count = rnn.num_layers * (2 if rnn.bidirectional else 1)
    starts = [torch.randn(count, B, H, dtype=dtype) for _ in range(2 if kind == "lstm" else 1)]
    return rnn, tuple(starts) if kind == "lstm" else starts[0]


def assert_equal(kind, T, D, H, lengths, *, dtype=torch.float64, rtol=0.0, atol=1e-10, **options):
    rnn, state_0 = make(kind, D, H, len(lengths), dtype, **options)
    x = torch.randn(len(lengths), T, D, dtype=dtype)
    expected = everything(packed, rnn, x, lengths, state_0)
    unread = torch.full_like(x, torch.nan)  # whatever reads the padding, forward or backward, is found out
    valid = valid_steps(torch.as_tensor(lengths), T)[..., None]
    torch.testing.assert_close(
        everything(encode, rnn, torch.where(valid, x, unread), lengths, state_0), expected, rtol=rtol, atol=atol
    )


@kinds
@settings(max_examples=25)
@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    beyond=st.integers(0, 2),
    D=st.integers(1, 4),
    H=st.integers(1, 4),
    num_layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    bias=st.booleans(),
    batch_first=st.booleans(),
)
def test_equals_the_packed_call(kind, lengths, beyond, D, H, **options):
    assert_equal(kind, max(lengths) + beyond, D, H, lengths, **options)


@kinds
@pytest.mark.parametrize("lengths", [[3, 3, 3], [5, 5, 5], [1, 1], [1]], ids=str)
@pytest.mark.parametrize("batch_first", [True, False])
def test_equals_the_packed_call_where_all_are_of_one_length(kind, lengths, batch_first):
    assert_equal(kind, 5, 3, 4, lengths, num_layers=2, bidirectional=True, batch_first=batch_first)


@pytest.mark.parametrize("lengths", ["random", "sorted", "half are of one length"])
def test_a_large_batch_is_read_in_groups_and_put_together_again(lengths, monkeypatch):
    lengths = {
        "random": torch.randint(1, 140, (37,)),
        "sorted": torch.arange(40, 3, -1),
        "half are of one length": torch.tensor([140, 9] * 18),
    }[lengths]
    calls = []
    read = rnnbook.encode._read
    monkeypatch.setattr(rnnbook.encode, "_read", lambda *a: calls.append(len(a[1])) or read(*a))
    assert_equal("lstm", 140, 2, 3, lengths.tolist(), num_layers=2, bidirectional=True)
    assert len(calls) > 1
    assert sum(calls) == len(lengths)


@kinds
def test_equals_the_packed_call_up_to_rounding_in_float32(kind):
    """The dtype in which oneDNN reads an LSTM."""
    torch.manual_seed(0)
    lengths = torch.randint(1, 30, (20,)).tolist()
    assert_equal(kind, 30, 10, 16, lengths, dtype=torch.float32, rtol=1e-4, atol=1e-4, num_layers=2, bidirectional=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_cell_is_frozen_exactly_not_nearly(dtype):
    """To the last bit: the final cell is the same, however much padding follows."""
    rnn, state_0 = make("lstm", 3, 4, 2, dtype)
    x = torch.randn(2, 300, 3, dtype=dtype)
    _, (_, c_n) = encode(rnn, x, [2, 300], state_0)
    _, (_, c_short) = encode(rnn, x[:, :3], [2, 3], state_0)
    assert torch.equal(c_n[:, 0], c_short[:, 0])


@kinds
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_large_gradients_stay_numbers_where_the_gates_are_pushed(kind, dtype):
    """Also those that nobody asks for: with anomaly detection a NaN anywhere on the way back would be an error."""
    rnn, state_0 = make(kind, 3, 4, 3, dtype, bidirectional=True)
    x = torch.randn(3, 6, 3, dtype=dtype, requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        output, _ = encode(rnn, x, [2, 6, 1], state_0)
        gradients = torch.autograd.grad((1e6 * torch.randn_like(output) * output).sum(), [x, *rnn.parameters()])
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_a_relu_that_would_explode_in_the_padding_does_not():
    rnn, _ = make("relu", 2, 3, 2, bias=False)
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(1)
        rnn.weight_hh_l0.copy_(100 * torch.eye(3))
    x = torch.stack([torch.ones(400, 2), -torch.ones(400, 2)]).double()  # the second sequence stays at 0
    h_0 = torch.zeros(1, 2, 3, dtype=torch.float64)
    expected = everything(packed, rnn, x, [2, 400], h_0)
    assert expected["states"][0].isfinite().all()
    torch.testing.assert_close(everything(encode, rnn, x, [2, 400], h_0), expected, **TIGHT)


@kinds
def test_past_the_end_outputs_and_gradients_are_zero(kind):
    rnn, state_0 = make(kind, 3, 4, 2, num_layers=2, bidirectional=True)
    results = everything(encode, rnn, torch.randn(2, 6, 3, dtype=torch.float64), [4, 2], state_0)
    for result in (results["output"], results["d_x"]):
        assert (result != 0).any(dim=-1).tolist() == valid_steps(torch.tensor([4, 2]), 6).tolist()


@kinds
@pytest.mark.parametrize("lengths", [[4, 4], [4, 1]], ids=["full", "ragged"])
def test_zeros_are_the_default_state(kind, lengths):
    rnn, state_0 = make(kind, 3, 5, 2, bidirectional=True)
    x = torch.randn(2, 4, 3, dtype=torch.float64)
    zeros = tuple(map(torch.zeros_like, state_0)) if kind == "lstm" else torch.zeros_like(state_0)
    torch.testing.assert_close(encode(rnn, x, lengths), encode(rnn, x, lengths, zeros), rtol=0, atol=0)


@kinds
@pytest.mark.parametrize("lengths", [[4, 4], [4, 1]], ids=["full", "ragged"])
def test_results_have_the_inputs_dtype_and_device(kind, lengths):
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        rnn, _ = make(kind, 3, 5, 2, dtype)
        output, state_n = encode(rnn, torch.randn(2, 4, 3, dtype=dtype), torch.tensor(lengths))
        assert {result.dtype for result in (output, *as_list(state_n))} == {dtype}


@kinds
def test_gradients_flow_in_evaluation_too(kind):
    rnn, state_0 = make(kind, 3, 4, 3, num_layers=2, dropout=0.5)
    x = torch.randn(3, 5, 3, dtype=torch.float64)
    rnn.eval()
    torch.testing.assert_close(
        everything(encode, rnn, x, [2, 5, 1], state_0), everything(packed, rnn, x, [2, 5, 1], state_0), **TIGHT
    )


@kinds
def test_dropout_acts_between_layers_in_training_only(kind):
    """With everything dropped between the layers, what stood in the input cannot be told from the output."""
    rnn, state_0 = make(kind, 3, 4, 3, num_layers=2, dropout=1.0, bidirectional=True)
    x, y = torch.randn(2, 3, 5, 3, dtype=torch.float64)
    lengths = [2, 5, 1]
    assert torch.equal(encode(rnn, x, lengths, state_0)[0], encode(rnn, y, lengths, state_0)[0])
    torch.testing.assert_close(encode(rnn, x, lengths, state_0)[0], packed(rnn, x, lengths, state_0)[0], **TIGHT)
    rnn.eval()
    assert not torch.equal(encode(rnn, x, lengths, state_0)[0], encode(rnn, y, lengths, state_0)[0])

    single, state_0 = make(kind, 3, 4, 3)
    single.dropout = 1.0  # of a single layer nothing is dropped, whatever the probability
    torch.testing.assert_close(encode(single, x, lengths, state_0)[0], packed(single, x, lengths, state_0)[0], **TIGHT)


def test_dropout_keeps_the_mean():
    rnn, _ = make("tanh", 3, 4, 1, num_layers=2, dropout=0.5)
    with torch.no_grad():
        for name, parameter in rnn.named_parameters():
            if "l1" in name:
                parameter.mul_(1e-4)  # so small that the top layer is linear
    x, lengths = torch.randn(1, 3, 3, dtype=torch.float64).repeat(4000, 1, 1), [3, 2] * 2000
    mean = encode(rnn, x, lengths)[0][::2].mean(dim=0)
    rnn.eval()
    torch.testing.assert_close(mean, encode(rnn, x, lengths)[0][0], rtol=0.2, atol=2e-6)


def test_the_order_of_the_sequences_does_not_matter():
    rnn, state_0 = make("lstm", 3, 4, 40, bidirectional=True)
    x, lengths = torch.randn(40, 150, 3, dtype=torch.float64), torch.randint(1, 151, (40,))
    order = torch.randperm(40)
    output, (h_n, c_n) = encode(rnn, x, lengths, state_0)
    shuffled = encode(rnn, x[order], lengths[order], tuple(part[:, order] for part in state_0))
    torch.testing.assert_close(shuffled, (output[order], (h_n[:, order], c_n[:, order])), **TIGHT)


def test_double_backward():
    rnn, h_0 = make("tanh", 2, 3, 2, bidirectional=True)
    x = torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x, h: encode(rnn, x, [3, 1], h)[0], (x, h_0.requires_grad_()))


# What is refused


@pytest.mark.parametrize("rnn", [nn.LSTMCell(3, 4), nn.Linear(3, 4)], ids=lambda rnn: type(rnn).__name__)
def test_other_modules_are_refused(rnn):
    with pytest.raises(TypeError, match=f"takes an nn.RNN, nn.LSTM or nn.GRU, got {type(rnn).__name__}"):
        encode(rnn, torch.zeros(2, 5, 3), [5, 1])


def test_projections_are_refused():
    with pytest.raises(ValueError, match="cannot project: leave out proj_size=2, or pack the batch"):
        encode(nn.LSTM(3, 4, proj_size=2), torch.zeros(2, 5, 3), [5, 1])


@kinds
@pytest.mark.parametrize(
    ("x", "lengths", "message"),
    [
        ((0, 5, 3), [], r"x has shape \(0, 5, 3\), expected \(B, T, 3\): no axis may be empty"),
        ((2, 0, 3), [1, 1], r"x has shape \(2, 0, 3\), expected \(B, T, 3\): no axis may be empty"),
        ((5, 3), [5], r"x has shape \(5, 3\), expected \(B, T, 3\): write x\.unsqueeze\(0\) for a batch of one"),
        ((2, 5, 4), [5, 1], r"x has shape \(2, 5, 4\), expected \(B, T, 3\)$"),
        ((2, 5, 3), [5, 0], r"lengths\[1\] is 0, expected 1 to T = 5: leave empty sequences out of the batch"),
        ((2, 5, 3), [-1, 5], r"lengths\[0\] is -1, expected 1 to T = 5: leave empty sequences out of the batch"),
        ((2, 5, 3), [6, 1], r"lengths\[0\] is 6, expected 1 to T = 5: the batch ends before"),
        ((2, 5, 3), [5], r"lengths has shape \(1,\), expected \(2,\): one for each sequence"),
        ((2, 5, 3), [[5, 1]], r"lengths has shape \(1, 2\), expected \(2,\)"),
        ((2, 5, 3), [5.0, 1.0], r"lengths must be integers, got torch\.float32: write lengths\.long\(\)"),
        ((2, 5, 3), [True, True], r"lengths must be integers, got torch\.bool"),
    ],
)
def test_wrong_batches_are_refused(kind, x, lengths, message):
    with pytest.raises(ValueError, match=message):
        encode(KINDS[kind](3, 4), torch.zeros(x), torch.tensor(lengths))


@kinds
@pytest.mark.parametrize("lengths", [[5, 5], [5, 1]], ids=["full", "ragged"])
def test_wrong_states_are_refused(kind, lengths):
    rnn, x = KINDS[kind](3, 4, 2), torch.zeros(2, 5, 3)

    def refuses(message, *shapes):
        parts = tuple(torch.zeros(shape) for shape in shapes)
        with pytest.raises(ValueError, match=message):
            encode(rnn, x, lengths, parts[0] if len(parts) == 1 else parts)

    right = (2, 2, 4)
    if kind == "lstm":
        refuses("the state must be h_0 and c_0, got 1 tensor", right)
        refuses(r"c_0 has shape \(2, 4\), expected \(2, 2, 4\)", right, (2, 4))
        refuses(r"h_0 has shape \(1, 2, 4\), expected \(2, 2, 4\)", (1, 2, 4), right)
    else:
        refuses("the state must be h_0, got 2 tensor", right, right)
        refuses(r"h_0 has shape \(2, 1, 4\), expected \(2, 2, 4\): \(L \* directions, B, H\), whatever", (2, 1, 4))


@kinds
@pytest.mark.parametrize("lengths", [[5, 5], [5, 1]], ids=["full", "ragged"])
def test_another_dtype_or_device_is_refused(kind, lengths):
    rnn, state_0 = make(kind, 3, 4, 2, torch.float32)
    x, expected = torch.zeros(2, 5, 3), "expected torch.float32 on cpu as"
    for other, got in [
        (torch.float64, "torch.float64 on cpu"),
        (torch.int64, "torch.int64 on cpu"),
        ("meta", "torch.float32 on meta"),
    ]:
        with pytest.raises(
            ValueError, match=rf"x is {got}, {expected} the weights: write x\.to\('cpu', torch\.float32\)"
        ):
            encode(rnn, x.to(other), lengths, state_0)
        with pytest.raises(ValueError, match=rf"h_0 is {got}, {expected} x: write h_0\.to\('cpu', torch\.float32\)"):
            encode(rnn, x, lengths, tuple(part.to(other) for part in state_0) if kind == "lstm" else state_0.to(other))
    if kind == "lstm":
        with pytest.raises(ValueError, match=r"c_0 is torch\.float64"):
            encode(rnn, x, lengths, (state_0[0], state_0[1].double()))


def test_what_is_no_tensor_is_refused():
    rnn, _ = make("gru", 3, 4, 2, torch.float32)
    for x in (pack_padded_sequence(torch.zeros(2, 5, 3), [5, 1], batch_first=True), torch.zeros(2, 5, 3).numpy()):
        with pytest.raises(TypeError, match=f"x is a {type(x).__name__}, expected a tensor"):
            encode(rnn, x, [5, 1])


# The helpers


batches = st.lists(st.integers(1, 5), min_size=1, max_size=4)


@given(batches, st.integers(0, 2), st.sampled_from([(), (3,), (2, 2)]))
def test_reverse_by_length_equals_a_loop_and_undoes_itself(lengths, beyond, features):
    x = torch.randn(len(lengths), max(lengths) + beyond, *features)
    expected = x.clone()
    for row, length in enumerate(lengths):
        for t in range(length):
            expected[row, t] = x[row, length - 1 - t]
    reverse = reverse_by_length(x, torch.tensor(lengths))
    assert torch.equal(reverse, expected)
    assert torch.equal(reverse_by_length(reverse, lengths), x)


def test_reverse_by_length_takes_any_dtype_and_layout():
    ids = torch.arange(12).view(4, 3).T  # (3, 4), not contiguous
    assert reverse_by_length(ids, [4, 1, 2]).tolist() == [[9, 6, 3, 0], [1, 4, 7, 10], [5, 2, 8, 11]]


def test_reverse_by_length_gradcheck():
    x = torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: reverse_by_length(x, [3, 2]), x)
    assert torch.autograd.gradgradcheck(lambda x: reverse_by_length(x, [3, 2]), x)


@given(batches, st.integers(0, 2))
def test_last_valid_picks_the_last_step_of_each(lengths, beyond):
    output = torch.randn(len(lengths), max(lengths) + beyond, 3)
    expected = torch.stack([output[row, length - 1] for row, length in enumerate(lengths)])
    assert torch.equal(last_valid(output, torch.tensor(lengths)), expected)


def test_valid_steps():
    assert valid_steps(torch.tensor([2, 3, 1]), 4).int().tolist() == [[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]]


@pytest.mark.parametrize("function", [reverse_by_length, last_valid])
def test_the_helpers_refuse_what_does_not_fit(function):
    for shape, lengths, message in [
        ((4,), [1], r"has shape \(4,\), expected \(B, T"),
        ((2, 3, 1), [3], r"lengths has shape \(1,\), expected \(2,\)"),
        ((2, 3, 1), [3, 0], r"lengths\[1\] is 0"),
        ((2, 3, 1), [4, 1], r"lengths\[0\] is 4"),
        ((2, 3, 1), [1.5, 1], "must be integers"),
    ]:
        with pytest.raises(ValueError, match=message):
            function(torch.zeros(shape), torch.tensor(lengths))


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(rnnbook.encode, extraglobs={"torch": torch}).failed == 0
