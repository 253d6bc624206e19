"""A transport on which things go wrong as planned."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from link.transport.faults.interruption import Interruption
from link.transport.faults.way import Way
from link.transport.transport import WRITE_TIMEOUT_S, LinkClosed, LinkLost, LinkTimeout, Transport, closed, lost, stalled

Result = TypeVar("Result")
OVERTAKING_S = 0.05
"""How long a packet that is to be overtaken waits for others that would do it."""


class FaultyTransport:
    """A transport with faults in both directions, as `LinkFaults.around` makes it.

    Parameters
    ----------
    transport
        carries the bytes, and is closed with this one.
    to_host, to_device
        what strikes that which is read and that which is written.
    vanished
        is told for how long, when the port vanishes.
    """

    def __init__(self, transport: Transport, to_host: Way, to_device: Way, vanished: Callable[[float], None]) -> None:
        self._transport = transport
        self._to_host, self._to_device, self._tell_vanished = to_host, to_device, vanished
        self._arrived: deque[bytes | Interruption] = deque()
        self._unsent = b""
        self._silent_until_s = self._deaf_until_s = 0.0
        self._overtaken_by_s = 0.0
        self._over = threading.Event()
        self._vanished = False

    @property
    def name(self) -> str:
        return self._transport.name

    def read(self, timeout_s: float) -> bytes:
        deadline_s = time.monotonic() + timeout_s
        while True:
            self._check()
            now_s = time.monotonic()
            if now_s < self._silent_until_s:
                if now_s >= deadline_s:
                    return b""
                self._over.wait(min(self._silent_until_s, deadline_s) - now_s)
            elif self._arrived:
                item = self._arrived.popleft()
                if isinstance(item, bytes):
                    return item
                if item.kind == "vanish":
                    raise self._vanish(item.duration_s)
                self._silent_until_s = now_s + item.duration_s
            elif not self._more_arrived(max(0.0, deadline_s - now_s)):
                return b""

    def _more_arrived(self, timeout_s: float) -> bool:
        """Whether to look again: something has arrived, or there is time left."""
        now_s = time.monotonic()
        deadline_s = now_s + timeout_s
        slice_s = min(timeout_s, max(0.0, self._overtaken_by_s - now_s)) if self._to_host.holds_late else timeout_s
        data = self._of_inner(lambda: self._transport.read(slice_s))
        if data:
            self._arrived.extend(self._to_host.feed(data))
            self._overtaken_by_s = time.monotonic() + OVERTAKING_S
        elif self._to_host.holds_late and time.monotonic() >= self._overtaken_by_s:
            self._arrived.extend(self._to_host.release())
        return bool(self._arrived) or time.monotonic() < deadline_s

    def write(self, data: bytes) -> None:
        self._check()
        deaf_s = self._deaf_until_s - time.monotonic()
        if deaf_s > 0:
            self._over.wait(min(deaf_s, WRITE_TIMEOUT_S))
            self._check()
            if deaf_s > WRITE_TIMEOUT_S:
                raise stalled(self.name, 0)
        if self._unsent:  # what a timeout left behind goes first, so that it cannot pile up
            self._send(0)
        for item in self._to_device.feed(data):
            if isinstance(item, bytes):
                self._unsent += item
            elif item.kind == "vanish":
                self._send(len(data))
                raise self._vanish(item.duration_s)
            else:
                self._deaf_until_s = time.monotonic() + item.duration_s
        self._send(len(data))

    def _send(self, given_bytes: int) -> None:
        try:
            self._of_inner(lambda: self._transport.write(self._unsent))
        except LinkTimeout as error:
            # This wire has taken all that it was given; what is left of it goes out ahead of the next bytes.
            self._unsent = self._unsent[error.taken_bytes :]
            raise stalled(self.name, given_bytes) from error
        self._unsent = b""

    def _of_inner(self, work: Callable[[], Result]) -> Result:
        try:
            return work()
        except LinkClosed:
            self._check()
            raise

    def _check(self) -> None:
        if self._vanished:
            raise lost(self.name, "the port is gone (EIO)")
        if self._over.is_set():
            raise closed(self.name)

    def _vanish(self, duration_s: float) -> LinkLost:
        self._tell_vanished(duration_s)
        self._vanished = True
        self._over.set()
        self._transport.close()
        return lost(self.name, "the port is gone (EIO)")

    def close(self) -> None:
        self._over.set()
        self._transport.close()
