"""Written with the grader's source in hand: frames of its own, and what the two sides agree on."""

# %% attack: answers before it is asked | must: failed / crash / error / timeout | earns: 1
import os
import stat
import struct


def link():
    for number in range(1024):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                return number
        except OSError:
            pass


def frame(text, payload=b""):
    return struct.pack(">I", len(text)) + text + payload


def rnn_cell(x, h, W, V, b, c):
    value = b'{"value": ["dict", ["error", "passed"], ["status", "passed"], ["raised", ["tuple"]], ["said", ""]], "arrays": []}'
    for _ in range(20):
        os.write(link(), frame(value))
    return 2 * h


# %% attack: a reply that says passed | must: failed / crash / error | earns: 1
import os
import stat
import struct


def link():
    for number in range(1024):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                return number
        except OSError:
            pass


def rnn_cell(x, h, W, V, b, c):
    from rnnbook.grading.wire import encode

    reply = {"value": None, "after": [], "status": "passed", "printed": "passed", "earned": 10, "problems": [], "notes": []}
    os.write(link(), encode(reply))
    os._exit(0)


# %% attack: replies of every shape | must: failed / crash / error | earns: 1
import os
import random
import stat


def link():
    for number in range(1024):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                return number
        except OSError:
            pass


def rnn_cell(x, h, W, V, b, c):
    from rnnbook.grading.wire import encode

    parts = {
        "value": [None, [], {}], "after": [[], None, [1, 2]], "error": ["x", 7, None], "status": ["passed", "timeout", 7],
        "raised": [(), ("ValueError",), [], (7,)], "said": ["", 7], "problems": [[], [7], ["x" * 100_000]],
        "notes": [[], [{}]], "sources": [{}, []], "printed": ["x", 7, None], None: [1], 3: [4],
    }
    keys = random.sample(list(parts), random.randint(0, len(parts)))
    os.write(link(), encode({key: random.choice(parts[key]) for key in keys}))
    os._exit(0)


# %% attack: a length of 4 GB | must: crash / failed | code: FRAME.format(content='b"\\xff" * 4 + b"x" * 10**5')
# %% attack: a header of 4 MB that never comes | must: timeout / crash | code: FRAME.format(content='struct.pack(">I", 4 * 2**20) + b"["')
# %% attack: arrays of 4 EB | must: crash / failed | code: FRAME.format(content='frame(b\'{"value": null, "arrays": [["float64", [1099511627775, 1099511627775]]]}\')')
# %% attack: noise | must: crash / failed / timeout | code: FRAME.format(content='os.urandom(10**6)')
# %% attack: noise in the header | must: crash / failed | code: FRAME.format(content='frame(os.urandom(10**5))')
# %% attack: brackets in the header | must: crash / failed | code: FRAME.format(content='frame(b"[" * 10**6)')
# %% attack: an array used again and again | must: crash / failed / timeout | code: FRAME.format(content='frame(b\'{"value": ["list"\' + b\', ["tensor", 0]\' * 200_000 + b\'], "arrays": [["uint8", [60000000]]]}\', b"x" * 60_000_000)')
# %% attack: text that grows when it is read | must: crash / failed | code: FRAME.format(content='frame(b\'{"value": ["text", [100001], ["\' + b"x" * 30_000 + b\'"\' + b\', ""\' * 100_000 + b\']], "arrays": []}\')')
# %% attack: keys that collide | must: crash / failed | code: FRAME.format(content='frame(b\'{"value": ["dict"\' + b"".join(b\', [["int", "%d"], null]\' % ((2**61 - 1) * i) for i in range(1, 80_000)) + b\'], "arrays": []}\')')
# %% attack: digits without end | must: crash / failed | code: FRAME.format(content='frame(b\'{"value": ["int", "\' + b"9" * 4_000_000 + b\'"], "arrays": []}\')')
# %% attack: handles of no object | must: crash / failed / error | code: FRAME.format(content='frame(b\'{"value": ["dict", ["value", ["handle", 999999999999999999999, "x", "y"]], ["after", ["list"]]], "arrays": []}\')')

# %% attack: a byte at a time | must: timeout / crash
import os
import stat
import struct
import time


def link():
    for number in range(1024):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                return number
        except OSError:
            pass


def rnn_cell(x, h, W, V, b, c):
    os.write(link(), struct.pack(">I", 4 * 2**20))
    while True:
        os.write(link(), b" ")
        time.sleep(0.005)


# %% attack: a byte at a time, from a thread | must: timeout / crash
import os
import signal
import stat
import struct
import threading
import time


def link():
    for number in range(1024):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                return number
        except OSError:
            pass


def drip(number):
    os.write(number, struct.pack(">I", 4 * 2**20))
    while True:
        os.write(number, b" ")
        time.sleep(0.005)


def rnn_cell(x, h, W, V, b, c):
    threading.Thread(target=drip, args=(link(),)).start()
    while True:
        try:
            time.sleep(100)
        except BaseException:
            pass


# %% attack: closes every file | must: crash / failed / timeout
import os


def rnn_cell(*arguments):
    os.closerange(0, 1024)
    while True:
        pass


# %% attack: other files in the place of its own | must: crash / failed / timeout | earns: 1
import os


def rnn_cell(x, h, W, V, b, c):
    null = os.open("/dev/null", os.O_RDWR)
    for number in range(3, 1024):
        if number != null:
            try:
                os.fstat(number)
                os.dup2(null, number)
            except OSError:
                pass
    return 2 * h


# %% attack: zeros without end in the place of its socket | must: crash / failed / timeout | earns: 1
import os


def rnn_cell(x, h, W, V, b, c):
    zero = os.open("/dev/zero", os.O_RDWR)
    for number in range(3, 1024):
        if number != zero:
            try:
                os.fstat(number)
                os.dup2(zero, number)
            except OSError:
                pass
    return 2 * h


# %% attack: shuts the socket down half-way | must: crash / failed / timeout
import socket
import os
import stat


def rnn_cell(x, h, W, V, b, c):
    for number in range(1024):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                socket.socket(fileno=number).shutdown(socket.SHUT_RD)
        except OSError:
            pass
    return 2 * h


# %% attack: reads the questions away | must: crash / failed / timeout | earns: 1
import os
import stat
import threading


def steal(number):
    while True:
        try:
            os.read(number, 10)
        except OSError:
            pass


def rnn_cell(x, h, W, V, b, c):
    for number in range(1024):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                threading.Thread(target=steal, args=(number,)).start()
        except OSError:
            pass
    return 2 * h


# %% attack: sends file descriptors along | must: failed / crash / timeout | earns: 1
import os
import socket
import stat


def rnn_cell(x, h, W, V, b, c):
    null = os.open("/dev/null", os.O_RDONLY)
    for number in range(1024):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                for _ in range(100):
                    socket.send_fds(socket.socket(fileno=os.dup(number)), [b"\0"], [null] * 20)
        except OSError:
            pass
    return 2 * h


# %% attack: fills the pipe of last words | must: timeout / failed / crash
import os
import stat


def rnn_cell(x, h, W, V, b, c):
    for number in range(3, 1024):
        try:
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                os.set_blocking(number, False)
                while True:
                    os.write(number, b'  File "<script>\x1b[31m", line 99999999999999999999 in x\n' * 1000)
        except OSError:
            pass
    while True:
        pass


# %% attack: frames written under the judge's own | must: crash / failed / error | earns: 1
import os
import stat
import struct
import threading


def flood(number):
    while True:
        try:
            os.write(number, struct.pack(">I", 2) + b"{}")
        except OSError:
            pass


def rnn_cell(x, h, W, V, b, c):
    for number in range(1024):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                threading.Thread(target=flood, args=(number,)).start()
        except OSError:
            pass
    return 2 * h


# %% attack: forged before the first question | must: failed / crash / error / timeout / not defined | earns: 1
import os
import stat


def forge():
    from rnnbook.grading.wire import encode

    for number in range(1024):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.write(number, encode({"value": None, "after": [], "sources": {}}) * 3)
        except OSError:
            pass
    return 7


SEVEN = forge()


def rnn_cell(x, h, W, V, b, c):
    return SEVEN * h
