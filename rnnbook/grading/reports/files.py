"""Files that are whole or not there: nobody ever reads half of one."""

import os
import uuid
from pathlib import Path


def put(path: Path, content: str | bytes) -> None:
    """Writes a file in one step, and its folder where there is none.

    Args:
        path: where to.
        content: text, which becomes UTF-8, or bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
