"""The stream of bytes behind a file descriptor: a serial port, one side of a pseudo-terminal, or a socket."""

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable

from link.transport.transport import WRITE_TIMEOUT_S, closed, lost, stalled
from link.transport.wakeup import Wakeup, wait

MOST_READ_BYTES = 1 << 16
FULL_READ_BYTES = 2048
"""A read of so much is likely to have left something behind."""
MOST_WRITTEN_BYTES = 1 << 16
_NAP_S, _LOOK_AGAIN_S = 0.0005, 0.05


class DescriptorTransport:
    """Bytes through a descriptor, which becomes non-blocking.

    It reads before it waits: while bytes flow, each call takes what is there and waits for nothing. pyserial's own
    `read(n)` waits for all n, and its `in_waiting` of a socket is 0 or 1.

    Parameters
    ----------
    descriptor
        open for reading and writing; a terminal must be raw.
    name
        what a person would call it.
    release
        called once, when no thread is using the descriptor any more; closes it.
    """

    def __init__(self, descriptor: int, name: str, release: Callable[[], None]) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor, self._name, self._release = descriptor, name, release
        self._wakeup = Wakeup()
        self._readable = self._wakeup.poll_with(descriptor, select.POLLIN)
        self._writable = self._wakeup.poll_with(descriptor, select.POLLOUT)
        self._reading, self._writing = threading.Lock(), threading.Lock()
        self._closing = threading.Lock()
        self._closed = False

    @property
    def name(self) -> str:
        return self._name

    def read(self, timeout_s: float) -> bytes:
        deadline_s = time.monotonic() + timeout_s
        with self._reading:
            ready = False
            while True:
                if self._closed:
                    raise closed(self._name)
                data = self._read_now()
                if data:
                    return data
                # Without data a terminal whose VMIN somebody set to 0 reads empty too: only readiness tells it from the end.
                if ready and data is not None:
                    raise lost(self._name, "the other end is gone")
                ready = wait(self._readable, deadline_s - time.monotonic())
                if not ready:
                    return b""

    def _read_now(self) -> bytes | None:
        """What is there: b"" at the end of the stream, or of a terminal with VMIN 0; None for nothing."""
        try:
            data = os.read(self._descriptor, MOST_READ_BYTES)
        except BlockingIOError:
            return None
        except OSError as error:  # EIO, ENXIO, ENODEV of an unplugged port; ECONNRESET of a socket
            raise lost(self._name, f"the other end is gone ({error.strerror})") from error
        return data if len(data) < FULL_READ_BYTES else self._read_on(data)

    def _read_on(self, first: bytes) -> bytes:
        """What else is there. A pseudo-terminal gives 4 KiB at a time, and to hand on each of them costs as much as to read."""
        pieces, total = [first], len(first)
        with contextlib.suppress(OSError):  # nothing more for now; or the end, which the next read will meet again
            while len(pieces[-1]) >= FULL_READ_BYTES and total < MOST_READ_BYTES:
                pieces.append(os.read(self._descriptor, MOST_READ_BYTES - total))
                total += len(pieces[-1])
        return b"".join(pieces)

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        sent = 0
        with self._writing:
            deadline_s = time.monotonic() + WRITE_TIMEOUT_S
            ready = False
            while sent < len(view):
                if self._closed:
                    raise closed(self._name)
                taken = self._write_now(view[sent : sent + MOST_WRITTEN_BYTES])
                now_s = time.monotonic()
                if taken:
                    sent, ready, deadline_s = sent + taken, False, now_s + WRITE_TIMEOUT_S
                    continue
                if now_s >= deadline_s:
                    raise stalled(self._name, sent)
                if ready:
                    self._wakeup.sleep(_NAP_S)  # a pseudo-terminal may say that it has room and take nothing
                # A serial port takes bytes long before it says so, which at 9600 baud it does after 4 s.
                ready = wait(self._writable, min(deadline_s - now_s, _LOOK_AGAIN_S))

    def _write_now(self, view: memoryview) -> int:
        try:
            return os.write(self._descriptor, view)
        except BlockingIOError:
            return 0
        except OSError as error:  # EPIPE, ECONNRESET, EIO, ENXIO
            raise lost(self._name, f"the other end is gone ({error.strerror})") from error

    def close(self) -> None:
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._wakeup.ring()
            # A descriptor closed under a thread that waits on it may be another file by the time that it wakes up.
            with self._reading, self._writing:
                self._release()
                self._wakeup.close()
