"""The index of a recording: a title and a line for each frame, written behind the frame's own bytes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adc.frame import TAG_BYTES
from inference.recording.errors import RecordingError
from inference.recording.lines import opened, sealed, whole_lines

INDEX_NAME = "index.jsonl"
VERSION = 1
TITLE = sealed({"keycam recording": VERSION})
MOST_CHUNKS = 10**6
YEAR_10000_S = 253_402_300_800
_LIMITS = (
    ("counter", 2**64),
    ("chunk", MOST_CHUNKS),
    ("offset_bytes", 2**63),
    ("header_bytes", 2**16),
    ("size_bytes", 2**63),
    ("crc32", 2**32),
)


def check_received(received_s: object) -> None:
    """Raise ValueError unless received_s is a time of the years 1970 to 9999 as a float."""
    if type(received_s) is not float or not 0 <= received_s < YEAR_10000_S:
        raise ValueError(f"received_s = {received_s!r}: allowed is 0 to the end of the year 9999, a float")


@dataclass(frozen=True, slots=True)
class IndexLine:
    """Where a frame lies.

    Attributes
    ----------
    counter
        The frame's counter, as its header says.
    chunk
        The number of the chunk file.
    offset_bytes
        Where in it the frame begins.
    header_bytes
        Bytes of its header.
    size_bytes
        Bytes of the whole frame: header, samples, tag.
    crc32
        CRC-32 of them.
    received_s
        When the host had the frame, s since 1970 UTC by the host's clock, which may have been set meanwhile.
    """

    counter: int
    chunk: int
    offset_bytes: int
    header_bytes: int
    size_bytes: int
    crc32: int
    received_s: float

    def __post_init__(self) -> None:
        for value, (name, limit) in zip(_ROW(self), _LIMITS, strict=False):
            if type(value) is not int or not 0 <= value < limit:
                raise ValueError(f"{name} = {value!r}: allowed is 0 to {limit - 1}")
        if self.size_bytes < self.header_bytes + TAG_BYTES:
            raise ValueError(f"size_bytes = {self.size_bytes}: allowed is {self.header_bytes + TAG_BYTES} or more")
        check_received(self.received_s)

    def to_bytes(self) -> bytes:
        """The line as it is written."""
        said = {name: getattr(self, name) for name in _NAMES}
        return sealed({**said, "crc32": f"{self.crc32:08x}"})

    @classmethod
    def of(cls, said: dict[str, Any]) -> "IndexLine":
        """The line that says this. Raises ValueError where it is none."""
        if tuple(said) != _NAMES:
            raise ValueError(f"index line = {', '.join(said)}: allowed is {', '.join(_NAMES)}")
        crc32 = said["crc32"]
        if not isinstance(crc32, str) or not _CRC32(crc32):
            raise ValueError(f"crc32 = {crc32!r}: allowed is 8 hexadecimal digits")
        return cls(**(said | {"crc32": int(crc32, 16)}))


_CRC32 = re.compile("[0-9a-f]{8}").fullmatch
_NAMES = tuple(field.name for field in fields(IndexLine))
_ROW = attrgetter(*_NAMES)
# A day at 30 frames/s has 2.6 million lines: kept as an array, they take 42 bytes each and not the 300 of objects.
_TYPES = (np.uint64, np.uint32, np.uint64, np.uint16, np.uint64, np.uint32, np.float64)
_ROWS = np.dtype(list(zip(_NAMES, _TYPES, strict=True)))


class Index:
    """The lines of an index file as it is now.

    Parameters
    ----------
    folder
        The recording.

    Attributes
    ----------
    rows
        The whole lines, a structured array (frames,) with the fields of IndexLine.
    damaged_lines
        How many lines are not whole although they end.
    whole_bytes
        Where the last line ends: what is behind it was broken off, or is being written.

    Raises
    ------
    RecordingError
        if the folder has no index, or it is not one that this version reads.
    """

    def __init__(self, folder: Path) -> None:
        self.damaged_lines = self.whole_bytes = 0
        self._folder = folder
        self._titles = 0
        try:
            if not (folder / INDEX_NAME).is_file():
                raise self._refusal("it has no index" if folder.exists() else "there is no such folder")
            self.rows: NDArray[np.void] = np.fromiter(map(_ROW, self._read()), _ROWS)
        except OSError as error:
            raise self._refusal(f"its index cannot be read ({error.strerror})") from error
        if self.damaged_lines and not self._titles and not len(self.rows):
            raise self._refusal("its index is that of something else")

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> IndexLine:
        return IndexLine(*self.rows[number].item())

    def _read(self) -> Iterator[IndexLine]:
        with (self._folder / INDEX_NAME).open("rb") as file:
            for line in whole_lines(file):
                self.whole_bytes = file.tell()
                said = opened(line)
                if said is None:
                    self.damaged_lines += 1
                elif "keycam recording" in said:
                    if line != TITLE:
                        raise self._refusal(f"its index has version {said['keycam recording']!r}, not {VERSION}")
                    self._titles += 1
                else:
                    try:
                        yield IndexLine.of(said)
                    except ValueError:
                        self.damaged_lines += 1
            file.seek(self.whole_bytes)
            if not self.whole_bytes and not TITLE.startswith(file.read(len(TITLE))):
                self.damaged_lines += 1  # not even a title that was broken off

    def _refusal(self, trouble: str) -> RecordingError:
        allowed = "allowed is a folder that a RecordingWriter or 'keycam recording import' made"
        return RecordingError(f"recording = {self._folder}: {trouble}; {allowed}")
