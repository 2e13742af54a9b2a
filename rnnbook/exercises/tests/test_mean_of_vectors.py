"""Exercise `mean-of-vectors`: a text as the mean of its word vectors, without its padding and without its order."""

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged

EXERCISE = Exercise(
    id="mean-of-vectors",
    chapter="07_text",
    place=4,
    title="A text as the mean of its word vectors",
    defines=("mean_of_vectors",),
    hints=(
        "weight[ids] looks up a vector for each id, (B, T, D), padding included. Which cells of ids are valid tells "
        "ids itself, and a mask made of it must reach both the sum and the number to divide by.",
        "valid = ids != 0 is (B, T), and valid[..., None] fits the vectors. Put zeros where it is not valid, by "
        "masked_fill or torch.where: to multiply by 0 is not enough, because 0 times NaN is NaN.",
        "weight[ids].masked_fill(~valid[..., None], 0).sum(dim=1) is the sum. Divide it by "
        "valid.sum(dim=1, keepdim=True).clamp(min=1): a row without a word gives 0 / 1.",
    ),
    forbidden=(
        *("torch.nn.EmbeddingBag", "torch.nn.functional.embedding_bag", "torch.embedding_bag", "torch.masked"),
        *("torch.nested", "torch.segment_reduce", "rnnbook.encode", "rnnbook.models"),
    ),
)


def inputs(B: int, T: int, D: int, V: int) -> tuple[Tensor, Tensor]:
    """Ids (B, T), padded at the end with 0, of lengths from 1 to T - 1; and vectors (V, D), also for the padding."""
    lengths = (torch.arange(B) % (T - 1) + 1)[torch.randperm(B)]
    ids = torch.randint(1, V, (B, T))
    ids[:, 1] = ids[:, 0]  # a word that stands there twice counts twice
    return ids.masked_fill(torch.arange(T) >= lengths[:, None], 0), torch.randn(V, D, dtype=torch.float64)


def mean_of_vectors(ids: Tensor, weight: Tensor) -> Tensor:
    """The right answer, row by row."""
    rows = [weight[row[row != 0]] for row in ids]
    return torch.stack([row.mean(0) if len(row) else weight.new_zeros(weight.shape[1]) for row in rows])


def mistakes(ids: Tensor, weight: Tensor) -> dict:
    """What people write instead, and what it gives."""
    B, T = ids.shape
    x = weight[ids]
    valid = ids != 0
    n = valid.sum(1, keepdim=True)  # (B, 1)
    total = torch.where(valid[..., None], x, 0).sum(1)
    lengths = n[:, 0].clamp(min=1)
    return {
        "The padding takes part, as a word like any other: leave out the cells where ids is 0.": x.mean(1),
        "You divided by T: divide each row by the number of its words, without the padding.": total / T,
        "You added up the vectors, but did not divide by the number of words: long texts give longer vectors than "
        "short ones.": total,
        "Your sum has the padding's vector in it, though you divided by the right number.": x.sum(1) / n,
        "Your sum is right, but the padding is added to the number of words, or one too many: divide by the number of "
        "cells that are not 0.": total / (n + 1),
        "You divided each row by the number of words of the longest: divide each by its own.": total / n.max(),
        "You divided by the number of all words of the batch: divide each row by its own.": total / n.sum(),
        "You divided by the batch size: divide each row by the number of its words.": total / B,
        "You divided column by column: the numbers of words are (B,), and have to be (B, 1) to divide rows.": lambda: (
            total / lengths
        ),
        "A row without words is 0 divided by 0, which is NaN: divide by at least 1, by .clamp(min=1).": total / n,
        "You multiplied the padding by 0, and 0 times NaN is NaN: replace it, by masked_fill or where.": (
            (x * valid[..., None]).sum(1) / n.clamp(min=1)
        ),
        "You counted each word once: one that stands there twice counts twice.": lambda: torch.stack(
            [weight[row[row != 0].unique()].mean(0) for row in ids]
        ),
        "You took the maximum, not the mean.": lambda: torch.stack([weight[row[row != 0]].amax(0) for row in ids]),
        "This is the vector of each text's last word: take the mean over all.": x[torch.arange(B), lengths - 1],
        "This is the vector of each text's first word: take the mean over all.": x[:, 0],
        "You averaged over the features: average over the words, axis 1.": x.mean(2),
        "You averaged over the texts: average over the words of each, axis 1.": x.mean(0),
        "You averaged over the whole batch: each text has a mean of its own.": x[valid].mean(0),
        "You averaged over the whole batch: each text has a mean of its own, so (B, D).": (
            x[valid].mean(0).expand(B, -1)
        ),
        "A row without words has the padding's vector: there is nothing to take a mean of, so give zeros.": lambda: (
            torch.where(n > 0, total / n, weight[0])
        ),
        "You took the steps up to the number of words: padding may stand anywhere, at the front too. Go by ids, not by "
        "its place.": lambda: torch.stack([row[:size].mean(0) for row, size in zip(x, lengths.tolist(), strict=True)]),
        "Rows without words are left out: row b of the result belongs to row b of ids, so give zeros there.": (
            lambda: (total / n)[n[:, 0] > 0]
        ),
        "You averaged the ids: look up their vectors first, weight[ids].": lambda: ids.double().mean(1),
    }


def assert_right(student, ids: Tensor, weight: Tensor, what: str = "") -> None:
    """Checks the means of one batch."""
    got = student.mean_of_vectors(ids, weight)
    lengths = (ids != 0).sum(1).tolist()
    what = f"mean_of_vectors for texts of {', '.join(map(str, lengths))} words{what}"
    assert_equal_arrays(got, mean_of_vectors(ids, weight), mistakes=mistakes(ids, weight), what=what)


@points(3)
@pytest.mark.parametrize(("B", "T", "D", "V"), [(4, 4, 4, 4), (3, 7, 5, 11), (5, 4, 2, 6), (6, 3, 1, 4), (1, 5, 3, 9)])
def test_mean(student, B, T, D, V):
    """The mean of the vectors of each text's words; all sizes equal, then all different."""
    assert_right(student, *inputs(B, T, D, V))


@points(1)
def test_padding_in_front(student):
    """Padding counts nowhere, also not in front of a text or within it."""
    ids, weight = inputs(4, 6, 3, 9)
    assert_right(student, ids.flip(1), weight, ", with the padding in front,")
    ids = torch.tensor([[3, 0, 4, 4, 0, 1], [0, 2, 0, 0, 5, 0]])
    assert_right(student, ids, weight, ", with padding between the words,")


@points(2)
@pytest.mark.parametrize("padding", [1e6, torch.inf, torch.nan])
def test_vector_of_padding_is_not_read(student, padding):
    """The padding's own vector does not matter: a million, infinity, NaN."""
    ids, weight = inputs(4, 6, 3, 9)
    weight[0] = padding
    assert_right(student, ids, weight, f", with {padding} as the padding's vector,")


@points(1)
@pytest.mark.parametrize("ids", [[[2, 3, 0], [0, 0, 0], [4, 0, 0]], [[0, 0]], [[0], [1]]], ids=["one", "all", "T = 1"])
def test_no_words(student, ids):
    """A text without words gives zeros, and leaves the others as they are."""
    assert_right(student, torch.tensor(ids), torch.randn(5, 4, dtype=torch.float64))


@points(1)
def test_order(student):
    """The order of the words does not matter: a text and the same text shuffled have one mean."""
    _, weight = inputs(4, 6, 3, 9)
    ids = torch.tensor([[1, 2, 3, 4, 5, 0, 0], [6, 7, 8, 0, 0, 0, 0]])
    shuffled = torch.tensor([[4, 1, 5, 3, 2, 0, 0], [8, 6, 7, 0, 0, 0, 0]])
    first, second = (student.mean_of_vectors(rows, weight) for rows in (ids, shuffled))
    right = mean_of_vectors(ids, weight)
    assert_equal_arrays(first, right, mistakes=mistakes(ids, weight), what="mean_of_vectors")
    assert_equal_arrays(second, first, what="mean_of_vectors for the same texts, their words shuffled,")


@points(1)
def test_gradient(student):
    """The gradient reaches the vectors of the words, each by its share, and the padding's not at all."""
    ids, weight = inputs(3, 5, 2, 7)
    ids[1] = 0  # a text without words has no gradient, not NaN
    upstream = torch.randn(3, 2, dtype=torch.float64)
    leaf = weight.clone().requires_grad_()
    (right,) = torch.autograd.grad(mean_of_vectors(ids, leaf), leaf, upstream)
    (got,) = student.grad("mean_of_vectors", (ids, weight), wrt=(1,), upstream=upstream)
    named = {
        "A gradient reaches the padding's vector: in training it would become a word, and every padded text would "
        "change.": lambda: torch.cat([got[:1], right[1:]])
    }
    assert_equal_arrays(got, right, mistakes=named, what="the gradient of mean_of_vectors with respect to weight")


@points(1)
def test_arguments_unchanged(student):
    """The ids and the vectors stay as they are, the padding's too."""
    student.mean_of_vectors(*inputs(3, 5, 2, 7))
    assert_unchanged(student, "ids", "weight")
