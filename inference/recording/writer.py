"""Writes frames as a link carries them into a folder that is readable at whatever moment the writing ends."""

import time
import weakref
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from adc import FrameHeader, RawFrame
from inference.recording.errors import FrameNotRecorded, RecordingError
from inference.recording.files import RecordingFiles
from inference.recording.opening import open_index
from inference.recording.record import Record
from inference.recording.syncing import PeriodicSync

CHUNK_BYTES = 2**30
SYNC_S = 1.0
ONE_STREAM = ("device", "client", "epoch", "policy", "geometry")
"""What all frames of a recording have in common; their counters must rise, which only a holder of the key can judge."""


class RecordingWriter:
    """A recording that grows, frame by frame; use it as a context manager, from one thread.

    Each frame is written before the line of the index that names it, so that a process that is killed loses at most the
    frame that it is writing. What was written is brought to stable storage by a thread of its own, within `sync_s` and the
    time that the disk takes for it: this much a loss of power may cost. The first frame says which stream it is; frames of
    another one are refused. Counters are not judged: a forged frame, which a link may carry, must not keep those behind it
    out, so that it is recorded and refused by whoever has the key.

    Parameters
    ----------
    path
        The folder to make, such as `door.keycam`; folders above it are made too. An empty one that is there will do.
    append
        Go on with a recording that is there, with frames of the same device, client, epoch, policy and geometry.
    chunk_bytes
        Size above which the next chunk file is begun, bytes.
    sync_s
        Seconds until what was written is brought to stable storage.

    Attributes
    ----------
    frames
        How many frames this writer has written.
    refused
        How many frames of another stream it refused, by the first field that differs.

    Raises
    ------
    RecordingError
        if something is there already, is written by another, or cannot be written.
    """

    def __init__(self, path: str | Path, *, append: bool = False, chunk_bytes: int = CHUNK_BYTES, sync_s: float = SYNC_S) -> None:
        if not isinstance(chunk_bytes, int) or chunk_bytes < 1:
            raise ValueError(f"chunk_bytes = {chunk_bytes}: allowed is 1 or more")
        if not 0 < sync_s <= 3600:
            raise ValueError(f"sync_s = {sync_s}: allowed is above 0, up to 3600")
        self.path = Path(path)
        self.frames = 0
        self.refused: Counter[str] = Counter()
        there = open_index(self.path, append)
        self._first: FrameHeader | None = there.first_header
        self._files = RecordingFiles(self.path, there.index, there.next_chunk, chunk_bytes)
        self._syncing = PeriodicSync(self._files, sync_s)
        # Neither holds this object, so that a writer that is simply forgotten is closed as well.
        self._close = weakref.finalize(self, self._syncing.end)

    def write(self, raw: RawFrame, received_s: float | None = None) -> None:
        """Add a frame, received at `received_s`, s since 1970 UTC; now unless told.

        Raises FrameNotRecorded for a frame of another stream, and RecordingError where the frame cannot be written: those
        before it are kept, and the next may be tried.
        """
        if not self._close.alive:
            raise RuntimeError(f"the recording {self.path} is closed: open it again with append to go on")
        self._refuse_other_streams(raw.header)
        self._refuse_after_a_failed_sync()
        record = Record.of(raw)
        try:
            self._files.add(record, raw.header.counter, time.time() if received_s is None else float(received_s))
        except OSError as error:
            trouble = f"frame {raw.header.counter} cannot be written ({error.strerror}), those before it are kept"
            raise RecordingError(f"recording = {self.path}: {trouble}; allowed is a disk that works and has room") from error
        self._syncing.written()
        self._first = self._first or raw.header
        self.frames += 1

    def close(self) -> None:
        """Bring everything to stable storage and let others append; harmless when repeated. Raises RecordingError."""
        if self._close.alive:
            self._close()
            self._refuse_after_a_failed_sync()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _refuse_other_streams(self, header: FrameHeader) -> None:
        for name in ONE_STREAM if self._first is not None else ():
            ours, theirs = getattr(self._first, name), getattr(header, name)
            if ours != theirs:
                self.refused[name] += 1
                allowed = f"allowed is {ours}, as the first frame of the recording {self.path} says"
                raise FrameNotRecorded(name, f"{name} = {theirs}: frame {header.counter} is of another stream; {allowed}")

    def _refuse_after_a_failed_sync(self) -> None:
        failure = self._files.failure
        if failure is not None:
            trouble = f"the disk did not take all that was written ({failure.strerror}), and the last frames may be lost"
            raise RecordingError(f"recording = {self.path}: {trouble}; allowed is a disk that works and has room") from failure
