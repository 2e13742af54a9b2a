"""Exercise `confusion-matrix`: counts of true and predicted classes, and the macro F1 that follows from them."""

import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged

EXERCISE = Exercise(
    id="confusion-matrix",
    chapter="02_rnn",
    place=6,
    title="Confusion matrix and macro F1",
    defines=("confusion", "macro_f1"),
    hints=(
        "Row i, column j counts the names of class i that were predicted to be class j. Start from zeros, (C, C), and "
        "go through the pairs. The right answers of class k are counts[k, k]: what do row k and column k add up to?",
        "F1 of class k is 2 · counts[k, k] / (sum of row k + sum of column k). A class with both sums 0 has F1 = 0, "
        "and still counts in the mean.",
        "counts.diag(), counts.sum(dim=1) and counts.sum(dim=0) have one entry for each class; clamp(min=1) on the "
        "denominator avoids 0/0. Then .mean().item().",
    ),
    forbidden=("sklearn.metrics", "torchmetrics"),
)
CLASSES = ["Spanish", "Czech", "Greek", "Arabic"]  # in no alphabetical order; nothing below is Arabic
TRUE = ["Spanish"] * 8 + ["Czech"] * 4 + ["Greek"]
PREDICTED = ["Spanish"] * 6 + ["Czech", "Greek", "Czech", "Czech", "Spanish", "Greek", "Greek"]


def expected(true: list[str], predicted: list[str], classes: list[str]) -> Tensor:
    """The right counts, (C, C)."""
    pairs = list(zip(true, predicted, strict=True))
    return torch.tensor([[pairs.count((row, column)) for column in classes] for row in classes])


def count_mistakes(true: list[str], predicted: list[str], classes: list[str]) -> dict:
    """What people write instead, and the matrix that it gives."""
    right = expected(true, predicted, classes)
    occurring = [name for name in classes if name in true or name in predicted]
    rows, columns = right.sum(1, keepdim=True), right.sum(0, keepdim=True)
    return {
        "Your counts are no integers: start from torch.zeros(C, C, dtype=torch.int64).": right.double(),
        "Your matrix is transposed: rows are the true classes, columns the predicted ones.": right.T,
        "Your rows and columns are in alphabetical order: keep to the order of classes.": (
            expected(true, predicted, sorted(classes))
        ),
        "You put 1 where there is anything. When i and j are tensors, counts[i, j] += 1 adds once to each place.": (
            right.clamp(max=1)
        ),
        "You left out the classes that do not occur: the matrix is always (C, C).": (
            lambda: expected(true, predicted, occurring)
        ),
        "You normalised the rows: return counts.": right / rows,
        "You normalised the columns: return counts.": right / columns,
        "You normalised: return counts.": right / right.sum(),
        "You counted the right answers only: the others stand off the diagonal.": right.diag().diag(),
    }


def expected_f1(counts: Tensor) -> float:
    """The right macro F1."""
    denominator = counts.sum(0) + counts.sum(1)
    return (2 * counts.diag() / denominator.clamp(min=1)).mean().item()


def f1_mistakes(counts: Tensor) -> dict:
    """What people compute instead."""
    right, rows, columns = counts.diag().double(), counts.sum(1).double(), counts.sum(0).double()
    f1 = 2 * right / (rows + columns)  # NaN for a class that does not occur
    precision, recall = right / columns.clamp(min=1), right / rows.clamp(min=1)
    P, R = precision.mean(), recall.mean()
    return {
        "A class without a right answer gives 0/0: its F1 is 0.": torch.tensor(torch.nan),
        "This is the accuracy, which is also the micro average: compute F1 for each class, then the mean.": (
            right.sum() / counts.sum()
        ),
        "This is the mean recall: F1 of a class is 2PR / (P + R), with its precision P too.": R,
        "This is the mean precision: F1 of a class is 2PR / (P + R), with its recall R too.": P,
        "You computed one F1 from the mean precision and the mean recall: take the mean of the classes' F1.": (
            2 * P * R / (P + R)
        ),
        "You left out classes that do not occur: they count as 0.": f1.nanmean(),
        "You left out classes without a right answer: they count as 0.": f1[right > 0].mean(),
        "You weighted the classes by how often they occur: each counts the same.": f1.nan_to_num() @ rows / rows.sum(),
        "You added up the classes' F1: take their mean.": f1.nansum(),
        "You left out the 2 in F1 = 2PR / (P + R).": f1.nan_to_num().mean() / 2,
    }


def assert_macro_f1(got, counts: Tensor, what: str = "the macro F1") -> None:
    wrong = {sentence: value.item() for sentence, value in f1_mistakes(counts).items()}
    what += f" of {counts.tolist()}"
    assert_equal_arrays(got, expected_f1(counts), mistakes=wrong, what=what, atol=1e-6)


@points(3)
def test_counts(student):
    """The confusion matrix of thirteen names and four classes, one of which does not occur."""
    given = (TRUE, PREDICTED, CLASSES)
    got = student.confusion(*given)
    assert_equal_arrays(got, expected(*given), mistakes=count_mistakes(*given), what="the confusion matrix")


@points(1)
@pytest.mark.parametrize("size", [1, 2, 6])
def test_sizes(student, size):
    """One class, two, six."""
    classes = [f"class {i}" for i in range(size)]
    true, predicted = ([classes[i] for i in torch.randint(size, (40,))] for _ in range(2))
    given = (true, predicted, classes)
    got = student.confusion(*given)
    assert_equal_arrays(got, expected(*given), mistakes=count_mistakes(*given), what="the confusion matrix")


@points(2)
def test_macro_f1(student):
    """Macro F1 of a matrix in which every class occurs."""
    counts = torch.tensor([[80, 5, 3], [7, 6, 1], [2, 2, 4]])
    assert_macro_f1(student.macro_f1(counts), counts)


@points(2)
@pytest.mark.parametrize(
    "counts",
    [
        [[5, 0, 1], [0, 4, 0], [2, 1, 0]],  # a class without a right answer
        [[6, 1, 1, 0], [1, 2, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]],  # a class that does not occur
        [[5, 2, 0], [1, 4, 0], [1, 1, 0]],  # a class that is never predicted
    ],
)
def test_empty_classes(student, counts):
    """A class without true names, predicted names or right answers has F1 = 0, and counts in the mean."""
    assert_macro_f1(student.macro_f1(torch.tensor(counts)), torch.tensor(counts))


@points(1)
def test_perfect_and_useless(student):
    """All right gives 1, all wrong gives 0."""
    for counts in (torch.tensor([[3, 0], [0, 90]]), torch.tensor([[0, 3], [90, 0]])):
        assert_macro_f1(student.macro_f1(counts), counts)


@points(1)
def test_arguments_unchanged(student):
    """The arguments stay as they are."""
    student.confusion(TRUE, PREDICTED, CLASSES)
    assert_unchanged(student, "true", "predicted", "classes")
    student.macro_f1(torch.tensor([[3, 1], [2, 4]]))
    assert_unchanged(student, "counts")
