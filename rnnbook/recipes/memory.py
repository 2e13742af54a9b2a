"""Who remembers how long? One set-up for all models on made-up sequences, from short to long.

Every batch is fresh, so that nothing can be learnt by heart. At one seed all models see the same batches, and models of
one cell start from the same weights but for what their names say.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from rnnbook import layers
from rnnbook.models.sequence import SequenceModel, parameters_of
from rnnbook.recipes import Outcome, Recipe, generated
from rnnbook.train import fit, predict

MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn": ("vanilla RNN", {"cell": "rnn"}),
    "rnn-orthogonal": ("vanilla RNN, orthogonal", {"cell": "rnn", "orthogonal": True}),
    "lstm": ("LSTM, torch's initialisation", {"cell": "lstm"}),
    "lstm-forget-1": ("LSTM, forget bias 1", {"cell": "lstm", "forget_bias": 1}),
    "lstm-forget-4": ("LSTM, forget bias 4", {"cell": "lstm", "forget_bias": 4}),
    "gru": ("GRU, torch's initialisation", {"cell": "gru"}),
}
HELD_OUT = 2000  # sequences
POINTS = 40  # of a learning curve


def build(
    features: int,
    hidden_size: int,
    seed: int,
    *,
    cell: str,
    orthogonal: bool = False,
    forget_bias: float | None = None,
) -> SequenceModel:
    """A model of one of the kinds in `MODELS`, with weights that follow from the seed."""
    torch.manual_seed(seed)
    model = SequenceModel(features, 1, hidden_size, cell)
    if orthogonal:
        layers.orthogonal(model.rnn)
    if forget_bias is not None:
        layers.set_forget_bias(model.rnn, forget_bias)
    return model


def run(
    data: None,
    seed: int,
    device: str,
    *,
    draw: Callable[..., tuple[np.ndarray, np.ndarray]],
    lengths: Sequence[int],
    reported: int,
    steps: int,
    batch_size: int,
    learning_rate: float,
    hidden_size: int,
    **kind,
) -> Outcome:
    """Train one model anew for each length, on `steps` fresh batches, and measure it on held-out sequences.

    Args:
        data: nothing; the sequences are drawn here.
        seed: of the sequences and the initialisation.
        device: where to train.
        draw: takes n, T and a generator, returns x (n, T, D) and targets (n, 1).
        lengths: values of T.
        reported: the length whose held-out error is the outcome's value.
        steps: of the optimiser.
        batch_size: B.
        learning_rate: constant.
        hidden_size: H.
        kind: the model's entry in `MODELS`.
    """
    errors, curves = {}, {}
    for length in lengths:
        rng = np.random.default_rng((seed, length))
        batches = [torch.from_numpy(array).to(device) for array in draw(steps * batch_size, length, rng)]
        x, targets = (torch.from_numpy(array).to(device) for array in draw(HELD_OUT, length, rng))
        model = build(x.shape[2], hidden_size, seed, **kind).to(device)
        losses: list[float] = []
        fit(
            model,
            batches,
            partial(_note, into=losses),
            epochs=1,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
        )
        errors[length] = mse_loss(predict(model, x), targets).item()
        curves[length] = [round(part.mean(), 4) for part in np.array_split(losses, min(POINTS, steps))]
    return Outcome(errors[reported], parameters_of(model), {"mse": errors, "curves": curves})


def _note(prediction: Tensor, targets: Tensor, into: list[float]) -> Tensor:
    """The mean squared error, which is also noted, batch by batch."""
    value = mse_loss(prediction, targets)
    into.append(value.item())
    return value


def summarise(findings: list[dict[str, dict]]) -> dict:
    """For each length, the errors and the learning curves of all seeds."""
    lengths = list(findings[0]["mse"])
    return {
        "lengths": lengths,
        **{key: {str(T): [found[key][T] for found in findings] for T in lengths} for key in ("mse", "curves")},
    }


def recipe(task: str, kind: str, draw: Callable[..., tuple[np.ndarray, np.ndarray]], **settings) -> Recipe:
    """`TASK-KIND`: a model of `MODELS` on a task; the other settings are those of `run`."""
    model, options = MODELS[kind]
    settings |= options
    return Recipe(
        name=f"{task}-{kind}".replace("_", "-"),
        task=task,
        model=model,
        **generated(task),
        run=partial(run, draw=draw, **settings),
        metric="test_mse",
        higher_is_better=False,
        settings=settings,
        summarise=summarise,
    )
