"""Files that are whole or not there: nobody ever reads half of one."""

import os
import uuid
from pathlib import Path


def put(path: Path, content: str | bytes, mode: int = 0o666) -> None:
    """Writes a file in one step, and its folder where there is none.

    Args:
        path: where to.
        content: text, which becomes UTF-8 with lines that end as they are, or bytes.
        mode: who may read and write it, less what the user's umask takes away.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
