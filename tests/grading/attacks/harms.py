"""Does harm: files, network, other processes, its own limits. What succeeds is said in an error's message."""

# %% attack: changes and deletes files | must: failed | earns: 1
import os
import shutil

from canary import FILES, FOLDERS


def rnn_cell(x, h, W, V, b, c):
    for path in FILES:
        for attempt in (
            lambda: open(path, "a").write("changed"),
            lambda: os.truncate(path, 0),
            lambda: os.chmod(path, 0o777),
            lambda: os.utime(path, (0, 0)),
            lambda: os.rename(path, path + ".moved"),
            lambda: os.link(path, path + ".linked"),
            lambda: os.remove(path),
            lambda: os.setxattr(path, "user.attack", b"x"),
        ):
            try:
                attempt()
            except OSError:
                continue
            raise RuntimeError("LEAK: changed a file")
    for folder in FOLDERS:
        for attempt in (
            lambda: open(os.path.join(folder, "rnnbook-attack-new"), "w").write("x"),
            lambda: os.mkdir(os.path.join(folder, "rnnbook-attack-folder")),
            lambda: os.symlink("/etc/passwd", os.path.join(folder, "rnnbook-attack-link")),
            lambda: os.mkfifo(os.path.join(folder, "rnnbook-attack-fifo")),
        ):
            try:
                attempt()
            except OSError:
                continue
            raise RuntimeError("LEAK: made a file")
        shutil.rmtree(folder, ignore_errors=True)
    return 2 * h


# %% attack: changes the package and Python itself | must: failed | earns: 1
import os
import sys


def rnn_cell(x, h, W, V, b, c):
    import rnnbook
    import torch

    folders = [os.path.dirname(module.__file__) for module in (rnnbook, torch, os)] + [sys.prefix, *sys.path]
    for folder in folders:
        path = os.path.join(folder, "rnnbook-attack-file.py")
        try:
            with open(path, "w") as file:
                file.write("")
        except OSError:
            continue
        if not folder.startswith("/tmp"):
            raise RuntimeError(f"LEAK: wrote {path}")
    return 2 * h


# %% attack: waits in files for the next process | must: failed | earns: 1
import os
import site
import tempfile


def rnn_cell(x, h, W, V, b, c):
    home = os.path.expanduser("~")
    places = [os.path.join(home, ".bashrc"), os.path.join(home, ".pythonrc.py"), "/etc/profile.d/rnnbook-attack.sh"]
    places += ["/etc/cron.d/rnnbook-attack", "/dev/shm/rnnbook-attack", "/var/tmp/rnnbook-attack", "/run/rnnbook-attack"]
    places += [os.path.join(folder, "sitecustomize.py") for folder in [site.getusersitepackages(), *site.getsitepackages()]]
    for path in places:
        try:
            with open(path, "a"):
                pass
        except OSError:
            continue
        if not path.startswith(tempfile.gettempdir()):  # its own, which ends with it
            raise RuntimeError(f"LEAK: opened {path}")
    return 2 * h


# %% attack: connects over TCP | must: failed | earns: 1
import socket

from canary import PORT


def rnn_cell(x, h, W, V, b, c):
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET, "0.0.0.0")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as link:
                link.settimeout(0.2)
                link.connect((host, PORT))
                link.sendall(b"stolen")
        except OSError:
            continue
        raise RuntimeError("LEAK: connected over TCP")
    return 2 * h


# %% attack: sends over UDP | must: failed | earns: 1
import socket

from canary import PORT


def rnn_cell(x, h, W, V, b, c):
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.sendto(b"stolen", ("127.0.0.1", PORT))
    except OSError:
        return 2 * h
    raise RuntimeError("LEAK: sent over UDP")


# %% attack: connects over unix sockets | must: failed | earns: 1
import socket

from canary import UNIX


def rnn_cell(x, h, W, V, b, c):
    for name in UNIX:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                with socket.socket(socket.AF_UNIX, kind) as link:
                    link.connect(name)
                    link.send(b"stolen")
            except OSError:
                continue
            raise RuntimeError("LEAK: connected to a unix socket")
    return 2 * h


# %% attack: other families of sockets | must: failed | earns: 1
import ctypes

from canary import PORT


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    made = [(family, kind) for family in range(46) for kind in (1, 2, 3, 5) if libc.socket(family, kind, 0) >= 0]
    pair = (ctypes.c_int * 2)()
    if made:
        raise RuntimeError(f"LEAK: made sockets {made}")
    return 2 * h


# %% attack: uses the socket that is there | must: failed / crash | earns: 1
import ctypes
import os
import stat
import struct

from canary import PORT


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    address = struct.pack("<H", 2) + struct.pack(">H", PORT) + bytes([127, 0, 0, 1]) + bytes(8)
    for number in range(1024):
        try:
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
        except OSError:
            continue
        if libc.connect(number, address, 16) == 0 or libc.sendto(number, b"stolen", 6, 0, address, 16) > 0:
            raise RuntimeError("LEAK: the socket goes elsewhere")
    return 2 * h


# %% attack: asks for a page | must: failed | earns: 1
import urllib.request

from canary import PORT


def rnn_cell(x, h, W, V, b, c):
    try:
        urllib.request.urlopen(f"http://localhost:{PORT}/stolen", timeout=0.2)
    except OSError:
        return 2 * h
    raise RuntimeError("LEAK: asked for a page")


# %% attack: signals to parent, group and all | must: failed | earns: 1
import ctypes
import os
import signal


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid()
    for pid in {parent, 1, 0, -1, -os.getpgrp(), 2, 3} - {os.getpid()}:
        try:
            os.kill(pid, signal.SIGURG)
        except OSError:
            continue
        if pid != 1 or parent:
            raise RuntimeError(f"LEAK: signalled {pid}")
    information = ctypes.create_string_buffer(128)
    ctypes.memmove(information, (ctypes.c_int * 3)(signal.SIGURG, 0, -1), 12)
    for number, arguments in (
        (200, (parent, signal.SIGURG)),  # tkill
        (234, (parent, parent, signal.SIGURG)),  # tgkill
        (129, (parent, signal.SIGURG, information)),  # rt_sigqueueinfo
        (297, (parent, parent, signal.SIGURG, information)),  # rt_tgsigqueueinfo
    ):
        if parent > 1 and libc.syscall(number, *arguments) == 0:
            raise RuntimeError(f"LEAK: signalled by system call {number}")
    return 2 * h


# %% attack: kills its parent | must: failed | earns: 1
import os
import signal


def rnn_cell(x, h, W, V, b, c):
    if os.getppid() > 1:
        try:
            os.kill(os.getppid(), signal.SIGKILL)
        except OSError:
            return 2 * h
        raise RuntimeError("LEAK: killed its parent")
    return 2 * h


# %% attack: a signal to its parent by way of a file | must: failed / crash | earns: 1
import fcntl
import os
import signal
import stat
import struct


def rnn_cell(x, h, W, V, b, c):
    parent = os.getppid()
    for number in range(1024):
        try:
            os.fstat(number)
        except OSError:
            continue
        for owner in (parent, -os.getpgrp(), 1):
            for attempt in (
                lambda: fcntl.fcntl(number, fcntl.F_SETSIG, signal.SIGURG),
                lambda: fcntl.fcntl(number, fcntl.F_SETOWN, owner),
                lambda: fcntl.fcntl(number, 15, struct.pack("ii", 1, owner)),  # F_SETOWN_EX
                lambda: fcntl.ioctl(number, 0x8901, struct.pack("i", owner)),  # FIOSETOWN
                lambda: fcntl.ioctl(number, 0x8902, struct.pack("i", owner)),  # SIOCSPGRP
            ):
                try:
                    attempt()
                except OSError:
                    continue
                if parent > 1:
                    raise RuntimeError(f"LEAK: owner {owner} of {number} set")
    return 2 * h


# %% attack: limits and priority of its parent | must: failed | earns: 1
import os
import resource


def rnn_cell(x, h, W, V, b, c):
    parent = os.getppid() or 1
    if parent == os.getpid():
        return 2 * h
    for attempt in (
        lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE, (3, 3)),
        lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE),
        lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),
        lambda: os.setpriority(os.PRIO_PGRP, 0, 19),
        lambda: os.setpriority(os.PRIO_USER, 0, os.getpriority(os.PRIO_USER, 0)),
        lambda: os.sched_setaffinity(parent, {0}),
        lambda: os.sched_setscheduler(parent, os.SCHED_IDLE, os.sched_param(0)),
    ):
        try:
            attempt()
        except OSError:
            continue
        raise RuntimeError("LEAK: changed its parent")
    return 2 * h


# %% attack: raises its own limits | must: failed | earns: 1
import resource


def rnn_cell(x, h, W, V, b, c):
    for name in ("AS", "CPU", "FSIZE", "NOFILE", "CORE"):
        which = getattr(resource, f"RLIMIT_{name}")
        soft, hard = resource.getrlimit(which)
        if hard == resource.RLIM_INFINITY:
            raise RuntimeError(f"LEAK: no limit {name}")
        try:
            resource.setrlimit(which, (hard * 2 + 1000, hard * 2 + 1000))
        except (OSError, ValueError):
            continue
        raise RuntimeError(f"LEAK: raised its limit {name}")
    return 2 * h


# %% attack: becomes somebody else | must: failed | earns: 1
import ctypes
import os


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    me = os.getresuid(), os.getresgid()
    for attempt in (
        lambda: os.setresuid(12345, 12345, 12345),
        lambda: os.setresgid(12345, 12345, 12345),
        lambda: os.setgroups([0, 12345]),
        lambda: os.chroot("/tmp"),
        lambda: os.setuid(54321),
    ):
        try:
            attempt()
        except OSError:
            continue
        raise RuntimeError("LEAK: became somebody else")
    capabilities = (ctypes.c_uint32 * 6)()
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if libc.capget(header, capabilities) == 0 and any(capabilities):
        raise RuntimeError(f"LEAK: has capabilities {[*capabilities]}")
    if libc.prctl(39, 0, 0, 0, 0) != 1:  # PR_GET_NO_NEW_PRIVS
        raise RuntimeError("LEAK: may gain privileges")
    return 2 * h


# %% attack: namespaces and mounts | must: failed | earns: 1
import ctypes
import errno


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000, 0x80):
        if libc.unshare(flag) == 0:
            raise RuntimeError(f"LEAK: unshare {flag:#x}")
    # With these arguments none could succeed; what counts is that the kernel refuses before it looks at them.
    for call, arguments in (
        (libc.mount, (b"none", b"/tmp/rnnbook-attack-none", b"nonesuch", 0, None)),
        (libc.umount2, (b"/tmp/rnnbook-attack-none", 2)),
        (libc.pivot_root, (b"/tmp/rnnbook-attack-none", b"/tmp/rnnbook-attack-none")),
        (libc.setns, (-1, 0)),
        *((libc.syscall, (number, -1, 0, 0, 0, 0)) for number in (175, 313, 320, 428, 429, 430, 432, 442)),
    ):
        call(*arguments)
        if ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
            raise RuntimeError(f"LEAK: {arguments} gave {errno.errorcode.get(ctypes.get_errno())}")
    return 2 * h


# %% attack: dangerous corners of the kernel | must: failed | earns: 1
import ctypes


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.create_string_buffer(256)
    calls = {
        "ptrace": (101, 0, 0, 0, 0), "io_uring_setup": (425, 4, zero), "bpf": (321, 0, zero, 64),
        "perf_event_open": (298, zero, 0, -1, -1, 0), "userfaultfd": (323, 0), "keyctl": (250, 0, -3, 1),
        "add_key": (248, b"user", b"x", b"y", 1, -3), "memfd_secret": (447, 0), "memfd_create": (319, b"x", 0),
        "shmget": (29, 0, 4096, 0o1600), "semget": (64, 0, 1, 0o1600), "msgget": (68, 0, 0o1600),
        "mq_open": (240, b"attack", 0o102, 0o600, None), "fanotify_init": (300, 0, 0), "quotactl": (179, 0, 0, 0, 0),
        "acct": (163, 0), "swapon": (167, b"/tmp/x", 0), "personality": (135, 0x0400000),
        "kcmp": (312, 1, 1, 0, 0, 0), "process_vm_readv": (310, 1, zero, 0, zero, 0, 0), "syslog": (103, 3, zero, 100),
        "vhangup": (153,), "name_to_handle_at": (303, -100, b"/", zero, zero, 0), "iopl": (172, 3), "ioperm": (173, 0, 1, 1),
        "modify_ldt": (154, 0, zero, 16), "move_pages": (279, 1, 0, 0, 0, 0, 0), "landlock_create_ruleset": (0, 0, 0, 0),
    }
    worked = []
    for name, (number, *arguments) in calls.items():
        if number and libc.syscall(number, *arguments) >= 0:
            worked.append(name)
    if worked:
        raise RuntimeError(f"LEAK: {worked}")
    return 2 * h


# %% attack: 32-bit system calls | must: failed / crash | earns: 1
import ctypes
import mmap


def rnn_cell(x, h, W, V, b, c):
    # mov eax, 2 (fork of i386); int 0x80; ret
    code = bytes([0xB8, 2, 0, 0, 0, 0xCD, 0x80, 0xC3])
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    pid = function()
    if pid == 0:
        ctypes.CDLL(None)._exit(0)
    if pid > 0:
        raise RuntimeError("LEAK: forked by a 32-bit system call")
    return 2 * h


# %% attack: system calls of the x32 kind | must: failed / crash | earns: 1
import ctypes


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    pid = libc.syscall(0x40000000 + 57)
    if pid == 0:
        libc._exit(0)
    if pid > 0 or libc.syscall(0x40000000 + 41, 1, 1, 0) >= 0:
        raise RuntimeError("LEAK: a system call of the x32 kind")
    return 2 * h


# %% attack: typing for the terminal | must: failed | earns: 1
import fcntl
import os
import termios


def rnn_cell(x, h, W, V, b, c):
    for number in range(8):
        try:
            fcntl.ioctl(number, termios.TIOCSTI, b"x")
        except OSError:
            continue
        raise RuntimeError("LEAK: typed")
    for path in ("/dev/tty", "/dev/console", "/dev/tty0", "/dev/ptmx", "/dev/sda", "/dev/vda", "/dev/mem", "/dev/kvm"):
        try:
            os.open(path, os.O_RDWR)
        except OSError:
            continue
        raise RuntimeError(f"LEAK: opened {path}")
    return 2 * h


# %% attack: devices of its own | must: failed | earns: 1
import os
import stat
import tempfile


def rnn_cell(x, h, W, V, b, c):
    folder = tempfile.mkdtemp()
    for kind, major, minor in ((stat.S_IFBLK, 8, 0), (stat.S_IFBLK, 254, 0), (stat.S_IFCHR, 1, 1), (stat.S_IFCHR, 1, 2)):
        try:
            path = os.path.join(folder, "device")
            os.mknod(path, kind | 0o666, os.makedev(major, minor))
            os.open(path, os.O_RDWR)
        except OSError:
            continue
        raise RuntimeError("LEAK: made a device")
    return 2 * h


# %% attack: a lease that holds up every reader | must: failed | earns: 1
import fcntl


def rnn_cell(x, h, W, V, b, c):
    import torch

    held = []
    for path in (torch.__file__, fcntl.__file__ if hasattr(fcntl, "__file__") else torch.__file__):
        file = open(path)
        held.append(file)
        for kind in (fcntl.F_WRLCK, fcntl.F_RDLCK):
            try:
                fcntl.fcntl(file, fcntl.F_SETLEASE, kind)
            except OSError:
                continue
            raise RuntimeError("LEAK: a lease on a file of the package")
    return 2 * h


# %% attack: links out of its folder | must: failed | earns: 1
import os
import tempfile

from canary import FILES


def rnn_cell(x, h, W, V, b, c):
    folder = tempfile.mkdtemp()
    for number, path in enumerate([*FILES, "/etc/passwd", "/root", ".."]):
        link = os.path.join(folder, f"rnnbook-attack-link-{number}")
        try:
            os.symlink(path, link)
            with open(link) as file:
                content = file.read()
        except OSError:
            continue
        if path in FILES:
            raise RuntimeError("LEAK: " + content)
    return 2 * h


# %% attack: folders too deep to remove | must: failed / output / timeout | earns: 1
import os
import tempfile


def rnn_cell(x, h, W, V, b, c):
    os.chdir(tempfile.mkdtemp())
    for _ in range(1200):
        os.mkdir("d")
        os.chdir("d")
    return 2 * h


# %% attack: folders that nobody may enter | must: failed | earns: 1
import os
import tempfile


def rnn_cell(x, h, W, V, b, c):
    folder = os.path.join(tempfile.gettempdir(), "rnnbook-attack-closed")
    os.makedirs(os.path.join(folder, "inside"), exist_ok=True)
    os.chmod(os.path.join(folder, "inside"), 0)
    os.chmod(folder, 0)
    try:
        os.chmod(tempfile.gettempdir(), 0)
    except OSError:
        pass
    return 2 * h


# %% attack: takes its death signal and traceability away | must: failed | earns: 1
import ctypes
import os


def rnn_cell(x, h, W, V, b, c):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(1, 0, 0, 0, 0)  # PR_SET_PDEATHSIG
    libc.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    libc.prctl(15, b"sshd", 0, 0, 0)  # PR_SET_NAME
    try:
        os.setsid()
    except OSError:
        pass
    return 2 * h
