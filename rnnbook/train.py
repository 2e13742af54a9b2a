"""The training loop that every torch model of the course goes through."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from tqdm import tqdm


@dataclass
class History:
    """What happened, epoch by epoch.

    Attributes:
        loss: mean training loss over the examples.
        gradient_norm: largest gradient norm before clipping.
        score: what `evaluate` returned, if it was given.
        seconds: time since the start.
    """

    loss: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def fit(
    model: nn.Module,
    data: Sequence[Tensor],
    loss: Callable[..., Tensor] = nn.functional.cross_entropy,
    *,
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.0,
    max_norm: float = 1.0,
    warm_up: float | None = None,
    seed: int = 0,
    evaluate: Callable[[nn.Module], float] | None = None,
    progress: bool = False,
) -> History:
    """Train a model in place with AdamW: shuffle, predict, compare, go back, clip, step.

    Args:
        model: called with all tensors of `data` but the last.
        data: tensors of equal length N on the model's device; the last holds the targets.
        loss: takes predictions and targets of a batch, returns their mean loss.
        epochs: passes over the data.
        batch_size: B; the last batch of an epoch may be smaller.
        learning_rate: of AdamW, its peak if there is a schedule.
        weight_decay: of AdamW.
        max_norm: gradients with a larger norm are scaled down to it.
        warm_up: fraction of the steps in which the learning rate rises before it falls to zero ("one cycle");
            None keeps it constant.
        seed: of the shuffling. The model's own randomness (initialisation, dropout) is torch's: seed it before.
        evaluate: called with the model in evaluation mode after each epoch.
        progress: show a bar.

    Returns:
        What happened, epoch by epoch.

    Raises:
        ValueError: the tensors have different lengths, or there is nothing to train on.
        FloatingPointError: the loss or a gradient is not finite.
    """
    size = len(data[0])
    if size == 0 or any(len(tensor) != size for tensor in data):
        raise ValueError(f"the data's tensors must have one length, more than 0; got {[len(t) for t in data]}")
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    steps = epochs * -(-size // batch_size)
    schedule = None
    if warm_up is not None:
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, steps, pct_start=warm_up)
    history, start = History(), time.perf_counter()

    bar = tqdm(total=steps, disable=not progress, unit="step", leave=False)
    for _ in range(epochs):
        model.train()
        total, largest = 0.0, 0.0
        for indices in batches(size, batch_size, generator):
            *inputs, targets = (tensor[indices.to(tensor.device)] for tensor in data)
            value = loss(model(*inputs), targets)
            optimizer.zero_grad()
            value.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)  # after backward, before the step
            if not (value.isfinite() and norm.isfinite()):
                raise FloatingPointError(f"loss {value.item()}, gradient norm {norm.item()}: lower the learning rate")
            optimizer.step()
            if schedule:
                schedule.step()
            total += value.item() * len(indices)  # the last batch is smaller: weigh it by its examples
            largest = max(largest, norm.item())
            bar.update()
        history.loss.append(total / size)
        history.gradient_norm.append(largest)
        model.eval()
        if evaluate:
            with torch.no_grad():
                history.score.append(evaluate(model))
        history.seconds.append(time.perf_counter() - start)
        bar.set_postfix(loss=f"{history.loss[-1]:.3f}")
    bar.close()
    return history


def batches(size: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """The numbers 0..size-1 in random order, each once, `batch_size` at a time."""
    return iter(torch.randperm(size, generator=generator).split(batch_size))


@torch.no_grad()
def predict(model: nn.Module, *inputs: Tensor, batch_size: int = 1024) -> Tensor:
    """The model's outputs for all rows, without gradients and without dropout; its mode is restored afterwards.

    Args:
        model: called with a batch of each of `inputs`.
        inputs: tensors of equal length N.
        batch_size: rows at a time.

    Returns:
        The outputs, (N, ...).
    """
    was_training = model.training
    model.eval()
    try:
        parts = [model(*part) for part in zip(*(tensor.split(batch_size) for tensor in inputs), strict=True)]
        return torch.cat(parts)
    finally:
        model.train(was_training)
