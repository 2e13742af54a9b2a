"""Whether a tier works on this machine: found by trying it, in a process that is thrown away."""

import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_TRY = "import sys; sys.path.append(sys.argv[1]); from rnnbook.grading.sandbox.trial import main; main(sys.argv[2])"
_PATIENCE = 60  # seconds


@dataclass(frozen=True)
class TierFinding:
    """What came of trying a tier.

    Args:
        name: the tier.
        works: whether it works here.
        why: why not, and what would help; "" when it works.
    """

    name: str
    works: bool
    why: str


@functools.cache
def attempt(tier: str) -> TierFinding:
    """Tries a tier in a process of its own."""
    if not hasattr(os, "fork"):
        return TierFinding(tier, False, f"{sys.platform} has none of what it needs: grade in Linux, on Windows in WSL")
    package = str(Path(__file__).parents[3])
    try:
        tried = subprocess.run(
            [sys.executable, "-P", "-c", _TRY, package, tier],
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return TierFinding(tier, False, f"it was still starting after {_PATIENCE} s")
    words = tried.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    works = tried.returncode == 0
    return TierFinding(tier, works, "" if works else words or f"it ended with exit code {tried.returncode}")


def main(tier: str) -> None:
    """What the thrown-away process does: all that a nursery does, with a child that does nothing."""
    from rnnbook.grading import sandbox
    from rnnbook.grading.errors import SandboxError
    from rnnbook.grading.sandbox import landlock, namespaces

    try:
        sandbox.enter(tier, sandbox.readable_paths(), sandbox.hidden_paths())
        told, tell = os.pipe()
        child = sandbox.fork(tier)
        if child == 0:
            _be_child(tier, tell)
        os.close(tell)
        words = os.read(told, 4096)
        if os.waitpid(child, 0)[1] or words:
            sys.exit(words.decode("utf-8", "replace") or "the child died")
    except SandboxError as error:
        reason = error.__cause__
        explain = {"namespaces": namespaces.explain, "landlock": landlock.explain}.get(tier)
        sys.exit(explain(reason) if explain else reason.strerror or str(reason))


def _be_child(tier: str, tell: int) -> None:
    from rnnbook.grading import sandbox

    code = 1
    try:
        sandbox.confine(tier, [tell], 2**28, 10, None)
        code = 0
    except Exception as error:
        os.write(tell, str(error).encode())
    finally:
        os._exit(code)
