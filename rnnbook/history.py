"""What happened in a training: epoch by epoch, and so far in the present one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class History:
    """What happened, epoch by epoch.

    Attributes:
        loss: mean training loss over the examples.
        gradient_norm: largest gradient norm before clipping.
        learning_rate: that of the last step.
        tokens_per_second: valid steps of sequences that were learnt from in a second.
        seconds: time since the start.
        validation: what `validate` gave, if it was given.
        score: what `evaluate` returned, if it was given.
    """

    loss: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    tokens_per_second: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    score: list[float] = field(default_factory=list)

    @property
    def best(self) -> int:
        """The epoch with the lowest validation, counted from 0, the first of equals. One that is nan is never best."""
        return min(range(len(self.validation)), key=lambda i: (math.isnan(self.validation[i]), self.validation[i]))

    def stalled(self, patience: int | None) -> bool:
        """Whether the last `patience` epochs have brought no better validation."""
        return patience is not None and bool(self.validation) and len(self.validation) - 1 - self.best >= patience

    def plot(self) -> None:
        """Displays the losses and the gradient norm over the epochs."""
        from rnnbook import plot

        epochs = range(1, len(self.loss) + 1)
        fig, (left, right) = plot.subplots(1, 2)
        left.plot(epochs, self.loss, label="training")
        if self.validation:
            left.plot(epochs, self.validation, label="validation")
        left.set(xlabel="epoch", ylabel="loss")
        right.plot(epochs, self.gradient_norm)
        right.set(xlabel="epoch", ylabel="largest gradient norm", yscale="log")
        for ax in (left, right):
            ax.xaxis.get_major_locator().set_params(integer=True)
        plot.label_lines(left)
        alt = f"Over {len(self.loss)} epochs the training loss goes from {self.loss[0]:.3g} to {self.loss[-1]:.3g}"
        if self.validation:
            alt += f"; the validation is lowest after epoch {self.best + 1}, with {self.validation[self.best]:.3g}"
        norms = min(self.gradient_norm), max(self.gradient_norm)
        plot.show(fig, f"{alt}. The largest gradient norm of an epoch is {norms[0]:.2g} to {norms[1]:.2g}.")


@dataclass
class Epoch:
    """The sums over an epoch's steps so far.

    Attributes:
        began: seconds since the training's start.
        seconds: the same after the last step.
        steps, examples, tokens: how many there were.
        loss: over the examples.
        gradient_norm: the largest.
    """

    began: float = 0.0
    seconds: float = 0.0
    steps: int = 0
    examples: int = 0
    tokens: int = 0
    loss: float = 0.0
    gradient_norm: float = 0.0

    def add(self, loss: float, examples: int, tokens: float, gradient_norm: float, seconds: float) -> None:
        """Count a step whose mean loss was `loss`: a smaller batch weighs less, by its examples."""
        self.steps += 1
        self.examples += examples
        self.tokens += int(tokens)
        self.loss += loss * examples
        if math.isfinite(gradient_norm):
            self.gradient_norm = max(self.gradient_norm, gradient_norm)
        self.seconds = seconds

    def close(self, history: History, learning_rate: float) -> None:
        """Write the epoch down."""
        history.loss.append(self.loss / self.examples)
        history.gradient_norm.append(self.gradient_norm)
        history.learning_rate.append(learning_rate)
        history.tokens_per_second.append(self.speed)

    @property
    def speed(self) -> float:
        """Tokens a second."""
        return self.tokens / ((self.seconds - self.began) or math.inf)

    def summary(self) -> dict[str, str]:
        """For the end of a progress bar."""
        return {
            "loss": f"{self.loss / self.examples:.3f}",
            "norm": f"{self.gradient_norm:.2g}",
            "tokens/s": f"{self.speed:,.0f}",
        }


def count_tokens(inputs: Sequence[Tensor]) -> int:
    """The valid steps of a batch: by its lengths, (x, lengths), or all of x, (B, T, ...); rows where there is no T."""
    x, *rest = inputs
    if rest and rest[0].ndim == 1:
        return int(rest[0].sum())
    return x.shape[0] * (x.shape[1] if x.ndim > 1 else 1)
