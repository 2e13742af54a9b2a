"""The system calls that a learner's code may make: an allow-list that the kernel keeps, as a small program."""

import ctypes
import errno
import functools
import os
import struct
from itertools import groupby

from rnnbook.grading.sandbox.syscalls import AUDIT, call, column, numbers

# What computing, threads, files and answering over an open socket need.
_ALLOWED = """
    read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 close close_range lseek dup dup2 dup3
    pipe pipe2 eventfd2 sendfile copy_file_range fsync fdatasync ftruncate fallocate fadvise64 flock
    stat fstat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat statfs fstatfs getdents getdents64
    getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr getcwd chdir fchdir umask
    creat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2
    mmap munmap mprotect mremap msync mincore madvise brk arch_prctl membarrier
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait pause
    nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times getitimer setitimer alarm
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack restart_syscall
    futex set_robust_list set_tid_address rseq sched_yield sched_getaffinity sched_getparam sched_getscheduler
    sched_get_priority_max sched_get_priority_min getpriority getcpu gettid getpid getppid getpgrp getpgid getsid
    getuid geteuid getgid getegid getresuid getresgid getgroups capget uname sysinfo getrusage getrlimit setrlimit
    getrandom exit exit_group wait4 waitid
    sendto recvfrom shutdown getsockname getpeername getsockopt
"""
# What would reach beyond this process: refused with EPERM. All that is in neither list is unknown: ENOSYS.
_REFUSED = """
    socket socketpair bind listen accept accept4 connect setsockopt sendmsg recvmsg sendmmsg recvmmsg
    fork vfork execve execveat ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp
    get_robust_list tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal pidfd_getfd setpgid setsid
    memfd_create memfd_secret shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl
    mq_open mq_unlink keyctl add_key request_key userfaultfd io_uring_setup io_uring_enter io_uring_register
    splice tee vmsplice mlock mlock2 mlockall migrate_pages move_pages
    mount umount2 pivot_root chroot unshare setns mount_setattr open_tree move_mount fsopen fsmount
    truncate chmod fchmod fchmodat chown fchown lchown fchownat link linkat symlink symlinkat mknod mknodat
    setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr utime utimes utimensat futimesat
    inotify_init inotify_init1 fanotify_init name_to_handle_at open_by_handle_at quotactl sync syncfs
    setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset personality
    setpriority sched_setaffinity sched_setparam sched_setscheduler sched_setattr ioprio_set
    seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self bpf perf_event_open
    sethostname setdomainname reboot init_module finit_module delete_module kexec_load kexec_file_load
    acct swapon swapoff settimeofday clock_settime adjtimex clock_adjtime syslog
"""
_CLONE_THREAD = 0x10000
_CLONE_NEW = 0x7E020080  # all CLONE_NEW... flags
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
# F_DUPFD to F_SETLKW, the locks of an open file, F_DUPFD_CLOEXEC: none that sends signals or leases.
_FCNTLS = (*range(8), 36, 37, 38, 1030)
# The names of a thread and of a mapping; dumpable, no_new_privs read.
_PRCTLS = (15, 16, 0x53564D41, 3, 39)

# The instructions of a filter program (linux/bpf_common.h), and the answers it may give (linux/seccomp.h).
_LOAD, _AND, _JEQ, _JGT, _JGE, _JSET, _RETURN = 0x20, 0x54, 0x15, 0x25, 0x35, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_EPERM, _ENOSYS = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # where these are in what the program looks at
_X32 = 0x40000000  # another way to call an x86_64 kernel, with numbers of its own

_PR_SET_SECCOMP, _FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def restrict() -> None:
    """From here on this process, whose only thread this is, may make the allowed calls only.

    Raises:
        OSError: the kernel has no seccomp, or this machine's calls are not known.
    """
    instructions = program(os.getpid())
    filter = _Program(len(instructions) // 8, instructions)
    call("prctl", _PR_SET_SECCOMP, _FILTER, filter)


def program(pid: int) -> bytes:
    """The filter program of a process.

    Args:
        pid: the process, the only one to which it may send signals and whose limits it may set.
    """
    known = numbers()
    code = []
    for name, checks in _conditions(pid).items():
        if name in known:
            code += [(_JEQ, 0, len(checks), known[name]), *checks]
    code.append((_RETURN, 0, 0, _ENOSYS))
    return _beginning() + _pack(code)


@functools.cache
def _beginning() -> bytes:
    """The part of the program that is the same for all processes."""
    known = numbers()
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JEQ, 1, 0, AUDIT[column()]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_JGE, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
    ]
    for names, answer in ((_ALLOWED, _ALLOW), (_REFUSED, _EPERM)):
        for first, last in _runs(known[name] for name in names.split() if name in known):
            code += [(_JGE, 0, 2, first), (_JGT, 1, 0, last), (_RETURN, 0, 0, answer)]
    return _pack(code)


def _pack(code: list[tuple]) -> bytes:
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _conditions(pid: int) -> dict[str, list[tuple]]:
    """For the calls that depend on an argument, the instructions that answer them."""
    threads_only = [
        (_LOAD, 0, 0, _ARGUMENTS),
        (_JSET, 0, 2, _CLONE_THREAD),
        (_JSET, 1, 0, _CLONE_NEW),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _EPERM),
    ]
    return {
        "clone": threads_only,
        "open": _unless_emptied(1),
        "openat": _unless_emptied(2),
        "ioctl": _one_of(1, _IOCTLS),
        "fcntl": _one_of(1, _FCNTLS),
        "prctl": _one_of(0, _PRCTLS),
        "kill": _one_of(0, (pid,)),
        "tgkill": _one_of(0, (pid,)),
        "prlimit64": _one_of(0, (0, pid)),
    }


def _one_of(argument: int, values: tuple[int, ...]) -> list[tuple]:
    """Allows the call when an argument, of which 32 bits count, is one of the values."""
    count = len(values)
    tests = [(_JEQ, count - i, 0, value) for i, value in enumerate(values)]
    return [(_LOAD, 0, 0, _ARGUMENTS + 8 * argument), *tests, (_RETURN, 0, 0, _EPERM), (_RETURN, 0, 0, _ALLOW)]


def _unless_emptied(argument: int) -> list[tuple]:
    """Allows opening, but not reading with O_TRUNC: that empties a file, and the first versions of Landlock let it."""
    return [
        (_LOAD, 0, 0, _ARGUMENTS + 8 * argument),
        (_AND, 0, 0, os.O_ACCMODE | os.O_TRUNC),
        (_JEQ, 0, 1, os.O_TRUNC),
        (_RETURN, 0, 0, _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _runs(values) -> list[tuple[int, int]]:
    """The first and last of each run of consecutive numbers."""
    runs = []
    for _, run in groupby(enumerate(sorted(values)), key=lambda pair: pair[1] - pair[0]):
        run = [value for _, value in run]
        runs.append((run[0], run[-1]))
    return runs
