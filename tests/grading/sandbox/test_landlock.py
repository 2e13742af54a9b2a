"""Landlock: kernels that know less of it, and kernels without."""

import errno

import pytest

from rnnbook.grading.sandbox import landlock

SMALL = """
import os
told["secret"] = attempt(open, folder + "/secret/file")
told["shown"] = attempt(lambda: open(folder + "/shown/readable").read())
told["written"] = attempt(open, folder + "/shown/readable", "w")
told["emptied"] = attempt(os.open, folder + "/shown/readable", os.O_RDONLY | os.O_TRUNC)
told["truncated"] = attempt(os.truncate, folder + "/shown/readable", 0)
told["own"] = attempt(lambda: open("mine", "w").write("mine"))
"""


@pytest.mark.parametrize("tier", ["landlock"], indirect=True)
@pytest.mark.parametrize("abi", [1, 2, 3, 4, 5, 6])
def test_older_versions_protect_as_well(tier, new_cage, kept, scratch, abi):
    if abi > landlock.version():
        pytest.skip(f"this kernel's Landlock has version {landlock.version()}")
    cage = new_cage(tier, readable=[str(kept / "shown")], abi=abi, warm=f"folder = {str(kept)!r}")
    told = cage.told(SMALL, scratch=scratch)
    assert told.pop("own") == 4
    assert told.pop("shown") == "canary in shown/readable"
    assert set(told.values()) <= {"EACCES", "EPERM"}
    assert (kept / "shown" / "readable").read_text() == "canary in shown/readable"


@pytest.mark.parametrize(
    ("name", "said"), [("ENOSYS", "Linux has since 5.13"), ("EOPNOTSUPP", "turned off"), ("EPERM", "not permitted")]
)
def test_why_there_is_none(name, said):
    code = getattr(errno, name)
    assert said in landlock.explain(OSError(code, "Operation not permitted"))


@pytest.mark.parametrize("tier", ["landlock"], indirect=True)
def test_a_kernel_without_it(tier, new_cage):
    cage = new_cage(tier, deny={"landlock_create_ruleset": "ENOSYS"})
    assert "landlock" in cage.started["error"]


@pytest.mark.parametrize("tier", ["namespaces"], indirect=True)
def test_the_first_tier_does_without(tier, new_cage, kept):
    cage = new_cage(tier, readable=[str(kept / "shown")], deny={"landlock_create_ruleset": "ENOSYS"})
    told = cage.told(f"folder = {str(kept)!r}\n{SMALL}")
    assert told == {
        "secret": "ENOENT",
        "shown": "canary in shown/readable",
        "written": "EROFS",
        "emptied": "EPERM",
        "truncated": "EPERM",
        "own": 4,
    }
