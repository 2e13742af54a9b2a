"""The command `rnnbook`. Each command is thin, and imports what it needs when it runs, so that `--help` is quick."""

import importlib.metadata
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rnnbook.grading import cli as grading
from rnnbook.recipes import cli as experiments

app = typer.Typer(no_args_is_help=True, add_completion=False)
out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"rnnbook {importlib.metadata.version('rnnbook')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Companion of the course on recurrent neural networks."""


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Your notebook or Python file.")],
    exercise: Annotated[str | None, typer.Argument(help="Such as rnn-cell; by default all in the file.")] = None,
    number: Annotated[int | None, typer.Argument(help="With --hint: which hint, 1 for the first.", min=1)] = None,
    hint: Annotated[bool, typer.Option("--hint", help="Also show the next hint.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Check again whenever the file is saved.")] = False,
) -> None:
    """Check your exercises: exit code 0 when all tests pass, 1 when one fails, 2 when nothing could be checked."""
    from rnnbook.exercises.catalogue import require
    from rnnbook.exercises.errors import ExerciseError
    from rnnbook.exercises.terminal import console

    try:
        if hint and exercise and exercise.isdecimal():  # FILE --hint 2
            exercise, number = None, int(exercise)
        if number and not hint:
            raise ExerciseError(f"What is {number}? For a hint, write --hint {number}.")
        if watch and hint:
            raise ExerciseError("--watch shows no hints: ask for one in another terminal.")
        if exercise:
            require(exercise)
        if watch:
            code = console.watch(file, exercise, out, err)
        else:
            code = console.check(file, exercise, (number or console.NEXT) if hint else None, out, err)
    except ExerciseError as error:
        err.print(str(error), markup=False)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        err.print("Stopped.")
        raise typer.Exit(130) from None
    raise typer.Exit(code)


@app.command()
def progress(
    reset: Annotated[bool, typer.Option("--reset", help="Forget all marks and hints.")] = False,
) -> None:
    """Show how far you are in the course, by what `rnnbook check` has seen."""
    from rnnbook.exercises.terminal import progress

    try:
        if reset:
            out.print("Your progress is forgotten." if progress.reset() else "There was no progress to forget.")
            return
        entries, note = progress.read()
    except OSError as error:
        err.print(f"{progress.path()} could not be read: {error.strerror}.", markup=False)
        raise typer.Exit(2) from None
    if note:
        err.print(note, markup=False)
    out.print(progress.overview(entries))


@app.command()
def pack(
    files: Annotated[list[Path], typer.Argument(help="Your notebooks, or Python files.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to hand in; by default the first one's name, .zip.")
    ] = None,
) -> None:
    """Make the one file to hand in, and grade that very file: exit codes as of `rnnbook check`."""
    from rnnbook.exercises.errors import ExerciseError
    from rnnbook.exercises.terminal import pack

    try:
        code = pack.show(files, output, out, err)
    except ExerciseError as error:
        err.print(str(error), markup=False)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        err.print("Stopped: nothing was written.")
        raise typer.Exit(130) from None
    raise typer.Exit(code)


app.command()(grading.grade)
app.add_typer(grading.gradescope, name="gradescope")


@app.command()
def doctor() -> None:
    """Look whether all that the course needs is installed; exit code 1 when something required is missing."""
    from rnnbook.doctor import examine, table

    findings = examine()
    Console().print(table(findings))
    if any(finding.required and not finding.well for finding in findings):
        raise typer.Exit(1)


@app.command()
def exercises(
    check: Annotated[bool, typer.Option("--check", help="Only look: exit code 1 when one is not up to date.")] = False,
) -> None:
    """Write exercises/*.ipynb from solutions/*.ipynb; run it in the repository's root folder."""
    from rnnbook.exercises.errors import ExerciseError
    from rnnbook.exercises.publish import outdated, publish

    try:
        paths = (outdated if check else publish)(Path.cwd())
    except ExerciseError as error:
        err.print(str(error), markup=False)
        raise typer.Exit(2) from None
    for path in paths:
        out.print(path.name, "is not up to date: run `make exercises`." if check else "is up to date now.")
    if check and paths:
        raise typer.Exit(1)


for command in (experiments.train, experiments.results, experiments.predict, experiments.write):
    app.command()(command)


if __name__ == "__main__":
    app()
