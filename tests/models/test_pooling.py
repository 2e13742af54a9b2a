"""Pooling: what the formulas say for each sequence alone, and the padding is never read."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnbook.models.pooling import AttentionPooling, masked_max, masked_mean

LENGTHS = torch.tensor([4, 1, 7, 3])


def make_attention(features=6, attention_size=None, seed=0):
    torch.manual_seed(seed)
    return AttentionPooling(features, attention_size).double()


def attend(output, lengths):
    return make_attention()(output, lengths)[0]


POOLS = pytest.mark.parametrize("pool", [masked_mean, masked_max, attend])


def make_batch(lengths=LENGTHS, T=8, F=6, shift=0.0):
    output = torch.randn(len(lengths), T, F, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) + shift
    return output, torch.arange(T) >= lengths[:, None]  # (B, T, F), (B, T)


def close(got, expected):
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shift", [0, -100, 100])  # all negative: a zero in the padding would win
def test_mean_and_max_are_those_of_the_valid_steps(shift):
    output, _ = make_batch(shift=shift)
    rows = [row[:n] for row, n in zip(output, LENGTHS, strict=True)]
    close(masked_mean(output, LENGTHS), torch.stack([row.mean(dim=0) for row in rows]))
    close(masked_max(output, LENGTHS), torch.stack([row.amax(dim=0) for row in rows]))


@pytest.mark.parametrize("attention_size", [None, 1, 3, 11])
def test_attention_equals_the_formula_without_a_mask(attention_size):
    pool = make_attention(attention_size=attention_size)
    output, _ = make_batch()
    W, b, v = pool.projection.weight, pool.projection.bias, pool.score.weight[0]
    assert W.shape == (attention_size or 6, 6)
    summary, weights = pool(output, torch.full((4,), 8))
    for row in range(4):
        e = torch.stack([v @ torch.tanh(W @ h + b) for h in output[row]])
        alpha = e.exp() / e.exp().sum()
        close(weights[row], alpha)
        close(summary[row], sum(a * h for a, h in zip(alpha, output[row], strict=True)))


def test_attention_to_a_padded_row_is_attention_to_the_row_alone():
    pool = make_attention()
    output, past_end = make_batch()
    summary, weights = pool(output, LENGTHS)
    for row, n in enumerate(LENGTHS.tolist()):
        alone, alone_weights = pool(output[row : row + 1, :n], torch.tensor([n]))
        close(summary[row], alone[0])
        close(weights[row, :n], alone_weights[0])
    assert weights[past_end].eq(0).all()
    assert weights[~past_end].gt(0).all()
    close(weights.sum(dim=1), torch.ones(4, dtype=torch.float64))
    assert weights[1, 0] == 1  # a single step has all the weight


def test_equal_scores_make_the_mean():
    pool = make_attention()
    torch.nn.init.zeros_(pool.score.weight)
    output, _ = make_batch()
    close(pool(output, LENGTHS)[0], masked_mean(output, LENGTHS))


def test_a_sharp_query_picks_one_step():
    pool = make_attention(attention_size=1)
    with torch.no_grad():
        pool.projection.weight.copy_(torch.eye(6)[:1])
        pool.projection.bias.zero_()
        pool.score.weight.fill_(1e6)
    output, past_end = make_batch()
    largest = output[..., 0].masked_fill(past_end, -torch.inf).argmax(dim=1)
    close(pool(output, LENGTHS)[0], output[torch.arange(4), largest])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.floats(0, 1e4))
def test_weights_are_a_distribution_however_large_the_scores(lengths, scale):
    pool = make_attention()
    torch.nn.init.normal_(pool.score.weight, std=scale)
    lengths = torch.tensor(lengths)
    output, past_end = make_batch(lengths, T=9)
    weights = pool(output, lengths)[1]
    assert weights[past_end].eq(0).all()
    assert weights.ge(0).all()
    close(weights.sum(dim=1), torch.ones(len(lengths), dtype=torch.float64))


@POOLS
@pytest.mark.parametrize("padding", [1e300, torch.inf, -torch.inf, torch.nan])
def test_what_stands_in_the_padding_is_never_read(pool, padding):
    output, past_end = make_batch()
    output = output.requires_grad_()
    module = make_attention()
    results = []
    for batch in (output, output.masked_fill(past_end[..., None], padding)):
        summary = module(batch, LENGTHS)[0] if pool is attend else pool(batch, LENGTHS)
        wanted = [output, *module.parameters()] if pool is attend else [output]
        results.append([summary, *torch.autograd.grad(summary.square().sum(), wanted)])
    torch.testing.assert_close(*results, rtol=0, atol=0)
    d_output = results[0][1]
    assert d_output[past_end].eq(0).all()
    assert d_output[~past_end].ne(0).any()


@POOLS
def test_gradients_are_those_of_finite_differences(pool):
    output, _ = make_batch(T=7)
    assert torch.autograd.gradcheck(lambda x: pool(x, LENGTHS), output.requires_grad_())


def test_gradients_of_the_attention_are_those_of_finite_differences():
    pool, (output, _) = make_attention(), make_batch(T=7)
    names, values = zip(*pool.named_parameters(), strict=True)

    def summary_and_weights(*parameters):
        arguments = (output, LENGTHS)
        return torch.func.functional_call(pool, dict(zip(names, parameters, strict=True)), arguments)

    assert torch.autograd.gradcheck(summary_and_weights, values)


@POOLS
def test_more_padding_changes_nothing(pool):
    output, _ = make_batch()
    wider = torch.cat([output, torch.randn(4, 20, 6, dtype=torch.float64)], dim=1)
    close(pool(wider, LENGTHS), pool(output, LENGTHS))


@POOLS
def test_lengths_may_be_a_list(pool):
    output, _ = make_batch()
    close(pool(output, LENGTHS.tolist()), pool(output, LENGTHS))


@POOLS
@pytest.mark.parametrize(
    ("shape", "lengths", "message"),
    [
        ((2, 6), [1, 1], r"output has shape \(2, 6\), expected \(B, T, F\)"),
        ((2, 3, 6), [1], r"lengths has shape \(1,\), expected \(2,\)"),
        ((2, 3, 6), [1, 4], r"lengths\[1\] is 4, expected 1 to T = 3"),
        ((2, 3, 6), [0, 3], r"lengths\[0\] is 0, expected 1 to T = 3"),
    ],
    ids=["two axes", "lengths", "too long", "empty"],
)
def test_what_does_not_fit_is_refused(pool, shape, lengths, message):
    with pytest.raises(ValueError, match=message):
        pool(torch.ones(shape, dtype=torch.float64), torch.tensor(lengths))
