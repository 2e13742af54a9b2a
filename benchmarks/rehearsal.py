"""A rehearsal of a class run, to be run by hand: many generated submissions, kills at random moments, memory watched.

    python benchmarks/rehearsal.py --learners 2000 --kills 5 --workers 2

Half of the learners hand in right code, others the mistakes of tests/submissions, files that are broken, and the
attacks of tests/grading/attacks. The run is killed several times and begun again. In the end every learner must have
one result for each exercise, right code full marks and wrong code less. It prints time and memory as it goes.
"""

import argparse
import io
import json
import random
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from submitted import cells  # noqa: E402

KINDS = {"right": 50, "partly right": 30, "broken": 12, "hostile": 8}  # per cent


def pieces(path: Path, kind: str) -> list[str]:
    """The code of all cells of a kind ("alternative", "mutant", "attack") in a file of submissions."""
    return [code for found, _, _, code in cells(path) if found == kind]


def notebook(codes: list[str]) -> bytes:
    cells = [{"cell_type": "code", "source": code, "metadata": {}, "outputs": []} for code in codes]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("work/rnn.ipynb", content)
    return buffer.getvalue()


def broken(right: bytes, chance: random.Random) -> tuple[str, bytes]:
    """A suffix and what somebody might hand in by mistake."""
    return chance.choice(
        [
            (".ipynb", b""),
            (".ipynb", right[: len(right) // 2]),
            (".ipynb", chance.randbytes(5000)),
            (".py", b"def rnn_cell(x, h:\n    return"),
            (".py", b"\xff\xfe\x00"),
            (".zip", zipped(right)[:-30]),
            (".ipynb", b"%PDF-1.7"),
        ]
    )


def hand_in(folder: Path, count: int, exercises: list[str]) -> dict[str, str]:
    """Writes the class; gives each learner's kind."""
    chance = random.Random(0)
    submissions = ROOT / "tests" / "submissions"
    right, wrong = ({id: pieces(submissions / f"{id}.py", k) for id in exercises} for k in ("alternative", "mutant"))
    attacks = [
        code
        for path in sorted((submissions.parent / "grading" / "attacks").glob("*.py"))
        for code in pieces(path, "attack")
    ]
    kinds = {}
    for number in range(count):
        learner = f"learner{number:04}"
        kind = kinds[learner] = chance.choices([*KINDS], [*KINDS.values()])[0]
        codes = [f"# {learner}", *(chance.choice((wrong if kind == "partly right" else right)[id]) for id in exercises)]
        suffix, content = chance.choice([(".ipynb", notebook(codes)), (".zip", zipped(notebook(codes)))])
        if kind == "hostile":
            suffix, content = ".py", f"# {learner}\n{chance.choice(attacks)}".encode("utf-8", "surrogatepass")
        if kind == "broken":
            suffix, content = broken(notebook(codes), chance)
        (folder / f"{learner}{suffix}").write_bytes(content)
    return kinds


def tree(process: psutil.Process) -> dict[str, float]:
    """Memory in MB: the main process, and the largest of those below it."""
    try:
        below = [child.memory_info().rss for child in process.children(recursive=True)]
        return {"main": process.memory_info().rss / 1e6, "largest worker": max(below, default=0) / 1e6}
    except psutil.Error:
        return {}


def run(command: list[str], record: Path, until: int | None = None) -> bool:
    """Runs the command, and kills it when the record has so many lines; gives whether it came to its end."""
    start = shown = time.monotonic()
    program = psutil.Popen(command)
    while program.poll() is None:
        time.sleep(0.1)
        lines = record.read_bytes().count(b"\n") if record.exists() else 0
        seconds = time.monotonic() - start
        if until is not None and lines >= until:
            program.kill()
            program.wait()
            print(f"killed after {seconds:.1f} s at {lines} lines of the record", flush=True)
            return False
        if time.monotonic() - shown > 30:
            shown = time.monotonic()
            memory = ", ".join(f"{name} {size:.0f} MB" for name, size in tree(program).items())
            print(f"{seconds:.0f} s: {lines} lines of the record; {memory}", flush=True)
    print(f"ended after {seconds:.1f} s with exit code {program.returncode}", flush=True)
    return True


def judge(output: Path, kinds: dict[str, str]) -> list[str]:
    """What is wrong with the results."""
    learners = {found["learner"]: found for found in json.loads((output / "results.json").read_text())["learners"]}
    wrong = [f"{name}: no result" for name in kinds.keys() - learners.keys()]
    for name, found in learners.items():
        marks = [(exercise["earned"], exercise["possible"]) for exercise in found["exercises"]]
        full = all(earned == possible for earned, possible in marks)
        some = any(earned == possible for earned, possible in marks)
        nothing = not any(earned for earned, _ in marks)
        expected = {"right": full, "partly right": not some, "broken": nothing, "hostile": True}
        if any(earned is None for earned, _ in marks):
            wrong.append(f"{name} ({kinds[name]}): a fault of the grader: {found['exercises']}"[:500])
        elif not expected[kinds[name]]:
            wrong.append(f"{name} ({kinds[name]}): {marks}")
        if not all(exercise["tests"] for exercise in found["exercises"]):
            wrong.append(f"{name}: tests are missing")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--learners", type=int, default=2000)
    parser.add_argument("--exercises", nargs="+", default=["rnn-cell"])
    parser.add_argument("--kills", type=int, default=3, help="how often the run is killed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where to; by default a temporary folder")
    parser.add_argument("options", nargs="*", help="after --, for `rnnbook grade`")
    arguments = parser.parse_args()
    chance = random.Random()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        (folder / "class").mkdir(parents=True, exist_ok=True)
        kinds = hand_in(folder / "class", arguments.learners, arguments.exercises)
        ids = [part for id in arguments.exercises for part in ("-e", id)]
        command = [sys.executable, "-P", "-m", "rnnbook.cli", "grade", str(folder / "class"), *ids]
        command += ["-o", str(folder / "grades"), "--workers", str(arguments.workers), *arguments.options]
        record = folder / "grades" / "record.jsonl"
        start = time.monotonic()
        for until in sorted(chance.choices(range(arguments.learners), k=arguments.kills)):
            run(command, record, until)
        run(command, record)
        seconds = time.monotonic() - start
        print(f"{seconds:.0f} s, {seconds / arguments.learners:.3f} s a submission")
        wrong = judge(folder / "grades", kinds)
        print("\n".join(wrong) or "Every learner has the marks that were to be expected.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
