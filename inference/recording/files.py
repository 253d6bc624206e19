"""The open files of a recording that is being written: a frame first, then the line that names it."""

import contextlib
import errno
import threading
from pathlib import Path

from inference.recording.appended import AppendedFile, sync_folder
from inference.recording.chunks import chunk_path
from inference.recording.index import MOST_CHUNKS, IndexLine
from inference.recording.record import Record


class RecordingFiles:
    """The index and the chunk that grows; one thread adds frames while another brings them to stable storage.

    Parameters
    ----------
    folder
        The recording.
    index
        Its index, with a title; held by this process.
    next_chunk
        The number of the first chunk to be made. What is in earlier ones is never touched.
    chunk_bytes
        A frame that would make a chunk longer than this begins the next.

    Attributes
    ----------
    failure
        The first error of a sync. The system may then have dropped what it could not write, and succeed from there on.
    """

    def __init__(self, folder: Path, index: AppendedFile, next_chunk: int, chunk_bytes: int) -> None:
        self.failure: OSError | None = None
        self._folder = folder
        self._index = index
        self._chunk: AppendedFile | None = None
        self._next_chunk = next_chunk
        self._chunk_bytes = chunk_bytes
        self._lock = threading.Lock()  # a chunk is not closed while it is being synced

    def add(self, record: Record, counter: int, received_s: float) -> None:
        """Add a frame and its line. Raises OSError, and then neither is there."""
        chunk = self._chunk_with_room(record.size_bytes)
        place = (self._next_chunk - 1, chunk.size_bytes, len(record.header), record.size_bytes)
        line = IndexLine(counter, *place, record.crc32, received_s)
        begin = chunk.append(record)
        try:
            self._index.append([line.to_bytes()])
        except BaseException:
            with contextlib.suppress(OSError):
                chunk.cut(begin)
            raise

    def sync(self) -> None:
        """Return when all frames and lines that were added are on stable storage. Raises OSError."""
        with self._lock:
            for file in (self._chunk, self._index):
                if file is not None:
                    self._synced(file)

    def close(self) -> None:
        """Close the files; another writer may then append."""
        with self._lock:
            for file in (self._chunk, self._index):
                if file is not None:
                    file.close()

    def _chunk_with_room(self, record_bytes: int) -> AppendedFile:
        if self._chunk is not None:
            size_bytes = self._chunk.size_bytes
            if not size_bytes or size_bytes + record_bytes <= self._chunk_bytes:
                return self._chunk
        if self._next_chunk == MOST_CHUNKS:
            raise OSError(errno.EFBIG, f"all {MOST_CHUNKS} chunks are full")
        fresh = AppendedFile(chunk_path(self._folder, self._next_chunk))
        try:
            sync_folder(self._folder)
            with self._lock:
                if self._chunk is not None:
                    self._synced(self._chunk)
                    self._chunk.close()
                self._chunk = fresh
        except BaseException:
            fresh.close()
            raise
        self._next_chunk += 1
        return fresh

    def _synced(self, file: AppendedFile) -> None:
        try:
            file.sync()
        except OSError as error:
            self.failure = self.failure or error
            raise
