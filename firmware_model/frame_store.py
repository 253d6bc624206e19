"""The frame store: frames that wait for the link, and the last ones that went over it, should parts be asked for again."""

import threading
from collections import deque
from dataclasses import replace

from link.outgoing import OutgoingFrame

WAITING_FRAMES = 4
KEPT_FRAMES = 4


class FrameStore:
    """Up to four frames that wait, and the last four that were sent. One thread fills it, another empties it."""

    def __init__(self) -> None:
        self._waiting: deque[OutgoingFrame] = deque()
        self._sent: deque[OutgoingFrame] = deque(maxlen=KEPT_FRAMES)
        self._lock = threading.Lock()

    @property
    def has_room(self) -> bool:
        """Whether one more frame may wait."""
        return len(self._waiting) < WAITING_FRAMES

    @property
    def waiting(self) -> int:
        """How many frames wait."""
        return len(self._waiting)

    def put(self, frame: OutgoingFrame) -> None:
        """Let a frame wait. Raises ValueError where there is no room."""
        with self._lock:
            if not self.has_room:
                raise ValueError(f"frames = {len(self._waiting) + 1}: allowed is {WAITING_FRAMES} that wait")
            self._waiting.append(frame)

    def next(self, frame_id: int) -> OutgoingFrame:
        """The frame that waits longest, under its number on the link, kept from now on for resends.

        Raises IndexError where none waits.
        """
        with self._lock:
            frame = replace(self._waiting.popleft(), frame_id=frame_id)
            self._sent.append(frame)
            return frame

    def sent(self, frame_id: int) -> OutgoingFrame | None:
        """A frame that was sent, or is being sent; None where it is gone."""
        with self._lock:
            return next((frame for frame in reversed(self._sent) if frame.frame_id == frame_id), None)

    def forget_waiting(self) -> int:
        """Drop the frames that wait; how many they were."""
        with self._lock:
            dropped = len(self._waiting)
            self._waiting.clear()
            return dropped

    def forget_all(self) -> None:
        """Drop everything, as a reset and the end of a session do."""
        with self._lock:
            self._waiting.clear()
            self._sent.clear()
