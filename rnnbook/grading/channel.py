"""Frames of the wire over a socket, each with a deadline, and with somebody who watches while it waits."""

import math
import select
import socket
import struct
import time
from collections.abc import Callable

from rnnbook.grading.wire import HEADER, WireError, decode, encode, payload_size

_TICK = 0.05  # seconds between two looks at memory while waiting


class Closed(WireError):
    """The other side has gone."""


class Late(WireError):
    """The deadline has passed."""


class Channel:
    """Frames over a socket, each way with a deadline.

    Args:
        link: a connected stream socket.
        handle: as for `decode`.
    """

    def __init__(self, link: socket.socket, handle: Callable[[int, str, str], object]):
        self._link = link
        self._handle = handle
        link.setblocking(False)

    def send(self, value, seconds: float = math.inf, watch: Callable[[], None] = lambda: None) -> None:
        """Sends a value; see `encode` and `receive` for what it may raise."""
        rest = memoryview(encode(value))
        end = time.monotonic() + seconds
        while rest:
            try:
                rest = rest[self._link.send(rest) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, end, watch)
            except OSError:
                raise Closed("The other side has gone.") from None

    def receive(self, seconds: float = math.inf, watch: Callable[[], None] = lambda: None):
        """Receives a value.

        Args:
            seconds: how long the whole frame may take.
            watch: called again and again while it waits; may raise.

        Raises:
            WireError: the frame breaks the rules; Closed or Late when there is none.
        """
        end = time.monotonic() + seconds
        (length,) = struct.unpack(">I", self._read(4, end, watch))
        if length > HEADER:
            raise WireError(f"A header of more than {HEADER // 2**20} MB.")
        header = bytes(self._read(length, end, watch))
        return decode(header, self._read(payload_size(header), end, watch), self._handle)

    def close(self) -> None:
        """Closes the socket."""
        self._link.close()

    def _read(self, count: int, end: float, watch: Callable[[], None]) -> bytearray:
        content = bytearray()
        while len(content) < count:
            try:
                part = self._link.recv(min(count - len(content), 2**20))
            except BlockingIOError:
                self._wait(select.POLLIN, end, watch)
                continue
            except OSError:
                part = b""
            if not part:
                raise Closed("The other side has gone.")
            content += part
        return content

    def _wait(self, event: int, end: float, watch: Callable[[], None]) -> None:
        poll = select.poll()
        poll.register(self._link, event)
        while (left := end - time.monotonic()) > 0:  # asked each time: what comes byte by byte is late as well
            if poll.poll(min(_TICK, left) * 1000):
                return
            watch()
        raise Late("Too late.")
