import os
import stat

import pytest

from rnnbook.files import put


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_text_and_bytes_with_their_folders(tmp_path):
    put(tmp_path / "a" / "b" / "text.txt", "é\n")
    put(tmp_path / "bytes", b"\x00\xff")
    assert (tmp_path / "a" / "b" / "text.txt").read_bytes() == b"\xc3\xa9\n"
    assert (tmp_path / "bytes").read_bytes() == b"\x00\xff"
    assert names(tmp_path) == {"a", "bytes"}


def test_who_may_read_it(tmp_path):
    before = os.umask(0o022)
    try:
        put(tmp_path / "open", "all may read this")
        put(tmp_path / "secret", "only we", mode=0o600)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"open": 0o644, "secret": 0o600}


def test_a_file_is_whole_or_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    put(path, "first")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        put(path, "second")
    assert path.read_text() == "first"
    assert names(tmp_path) == {"a.txt"}
