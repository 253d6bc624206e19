"""Keyed recordings: what a link carries, kept without any key and readable after any crash; docs/recording.md has the format."""

from inference.recording.errors import MEANINGS, DamagedFrameError, FrameNotRecorded, RecordingError
from inference.recording.index import IndexLine
from inference.recording.reader import Recording
from inference.recording.tap import recorded
from inference.recording.writer import RecordingWriter

__all__ = [
    "MEANINGS",
    "DamagedFrameError",
    "FrameNotRecorded",
    "IndexLine",
    "Recording",
    "RecordingError",
    "RecordingWriter",
    "recorded",
]
