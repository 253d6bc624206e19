"""Frames between the driver, which must never wait, and the application, which may take its time."""

import threading
from collections import deque

from adc import RawFrame


class FrameQueue:
    """A bounded queue of frames. The camera's credit keeps it from overflowing; what comes beyond it is dropped and told.

    Parameters
    ----------
    most_frames
        how many may wait.
    wanted
        how many the application will take in all; None for no end.
    """

    def __init__(self, most_frames: int, wanted: int | None = None) -> None:
        if wanted is not None and (not isinstance(wanted, int) or wanted < 1):
            raise ValueError(f"frames = {wanted}: allowed is 1 or more, or None")
        if not isinstance(most_frames, int) or most_frames < 1:
            raise ValueError(f"queue_frames = {most_frames}: allowed is 1 or more")
        self.most_frames = most_frames
        self._wanted = wanted
        self.taken = 0
        """How many frames the application took."""
        self._frames: deque[RawFrame] = deque()
        self._changed = threading.Condition()
        self._error: Exception | None = None
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether nobody takes frames any more."""
        return self._is_closed

    @property
    def waiting(self) -> int:
        """How many frames wait for the application."""
        return len(self._frames)

    @property
    def still_wanted(self) -> int | None:
        """How many frames the application will take beyond those that wait; None for no end."""
        return None if self._wanted is None else self._wanted - self.taken - self.waiting

    def put(self, raw: RawFrame) -> bool:
        """Put a frame in; whether there was room."""
        with self._changed:
            if self._is_closed or len(self._frames) >= self.most_frames:
                return False
            self._frames.append(raw)
            self._changed.notify_all()
            return True

    def get(self) -> RawFrame | None:
        """The next frame, as soon as there is one; None where the queue is closed. Raises what `fail` was told."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._error is not None or self._is_closed)
            if self._frames:
                self.taken += 1
                return self._frames.popleft()
            if self._error is not None:
                raise self._error
            return None

    def fail(self, error: Exception) -> None:
        """No more frames will come, for this reason; those that wait can still be taken."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def raise_failure(self) -> None:
        """Raise what `fail` was told, if it was."""
        if self._error is not None:
            raise self._error

    def close(self) -> int:
        """Let nobody wait any more, and say how many frames nobody took."""
        with self._changed:
            self._is_closed = True
            unused = len(self._frames)
            self._frames.clear()
            self._changed.notify_all()
            return unused
