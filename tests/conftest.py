"""For all tests: no network, one thread a process, and the same hypothesis examples on every run."""

import ipaddress
import os
import signal
import socket
import tempfile

import pytest
from hypothesis import settings

# Tests run side by side, a process a core; this is read when torch is first imported, here and in child processes.
os.environ["OMP_NUM_THREADS"] = "1"
# Tests leave no helper process behind, and no trace in a home folder; those of these things set their own.
os.environ["RNNBOOK_NO_HELPER"] = "1"
os.environ["RNNBOOK_STATE"] = os.path.join(tempfile.gettempdir(), f"rnnbook-tests-{os.getpid()}")

# Whatever a shell starts in the background ignores Ctrl-C, and so do its children; the tests of Ctrl-C need it.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("rnnbook", deadline=None, derandomize=True)
settings.load_profile("rnnbook")

LOOPBACK = "loopback: may talk to servers on this machine; every other test has no sockets but Unix ones"
_allowed = {"loopback": False}


class NetworkBlockedError(RuntimeError):
    """Not an OSError, so that no code under test takes it for a failing network and goes on."""


def pytest_configure(config):
    config.addinivalue_line("markers", LOOPBACK)
    for method in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, method, _guarded(getattr(socket.socket, method)))
    resolve = socket.getaddrinfo

    def getaddrinfo(host, *args, **kwargs):
        _refuse_unless_local(host)
        return resolve(host, *args, **kwargs)

    socket.getaddrinfo = getaddrinfo


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    _allowed["loopback"] = item.get_closest_marker("loopback") is not None
    try:
        return (yield)
    finally:
        _allowed["loopback"] = False


def _guarded(method):
    def guarded(self, *args):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_unless_local(args[-1][0])
        return method(self, *args)

    return guarded


def _refuse_unless_local(host):
    if not (_allowed["loopback"] and _is_loopback(host)):
        raise NetworkBlockedError(f"a test tried to reach {host}; tests have no network (loopback: mark the test)")


def _is_loopback(host):
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
