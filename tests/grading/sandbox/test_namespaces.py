"""Namespaces: the new root, symbolic links on the way, kernels that lack a call, and systems that forbid it all."""

import errno
import tempfile
from pathlib import Path

import pytest

from rnnbook.grading.sandbox import namespaces


@pytest.fixture
def tier(request):
    return "namespaces"


@pytest.fixture
def folder():
    """real/inside/file in /tmp, where the sandbox would have its own files, and links to it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name).resolve()
        (folder / "real" / "inside").mkdir(parents=True)
        (folder / "real" / "inside" / "file").write_text("found")
        (folder / "link").symlink_to("real")
        (folder / "absolute").symlink_to(folder / "link")
        yield folder


def test_plan(folder):
    asked = [folder / "absolute" / "inside", folder / "real", folder / "missing"]
    real, links = namespaces.plan(asked)
    assert real == [folder / "real"]
    assert {link: target for link, target in links.items() if folder in link.parents} == {
        folder / "absolute": str(folder / "link"),
        folder / "link": "real",
    }


def test_plan_of_one_file(folder):
    assert namespaces.plan([folder / "link" / "inside" / "file"])[0] == [folder / "real" / "inside" / "file"]


@pytest.mark.parametrize("deny", [{}, {"mount_setattr": "ENOSYS"}], ids=["new kernel", "old kernel"])
def test_what_lies_in_tmp_is_read_through_links(cages, new_cage, folder, deny):
    cages("namespaces")
    hidden = folder / "real" / "inside" / "hidden"
    hidden.write_text("not to be found")
    cage = new_cage("namespaces", readable=[str(folder / "absolute")], hidden=[str(hidden)], deny=deny)
    told = cage.told(
        f"""
import os
folder = {str(folder)!r}
names = ("real", "link", "absolute")
told["found"] = [attempt(lambda: open(f"{{folder}}/{{name}}/inside/file").read()) for name in names]
told["hidden"] = attempt(lambda: open(folder + "/real/inside/hidden").read())
told["write"] = attempt(open, folder + "/real/inside/file", "w")
told["library"] = attempt(open, os.__file__, "a")
told["tmp"] = attempt(open, "/tmp/x", "w")
told["own"] = attempt(lambda: open(os.environ["TMPDIR"] + "/x", "w").write("x"))
told["set user"] = bool(os.statvfs(folder + "/real").f_flag & os.ST_NOSUID)
"""
    )
    assert told["found"] == ["found"] * 3
    assert told["hidden"] == ""
    assert {told["write"], told["library"]} <= {"EROFS", "EACCES"}
    assert told["tmp"] in ("EROFS", "EACCES")
    assert told["own"] == 1
    assert told["set user"] is True


@pytest.mark.parametrize("code", ["EPERM", "ENOSPC", "EINVAL"])
def test_a_system_that_forbids_them(cages, new_cage, code):
    cages("namespaces")
    cage = new_cage("namespaces", deny={"unshare": code})
    assert "does not work" in cage.started["error"]
    error = OSError(getattr(errno, code), "refused")
    assert "apparmor_restrict_unprivileged_userns" in namespaces.explain(error)


def test_mounts_that_are_forbidden(cages, new_cage):
    """Ubuntu 24.04 lets user namespaces be made, but nothing be done in them."""
    cages("namespaces")
    cage = new_cage("namespaces", deny={"mount": "EACCES"})
    assert "does not work" in cage.started["error"]
    assert cage.process.wait(timeout=10) == 0


def test_every_mount_but_one_is_read_only(cages):
    """As the host sees it, Landlock left aside; of the old root nothing is left."""
    nursery = cages("namespaces").inside()
    mounts = [line.split() for line in Path(f"/proc/{nursery}/mountinfo").read_text().splitlines()]
    assert [fields[4] for fields in mounts].count("/") == 1
    writable = {fields[4] for fields in mounts if "ro" not in fields[5].split(",")}
    assert writable in ({"/tmp"}, {"/scratch"})
    assert all("nosuid" in fields[5].split(",") for fields in mounts)


def test_nothing_is_left_on_the_host(cages):
    cage = cages("namespaces")
    before = Path("/proc/self/mountinfo").read_text()
    name = cage.told("import os, uuid\ntold['name'] = str(uuid.uuid4())\nopen(told['name'], 'w').close()")["name"]
    assert Path("/proc/self/mountinfo").read_text() == before
    assert not any((Path(folder) / name).exists() for folder in ("/", "/tmp", "/scratch"))


def test_the_network_and_the_host_s_name_are_its_own(cages):
    told = cages("namespaces").told(
        "import os\ntold['name'] = os.uname().nodename\ntold['nets'] = attempt(os.listdir, '/sys/class')"
    )
    assert told == {"name": "sandbox", "nets": "ENOENT"}
