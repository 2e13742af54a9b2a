"""Exercise `attention-scores`: dot, general and scaled attention between two sequences, query by query."""

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged, unpack

EXERCISE = Exercise(
    id="attention-scores",
    chapter="10_seq2seq",
    place=2,
    title="Attention between two sequences",
    defines=("attend",),
    hints=(
        "Keep the shapes at the end of each line. Every query meets every key: queries (B, T, Q) and keys (B, S, K) "
        "give scores (B, T, S). Over which of these three axes do the weights sum to 1?",
        "queries @ keys.transpose(1, 2) is (B, T, S). With W, the queries become (B, T, K) first: queries @ W. The "
        "mask belongs to the keys, (B, S), and is the same for all queries: valid[:, None] is (B, 1, S). It fills the "
        "scores with -torch.inf, before the softmax.",
        "projected = queries if W is None else queries @ W; scores = projected @ keys.transpose(1, 2), divided by "
        "queries.shape[2] ** 0.5 if scaled; valid = torch.arange(keys.shape[1]) < lengths[:, None]; weights = "
        "scores.masked_fill(~valid[:, None], -torch.inf).softmax(dim=2); context = weights @ keys. Return both.",
    ),
    forbidden=(
        "rnnbook.attention",
        "rnnbook.models",
        "rnnbook.encode",
        "torch.nn.MultiheadAttention",
        "torch.nn.functional.scaled_dot_product_attention",
        "torch.nn.functional.multi_head_attention_forward",
        "torch.masked",
        "torch.nested",
    ),
)
Given = tuple[Tensor, Tensor, Tensor, Tensor | None, bool]


def given(T: int, S: int, Q: int, K: int, lengths: list[int], general: bool = False, scaled: bool = False) -> Given:
    """Arguments of `attend`, with random numbers in the padding too."""
    B, options = len(lengths), {"dtype": torch.float64}
    W = torch.randn(Q, K, **options) if general else None
    return torch.randn(B, T, Q, **options), torch.randn(B, S, K, **options), torch.tensor(lengths), W, scaled


def right(queries: Tensor, keys: Tensor, lengths: Tensor, W: Tensor | None, scaled: bool) -> tuple[Tensor, Tensor]:
    """Context and weights, one query after the other."""
    contexts, rows = [], []
    for b, n in enumerate(lengths.tolist()):
        for query in queries[b]:
            scores = torch.stack([query @ (key if W is None else W @ key) for key in keys[b, :n]])
            weights = (scores / query.numel() ** 0.5 if scaled else scores).softmax(0)
            contexts.append(weights @ keys[b, :n])
            rows.append(torch.cat((weights, weights.new_zeros(keys.shape[1] - n))))
    size = queries.shape[:2]
    return torch.stack(contexts).unflatten(0, size), torch.stack(rows).unflatten(0, size)


def weight_mistakes(queries: Tensor, keys: Tensor, lengths: Tensor, W: Tensor | None, scaled: bool) -> dict:
    """What people write instead, as weights."""
    (B, T, Q), (_, S, K) = queries.shape, keys.shape
    raw = (queries if W is None else queries @ W) @ keys.transpose(1, 2)  # (B, T, S)
    scores = raw / Q**0.5 if scaled else raw
    valid = (torch.arange(S) < lengths[:, None])[:, None]  # (B, 1, S)
    expected = scores.masked_fill(~valid, -torch.inf).softmax(2)
    unmasked = scores.softmax(2)

    def masked(values: Tensor, where: Tensor = valid, axis: int = 2) -> Tensor:
        return values.masked_fill(~where, -torch.inf).softmax(axis)

    def until(lengths: Tensor) -> Tensor:
        return masked(scores, (torch.arange(S) < lengths[:, None])[:, None])

    wrong = {
        f"The padding's scores are low, but not low enough: a key may score below {low:g}. Take -infinity.": (
            scores.masked_fill(~valid, low).softmax(2)
        )
        for low in (-1e2, -1e3)
    }
    wrong |= {
        "There is no mask: the padding of the source takes its share. Give its scores the value -infinity before the "
        "softmax.": unmasked,
        "You masked after the softmax, so that the weights of a query no longer sum to 1: the padding had taken its "
        "share before. Mask the scores.": unmasked * valid,
        "The padding's scores are 0, and exp(0) is 1: it keeps a share. Give them the value -infinity.": (
            (scores * valid).softmax(2)
        ),
        "The softmax runs over the queries, axis 1: each query's weights sum to 1 over the source, axis 2.": (
            masked(scores, axis=1)
        ),
        "The softmax runs over the queries, axis 1, and there is no mask: each query's weights sum to 1 over the "
        "source, axis 2.": scores.softmax(1),
        "The softmax runs over the batch: each query's weights sum to 1 over the source, axis 2.": (
            masked(scores, axis=0)
        ),
        "The weights are transposed: (B, T, S) has a row for each query.": expected.transpose(1, 2),
        "The weights are transposed, and sum to 1 over the queries: (B, T, S) has a row for each query.": (
            scores.softmax(1).transpose(1, 2)
        ),
        "The mask is on the queries: it belongs to the keys, whose lengths are given. valid[:, None] is (B, 1, S).": (
            lambda: masked(scores, (torch.arange(T) < lengths[:, None])[:, :, None].expand(B, T, S))
        ),
        "The mask is the wrong way round: you left the padding and took out the source.": masked(scores, ~valid),
        "Each row stops one key early: key s is valid when s < lengths[b].": lambda: until(lengths - 1),
        "You took one key too many: key s is valid when s < lengths[b].": lambda: until(lengths + 1),
        "These are the scores: the weights are their softmax over the valid keys.": scores.masked_fill(~valid, 0),
        "The weights are sigmoids, each for itself: take the softmax, so that they sum to 1.": scores.sigmoid() * valid,
        "These weights are all alike, as in a mean: they should come from the scores.": (
            (valid / lengths[:, None, None]).expand(B, T, S).to(scores.dtype)
        ),
        "W is left out: the score is q · (W h).": lambda: masked(queries @ keys.transpose(1, 2)),
        "W is transposed: the score is q · (W h), and with (Q, K) that is queries @ W.": (
            lambda: masked(queries @ W.T @ keys.transpose(1, 2) / (Q**0.5 if scaled else 1))
        ),
    }
    by = {"√Q": Q**0.5, "√K": K**0.5, "√S": S**0.5, "√T": T**0.5, "√B": B**0.5, "Q": Q, "K": K, "S": S}
    for name, size in by.items():
        if scaled:
            wrong[f"The scores are divided by {name}: divide by √Q, the root of the number of features of a query."] = (
                masked(raw / size)
            )
        else:
            wrong[f"The scores are divided by {name}, although scaled is False."] = masked(raw / size)
    if scaled:
        wrong["The scores are not divided by √Q, although scaled is True."] = masked(raw)
        wrong["The scores are multiplied by √Q: divide them."] = masked(raw * Q**0.5)
        wrong["The weights are divided by √Q: divide the scores, before the softmax."] = masked(raw) / Q**0.5
    return wrong


def assert_right(student, arguments: Given) -> None:
    """Checks weights and context."""
    queries, keys, lengths, W, scaled = arguments
    context, weights = unpack(student.attend(*arguments), "context", "weights")
    expected, expected_weights = right(*arguments)
    kind = ("general" if W is not None else "dot") + (", scaled" if scaled else "")
    (_, T, Q), (_, S, K) = queries.shape, keys.shape
    what = f"({kind}; T = {T}, S = {S}, Q = {Q}, K = {K}, lengths {lengths.tolist()})"
    wrong = weight_mistakes(*arguments)
    wrong["The two results are the wrong way round: return context, weights."] = expected
    assert_equal_arrays(weights, expected_weights, mistakes=wrong, what=f"weights {what}")
    padding = (torch.arange(S) >= lengths[:, None])[:, None].expand_as(weights)
    leak = weights[padding].abs().max().item() if padding.any() else 0
    assert leak == 0, (
        f"The weights of the padding should be exactly 0, but one is {leak:.3g} {what}. Fill their scores with "
        "-torch.inf."
    )
    named = {
        "You weighed the queries: the context is made of the keys.": lambda: expected_weights @ queries,
        "You weighed the projected keys, W h: weigh the keys themselves.": lambda: expected_weights @ (keys @ W.T),
        "The weights were transposed on their way to the context: it is weights @ keys.": (
            lambda: expected_weights.transpose(1, 2) @ keys
        ),
        "The context is the mean of the keys: weigh them by the weights.": right(queries * 0, *arguments[1:])[0],
        "The context is summed over the queries: each query has its own, (B, T, K).": expected.sum(1),
        "You divided the weighted sum by the lengths: the weights sum to 1 already.": expected / lengths[:, None, None],
        "You divided the weighted sum by S: the weights sum to 1 already.": expected / S,
        "You took the key with the largest weight: add all up, each times its weight.": (
            keys[torch.arange(len(keys))[:, None], expected_weights.argmax(2)]
        ),
    }
    assert_equal_arrays(context, expected, mistakes=named, what=f"context {what}")


@points(2)
@pytest.mark.parametrize(("B", "T", "S", "Q"), [(3, 3, 3, 3), (2, 4, 3, 5), (1, 1, 6, 2)])
def test_dot(student, B, T, S, Q):
    """Dot attention over sources of one length."""
    assert_right(student, given(T, S, Q, Q, [S] * B))


@points(2)
@pytest.mark.parametrize(("T", "S", "Q", "K"), [(4, 4, 4, 4), (4, 3, 5, 2), (2, 5, 3, 6)])
def test_general(student, T, S, Q, K):
    """General attention: W stands between query and key."""
    assert_right(student, given(T, S, Q, K, [S, S], general=True))


@points(1)
@pytest.mark.parametrize(("T", "S", "Q", "K", "general"), [(3, 4, 6, 6, False), (2, 3, 7, 5, True)])
def test_scaled(student, T, S, Q, K, general):
    """Scaled scores, divided by the root of the number of features of a query."""
    assert_right(student, given(T, S, Q, K, [S, S], general, scaled=True))


@points(3)
@pytest.mark.parametrize(
    ("T", "S", "lengths", "general"),
    [(4, 4, [4, 1, 3, 2], False), (3, 6, [2, 5, 3], False), (5, 7, [1, 4], True), (2, 9, [3], False)],
)
def test_padding(student, T, S, lengths, general):
    """A padded source: the weights of each query sum to 1, and are exactly 0 on the padding."""
    assert_right(student, given(T, S, 4, 5 if general else 4, lengths, general))


@points(1)
def test_large_scores(student):
    """Scores far below 0 in the source, and large numbers in the padding."""
    queries, keys, lengths, W, scaled = given(3, 5, 4, 4, [2, 4])
    keys = 50 * keys.abs()
    queries = -50 * queries.abs()
    keys[0, 2:], keys[1, 4:] = 1e3, 1e3
    assert_right(student, (queries, keys, lengths, W, scaled))


@points(1)
def test_gradient(student):
    """Gradients reach queries, keys and W, and the arguments stay as they are."""
    arguments = given(3, 5, 4, 2, [2, 5], general=True, scaled=True)
    assert_right(student, arguments)
    assert_unchanged(student, "queries", "keys", "lengths", "W", "scaled")
    queries, keys, lengths, W, scaled = arguments
    leaves = [tensor.clone().requires_grad_() for tensor in (queries, keys, W)]
    results = right(leaves[0], leaves[1], lengths, leaves[2], scaled)
    upstream = tuple(torch.randn_like(result) for result in results)
    expected = torch.autograd.grad(results, leaves, upstream)
    got = student.grad("attend", arguments, wrt=(0, 1, 3), upstream=upstream)
    for name, value, correct in zip(("queries", "keys", "W"), got, expected, strict=True):
        assert_equal_arrays(value, correct, what=f"the gradient with respect to {name}")
