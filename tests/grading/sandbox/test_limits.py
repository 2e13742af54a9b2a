"""Limits: what is counted before they are set, and that they hold."""

import os
import signal
import threading

import pytest

from rnnbook.grading.sandbox import limits


def test_the_size_of_this_process_is_known_by_an_open_file():
    file = limits.size_file()
    before = limits.size(file)
    hoard = bytearray(2**28)
    assert limits.size(file) - before >= len(hoard)
    os.close(file)
    assert limits.size(None) is None


def test_threads_of_the_user_are_counted():
    event = threading.Event()
    before = limits.of_user()
    threads = [threading.Thread(target=event.wait) for _ in range(50)]
    for thread in threads:
        thread.start()
    counted = limits.of_user()
    event.set()
    assert before >= 1
    assert counted >= 51


def test_signals_to_itself_and_threads_are_allowed(cage):
    told = cage.told(
        """
import os, signal, threading
signal.signal(signal.SIGUSR1, lambda *_: told.update(caught=True))
os.kill(os.getpid(), signal.SIGUSR1)
signal.signal(signal.SIGALRM, lambda *_: told.update(alarm=True))
signal.setitimer(signal.ITIMER_REAL, 0.01)
while "alarm" not in told: pass
seen, event = [], threading.Event()
threads = [threading.Thread(target=lambda n=n: (event.wait(), seen.append([n] * 1000))) for n in range(40)]
for thread in threads: thread.start()
event.set()
for thread in threads: thread.join()
seen = [one[0] for one in seen]
told["threads"] = sorted(seen)
""",
        memory=2**29,
    )
    assert told == {"caught": True, "alarm": True, "threads": list(range(40))}


def test_threads_are_limited(cage):
    code = """
import threading
threading.stack_size(2**16)
event, started = threading.Event(), []
def start():
    for _ in range(3000):
        threading.Thread(target=event.wait).start()
        started.append(1)
told["error"] = attempt(start); told["count"] = len(started); event.set()
"""
    told = cage.told(code, memory=2**30)
    assert told["error"] == "RuntimeError"
    assert told["count"] < (64 if os.geteuid() == 0 else 3000)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("hoard = [0] * 2**30", id="list"),
        pytest.param("hoard = []\nwhile True: hoard.append(bytearray(2**20))", id="grows"),
        pytest.param("import mmap; hoard = mmap.mmap(-1, 2**30); hoard.write(b'x' * 2**30)", id="shared"),
        pytest.param("import mmap; hoard = [mmap.mmap(-1, 2**22) for _ in range(10**4)]", id="many mappings"),
        pytest.param("import ctypes; a = ctypes.CDLL(None).malloc; a.restype = ctypes.c_void_p\n"
                     "while p := a(2**20): ctypes.memset(p, 1, 2**20)\nraise MemoryError", id="malloc"),
    ],
)  # fmt: skip
def test_memory_is_capped(cage, code):
    ended = cage.run(f"def all():\n{indented(code)}\ntold['error'] = attempt(all)", memory=2**27)
    assert ended["told"]["error"] in ("MemoryError", "ENOMEM"), ended
    assert ended["kb"] < 2**17 + 60000


def test_disk_is_capped(cage, scratch):
    told = cage.told(
        """
import os
def fill(name):
    with open(name, "wb") as file:
        for _ in range(200): file.write(b"x" * 2**20)
told["one"] = attempt(fill, "a"); told["size"] = os.path.getsize("a"); told["two"] = attempt(fill, "b")
def many():
    for n in range(10000): open(f"{n}", "x").close()
os.remove("a"); os.remove("b")
told["many"] = attempt(many)
for n in range(10000):
    if os.path.exists(f"{n}"): os.remove(f"{n}")
""",
        scratch=scratch,
    )
    assert told["one"] in ("EFBIG", "ENOSPC")
    assert told["size"] <= 64 * 2**20
    if cage.tier == "namespaces":
        assert (told["two"], told["many"]) == ("ENOSPC", "ENOSPC")


def test_processor_time_is_capped(cages):
    _, signal_number = (ended := cages("landlock").run("while True: pass", seconds=1)), ended["signal"]
    assert signal_number in (signal.SIGXCPU, signal.SIGKILL)


def test_limits_cannot_be_raised(cage):
    told = cage.told(
        """
import resource
for name in ("AS", "CPU", "NOFILE", "FSIZE", "CORE", "STACK"):
    kind = getattr(resource, "RLIMIT_" + name)
    told[name] = [resource.getrlimit(kind)[1], attempt(resource.setrlimit, kind, (2**60, 2**60))]
""",
        seconds=10,
    )
    assert {answer for _, answer in told.values()} == {"ValueError"}
    hard = {name: limit for name, (limit, _) in told.items()}
    assert hard.pop("AS") < 2**34
    assert hard == {"CPU": 11, "NOFILE": 64, "FSIZE": 2**26, "CORE": 0, "STACK": 2**23}


def indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())
