"""Recorded runs: one JSON file a model and data set, from which the chapters read their numbers.

A chapter prints a result with the command that made it beside it, so no number is typed into prose.
"""

import dataclasses
import json
import math
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rnnbook import origin
from rnnbook.files import put
from rnnbook.nearest import suggest

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Result:
    """One metric of one model on one data set, measured once for every seed. In a notebook it displays itself.

    Attributes:
        name: its file's name: small letters, digits and hyphens.
        task: what was to be learned, such as "names".
        model: "name" and "parameters".
        dataset: "name", "full" (the published original or the embedded sample), "sha256".
        metric: what `values` measure, such as "test_accuracy". Where it ends in "accuracy" it prints as a percentage.
        higher_is_better: whether more is better.
        seeds: the seeds, all different.
        values: the metric for each seed.
        seconds: the run's time for each seed.
        more: whatever else is worth keeping, as JSON has it.
        command: what to type to get it again.
        machine: "processor", "threads", "device".
        versions: of "python", "torch", "rnnbook".
        date: the day, ISO 8601.
        commit: the project's git commit, "-dirty" where files had been changed since.

    Raises:
        ValueError: there is not one finite value for every seed, or the name is no file name.
    """

    name: str
    task: str
    model: dict[str, Any]
    dataset: dict[str, Any]
    metric: str
    higher_is_better: bool
    seeds: list[int]
    values: list[float]
    seconds: list[float]
    more: dict[str, Any]
    command: str
    machine: dict[str, Any]
    versions: dict[str, str]
    date: str
    commit: str

    def __post_init__(self):
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.name):
            raise ValueError(f"{self.name!r} is no name for a result: use small letters, digits and single hyphens")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"{self.name}: seeds {self.seeds} must be one or more, all different")
        for field in ("values", "seconds"):
            numbers = getattr(self, field)
            if len(numbers) != len(self.seeds):
                raise ValueError(f"{self.name}: {len(numbers)} {field} for {len(self.seeds)} seeds; give one for each")
            if not all(map(math.isfinite, numbers)):
                raise ValueError(f"{self.name}: {field} {numbers} are not all finite; a diverged run is no result")

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def sd(self) -> float:
        """The sample standard deviation over seeds; 0 for a single seed, which shows no spread."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0

    def summary(self, percent: bool | None = None) -> str:
        """Mean ± sample standard deviation, such as "84.3 % ± 0.4 (5 seeds)", "1.416 ± 0.003" or "33.7 ± 0.7".

        Args:
            percent: whether to print a percentage; by default, whether the metric ends in "accuracy".
        """
        if percent is None:
            percent = self.metric.endswith("accuracy")
        scale, digits = (100, 1) if percent else (1, 1 if abs(self.mean) >= 10 else 3)
        mean, sd = (f"{scale * x:.{digits}f}" for x in (self.mean, self.sd))
        unit = " %" if percent else ""
        count = len(self.values)
        return f"{mean}{unit} ± {sd} ({count} seeds)" if count > 1 else f"{mean}{unit} (1 seed)"

    def as_dict(self) -> dict[str, Any]:
        """What the file holds: the fields, with mean and sd after the values they come from."""
        fields = {}
        for key, value in dataclasses.asdict(self).items():
            fields[key] = value
            if key == "values":
                fields |= {"mean": self.mean, "sd": self.sd}
        return fields

    def cost(self) -> str:
        """The mean seconds of a seed, as text: three digits, or all in front of the point."""
        seconds = statistics.fmean(self.seconds)
        return f"{seconds:,.0f}" if seconds >= 100 else f"{seconds:.3g}"

    def _repr_markdown_(self) -> str:
        kind = "the full data" if self.dataset.get("full") else "the embedded sample"
        data = f"{self.dataset['name']}, {kind if self.dataset.get('sha256') else 'generated'}"
        return (
            f"**{self.model['name']}**: {self.metric.replace('_', ' ')} **{self.summary()}** on {data}; "
            f"{self.cost()} s a seed on {origin.on(self.machine)}. `{self.command}`"
        )


def record(
    *,
    name: str,
    task: str,
    model: dict[str, Any],
    dataset: dict[str, Any],
    metric: str,
    higher_is_better: bool,
    seeds: Sequence[int],
    values: Sequence[float],
    seconds: Sequence[float],
    command: str,
    more: dict[str, Any] | None = None,
    device: str = "cpu",
) -> Result:
    """The result of a run on this machine, today: fills in machine, versions, date and commit. `save` it to keep it."""
    return Result(
        name=name,
        task=task,
        model=model,
        dataset=dataset,
        metric=metric,
        higher_is_better=higher_is_better,
        seeds=[int(seed) for seed in seeds],
        values=[float(value) for value in values],
        seconds=[round(float(second), 3) for second in seconds],
        more=more or {},
        command=command,
        machine=origin.machine(device),
        versions=origin.versions(),
        date=date.today().isoformat(),
        # Outside a checkout git would answer for whatever repository surrounds the installed package.
        commit=origin.commit(ROOT) if _in_checkout() else "unknown",
    )


def folder() -> Path:
    """Where results lie: `results/` of a checkout, or the copy inside an installed package."""
    return ROOT / "results" if _in_checkout() else Path(__file__).with_name("recorded")


def names() -> list[str]:
    """The names of all recorded results."""
    return sorted(path.stem for path in folder().glob("*.json"))


def load(name: str) -> Result:
    """Read a recorded result.

    Raises:
        FileNotFoundError: there is none of that name.
        ValueError: its file is damaged, or its mean and sd do not follow from its values.
    """
    path = folder() / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(f"No recorded result {name!r} in {path.parent}. {suggest(name, names())}")
    return _read(path)


def read(folder: Path) -> dict[str, Result]:
    """All results in a folder of one's own, by name.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: a file is damaged.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}.")
    return {path.stem: _read(path) for path in sorted(folder.glob("*.json"))}


def select(wanted: Sequence[str]) -> list[Result]:
    """Recorded results by name, by task, or by how their names begin; all of them where nothing is wanted.

    Raises:
        ValueError: there is none of that kind.
    """
    everything = read(folder())
    tasks = dict.fromkeys(result.task for result in everything.values())
    chosen = {}
    for word in wanted:
        fitting = {k: r for k, r in everything.items() if word in (k, r.task) or k.startswith(f"{word}-")}
        if not fitting:
            raise ValueError(f"No recorded result {word!r}. {suggest(word, [*everything, *tasks])}")
        chosen |= fitting
    return list((chosen if wanted else everything).values())


def grouped(found: Iterable[Result]) -> dict[tuple[str, str], list[Result]]:
    """Results by task and metric, the best first."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in found:
        groups.setdefault((result.task, result.metric), []).append(result)
    for group in groups.values():
        group.sort(key=lambda result: result.mean, reverse=group[0].higher_is_better)
    return groups


def gap(one: Result, other: Result) -> str:
    """How far apart two means are, with the standard error of that where both have several seeds."""
    factor, unit, digits = (100, " points", 2) if one.metric.endswith("accuracy") else (1, "", 3)
    text = f"{factor * (one.mean - other.mean):+.{digits}f}"
    if one is other:
        return "—"
    if min(len(one.values), len(other.values)) > 1:
        error = math.sqrt(one.sd**2 / len(one.values) + other.sd**2 / len(other.values))
        text += f" ± {factor * error:.{digits}f}"
    return text + unit


def _read(path: Path) -> Result:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        mean, sd = fields.pop("mean"), fields.pop("sd")
        result = Result(**fields)
        if result.name != path.stem or not (
            math.isclose(mean, result.mean) and math.isclose(sd, result.sd, abs_tol=1e-12)
        ):
            raise ValueError("its name, mean or sd does not fit the rest")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged ({error}). Restore it with git, or record it again.") from error
    return result


def save(result: Result, folder: Path | None = None) -> Path:
    """Write a result to its file in one step, so that nobody ever reads half of it.

    Args:
        result: what to write.
        folder: where to; by default the checkout's `results/`.

    Returns:
        The file's path.

    Raises:
        ValueError: no folder is given outside a checkout, or `more` holds something that JSON cannot.
    """
    if folder is None:
        if not _in_checkout():
            raise ValueError("an installed package keeps no new results: name a folder to save to")
        folder = ROOT / "results"
    try:
        text = _on_one_line(json.dumps(result.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)) + "\n"
    except (TypeError, ValueError) as error:
        raise ValueError(f"{result.name} cannot be written as JSON: {error}") from error
    path = folder / f"{result.name}.json"
    put(path, text)
    return path


def table(results: Iterable[Result]):
    """Several results of one metric side by side, the best first, as a Markdown table that a notebook displays."""
    from IPython.display import Markdown

    results = list(results)
    kinds = {(result.metric, result.higher_is_better) for result in results}
    if len(kinds) != 1:
        raise ValueError(f"a table compares one metric, and these are {sorted(metric for metric, _ in kinds)}")
    (metric, higher_is_better) = kinds.pop()
    rows = [
        f"| model | {metric.replace('_', ' ')} | parameters | seconds a seed | command |",
        "| --- | --- | ---: | ---: | --- |",
    ]
    for r in sorted(results, key=lambda result: result.mean, reverse=higher_is_better):
        rows.append(f"| {r.model['name']} | {r.summary()} | {r.model['parameters']:,} | {r.cost()} | `{r.command}` |")
    return Markdown("\n".join(rows))


def _on_one_line(text: str) -> str:
    """JSON with each list of numbers on a line of its own: a curve of a thousand points is no thousand lines."""
    number = r"-?\d[\d.eE+-]*|null"
    return re.sub(
        rf"\[\s+((?:{number})(?:,\s+(?:{number}))*)\s+\]", lambda match: f"[{' '.join(match[1].split())}]", text
    )


def _in_checkout() -> bool:
    return (ROOT / "pyproject.toml").is_file()
