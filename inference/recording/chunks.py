"""The chunk files of a recording: frames one after the other, none over two files."""

import os
import re
from io import FileIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adc import FrameError, FrameHeader, RawFrame
from adc.frame import TAG_BYTES
from inference.recording.errors import DamagedFrameError
from inference.recording.index import IndexLine
from inference.recording.record import Record, record_bytes, samples_bytes

_NAME = re.compile(r"chunk-(\d{6})\.raw")


def chunk_path(folder: Path, number: int) -> Path:
    """The file of chunk `number`."""
    return folder / f"chunk-{number:06}.raw"


def chunk_sizes(folder: Path) -> dict[int, int]:
    """The numbers of the chunks that are there, and their bytes. Raises OSError."""
    with os.scandir(folder) as entries:
        found = [(_NAME.fullmatch(entry.name), entry) for entry in entries]
        return {int(name[1]): entry.stat().st_size for name, entry in found if name is not None and entry.is_file()}


def read_frame(folder: Path, line: IndexLine) -> RawFrame:
    """The frame that a line of the index names. Raises DamagedFrameError where it is not there as it was written."""
    path = chunk_path(folder, line.chunk)
    named = f"recording = {folder}: frame with counter {line.counter}"
    try:
        with FileIO(path) as file:
            file.seek(line.offset_bytes)
            written = _read(file, line.header_bytes).tobytes()
            # What a header says is believed before memory is taken for what the index says.
            header = FrameHeader.from_bytes(written)
            if header.counter != line.counter or record_bytes(header) != line.size_bytes:
                raise FrameError(f"header = frame {header.counter}, {record_bytes(header)} bytes: the index says otherwise")
            record = Record(written, _read(file, samples_bytes(header)), _read(file, TAG_BYTES).tobytes())
    except FrameError as error:
        raise DamagedFrameError("header", f"{named}: {error}; allowed is a header of that frame") from error
    except (OSError, EOFError) as error:
        raise DamagedFrameError("missing", f"{named}: {path.name}: {error}; allowed is a chunk with all its bytes") from error
    if record.crc32 != line.crc32:
        trouble = f"its CRC-32 is {record.crc32:08x}, and the index says {line.crc32:08x}"
        raise DamagedFrameError("crc", f"{named}: {trouble}; allowed is a frame as it was written")
    return record.frame()


def _read(file: FileIO, size_bytes: int) -> NDArray[np.uint8]:
    content = np.empty(size_bytes, np.uint8)
    left = content.data
    while left:
        taken = file.readinto(left)
        if not taken:
            raise EOFError("it ends before the frame does")
        left = left[taken:]
    return content
