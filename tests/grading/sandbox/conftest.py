"""The cage: `tests/grading/sandbox/cage.py` in a process of its own, and this process as the observer outside."""

import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from rnnbook.grading.sandbox.trial import attempt

_CAGE = Path(__file__).with_name("cage.py")
_ROOT = Path(__file__).parents[3]
SAFE = ("namespaces", "landlock")


class Cage:
    """A nursery, and what it answers."""

    def __init__(self, tier: str, **settings):
        self.tier = tier
        self.process = subprocess.Popen(
            [sys.executable, "-P", _CAGE, json.dumps({"tier": tier, **settings})],
            env={"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.started = self.hear()

    def hear(self) -> dict:
        """The next line that the nursery says."""
        return json.loads(self.process.stdout.readline() or '{"error": "the nursery has died"}')

    def begin(self, code: str, **order) -> None:
        """Starts a child without waiting for it."""
        self.process.stdin.write(json.dumps({"code": code, **order}) + "\n")
        self.process.stdin.flush()

    def run(self, code: str, **order) -> dict:
        """Runs code in a child; how it ended."""
        self.begin(code, **order)
        return self.hear()

    def told(self, code: str, **order) -> dict:
        """Runs code in a child that comes to its end; what it told."""
        ended = self.run(code, **order)
        assert ended["code"] == 0, ended
        assert "trouble" not in ended["told"], ended["told"]["trouble"]
        return ended["told"]

    def descendants(self) -> list[int]:
        """The processes that came from the one that was started, as seen from outside; that one's child comes first."""
        return _descendants(self.process.pid)

    def inside(self) -> int:
        """The nursery itself; in the first tier that is a fork of what was started."""
        return (self.descendants() or [self.process.pid])[0]

    def close(self) -> None:
        """Ends it."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=20)


def _descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _need(tier: str) -> None:
    finding = attempt(tier)
    if not finding.works:
        if os.environ.get("RNNBOOK_ALL_TIERS"):
            pytest.fail(f"the sandbox {tier} must work here: {finding.why}")
        pytest.skip(finding.why)


@pytest.fixture(scope="session")
def kept():
    """Files of the outside: a folder that the sandbox may read, but for some in it, and one that it may not."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield fill(Path(folder))


def fill(folder: Path) -> Path:
    """Writes the files of `kept`."""
    for name in ("shown/readable", "shown/hidden", "shown/deep/hidden/file", "shown/deep/readable", "secret/file"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"canary in {name}")
    return folder


@pytest.fixture(scope="module")  # no process is left to other modules, whose observers look at all there are
def cages(kept):
    """Makes a cage with the files of `kept`, once for each tier and each code that warms it."""
    made = []

    @functools.cache
    def make(tier: str, warm: str = "") -> Cage:
        _need(tier)
        hidden = [str(kept / "shown" / name) for name in ("hidden", "deep/hidden")]
        made.append(Cage(tier, readable=[str(kept / "shown")], hidden=hidden, warm=warm))
        return made[-1]

    yield make
    for cage in made:
        cage.close()


@pytest.fixture
def new_cage():
    """Makes a cage of a test's own."""
    made = []

    def make(tier: str, **settings) -> Cage:
        made.append(Cage(tier, **settings))
        return made[-1]

    yield make
    for cage in made:
        cage.close()


@pytest.fixture(params=SAFE)
def tier(request):
    """Each tier that protects."""
    _need(request.param)
    return request.param


@pytest.fixture
def cage(tier, cages):
    """A cage of each tier that protects."""
    return cages(tier)


@pytest.fixture
def scratch(tmp_path):
    """A folder that the sandbox may write to."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return str(folder)
