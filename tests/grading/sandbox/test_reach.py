"""What confined code can reach, as an observer outside sees it: files, secrets, connections, processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rnnbook.grading import sandbox

DENIED = {"EPERM", "EACCES", "EROFS", "ENOENT", "ENOSYS", "EXDEV"}


def state(folder: Path) -> dict:
    """Everything about each file below a folder that may not change."""
    kept = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        about = path.lstat()
        content = path.read_bytes() if path.is_file() else sorted(os.listdir(path))
        kept[str(path)] = (content, about.st_mode, about.st_uid, about.st_gid, about.st_mtime_ns, about.st_nlink)
    return kept


def test_what_may_be_read_is_read_and_what_is_hidden_is_not(cage, kept):
    told = cage.told(
        f"""
import os
from pathlib import Path
folder = Path({str(kept)!r})
for name in ("shown/readable", "shown/deep/readable", "shown/hidden", "shown/deep/hidden/file", "secret/file"):
    told[name] = attempt((folder / name).read_text)
told["list"] = attempt(os.listdir, folder / "shown")
told["list secret"] = attempt(os.listdir, folder / "secret")
told["up and down"] = attempt((folder / "shown/../secret/file").read_text)
told["up"] = attempt(os.listdir, folder)
told["hidden folder"] = attempt((folder / "shown/deep/hidden/../../../secret/file").read_text)
"""
    )
    assert told["shown/readable"] == "canary in shown/readable"
    assert told["shown/deep/readable"] == "canary in shown/deep/readable"
    assert sorted(told["list"]) == ["deep", "hidden", "readable"]
    assert told["shown/hidden"] in ("", *DENIED)
    for name in ("shown/deep/hidden/file", "secret/file", "list secret", "up and down", "hidden folder"):
        assert told[name] in DENIED, name
    assert told["up"] in ["EACCES", ["shown"]]


def test_nothing_of_the_host_is_read(cage):
    secret = Path.home() / ".profile"
    told = cage.told(
        f"""
import os
for path in ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/proc/self/environ", "/proc/1/environ", "/proc/self/maps",
             "/proc/self/mem", f"/proc/{{os.getppid()}}/environ", "/proc/mounts", "/sys/kernel/notes", {str(secret)!r},
             {__file__!r}, {str(Path(__file__).parents[3] / "solutions" / "02_rnn.ipynb")!r}, "/dev/mem", "/dev/tty"):
    told[path] = attempt(lambda: open(path, "rb").read(100))
for folder in ("/proc", "/home", "/root", "/var", "/tmp", "/run", "/dev/shm", "/dev/fd"):
    told[folder] = attempt(os.listdir, folder)
told["environment"] = dict(os.environ)
"""
    )
    environment = told.pop("environment")
    assert not {key for key in environment if "SECRET" in key or key == "PATH"}
    assert environment["HOME"] == environment["TMPDIR"]
    lists = {name: listed for name, listed in told.items() if isinstance(listed, list)}
    assert {name for name, found in told.items() if name not in lists and found not in DENIED} == set()
    allowed = {
        "/tmp": {path.parts[2] for path in sandbox.readable_paths() if path.is_relative_to("/tmp")},
        "/proc": {"cpuinfo", "meminfo"},
        "/var": {"tmp"},
        "/root": {".pyenv", ".local"},
        "/home": set(os.listdir("/home")),
    }
    for folder, listed in lists.items():
        assert {*listed} <= allowed[folder], folder


def test_no_file_outside_is_changed(cage, kept):
    before = state(kept)
    told = cage.told(
        f"""
import os, shutil, ctypes
folder = {str(kept)!r}
for n, name in enumerate(("shown/readable", "shown/hidden", "secret/file", "shown/deep")):
    path = f"{{folder}}/{{name}}"
    told[f"write {{n}}"] = attempt(lambda: open(path, "w").write("x"))
    told[f"append {{n}}"] = attempt(lambda: open(path, "a").write("x"))
    told[f"update {{n}}"] = attempt(lambda: open(path, "r+").write("x"))
    told[f"empty while reading {{n}}"] = attempt(os.open, path, os.O_RDONLY | os.O_TRUNC)
    told[f"truncate {{n}}"] = attempt(os.truncate, path, 0)
    told[f"remove {{n}}"] = attempt(os.remove, path)
    told[f"rename {{n}}"] = attempt(os.rename, path, path + ".new")
    told[f"move {{n}}"] = attempt(os.rename, path, os.environ["TMPDIR"] + "/stolen")
    told[f"replace {{n}}"] = attempt(lambda: (open("mine", "w").close(), os.replace("mine", path)))
    told[f"link {{n}}"] = attempt(os.link, path, "linked")
    told[f"symlink {{n}}"] = attempt(os.symlink, path, "pointing")
    told[f"mode {{n}}"] = attempt(os.chmod, path, 0o777)
    told[f"mode, by number {{n}}"] = syscall("fchmodat", -100, path, 0o777, 0)
    told[f"owner {{n}}"] = attempt(os.chown, path, 12345, 12345)
    told[f"time {{n}}"] = attempt(os.utime, path, (1, 1))
    told[f"attribute {{n}}"] = attempt(os.setxattr, path, "user.x", b"x")
    told[f"beside {{n}}"] = attempt(lambda: open(path + ".x", "w"))
    told[f"in {{n}}"] = attempt(lambda: open(path + "/x", "w"))
    told[f"folder {{n}}"] = attempt(os.mkdir, path + ".d")
    told[f"fifo {{n}}"] = attempt(os.mkfifo, path + ".f")
    told[f"tree {{n}}"] = attempt(shutil.rmtree, path)
for path in ("/x", "/tmp/../x", "/etc/x", "/usr/lib/x", "/dev/x", "/proc/x", os.__file__, "/run/x"):
    told[path] = attempt(lambda: open(path, "a"))
"""
    )
    assert state(kept) == before
    refused = DENIED | {"EISDIR", "ENOTDIR", "EINVAL", "EEXIST", "NotADirectoryError"}
    assert {name for name, answer in told.items() if answer not in refused} == set()


def test_its_own_temporary_files_are_its_own(cage, kept, scratch):
    order = {} if cage.tier == "namespaces" else {"scratch": scratch}
    write = """
import os, tempfile, pathlib
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x" * 10**6); file.flush()
    told["size"] = os.path.getsize(file.name)
os.mkdir("folder"); pathlib.Path("folder/left").write_text("left"); os.rename("folder/left", "left")
os.rename("left", "folder/again"); os.remove("folder/again"); os.rmdir("folder"); pathlib.Path("left").touch()
told["cwd"], told["list"] = os.getcwd(), os.listdir(".")
"""
    told = cage.told(write, **order)
    assert (told["size"], told["list"]) == (10**6, ["left"])
    assert told["cwd"] in ([scratch] if order else ["/tmp", "/scratch"])
    if cage.tier == "namespaces":
        assert cage.told("told['list'] = __import__('os').listdir('.')") == {"list": []}
        assert not Path(told["cwd"], "left").exists()
    else:
        assert os.listdir(scratch) == ["left"]
        told = cage.told(f"told['other'] = attempt(__import__('os').listdir, {scratch!r})")
        assert told["other"] == "EACCES", "another child's files"


@pytest.mark.loopback
def test_no_connection(cage, tmp_path):
    listeners = {}
    for name, family, kind, address in (
        ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        ("unix", socket.AF_UNIX, socket.SOCK_STREAM, str(tmp_path / "socket")),
        ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0rnnbook-{os.getpid()}"),
    ):
        listener = socket.socket(family, kind)
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        listener.setblocking(False)
        listeners[name] = listener
    ports = [listeners[name].getsockname()[1] for name in ("tcp", "udp")]
    told = cage.told(
        f"""
import socket, os
def tcp():
    socket.create_connection(("127.0.0.1", {ports[0]}))
def udp():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", {ports[1]}))
def unix(path):
    socket.socket(socket.AF_UNIX).connect(path)
told["tcp"], told["udp"] = attempt(tcp), attempt(udp)
told["unix"] = attempt(unix, {str(tmp_path / "socket")!r})
told["abstract"] = attempt(unix, {listeners["abstract"].getsockname().decode()!r})
told["pair"] = attempt(socket.socketpair)
told["netlink"] = attempt(socket.socket, 16, 3)
told["raw"] = syscall("socket", 2, 1, 0)
told["ring"] = syscall("io_uring_setup", 8, b"x" * 120)
told["send a descriptor"] = syscall("sendmsg", tell, b"x" * 56, 0)
told["name"] = attempt(socket.getaddrinfo, "localhost", 80) and "tried"
"""
    )
    assert told.pop("name") == "tried"
    assert set(told.values()) == {"EPERM"}, told
    for name, listener in listeners.items():
        with pytest.raises(BlockingIOError):
            listener.accept() if name != "udp" else listener.recv(1)
        listener.close()


def test_no_process(cage):
    before = cage.descendants()
    told = cage.told(
        """
import os, subprocess, multiprocessing, sys
for name in ("fork", "vfork"):
    told[name] = syscall(name)
told["os.fork"] = attempt(os.fork)
told["clone"] = syscall("clone", 17, None, None, None, None)
told["new namespaces"] = syscall("clone", 0x10000 | 0x20000, None, None, None, None)
told["clone3"] = syscall("clone3", b"\\0" * 88, 88)
told["run"] = attempt(subprocess.run, ["/bin/true"])
told["system"] = attempt(os.system, "true")
told["spawn"] = attempt(os.posix_spawn, sys.executable, [sys.executable], {})
told["exec"] = attempt(os.execv, sys.executable, [sys.executable])
told["execveat"] = syscall("execveat", -100, "/bin/true", None, None, 0)
told["multiprocessing"] = attempt(multiprocessing.get_context("fork").Process(target=print).start)
told["unshare"] = syscall("unshare", 0x10000000)
told["setns"] = syscall("setns", tell, 0)
told["session"] = attempt(os.setsid)
"""
    )
    assert told.pop("system") in (-1, 32512, 256 * 127, "EPERM"), told
    assert told.pop("clone3") == "ENOSYS"
    assert set(told.values()) <= {"EPERM", "ENOSYS"}, told
    assert {told["os.fork"], told["clone"], told["exec"], told["run"]} == {"EPERM"}
    assert cage.descendants() == before


def test_no_signal_to_others_and_no_look_into_them(cage):
    victim = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    told = cage.told(
        f"""
import os, signal, fcntl
others = {{"parent": os.getppid(), "all": -1, "group": 0, "victim": {victim.pid}, "nursery": outside[0]}}
for name, pid in others.items():
    told[f"kill {{name}}"] = attempt(os.kill, pid, signal.SIGKILL)
told["group"] = attempt(os.killpg, 0, signal.SIGTERM)
told["tgkill"] = syscall("tgkill", {victim.pid}, {victim.pid}, 9)
told["tkill"] = syscall("tkill", {victim.pid}, 9)
told["queue"] = syscall("rt_sigqueueinfo", {victim.pid}, 9, b"\\0" * 128)
told["pidfd"] = syscall("pidfd_open", {victim.pid}, 0)
told["owner"] = attempt(fcntl.fcntl, tell, fcntl.F_SETOWN, {victim.pid})
told["signal of the owner"] = attempt(fcntl.fcntl, tell, 10, 9)
told["ptrace"] = syscall("ptrace", 16, {victim.pid}, None, None)
told["read"] = syscall("process_vm_readv", {victim.pid}, None, 0, None, 0, 0)
told["limits"] = syscall("prlimit64", {victim.pid}, 7, b"\\0" * 16, None)
told["nice"] = attempt(os.setpriority, os.PRIO_PROCESS, {victim.pid}, 19)
told["affinity"] = attempt(os.sched_setaffinity, {victim.pid}, [0])
told["death signal"] = syscall("prctl", 1, 0, 0, 0, 0)
told["dumpable"] = syscall("prctl", 4, 1, 0, 0, 0)
told["capabilities"] = syscall("capset", b"\\x22\\x05\\x08\\x20" + b"\\0" * 4, b"\\xff" * 24)
told["user"] = attempt(os.setuid, 0) if os.getuid() else "EPERM"
told["keys"] = syscall("keyctl", 0, -3, 0)
told["memfd"] = syscall("memfd_create", "x", 0)
told["shared memory"] = syscall("shmget", 0, 4096, 0o1777)
told["queue of messages"] = syscall("msgget", 0, 0o1777)
told["watch"] = syscall("inotify_init1", 0)
told["bpf"] = syscall("bpf", 0, None, 0)
told["mount"] = syscall("mount", "tmpfs", "/tmp", "tmpfs", 0, None)
told["unmount"] = syscall("umount2", "/tmp", 2)
told["root"] = attempt(os.chroot, "/tmp")
told["filter"] = syscall("seccomp", 1, 0, None)
told["personality"] = syscall("personality", 0x0400000)
told["terminal"] = attempt(fcntl.ioctl, 0, 0x5412, b"x")
"""
    )
    assert victim.poll() is None
    victim.communicate()
    assert told.pop("kill parent") in ("EPERM", "ESRCH")
    if cage.tier == "namespaces":  # there the nursery's number is not this one's
        told.pop("kill nursery")
    assert {name for name, answer in told.items() if answer != "EPERM"} == set()
    assert cage.told("told['alive'] = True") == {"alive": True}


def test_state_sees_changes(tmp_path):
    """The observer itself: a change of content, mode or time does not escape it."""
    (tmp_path / "file").write_text("x")
    before = state(tmp_path)
    os.utime(tmp_path / "file", (1, 1))
    assert state(tmp_path) != before
    assert json.dumps(sorted(before)) == json.dumps(sorted(state(tmp_path)))
