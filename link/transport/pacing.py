"""A link no faster than a serial line: what a pseudo-terminal, a socket or a queue needs to stand for a wire."""

import threading
import time
from collections.abc import Callable

from link.transport.transport import LinkTimeout, Transport, closed, stalled

BITS_PER_BYTE = 10
"""On a line with one start bit, eight data bits, no parity and one stop bit."""
LEAST_BAUD, MOST_BAUD = 50, 1_000_000_000
LATE_S = 0.02
"""How late the next bytes may come for the line not to have been idle: the driver of a serial port has so much in its buffer."""
PIECE_S = 0.005
"""Line time of the pieces in which bytes arrive at the other end."""


def check_baud(baud: int | None) -> None:
    """Raise ValueError for a baud that no line has; None is a link without a limit."""
    if baud is not None and not (isinstance(baud, int) and LEAST_BAUD <= baud <= MOST_BAUD):
        raise ValueError(f"baud = {baud}: allowed is {LEAST_BAUD} to {MOST_BAUD} bits a second")


class TokenBucket:
    """One byte's token falls into the bucket every ten bit times; a byte passes when there is one for it.

    Parameters
    ----------
    baud
        bits a second, ten to a byte.
    clock
        seconds that only rise.
    """

    def __init__(self, baud: int, clock: Callable[[], float] = time.monotonic) -> None:
        check_baud(baud)
        self.bytes_per_s = baud / BITS_PER_BYTE
        self._clock = clock
        self._idle_from_s = clock()

    def begin(self) -> None:
        """The next bytes are here. If they are late by more than LATE_S, no tokens have been kept for them."""
        now_s = self._clock()
        if now_s - self._idle_from_s > LATE_S:
            self._idle_from_s = now_s

    def take(self, count: int) -> float:
        """Take the tokens of the next `count` bytes; return the time of the clock at which the last of them has passed."""
        self._idle_from_s += count / self.bytes_per_s
        return self._idle_from_s


class PacedTransport:
    """A transport whose bytes pass in both directions no faster than on a serial line.

    Parameters
    ----------
    transport
        carries the bytes.
    baud
        bits a second, ten to a byte, each way; None for no limit.
    """

    def __init__(self, transport: Transport, baud: int | None) -> None:
        self._transport = transport
        self._closing = threading.Event()
        self._outgoing = None if baud is None else TokenBucket(baud)
        self._incoming = None if baud is None else TokenBucket(baud)
        self._held = memoryview(b"")
        self._arrives_s = 0.0

    @property
    def name(self) -> str:
        return self._transport.name

    def read(self, timeout_s: float) -> bytes:
        if self._incoming is None:
            return self._transport.read(timeout_s)
        deadline_s = time.monotonic() + timeout_s
        if not self._held:
            self._held = memoryview(self._transport.read(timeout_s))
            if not self._held:
                return b""
            self._incoming.begin()
            self._arrives_s = self._incoming.take(min(len(self._held), _piece(self._incoming)))
        self._wait_until(min(self._arrives_s, deadline_s))
        if deadline_s < self._arrives_s:
            return b""
        size = min(len(self._held), _piece(self._incoming))
        arrived, self._held = self._held[:size], self._held[size:]
        if self._held:
            self._arrives_s = self._incoming.take(min(len(self._held), _piece(self._incoming)))
        return bytes(arrived)

    def write(self, data: bytes) -> None:
        if self._outgoing is None:
            self._transport.write(data)
            return
        self._outgoing.begin()
        size = _piece(self._outgoing)
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            self._wait_until(self._outgoing.take(len(piece)))
            try:
                self._transport.write(piece)
            except LinkTimeout as error:
                raise stalled(self.name, start + error.taken_bytes) from error

    def _wait_until(self, time_s: float) -> None:
        if self._closing.wait(max(time_s - time.monotonic(), 0.0)):
            raise closed(self.name)

    def close(self) -> None:
        self._closing.set()
        self._transport.close()


def _piece(bucket: TokenBucket) -> int:
    return max(1, int(bucket.bytes_per_s * PIECE_S))
