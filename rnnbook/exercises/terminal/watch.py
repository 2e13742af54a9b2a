"""Does something now, and again whenever a file is saved."""

from collections.abc import Callable
from pathlib import Path

import watchfiles

_FIRST = 100  # milliseconds until the first turn: then the folder is being watched, and no save can slip through


def watch(path: Path, turn: Callable[[], None]) -> None:
    """Calls `turn` now, and again when the file, or a Python file beside it, is saved, until Ctrl-C.

    Args:
        path: the file. It need not be there at every moment: editors put a new one in its place.
        turn: what to do.
    """
    path = path.resolve()

    def concerns(_: watchfiles.Change, changed: str) -> bool:
        # A helper module beside the notebook counts, Jupyter's own copies in a folder below do not.
        return Path(changed) == path or (Path(changed).parent == path.parent and changed.endswith(".py"))

    changes = watchfiles.watch(
        path.parent,
        watch_filter=concerns,
        recursive=False,
        debounce=200,
        rust_timeout=_FIRST,
        yield_on_timeout=True,
        raise_interrupt=True,
    )
    try:
        next(changes)
        turn()
        for changed in changes:
            if changed:
                turn()
    except KeyboardInterrupt:
        pass
