"""Signs that a notebook on disk is not the one that its author has in mind."""

import contextlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from rnnbook.exercises import source
from rnnbook.exercises.errors import ExerciseError

_MARKS = re.compile(r"^([\w-]+): (\d+) of (\d+) points", re.MULTILINE)  # the first line of a report
_TOLERANCE = 2.0  # seconds: file systems and kernels round their clocks
_AGAIN = "restart the kernel, run all cells, save, and pack again"


def signs(path: Path, marks: Mapping[str, int]) -> list[str]:
    """What to tell before the file is handed in, a line each.

    Args:
        path: the notebook or Python file.
        marks: what its exercises get now.
    """
    cells = source.read(path)
    found = [_twice(name, places) for name, places in source.survey(cells).twice.items()]
    if path.suffix == ".ipynb":
        # What lies beside the code may be of any form: some tools leave it out, or write something of their own.
        with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError):
            notebook = json.loads(path.read_bytes().decode("utf-8-sig"))
            code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
            for look in (_other_marks(path.name, code, marks), _out_of_order(path.name, code), _older(path, code)):
                found += look
    return [*found, *_checkpoint(path, cells)]


def _twice(name: str, places: tuple[str, ...]) -> str:
    return f"{name} is defined {len(places)} times: {'; '.join(places)}. The last one counts."


def _other_marks(name: str, code: list[dict], marks: Mapping[str, int]) -> Iterator[str]:
    """Marks in the outputs that are not those that the code gets now."""
    shown = {id: (int(earned), possible) for cell in code for id, earned, possible in _MARKS.findall(_output(cell))}
    for id, (earned, possible) in shown.items():
        now = marks.get(id)
        if now is None:
            yield f"{name} shows {earned} of {possible} points for {id}, but nothing of {id} is in its code any more."
        elif now != earned:
            yield (
                f"{name} shows {earned} of {possible} points for {id}, but its code gets {now}: it was changed after "
                f"that check, or needs what is no longer in it. To see, {_AGAIN}."
            )


def _output(cell: dict) -> str:
    """What a cell has printed and displayed, as text."""
    texts = []
    for output in cell.get("outputs", []):
        for text in (output.get("text"), output.get("data", {}).get("text/plain")):
            texts.append("".join(text or ""))
    return "\n".join(texts)


def _out_of_order(name: str, code: list[dict]) -> Iterator[str]:
    """A cell that was run later than one below it."""
    runs = [(number, cell.get("execution_count")) for number, cell in enumerate(code, 1)]
    runs = [(number, count) for number, count in runs if isinstance(count, int)]
    for (upper, late), (lower, early) in itertools.pairwise(runs):
        if late > early:
            yield (
                f"{name} was not run from top to bottom: code cell {upper} as [{late}], then code cell {lower} as "
                f"[{early}]. What you saw may not be what this file gives: {_AGAIN}."
            )
            return


def _older(path: Path, code: list[dict]) -> Iterator[str]:
    """A file that was saved before its cells were run, as Jupyter's timestamps tell where they are switched on."""
    times = [time for cell in code for time in (cell.get("metadata", {}).get("execution") or {}).values()]
    run = max((_seconds(time) for time in times), default=0.0)
    if run > path.stat().st_mtime + _TOLERANCE:
        yield (
            f"{path.name} on disk is from {_day(path.stat().st_mtime)}, but its cells were run at {_day(run)}: "
            "is it an older copy? Save the notebook, and pack again."
        )


def _checkpoint(path: Path, cells: list[source.Cell]) -> Iterator[str]:
    """A newer copy of Jupyter's with other code."""
    copy = path.parent / ".ipynb_checkpoints" / f"{path.stem}-checkpoint{path.suffix}"
    try:
        newer = copy.stat().st_mtime > path.stat().st_mtime + _TOLERANCE
        if newer and [cell.code for cell in source.read(copy)] != [cell.code for cell in cells]:
            yield f"{copy} is newer than {path.name}, and its code differs: which one do you mean?"
    except (OSError, ExerciseError):
        return


def _seconds(time: object) -> float:
    try:
        return datetime.fromisoformat(time).timestamp()
    except (ValueError, TypeError):
        return 0.0


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M:%S}"
