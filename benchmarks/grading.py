"""How long grading takes, beside otter-grader on the same submissions in the same run; to be run by hand.

    pip install otter-grader
    python benchmarks/grading.py --record

Each submission is a notebook with an answer to `rnn-cell`, right or wrong in a way of tests/submissions. It is graded
by a warm grader here, and by `otter run`, turn by turn, so that whatever else the machine does hits both. Otter's tests
are one comparison of values; ours are all eleven cases of the exercise, each in a sandbox of its own. Then a class of
whole chapters is graded with two workers. Nothing else should run meanwhile.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from submitted import submissions  # noqa: E402

from rnnbook import results  # noqa: E402
from rnnbook.exercises.catalogue import catalogue  # noqa: E402
from rnnbook.grading import intake, sandbox  # noqa: E402
from rnnbook.grading.classroom.workers import Local, Task  # noqa: E402
from rnnbook.grading.grader import Grader  # noqa: E402
from rnnbook.grading.types import Settings  # noqa: E402

OTTERS_TEST = '''
OK_FORMAT = True
test = {
    "name": "rnn_cell",
    "points": None,
    "suites": [
        {
            "type": "doctest",
            "scored": True,
            "setup": "",
            "teardown": "",
            "cases": [
                {
                    "code": """
>>> import torch
>>> x, h, W, U, b, c = (torch.randn(size) for size in [(2, 3), (2, 5), (5, 3), (5, 5), (5,), (5,)])
>>> torch.allclose(rnn_cell(x, h, W, U, b, c), torch.tanh(x @ W.T + b + h @ U.T + c))
True
""",
                    "hidden": False,
                    "locked": False,
                }
            ],
        }
    ],
}
'''


def notebooks(folder: Path, count: int) -> list[Path]:
    """Notebooks with answers to `rnn-cell`, one after the other of those that are known."""
    known = submissions("rnn-cell")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    paths = []
    for number in range(count):
        cell = nbformat.v4.new_code_cell(known[number % len(known)].code)
        paths.append(folder / f"learner{number:03}.ipynb")
        nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), paths[-1])
    return paths


def otter(folder: Path):
    """A function that grades a notebook with otter."""
    command = shutil.which("otter") or shutil.which("otter", path=str(Path(sys.executable).parent))
    if not command:
        sys.exit("otter-grader is not installed: pip install otter-grader, in an environment of its own if you like.")
    zipped = folder / "autograder.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("tests/rnn_cell.py", OTTERS_TEST)
        archive.writestr("otter_config.json", "{}")
    out = folder / "otter"
    out.mkdir()

    def grade(path: Path) -> None:
        subprocess.run([command, "run", "-a", zipped, "-o", out, path], check=True, capture_output=True, cwd=folder)

    return grade


def seconds(function, *arguments) -> float:
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def one_by_one(settings: Settings, count: int) -> tuple[list[float], list[float]]:
    """Seconds for each submission, ours and otter's."""
    with tempfile.TemporaryDirectory() as folder, Grader(settings) as grader:
        paths = notebooks(Path(folder), count)
        theirs = otter(Path(folder))
        grader.grade(intake.read(paths[0]), "rnn-cell")  # warm
        pairs = []
        for path in paths:
            pairs.append(
                (seconds(lambda path=path: grader.grade(intake.read(path), "rnn-cell")), seconds(theirs, path))
            )
            print(f"{path.stem}: {pairs[-1][0]:.2f} s, otter {pairs[-1][1]:.2f} s", flush=True)
    ours, others = zip(*pairs, strict=True)
    return list(ours), list(others)


def a_class(settings: Settings, chapter: str, count: int) -> float:
    """Seconds for each submission of a whole chapter, with two workers, their start not counted."""
    ids = tuple(exercise.id for exercise in catalogue() if exercise.chapter == chapter)
    submission = intake.read(ROOT / "solutions" / f"{chapter}.ipynb")
    with Local(2) as crew:
        done = crew.run([Task(submission, ids)] * (8 + count), settings)
        for _ in range(8):  # then both workers are up
            next(done)
        return seconds(lambda: [*done]) / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", type=int, default=12)
    parser.add_argument("--class-size", type=int, default=40)
    parser.add_argument("--tier", choices=sandbox.TIERS)
    parser.add_argument("--record", action="store_true", help="write results/grading.json")
    options = parser.parse_args()
    settings = Settings(sandbox.choose(options.tier, allow_unsafe=True), secret=b"benchmark")
    ours, others = one_by_one(settings, options.submissions)
    ratio = statistics.median(others) / statistics.median(ours)
    print(f"median: {statistics.median(ours):.2f} s, otter {statistics.median(others):.2f} s: {ratio:.0f} times")
    chapters = {}
    for chapter in sorted({exercise.chapter for exercise in catalogue()}):
        each = chapters[chapter] = round(a_class(settings, chapter, options.class_size), 3)
        print(f"{chapter}: {each:.2f} s a submission with two workers, {1000 * each / 60:.1f} minutes for 1,000")
    if options.record:
        print(results.save(_result(settings, ours, others, chapters)))


def _result(settings: Settings, ours: list[float], others: list[float], chapters: dict) -> results.Result:
    return results.record(
        name="grading",
        task="grading",
        model={"name": f"rnnbook grade, sandbox {settings.tier}", "parameters": 0},
        dataset={"name": "tests/submissions/rnn-cell.py", "full": True, "sha256": ""},
        metric="seconds_per_submission",
        higher_is_better=False,
        seeds=list(range(len(ours))),
        values=ours,
        seconds=ours,
        more={
            "otter_seconds": others,
            "ratio": statistics.median(others) / statistics.median(ours),
            "chapter_seconds_two_workers": chapters,
        },
        command="python benchmarks/grading.py --record",
    )


if __name__ == "__main__":
    main()
