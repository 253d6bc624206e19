"""Scenes between whoever finds them and the camera, which waits for one but never longer than its session lasts."""

import threading
from collections import deque
from dataclasses import dataclass

from inference.choices import Keep
from sensor_sim import Scene


@dataclass(frozen=True, eq=False)
class Shot:
    """A scene, float32 (H, W, 3) of linear light, and when it was there, by `time.perf_counter`."""

    scene: Scene
    seen_s: float


class SceneQueue:
    """One place: with "latest" a scene that nobody took gives way to the next one, with "all" the next one waits.

    Attributes
    ----------
    dropped
        How many scenes gave way.
    """

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._waiting: deque[Shot] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._error: Exception | None = None
        self.dropped = 0

    def put(self, shot: Shot, ended: threading.Event) -> bool:
        """Put a scene in; False once the queue is closed or `ended` is set (then `wake` must be called)."""
        with self._changed:
            while self._waiting and not self._closed and not ended.is_set():
                if self._keep == "latest":
                    self._waiting.popleft()
                    self.dropped += 1
                else:
                    self._changed.wait()
            if self._closed or ended.is_set():
                return False
            self._waiting.append(shot)
            self._changed.notify_all()
            return True

    def get(self, ended: threading.Event) -> Shot | None:
        """The next scene; None once the queue is closed and empty, or `ended` is set. Raises what `close` was told."""
        with self._changed:
            while not self._waiting and not self._closed and not ended.is_set():
                self._changed.wait()
            if ended.is_set():
                return None
            if self._waiting:
                shot = self._waiting.popleft()
                self._changed.notify_all()
                return shot
            if self._error is not None:
                raise self._error
            return None

    def close(self, error: Exception | None = None) -> None:
        """No more scenes will come, perhaps for this reason; the one that waits can still be taken."""
        with self._changed:
            self._closed, self._error = True, error
            self._changed.notify_all()

    def wake(self) -> None:
        """Let those who wait look at their `ended` again."""
        with self._changed:
            self._changed.notify_all()
