"""A process that records until somebody kills it, and says after each frame that it is written."""

import itertools
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from adc import Geometry, RawFrame
from inference.recording import RecordingWriter
from inference.recording.record import Record
from tests.recorded_frames import header

GEOMETRY = Geometry(240, 320, 12, "mono")
CHUNK_BYTES = 2_000_000
"""Some 17 frames of 115,000 bytes, so that kills also meet the change of chunks."""
_SAMPLES = np.random.default_rng(1).integers(0, 4096, (GEOMETRY.pixels, 1), np.uint16)


def frame(counter: int) -> RawFrame:
    """A frame that follows from its counter and is made far more quickly than it is written."""
    return RawFrame(header(counter, GEOMETRY), (_SAMPLES + np.uint16(counter % 4096)) & 4095, counter.to_bytes(16))


# Once for all processes that begin as copies of the one that imports this: to load the kernels takes seconds.
Record.of(frame(0)).frame()


def record(folder: Path, first: int, written: Connection) -> None:
    """Append frames to a recording, from the counter `first` on."""
    with RecordingWriter(folder, append=True, chunk_bytes=CHUNK_BYTES, sync_s=0.02) as writer:
        for counter in itertools.count(first):
            writer.write(frame(counter))
            written.send_bytes(counter.to_bytes(8))
