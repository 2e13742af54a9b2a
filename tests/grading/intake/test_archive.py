import gzip
import io
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbook.grading.intake import archive, files
from rnnbook.grading.intake.archive import CLASS, SUBMISSION, members, safe_path, unpack
from rnnbook.grading.intake.files import Refused


def zipped(*entries, **options):
    """A zip of pairs of a name (or a ZipInfo) and its content."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, **options) as result:
        for name, content in entries:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            result.writestr(info, content)
    return stream.getvalue()


def tarred(*entries, mode="w", **options):
    """A tar of pairs of a name (or a TarInfo) and its content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode, **options) as result:
        for name, content in entries:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            result.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def entry(name, **attributes):
    info = tarfile.TarInfo(name) if "type" in attributes else zipfile.ZipInfo(name)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info


def good(unpacked):
    return {file.path: file.read() for file in unpacked if not file.refused and not file.path.endswith("/")}


def bad(unpacked):
    return {file.path: file.refused for file in unpacked if file.refused}


MAKERS = {"a.zip": zipped, "a.tar": tarred, "a.tar.gz": lambda *entries: tarred(*entries, mode="w:gz")}
each_kind = pytest.mark.parametrize("name", MAKERS)


@each_kind
def test_unpacks(name):
    content = MAKERS[name](("rnn.ipynb", b"{}"), ("lib/a.py", b"a"), ("./b.py", b"b"), (".git/x", b""), ("empty/", b""))
    unpacked = unpack(name, content)
    assert good(unpacked) == {"rnn.ipynb": b"{}", "lib/a.py": b"a", "b.py": b"b"}
    assert bad(unpacked) == {}


def test_a_tar_gz_that_a_browser_has_unpacked():
    assert good(unpack("a.tar.gz", tarred(("a.py", b"a")))) == {"a.py": b"a"}


@each_kind
@pytest.mark.parametrize(
    ("path", "why"),
    [
        pytest.param("../evil.ipynb", "..", id="up"),
        pytest.param("a/../../evil.ipynb", "..", id="up-later"),
        pytest.param("..\\evil.ipynb", "..", id="up-windows"),
        pytest.param("/etc/evil.ipynb", "absolute", id="absolute"),
        pytest.param("\\\\server\\evil.ipynb", "absolute", id="share"),
        pytest.param("C:\\evil.ipynb", "absolute", id="drive"),
        pytest.param("c:evil.ipynb", "absolute", id="drive-relative"),
        pytest.param("e\nvil.ipynb", "impossible", id="newline"),
        pytest.param("\x1b[31mevil.ipynb", "impossible", id="escape"),
        pytest.param("a/" * 30 + "evil.ipynb", "impossible", id="deep"),
        pytest.param("e" * 1200 + ".ipynb", "impossible", id="long"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused_and_the_others_read(name, path, why):
    unpacked = unpack(name, MAKERS[name]((path, b"evil"), ("good.py", b"good")))
    assert good(unpacked) == {"good.py": b"good"}
    ((shown, reason),) = bad(unpacked).items()
    assert why in reason
    assert shown.isprintable()


def test_a_name_with_nul_is_refused_not_cut():
    content = zipped(("aXevil.ipynb", b"evil")).replace(b"aXevil", b"a\0evil")
    assert [*bad(unpack("a.zip", content)).values()] == ["has an impossible name"]


@pytest.mark.parametrize("name", ["a/b.py", "Ада/愛.py", "a\\b.py", "./a/./b.py", "a//b.py"])
def test_paths_that_stay(name):
    assert safe_path(name).count("/") == 1
    assert not safe_path(name).endswith("/")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip(kind):
    unpacked = unpack("a.zip", zipped((entry("evil.py", external_attr=(kind | 0o777) << 16), b"/etc/passwd")))
    assert "link or a device" in bad(unpacked)["evil.py"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_links_and_devices_in_a_tar(kind):
    unpacked = unpack("a.tar", tarred((entry("evil.py", type=kind, linkname="/etc/passwd"), b""), ("good.py", b"")))
    assert "link or a device" in bad(unpacked)["evil.py"]
    assert good(unpacked) == {"good.py": b""}


@each_kind
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_files_of_one_name_the_last_counts(name):
    unpacked = unpack(name, MAKERS[name](("rnn.py", b"1"), ("RNN.py", b"2"), ("ä.py", b"a"), ("ä.py", b"b")))
    assert good(unpacked) == {"RNN.py": b"2", "ä.py": b"b"}
    assert [*bad(unpacked)] == ["RNN.py", "ä.py"]


def test_names_of_a_zip_without_a_mark_of_utf_8():
    content = zipped((entry("AAb.py"), b"x")).replace(b"AA", "ä".encode())  # as macOS writes it
    assert good(unpack("a.zip", content)) == {"äb.py": b"x"}
    assert good(unpack("a.zip", zipped(("AAb.py", b"x")).replace(b"AA", b"\x84\x94"))) == {"äöb.py": b"x"}  # cp437


# Bombs: before unpacking, by what the headers say; while unpacking, whatever they say.


def test_a_bomb_is_never_unpacked():
    unpacked = unpack(
        "a.zip", zipped(("bomb.ipynb", bytes(19 * 2**20)), ("good.py", b"good"), ("bomb.bin", bytes(2**21)))
    )
    assert bad(unpacked) == dict.fromkeys(["bomb.ipynb", "bomb.bin"], "would unpack to more than 200 times its size")
    assert good(unpacked) == {"good.py": b"good"}


def test_a_header_that_lies_gives_no_more_than_it_says():
    content = bytearray(zipped(("bomb.py", bytes(15 * 2**20))))
    directory = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I", content, directory + 24, 10)  # the size when unpacked
    (file,) = unpack("a.zip", bytes(content))
    tracemalloc.start()
    with pytest.raises(Refused, match="damaged"):
        file.read()
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_large_members(monkeypatch):
    monkeypatch.setattr(files, "FILE", 1000)
    content = bytes(range(256)) * 4
    for name, make in MAKERS.items():
        unpacked = unpack(name, make(("large.py", content), ("good.py", b"good")))
        assert "more than" in bad(unpacked)["large.py"]
        assert good(unpacked) == {"good.py": b"good"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_only_deflate_is_unpacked(method):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as result:
        result.writestr("a.py", "x = 1")
    assert "unusual way" in bad(unpack("a.zip", stream.getvalue()))["a.py"]


def test_overlapping_members():
    """As in Fifield's bomb: many entries of the directory share one compressed content."""
    content = zipped(("a.py", b"x" * 900))
    directory = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    one = content[directory:end]
    many = one * 30
    ending = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 30, 30, len(many), directory, 0)
    with pytest.raises(Refused, match="overlap"):
        unpack("a.zip", content[:directory] + many + ending)


@each_kind
def test_too_many_members(name):
    limits = replace(SUBMISSION, members=20)
    exact = [(f"{number}.py", b"") for number in range(20)] + [(f".git/{number}", b"") for number in range(30)]
    assert len(good(members(name, io.BytesIO(MAKERS[name](*exact)), limits))) == 20
    with pytest.raises(Refused, match="more than 20 files"):
        members(name, io.BytesIO(MAKERS[name](*exact, ("more.py", b""))), limits)


@each_kind
def test_far_too_many_members_are_not_even_listed(name, monkeypatch):
    limits = replace(SUBMISSION, members=2)
    content = MAKERS[name](*((f".git/{number}", b"") for number in range(100)))
    monkeypatch.setattr(zipfile.ZipFile, "__init__", None)
    with pytest.raises(Refused, match="more than"):
        members(name, io.BytesIO(content), limits)


def test_entries_are_counted_across_blocks():
    count = 60_000
    stream = io.BytesIO(b"PK\x01\x02" * count + b"x" * (2**20 - 2 - 4 * count) + b"PK\x01\x02")
    assert archive._entries(stream, 10**6) == count + 1
    assert archive._entries(stream, 100) > 100


def test_a_gzip_bomb_ends_early():
    bomb = gzip.compress(tarred(("zeros.bin", bytes(30 * 2**20)), ("a.py", b"a")))
    tracemalloc.start()
    with pytest.raises(Refused, match="would unpack to more than 6 MB"):
        unpack("a.tgz", bomb)
    assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    tracemalloc.stop()


def test_a_pax_header_bomb():
    """A header for the next member that claims to be 7 GB, and one that has 20 MB."""
    claim = tarfile.TarInfo("pax")
    claim.type, claim.size = tarfile.XHDTYPE, 7 * 2**30
    with pytest.raises(Refused):
        unpack("a.tar", claim.tobuf(tarfile.GNU_FORMAT) + b"11 path=ab\n" * 1000)
    large = tarred((entry("a.py", type=tarfile.REGTYPE, pax_headers={"comment": "x" * 20 * 2**20}), b""), format=2)
    with pytest.raises(Refused, match="more than"):
        unpack("a.tgz", gzip.compress(large))


def test_the_stream_and_what_is_kept_have_limits():
    content = tarred(("a.bin", bytes(50_000)), ("a.py", bytes(5000)), ("b.py", bytes(5000)))
    with pytest.raises(Refused, match="would unpack to more"):
        members("a.tar", io.BytesIO(content), replace(SUBMISSION, stream=40_000))
    with pytest.raises(Refused, match="holds more"):
        members("a.tar", io.BytesIO(content), replace(SUBMISSION, kept=9000))
    assert len(good(members("a.tar", io.BytesIO(content), replace(SUBMISSION, kept=10_000)))) == 3


def test_a_sparse_tar_is_no_way_around(tmp_path):
    (tmp_path / "sparse.py").touch()
    header = tarfile.TarInfo("sparse.py")
    header.type = tarfile.GNUTYPE_SPARSE
    buffer = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    buffer[483:495] = b"%011o\0" % 10**6  # the real size
    buffer[148:156] = b"        "
    buffer[148:156] = b"%06o\0 " % sum(buffer)
    assert "link or a device" in bad(unpack("a.tar", bytes(buffer) + bytes(1024)))["sparse.py"]


# Damaged ones.


def test_a_member_with_a_wrong_checksum_is_refused_and_the_others_read():
    content = bytearray(zipped(("bad.py", b"x" * 100), ("good.py", b"good")))
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 16, 123)
    first, second = unpack("a.zip", bytes(content))
    with pytest.raises(Refused, match="damaged"):
        first.read()
    assert second.read() == b"good"


@pytest.mark.parametrize("bits", [0x1, 0x40])
def test_encrypted(bits):
    content = bytearray(zipped(("a.py", b"x")))
    struct.pack_into("<H", content, content.index(b"PK\x01\x02") + 8, bits)
    assert "password" in bad(unpack("a.zip", bytes(content)))["a.py"]


def test_zip64():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as result, result.open("a.py", "w", force_zip64=True) as member:
        member.write(b"a")
    assert good(unpack("a.zip", stream.getvalue())) == {"a.py": b"a"}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
@pytest.mark.parametrize("content", [b"", b"PK", b"Rar!\x1a\x07\x00", bytes(100), b"\x1f\x8b\x08", b"<html>"])
def test_what_is_no_archive_says_so(name, content):
    with pytest.raises(Refused, match="no archive that can be read"):
        unpack(name, content)


@each_kind
def test_a_truncated_archive_gives_nothing_of_what_is_left(name):
    content = MAKERS[name](*((f"{number}.py", b"%d" % number * 700) for number in range(4)))
    whole = good(unpack(name, content))
    for end in range(0, len(content), 97):
        try:
            rest = good(unpack(name, content[:end]))
        except Refused:
            continue
        assert rest == whole  # only the padding is missing


def test_a_tar_with_a_damaged_header_in_the_middle_does_not_end_there():
    content = bytearray(tarred(("a.py", b"a"), ("b.py", b"b")))
    content[1024 + 10] ^= 0xFF
    with pytest.raises(Refused, match="no archive"):
        unpack("a.tar", bytes(content))


@given(st.data())
def test_mutated_archives_never_raise_anything_else(data):
    name = data.draw(st.sampled_from([*MAKERS]))
    content = bytearray(MAKERS[name](("a.py", b"a" * 50), ("lib/b.ipynb", b"{}" * 20), ("c/", b"")))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    for limits in (SUBMISSION, CLASS):
        try:
            for file in members(name, io.BytesIO(content), limits):
                assert file.path.isprintable() or not file.path
                file.read()
        except Refused:
            pass


@given(st.sampled_from([*MAKERS]), st.binary(max_size=2000), st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08\0"]))
def test_any_bytes_never_raise_anything_else(name, content, start):
    with pytest.raises(Refused):
        unpack(name, start + content)
