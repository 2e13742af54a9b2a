"""Exercise `truncated-bptt`: training on a long sequence in chunks, with the state carried and its history cut."""

import copy
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged, unpack
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.student import Handle
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="truncated-bptt",
    chapter="03_bptt",
    place=4,
    title="Learn from a long sequence, chunk by chunk",
    defines=("Reader", "train_in_chunks"),
    hints=(
        "Forget about learning first: read x[:, :chunk], then x[:, chunk : 2 * chunk], and so on. What does the model "
        "need for the second chunk that came out of the first?",
        "A loop `for start in range(0, T, chunk):` with the slice start : start + chunk of x and y, which may be "
        "shorter at the end. In each turn: predict, loss, gradients to zero, backward, a step of the optimiser. One "
        "line has to cut the state from its history, or the next backward goes on into chunks that are done with.",
        "optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate), h = None; in the loop `prediction, h = "
        "model(x[:, start : start + chunk], h)`, the loss and the step, then `h = h.detach()` and "
        "`losses.append(loss.item())`.",
    ),
    forbidden=("rnnbook.train", "rnnbook.models", "rnnbook.layers", "rnnbook.numpy_rnn", "rnnbook.recipes"),
)
RATE = 0.5


class Reader(nn.Module):
    """The model of the task."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int):
        super().__init__()
        self.rnn = nn.RNN(input_size, hidden_size, batch_first=True)
        self.linear = nn.Linear(hidden_size, output_size)

    def forward(self, x: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
        output, h = self.rnn(x, h)
        return self.linear(output), h


class Case:
    """A model on the learner's side, one on ours with the same parameters, and a sequence for both.

    Args:
        student: the fixture.
        B: sequences in the batch.
        T: their length.
        chunk: steps in a chunk.
        rate: learning rate.
    """

    def __init__(self, student, B: int, T: int, chunk: int, rate: float):
        self.T, self.chunk, self.rate = T, chunk, rate
        self.start = Reader(3, 4, 2).double().state_dict()
        self.x, self.y = torch.randn(B, T, 3).double(), torch.randn(B, T, 2).double()
        self.learners = student.Reader(3, 4, 2).double()
        self.learners.load_state_dict(self.start)
        self.call = (self.learners, self.x, self.y, chunk, rate)

    def run(self, train: Callable) -> dict[str, Tensor]:
        """What a way to train gives: "losses", (chunks,), "h", (1, B, H), and the parameters, by name."""
        model = Reader(3, 4, 2).double()
        model.load_state_dict(self.start)
        losses, h = train(model, self)
        outcome = {"losses": torch.tensor(losses, dtype=torch.float64), "h": h if h is None else h.detach()}
        return outcome | {name: parameter.detach() for name, parameter in model.named_parameters()}

    def chunks(self) -> Iterator[tuple[Tensor, Tensor]]:
        """x and y of each chunk, (B, up to chunk, features)."""
        return zip(self.x.split(self.chunk, dim=1), self.y.split(self.chunk, dim=1), strict=True)


def train(
    model: Reader,
    case: Case,
    chunks: list[tuple[Tensor, Tensor]] | None = None,
    *,
    carry: bool = True,
    clear: bool = True,
    learn: bool = True,
    criterion: Callable = F.mse_loss,
    horizon: int | None = None,
    optimiser: Callable = torch.optim.SGD,
    part: str = "",
    again: str = "",
) -> tuple[list[float], Tensor]:
    """The reference, with one thing done in another way.

    Args:
        chunks: other chunks than the case's.
        carry: whether a chunk starts from the state that the one before left.
        clear: whether gradients are set to zero before each chunk.
        learn: whether the parameters are changed.
        criterion: of prediction and target.
        horizon: cut the state also within a chunk, after so many steps.
        optimiser: its class.
        part: of the model, alone to be changed; by default all of it.
        again: what is taken from a second reading of each chunk, after the step: "loss" or "h".
    """
    optimiser = optimiser(model.get_submodule(part).parameters(), lr=case.rate if learn else 0.0)
    losses, h = [], None
    for x, y in case.chunks() if chunks is None else chunks:
        before = h.detach() if carry and h is not None else None
        h, predictions = before, []
        for piece in x.split(horizon or x.shape[1], dim=1):
            prediction, h = model(piece, None if h is None else h.detach())
            predictions.append(prediction)
        loss = criterion(torch.cat(predictions, dim=1), y)
        if clear:
            optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        prediction, late = model(x, before)
        h = late if again == "h" else h
        losses.append(criterion(prediction, y).item() if again == "loss" else loss.item())
    return losses, h


def last_step(prediction: Tensor, y: Tensor) -> Tensor:
    """The loss of a chunk's last step alone."""
    return F.mse_loss(prediction[:, -1], y[:, -1])


def in_one_step(model: Reader, case: Case, cut: bool, mean: bool) -> tuple[list[float], Tensor]:
    """One backward pass and one step for all chunks together; `cut` where the state is cut between them."""
    losses, h = [], None
    for x, y in case.chunks():
        prediction, h = model(x, h.detach() if cut and h is not None else h)
        losses.append(F.mse_loss(prediction, y))
    total = sum(losses)
    (total / len(losses) if mean else total).backward()
    torch.optim.SGD(model.parameters(), lr=case.rate).step()
    return [loss.item() for loss in losses], h


def side_by_side(model: Reader, case: Case) -> tuple[list[float], Tensor]:
    """One step for all chunks as rows of one batch."""
    x, y = (value.unflatten(1, (-1, case.chunk)).flatten(0, 1) for value in (case.x, case.y))
    return train(model, case, [(x, y)])


def on_a_copy(model: Reader, case: Case) -> tuple[list[float], Tensor]:
    """The reference, without any effect on the model."""
    return train(copy.deepcopy(model), case)


def mistakes(case: Case) -> dict[str, Callable[[Reader, Case], tuple]]:
    """What people do instead, as a way to train."""
    T, chunk = case.T, case.chunk
    right = [*case.chunks()]

    def starting_at(*starts: int) -> list[tuple[Tensor, Tensor]]:
        return [(case.x[:, start : start + chunk], case.y[:, start : start + chunk]) for start in starts]

    full = [pair for pair in right if pair[0].shape[1] == chunk]
    first_targets = [(x, case.y[:, : x.shape[1]]) for x, _ in right]
    overlapping = starting_at(*range(T - chunk + 1))
    once = "The parameters changed only once, at the end: make a step after each chunk."
    through_all = f"{once} And the gradient went back through all chunks: cut the state's history."
    return {
        "The state is not carried, each chunk starts from zeros again: give the state that the chunk before left to "
        "the model, model(x_chunk, h).": partial(train, carry=False),
        "The last chunk is missing, which is shorter than the others. A slice may reach beyond the end, so loop over "
        "range(0, T, chunk).": partial(train, chunks=full),
        "The steps that are left over are missing at the start: the first chunk starts at step 0, and the last is the "
        "shorter one.": partial(train, chunks=starting_at(*range(T % chunk, T, chunk))),
        "The chunks overlap: each starts where the one before has ended.": partial(train, chunks=overlapping),
        "The chunks overlap, and the state is not carried: each starts where the one before has ended.": (
            partial(train, chunks=overlapping, carry=False)
        ),
        "You took the chunks in the wrong order: go from the start of the sequence to its end.": (
            partial(train, chunks=right[::-1])
        ),
        "The targets of all chunks are those of the first: cut y as you cut x.": partial(train, chunks=first_targets),
        "Nothing has been learned: does optimiser.step() come after loss.backward(), and zero_grad() before it?": (
            partial(train, learn=False)
        ),
        "The losses are right, but the given model has learned nothing: train `model` itself, not a copy of it.": (
            on_a_copy
        ),
        "The gradients of all chunks add up: set them to zero before each backward().": partial(train, clear=False),
        "The gradients of all chunks add up, and the state is not carried.": partial(train, clear=False, carry=False),
        "You added up the squares: the loss is their mean over the chunk.": partial(
            train, criterion=partial(F.mse_loss, reduction="sum")
        ),
        "You took the loss of each chunk's last step: it is the mean over all its steps.": (
            partial(train, criterion=last_step)
        ),
        "You cut the history at every step: cut it between chunks, so that the gradient goes back to the start of its "
        "chunk.": partial(train, horizon=1),
        "You used Adam: the task asks for plain gradient descent, torch.optim.SGD.": (
            partial(train, optimiser=torch.optim.Adam)
        ),
        "You used momentum: the task asks for plain gradient descent, torch.optim.SGD with nothing but lr.": (
            partial(train, optimiser=partial(torch.optim.SGD, momentum=0.9))
        ),
        "Only the recurrent layer has learned: give the optimiser model.parameters(), which are all.": (
            partial(train, part="rnn")
        ),
        "Only the linear layer has learned: give the optimiser model.parameters(), which are all.": (
            partial(train, part="linear")
        ),
        "These are the losses after each step: take the loss that the step was made from.": (
            partial(train, again="loss")
        ),
        "You read each chunk a second time, after the step, for its state: hand on the one that came with the "
        "prediction.": partial(train, again="h"),
        "There is one loss: are the chunks laid side by side, as more rows of the batch? They follow each other.": (
            side_by_side
        ),
        "You read the whole sequence as one chunk. (Or did you cut the batch? The steps are the second axis, "
        "x[:, start : start + chunk].)": partial(train, chunks=[(case.x, case.y)]),
        once: partial(in_one_step, cut=True, mean=False),
        f"{once} You took the mean of the chunks' losses.": partial(in_one_step, cut=True, mean=True),
        through_all: partial(in_one_step, cut=False, mean=False),
        f"{through_all} You took the mean of the chunks' losses.": partial(in_one_step, cut=False, mean=True),
    }


def taught(student, case: Case):
    """What the learner's function gives; the errors of a graph that reaches over chunks are explained."""
    try:
        return student.train_in_chunks(*case.call)
    except LearnerError as error:
        if "second time" in error.said:
            told = (
                "The backward pass of this chunk went on into the chunk before it, whose graph is gone. Cut the state "
                "from its history before the next chunk: h = h.detach()."
            )
        elif "inplace operation" in error.said:
            told = (
                "The backward pass of this chunk went on into the chunks before it, which were computed with the "
                "parameters before the step. Keeping their graphs (retain_graph=True) is no remedy: cut the state "
                "from its history before the next chunk, h = h.detach()."
            )
        elif "does not require grad" in error.said:
            told = (
                "There is no gradient: something has cut the graph from the parameters to the loss. Only the state "
                "that goes into the next chunk is cut."
            )
        else:
            raise
        raise AssertionError(f"{told}\n{error}") from None


def outcome(got, case: Case) -> dict[str, Tensor]:
    """What the learner's call gave and did, in the form of `Case.run`."""
    losses, h = unpack(got, "losses", "h")
    assert isinstance(losses, list), f"losses should be a list, but it is {describe(losses)}."
    for loss in losses:
        remedy = ""
        if isinstance(loss, Tensor):
            remedy = " A tensor keeps the graph of its chunk alive, and so all of memory: take its number, loss.item()."
        assert isinstance(loss, float), f"losses should hold Python numbers, but one is {describe(loss)}.{remedy}"
    assert not isinstance(h, Handle), f"h should be a tensor, but it is {h!r}."
    return {"losses": torch.tensor(losses, dtype=torch.float64), "h": h} | case.learners.state_dict()


def same(got: dict, values: dict) -> bool:
    """Whether losses and parameters are equal; the last state follows from them."""
    return all(
        isinstance(got[name], Tensor) and got[name].shape == value.shape and torch.allclose(got[name].to(value), value)
        for name, value in values.items()
        if name != "h"
    )


def does(way: Callable, case: Case, got: dict) -> bool:
    """Whether this way to train gives what the learner's gave; some ways are none where the sizes do not fit."""
    try:
        return same(got, case.run(way))
    except RuntimeError:
        return False


def assert_trained(student, B: int, T: int, chunk: int, rate: float) -> None:
    """Checks losses, the last state and the parameters afterwards."""
    case = Case(student, B, T, chunk, rate)
    right = case.run(train)  # before the learner's turn: the first optimiser of a process takes seconds to import
    got = outcome(taught(student, case), case)
    wrong = () if same(got, right) else mistakes(case).items()
    guess = next((sentence for sentence, way in wrong if does(way, case, got)), None)
    what = f"(for batch {B}, {T} steps in chunks of {chunk}, learning rate {rate:g})"
    for name, value in right.items():
        label = name if name in ("losses", "h") else f"the model's {name} afterwards"
        assert_equal_arrays(got[name], value, mistakes={guess: got[name]} if guess else None, what=f"{label} {what}")


@points(3)
@pytest.mark.parametrize(("B", "T", "chunk"), [(2, 12, 4), (3, 6, 3)])
def test_without_learning(student, B, T, chunk):
    """With a learning rate of 0, the losses are those of reading the sequence from start to end."""
    assert_trained(student, B, T, chunk, 0.0)


@points(4)
@pytest.mark.parametrize(("B", "T", "chunk"), [(2, 12, 4), (3, 6, 3)])
def test_learning(student, B, T, chunk):
    """After each chunk comes a step, with the gradient of this chunk alone."""
    assert_trained(student, B, T, chunk, RATE)


@points(2)
@pytest.mark.parametrize(("B", "T", "chunk"), [(2, 10, 4), (1, 7, 3), (3, 9, 8)])
def test_last_chunk(student, B, T, chunk):
    """The last chunk may be shorter."""
    assert_trained(student, B, T, chunk, RATE)


@points(2)
@pytest.mark.parametrize(("B", "T", "chunk"), [(2, 5, 1), (2, 5, 5), (3, 5, 8)])
def test_extremes(student, B, T, chunk):
    """Chunks of one step, a chunk as long as the sequence, and one that is longer."""
    assert_trained(student, B, T, chunk, RATE)


@points(1)
def test_arguments_unchanged(student):
    """x and y stay as they are; of the arguments, only the model changes."""
    case = Case(student, 2, 6, 3, RATE)
    taught(student, case)
    assert_unchanged(student, "model", "x", "y", "chunk", "learning_rate")
