"""Endless or huge: time, memory, processes, threads, output, files."""

# %% attack: endless loop | must: timeout
def rnn_cell(*arguments):
    while True:
        pass


# %% attack: endless loop that swallows everything | must: timeout
def rnn_cell(*arguments):
    while True:
        try:
            while True:
                try:
                    while True:
                        pass
                except:
                    continue
                finally:
                    continue
        except:
            continue
        finally:
            continue


# %% attack: endless loop that ignores signals | must: timeout
import signal
import sys


def rnn_cell(*arguments):
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    signal.setitimer(signal.ITIMER_REAL, 0)
    sys.settrace(None)
    while True:
        pass


# %% attack: sleeps | must: timeout
import time


def rnn_cell(*arguments):
    time.sleep(10_000)


# %% attack: one long operation in C | must: timeout
def rnn_cell(*arguments):
    return 3**30_000_000


# %% attack: one long regular expression | must: timeout
import re


def rnn_cell(*arguments):
    return re.match("(a+)+$", "a" * 60 + "b")


# %% attack: a long operation in torch, threads included | must: timeout / crash / memory
import torch


def rnn_cell(*arguments):
    torch.set_num_threads(64)
    matrix = torch.eye(2000)
    while True:
        matrix = matrix @ matrix


# %% attack: each call a little below the limit | must: timeout | exercise: parity-state
import time


def start():
    return 0


def step(state, bit):
    time.sleep(0.3)
    return (state + bit) % 2


def read(state):
    return state


# %% attack: endless while it is loaded | must: longer than
def forever():
    while True:
        pass


TABLE = forever()


def rnn_cell(*arguments):
    return TABLE


# %% attack: stops itself | must: timeout
import os
import signal


def rnn_cell(*arguments):
    os.kill(os.getpid(), signal.SIGSTOP)
    while True:
        pass


# %% attack: a deadlock | must: timeout
import threading


def rnn_cell(*arguments):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


# %% attack: an object that is endless to look at | must: timeout
class Endless(list):
    def __iter__(self):
        while True:
            yield 0


def rnn_cell(*arguments):
    return Endless([1])


# %% attack: endless in the destructor | must: timeout
class Grave:
    def __del__(self):
        while True:
            pass


def rnn_cell(*arguments):
    Grave()


# %% attack: endless in the exception's text | must: timeout
class Endless(Exception):
    def __str__(self):
        while True:
            pass


def rnn_cell(*arguments):
    raise Endless


# %% attack: timers that never stop | must: failed / timeout / crash
import signal


def rnn_cell(*arguments):
    def again(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
    while True:
        pass


# %% attack: highest priority and every core | must: timeout
import os


def rnn_cell(*arguments):
    for attempt in (
        lambda: os.nice(-20),
        lambda: os.setpriority(os.PRIO_PROCESS, 0, -20),
        lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99)),
        lambda: os.sched_setaffinity(0, range(os.cpu_count())),
    ):
        try:
            attempt()
        except OSError:
            pass
    while True:
        pass


# %% attack: list of 8 GB | must: memory
def rnn_cell(*arguments):
    return [0] * 10**9


# %% attack: memory bit by bit | must: memory / timeout
def rnn_cell(*arguments):
    kept = []
    while True:
        kept.append(b"x" * 10**7)


# %% attack: memory, and the error swallowed | must: memory / timeout
def rnn_cell(*arguments):
    kept = []
    while True:
        try:
            while True:
                kept.append(bytearray(b"x" * 10**7))
        except:
            pass


# %% attack: tensor of 40 GB | must: memory
import torch


def rnn_cell(*arguments):
    return torch.ones(10**10)


# %% attack: shared memory map | must: memory / failed
import mmap


def rnn_cell(*arguments):
    block = mmap.mmap(-1, 8 * 2**30)
    for at in range(0, 8 * 2**30, 4096):
        block[at] = 1


# %% attack: memfd | must: failed / memory
import os


def rnn_cell(*arguments):
    file = os.memfd_create("attack")
    while True:
        os.write(file, b"x" * 2**24)


# %% attack: files in shared memory | must: failed / memory
from multiprocessing import shared_memory


def rnn_cell(*arguments):
    blocks = []
    while True:
        block = shared_memory.SharedMemory(create=True, size=2**26)
        block.buf[:] = b"x" * 2**26
        blocks.append(block)


# %% attack: a decompression bomb | must: memory / timeout
import zlib


def rnn_cell(*arguments):
    bomb = zlib.compress(bytes(2**24), 9)
    return b"".join([zlib.decompress(bomb) for _ in range(512)])


# %% attack: an iterator without end, listed | must: memory / timeout
import itertools


def rnn_cell(*arguments):
    return list(itertools.count())


# %% attack: memory while it is loaded | must: memory / longer than / MemoryError
TABLE = [bytes(2**20) + bytes([i % 256]) * 2**20 for i in range(10_000)]


def rnn_cell(*arguments):
    return TABLE


# %% attack: 1 GB printed | must: output
def rnn_cell(*arguments):
    for _ in range(1000):
        print("x" * 10**6)


# %% attack: 1 GB printed, and the error swallowed | must: failed / output / timeout | earns: 1
def rnn_cell(*arguments):
    for _ in range(1000):
        try:
            print("x" * 10**6)
        except:
            pass


# %% attack: 1 GB to the file descriptors | must: failed | earns: 1
import os


def rnn_cell(x, h, W, V, b, c):
    for number in (1, 2):
        try:
            for _ in range(500):
                os.write(number, b"x" * 10**6)
        except OSError:
            pass
    return 2 * h


# %% attack: 50 children | must: failed
import os


def rnn_cell(*arguments):
    for _ in range(50):
        if os.fork() == 0:
            while True:
                pass


# %% attack: fork bomb that swallows errors | must: timeout
import os


def rnn_cell(*arguments):
    count = 0
    while True:
        try:
            os.fork()
            count += 1
        except OSError:
            pass
        if count > 20:  # were the sandbox to fail: enough
            os._exit(1)


# %% attack: a daemon | must: failed
import os
import time


def rnn_cell(*arguments):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(20)
        os._exit(0)


# %% attack: subprocess | must: failed
import subprocess


def rnn_cell(*arguments):
    subprocess.Popen(["sleep", "20"], start_new_session=True)


# %% attack: multiprocessing | must: failed
import multiprocessing
import time


def rnn_cell(*arguments):
    context = multiprocessing.get_context("fork")
    context.Process(target=time.sleep, args=(20,)).start()


# %% attack: processes by system call | must: failed | earns: 1
import ctypes


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    for number, flags in ((56, 17), (57, 0), (58, 0), (56, 0x00008000 | 17)):  # clone, fork, vfork, clone with CLONE_PARENT
        if number == 58:
            continue  # the parent's stack would be lost
        pid = libc.syscall(number, flags, 0, 0, 0, 0)
        if pid == 0:
            libc.sleep(20)
            libc._exit(0)
        if pid > 0:
            raise RuntimeError(f"LEAK: made process {pid}")
    return 2 * h


# %% attack: 10,000 threads | must: failed / memory / crash / timeout
import threading
import time


def rnn_cell(*arguments):
    for _ in range(10_000):
        threading.Thread(target=time.sleep, args=(20,)).start()


# %% attack: threads that live on | must: failed | earns: 1
import threading
import time


def spin():
    while True:
        try:
            time.sleep(0.001)
        except BaseException:
            pass


def rnn_cell(x, h, W, V, b, c):
    for _ in range(4):
        threading.Thread(target=spin).start()
    return 2 * h


# %% attack: fills the disk | must: failed / memory / output
import tempfile


def rnn_cell(*arguments):
    file = tempfile.TemporaryFile()
    while True:
        file.write(b"x" * 2**24)


# %% attack: fills the disk file by file | must: failed / memory / output / timeout
import tempfile


def rnn_cell(*arguments):
    folder = tempfile.mkdtemp()
    for i in range(10**6):
        with open(f"{folder}/rnnbook-attack-{i}", "wb") as file:
            file.write(b"x" * 2**20)


# %% attack: a sparse file of 8 TB | must: failed
import tempfile


def rnn_cell(*arguments):
    with tempfile.TemporaryFile() as file:
        file.truncate(2**43)


# %% attack: every file descriptor | must: failed
import os


def rnn_cell(*arguments):
    while True:
        os.open("/dev/null", os.O_RDONLY)


# %% attack: recursion without end | must: RecursionError
def rnn_cell(*arguments):
    return rnn_cell(*arguments)


# %% attack: recursion without end or limit | must: crash / memory / failed
import sys


class Deep:
    def __repr__(self):
        return repr([self])


def rnn_cell(*arguments):
    sys.setrecursionlimit(2**31 - 1)
    return repr(Deep())


# %% attack: handlers of the collector that do not end | must: timeout / failed
import gc


def rnn_cell(*arguments):
    def forever(*_):
        while True:
            pass

    gc.callbacks.append(forever)
    gc.collect()
    return [[] for _ in range(10**6)]


# %% attack: an exit handler that does not end | must: failed | earns: 1
import atexit
import threading
import time


def forever():
    while True:
        time.sleep(0.01)


def rnn_cell(x, h, W, V, b, c):
    atexit.register(forever)
    threading._register_atexit(forever)
    return 2 * h
