"""Exercise `masked-attention`: additive attention over the valid steps, against its formula row by row."""

import pytest
import torch
from torch import Tensor, nn

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged, unpack

EXERCISE = Exercise(
    id="masked-attention",
    chapter="08_sentiment",
    place=3,
    title="Attention that does not look at padding",
    defines=("AttentionPooling",),
    hints=(
        "First the scores, one for each step: (B, T). A softmax over time would give the padding its share. Which "
        "score has the share exp(score) = 0?",
        "scores = self.score(torch.tanh(self.projection(output)))[..., 0] is (B, T). Fill the padding's scores with "
        "-torch.inf before the softmax over axis 1. A weight of 0 does not protect from NaN in the padding, since 0 "
        "times NaN is NaN: replace what stands there as well.",
        "valid = torch.arange(output.shape[1]) < lengths[:, None]; output = output.masked_fill(~valid[..., None], 0); "
        "weights = scores.masked_fill(~valid, -torch.inf).softmax(dim=1); summary = (weights[..., None] * "
        "output).sum(dim=1). Return both.",
    ),
    forbidden=(
        "rnnbook.models",
        "rnnbook.attention",
        "rnnbook.encode",
        "torch.nn.MultiheadAttention",
        "torch.masked",
        "torch.nested",
    ),
)
PARAMETERS = ("projection.weight", "projection.bias", "score.weight")


def built(student, F: int, A: int) -> tuple:
    """The learner's layer with large random weights, and these weights by name."""
    model = student.AttentionPooling(F, A)
    state = dict(zip(PARAMETERS, (torch.randn(A, F), torch.randn(A), 2 * torch.randn(1, A)), strict=True))
    got, call = model.state_dict(), f"AttentionPooling({F}, {A})"
    for name, value in state.items():
        assert name in got, f"{call} lacks the parameter {name}: projection and score are nn.Linear."
        expected, found = tuple(value.shape), tuple(got[name].shape)
        assert found == expected, f"In {call}, {name} should have shape {expected}, but it has {found}."
    remedy = " The score has no bias, bias=False: it would raise all scores alike." if "score.bias" in got else ""
    strange = sorted(got.keys() - state.keys())
    assert not strange, f"{call} should have projection and score alone, but it has {', '.join(strange)} too.{remedy}"
    model.double()
    state = {name: value.double() for name, value in state.items()}
    model.load_state_dict(state)
    return model, state


def batch(lengths: list[int], F: int, spare: int = 0) -> tuple[Tensor, Tensor]:
    """States with random numbers in the padding too."""
    return torch.randn(len(lengths), max(lengths) + spare, F, dtype=torch.float64), torch.tensor(lengths)


def scores_of(state: dict[str, Tensor], output: Tensor, tanh: bool = True) -> Tensor:
    """The scores of all steps, (B, T)."""
    hidden = nn.functional.linear(output, state["projection.weight"], state["projection.bias"])
    return nn.functional.linear(hidden.tanh() if tanh else hidden, state["score.weight"])[..., 0]


def right(state: dict[str, Tensor], output: Tensor, lengths: Tensor, tanh: bool = True) -> tuple[Tensor, Tensor]:
    """Summary and weights, one row after the other."""
    weights, summary = torch.zeros(output.shape[:2], dtype=output.dtype), []
    for b, n in enumerate(lengths.tolist()):
        row = scores_of(state, output[b, :n], tanh).softmax(0)
        weights = weights.index_put((torch.tensor(b), torch.arange(n)), row)
        summary.append(row @ output[b, :n])
    return torch.stack(summary), weights


def mistakes(state: dict[str, Tensor], output: Tensor, lengths: Tensor) -> dict[str, Tensor]:
    """What people write instead, as weights."""
    scores = scores_of(state, output)
    valid = torch.arange(output.shape[1]) < lengths[:, None]
    unmasked = scores.softmax(1)

    def filled(value: float, axis: int = 1) -> Tensor:
        return scores.masked_fill(~valid, value).softmax(axis)

    return {
        "There is no mask: the padding takes its share of the attention. Give its scores the value -infinity before "
        "the softmax.": unmasked,
        "You masked after the softmax, so that the weights of a row no longer sum to 1: the padding had taken its "
        "share before. Mask the scores, before the softmax.": unmasked * valid,
        "The padding's scores are 0, or almost (-1e-9), and exp(0) is 1: it keeps a share. Give them the value "
        "-infinity, or a large negative number such as -1e9.": filled(0.0),
        "The softmax runs over the batch: the weights of each text sum to 1, over time, axis 1.": filled(-torch.inf, 0),
        "The softmax runs over the batch, and there is no mask: the weights of each text sum to 1 over time.": (
            scores.softmax(0)
        ),
        "These weights are all alike, as in a mean: they should come from the scores. (A softmax over an axis of "
        "length 1 gives 1: take the softmax over time.)": valid / lengths[:, None],
        "The weights are all 1: the softmax runs over the last axis of scores (B, T, 1), which has length 1.": (
            torch.ones_like(scores)
        ),
        "The weights are all 1 where a step is valid: the softmax runs over an axis of length 1.": valid.double(),
        "The mask is the wrong way round: you left the padding and took out the words.": (
            scores.masked_fill(valid, -torch.inf).softmax(1)
        ),
        "These are the scores: the weights are their softmax over the valid steps.": scores.masked_fill(~valid, 0),
        "The weights are sigmoids, each for itself: take the softmax, so that they sum to 1.": scores.sigmoid() * valid,
        "The tanh is missing: e = v · tanh(W h + b).": right(state, output, lengths, tanh=False)[1],
        "Each row stops one step early: step t is valid when t < lengths[b].": lambda: right(
            state, output, lengths - 1
        )[1],
        "You took one step too many: step t is valid when t < lengths[b].": lambda: right(
            state, output, (lengths + 1).clamp(max=output.shape[1])
        )[1],
    }


def assert_right(got, state: dict[str, Tensor], output: Tensor, lengths: Tensor, note: str = "") -> None:
    """Checks weights and summary."""
    summary, weights = unpack(got, "summary", "weights")
    expected, expected_weights = right(state, output, lengths)
    what = f"for lengths {lengths.tolist()}, T = {output.shape[1]}, F = {output.shape[2]}{note}"
    wrong = mistakes(state, output, lengths)
    wrong["The two results are the wrong way round: return summary, weights."] = expected
    wrong["Drop the last axis of the weights, (B, T, 1): weights[..., 0] is (B, T)."] = expected_weights[..., None]
    assert_equal_arrays(weights, expected_weights, mistakes=wrong, what=f"weights {what}")
    valid = torch.arange(output.shape[1]) < lengths[:, None]
    leak = weights[~valid].abs().max().item() if not valid.all() else 0
    assert leak == 0, (
        f"The weights of the padding should be exactly 0, but one is {leak:.3g} {what}. Fill the scores with "
        "-torch.inf."
    )
    steps = output.masked_fill(~valid[..., None], 0)
    hidden = nn.functional.linear(steps, state["projection.weight"], state["projection.bias"])
    named = {
        "The summary is the mean of the valid steps: weigh them by the weights.": steps.sum(1) / lengths[:, None],
        "The summary is the sum of the valid steps: weigh them by the weights.": steps.sum(1),
        "You divided the weighted sum by T: the weights sum to 1 already.": expected / output.shape[1],
        "You divided the weighted sum by the length: the weights sum to 1 already.": expected / lengths[:, None],
        "You summed over the features: sum over time, axis 1.": (expected_weights[..., None] * steps).sum(2),
        "You weighed the projected steps: weigh the states themselves.": (
            (expected_weights[..., None] * hidden.tanh()).sum(1)
        ),
        "You took the step with the largest weight: add all up, each times its weight.": (
            steps[torch.arange(len(steps)), expected_weights.argmax(1)]
        ),
        "Keep the time axis out of the summary: it is summed over, (B, F).": expected[:, None],
        "These are the weighted steps: add them up over time, axis 1.": expected_weights[..., None] * steps,
        "A weight of 0 times NaN or infinity in the padding is NaN: replace what stands there, by masked_fill or "
        "where, before you add up.": lambda: (expected_weights[..., None] * output).sum(1),
    }
    assert_equal_arrays(summary, expected, mistakes=named, what=f"summary {what}")


@points(2)
@pytest.mark.parametrize(("B", "T", "F", "A"), [(3, 3, 3, 3), (4, 6, 2, 5), (2, 3, 5, 1)])
def test_whole_rows(student, B, T, F, A):
    """Texts of one length: weights over time, and the weighted sum of the states."""
    model, state = built(student, F, A)
    output, lengths = batch([T] * B, F)
    assert_right(model(output, lengths), state, output, lengths)


@points(3)
@pytest.mark.parametrize(("lengths", "spare"), [([4, 4, 1, 4], 0), ([2, 5, 1, 3], 0), ([2, 5, 3], 13)])
def test_padding(student, lengths, spare):
    """A padded batch: the weights of a text sum to 1, and are exactly 0 on the padding."""
    model, state = built(student, 4, 3)
    output, lengths = batch(lengths, 4, spare)
    assert_right(model(output, lengths), state, output, lengths)


@points(1)
def test_one_step(student):
    """A text of one word has the weight 1 there; also alone in its batch."""
    model, state = built(student, 3, 4)
    for lengths in ([1, 1], [1]):
        output, lengths = batch(lengths, 3, 4)
        assert_right(model(output, lengths), state, output, lengths)


@points(1)
def test_large_scores(student):
    """Scores far below 0 in the words, and large states in the padding."""
    model, state = built(student, 3, 4)
    output, lengths = batch([2, 4], 3, 2)
    state["score.weight"] = -2000 * state["score.weight"].abs() * scores_sign(state, output)
    model.load_state_dict(state)
    output[0, 2:] = 1e6
    assert_right(model(output, lengths), state, output, lengths, ", with large scores and large numbers in the padding")


def scores_sign(state: dict[str, Tensor], output: Tensor) -> Tensor:
    """The signs of the hidden features at the first step, which make that step's score negative."""
    hidden = nn.functional.linear(output[0, 0], state["projection.weight"], state["projection.bias"])
    return hidden.sign()[None]


@points(1)
@pytest.mark.parametrize("padding", [torch.inf, torch.nan])
def test_padding_is_not_read(student, padding):
    """What stands in the padding does not matter: infinity, NaN."""
    model, state = built(student, 3, 4)
    output, lengths = batch([2, 4, 1], 3, 1)
    output[torch.arange(5) >= lengths[:, None]] = padding
    assert_right(model(output, lengths), state, output, lengths, f", with {padding} in the padding")


@points(2)
def test_gradient(student):
    """Gradients reach the valid steps and all parameters, and the arguments stay as they are."""
    model, state = built(student, 3, 4)
    output, lengths = batch([2, 4, 1], 3, 1)
    assert_right(model(output, lengths), state, output, lengths)
    assert_unchanged(student, "output", "lengths")
    upstream = torch.randn(3, 3, dtype=torch.float64), torch.randn(3, 5, dtype=torch.float64)
    leaf = output.clone().requires_grad_()
    leaves = {name: value.clone().requires_grad_() for name, value in state.items()}
    expected = torch.autograd.grad(right(leaves, leaf, lengths), [leaf, *leaves.values()], upstream)
    got = student.grad(model, (output, lengths), wrt=(0, *PARAMETERS), upstream=upstream)
    for name, value, correct in zip(("output", *PARAMETERS), got, expected, strict=True):
        assert_equal_arrays(value, correct, what=f"the gradient with respect to {name}")
