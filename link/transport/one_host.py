"""A device's port that outlives its hosts: it serves one at a time, and when that one is gone, the next."""

import threading
import time
from abc import ABC, abstractmethod

from link.transport.transport import LinkLost, Transport, closed, lost


class OneHostPort(ABC):
    """A transport to whichever host is there.

    `read` waits for a host as it waits for bytes. When the host is lost, every call that was under way raises LinkLost, and
    the next call turns to the next host. `write` without a host raises LinkLost: on this wire nobody listens. A second host
    is turned away while the first is there.

    Parameters
    ----------
    name
        what a person would call it: where hosts connect.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._host: Transport | None = None
        self._asking, self._seating = threading.Lock(), threading.Lock()
        self._closed = False

    @property
    def name(self) -> str:
        return self._name

    @abstractmethod
    def _next_host(self, timeout_s: float) -> Transport | None:
        """The next host that asks for the port; None when none does within `timeout_s`, or when the port is closed."""

    @abstractmethod
    def _interrupt(self) -> None:
        """Let whoever waits in `_next_host` go."""

    @abstractmethod
    def _release(self) -> None:
        """Let no host ask any more; nobody is in `_next_host`."""

    def read(self, timeout_s: float) -> bytes:
        deadline_s = time.monotonic() + timeout_s
        if self._host is None:
            with self._asking:
                self._seat_next(timeout_s)
        host = self._present()
        if host is None:
            return b""
        try:
            data = host.read(max(deadline_s - time.monotonic(), 0.0))
        except LinkLost as error:
            raise self._gone(host) from error
        # Others are turned away only when this host has been silent: if it is gone, that must be noticed first.
        if not data:
            self._look_for_next()
        return data

    def write(self, data: bytes) -> None:
        if self._host is None:
            self._look_for_next()
        host = self._present()
        if host is None:
            raise lost(self._name, "no host is connected")
        try:
            host.write(data)
        except LinkLost as error:
            raise self._gone(host) from error

    def close(self) -> None:
        with self._seating:
            if self._closed:
                return
            self._closed = True
        self._interrupt()
        with self._asking:
            self._release()
        if self._host is not None:
            self._host.close()

    def _present(self) -> Transport | None:
        if self._closed:
            raise closed(self._name)
        return self._host

    def _look_for_next(self) -> None:
        if self._asking.acquire(blocking=False):  # else another thread waits for a host, and will find it
            try:
                self._seat_next(0.0)
            finally:
                self._asking.release()

    def _seat_next(self, timeout_s: float) -> None:
        host = None if self._closed else self._next_host(timeout_s)
        if host is None:
            return
        with self._seating:
            turned_away = self._closed or self._host is not None
            if not turned_away:
                self._host = host
        if turned_away:
            host.close()

    def _gone(self, host: Transport) -> LinkLost:
        with self._seating:
            if self._host is host:
                self._host = None
        host.close()
        return closed(self._name) if self._closed else lost(self._name, "the host is gone")
