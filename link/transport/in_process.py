"""A wire inside one process: what one end writes, the other end reads."""

import threading
from collections import deque

from link.transport.byte_queue import ByteQueue
from link.transport.one_host import OneHostPort
from link.transport.pacing import PacedTransport
from link.transport.transport import WRITE_TIMEOUT_S, PortError, Transport, closed, lost, stalled

CAPACITY_BYTES = 1 << 16
"""Bytes that may be on their way in each direction, as many as in a socket or a pseudo-terminal."""


class _End:
    def __init__(self, name: str, incoming: ByteQueue, outgoing: ByteQueue) -> None:
        self._name, self._incoming, self._outgoing = name, incoming, outgoing
        self._closed = False

    @property
    def name(self) -> str:
        return self._name

    def read(self, timeout_s: float) -> bytes:
        data = self._incoming.get(max(timeout_s, 0.0))
        if self._closed:
            raise closed(self._name)
        if data is None:
            raise lost(self._name, "the other end is gone")
        return data

    def write(self, data: bytes) -> None:
        taken = self._outgoing.put(data, WRITE_TIMEOUT_S)
        if self._closed:
            raise closed(self._name)
        if taken < len(data):
            raise lost(self._name, "the other end is gone") if self._outgoing.finished else stalled(self._name, taken)

    def close(self) -> None:
        self._closed = True
        self._outgoing.finish()  # what is on its way still arrives
        self._incoming.abandon()


def transport_pair(baud: int | None = None, *, capacity_bytes: int = CAPACITY_BYTES) -> tuple[Transport, Transport]:
    """The host's end and the device's end of a wire in this process, of `baud` bits a second or unlimited.

    Raises ValueError for a `baud` or `capacity_bytes` that is not allowed.
    """
    host, device = _ends(capacity_bytes)
    return host, PacedTransport(device, baud)


def loop(name: str) -> Transport:
    """A wire from an end to itself."""
    queue = ByteQueue(CAPACITY_BYTES)
    return _End(name, queue, queue)


def _ends(capacity_bytes: int) -> tuple[_End, _End]:
    to_host, to_device = ByteQueue(capacity_bytes), ByteQueue(capacity_bytes)
    return _End("in-process host", to_host, to_device), _End("in-process device", to_device, to_host)


class InProcessPort(PacedTransport):
    """A device's port to which hosts in the same process connect, one at a time, again and again.

    Parameters
    ----------
    baud
        bits a second of the serial line that it stands for; None for no limit.
    """

    def __init__(self, *, baud: int | None = None) -> None:
        self._hosts = _Hosts()
        super().__init__(self._hosts, baud)

    def connect(self) -> Transport:
        """A host's end. Raises PortError when the port is closed."""
        return self._hosts.connect()


class _Hosts(OneHostPort):
    def __init__(self) -> None:
        super().__init__("in-process device")
        self._asking_hosts: deque[Transport] = deque()
        self._changed = threading.Condition()
        self._over = False

    def connect(self) -> Transport:
        host, device = _ends(CAPACITY_BYTES)
        with self._changed:
            if self._over:
                raise PortError(f"link = {self.name}: the device is gone; allowed is a port that is open")
            self._asking_hosts.append(device)
            self._changed.notify_all()
        return host

    def _next_host(self, timeout_s: float) -> Transport | None:
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._asking_hosts, max(timeout_s, 0.0))
            return self._asking_hosts.popleft() if self._asking_hosts else None

    def _interrupt(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _release(self) -> None:
        while self._asking_hosts:
            self._asking_hosts.popleft().close()
