"""Video files of a batch: H.264 to be watched, FFV1 for masks; written stretch by stretch and joined without coding again."""

import contextlib
import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

TICK_S = Fraction(1, 90_000)
"""Fine enough for every frame rate that there is."""
MATROSKA_TICK_S = Fraction(1, 1000)
ALONE_S = Fraction(1)
"""How long a video of a single picture shows it."""

Codec = Literal["h264", "ffv1"]
# Without B frames and with one thread a stretch is coded the same way every time, and stretches can be laid end to end.
_OPTIONS: dict[Codec, dict[str, str]] = {
    "h264": {"preset": "veryfast", "crf": "23", "bf": "0", "threads": "1"},
    "ffv1": {"level": "3", "threads": "1"},
}
_ENCODERS: dict[Codec, tuple[str, str, str]] = {"h264": ("libx264", "yuv420p", "rgb24"), "ffv1": ("ffv1", "gray", "gray")}


@dataclass
class VideoWriter:
    """A video that grows; its first picture says its size. A context manager.

    Attributes
    ----------
    path
        The file; its suffix says the container, .mp4 or .mkv.
    codec
        "h264" for pictures uint8 (h, w, 3) of even sides, "ffv1" for masks uint8 (h, w).
    """

    path: Path
    codec: Codec
    _container: Any = field(default=None, init=False)
    _stream: Any = field(default=None, init=False)
    _last: int = field(default=-1, init=False)

    def write(self, picture: NDArray[np.uint8], time_s: float) -> None:
        """Add a picture, shown from `time_s` on. Raises OSError."""
        with _system_errors(self.path):
            self._write(picture, time_s)

    def _write(self, picture: NDArray[np.uint8], time_s: float) -> None:
        import av

        encoder, pixels, given = _ENCODERS[self.codec]
        tick_s = TICK_S if self.codec == "h264" else MATROSKA_TICK_S
        if self._container is None:
            self._container = av.open(str(self.path), "w")
            self._stream = self._container.add_stream(encoder, rate=30, options=_OPTIONS[self.codec])
            self._stream.height, self._stream.width = picture.shape[:2]
            self._stream.pix_fmt = pixels
            self._stream.codec_context.time_base = tick_s
            self._stream.codec_context.flags |= av.codec.context.Flags.frame_duration
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=given)
        shown = max(self._last + 1, round(Fraction(time_s) / tick_s))
        # The last picture is shown for as long as the one before it, a single one long enough to be seen.
        frame.duration = shown - self._last if self._last >= 0 else round(ALONE_S / tick_s)
        self._last = frame.pts = shown
        frame.time_base = tick_s
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """End the file. Raises OSError."""
        if self._container is not None:
            with _system_errors(self.path):
                self._container.mux(self._stream.encode(None))
                self._container.close()
            self._container = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        elif self._container is not None:
            with contextlib.suppress(OSError), _system_errors(self.path):  # the first error is the one to tell
                self._container.close()


def join(parts: Iterable[Path], whole: Path) -> None:
    """Lay the videos of consecutive stretches end to end, packet by packet; their time stamps already follow on each other.

    Raises OSError.
    """
    import av

    with _system_errors(whole), av.open(str(whole), "w") as joined:
        out: Any = None
        last = -1
        for part in parts:
            with av.open(str(part)) as container:
                stream = container.streams.video[0]
                if out is None:
                    out = joined.add_stream_from_template(stream)
                    out.time_base = stream.time_base
                for packet in container.demux(stream):
                    if packet.pts is None:
                        continue  # it says that there are no more
                    last = max(last + 1, packet.pts)
                    packet.pts = packet.dts = last
                    packet.stream = out
                    joined.mux(packet)


@contextmanager
def _system_errors(path: Path) -> Iterator[None]:
    """Let what the system refuses FFmpeg, such as room on the disk, come out as Python has it."""
    import av

    try:
        yield
    except av.error.FFmpegError as error:
        if isinstance(error, OSError) or error.errno not in errno.errorcode:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
