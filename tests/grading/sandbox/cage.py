"""A nursery for the tests: enters the sandbox, then runs each piece of code that it is sent in a child of its own.

Its argument is JSON: {"tier", "readable", "hidden", "deny": {call: errno}, "abi", "shown", "user", "before": code,
"warm": code}. It reads a line of JSON for each child, {"code", "memory", "seconds", "scratch", "begun"}, and answers
with a line: what the child told, how it ended, the most memory that it had. The standard library is all that it needs,
so it starts at once.
"""

import errno
import json
import os
import struct
import sys
import traceback

from rnnbook.grading import sandbox
from rnnbook.grading.sandbox import landlock, privileges, seccomp, syscalls


def main(settings: dict) -> None:
    tier = settings["tier"]
    if settings.get("shown"):
        show_python()
    if settings.get("user"):
        privileges.become(settings["user"])
        syscalls.call("prctl", 4, 1, 0, 0, 0)  # dumpable again, as an ordinary user's process is
    exec(settings.get("before", ""))
    if settings.get("deny"):
        deny(settings["deny"])
    if abi := settings.get("abi"):
        landlock.version = lambda: abi
    paths = [*sandbox.readable_paths(), *map(sandbox.Path, settings.get("readable", []))]
    outside = os.getpid(), os.getuid()
    try:
        sandbox.enter(tier, paths, [*sandbox.hidden_paths(), *map(sandbox.Path, settings.get("hidden", []))])
    except sandbox.SandboxError as error:
        say({"error": str(error)})
        return
    namespace = {"outside": outside}
    exec(settings.get("warm", ""), namespace)
    say({"ready": os.getpid()})
    for line in sys.stdin:
        order = {"memory": 2**28, "seconds": 10, "scratch": None} | json.loads(line)
        say(run(tier, order, namespace))


def run(tier: str, order: dict, namespace: dict) -> dict:
    heard, tell = os.pipe()
    child = sandbox.fork(tier)
    if child == 0:
        code = 1
        try:
            sandbox.confine(tier, [tell], order["memory"], order["seconds"], order["scratch"])
            code = compute(order["code"], tell, namespace)
        except BaseException:
            os.write(tell, traceback.format_exc().encode())
        finally:
            os._exit(code)
    os.close(tell)
    if order.get("begun"):
        say({"begun": child, "told": os.read(heard, 1).decode()})  # once it has told something
    told = b""
    while part := os.read(heard, 2**16):
        told += part
    os.close(heard)
    _, status, usage = os.wait4(child, 0)
    signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    try:
        told = json.loads(told or "null")
    except ValueError:
        told = told.decode(errors="replace")
    return {"told": told, "signal": signal, "code": None if signal else os.WEXITSTATUS(status), "kb": usage.ru_maxrss}


def compute(code: str, tell: int, namespace: dict) -> int:
    """Runs code; `told["name"] = value` in it is what it tells, `attempt(f)` a value or the name of the error."""
    told = {}

    def attempt(function, *arguments):
        try:
            value = function(*arguments)
        except BaseException as error:
            return errno.errorcode.get(getattr(error, "errno", None), type(error).__name__)
        return value if isinstance(value, int | str | list | dict | float | None) else repr(value)

    def syscall(name, *arguments):
        """The same in numbers, past Python and the C library."""
        return attempt(syscalls.call, name, *arguments)

    try:
        exec(code, namespace | {"told": told, "attempt": attempt, "syscall": syscall, "tell": tell})
    except BaseException:
        told["trouble"] = traceback.format_exc()
    os.write(tell, json.dumps(told).encode())
    return 0


def say(what: dict) -> None:
    print(json.dumps(what), flush=True)


def show_python() -> None:
    """Lets ordinary users reach Python where it lies in root's home, in a file system of this process's own."""
    closed = privileges.closed([sandbox.Path(sys.base_prefix), *sandbox.readable_paths()], reached=True)
    if closed:
        syscalls.call("unshare", 0x20000)
        syscalls.call("mount", None, "/", None, 16384 | 1 << 18, None)
        shown = [path for path in sandbox.readable_paths() if closed in path.resolve().parents]
        base = sandbox.Path(sys.base_prefix).resolve()
        roots = {base if base in [p, *p.parents] else p for p in (path.resolve() for path in shown)}
        opened = {path: os.open(path, os.O_PATH) for path in roots}
        syscalls.call("mount", "tmpfs", str(closed), "tmpfs", 0, "mode=755")
        for path, descriptor in opened.items():
            os.makedirs(path)
            syscalls.call("mount", f"/proc/self/fd/{descriptor}", str(path), None, 4096 | 16384, None)
            os.close(descriptor)


def deny(calls: dict[str, str]) -> None:
    """What a system without these calls answers: a kernel of another age, or a container that forbids them."""
    syscalls.call("prctl", 38, 1, 0, 0, 0)
    code = [(0x20, 0, 0, 0)]
    for name, answer in calls.items():
        code += [(0x15, 0, 1, syscalls.numbers()[name]), (0x06, 0, 0, 0x50000 | getattr(errno, answer))]
    code.append((0x06, 0, 0, 0x7FFF0000))
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in code)
    syscalls.call("prctl", 22, 2, seccomp._Program(len(code), packed))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
