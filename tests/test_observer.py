"""The observer of attacks sees what it is there to see."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from observer import MARK, SECRET, Observer, processes


@pytest.fixture
def observer(tmp_path):
    with Observer(tmp_path) as observer:
        yield observer


def names(canary: str) -> dict:
    scope = {}
    exec(canary, scope)
    return scope


def test_sees_nothing_where_there_is_nothing(observer):
    assert observer.harm() == []


def test_baits_are_told(observer):
    told = names(observer.canary)
    assert [Path(path).read_text() for path in told["FILES"]] == [SECRET] * 3
    assert all(os.path.isdir(path) for path in told["FOLDERS"])


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text("changed"),
        lambda path: path.unlink(),
        lambda path: path.chmod(0o777),
        lambda path: path.with_name("new").touch(),
        lambda path: os.utime(path, (0, 0)),
    ],
    ids=["written", "removed", "mode", "new file", "times"],
)
def test_sees_files(observer, change):
    change(observer.files[1])
    assert "files changed" in observer.harm()[0]
    observer.begin()
    assert observer.harm() == []


def test_sees_files_left_behind(observer):
    path = f"/tmp/{MARK}-{os.getpid()}"
    with open(path, "w"):
        pass
    try:
        assert observer.harm() == [f"a file: {path}"]
    finally:
        os.remove(path)


@pytest.mark.loopback
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["TCP", "UDP"])
def test_sees_connections(observer, kind):
    with socket.socket(socket.AF_INET, kind) as link:
        link.connect(("127.0.0.1", observer.port))
        link.send(b"stolen")
        assert "a connection" in observer.harm()[0]


@pytest.mark.parametrize("which", range(4))
def test_sees_unix_connections(observer, which):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if which % 2 else socket.SOCK_STREAM) as link:
        link.connect(names(observer.canary)["UNIX"][which])
        link.send(b"stolen")
        assert "a connection" in observer.harm()[0]


def test_sees_signals(observer):
    os.kill(os.getpid(), signal.SIGURG)
    assert observer.harm() == [f"a signal: {signal.SIGURG.value}"]


def test_sees_a_daemon(observer, monkeypatch):
    monkeypatch.setattr("observer.PATIENCE", 0)
    before = {*processes()}  # of other tests
    daemon = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\nos._exit(0)"
    subprocess.run([sys.executable, "-c", daemon], check=True)
    left = observer.harm()
    for pid in {*processes()} - before:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert len(left) == 1
    assert "a process" in left[0]


def test_sees_memory(observer):
    size = 200 * 2**20
    code = f"import sys; kept = b'x' * {size}; print(flush=True); sys.stdin.read()"
    observer.begin()
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.read(1)
        while observer.grown() < size:  # it looks again and again
            pass
        child.stdin.close()
