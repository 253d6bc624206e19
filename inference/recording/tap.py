"""Records frames on their way to whoever takes them."""

import contextlib
from collections.abc import Iterable, Iterator

from adc import RawFrame
from inference.recording.errors import FrameNotRecorded
from inference.recording.writer import RecordingWriter


def recorded(frames: Iterable[RawFrame], writer: RecordingWriter) -> Iterator[RawFrame]:
    """Give `frames` as they come, each when it is written: a link with a recorder, for `inference.stream`.

    Frames of another stream than the recording's are passed on unrecorded, and `writer.refused` counts them. Whoever opened
    the writer closes it. Raises RecordingError where a frame cannot be written.
    """
    for raw in frames:
        with contextlib.suppress(FrameNotRecorded):  # the writer counts it; whether it is any good is the receiver's to say
            writer.write(raw)
        yield raw
