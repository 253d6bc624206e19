"""Credit: how many bytes a host has room for, and how many of them are spoken for."""

import threading


class CreditLine:
    """The credit of one session, in whole frames of one size.

    Bytes are counted as docs/protocol.md counts them: DATA payload from the session's beginning, without resends. A frame
    takes its bytes before it is exposed, so that no frame is read out in vain.
    """

    def __init__(self) -> None:
        self._limit_bytes = 0
        self._taken_bytes = 0
        self._frame_bytes = 0
        self._lock = threading.Lock()

    def begin(self, frame_bytes: int) -> None:
        """A stream of frames of this size begins."""
        with self._lock:
            self._frame_bytes = frame_bytes

    def raise_to(self, limit_bytes: int) -> None:
        """The host's new total; a lower one than before is not looked at."""
        with self._lock:
            self._limit_bytes = max(self._limit_bytes, limit_bytes)

    def take(self) -> bool:
        """Take the bytes of one frame, where all of them fit."""
        with self._lock:
            fits = self._taken_bytes + self._frame_bytes <= self._limit_bytes
            if fits:
                self._taken_bytes += self._frame_bytes
            return fits

    def give_back(self, frames: int) -> None:
        """Frames that took their bytes will not be sent."""
        with self._lock:
            self._taken_bytes -= frames * self._frame_bytes
