"""Exercise `project-states`: the main directions of hidden states, by singular values, without the padding."""

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged, unpack

EXERCISE = Exercise(
    id="project-states",
    chapter="08_sentiment",
    place=6,
    title="A map of hidden states",
    defines=("project_states",),
    hints=(
        "Two jobs, one after the other: put all valid states below each other, (N, H), with a label and a position "
        "for each; then find the directions in which these N points differ most.",
        "A mask (B, T) picks: output[valid] is (N, H), row after row. labels[:, None].expand(-1, T)[valid] gives each "
        "state its text's label, and the positions go the same way. For the directions: points minus their mean, then "
        "torch.linalg.svd(..., full_matrices=False). Which of U, S and Vh has the directions?",
        "centred = states - states.mean(dim=0); _, _, Vh = torch.linalg.svd(centred, full_matrices=False); points = "
        "centred @ Vh[:k].T. The rows of Vh are the directions, the most important first.",
    ),
    forbidden=(
        *("sklearn.decomposition", "torch.pca_lowrank", "torch.svd_lowrank", "scipy", "sklearn.manifold"),
        *("rnnbook.models", "rnnbook.encode", "rnnbook.recipes"),
    ),
)


def inputs(lengths: list[int], H: int, spare: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """States whose features differ in mean and scale, with large numbers in the padding; lengths; labels."""
    n = torch.tensor(lengths)
    T = int(n.max()) + spare
    output = torch.randn(len(n), T, H, dtype=torch.float64) * torch.arange(1, H + 1) + 4 * torch.randn(H).double()
    output = output @ torch.linalg.qr(torch.randn(H, H).double())[0]
    output = output.masked_fill((torch.arange(T) >= n[:, None])[..., None], 30.0)
    return output, n, torch.arange(len(n)) % 2


def pca(states: Tensor, k: int, centre: Tensor | None = None) -> Tensor:
    """The first k coordinates of points (N, H)."""
    centred = states - (states.mean(0) if centre is None else centre)
    return centred @ torch.linalg.svd(centred, full_matrices=False)[2][:k].T


def turned(points: Tensor, like: Tensor) -> Tensor:
    """Points, each axis mirrored if that brings them nearer to `like`: a direction has no sign."""
    if points.shape != like.shape or points.ndim != 2:
        return points
    sign = (points * like.to(points)).sum(0).sign()
    return points * torch.where(sign == 0, 1, sign)


def mistakes(output: Tensor, lengths: Tensor, valid: Tensor, k: int) -> dict:
    """What people write instead, and the points that it gives."""
    states = output[valid]
    centred = states - states.mean(0)
    U, _, Vh = torch.linalg.svd(centred, full_matrices=False)
    zero = torch.zeros(states.shape[1], dtype=states.dtype)
    raw = torch.linalg.svd(states, full_matrices=False)[2]
    rows = [output[b, :n] for b, n in enumerate(lengths.tolist())]
    return {
        "The states were not centred: take their mean away first. As it is, the first direction only says where the "
        "cloud lies.": pca(states, k, zero),
        "The directions come from states that were not centred: centre them before the SVD.": centred @ raw[:k].T,
        "You centred for the SVD, but projected the states as they were.": states @ Vh[:k].T,
        "You centred each state over its features: take the mean over the states, axis 0.": lambda: pca(
            states, k, states.mean(1, keepdim=True)
        ),
        "The padding takes part in the mean and the directions: leave it out before you begin.": lambda: pca(
            output.flatten(0, 1), k
        ).reshape(*output.shape[:2], k)[valid],
        "The mean is over all steps, padding included: leave it out before you begin.": pca(
            states, k, output.mean((0, 1))
        ),
        "The padding is still there: there should be a point for each valid step only.": lambda: pca(
            output.flatten(0, 1), k
        ),
        "These are the columns of U, in which all directions have the same length: multiply them by S, or project "
        "centred @ Vh[:k].T.": U[:, :k],
        "These are the directions, not the points: project, centred @ Vh[:k].T.": Vh[:k],
        "You took the columns of Vh: its rows are the directions, Vh[:k].T.": lambda: centred @ Vh[:, :k],
        "You took the last directions: the first rows of Vh belong to the largest singular values.": (
            centred @ Vh[-k:].T
        ),
        "You took the last directions, the least first: the first rows of Vh have the largest singular values.": (
            centred @ Vh.flip(0)[:k].T
        ),
        "Each axis is divided by its spread: a map keeps the distances, so leave the points as they are.": (
            centred @ Vh[:k].T / (centred @ Vh[:k].T).std(0)
        ),
        "You divided each feature by its spread first: only take the mean away.": lambda: pca(
            states / states.std(0), k
        ),
        "Each text was centred by itself: the mean is that of all states.": lambda: pca(
            torch.cat([row - row.mean(0) for row in rows]), k
        ),
        "The points are in the order of time, first step 0 of all texts: they go text by text.": lambda: pca(
            output.transpose(0, 1)[valid.T], k
        ),
        "These are the first k features: project on the directions.": states[:, :k],
    }


def assert_right(student, output: Tensor, lengths: Tensor, labels: Tensor, k: int = 2, part: int = 0) -> None:
    """Checks points (part 0), their labels (1) or their positions (2)."""
    valid = torch.arange(output.shape[1]) < lengths[:, None]
    got = unpack(student.project_states(output, lengths, labels, k), "points", "labels", "positions")
    what = f"for lengths {lengths.tolist()}, T = {output.shape[1]}, H = {output.shape[2]}, k = {k}"
    if part == 0:
        points = got[0]
        right = pca(output[valid], k)
        points = turned(points, right) if isinstance(points, Tensor) else points
        wrong = {}
        for sentence, value in mistakes(output, lengths, valid, k).items():
            wrong[sentence] = lambda value=value: turned(value() if callable(value) else value, points)
        wrong["The points are transposed: there is a row for each state."] = lambda: turned(right, points.T).T
        assert_equal_arrays(points, right, mistakes=wrong, what=f"points {what}", atol=1e-6)
        return
    N, T = int(lengths.sum()), output.shape[1]
    if part == 1:
        name, right = "labels", labels.repeat_interleave(lengths)
        wrong = {
            "The labels go round and round: each text's label is repeated for all of its own steps, "
            "repeat_interleave(labels, lengths).": labels.repeat(N)[:N],
            "Each label is repeated equally often: repeat it for as many steps as its text has.": lambda: (
                labels.repeat_interleave(-(-N // len(labels)))[:N]
            ),
            "There are labels for the padding too.": labels.repeat_interleave(T),
            "There is one label for each text: give one for each point.": labels,
            "The labels go with an order by time, but the points go text by text.": (
                labels[:, None].expand(-1, T).T[valid.T]
            ),
            "These are the positions: the labels come second, the positions third.": torch.cat(
                [torch.arange(n) for n in lengths.tolist()]
            ),
        }
    else:
        name, right = "positions", torch.cat([torch.arange(n) for n in lengths.tolist()])
        wrong = {
            "The positions start at 1: the first word is at position 0.": right + 1,
            "These are the numbers of the points: a position is that of the word in its own text, and starts again at "
            "0 with each text.": torch.arange(N),
            "There are positions for the padding too.": torch.arange(T).repeat(len(labels)),
            "The positions go with an order by time, but the points go text by text.": (
                torch.arange(T)[:, None].expand(-1, len(labels))[valid.T]
            ),
            "These are the numbers of the texts: a position counts the words in a text.": (
                torch.arange(len(labels)).repeat_interleave(lengths)
            ),
        }
    assert_equal_arrays(got[part], right, mistakes=wrong, what=f"{name} {what}")


@points(2)
@pytest.mark.parametrize(("B", "T", "H"), [(4, 4, 4), (3, 6, 5), (5, 3, 2)])
def test_whole_rows(student, B, T, H):
    """Texts of one length: centred states on their two main directions, whatever the signs."""
    assert_right(student, *inputs([T] * B, H))


@points(2)
@pytest.mark.parametrize("spare", [0, 3])
def test_padding(student, spare):
    """A padded batch: only valid steps become points, text by text."""
    assert_right(student, *inputs([4, 2, 7, 1], 5, spare))


@points(1)
@pytest.mark.parametrize("k", [1, 3, 5])
def test_directions(student, k):
    """One direction, three, as many as there are features."""
    assert_right(student, *inputs([4, 2, 7], 5), k)


@points(1)
@pytest.mark.parametrize("lengths", [[3, 3, 3], [4, 2, 7, 1]])
def test_labels(student, lengths):
    """Each point has the label of its text."""
    assert_right(student, *inputs(lengths, 4, 1), part=1)


@points(1)
@pytest.mark.parametrize("lengths", [[3, 3, 3], [4, 2, 7, 1]])
def test_positions(student, lengths):
    """Each point has the position of its word in its text."""
    assert_right(student, *inputs(lengths, 4, 1), part=2)


@points(1)
def test_arguments_unchanged(student):
    """The states, lengths and labels stay as they are."""
    student.project_states(*inputs([4, 2], 3), 2)
    assert_unchanged(student, "output", "lengths", "labels", "k")
