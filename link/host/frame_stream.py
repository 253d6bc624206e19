"""The frames of a camera as they come, for whoever takes RawFrames."""

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from adc import RawFrame
from link.host.frame_queue import FrameQueue


class FrameStream(Iterator[RawFrame]):
    """An iterator of frames; `CameraLink.frames` makes it. Use it as a context manager, or call `stop`.

    Parameters
    ----------
    queue
        where the frames come from.
    most_frames
        after so many the stream is at its end; None for no end.
    taken, stopped
        are called for each frame, and once at the end.
    """

    def __init__(
        self, queue: FrameQueue, most_frames: int | None, taken: Callable[[], None], stopped: Callable[[FrameQueue], None]
    ) -> None:
        self._queue, self._left, self._taken, self._stopped = queue, most_frames, taken, stopped
        self._is_over = False

    def __next__(self) -> RawFrame:
        if self._is_over or self._left == 0:
            self.stop()
            raise StopIteration
        try:
            raw = self._queue.get()
        except BaseException:
            self.stop()
            raise
        if raw is None:
            raise StopIteration
        if self._left is not None:
            self._left -= 1
        self._taken()
        if self._left == 0:
            self.stop()
        return raw

    def stop(self) -> None:
        """End the stream and let the camera stop; harmless when repeated, from any thread."""
        if not self._is_over:
            self._is_over = True
            self._stopped(self._queue)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
