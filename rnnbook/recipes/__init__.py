"""Experiments that can be repeated: one line of `rnnbook train` each, whose outcome is recorded in results/.

A recipe says how to get its data and how to run one seed on them. Seeds, timing and the record are the same for all.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rnnbook.nearest import suggest
from rnnbook.results import Result, record


@dataclass(frozen=True)
class Outcome:
    """What one seed gave.

    Attributes:
        value: the recipe's metric.
        parameters: numbers that the model learnt.
        more: further findings by name.
    """

    value: float
    parameters: int
    more: dict[str, Any] = field(default_factory=dict)


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


def generated(name: str) -> dict[str, Callable]:
    """`load` and `describe` of a recipe that draws its data from the seed: there is no original and no sample."""
    return {"load": lambda full, data_dir: None, "describe": lambda data: {"name": name, "full": True, "sha256": ""}}


def recipes() -> dict[str, Recipe]:
    """All recipes by name."""
    from rnnbook.recipes import adding, copy_first, depth, directions, flow, gates, names, padding

    modules = (names, flow, copy_first, adding, padding, directions, depth, gates)
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
    recipe: Recipe, seeds: Sequence[int], *, full: bool = False, data_dir: str | None = None, device: str = "cpu"
) -> Iterator[Outcome | Result]:
    """Run a recipe for each seed.

    Args:
        recipe: what to run.
        seeds: each gives its own split, initialisation and order of the data.
        full: on the real data instead of the embedded sample.
        data_dir: folder of downloaded originals.
        device: "cpu", "cuda" or "mps".

    Yields:
        An `Outcome` as each seed ends, and at last the `Result` of all, not yet saved.
    """
    data = recipe.load(full=full, data_dir=data_dir)
    outcomes, seconds = [], []
    for seed in seeds:
        start = time.perf_counter()
        outcomes.append(recipe.run(data, seed, device))
        seconds.append(time.perf_counter() - start)
        yield outcomes[-1]
    command = f"rnnbook train {recipe.name}{' --full' if full else ''} --seeds {len(seeds)}"
    if device != "cpu":
        command += f" --device {device}"
    yield record(
        name=recipe.name,
        task=recipe.task,
        model={"name": recipe.model, "parameters": outcomes[0].parameters, **recipe.settings},
        dataset={"full": full, **recipe.describe(data)},
        metric=recipe.metric,
        higher_is_better=recipe.higher_is_better,
        seeds=seeds,
        values=[outcome.value for outcome in outcomes],
        seconds=seconds,
        more=recipe.summarise([outcome.more for outcome in outcomes]),
        command=command,
        device=device,
    )
