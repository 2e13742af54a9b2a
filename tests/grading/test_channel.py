"""Frames go both ways over a socket, each within its deadline, and whoever waits looks around meanwhile."""

import socket
import threading

import pytest
import torch

from rnnbook.grading.channel import Channel, Closed, Late
from rnnbook.grading.wire import WireError


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Channel(ours, lambda *parts: None), theirs


def test_a_channel_carries_large_values_both_ways(pair):
    channel, theirs = pair
    other = Channel(theirs, lambda *parts: None)
    x = torch.randn(1000, 1000)
    echo = threading.Thread(target=lambda: other.send(other.receive(10), 10))
    echo.start()
    channel.send(x, 10)
    assert torch.equal(channel.receive(10), x)
    echo.join()


def test_the_deadline_is_for_the_whole_frame(pair):
    channel, theirs = pair
    theirs.send(b"\x00\x00")
    with pytest.raises(Late):
        channel.receive(0)
    theirs.setblocking(False)
    with pytest.raises(Late):
        channel.send(torch.zeros(10**7), 0.01)  # nobody reads


def test_the_other_sides_end_is_noticed(pair):
    channel, theirs = pair
    theirs.close()
    with pytest.raises(Closed):
        channel.receive(1)
    with pytest.raises(Closed):
        channel.send(1, 1)


def test_a_long_header_is_refused_unread(pair):
    channel, theirs = pair
    theirs.send(b"\xff\xff\xff\xff")
    with pytest.raises(WireError, match="A header of more than 4 MB"):
        channel.receive(1)


def test_waiting_looks_around(pair):
    channel, _ = pair

    def watch():
        raise KeyError("seen")

    with pytest.raises(KeyError):
        channel.receive(10, watch)
