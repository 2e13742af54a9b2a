"""The commands `rnnbook grade` and `rnnbook gradescope`. They import what they need when they run."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

gradescope = typer.Typer(no_args_is_help=True, help="Grade on Gradescope: make its autograder.")
out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)

_Exercises = Annotated[
    list[str] | None, typer.Option("--exercise", "-e", help="Such as rnn-cell; may be given several times.")
]
_Chapters = Annotated[list[str] | None, typer.Option("--chapter", help="All exercises of a chapter, such as 02_rnn.")]
_Tests = Annotated[Path | None, typer.Option(help="Folder of hidden tests.", metavar="DIR")]
_Memory = Annotated[int, typer.Option(help="MB that a learner's code may take.", min=64)]
_Seconds = Annotated[float | None, typer.Option(help="For each test, in place of the exercises' own limits.", min=0.1)]
_Secret = Annotated[Path | None, typer.Option(help="File with the secret behind the tests' random numbers.")]


def grade(
    folder: Annotated[Path, typer.Argument(help="The class's submissions: a folder, or an archive of it.")],
    exercise: _Exercises = None,
    chapter: _Chapters = None,
    roster: Annotated[Path | None, typer.Option(help="The class as a CSV file.", metavar="CSV")] = None,
    tests: _Tests = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the reports.")] = Path("grades"),
    workers: Annotated[int | None, typer.Option(help="Processes; by default one for each core.", min=1)] = None,
    dask: Annotated[str | None, typer.Option(help="A dask cluster's scheduler.", metavar="ADDRESS")] = None,
    tls_ca: Annotated[Path | None, typer.Option(help="For --dask: the authority's certificate.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="For --dask: this side's certificate.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="For --dask: this side's key.")] = None,
    regrade: Annotated[
        list[str] | None, typer.Option(help="Grade an exercise again whose marks are known.", metavar="EXERCISE")
    ] = None,
    sandbox: Annotated[
        str | None, typer.Option(help="namespaces, landlock or process; by default the best that works here.")
    ] = None,
    allow_unsafe: Annotated[
        bool, typer.Option("--allow-unsafe", help="Grade even where no sandbox works that withstands an attack.")
    ] = False,
    memory: _Memory = 1024,
    seconds: _Seconds = None,
    secret: _Secret = None,
    summary: Annotated[Path | None, typer.Option(help="Also add the marks to this file, in Markdown.")] = None,
) -> None:
    """Grade a class: exit code 0 when all have marks, 1 when the grader failed at some, 2 when nothing was graded.

    What is finished is kept at once: after an interruption, the same command goes on from there.
    """
    from rnnbook.exercises.errors import ExerciseError

    try:
        from rnnbook.grading import classroom, reports

        request = classroom.Request(
            folder=folder,
            output=output,
            exercises=tuple(exercise or ()),
            chapters=tuple(chapter or ()),
            roster=roster,
            tests=tests,
            regrade=tuple(regrade or ()),
            tier=sandbox,
            allow_unsafe=allow_unsafe,
            memory=memory * 2**20,
            seconds=seconds,
            secret=secret,
        )
        crew = _crew(dask, workers, tls_ca, tls_cert, tls_key)
        grades = classroom.grade(request, crew, say=lambda line: err.print(line, markup=False))
        if summary:
            with open(summary, "a", encoding="utf-8") as file:
                file.write(reports.summary(grades.results, grades.submissions))
    except ExerciseError as error:
        err.print(str(error), markup=False)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        err.print("\nStopped. What is finished is recorded: the same command goes on from there.", markup=False)
        raise typer.Exit(130) from None
    _show(grades)
    raise typer.Exit(1 if grades.faults else 0)


@gradescope.callback()
def _group() -> None:
    """Grade on Gradescope."""


@gradescope.command()
def build(
    exercise: _Exercises = None,
    chapter: _Chapters = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The archive to upload.")] = Path(
        "gradescope/autograder.zip"
    ),
    tests: _Tests = None,
    hidden: Annotated[
        str, typer.Option(help="When learners see a hidden test's title: after_published, after_due_date or hidden.")
    ] = "after_published",
    memory: _Memory = 1024,
    seconds: _Seconds = None,
    secret: _Secret = None,
) -> None:
    """Make the archive to upload as a programming assignment's autograder."""
    from rnnbook.exercises.errors import ExerciseError

    try:
        from rnnbook.grading import classroom
        from rnnbook.grading.classroom import record
        from rnnbook.grading.gradescope import autograder

        asked = classroom.chosen(classroom.known(tests), exercise or (), chapter or ())
        output.parent.mkdir(parents=True, exist_ok=True)
        key = record.secret(output.parent, secret)
        limits = {"memory": memory * 2**20, "seconds": seconds}
        autograder.build(output, asked or (), secret=key, tests=tests, hidden=hidden, **limits)
    except (ExerciseError, OSError) as error:
        err.print(str(error), markup=False)
        raise typer.Exit(2) from None
    out.print(f"{output} grades {', '.join(asked)}.", markup=False)
    if not secret:
        out.print(
            f"Keep {output.parent / record.SECRET}: with it, the same code always has the same marks.", markup=False
        )


def _crew(dask: str | None, workers: int | None, *tls: Path | None):
    """Who does the grading."""
    from rnnbook.grading.errors import GradingError

    if not dask:
        if any(tls):
            raise GradingError("--tls-ca, --tls-cert and --tls-key are for a cluster: name it with --dask ADDRESS.")
        from rnnbook.grading.classroom.workers import Local

        return Local(workers)
    if workers:
        raise GradingError("A cluster has the workers that were started for it: leave out --workers.")
    if any(tls) and not all(tls):
        raise GradingError("An encrypted cluster needs all three: --tls-ca, --tls-cert and --tls-key.")
    from rnnbook.grading.classroom.cluster import TLS, Cluster

    return Cluster(dask, TLS(*map(str, tls)) if all(tls) else None)


def _show(grades) -> None:
    """The last words of a run: what came of it, what wants looking at, and where the reports are."""
    Console().print(grades.table())
    run = grades.run
    learners = f"{run['submissions']} learner{'s' * (run['submissions'] != 1)}"
    out.print(f"{learners}, {run['graded']} graded now, in {run['seconds']:.0f} s, sandbox: {run['tier']}.")
    if unread := [submission for submission in grades.submissions if submission.problem]:
        out.print(f"Nothing to read from {len(unread)}: class.html names them.")
    if flags := sum(len(result.flags) for result in grades.results):
        out.print(f"To review: {flags}, in class.html, each with the learner's line.")
    for result in grades.faults[:5]:
        err.print(f"No mark: {result.learner}, {result.exercise}: {result.fault}", markup=False)
    if grades.faults:
        err.print(f"{len(grades.faults)} without a mark, because the grader failed. The same command tries them again.")
    out.print("Reports:", *grades.files, markup=False)
