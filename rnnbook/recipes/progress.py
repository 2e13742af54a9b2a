"""What a long recipe has got so far, seed by seed, so that `rnnbook train NAME --resume` can go on from there."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rnnbook.data.fetch import cache_folder
from rnnbook.distributed import first
from rnnbook.files import put


class Progress:
    """A folder with the outcomes of the seeds that are done, and the checkpoint of the one that is not.

    Of several processes the first one writes.

    Args:
        name: of the run; another run has another folder.
        identity: what must be the same for a run that goes on: settings, data, device.
        resume: go on from what there is, if there is any; else begin anew.

    Raises:
        ValueError: what there is was made under another identity.
    """

    def __init__(self, name: str, identity: dict[str, Any], resume: bool):
        self.folder = cache_folder() / "runs" / name
        identity = json.loads(json.dumps(identity))  # as it is read back
        path = self.folder / "run.json"
        if resume and path.is_file():
            if (before := json.loads(path.read_text(encoding="utf-8"))) != identity:
                changed = [key for key in {**before, **identity} if before.get(key) != identity.get(key)]
                raise ValueError(f"{name} was begun with another {' and '.join(changed)}: begin anew, without --resume")
            return
        if not first():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        put(path, json.dumps(identity, indent=1) + "\n")

    def outcome(self, seed: int) -> dict[str, Any] | None:
        """What a seed gave, or None where it is not done."""
        path = self._path(seed)
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def keep(self, seed: int, outcome: Any) -> None:
        """Write what a seed gave, a dataclass; its checkpoint is no longer needed."""
        if not first():
            return
        put(self._path(seed), json.dumps(asdict(outcome)) + "\n")
        self.checkpoint(seed).unlink(missing_ok=True)

    def checkpoint(self, seed: int) -> Path:
        """Where the training of a seed keeps what it needs to go on."""
        return self.folder / f"seed-{seed}.safetensors"

    def _path(self, seed: int) -> Path:
        return self.folder / f"seed-{seed}.json"
