"""Bytes on their way from one thread to another, never more than a given number of them."""

import threading
from collections import deque


class ByteQueue:
    """A stream of bytes that one thread puts in and another gets out; it can be finished by its writer and abandoned by anyone.

    Parameters
    ----------
    capacity_bytes
        the most that waits inside; a `put` beyond it waits for room.
    """

    def __init__(self, capacity_bytes: int) -> None:
        if capacity_bytes < 1:
            raise ValueError(f"capacity_bytes = {capacity_bytes}: allowed is 1 or more")
        self.capacity_bytes = capacity_bytes
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._finished = False
        self._changed = threading.Condition()

    @property
    def waiting_bytes(self) -> int:
        """How many bytes are inside."""
        return self._waiting_bytes

    @property
    def finished(self) -> bool:
        """Whether it takes no more bytes."""
        return self._finished

    def put(self, data: bytes, timeout_s: float | None = None) -> int:
        """Put bytes in; return how many went in: all, or fewer when it is finished or had no room for `timeout_s`."""
        view = memoryview(data)
        taken = 0
        with self._changed:
            while taken < len(view):
                if not self._changed.wait_for(self._has_room, timeout_s) or self._finished:
                    break
                room = self.capacity_bytes - self._waiting_bytes
                piece = bytes(view[taken : taken + room])
                self._chunks.append(piece)
                self._waiting_bytes += len(piece)
                taken += len(piece)
                self._changed.notify_all()
        return taken

    def get(self, timeout_s: float | None = None) -> bytes | None:
        """Everything that waits inside; b"" when nothing came for `timeout_s`; None after the last byte of a finished queue."""
        with self._changed:
            if not self._changed.wait_for(self._has_news, timeout_s):
                return b""
            if not self._chunks:
                return None
            data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
            self._chunks.clear()
            self._waiting_bytes = 0
            self._changed.notify_all()
            return data

    def finish(self) -> None:
        """Take no more bytes; those inside can still be got."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """Finish and forget the bytes inside: every waiting `put` and `get` returns now."""
        with self._changed:
            self._finished = True
            self._chunks.clear()
            self._waiting_bytes = 0
            self._changed.notify_all()

    def _has_room(self) -> bool:
        return self._finished or self._waiting_bytes < self.capacity_bytes

    def _has_news(self) -> bool:
        return self._finished or bool(self._chunks)
