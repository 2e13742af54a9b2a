"""Experiments that can be repeated: one line of `rnnbook train` each, whose outcome is recorded in results/.

A recipe says how to get its data and how to run one seed on them. Seeds, timing and the record are the same for all.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from rnnbook.nearest import suggest
from rnnbook.results import Result, record

MODULES = [
    *("names", "flow", "copy_first", "adding", "padding", "directions", "depth", "gates"),
    *("imdb", "shakespeare", "dates", "multi30k"),
]
EVERY = 100  # steps from one checkpoint of a long training to the next


@dataclass(frozen=True)
class Outcome:
    """What one seed gave.

    Attributes:
        value: the recipe's metric.
        parameters: numbers that the model learnt.
        more: further findings by name.
        seconds: how long it took, where that is more than this process has seen: a resumed training.
    """

    value: float
    parameters: int
    more: dict[str, Any] = field(default_factory=dict)
    seconds: float | None = None


def lists(findings: list[dict[str, Any]]) -> dict[str, list]:
    """A dictionary for each seed -> a list over the seeds for each key."""
    return {key: [finding[key] for finding in findings] for key in findings[0]}


@dataclass(frozen=True)
class Recipe:
    """An experiment.

    Attributes:
        name: what `rnnbook train` calls it.
        task: what is learnt, such as "names".
        model: what learns it, for people.
        load: takes `full` and `data_dir`, returns the data.
        describe: takes the data, returns its record's entries: "name" and "sha256", and "full" where `full` does not
            decide it.
        run: takes data, seed and device, returns an `Outcome`.
        metric: what `Outcome.value` measures.
        higher_is_better: whether more of it is better.
        settings: the model's settings, kept in the record.
        summarise: takes the `more` of all seeds, returns that of the record; by default a list of each finding.
        long: whether `run` also takes `save`, a folder for the trained model, and `training`, which it hands to
            `rnnbook.train.fit`: a checkpoint to resume from, a time budget and a progress bar.
    """

    name: str
    task: str
    model: str
    load: Callable[..., Any]
    describe: Callable[[Any], dict[str, str]]
    run: Callable[..., Outcome]
    metric: str = "test_accuracy"
    higher_is_better: bool = True
    settings: dict[str, Any] = field(default_factory=dict)
    summarise: Callable[[list[dict]], dict] = lists
    long: bool = False


def generated(name: str) -> dict[str, Callable]:
    """`load` and `describe` of a recipe that draws its data from the seed: there is no original and no sample."""
    return {"load": lambda full, data_dir: None, "describe": lambda data: {"name": name, "full": True, "sha256": ""}}


def recipes() -> dict[str, Recipe]:
    """All recipes by name."""
    modules = [import_module(f"rnnbook.recipes.{name}") for name in MODULES]
    return {recipe.name: recipe for module in modules for recipe in module.RECIPES}


def find(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        ValueError: there is none; the message names the nearest.
    """
    known = recipes()
    if name not in known:
        raise ValueError(f"There is no recipe {name!r}. {suggest(name, known)}")
    return known[name]


def run(
    recipe: Recipe,
    seeds: Sequence[int],
    *,
    full: bool = False,
    data_dir: str | None = None,
    device: str = "cpu",
    resume: bool = False,
    budget_seconds: float | None = None,
    progress: bool = False,
) -> Iterator[Outcome | Result]:
    """Run a recipe for each seed.

    Started by `torchrun`, several processes train a long recipe together.

    Args:
        recipe: what to run.
        seeds: from 0 on, or a single one; each gives its own split, initialisation and order of the data.
        full: on the real data instead of the embedded sample.
        data_dir: folder of downloaded originals.
        device: "cpu", "cuda" or "mps".
        resume: keep the seeds that are done, and go on in the midst of the one that is not; of a long recipe.
        budget_seconds: how long the training of a seed may take; of a long recipe. The record's name ends in it.
        progress: show the bar of a long recipe.

    Yields:
        An `Outcome` as each seed ends, and at last the `Result` of all, not yet saved.

    Raises:
        ValueError: there is nothing to resume or no time to budget in a recipe that is not long.
    """
    if not recipe.long and (resume or budget_seconds):
        raise ValueError(f"{recipe.name} is done in one go: leave out --resume and --budget-seconds")
    from rnnbook.distributed import first
    from rnnbook.recipes.progress import Progress

    data = recipe.load(full=full, data_dir=data_dir)
    dataset = {"full": full, **recipe.describe(data)}
    name = recipe.name if budget_seconds is None else f"{recipe.name}-{budget_seconds:.0f}s"
    place = place_of(name, full)
    if recipe.long:
        begun = {"settings": recipe.settings, "data": dataset, "device": device, "budget": budget_seconds}
        kept = Progress(place, begun, resume)
    outcomes, seconds = [], []
    for seed in seeds:
        start = time.perf_counter()
        if not recipe.long:
            outcome = recipe.run(data, seed, device)
        elif done := kept.outcome(seed):
            outcome = Outcome(**done)
        else:
            training = {"checkpoint": kept.checkpoint(seed), "every": EVERY, "resume": resume}
            training |= {"budget_seconds": budget_seconds, "progress": progress}
            save = models_folder() / place / str(seed) if first() else None
            outcome = recipe.run(data, seed, device, save=save, training=training)
            kept.keep(seed, outcome)
        outcomes.append(outcome)
        seconds.append(outcome.seconds or time.perf_counter() - start)
        yield outcome
    which = f"--seeds {len(seeds)}" if list(seeds) == list(range(len(seeds))) else f"--seed {seeds[0]}"
    command = f"rnnbook train {recipe.name}{' --full' if full else ''} {which}"
    if budget_seconds is not None:
        command += f" --budget-seconds {budget_seconds:.0f}"
    if device != "cpu":
        command += f" --device {device}"
    yield record(
        name=name,
        task=recipe.task,
        model={"name": recipe.model, "parameters": outcomes[0].parameters, **recipe.settings},
        dataset=dataset,
        metric=recipe.metric,
        higher_is_better=recipe.higher_is_better,
        seeds=seeds,
        values=[outcome.value for outcome in outcomes],
        seconds=seconds,
        more=recipe.summarise([outcome.more for outcome in outcomes]),
        command=command,
        device=device,
    )


def place_of(name: str, full: bool) -> str:
    """What the folders of a run's models and progress are called: the record's name, or the sample's own."""
    return name if full else f"{name}-sample"


def models_folder() -> Path:
    """Where `rnnbook train` keeps trained models, and `rnnbook predict` looks for them."""
    from rnnbook.data.fetch import cache_folder  # with all of rnnbook.data; no other command shall wait for that

    return cache_folder() / "models"
