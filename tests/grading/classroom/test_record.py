"""The record outlives whatever happens to the file and to the process that writes it."""

import os
import signal
import stat
import subprocess
import sys

import pytest

from rnnbook.grading.classroom import record
from rnnbook.grading.classroom.record import FILE, SECRET, Record, digest, secret
from rnnbook.grading.errors import GradingError

ENTRIES = {"a": {"marks": [1, 2]}, "b": "text\nof two lines", "c": {"hostile": "\ud800 \x00 \u2028 é"}}


def written(folder, entries=ENTRIES):
    with Record(folder) as kept:
        for key, value in entries.items():
            kept.add({key: value})
    return folder / FILE


def read(folder):
    with Record(folder) as kept:
        return {key: kept.get(key) for key in ENTRIES if kept.get(key) is not None}, kept.remarks


def test_entries_come_back(tmp_path):
    path = written(tmp_path / "new" / "folder")
    assert read(path.parent) == (ENTRIES, [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_last_value_of_a_key_counts(tmp_path):
    written(tmp_path)
    written(tmp_path, {"a": "anew"})
    with Record(tmp_path) as kept:
        assert kept.get("a") == "anew"
        assert kept.get("b") == ENTRIES["b"]


def test_a_file_cut_off_anywhere_loses_its_last_line_alone(tmp_path):
    path = written(tmp_path)
    content = path.read_bytes()
    ends = [at for at, byte in enumerate(content, 1) if byte == ord("\n")]
    for length in range(len(content)):
        path.write_bytes(content[:length])
        found, remarks = read(tmp_path)
        assert list(found) == list(ENTRIES)[: sum(end <= length for end in ends)]
        assert len(remarks) == (length not in (0, *ends))
        assert read(tmp_path) == (found, [])  # said once, and mended
    written(tmp_path)
    assert read(tmp_path) == (ENTRIES, [])


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda line: b"\x00" * len(line), id="zeros"),
        pytest.param(lambda line: line.replace(b"two", b"six"), id="another text"),
        pytest.param(lambda line: line.replace(b'"b"', b'"a"'), id="another key"),
        pytest.param(lambda line: line[: len(line) // 2], id="half"),
        pytest.param(lambda line: b"", id="empty"),
        pytest.param(lambda line: b"[1]", id="a list"),
        pytest.param(lambda line: b"[" * 100_000, id="deep"),
        pytest.param(lambda line: b'{"key": [], "value": 1, "sum": ""}', id="no key"),
        pytest.param(lambda line: b"\xff\xfe", id="no text"),
    ],
)
def test_a_damaged_line_in_the_middle_is_said_and_left_out(tmp_path, damage):
    path = written(tmp_path)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], damage(lines[1]), *lines[2:]]))
    found, remarks = read(tmp_path)
    assert found == {key: ENTRIES[key] for key in "ac"}
    assert remarks == [f"{path}: 1 line damaged. What was there is graded again."]


def test_one_run_at_a_time(tmp_path):
    with (
        Record(tmp_path),
        pytest.raises(GradingError, match=r"at work .* wait for its end, or choose another --output"),
    ):
        Record(tmp_path).__enter__()
    assert read(tmp_path) == ({}, [])


def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path):
    """A process adds entries without end and says each one that is written; it is killed in the middle."""
    code = (
        "import sys; from pathlib import Path; from rnnbook.grading.classroom.record import Record\n"
        "with Record(Path(sys.argv[1])) as kept:\n"
        "    for number in range(10**9):\n"
        "        kept.add({str(number): 'x' * (number * 7919 % 20000)}); print(number, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as child:
        said = [child.stdout.readline() for _ in range(50)]
        child.send_signal(signal.SIGKILL)
        said += child.stdout.readlines()
    with Record(tmp_path) as kept:  # the lock went with the process
        assert all(str(int(line)) in kept for line in said)


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with Record(tmp_path) as kept:
        monkeypatch.setattr(record.os, "write", full)
        with pytest.raises(GradingError, match="No space left on device"):
            kept.add(ENTRIES)


def test_a_write_that_stops_half_way_goes_on(tmp_path, monkeypatch):
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(record.os, "write", lambda file, data: write(file, data[:10]))
        written(tmp_path)
    assert read(tmp_path) == (ENTRIES, [])


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(GradingError, match="choose another --output"):
        Record(tmp_path / "file").__enter__()


def test_digests_do_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})


def test_secret_is_made_once_for_its_owner_alone(tmp_path):
    (other := tmp_path / "other").mkdir()
    (tmp_path := tmp_path / "mine").mkdir()
    made = secret(tmp_path)
    assert len(made) == 64
    assert made == secret(tmp_path) != secret(other)
    assert stat.S_IMODE((tmp_path / SECRET).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [SECRET]


def test_secret_of_the_instructor(tmp_path):
    file = tmp_path / "mine"
    file.write_text("correct horse battery staple\n")
    assert secret(tmp_path, file) == b"correct horse battery staple"
    assert not (tmp_path / SECRET).exists()


@pytest.mark.parametrize("content", [b"", b"   \n", b"short"], ids=["empty", "blank", "short"])
def test_no_secret(tmp_path, content):
    (tmp_path / SECRET).write_bytes(content)
    with pytest.raises(GradingError, match="put it back from a copy"):
        secret(tmp_path)
    with pytest.raises(GradingError, match="cannot be read"):
        secret(tmp_path, tmp_path / "missing")
