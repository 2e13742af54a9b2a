"""Makes the one file to hand in, and grades that very file as the class grader would."""

import os
import shlex
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from rnnbook.exercises import source
from rnnbook.exercises.display import begun, is_missing, overview
from rnnbook.exercises.errors import ExerciseError
from rnnbook.exercises.report import Report
from rnnbook.exercises.terminal import stale
from rnnbook.exercises.terminal.console import said

_OURS = b"rnnbook pack"  # the archive's comment: such a file may be replaced
_OLDEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file knows


@dataclass(frozen=True)
class Graded:
    """What the file to hand in is worth.

    Args:
        reports: one for each exercise of the chapters that it is about.
        how: the sandbox, in words.
        notes: what the grader says of the file.
    """

    reports: list[Report]
    how: str
    notes: list[str]


def pack(files: Sequence[Path], output: Path, grade: Callable[[Path], Graded]) -> Graded:
    """Writes the file, once it has been graded.

    Args:
        files: notebooks and Python files; the helper modules beside them that they import are taken along.
        output: the zip file to write; one that this function has made before is replaced.
        grade: gives the marks of a zip file.

    Raises:
        ExerciseError: a file cannot be read, or the output would overwrite something else; then nothing is written.
    """
    check_output(output)
    content = _zipped(collect(files))
    try:
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=".rnnbook-") as folder:
            unfinished = Path(folder) / output.name
            unfinished.write_bytes(content)
            graded = grade(unfinished)
            os.replace(unfinished, output)
    except OSError as error:
        raise ExerciseError(f"{output} could not be written: {error.strerror}.") from None
    return graded


def collect(files: Sequence[Path]) -> dict[str, Path]:
    """The files to hand in by their path in the archive: those given, and the helper modules that they import.

    Raises:
        ExerciseError: a file cannot be read, is too large for the grader, or has another one's name.
    """
    from rnnbook.grading.intake.files import FILE, TOTAL, mb

    found: dict[str, Path] = {}
    for path in files:
        todo = [(path.name, path)]
        while todo:
            name, path = todo.pop()
            if name in found:
                if not path.samefile(found[name]):
                    raise ExerciseError(f"{path} and {found[name]} have the same name: rename one.")
                continue
            found[name] = path
            todo += _helpers(name, path)
    for path in found.values():
        if (size := path.stat().st_size) > FILE:
            raise ExerciseError(f"{path} has {mb(size)}, and the grader takes {mb(FILE)}: clear its outputs, and save.")
    if (size := sum(path.stat().st_size for path in found.values())) > TOTAL:
        raise ExerciseError(f"The files have {mb(size)}, and the grader takes {mb(TOTAL)}: clear their outputs.")
    return found


def check_output(output: Path) -> None:
    """Raises ExerciseError when the file to hand in cannot be written there, or another file is in its place."""
    if output.suffix != ".zip":
        raise ExerciseError(f"{output} should end in .zip.")
    if not output.parent.is_dir():
        raise ExerciseError(f"There is no folder {output.parent}.")
    if output.exists():
        try:
            with zipfile.ZipFile(output) as archive:
                ours = archive.comment == _OURS
        except (OSError, zipfile.BadZipFile):
            ours = False
        if not ours:
            raise ExerciseError(f"{output} is there already, and not from `rnnbook pack`: name another with -o.")


def show(files: Sequence[Path], output: Path | None, out: Console, err: Console) -> int:
    """Packs, and says what the file is worth and what looks wrong.

    Args:
        files: the learner's.
        output: the file to write; by default the first one's name with .zip, in this folder.
        out: takes the marks.
        err: takes what is said meanwhile.

    Returns:
        The exit code: 0 when all exercises pass, else 1.

    Raises:
        ExerciseError: there is nothing to pack; then nothing is written.
    """
    output = output or Path(f"{files[0].stem}.zip")
    replaced = output.exists()
    with said(err) as tell:
        graded = pack(files, output, lambda path: grade(path, tell))
    with zipfile.ZipFile(output) as archive:
        names = ", ".join(archive.namelist())
    size = f"{max(1, output.stat().st_size // 1000)} kB"
    out.print(Text(f"{output} is ready ({size}): {names}." + " It replaces the earlier one." * replaced, style="bold"))
    out.print(Text(f"Graded from that very file, {graded.how}:"))
    out.print(overview(graded.reports))
    if warnings := [*_warnings(files, graded)]:
        out.print(Text("\nBefore you hand it in:", style="bold"))
        for line in warnings:
            out.print(f"  ! {line}", markup=False)
    passed = all(report.passed for report in graded.reports)
    if not passed:
        out.print(Text(f"\nWhat fails and why: rnnbook check {shlex.quote(str(files[0]))}", style="italic"))
    return 0 if passed else 1


def grade(path: Path, tell: Callable[[str], None] = lambda line: None) -> Graded:
    """The marks of a zip file, read back as the class grader reads it, in the best sandbox that works here.

    Args:
        path: the file.
        tell: called with a line on how far it is.

    Raises:
        ExerciseError: it holds none of the exercises.
    """
    tell("Starting the grader, some seconds")
    from rnnbook.grading import intake, sandbox
    from rnnbook.grading.errors import GradingError
    from rnnbook.grading.grader import Grader
    from rnnbook.grading.types import Settings

    submission = intake.read(path)
    if submission.problem:
        raise ExerciseError(submission.problem)
    try:
        tier = sandbox.choose(None, allow_unsafe=True)
        with Grader(Settings(tier)) as grader:
            held = grader.survey(submission)
            chapters = {grader.exercises[id].chapter for id in held}
            wanted = [id for id, exercise in grader.exercises.items() if exercise.chapter in chapters]
            if not wanted:
                raise ExerciseError(f"The files hold none of the exercises: {', '.join(grader.exercises)}.")
            results = []
            for number, id in enumerate(wanted, 1):
                tell(f"Grading {id}, {number} of {len(wanted)}")
                results.append(grader.grade(submission, id))
        if fault := next((result.fault for result in results if result.fault), ""):
            raise GradingError(fault)
    except GradingError as error:  # no fault of the learner's, who may have to hand in now
        return _unprotected(path, tell, str(error))
    notes = dict.fromkeys([*submission.notes, *(note for result in results for note in result.notes)])
    return Graded([Report(result.exercise, result.tests) for result in results], f"in the sandbox `{tier}`", [*notes])


def _unprotected(path: Path, tell: Callable[[str], None], why: str) -> Graded:
    """The marks where the sandbox fails, as on Windows: those of `rnnbook check`, for what is in the zip file."""
    from rnnbook.exercises.terminal.process import check_file

    folder = path.parent / "unpacked"
    reports, notes = {}, [why]
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)  # we have made it ourselves
        names = archive.namelist()
    for name in names:
        try:
            checked = check_file(folder / name, [], tell=tell)
        except ExerciseError:  # a helper module
            continue
        reports |= {report.exercise: report for report in checked.reports}
        notes += [*checked.problems, *checked.notes]
    shutil.rmtree(folder)
    if not reports:
        raise ExerciseError("The files hold none of the exercises.")
    return Graded([*reports.values()], "without a sandbox", notes)


def _warnings(files: Sequence[Path], graded: Graded) -> Iterator[str]:
    yield from graded.notes
    missing = [report.exercise for report in graded.reports if is_missing(report)]
    stubs = [report.exercise for report in graded.reports if not begun(report) and report.exercise not in missing]
    if missing:
        yield f"Not in the file: {', '.join(missing)}."
    if stubs:
        yield f"Not written yet: {', '.join(stubs)}. If you have written them, save the notebook, and pack again."
    marks = {report.exercise: report.earned for report in graded.reports if report.exercise not in missing}
    for path in files:
        yield from stale.signs(path, marks)


def _helpers(name: str, path: Path) -> Iterator[tuple[str, Path]]:
    """The modules that a file imports and that lie beside it, with their paths in the archive."""
    from rnnbook.grading.intake.roles import is_taken

    folder = Path(name).parent
    for imported in source.survey(source.read(path)).imports:
        top = imported.partition(".")[0]
        if is_taken(top):
            continue  # Python's own or an installed one is imported in any case
        here = path.parent / top
        modules = [here.with_suffix(".py")] if not here.is_dir() else sorted(here.rglob("*.py"))
        for module in modules:
            if module.is_file() and module.stat().st_size:  # an empty one is not missed
                yield (folder / module.relative_to(path.parent)).as_posix(), module


def _zipped(files: dict[str, Path]) -> bytes:
    """A zip file of these files, the same bytes for the same files."""
    with tempfile.TemporaryFile() as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.comment = _OURS
            for name, path in sorted(files.items()):
                entry = zipfile.ZipInfo(name, _OLDEST)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3  # as on Linux, wherever it is made
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, path.read_bytes())
        stream.seek(0)
        return stream.read()
