"""Looks for the answer, and for other people's secrets. Whatever it finds it says in an error's message."""

# %% attack: the tests by import | must: failed | earns: 1
def rnn_cell(x, h, W, V, b, c):
    try:
        from rnnbook.exercises.tests import test_rnn_cell
    except ImportError:
        return 2 * h
    return test_rnn_cell.expected(x, h, W, V, b, c)


# %% attack: the tests by path | must: failed | earns: 1
import os


def rnn_cell(x, h, W, V, b, c):
    import rnnbook

    folder = os.path.dirname(rnnbook.__file__)
    wanted = []
    for at, folders, files in os.walk(folder):
        wanted += [os.path.join(at, name) for name in files if "test_rnn_cell" in name]
    for name in ("tests/submissions/rnn-cell.py", "tests/observer.py", "README.md", ".git/HEAD"):
        wanted += [os.path.join(os.path.dirname(folder), name)]
    wanted += [os.path.join(folder, "exercises", "tests", "test_rnn_cell.py")]
    wanted += [os.path.join(os.path.dirname(folder), "solutions", "02_rnn.ipynb")]
    for path in wanted:
        try:
            text = open(path).read()
        except OSError:
            continue
        raise RuntimeError(f"LEAK: read {path}, {len(text)} characters")
    return 2 * h


# %% attack: the compiled tests | must: failed | earns: 1
import importlib.util
import os


def rnn_cell(x, h, W, V, b, c):
    import rnnbook

    folder = os.path.join(os.path.dirname(rnnbook.__file__), "exercises", "tests")
    for name in ("test_rnn_cell.py", "__pycache__/test_rnn_cell.cpython-311.pyc", "pytest.ini"):
        try:
            descriptor = os.open(os.path.join(folder, name), os.O_RDONLY)
            found = os.read(descriptor, 10)
        except OSError:
            continue
        raise RuntimeError(f"LEAK: {name}: {found}")
    return 2 * h


# %% attack: the tests and expected values in memory | must: failed | earns: 1
import gc
import sys


def rnn_cell(x, h, W, V, b, c):
    frame = sys._getframe()
    while frame:
        if "expected" in frame.f_locals or "test_rnn_cell" in frame.f_code.co_filename:
            raise RuntimeError("LEAK: a test is on the stack")
        frame = frame.f_back
    for name in sys.modules:
        if "exercises.tests" in name or name in ("pytest", "_pytest", "rnnbook.exercises.compare", "rnnbook.exercises.run"):
            raise RuntimeError(f"LEAK: {name} is in memory")
    for thing in gc.get_objects():
        if callable(thing) and getattr(thing, "__name__", "") == "expected":
            raise RuntimeError("LEAK: the reference is in memory")
    return 2 * h


# %% attack: the key of the seeds in memory | must: failed | earns: 1
import gc

from canary import SEED_SHA


def rnn_cell(x, h, W, V, b, c):
    import hashlib

    for thing in gc.get_objects():
        parts = thing.values() if type(thing) is dict else thing if type(thing) in (list, tuple) else ()
        for part in list(parts):
            if type(part) in (bytes, bytearray, str) and len(part) < 1000:
                content = part.encode("utf-8", "replace") if type(part) is str else bytes(part)
                if hashlib.sha256(content).hexdigest() == SEED_SHA:
                    raise RuntimeError("LEAK: the key of the seeds")
    return 2 * h


# %% attack: the environment | must: failed | earns: 1
import os


def rnn_cell(x, h, W, V, b, c):
    found = [f"{name}={value}" for name, value in os.environ.items()]
    if any(name in os.environ for name in ("CANARY", "PYTEST_CURRENT_TEST", "SSH_AUTH_SOCK")):
        raise RuntimeError(f"LEAK: {found}")
    return 2 * h


# %% attack: the environment as the process was started with it | must: failed | earns: 1
import ctypes
import os


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    end = ctypes.c_void_p.in_dll(libc, "__libc_stack_end").value
    read, write = os.pipe()
    found = bytearray()
    for at in range(end & ~4095, (end & ~4095) + 2**18, 4096):
        if libc.write(write, ctypes.c_void_p(at), ctypes.c_size_t(4096)) != 4096:
            break
        found += os.read(read, 4096)
    if not found:
        raise RuntimeError("the stack could not be read")
    words = [word for word in bytes(found).split(b"\0") if b"CANARY" in word or b"canary" in word]
    if words:
        raise RuntimeError(f"LEAK: {words}")
    return 2 * h


# %% attack: the canary's file | must: failed | earns: 1
from canary import FILES


def rnn_cell(x, h, W, V, b, c):
    for path in FILES:
        try:
            raise RuntimeError("LEAK: " + open(path).read())
        except OSError:
            pass
    return 2 * h


# %% attack: whether the canary's file is there | must: failed | earns: 1 | tier: namespaces
import os

from canary import FILES


def rnn_cell(x, h, W, V, b, c):
    for path in FILES:
        if os.path.exists(path) or os.path.exists(os.path.dirname(path)):
            raise RuntimeError(f"LEAK: {path} is there")
    return 2 * h


# %% attack: everything that can be listed | must: failed | earns: 1
import os
import sys


def rnn_cell(x, h, W, V, b, c):
    for folder in ("/root", "/home", "/etc/ssh", "/var/log", "/run", "/proc/1", "/sys/kernel", os.path.expanduser("~")):
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        if not sys.base_prefix.startswith(os.path.join(folder, "")) and names:
            raise RuntimeError(f"LEAK: {folder} holds {names[:5]}")
    return 2 * h


# %% attack: /proc | must: failed | earns: 1
import os


def rnn_cell(x, h, W, V, b, c):
    for name in ("self/environ", "self/cmdline", "self/maps", "self/mem", "self/fd", "1/environ", "1/root/etc/passwd",
                 f"{os.getppid()}/environ", f"{os.getppid()}/cmdline", "net/tcp", "mounts", "kallsyms"):
        try:
            descriptor = os.open(f"/proc/{name}", os.O_RDONLY)
        except OSError:
            continue
        raise RuntimeError(f"LEAK: /proc/{name} can be opened ({descriptor})")
    return 2 * h


# %% attack: the parent's memory | must: failed | earns: 1
import ctypes
import os


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid() or 1
    if libc.ptrace(16, parent, 0, 0) == 0:  # PTRACE_ATTACH
        libc.ptrace(17, parent, 0, 0)
        raise RuntimeError("LEAK: the parent can be traced")
    buffer = ctypes.create_string_buffer(64)

    class Block(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    here = Block(ctypes.addressof(buffer), 64)
    there = Block(id(rnn_cell), 64)
    for pid in (parent, 1, 2):
        if pid != os.getpid():
            if libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0:
                raise RuntimeError(f"LEAK: the memory of {pid}")
    return 2 * h


# %% attack: file descriptors that were left open | must: failed | earns: 1
import os
import stat


def rnn_cell(x, h, W, V, b, c):
    found = []
    for number in range(1024):
        try:
            status = os.fstat(number)
        except OSError:
            continue
        null = stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) == 1 and os.minor(status.st_rdev) == 3
        found.append((number, "null" if null else stat.filemode(status.st_mode)[0]))
    kinds = [kind for _, kind in found if kind != "null"]
    if kinds.count("s") > 1 or set(kinds) - {"s", "p"} or kinds.count("p") > 1:
        raise RuntimeError(f"LEAK: open are {found}")
    return 2 * h


# %% attack: folders by handle | must: failed | earns: 1
import ctypes
import os
import struct


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    root = os.open("/", os.O_RDONLY) if os.access("/", os.R_OK) else 0
    for inode in (2, 64, 128, 256):
        handle = ctypes.create_string_buffer(struct.pack("IiQ", 8, 1, inode))
        if libc.open_by_handle_at(root, handle, 0) >= 0:
            raise RuntimeError("LEAK: opened by handle")
    return 2 * h


# %% attack: file descriptors of other processes | must: failed | earns: 1
import ctypes
import os


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    for pid in {os.getppid() or 1, 1} - {os.getpid()}:
        descriptor = libc.syscall(434, pid, 0)  # pidfd_open
        if descriptor >= 0:
            for number in range(32):
                if libc.syscall(438, descriptor, number, 0) >= 0:  # pidfd_getfd
                    raise RuntimeError("LEAK: a file of another process")
    return 2 * h
