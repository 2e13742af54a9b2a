"""The training loop that every torch model of the course goes through."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from rnnbook.checkpoint import Checkpoint, State
from rnnbook.device import Arithmetic, device_of
from rnnbook.distributed import Team
from rnnbook.history import Epoch, History, count_tokens
from rnnbook.schedule import one_cycle


def fit(
    model: nn.Module,
    data,
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
    validate=None,
    patience: int | None = None,
    budget_seconds: float | None = None,
    precision: str = "full",
    checkpoint: str | Path | None = None,
    every: int | None = None,
    resume: bool = False,
    progress: bool = False,
) -> History:
    """Train a model in place with AdamW: shuffle, predict, compare, go back, clip, step.

    Started by `torchrun`, several processes train one model together, each on a part of every batch.

    Args:
        model: called with all tensors of a batch but the last.
        data: tensors of equal length N, the last of them the targets; or what makes batches itself, as
            `rnnbook.text.Ragged` does. A batch is moved to the model's device.
        loss: takes predictions and targets of a batch, returns their mean loss.
        epochs: passes over the data.
        batch_size: B; the last batch of an epoch may be smaller.
        learning_rate: of AdamW, its peak if there is a schedule.
        weight_decay: of AdamW.
        max_norm: gradients with a larger norm are scaled down to it.
        warm_up: fraction of the training in which the learning rate rises before it falls to zero ("one cycle");
            0 lets it only fall, None keeps it constant.
        seed: of the shuffling. The model's own randomness (initialisation, dropout) is torch's: seed it before.
        evaluate: called with the model in evaluation mode after each epoch.
        validate: held-out data, whose mean loss is measured after each epoch; or called as `evaluate` is, to return a
            number for which less is better.
        patience: end after so many epochs without a better validation, and take back the weights of the best epoch.
        budget_seconds: end after the step in which this time is over. The schedule of the learning rate is by time
            then, if time is shorter than the epochs: it has cooled down at the end. What follows the last step,
            such as a validation, comes on top.
        precision: "mixed" computes with 16 bits where that is safe and the device is faster with them.
        checkpoint: a file from which the training can go on, written after each epoch.
        every: write the checkpoint also after each so many steps.
        resume: go on from the checkpoint, if there is one. Without a time budget, the end is bit for bit that of a
            training that was never cut off.
        progress: show a bar.

    Returns:
        What happened, epoch by epoch.

    Raises:
        ValueError: arguments do not fit one another, or the checkpoint does not fit the training.
        FloatingPointError: the loss or a gradient is not finite.
    """
    if (patience is not None and validate is None) or ((every or resume) and checkpoint is None):
        raise ValueError("patience needs validate; every and resume need checkpoint")
    budget = math.inf if budget_seconds is None else budget_seconds
    if budget <= 0:
        raise ValueError(f"budget_seconds must be more than 0, got {budget_seconds}")
    data, device = examples(data), device_of(model)
    if validate is not None and not callable(validate):
        validate = partial(mean_loss, data=examples(validate), loss=loss)
    team = Team(device)
    network = team.wrap(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    arithmetic = Arithmetic(device, precision, optimizer)
    generator = torch.Generator().manual_seed(seed)

    state = State(model, optimizer, arithmetic.scaler)
    same = {"data": data, "loss": loss, "validate": validate, "device": device.type, "processes": team.size}
    same |= {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "weight_decay": weight_decay}
    same |= {"max_norm": max_norm, "warm_up": warm_up, "seed": seed, "patience": patience, "precision": precision}
    keeper = Checkpoint(checkpoint, every, state, same | {"budget_seconds": budget}, team)
    if resume:
        keeper.restore()
    history, now = state.history, state.epoch  # what is over, and the epoch under way
    start = time.perf_counter() - now.seconds
    batches = len(data.order(batch_size))
    step, steps = len(history.loss) * batches + now.steps, epochs * batches

    bar = tqdm(total=steps, initial=step, disable=not progress or team.rank > 0, unit="step", leave=False)
    for epoch in range(epochs):
        order = data.order(batch_size, generator)
        if epoch < len(history.loss):
            continue  # it was over before the checkpoint
        if now.seconds >= budget or history.stalled(patience):
            break
        model.train()
        for indices in order[now.steps :]:
            if warm_up is not None:
                at = max(step, steps * now.seconds / budget)
                optimizer.param_groups[0].update(one_cycle(at, steps, learning_rate, warm_up))
            rows, share = team.part(indices)  # all rows of the batch, and 1, if this process is alone
            *inputs, targets = (tensor.to(device) for tensor in data[rows])
            with arithmetic.context:
                value = loss(network(*inputs), targets) * share
            optimizer.zero_grad()
            arithmetic.backward(value * team.size)  # its mean over the processes is the loss of the whole batch
            total, tokens = team.sum(value.item(), count_tokens(inputs) * bool(share))
            if not math.isfinite(total):
                raise FloatingPointError(f"step {step}: the loss is {total}; lower the learning rate")
            norm = clip_gradients(
                model, max_norm, step, strict=not arithmetic.scaled
            )  # after backward, before the step
            arithmetic.step()
            step += 1
            now.add(total, len(indices), tokens, norm, team.mean(time.perf_counter() - start))
            bar.set_postfix(now.summary(), refresh=False)
            bar.update()
            if now.seconds >= budget:
                break
            keeper.step(step)
        now.close(history, optimizer.param_groups[0]["lr"])
        with evaluating(model):
            if validate:
                history.validation.append(team.mean(float(validate(model))))
            if evaluate:
                history.score.append(float(evaluate(model)))
        if patience is not None and history.best == epoch:
            state.best = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        history.seconds.append(team.mean(time.perf_counter() - start))
        now = state.epoch = Epoch(began=history.seconds[-1], seconds=history.seconds[-1])
        keeper.save()
    bar.close()
    if state.best:
        model.load_state_dict(state.best)
    model.eval()
    return history


def clip_gradients(model: nn.Module, max_norm: float, step: int = 0, strict: bool = True) -> float:
    """Scale the gradients down to `max_norm` if theirs is larger, and return their norm before.

    Raises:
        FloatingPointError: one is not finite, unless `strict` is off. The message names step, norm and parameters.
    """
    try:
        return nn.utils.clip_grad_norm_(model.parameters(), max_norm, error_if_nonfinite=strict).item()
    except RuntimeError as error:
        if "non-finite" not in str(error):
            raise
    gradients = {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}
    norm = torch.stack([gradient.norm() for gradient in gradients.values()]).norm()
    bad = [name for name, gradient in gradients.items() if not gradient.isfinite().all()]
    where = ", ".join(bad) or "their sum of squares"
    raise FloatingPointError(f"step {step}: gradient norm {norm}, not finite in {where}; lower the learning rate")


def mean_loss(model: nn.Module, data, loss: Callable[..., Tensor], batch_size: int = 128) -> float:
    """The mean loss over all examples, without dropout."""
    data, device, total = examples(data), device_of(model), 0.0
    with evaluating(model):
        for indices in data.order(batch_size):
            *inputs, targets = (tensor.to(device) for tensor in data[indices])
            total += loss(model(*inputs), targets).item() * len(indices)
    return total / len(data)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Without gradients and without dropout; the model's mode is restored afterwards."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(was_training)


def predict(model: nn.Module, *inputs, batch_size: int | None = None) -> Tensor:
    """The model's outputs for all examples, without gradients and without dropout; its mode is restored afterwards.

    Args:
        model: called with a batch of each of `inputs`.
        inputs: tensors of equal length N; or data such as `rnnbook.text.Ragged`, whose targets are left out.
        batch_size: examples at a time; by default 1024 rows of tensors, 128 sequences of different lengths.

    Returns:
        The outputs in the order of the data, (N, ...).
    """
    ragged = hasattr(inputs[0], "order")
    data = inputs[0] if ragged else Rows(inputs)
    order = data.order(batch_size or (128 if ragged else 1024))
    device, parts = device_of(model), []
    with evaluating(model):
        for indices in order:
            batch = data[indices][:-1] if ragged else data[indices]
            parts.append(model(*(tensor.to(device) for tensor in batch)))
    back = torch.cat(tuple(order)).argsort()
    return torch.cat(parts)[back.to(device)]


class Rows:
    """Tensors of equal length as examples: row i of each belongs to example i.

    Args:
        tensors: of N rows each.

    Raises:
        ValueError: they have different lengths, or no row at all.
    """

    def __init__(self, tensors: Sequence[Tensor]):
        lengths = [len(tensor) for tensor in tensors]
        if not lengths or lengths[0] == 0 or len(set(lengths)) > 1:
            raise ValueError(f"the data's tensors must have one length, more than 0; got {lengths}")
        self.tensors = tensors

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, indices: Tensor) -> tuple[Tensor, ...]:
        return tuple(tensor[indices.to(tensor.device)] for tensor in self.tensors)

    def order(self, batch_size: int, generator: torch.Generator | None = None) -> tuple[Tensor, ...]:
        """The batches of an epoch: all indices once, shuffled by the generator, as they stand without one."""
        indices = torch.arange(len(self)) if generator is None else torch.randperm(len(self), generator=generator)
        return indices.split(batch_size)


def examples(data):
    """Data that can be read in batches: itself if it says how, tensors as `Rows`."""
    data = data if hasattr(data, "order") else Rows(data)
    if len(data) == 0:
        raise ValueError("there are no examples: give one at least")
    return data
