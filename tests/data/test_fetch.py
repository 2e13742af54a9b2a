import dataclasses
import errno
import hashlib
import io
import socket
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rnnbook.data import fetch as module
from rnnbook.data.fetch import DataError, cache_folder, fetch
from rnnbook.data.registry import SOURCES, Source

pytestmark = pytest.mark.loopback

TEXT = b"First Citizen:\nBefore we proceed any further, hear me speak.\n" * 100


def archive(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as z:
        z.writestr("data/names/Welsh.txt", text)
    return buffer.getvalue()


ZIP = archive("Llywelyn\n")


class Server(ThreadingHTTPServer):
    """Serves `files` and remembers what was asked for; a path in `cut` is announced whole and sent by half."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"/text": TEXT, "/zip": ZIP, "/other": b"another file"}
        self.cut = set()
        self.requests = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        body = self.server.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.path in self.server.cut else body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RNNBOOK_DATA", raising=False)
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    return tmp_path / "cache"


@pytest.fixture
def text(server):
    """A source with a published checksum."""
    sha256 = hashlib.sha256(TEXT).hexdigest()
    return Source("text", server.url("/text"), ("text/input.txt", "input.txt"), "none", "nobody", sha256)


@pytest.fixture
def names(server):
    """A source whose owner publishes no checksum."""
    return Source("names", server.url("/zip"), ("names.zip", "data.zip"), "none", "nobody")


@pytest.fixture
def refused():
    """An address at which nobody listens."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    return f"http://127.0.0.1:{port}/text"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_the_right_file_is_downloaded_with_a_progress_bar(text, cache, capsys):
    path = fetch(text)
    assert path == cache / "text" / "input.txt"
    assert path.read_bytes() == TEXT
    assert list(cache.rglob("*")) == [path.parent, path]
    assert "100%" in capsys.readouterr().err


def test_a_cached_copy_needs_no_request(text, server):
    assert fetch(text) == fetch(text)
    assert server.requests == ["/text"]


def test_a_damaged_cached_copy_is_downloaded_anew(text, server):
    path = fetch(text)
    path.write_bytes(TEXT[:-1])
    assert fetch(text).read_bytes() == TEXT
    assert server.requests == ["/text", "/text"]


def test_a_damaged_cached_copy_is_not_read_when_the_network_is_gone(text, refused, cache):
    fetch(text).write_bytes(TEXT[:-1])
    with pytest.raises(DataError, match="no connection"):
        fetch(dataclasses.replace(text, url=refused))
    assert files(cache) == []


def test_a_wrong_checksum_is_refused(text, server, cache):
    with pytest.raises(DataError, match=r"SHA-256 is .*, expected .*\n.*try again.*RNNBOOK_DATA"):
        fetch(dataclasses.replace(text, url=server.url("/other")))
    assert files(cache) == []


@pytest.mark.parametrize("source", ["text", "names"])
def test_a_cut_connection_leaves_nothing(source, server, cache, request):
    server.cut = {"/text", "/zip"}
    with pytest.raises(DataError, match="connection was cut"):
        fetch(request.getfixturevalue(source))
    assert files(cache) == []


def test_no_network_names_the_remedies(text, refused, cache):
    with pytest.raises(DataError, match=r"no connection\nCheck the network.*save http.*data_dir.*full=False"):
        fetch(dataclasses.replace(text, url=refused))
    assert files(cache) == []


def test_a_missing_page_is_named(text, server, cache):
    with pytest.raises(DataError, match="the server answers 404 Not Found"):
        fetch(dataclasses.replace(text, url=server.url("/nowhere")))
    assert files(cache) == []


def test_mirrors_are_tried_in_turn(text, server, refused):
    source = dataclasses.replace(text, url=refused, mirrors=(server.url("/other"), server.url("/text")))
    assert fetch(source).read_bytes() == TEXT
    assert server.requests == ["/other", "/text"]


def test_every_failing_address_is_reported(text, server, refused):
    with pytest.raises(DataError) as caught:
        fetch(dataclasses.replace(text, url=refused, mirrors=(server.url("/nowhere"),)))
    assert f"{refused}: no connection" in str(caught.value)
    assert f"{server.url('/nowhere')}: the server answers 404" in str(caught.value)


def test_a_mirror_without_a_checksum_is_not_trusted(names):
    with pytest.raises(ValueError, match="without a checksum"):
        dataclasses.replace(names, mirrors=("http://127.0.0.1/zip",))


def test_the_first_download_is_recorded_and_a_different_one_refused(names, server, cache):
    path = fetch(names)
    assert files(cache) == ["names.zip", "names.zip.sha256"]
    assert (cache / "names" / "names.zip.sha256").read_text().strip() == hashlib.sha256(ZIP).hexdigest()
    server.files["/zip"] = archive("Someone else\n")
    assert fetch(names).read_bytes() == ZIP
    assert server.requests == ["/zip"]
    path.unlink()
    with pytest.raises(DataError, match=r"SHA-256 is .*, expected .*\n.*has changed.*delete .*names\.zip\.sha256"):
        fetch(names)
    assert files(cache) == ["names.zip.sha256"]
    (cache / "names" / "names.zip.sha256").unlink()
    assert fetch(names).read_bytes() == server.files["/zip"]


def test_a_recorded_file_that_changes_in_the_cache_is_downloaded_anew(names, server):
    fetch(names).write_bytes(archive("Someone else\n"))
    assert fetch(names).read_bytes() == ZIP
    assert server.requests == ["/zip", "/zip"]


def test_a_page_in_place_of_an_archive_is_not_recorded(names, server, cache):
    server.files["/zip"] = b"<html>Please log in to this network</html>"
    with pytest.raises(DataError, match="not a complete zip archive"):
        fetch(names)
    assert files(cache) == []


def test_a_full_disk_leaves_nothing(text, cache, monkeypatch):
    class FullDisk:
        def __init__(self, **kwargs):
            pass

        def __call__(self, url, output_file, pooch):
            Path(output_file).write_bytes(TEXT[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.pooch, "HTTPDownloader", FullDisk)
    with pytest.raises(DataError, match=r"No space left on device. Free some space, or set RNNBOOK_CACHE"):
        fetch(text)
    assert files(cache) == []


def test_a_cache_that_cannot_be_written_is_named(text, cache):
    cache.write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"Make that folder writable, or set RNNBOOK_CACHE"):
        fetch(text)


def test_an_interrupted_download_leaves_nothing(text, cache, monkeypatch):
    def interrupted(path, sha256):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_problem", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(text)
    assert files(cache) == []


@pytest.mark.parametrize("file", ["text/input.txt", "input.txt"])
@pytest.mark.parametrize("by", ["argument", "environment"])
def test_a_folder_of_originals_is_read_without_a_request(text, server, cache, tmp_path, monkeypatch, file, by):
    original = tmp_path / "originals" / file
    original.parent.mkdir(parents=True)
    original.write_bytes(TEXT)
    if by == "environment":
        monkeypatch.setenv("RNNBOOK_DATA", str(tmp_path / "originals"))
        assert fetch(text) == original
    else:
        monkeypatch.setenv("RNNBOOK_DATA", "/nowhere")
        assert fetch(text, tmp_path / "originals") == original
    assert server.requests == []
    assert not cache.exists()


def test_a_wrong_original_is_refused(text, tmp_path):
    (tmp_path / "input.txt").write_bytes(TEXT + b"x")
    with pytest.raises(DataError, match=r"input.txt is not the published file: its SHA-256 is"):
        fetch(text, tmp_path)


def test_another_original_is_taken_only_where_it_need_not_be_exact(text, server, tmp_path):
    (tmp_path / "input.txt").write_bytes(TEXT + b"x")
    assert fetch(text, tmp_path, exact=False) == tmp_path / "input.txt"
    with pytest.raises(DataError, match=r"SHA-256 is .*, expected"):
        fetch(dataclasses.replace(text, url=server.url("/other")), exact=False)


def test_half_an_archive_among_the_originals_is_refused(names, tmp_path):
    (tmp_path / "data.zip").write_bytes(ZIP[:-30])
    with pytest.raises(DataError, match=r"not a complete zip archive"):
        fetch(names, tmp_path)


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_a_missing_original_is_not_downloaded_instead(text, server, tmp_path, folder):
    with pytest.raises(DataError, match=r"No text/input.txt or input.txt in .*Put http.* there, or name no folder"):
        fetch(text, tmp_path / folder)
    assert server.requests == []


def test_the_cache_is_the_users_unless_it_is_named(monkeypatch, cache):
    assert cache_folder() == cache
    monkeypatch.delenv("RNNBOOK_CACHE")
    assert cache_folder().name == "rnnbook"


def test_the_registry_is_complete():
    for name, source in SOURCES.items():
        assert source.name == name
        assert source.licence
        assert source.citation
        assert all(url.startswith("https://") for url in (source.url, *source.mirrors))
        assert source.sha256 is None or len(bytes.fromhex(source.sha256)) == 32
