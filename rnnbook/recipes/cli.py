"""The commands about experiments: `rnnbook train`, `rnnbook results`, `rnnbook predict`, `rnnbook write`."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from rnnbook.models import Predictor, Translator

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)

TRY = {  # what to ask a model once it is trained
    "imdb": ("predict", "not dull for a minute"),
    "dates": ("predict", "3 mars 2024"),
    "multi30k": ("predict", "Ein Hund läuft durch den Schnee."),
    "shakespeare": ("write", "ROMEO:"),
}


def train(
    recipe: Annotated[str, typer.Argument(help="Such as imdb-bilstm; `rnnbook train list` names them all.")],
    full: Annotated[bool, typer.Option("--full", help="Take the real data, and record the result.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of data that you have downloaded.")] = None,
    seeds: Annotated[int, typer.Option(help="How many seeds, from 0 on.", min=1)] = 1,
    seed: Annotated[int | None, typer.Option(help="This seed alone; it is recorded in --output only.", min=0)] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a run that was cut off has stopped.")] = False,
    budget_seconds: Annotated[float | None, typer.Option(help="Time to train a seed; the rest comes on top.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, mps, or auto for the fastest there is.")] = "cpu",
    output: Annotated[Path | None, typer.Option(help="Folder for the record; by default results/.")] = None,
) -> None:
    """Run an experiment of the course, seed by seed."""
    from rnnbook import recipes, results
    from rnnbook.data import DataError
    from rnnbook.device import device as find_device
    from rnnbook.distributed import first

    if recipe == "list":
        everything = recipes.recipes()
        width = max(map(len, everything)) + 2
        out.print("\n".join(f"{name:{width}}{known.model}" for name, known in everything.items()), markup=False)
        return
    out.quiet = not first()
    try:
        if budget_seconds is not None and budget_seconds <= 0:
            raise ValueError(f"--budget-seconds {budget_seconds:g} is no time: give a number above 0")
        chosen = recipes.find(recipe)
        numbers = range(seeds) if seed is None else [seed]
        runs = recipes.run(
            chosen,
            numbers,
            full=full,
            data_dir=data_dir,
            device=str(find_device(device)),
            resume=resume,
            budget_seconds=budget_seconds,
            progress=sys.stderr.isatty(),
        )
        for number in numbers:
            out.print(f"seed {number}: {next(runs).value:.4f}", markup=False)
        (result,) = runs
        out.print(f"{result.model['name']}: {result.metric.replace('_', ' ')} {result.summary()}", markup=False)
        if not first():
            return
        if output or (full and seed is None):
            out.print(f"Recorded in {results.save(result, output)}", markup=False)
        else:
            remedy = "--output records it" if full else "--full takes the real data, and records the result"
            out.print(f"Not recorded: {remedy}.", markup=False)
        place = recipes.place_of(result.name, full)
        if chosen.task in TRY and (recipes.models_folder() / place).is_dir():
            command, text = TRY[chosen.task]
            out.print(f'Try it: rnnbook {command} {place} "{text}"', markup=False)
    except (DataError, ValueError, RuntimeError, FloatingPointError) as error:
        err.print(str(error), markup=False)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        known = recipes.recipes().get(recipe)
        err.print("Stopped." + (" The same command with --resume goes on from here." if known and known.long else ""))
        raise typer.Exit(130) from None


def predict(
    model: Annotated[str, typer.Argument(help="A trained recipe such as imdb-bilstm, or a folder.")],
    texts: Annotated[list[str] | None, typer.Argument(help="By default the lines of standard input.")] = None,
    beam: Annotated[int | None, typer.Option(help="Hypotheses that a translation keeps; 1 is greedy.", min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Say what a trained model makes of texts: their labels, or their translations."""
    from rnnbook.models import Predictor, Translator
    from rnnbook.recipes.trained import find

    with _refusals():
        asked = find(model)
        given = texts or [line.rstrip("\n") for line in sys.stdin]
        if isinstance(asked, Translator):
            answers = list(_translated(asked, given, beam or 1))
        elif beam:
            raise ValueError(f"{model} does not translate: leave out --beam")
        elif isinstance(asked, Predictor):
            answers = list(_labelled(asked, given))
        else:
            raise ValueError(f'{model} is a language model: `rnnbook write {model} "..."` lets it go on with a text')
    for text, (line, details) in zip(given, answers, strict=True):
        out.print(json.dumps({"text": text} | details, ensure_ascii=False) if as_json else line, markup=False)


def _labelled(predictor: "Predictor", texts: list[str]) -> Iterator[tuple[str, dict]]:
    for text, found in zip(texts, predictor.predict(texts), strict=True):
        note = "  (no word of it is known to the model)" if found.blind else ""
        details = {"label": found.label, "probabilities": found.probabilities}
        details |= {"tokens": found.tokens, "known": found.known}
        yield f"{found.label} {found.probability:7.1%}  {text[:100]}{note}", details


def _translated(translator: "Translator", texts: list[str], beam: int) -> Iterator[tuple[str, dict]]:
    """Translations, ranked by their mean log probability where several are compared; a blank line stays blank."""
    found = iter(translator.translate(filter(str.strip, texts), beam=beam, alpha=1.0))
    for text in texts:
        if not text.strip():  # the model would guess
            yield "", {"translation": "", "log_probability": 0.0, "finished": True}
            continue
        each = next(found)
        yield each.text, {"translation": each.text, "log_probability": each.log_probability, "finished": each.finished}


def write(
    model: Annotated[str, typer.Argument(help="A trained recipe such as shakespeare-lstm, or a folder.")],
    prompt: Annotated[str, typer.Argument(help="The text to go on with.")] = "\n",
    length: Annotated[int, typer.Option(help="Characters to write.", min=0)] = 400,
    temperature: Annotated[float, typer.Option(help="0 takes the most probable character each time.")] = 0.8,
    top_k: Annotated[int | None, typer.Option(help="Draw among so many of the most probable ones.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Draw among the fewest that have this share together.")] = None,
    seed: Annotated[int | None, typer.Option(help="For the same text each time.")] = None,
) -> None:
    """Let a trained language model go on with a text."""
    import torch

    from rnnbook.decode import generate
    from rnnbook.recipes.trained import find

    with _refusals():
        asked = find(model)
        if not isinstance(asked, tuple):
            raise ValueError(
                f'{model} is no language model: `rnnbook predict {model} "..."` says what it makes of a text'
            )
        generator = torch.Generator()
        generator.seed() if seed is None else generator.manual_seed(seed)
        options = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "generator": generator}
        text = generate(*asked, prompt, max_length=length, **options)
    out.print(text, markup=False)


@contextmanager
def _refusals() -> Iterator[None]:
    """What cannot be done is said in a line, and the command ends with status 2."""
    try:
        yield
    except (FileNotFoundError, ValueError, FloatingPointError) as error:
        err.print(str(error), markup=False)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def results(
    wanted: Annotated[list[str] | None, typer.Argument(help="Tasks or names; by default all.")] = None,
    mine: Annotated[Path | None, typer.Option(help="Folder of your own records, to compare.")] = None,
) -> None:
    """List recorded results, the best of each task first, and compare them."""
    from rnnbook import results as recorded

    with _refusals():
        found = recorded.select(wanted or [])
        own = recorded.read(mine) if mine else {}
        if mine:
            found = [result for result in found if result.name in own]
            if not found:
                raise ValueError(f"{mine} holds no record of the same name: `rnnbook train NAME --output {mine}`")
    for (task, metric), group in recorded.grouped(found).items():
        table = Table("name", title=f"{task}, {metric.replace('_', ' ')}", title_justify="left")
        table.columns[0].no_wrap = True
        for title in ("model", "mean ± sd", "to the best", "s a seed", *(["yours"] if mine else [])):
            table.add_column(title)
        for result in group:
            row = [result.name, result.model["name"], result.summary(), recorded.gap(result, group[0])]
            row.append(result.cost())
            if mine:
                row.append(f"{own[result.name].summary()}, {recorded.gap(own[result.name], result)}")
            table.add_row(*row)
        out.print(table)
