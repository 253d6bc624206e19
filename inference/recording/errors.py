"""What goes wrong with recordings: each message is one sentence that names the field, its value and what is allowed."""

from typing import Literal

Trouble = Literal["line", "unfinished", "missing", "crc", "header", "counter"]
MEANINGS: dict[Trouble, str] = {
    "line": "lines of the index are damaged; their frames are skipped",
    "unfinished": "chunks end in a frame that was broken off, or is being written",
    "missing": "frames have lost bytes of their chunk",
    "crc": "frames are damaged: their CRC-32 does not fit",
    "header": "frames have no readable header, or not the counter that the index names",
    "counter": "frames have a counter that is not above the one before; a receiver refuses the repeated ones",
}
"""What each cause of trouble counts. Frames of the cause "counter" are handed out all the same."""


class RecordingError(ValueError):
    """A recording that cannot be made, continued or read."""


class FrameNotRecorded(RecordingError):
    """A frame of another stream than the recording's; `cause` is the first field of its header that differs."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class DamagedFrameError(RecordingError):
    """A recorded frame that cannot be read; `cause` says what is wrong with it."""

    def __init__(self, cause: Trouble, message: str) -> None:
        super().__init__(message)
        self.cause = cause
