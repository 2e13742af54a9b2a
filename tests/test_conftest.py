import socket

import pytest


def server():
    return socket.create_server(("127.0.0.1", 0))


@pytest.mark.parametrize("connect", [socket.create_connection, lambda address: socket.socket().connect_ex(address)])
def test_a_test_has_no_network_not_even_this_machine(connect):
    with server() as s, pytest.raises(RuntimeError, match="tests have no network"):
        connect(s.getsockname())


@pytest.mark.loopback
def test_a_marked_test_reaches_this_machine():
    with server() as s, socket.create_connection(s.getsockname()):
        pass


@pytest.mark.loopback
@pytest.mark.parametrize("host", ["example.org", "192.0.2.1", "2001:db8::1"])
def test_a_marked_test_reaches_nothing_else(host):
    with pytest.raises(RuntimeError, match=host):
        socket.create_connection((host, 80))


def test_no_datagram_leaves_either():
    with socket.socket(type=socket.SOCK_DGRAM) as s, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        s.sendto(b"hello", ("192.0.2.1", 9))


def test_unix_sockets_stay():
    a, b = socket.socketpair(socket.AF_UNIX)
    with a, b:
        a.sendall(b"hello")
        assert b.recv(5) == b"hello"
