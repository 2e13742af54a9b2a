import os
import socket

import pytest

from rnnbook.grading.intake import files
from rnnbook.grading.intake.files import Refused, is_rubbish, kind, listed, without_suffix


def put(folder, *names, content=b"x = 1\n"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def refusals(folder):
    return {file.path: file.refused for file in listed(folder) if file.refused}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.ipynb", "notebook"),
        ("A.PY", "python"),
        ("a.tar.gz", "archive"),
        ("a.ZIP", "archive"),
        ("a.tgz", "archive"),
        ("a.txt", ""),
        ("ipynb", ""),
        ("a.gz", ""),
        ("a.pyc", ""),
        ("a.rar", ""),
    ],
)
def test_kinds(name, expected):
    assert kind(name) == expected
    assert without_suffix(name) == ("a" if expected and name != "A.PY" else "A" if expected else name)


@pytest.mark.parametrize(
    "path", [".git/x", "a/.ipynb_checkpoints/b.ipynb", "__MACOSX/._a", "a/__pycache__/b", ".DS_Store"]
)
def test_rubbish(path):
    assert is_rubbish(path)


@pytest.mark.parametrize("path", ["../a.ipynb", "./a.ipynb", "a.b/c.ipynb", "..."])
def test_dots_alone_are_no_rubbish(path):
    assert not is_rubbish(path)


def test_lists_by_name_without_rubbish(tmp_path):
    put(tmp_path, "b/2.py", "b/1.py", "b/.git/config", "a.ipynb", ".DS_Store", "c/.git/config", "__pycache__/x.pyc")
    (tmp_path / "d").mkdir()
    assert [file.path for file in listed(tmp_path)] == ["a.ipynb", "b/1.py", "b/2.py", "c/", "d/"]
    assert listed(tmp_path)[1].read() == b"x = 1\n"
    assert [file.path for file in listed(tmp_path / "a.ipynb")] == ["a.ipynb"]


def test_links_are_refused_even_those_that_appear_later(tmp_path):
    secret = tmp_path / "secret.py"
    put(tmp_path, "secret.py")
    folder = tmp_path / "class"
    put(folder, "ada/honest.py")
    (folder / "ada" / "link.py").symlink_to(secret)
    (folder / "inside.py").symlink_to(folder / "ada" / "honest.py")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "out").symlink_to(tmp_path, target_is_directory=True)
    assert {*refusals(folder)} == {"ada/link.py", "inside.py", "dangling", "out"}
    honest = next(file for file in listed(folder) if not file.refused)
    (folder / "ada" / "honest.py").unlink()
    (folder / "ada" / "honest.py").symlink_to(secret)
    with pytest.raises(Refused, match="could not be read"):
        honest.read()


def test_what_is_no_file_is_refused_and_blocks_nothing(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.py")
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.py")
        assert refusals(tmp_path) == dict.fromkeys(["pipe.py", "socket.py"], "is a device or a pipe, not a file")
    put(tmp_path, "later.py")
    later = next(file for file in listed(tmp_path) if not file.refused)
    (tmp_path / "later.py").unlink()
    os.mkfifo(tmp_path / "later.py")
    with pytest.raises(Refused, match="no longer a file"):
        later.read()


def test_large_files_are_refused_unread_and_growing_ones_at_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "FILE", 100)
    put(tmp_path, "large.py", content=b"x" * 101)
    put(tmp_path, "whole.zip", content=b"x" * 101)
    put(tmp_path, "grows.py", content=b"x" * 100)
    assert {*refusals(tmp_path)} == {"large.py"}
    grows = next(file for file in listed(tmp_path) if file.path == "grows.py")
    os.truncate(tmp_path / "grows.py", 2**40)  # no machine's memory would hold it
    with pytest.raises(Refused, match="more than"):
        grows.read()


def test_listing_stops_soon_after_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MEMBERS", 5)
    put(tmp_path, *(f"many/{number:02}.py" for number in range(50)), "next.py")
    assert [file.path for file in listed(tmp_path)] == [*(f"many/{number:02}.py" for number in range(6)), "next.py"]
    monkeypatch.setattr(files, "_SCANNED", 20)
    assert refusals(tmp_path) == {"many": "holds more than 20 files"}


def test_deep_folders_end(tmp_path):
    put(tmp_path, "/".join(["a"] * 40) + "/deep.py")
    assert [*refusals(tmp_path).values()] == ["lies too deep in folders"]


def test_names_are_safe_to_show_and_stay_apart(tmp_path):
    for name in (b"ada.py", "ada\u202e.py".encode(), b"b\xff.py", b"c\n.py"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    assert [file.path for file in listed(tmp_path)] == ["ada.py", "ada~.py", "b\ufffd.py", "c .py"]
    put(tmp_path, "d.py", "d.py\u200b")
    assert [file.path for file in listed(tmp_path)][-2:] == ["d.py", "d~.py"]
    assert {file.read() for file in listed(tmp_path)} == {b"x", b"x = 1\n"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable(tmp_path):
    put(tmp_path, "a.py")
    (tmp_path / "a.py").chmod(0)
    with pytest.raises(Refused, match="Permission"):
        listed(tmp_path)[0].read()
