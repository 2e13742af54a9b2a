"""The sandbox as a whole: who runs in it, what is left when it ends, how it fails; which tier is chosen."""

import os
import signal
import subprocess
import sys

import pytest

from rnnbook.grading import sandbox
from rnnbook.grading.errors import GradingError, SandboxError
from rnnbook.grading.sandbox.trial import TierFinding

NO_FILTER = """
from rnnbook.grading.sandbox import seccomp
def no_filter():
    raise OSError(38, "no filter")
seccomp.restrict = no_filter
"""


def test_only_the_files_that_are_kept_are_open(cage):
    told = cage.told(
        "import os\ntold['open'] = [fd for fd in range(3000) if attempt(os.fstat, fd) not in ('EBADF',)]\n"
        "told['nothing'] = [os.fstat(fd).st_rdev == os.stat('/dev/null').st_rdev for fd in range(3)]"
    )
    assert told["nothing"] == [True, True, True]
    assert len(told["open"]) == 4


def test_no_powers_are_left(cage):
    told = cage.told(
        """
import ctypes, os
sets = (ctypes.c_uint32 * 6)()
class Header(ctypes.Structure): _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))
class Sets(ctypes.Structure): _fields_ = (("words", ctypes.c_uint32 * 6),)
held = Sets()
syscall("capget", Header(0x20080522, 0), held)
told["capabilities"] = list(held.words)
told["no new privileges"] = syscall("prctl", 39, 0, 0, 0, 0)
told["dumpable"] = syscall("prctl", 3, 0, 0, 0, 0)
told["uid"] = [*os.getresuid()]
"""
    )
    assert told["capabilities"] == [0] * 6
    assert told["no new privileges"] == 1
    assert told["dumpable"] == 0
    if cage.tier == "namespaces":
        assert set(told["uid"]) == {1000}


def test_children_are_alike_and_apart(cage):
    code = "import os\ntold['pid'] = os.getpid() - os.getppid() if os.getppid() else os.getpid()"
    first = cage.run(code)
    assert first["code"] == 0
    for _ in range(20):
        assert cage.run(code)["code"] == 0
    if cage.tier == "namespaces":
        assert first["told"] == {"pid": 1}


@pytest.mark.parametrize("who", ["nursery", "child"])
def test_who_is_killed_takes_all_below_along(tier, new_cage, who):
    cage = new_cage(tier)
    cage.begin("import os, time\nos.write(tell, b'!')\nwhile True: time.sleep(1000)", begun=True)
    assert cage.hear()["told"] == "!"
    running = cage.descendants()
    assert running
    os.kill(cage.process.pid if who == "nursery" else running[-1], signal.SIGKILL)
    if who == "child":
        assert cage.hear()["signal"] == signal.SIGKILL
        assert cage.told("told['again'] = True") == {"again": True}
        return
    cage.process.wait(timeout=10)
    for pid in running:
        wait_until_gone(pid)


def test_the_nursery_s_end_is_told(tier, new_cage):
    cage = new_cage(tier)
    cage.process.stdin.close()
    assert cage.process.wait(timeout=10) == 0
    cage = new_cage(tier, warm="import os; os._exit(7)")
    assert cage.process.wait(timeout=10) == 7


SELF = """
import os, sqlite3
told["user"], told["fork"], told["kill"] = os.getuid(), attempt(os.fork), attempt(os.kill, os.getppid(), 0)
told["own"] = attempt(lambda: open("x", "w").write("x"))
told["list"] = attempt(lambda: [0] * 2**28)
told["open"] = [fd for fd in range(3000) if attempt(os.fstat, fd) != "EBADF" and fd > 2 and fd != tell]
told["of root"] = attempt(open, folder + "/of root")
"""
ORDINARY = 23456
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="as an ordinary user, all these tests are about one")


@pytest.fixture
def for_all(kept, request):
    """A folder that an ordinary user can reach, with a file that only root may read."""
    folder = kept / request.node.name
    (folder / "scratch").mkdir(parents=True)
    (folder / "of root").touch(mode=0o600)
    for path in (kept, folder):
        path.chmod(0o711)
    return folder


@root_only
@pytest.mark.parametrize("tier", sandbox.TIERS)
def test_as_an_ordinary_user(tier, new_cage, for_all):
    os.chown(for_all / "scratch", ORDINARY, ORDINARY)
    cage = new_cage(tier, shown=True, user=ORDINARY, warm=f"folder = {str(for_all)!r}")
    assert "ready" in cage.started, cage.started
    told = cage.told(SELF, scratch=str(for_all / "scratch"))
    assert told.pop("user") == (1000 if tier == "namespaces" else ORDINARY)
    assert told.pop("of root") in {"EACCES", "ENOENT"}
    assert told == {"fork": "EPERM", "kill": "EPERM", "own": 1, "list": "MemoryError", "open": []}


@root_only
@pytest.mark.parametrize("tier", sandbox.TIERS)
def test_root_becomes_nobody(tier, new_cage, for_all):
    cage = new_cage(tier, shown=True, before="os.setgroups([4, 20])", warm=f"folder = {str(for_all)!r}")
    assert "ready" in cage.started, cage.started
    told = cage.told(f"{SELF}\ntold['groups'] = os.getgroups()", scratch=str(for_all / "scratch"))
    assert told.pop("groups") == []
    assert told.pop("user") == 1000 if tier == "namespaces" else told.pop("user") > 2**16
    assert told.pop("of root") in {"EACCES", "ENOENT"}
    assert told == {"fork": "EPERM", "kill": "EPERM", "own": 1, "list": "MemoryError", "open": []}


@root_only
@pytest.mark.parametrize("tier", ["landlock"], indirect=True)
def test_root_without_its_powers(tier, new_cage, kept, scratch):
    """As in a container from which all capabilities have been taken."""
    powerless = "from rnnbook.grading.sandbox import privileges; privileges.drop(None, True)"
    cage = new_cage(tier, before=powerless, warm=f"folder = {str(kept / 'secret')!r}")
    assert "ready" in cage.started, cage.started
    told = cage.told(SELF.replace("of root", "file"), scratch=scratch)
    assert told.pop("user") == 0
    assert told == {"fork": "EPERM", "kill": "EPERM", "own": 1, "list": "MemoryError", "open": [], "file": "EACCES"}


@root_only
def test_the_unsafe_tier_never_runs_as_root(new_cage):
    cage = new_cage("process", readable=["/root"], warm="folder = ''")
    assert "any user can read, unlike /root" in cage.started["error"]
    powerless = "from rnnbook.grading.sandbox import privileges; privileges.drop(None, True)"
    cage = new_cage("process", shown=True, before=powerless)
    assert "be one from the start" in cage.started["error"]


def test_the_unsafe_tier_without_seccomp(new_cage, kept):
    """As on macOS: limits hold, nothing else does."""
    settings = {"shown": True, "user": ORDINARY} if os.geteuid() == 0 else {}
    cage = new_cage("process", warm=f"{NO_FILTER}\nfolder = ''", **settings)
    told = cage.told(SELF.replace("attempt(os.fork)", "''"))
    assert (told["list"], told["open"]) == ("MemoryError", [])


def test_it_can_be_imported_anywhere():
    code = """
import os, sys
sys.modules["resource"] = None
for name in ("fork", "geteuid", "setsid", "setresuid", "O_PATH", "getuid", "sysconf"):
    if hasattr(os, name): delattr(os, name)
sys.platform = "win32"
from rnnbook.grading import sandbox
print([finding.works for finding in sandbox.available()])
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.stdout == "[False, False, False]\n", told.stderr


def test_choose(monkeypatch):
    def working(*names):
        findings = {
            tier: TierFinding(tier, tier in names, "" if tier in names else f"no {tier}") for tier in sandbox.TIERS
        }
        monkeypatch.setattr(sandbox, "attempt", findings.get)

    working("namespaces", "landlock", "process")
    assert sandbox.choose(None, False) == "namespaces"
    assert sandbox.choose("landlock", False) == "landlock"
    assert sandbox.choose("process", True) == "process"
    with pytest.raises(GradingError, match="--allow-unsafe"):
        sandbox.choose("process", False)
    with pytest.raises(GradingError, match="Did you mean landlock"):
        sandbox.choose("landlok", False)
    working("landlock")
    assert sandbox.choose(None, False) == "landlock"
    with pytest.raises(GradingError, match="no namespaces"):
        sandbox.choose("namespaces", False)
    working("process")
    assert sandbox.choose(None, True) == "process"
    with pytest.raises(GradingError, match=r"no namespaces.*no landlock.*--allow-unsafe"):
        sandbox.choose(None, False)
    working()
    with pytest.raises(GradingError, match="no process"):
        sandbox.choose(None, True)


def test_what_has_not_been_entered_is_refused():
    """Fails closed: a misspelt tier is no tier without protection."""
    for use in (sandbox.fork, lambda tier: sandbox.confine(tier, (), 2**20, 1, None)):
        with pytest.raises(SandboxError, match="has not been entered"):
            use("landlock")
    with pytest.raises(SandboxError, match="Did you mean landlock"):
        sandbox.enter("landlok", [], [])


def test_a_part_that_fails_stops_the_child(tier, new_cage):
    """Fails closed: without the filter, no code of the learner's runs."""
    broken = (
        "from rnnbook.grading.sandbox import seccomp\ndef no(): raise OSError(38, 'no filter')\nseccomp.restrict = no"
    )
    cage = new_cage(tier, warm=broken)
    ended = cage.run("told['ran'] = True")
    assert ended["code"] == 1
    assert SandboxError.__name__ in ended["told"]
    assert "no filter" in ended["told"]


def wait_until_gone(pid: int) -> None:
    """Returns when a process has ended; a file descriptor of it tells."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    import select

    assert select.select([descriptor], [], [], 10)[0], f"process {pid} is still there"
    os.close(descriptor)
