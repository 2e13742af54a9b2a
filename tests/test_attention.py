"""Attention: what the formulas say for each query and key alone, and the padding is never read."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from rnnbook.attention import AdditiveAttention, Attention, MultiplicativeAttention, weighted_mean
from rnnbook.models.pooling import AttentionPooling

LENGTHS = torch.tensor([4, 1, 7, 3])
KINDS = ("additive", "general", "dot", "scaled")
ALL = pytest.mark.parametrize("kind", KINDS)


def make(kind, Q=6, K=None, seed=0):
    torch.manual_seed(seed)
    K = K or Q
    attention = AdditiveAttention(Q, K, 5) if kind == "additive" else MultiplicativeAttention(Q, K, kind)
    return attention.double()


def make_batch(lengths=LENGTHS, S=8, K=6, Q=6, T=3):
    """Queries (B, T, Q), keys (B, S, K) with numbers in the padding too, valid (B, S)."""
    generator = torch.Generator().manual_seed(1)
    query, keys = (
        torch.randn(len(lengths), *shape, dtype=torch.float64, generator=generator) for shape in ((T, Q), (S, K))
    )
    return query, keys, torch.arange(S) < torch.as_tensor(lengths)[:, None]


def close(got, expected, atol=1e-12):
    torch.testing.assert_close(got, expected, rtol=0, atol=atol)


def score_of(kind, attention, s, h):
    match kind:
        case "additive":
            W, U = attention.query_projection.weight, attention.key_projection.weight
            return attention.score.weight[0] @ torch.tanh(W @ s + U @ h)
        case "general":
            return s @ attention.key_projection.weight @ h
        case "dot":
            return s @ h
        case "scaled":
            return s @ h / len(s) ** 0.5


@pytest.mark.parametrize(
    ("kind", "Q", "K"), [*((kind, 6, 6) for kind in KINDS), ("additive", 4, 7), ("general", 4, 7), ("general", 7, 4)]
)
def test_weights_and_context_are_those_of_the_formula(kind, Q, K):
    attention = make(kind, Q, K)
    query, keys, valid = make_batch(Q=Q, K=K)
    context, weights = attention(query, keys, valid)
    assert context.shape == (4, 3, K)
    assert weights.shape == (4, 3, 8)
    for b, n in enumerate(LENGTHS.tolist()):
        for t in range(3):
            e = torch.stack([score_of(kind, attention, query[b, t], h) for h in keys[b, :n]])
            alpha = e.exp() / e.exp().sum()
            close(weights[b, t, :n], alpha)
            close(context[b, t], sum(a * h for a, h in zip(alpha, keys[b, :n], strict=True)))
    assert weights.masked_select(~valid[:, None]).eq(0).all()


def test_scaled_is_torchs_own():
    query, keys, valid = make_batch()
    expected = F.scaled_dot_product_attention(query, keys, keys, attn_mask=valid[:, None])
    close(make("scaled")(query, keys, valid)[0], expected)


def test_pooling_is_additive_attention_with_one_query_for_all():
    attention, pool = make("additive"), AttentionPooling(6, 5).double()
    query, keys, valid = make_batch()
    with torch.no_grad():
        pool.projection.weight.copy_(attention.key_projection.weight)
        pool.projection.bias.copy_(attention.query_projection(query[0, 0]))  # b = W s
        pool.score.weight.copy_(attention.score.weight)
    for got, expected in zip(attention(query[0, 0].expand(4, 6), keys, valid), pool(keys, LENGTHS), strict=True):
        close(got, expected)


@ALL
def test_queries_together_are_queries_one_by_one(kind):
    attention = make(kind)
    query, keys, valid = make_batch()
    context, weights = attention(query, keys, valid)
    memory = attention.remember(keys, valid)
    for t in range(3):
        for alone in (attention(query[:, t], keys, valid), attention.attend(query[:, t], memory)):
            close(alone[0], context[:, t])
            close(alone[1], weights[:, t])
    assert attention(query[:, 0], keys, valid)[1].shape == (4, 8)


@ALL
def test_rows_of_a_memory_are_picked(kind):
    attention = make(kind)
    query, keys, valid = make_batch()
    rows = torch.tensor([2, 2, 0])
    picked = attention.attend(query[rows], attention.remember(keys, valid).select(rows))
    for got, expected in zip(picked, attention(query, keys, valid), strict=True):
        close(got, expected[rows])


@ALL
def test_keys_are_projected_once_however_often_one_looks(kind, monkeypatch):
    attention, calls = make(kind), []
    project = attention.project
    monkeypatch.setattr(attention, "project", lambda keys: calls.append(keys) or project(keys))
    query, keys, valid = make_batch()
    memory = attention.remember(keys, valid)
    for t in range(3):
        attention.attend(query[:, t], memory)
    assert len(calls) == 1


@given(st.sampled_from(KINDS), st.lists(st.integers(1, 9), min_size=1, max_size=5), st.floats(0, 1e4))
def test_weights_are_a_distribution_however_large_the_scores(kind, lengths, scale):
    query, keys, valid = make_batch(lengths, S=9)
    weights = make(kind)(scale * query, scale * keys, valid)[1]
    assert weights.masked_select(~valid[:, None]).eq(0).all()
    assert weights.ge(0).all()
    close(weights.sum(dim=2), torch.ones(len(lengths), 3, dtype=torch.float64))


@ALL
@pytest.mark.parametrize("padding", [1e300, torch.inf, -torch.inf, torch.nan])
def test_what_stands_in_the_padding_is_never_read(kind, padding):
    query, keys, valid = make_batch()
    attention, results = make(kind), []
    for batch in (keys, keys.masked_fill(~valid[..., None], padding)):
        inputs = [query.requires_grad_(), batch.requires_grad_(), *attention.parameters()]
        context, weights = attention(query, batch, valid)
        results.append([context, weights, *torch.autograd.grad(context.square().sum() + weights[..., 0].sum(), inputs)])
    torch.testing.assert_close(*results, rtol=0, atol=0)
    d_keys = results[0][3]
    assert d_keys[~valid].eq(0).all()
    assert d_keys[valid].ne(0).any()


@ALL
def test_more_padding_changes_nothing(kind):
    attention = make(kind)
    query, keys, valid = make_batch()
    context, weights = attention(query, keys, valid)
    more = torch.randn(4, 20, 6, dtype=torch.float64)
    wider = attention(query, torch.cat([keys, more], dim=1), F.pad(valid, (0, 20)))
    close(wider[0], context)
    close(wider[1][..., :8], weights)
    assert wider[1][..., 8:].eq(0).all()


@ALL
def test_a_hole_in_the_middle_is_as_if_the_keys_were_not_there(kind):
    attention = make(kind)
    query, keys, _ = make_batch()
    valid = torch.tensor([True, False, True, True, False, False, True, False]).expand(4, 8)
    close(attention(query, keys, valid)[0], attention(query, keys[:, valid[0]], torch.ones(4, 4, dtype=bool))[0])


@ALL
def test_gradients_are_those_of_finite_differences(kind):
    attention = make(kind, Q=3)
    query, keys, valid = make_batch([3, 1], S=3, K=3, Q=3, T=2)
    names, values = zip(*attention.named_parameters(), strict=True) if kind in KINDS[:2] else ((), ())

    def look(query, keys, *parameters):
        return torch.func.functional_call(attention, dict(zip(names, parameters, strict=True)), (query, keys, valid))

    assert torch.autograd.gradcheck(look, (query.requires_grad_(), keys.requires_grad_(), *values))


def test_equal_scores_make_the_mean():
    query, keys, valid = make_batch()
    context, _ = make("dot")(torch.zeros_like(query), keys, valid)
    close(context[:, 0], torch.stack([row[:n].mean(dim=0) for row, n in zip(keys, LENGTHS, strict=True)]))


def test_a_query_finds_the_key_that_is_like_it():
    keys = torch.eye(6).expand(2, 6, 6)
    weights = make("dot").float()(100 * keys, keys, torch.ones(2, 6, dtype=bool))[1]
    close(weights, keys)


def test_scores_of_scaled_attention_keep_their_size_as_queries_grow():
    spread = {}
    for Q in (4, 1024):
        query, keys, valid = make_batch([50] * 20, S=50, K=Q, Q=Q)
        for kind in ("dot", "scaled"):
            attention = make(kind, Q)
            spread[kind, Q] = float(attention.compare(query, attention.remember(keys, valid).projected).std())
    assert spread["scaled", 4] == pytest.approx(1, abs=0.1)
    assert spread["scaled", 1024] == pytest.approx(1, abs=0.1)
    assert spread["dot", 1024] == pytest.approx(32, abs=3)


def test_any_kind_is_an_attention_with_torchs_names():
    assert all(isinstance(make(kind), Attention) for kind in KINDS)
    additive = {name: tuple(p.shape) for name, p in make("additive", 4, 7).named_parameters()}
    expected = {"query_projection.weight": (5, 4), "key_projection.weight": (5, 7), "score.weight": (1, 5)}
    assert additive == expected
    general = {name: tuple(p.shape) for name, p in make("general", 4, 7).named_parameters()}
    assert general == {"key_projection.weight": (4, 7)}
    assert list(make("dot").parameters()) == list(make("scaled").parameters()) == []
    assert "kind='scaled'" in repr(make("scaled"))


def test_the_mean_needs_no_scores_of_the_padding():
    values, scores = torch.ones(1, 2, 3), torch.tensor([[[0.0, torch.nan]]])
    context, weights = weighted_mean(values, scores, torch.tensor([[True, False]]))
    assert weights.tolist() == [[[1, 0]]]
    close(context, torch.ones(1, 1, 3))


@ALL
@pytest.mark.parametrize(
    ("query", "keys", "valid", "message"),
    [
        ((2, 5), (2, 3, 6), [[1, 1, 1]] * 2, r"query has shape \(2, 5\), expected \(2, 6\)"),
        ((3, 6), (2, 3, 6), [[1, 1, 1]] * 2, r"query has shape \(3, 6\), expected \(2, 6\)"),
        ((2, 4, 5), (2, 3, 6), [[1, 1, 1]] * 2, r"query has shape \(2, 4, 5\), expected \(2, T, 6\)"),
        ((6,), (2, 3, 6), [[1, 1, 1]] * 2, r"query has shape \(6,\), expected \(2, T, 6\)"),
        ((2, 6), (2, 3, 5), [[1, 1, 1]] * 2, r"keys has shape \(2, 3, 5\), expected \(B, S, 6\)"),
        ((2, 6), (2, 6), [[1, 1, 1]] * 2, r"keys has shape \(2, 6\), expected \(B, S, 6\)"),
        ((2, 6), (2, 3, 6), [[1, 1]] * 2, r"valid has shape \(2, 2\), expected \(2, 3\)"),
        ((2, 6), (2, 3, 6), [[1, 1, 0], [0, 0, 0]], "row 1 is nothing but padding: leave empty sequences out"),
    ],
)
def test_what_does_not_fit_is_refused(kind, query, keys, valid, message):
    with pytest.raises(ValueError, match=message):
        make(kind)(
            torch.ones(query, dtype=torch.float64), torch.ones(keys, dtype=torch.float64), torch.tensor(valid).bool()
        )


def test_valid_must_be_boolean():
    query, keys, valid = make_batch()
    with pytest.raises(ValueError, match=r"valid must be boolean, got torch.int64: write valid.bool\(\)"):
        make("dot")(query, keys, valid.long())


def test_kinds_that_do_not_exist_or_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="kind must be one of general, dot, scaled, got 'concat'"):
        MultiplicativeAttention(4, 4, "concat")
    for kind in ("dot", "scaled"):
        with pytest.raises(ValueError, match=f'"{kind}" attention compares queries of 4 features with keys of 8'):
            MultiplicativeAttention(4, 8, kind)
