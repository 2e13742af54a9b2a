"""Exercise `adding-problem`: the task itself, what the best constant answer gets, and a network that does better."""

import numpy as np
import pytest
import torch
from torch import Tensor

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_equal_arrays, assert_unchanged, unpack
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="adding-problem",
    chapter="06_deep_bidirectional",
    place=3,
    title="The adding problem",
    defines=("adding", "constant_error", "train_adder", "predict_sums"),
    hints=(
        "adding: two different steps for each row are the first two of a random order of all steps, such as "
        "torch.rand(n, length).argsort(dim=1)[:, :2]. constant_error: which constant is nearest to all targets, in "
        "the mean of squares?",
        "Marks are torch.zeros(n, length).scatter(1, steps, 1.0); x is torch.stack([values, marks], dim=-1); y is "
        "(values * marks).sum(dim=1, keepdim=True). The best constant is y.mean(). The network is a GRU or an LSTM, "
        "and nn.Linear(H, 1) on its last state, h_n[-1].",
        "nn.GRU(2, 32, batch_first=True), Adam with lr=0.01, 10 passes over the rows in batches of 32 from "
        "torch.randperm(len(x)).split(32). In each: opt.zero_grad(), loss = ((head(h_n[-1]) - y[rows]) ** 2).mean(), "
        "loss.backward(), opt.step(). predict_sums does the forward pass under torch.no_grad().",
    ),
    time_limit=30,
    forbidden=("rnnbook.data.toys", "rnnbook.recipes"),
)
T = 6  # short enough that a GRU learns it in a fraction of a second
ROWS = 600
FEW = 32  # enough where it does not matter how well the network does
SHARE = 0.5  # of the constant answer's error; a straight line through all numbers gets 1 - 2/T of it


def task(n: int, length: int = T) -> tuple[Tensor, Tensor]:
    """x (n, T, 2) and y (n, 1), both float32."""
    values, marks = torch.rand(n, length), torch.zeros(n, length)
    marks.scatter_(1, torch.rand(n, length).argsort(dim=1)[:, :2], 1.0)
    return torch.stack([values, marks], dim=-1), (values * marks).sum(dim=1, keepdim=True)


def generated(student, n: int, length: int, seed: int) -> tuple[Tensor, Tensor]:
    """What the learner's `adding` gives, checked to be of the right form."""
    x, y = unpack(student.adding(n, length, seed), "x", "y")
    for name, value, shape in (("x", x, (n, length, 2)), ("y", y, (n, 1))):
        call = f"adding({n}, {length}, {seed})"
        remedy = " torch.from_numpy makes it one." if isinstance(value, np.ndarray) else ""
        assert isinstance(value, Tensor), (
            f"In {call}, {name} should be a torch tensor, but it is {describe(value)}.{remedy}"
        )
        remedy = ""
        if name == "x" and value.shape == (n, 2, length):
            remedy = " The two features come last: torch.stack([values, marks], dim=-1)."
        if name == "x" and value.shape == (length, n, 2):
            remedy = " The batch comes first."
        if name == "y" and value.shape == (n,):
            remedy = " Keep the last axis, sum(..., keepdim=True): (n,) and (n, 1) would become (n, n) in a loss."
        found = tuple(value.shape)
        assert found == shape, f"In {call}, {name} should have shape {shape}, but it has {found}.{remedy}"
        assert value.dtype is torch.float32, (
            f"In {call}, {name} should be float32, as a network's weights are, but it is {value.dtype}."
        )
    return x, y


def trained(student, seed: int = 0):
    """A model that was trained quickly, on few rows."""
    return student.train_adder(*task(FEW), seed)


def predicted(student, model, x: Tensor) -> Tensor:
    """What the learner's `predict_sums` gives, checked to be (n, 1) numbers."""
    got = student.predict_sums(model, x)
    assert isinstance(got, Tensor), f"predict_sums should give a torch tensor, but it gave {describe(got)}."
    shape, found = (len(x), 1), tuple(got.shape)
    remedy = " Take the state after the last step, h_n[-1] or output[:, -1]." if len(found) == 3 else ""
    assert found == shape, (
        f"For x of shape {tuple(x.shape)}, predict_sums should give {shape}, but it gave {found}.{remedy}"
    )
    assert got.isfinite().all(), (
        "predict_sums gives NaN or infinity: a smaller learning rate, or clip_grad_norm_, helps."
    )
    return got


def assert_repeatable(student, model, x: Tensor) -> Tensor:
    """What `predict_sums` gives, checked to be the same in two calls."""
    first, second = (predicted(student, model, x) for _ in range(2))
    assert torch.equal(first, second), "Two calls of predict_sums disagree: is dropout still on? Call .eval() first."
    return first


def error(got: Tensor, y: Tensor) -> float:
    """Mean squared error."""
    return (got - y).square().mean().item()


@points(1)
@pytest.mark.parametrize(("n", "length"), [(3, 5), (4, 2)])
def test_form(student, n, length):
    """adding: x (n, T, 2) and y (n, 1), float32."""
    generated(student, n, length, 0)


@points(3)
def test_marks_and_target(student):
    """adding: two marks in each row, at different random steps, and y is the sum of their values."""
    x, y = generated(student, 500, 8, 1)
    values, marks = x.unbind(-1)
    if set(values.unique().tolist()) <= {0.0, 1.0}:
        raise AssertionError("Feature 0 should hold the values and feature 1 the marks, but yours are swapped.")
    strange = (marks != 0) & (marks != 1)
    assert not strange.any(), (
        f"Feature 1 should hold marks, each 0 or 1, but it holds numbers such as {marks[strange][0].item():.4g}."
    )
    count = marks.sum(dim=1)
    row = int((count != 2).int().argmax())
    once = " Your two steps may fall on the same one: draw the second from the others." if 1 in count else ""
    assert (count == 2).all(), f"Each row should have two marks, but row {row} has {int(count[row])}.{once}"
    assert (marks != marks[0]).any(), "All rows have their marks at the same steps: draw two steps for each row."
    never = [t for t in range(8) if not marks[:, t].any()]
    assert not never, f"In 500 rows of 8 steps no mark ever falls on step {never[0]}: draw from all steps."
    named = {
        "y is the mean of the marked values: it is their sum.": (values * marks).sum(1, keepdim=True) / 2,
        "y is the sum of all values: only the two marked ones count.": values.sum(1, keepdim=True),
        "y is the product of the marked values: it is their sum.": (
            values.masked_fill(marks == 0, 1).prod(1, keepdim=True)
        ),
        "y is the sum of the steps of the marks: it is the sum of the values there.": (
            (marks * torch.arange(8)).sum(1, keepdim=True)
        ),
        "y is the sum of the values without a mark: it is the sum of the two marked ones.": (
            (values * (1 - marks)).sum(1, keepdim=True)
        ),
        "y is the mean over all steps: it is a sum.": (values * marks).mean(1, keepdim=True),
    }
    assert_equal_arrays(y, (values * marks).sum(1, keepdim=True), mistakes=named, what="y")


@points(1)
def test_values(student):
    """adding: the values are spread evenly between 0 and 1."""
    x, _ = generated(student, 1000, 10, 2)
    values = x[..., 0]
    unmarked = values[x[..., 1] == 0]
    zeros = len(unmarked) and not unmarked.any()
    assert not zeros, "The values without a mark are all 0: they should be random like the others."
    low, high, mean, square = values.min().item(), values.max().item(), values.mean().item(), values.var().item()
    shown = f"Yours go from {low:.3g} to {high:.3g}, with mean {mean:.3g} and variance {square:.3g}."
    normal = " That is randn: use rand." if low < -1 else ""
    assert low >= 0, f"The values should be between 0 and 1, but some are negative.{normal} {shown}"
    assert high <= 1, f"The values should be between 0 and 1, but some are larger. {shown}"
    spread = abs(mean - 1 / 2) < 0.02 and abs(square - 1 / 12) < 0.006
    assert spread, f"The values should be spread evenly over 0 to 1: mean 1/2, variance 1/12 = 0.0833. {shown}"


@points(1)
def test_seed(student):
    """adding: the same seed gives the same rows, another seed others."""
    first, again, other = (generated(student, 20, 7, seed)[0] for seed in (3, 3, 4))
    assert torch.equal(first, again), (
        "Two calls with seed 3 give different rows: draw everything from a generator that starts from the seed, or "
        "call torch.manual_seed(seed) first."
    )
    assert not torch.equal(first, other), "Seeds 3 and 4 give the same rows: the rows should come from the seed."


@points(2)
@pytest.mark.parametrize("case", ["four", "shifted", "many"])
def test_constant_error(student, case):
    """constant_error: the mean squared error of the best constant answer."""
    y = {"four": torch.tensor([[0.0], [1.0], [1.0], [4.0]]), "shifted": 5 + 2 * torch.rand(7, 1)}.get(case)
    y = task(4000)[1] if y is None else y
    right = error(y.mean(), y)
    mistakes = {
        "You divided by n - 1: the mean squared error divides by n. That is y.var(correction=0).": y.var().item(),
        "You took the square root: the mean squared error is asked for.": right**0.5,
        "You took the square root of a sum divided by n - 1: the mean squared error is asked for.": y.std().item(),
        "You answered 0 to all: the best constant is the mean of y.": error(torch.tensor(0.0), y),
        "You answered 1 to all. That is the best constant only where y has mean 1: take the mean of y.": (
            error(torch.tensor(1.0), y)
        ),
        "You answered the median to all: in squares, the mean of y is the best constant.": error(y.median(), y),
        "You took the absolute error: take the squares.": (y - y.mean()).abs().mean().item(),
        "You summed the squares: take their mean.": right * len(y),
        "1/6 is what many rows of the adding problem come to: compute it from y.": 1 / 6,
        "This is the best constant: what is asked for is its mean squared error.": y.mean().item(),
    }
    shown = f"y = {y.flatten().tolist()}" if case == "four" else f"{len(y)} targets with mean {y.mean().item():.4g}"
    got = student.constant_error(y)
    assert_equal_arrays(got, right, mistakes=mistakes, atol=1e-4, what=f"constant_error for {shown}")


@points(1)
def test_predict(student):
    """predict_sums: a number for each row, (n, 1), the same in two calls, and for longer sequences too."""
    model, (x, _) = trained(student), task(9)
    assert_repeatable(student, model, x)
    assert_unchanged(student, "model", "x")
    try:
        predicted(student, model, task(3, 2 * T)[0])
    except LearnerError as raised:
        remedy = f"A recurrent network reads sequences of any length, but yours, trained on T = {T}, stops at {2 * T}."
        raise AssertionError(f"{remedy}\n{raised}") from None


@points(1)
def test_rows_are_independent(student):
    """predict_sums: the answer for a row does not depend on the other rows."""
    model, (x, _) = trained(student), task(5)
    together = assert_repeatable(student, model, x)
    alone = torch.cat([predicted(student, model, row[None]) for row in x])
    assert torch.allclose(together, alone, atol=1e-5), (
        "The answer for a row depends on the rows beside it: is batch_first=True missing? Without it the network runs "
        f"along the batch.\ntogether: {together.flatten().tolist()}\nalone:    {alone.flatten().tolist()}"
    )


@points(1)
def test_training_seed(student):
    """train_adder: the same seed gives the same network."""
    x, _ = task(9)
    first, second = (predicted(student, student.train_adder(*task_of(5), 7), x) for _ in range(2))
    assert torch.equal(first, second), (
        "Two trainings with seed 7 give different networks: call torch.manual_seed(seed) before you make the network, "
        "and shuffle after it."
    )


def task_of(seed: int) -> tuple[Tensor, Tensor]:
    """The same few rows each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return task(FEW)


@points(4)
def test_beats_the_constant(student):
    """train_adder: on new rows, at most half the error of the best constant answer."""
    training, (x, y) = task(ROWS), task(500)
    model = student.train_adder(*training, 0)
    got = predicted(student, model, x)
    constant, reached = error(y.mean(), y), error(got, y)
    if reached <= SHARE * constant:
        return

    def effect(of: int, steps: slice) -> float:
        """How much the answers change when one feature is turned round at some steps."""
        other = x.clone()
        other[:, steps, of] = 1 - other[:, steps, of]
        return (predicted(student, model, other) - got).abs().mean().item()

    def blind(to: float) -> bool:
        return to < 0.02 * max(effect(0, slice(None)), effect(1, slice(None)))

    agreement = torch.corrcoef(torch.cat([got, y], dim=1).T)[0, 1].item() ** 2
    if reached < 1.5 * constant and got.std() < 0.05:
        reason = (
            "Your network gives nearly the same answer to all rows, the constant. The commonest cause: the prediction "
            "is (n,) and y is (n, 1), so that their difference is (n, n). Other causes: the optimizer does not hold "
            "this network's parameters, step() is missing, the training is too short, the learning rate too small, or "
            "the network ends in a sigmoid, though y goes up to 2."
        )
    elif 0.9 < got.max() <= 1:
        reason = "Your network never answers more than 1, but y goes up to 2: end in a plain nn.Linear."
    elif 1 - agreement <= SHARE:
        reason = (
            "Your answers go with the right ones, but on another scale: what you did to y before the training, "
            "predict_sums must undo."
        )
    elif reached >= 1.5 * constant:
        reason = (
            "Your network is worse than a constant: it has hardly been trained. Does zero_grad() stand before each "
            "backward() and step() after it, does the optimizer hold all parameters, of the recurrent layer and of the "
            "output layer, and is the learning rate sensible, about 0.01 for Adam?"
        )
    elif blind(effect(0, slice(0, -1)) + effect(1, slice(0, -1))):
        reason = (
            "Your network's answer hardly depends on the steps before the last one: does it carry a state, and does it "
            "run along the steps (batch_first=True)?"
        )
    elif blind(effect(0, slice(1, None)) + effect(1, slice(1, None))):
        reason = (
            "Your network's answer hardly depends on the steps after the first one: take the state after the last "
            "step, h_n[-1] or output[:, -1]."
        )
    elif blind(effect(1, slice(None))):
        reason = "Your network's answer hardly depends on the marks: does it read both features of x?"
    elif blind(effect(0, slice(None))):
        reason = "Your network's answer hardly depends on the values: does it read both features of x?"
    else:
        reason = (
            "Your network has begun to learn, but not enough: a straight line through all numbers would get "
            f"{(1 - 2 / T) * constant:.4f}. Does the optimizer hold the parameters of the recurrent layer too? If so, "
            "train for more passes, with Adam and a learning rate of about 0.01, and take a GRU or an LSTM."
        )
    raise AssertionError(
        f"{reason} On 500 new rows of {T} steps your mean squared error is {reached:.4f}, that of the best constant "
        f"{constant:.4f}. At most {SHARE * constant:.4f} is asked for."
    )
