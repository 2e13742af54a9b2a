"""Exercise `shifted-targets`: what a decoder reads, what it must predict, and the loss without padding."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged, unpack

EXERCISE = Exercise(
    id="shifted-targets",
    chapter="10_seq2seq",
    place=1,
    title="What the decoder reads, and what it must predict",
    defines=("teacher_batch", "sequence_loss"),
    hints=(
        "Write both rows of one sentence, [7, 8], one below the other: the inputs 2, 7, 8 and the targets 7, 8, 3. "
        "Each column says: having read this, predict that. For the loss: which argument of F.cross_entropy leaves "
        "out the targets with a certain id?",
        "Make the targets first: pad_sequence of the sentences with their ends. The inputs are a column of 2 followed "
        "by all columns of the targets but the last. F.cross_entropy wants the scores of the V symbols on axis 1, so "
        "give it (B * T, V) and (B * T,).",
        "targets = pad_sequence([torch.tensor([*sentence, 3]) for sentence in sentences], batch_first=True); inputs = "
        "torch.cat((torch.full((len(sentences), 1), 2), targets[:, :-1]), dim=1). The loss: "
        "F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0).",
    ),
    forbidden=("rnnbook.models", "rnnbook.text.pairs", "rnnbook.text.Pairs"),
)
PAD, START, END = 0, 2, 3
Sentences = list[list[int]]


def padded(rows: list[list[int]], end: int = PAD) -> Tensor:
    """Rows of one length; `end` stands in the last column of all rows that were padded."""
    T = max(map(len, rows))
    return torch.tensor([(row + [PAD] * (T - len(row) - 1) + [end])[:T] if len(row) < T else row for row in rows])


def right(sentences: Sentences) -> tuple[Tensor, Tensor]:
    """Inputs and targets."""
    return padded([[START, *row] for row in sentences]), padded([[*row, END] for row in sentences])


def assert_batch(student, sentences: Sentences) -> None:
    """Checks both results of `teacher_batch`."""
    got, got_targets = unpack(student.teacher_batch(sentences), "inputs", "targets")
    inputs, targets = right(sentences)
    what = f"for the sentences {sentences}"
    wrong_targets = {
        "The targets lack their end: each row should have a 3 after its sentence, or the model never learns to stop.": (
            padded([[*row, PAD] for row in sentences])
        ),
        "The targets lack their end: each row should have a 3 after its sentence, one column more.": (
            padded([row or [PAD] for row in sentences])
        ),
        "The start stands in the targets: nobody has to predict it, since each sentence begins with it anyway.": (
            padded([[START, *row, END] for row in sentences])
        ),
        "Inputs and targets are the wrong way round: return inputs, targets.": inputs,
        "The end comes after the padding: it should follow the sentence at once. Append it before you pad.": (
            padded([[*row, END] if len(row) == max(map(len, sentences)) else row for row in sentences], end=END)
        ),
        "The targets are shifted by two: the decoder would skip the first symbol. targets[b, 0] is the first symbol of "
        "the sentence.": padded([[*row[1:], END, PAD] for row in sentences]),
        "The targets are shifted by two: the decoder would skip the first symbol, and the last column is lost.": (
            padded([[*row[1:], END] for row in sentences])
        ),
    }
    assert_equal_arrays(got_targets, targets, mistakes=wrong_targets, what=f"targets {what}")
    wrong = {
        "The inputs are not shifted: inputs[b, t] is the very symbol that should be predicted, so the decoder only has "
        "to copy it. Put the start in front: inputs[b, t] is the symbol before targets[b, t].": targets,
        "The inputs lack their start: so the decoder reads the very symbol that it should predict.": (
            padded([[*row, PAD] for row in sentences])
        ),
        "The inputs are shifted by two: the decoder never reads the symbol just before the one that it predicts.": (
            padded([[START, START, *row][: len(row) + 1] for row in sentences])
        ),
        "The inputs are shifted by two: there is padding, 0, between the start and the sentence.": (
            padded([[START, PAD, *row][: len(row) + 1] for row in sentences])
        ),
        "The inputs are shifted the wrong way: they show the decoder what comes after the symbol that it predicts.": (
            padded([[*row, END, PAD][1:] for row in sentences])
        ),
        "The inputs begin with the end, 3: the start is 2.": padded([[END, *row] for row in sentences]),
        "The inputs begin with padding, 0: the start is 2.": padded([[PAD, *row] for row in sentences]),
        "The inputs begin with the unknown symbol, 1: the start is 2.": padded([[1, *row] for row in sentences]),
        "The inputs have the end too, in a column of its own. There is nothing left to predict after it: leave out the "
        "last column.": padded([[START, *row, END] for row in sentences]),
    }

    def seen(rows: Tensor) -> Tensor:
        """Inputs, with the right ones where nothing is predicted."""
        return torch.where(targets == PAD, inputs.to(rows.dtype), rows) if rows.shape == inputs.shape else rows

    shown = seen(got) if isinstance(got, Tensor) else got
    named = {sentence: seen(rows) for sentence, rows in wrong.items()}
    assert_equal_arrays(shown, inputs, mistakes=named, what=f"inputs {what}")


def scores(B: int, T: int, V: int, lengths: list[int]) -> tuple[Tensor, Tensor]:
    """Random logits, and targets of these lengths, ends included."""
    rows = [[*torch.randint(4, V, (n - 1,)).tolist(), END] + [PAD] * (T - n) for n in lengths]
    return 2 * torch.randn(B, T, V, dtype=torch.float64), torch.tensor(rows)


def loss_mistakes(logits: Tensor, targets: Tensor) -> dict:
    """What people write instead."""
    flat, symbols, kept = logits.flatten(0, 1), targets.flatten(), targets != PAD
    each = cross_entropy(flat, symbols, reduction="none").reshape(targets.shape)  # (B, T)

    def mean(where: Tensor) -> Tensor:
        return each[where].mean()

    ends = targets == END
    first = torch.zeros_like(kept)
    first[:, 0] = True
    return {
        "The padding counts: a model would be praised for predicting it. ignore_index=0 leaves it out.": each.mean(),
        "You divided by all B · T steps: divide by the number of symbols that are no padding.": (
            (each * kept).sum() / kept.numel()
        ),
        "That is the mean of the sentences' means: a symbol in a short sentence would weigh more than one in a long. "
        "Take the mean over all symbols.": ((each * kept).sum(1) / kept.sum(1)).mean(),
        "That is the sum over all symbols: take their mean.": (each * kept).sum(),
        "That is the sum over the symbols of a sentence: divide by the number of symbols, not of sentences.": (
            (each * kept).sum() / len(targets)
        ),
        "The end does not count: it is a symbol that must be learned, or the model never stops.": (
            lambda: mean(kept & ~ends)
        ),
        "The first symbol does not count: it must be learned as well.": lambda: mean(kept & ~first),
        "The logits went to the cross entropy as (B, T, V): it takes axis 1 for the V scores. Here T is V, and no "
        "error tells you. Flatten to (B * T, V) and (B * T,).": (
            lambda: cross_entropy(logits, targets, ignore_index=PAD)
        ),
        "The logits went to the cross entropy as (B, T, V): it takes axis 1 for the scores, and the padding counts.": (
            lambda: cross_entropy(logits, targets)
        ),
        "F.cross_entropy applies the softmax by itself: give it the logits.": (
            cross_entropy(flat.softmax(1), symbols, ignore_index=PAD)
        ),
        "You shifted once more: the logits at step t are for targets[:, t] already.": (
            lambda: cross_entropy(logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten(), ignore_index=PAD)
        ),
        "These are the losses of the symbols: take their mean.": each * kept,
        "These are the losses of the symbols, one after the other: take their mean.": (each * kept).flatten(),
    }


def assert_loss(student, logits: Tensor, targets: Tensor) -> None:
    """Checks the loss."""
    B, T, V = logits.shape
    expected = cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD)
    what = f"the loss for B = {B}, T = {T}, V = {V} and {(targets != PAD).sum(1).tolist()} symbols"
    assert_equal_arrays(
        student.sequence_loss(logits, targets), expected, mistakes=loss_mistakes(logits, targets), what=what
    )


@points(1)
@pytest.mark.parametrize("sentences", [[[7, 8, 9]], [[4, 5], [6, 7], [8, 4]]])
def test_one_length(student, sentences):
    """Sentences of one length: the inputs are one step behind the targets."""
    assert_batch(student, sentences)


@points(2)
@pytest.mark.parametrize("sentences", [[[7, 8, 9], [5]], [[4], [5, 6], [7, 8, 9, 9], [1, 5, 4]]])
def test_padding(student, sentences):
    """Sentences of different lengths: the end follows each sentence at once, then comes the padding."""
    assert_batch(student, sentences)
    assert_unchanged(student, "sentences")


@points(1)
@pytest.mark.parametrize("sentences", [[[], [5, 6]], [[]]])
def test_empty_sentence(student, sentences):
    """An empty sentence: after the start its end is predicted."""
    assert_batch(student, sentences)


@points(1)
@pytest.mark.parametrize(("B", "T", "V"), [(5, 5, 5), (3, 4, 7)])
def test_loss(student, B, T, V):
    """The loss of a batch without padding is the mean cross entropy of its symbols."""
    assert_loss(student, *scores(B, T, V, [T] * B))


@points(2)
@pytest.mark.parametrize(("T", "V", "lengths"), [(6, 6, [6, 2, 3]), (5, 9, [1, 5]), (7, 8, [3, 1, 4, 2])])
def test_loss_of_padding(student, T, V, lengths):
    """The padding does not count, and every symbol counts alike, the end included."""
    assert_loss(student, *scores(len(lengths), T, V, lengths))


@points(1)
def test_gradient(student):
    """The gradient reaches the symbols, and is 0 in the padding; the arguments stay as they are."""
    logits, targets = scores(3, 5, 6, [5, 1, 3])
    assert_loss(student, logits, targets)
    assert_unchanged(student, "logits", "targets")
    leaf = logits.clone().requires_grad_()
    cross_entropy(leaf.flatten(0, 1), targets.flatten(), ignore_index=PAD).backward()
    (got,) = student.grad("sequence_loss", (logits, targets))
    assert_equal_arrays(got, leaf.grad, what="the gradient with respect to logits")
