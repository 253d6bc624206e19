"""Reads a recording back, whatever has happened to it: what is whole is handed out, what is not is counted by its cause."""

import operator
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adc import FrameHeader, RawFrame
from inference.recording.chunks import chunk_sizes, read_frame
from inference.recording.errors import DamagedFrameError, RecordingError, Trouble
from inference.recording.index import Index


class Recording:
    """The frames of a recording as it is now, in the sequence in which they were written; needs no key.

    `len(recording)` counts the frames that the index names, `recording[number]` reads one of them, and iteration gives all
    that can be read, skips the others and counts them. Every frame is checked by its CRC-32; only a `Receiver` with the key
    can say whether it is authentic and new. Any number of threads may read.

    Parameters
    ----------
    path
        The folder. One that is being written may be read; open it again to see more.

    Attributes
    ----------
    index
        Where each frame lies and when it was received: `recording.index[number]` is an IndexLine.
    chunk_sizes
        The numbers of the chunk files, and their bytes.

    Raises
    ------
    RecordingError
        if it is no recording, or of another version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.is_file():
            allowed = "allowed is a folder, or of an exported .mkv what 'keycam recording import' makes of it"
            trouble = "it is a file, and no video but FFV1 keeps the samples of keyed frames"
            raise RecordingError(f"recording = {self.path}: {trouble}; {allowed}")
        self.index = Index(self.path)
        try:
            self.chunk_sizes = chunk_sizes(self.path)
        except OSError as error:
            allowed = "allowed is a folder that can be read"
            raise RecordingError(f"recording = {self.path}: it cannot be read ({error.strerror}); {allowed}") from error
        self._chunk_ends, cut_off = self._fitted()
        self._damaged: dict[int, Trouble] = dict.fromkeys(cut_off, "missing")

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, number: int) -> RawFrame:
        """The frame of this number, 0 for the first and -1 for the last.

        Raises IndexError where there is none, and DamagedFrameError where it is not there as it was written.
        """
        number = range(len(self))[operator.index(number)]
        line = self.index[number]
        if self._damaged.get(number) == "missing":  # what lies in the place of a chunk may be a pipe, or have no end
            trouble = f"chunk {line.chunk} has not all its bytes"
            named = f"recording = {self.path}: frame with counter {line.counter}"
            raise DamagedFrameError("missing", f"{named}: {trouble}; allowed is a chunk as it was written")
        try:
            return read_frame(self.path, line)
        except DamagedFrameError as error:
            self._damaged[number] = error.cause
            raise

    def __iter__(self) -> Iterator[RawFrame]:
        return (raw for _, raw in self.numbered())

    def numbered(self) -> Iterator[tuple[int, RawFrame]]:
        """The frames that can be read, each with its number."""
        for number in range(len(self)):
            try:
                raw = self[number]
            except DamagedFrameError:
                continue  # `trouble` counts it
            yield number, raw

    @property
    def trouble(self) -> dict[Trouble, int]:
        """What is known to be wrong, by cause (`inference.recording.errors.MEANINGS`); a frame is checked when it is read."""
        counts: Counter[Trouble] = Counter(list(self._damaged.values()))
        counts["line"] = self.index.damaged_lines
        counts["unfinished"] = sum(size > self._chunk_ends.get(chunk, 0) for chunk, size in self.chunk_sizes.items())
        counts["counter"] = int(np.count_nonzero(self.index.rows["counter"][1:] <= self.index.rows["counter"][:-1]))
        return {cause: count for cause, count in sorted(counts.items()) if count}

    @property
    def first_header(self) -> FrameHeader | None:
        """What the first frame that can be read says of itself; None where no frame can."""
        return next((raw.header for raw in self), None)

    def _fitted(self) -> tuple[dict[int, int], NDArray[np.intp]]:
        """Where the last frame that the index names ends in each chunk, and which frames go beyond the end of theirs."""
        rows = self.index.rows
        ends = rows["offset_bytes"] + rows["size_bytes"]
        chunks, places = np.unique(rows["chunk"], return_inverse=True)
        last_ends = np.zeros(len(chunks), np.uint64)
        np.maximum.at(last_ends, places, ends)
        sizes = np.array([self.chunk_sizes.get(chunk, 0) for chunk in chunks.tolist()], np.uint64)
        return dict(zip(chunks.tolist(), last_ends.tolist(), strict=True)), np.flatnonzero(ends > sizes[places])
