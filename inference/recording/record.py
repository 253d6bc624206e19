"""One frame as bytes: its header as the camera wrote it, its samples packed, its tag; and a CRC-32 over all three."""

import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from adc import FrameError, FrameHeader, RawFrame
from adc.frame import TAG_BYTES
from inference.recording.packing import pack, packed_bytes, unpack


class Record(NamedTuple):
    """What is stored of a frame, one part after the other.

    Attributes
    ----------
    header
        What FrameHeader.to_bytes writes.
    samples
        uint8 (packed_bytes,), the samples as `pack` packs them.
    tag
        16 bytes.
    """

    header: bytes
    samples: NDArray[np.uint8]
    tag: bytes

    @classmethod
    def of(cls, raw: RawFrame) -> "Record":
        """The record of a frame."""
        return cls(raw.header.to_bytes(), pack(raw.samples, raw.header.geometry.bits), raw.tag)

    @property
    def size_bytes(self) -> int:
        """Bytes of the three parts together."""
        return len(self.header) + self.samples.size + len(self.tag)

    @property
    def crc32(self) -> int:
        """CRC-32 (IEEE 802.3, as zlib has it) of the three parts together."""
        return zlib.crc32(self.tag, zlib.crc32(self.samples.data, zlib.crc32(self.header)))

    def frame(self) -> RawFrame:
        """The frame. Raises FrameError where the three parts do not make one."""
        header = FrameHeader.from_bytes(self.header)
        count = header.geometry.pixels * header.geometry.channels
        if self.samples.size != samples_bytes(header):
            raise FrameError(f"samples = {self.samples.size} bytes: allowed is {samples_bytes(header)}, as the header says")
        samples = unpack(self.samples, count, header.geometry.bits)
        return RawFrame(header, samples.reshape(-1, header.geometry.channels), self.tag)


def samples_bytes(header: FrameHeader) -> int:
    """Bytes of the packed samples of a frame with this header."""
    return packed_bytes(header.geometry.pixels * header.geometry.channels, header.geometry.bits)


def record_bytes(header: FrameHeader) -> int:
    """Bytes of the record of a frame with this header."""
    return len(header.to_bytes()) + samples_bytes(header) + TAG_BYTES
