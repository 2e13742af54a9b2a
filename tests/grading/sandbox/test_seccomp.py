"""The filter: its program read instruction by instruction, on both architectures, and kept by the kernel."""

import errno
import platform
import re
import signal
import struct
from pathlib import Path

import pytest

from rnnbook.grading.sandbox import seccomp, syscalls

COLUMNS = {"x86_64": 1, "aarch64": 2}
HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"),
    "aarch64": ("/usr/include/asm-generic/unistd.h",),
}
ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
OWN = 4321


@pytest.fixture(params=COLUMNS)
def machine(request, monkeypatch):
    """Each architecture, whichever this is."""
    caches = (syscalls.numbers, seccomp._beginning)
    for cached in caches:
        cached.cache_clear()
    for module in (syscalls, seccomp):
        monkeypatch.setattr(module, "column", lambda: COLUMNS[request.param])
    yield request.param
    for cached in caches:
        cached.cache_clear()


def answer(code: bytes, architecture: int, number: int, *arguments: int) -> int:
    """What the program says to a call: the kernel's machine, as linux/filter.h and linux/seccomp.h have it."""
    about = struct.pack("=iIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    instructions = [*struct.iter_unpack("=HBBI", code)]
    value, at = 0, 0
    while True:
        kind, true, false, operand = instructions[at]
        at += 1
        match kind:
            case 0x20:
                (value,) = struct.unpack_from("=I", about, operand)
            case 0x54:
                value &= operand
            case 0x15:
                at += true if value == operand else false
            case 0x25:
                at += true if value > operand else false
            case 0x35:
                at += true if value >= operand else false
            case 0x45:
                at += true if value & operand else false
            case 0x06:
                return operand
            case _:
                raise AssertionError(f"no such instruction: {kind:x}")


def test_numbers_are_those_of_the_headers(machine):
    found = [Path(name) for name in HEADERS[machine] if Path(name).exists()]
    if not found:
        pytest.skip("the kernel's headers are not installed (linux-libc-dev)")
    names = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", found[0].read_text()))
    names["newfstatat"] = names.get("newfstatat") or names["fstatat"]
    newer = {"landlock", "mount_setattr", "memfd_secret", "process_mrelease", "close_range"}
    for name, number in syscalls.numbers().items():
        if name in names or not any(name.startswith(prefix) for prefix in newer):
            assert names[name] == str(number), name


def test_every_name_is_known_on_one_machine():
    rows = [row.split(":")[0] for row in syscalls._TABLE.split()]
    assert len(rows) == len({*rows})
    lists = seccomp._ALLOWED.split(), seccomp._REFUSED.split(), [*seccomp._conditions(1)]
    listed = [name for names in lists for name in names]
    assert len(listed) == len({*listed}), "a call in two lists"
    assert {*listed} <= {*rows}
    assert {*rows} - {*listed} == {"clone3"}


def test_each_call_gets_its_answer(machine):
    code = seccomp.program(OWN)
    architecture = syscalls.AUDIT[COLUMNS[machine]]
    known = syscalls.numbers()
    assert len(code) // 8 < 4096
    right = {number: ENOSYS for number in range(600)}
    right |= {known[name]: ALLOW for name in seccomp._ALLOWED.split() if name in known}
    right |= {known[name]: EPERM for name in seccomp._REFUSED.split() if name in known}
    for name in seccomp._conditions(OWN):
        right.pop(known.get(name), None)
    assert {number: answer(code, architecture, number) for number in right} == right
    assert answer(code, architecture ^ 1, known["read"]) == KILL
    assert answer(code, architecture, known["read"] | 0x40000000) == KILL
    assert answer(code, architecture, -1) == KILL


@pytest.mark.parametrize(
    ("name", "arguments", "allowed"),
    [
        ("clone", (0x3D0F00,), True),  # a thread
        ("clone", (17,), False),
        ("clone", (0,), False),
        ("clone", (0x3D0F00 | 0x10000000,), False),
        ("clone", (0x3D0F00 | 0x80,), False),
        ("kill", (OWN, 9), True),
        ("kill", (OWN + 1, 9), False),
        ("kill", (0, 9), False),
        ("kill", (2**64 - 1, 9), False),
        ("tgkill", (OWN, 1, 9), True),
        ("tgkill", (1, OWN, 9), False),
        ("prlimit64", (0, 7), True),
        ("prlimit64", (OWN, 7), True),
        ("prlimit64", (1, 7), False),
        ("openat", (2**64 - 100, 0, 0), True),
        ("openat", (2**64 - 100, 0, 0o1001), True),
        ("openat", (2**64 - 100, 0, 0o1000), False),
        ("ioctl", (0, 0x5401), True),
        ("ioctl", (0, 0x5412), False),
        ("fcntl", (0, 4), True),
        ("fcntl", (0, 1030), True),
        ("fcntl", (0, 8), False),
        ("fcntl", (0, 10), False),
        ("fcntl", (0, 1024), False),
        ("prctl", (15,), True),
        ("prctl", (1,), False),
        ("prctl", (4, 1), False),
    ],
)
def test_calls_that_depend_on_an_argument(machine, name, arguments, allowed):
    got = answer(seccomp.program(OWN), syscalls.AUDIT[COLUMNS[machine]], syscalls.numbers()[name], *arguments)
    assert got == (ALLOW if allowed else EPERM)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code of x86_64")
@pytest.mark.parametrize(
    "code",
    [
        pytest.param(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3", id="32 bits"),  # mov eax, 20 (getpid); int 0x80; ret
        pytest.param(b"\xb8\x27\x00\x00\x40\x0f\x05\xc3", id="x32"),  # mov eax, 0x40000027 (getpid); syscall; ret
    ],
)
def test_another_way_into_the_kernel_is_death(cage, code):
    ended = cage.run(
        f"""
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write({code!r})
told["got"] = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""
    )
    assert ended["signal"] == signal.SIGSYS, ended


def test_unknown_calls_do_not_exist(cage):
    told = cage.told(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "told['answers'] = [[libc.syscall(number), ctypes.get_errno()] for number in (500, 999, 154, 425 + 200)]"
    )
    assert told["answers"] == [[-1, errno.ENOSYS]] * 4
