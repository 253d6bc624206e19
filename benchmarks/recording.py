"""How fast frames are recorded, read back and exported, beside writing and reading the same bytes as plain files."""

import itertools
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

import numpy as np

from adc import SECURE, FrameHeader, Geometry, RawFrame
from benchmarks.timing import median_ms, medians_ms
from inference.recording import Recording, RecordingWriter
from inference.recording.record import Record
from inference.recording.video import export_video

CASES = ((480, 640), (1080, 1920))
BITS = 12
EXPORTS = 3
"""Times that one frame is exported: FFV1 is slow, and the figure steady."""


class RecordingRow(TypedDict):
    """One line of the table; megabytes are 10**6 bytes of the recording, whose 12-bit samples are packed."""

    operation: str
    height: int
    width: int
    bits: int
    frames_per_second: float
    megabytes_per_second: float
    total_ms: float
    ratio_to_plain_file: float


def bench_recording(sizes: Iterable[tuple[int, int]] = CASES, repeats: int = 20) -> list[RecordingRow]:
    """Time one random 12-bit Bayer frame at a time in the folder for temporary files, three rows for each size (height, width).

    "write" and "read" take turns with a plain file of the same bytes, and both go through the system's cache; the recording
    is brought to stable storage meanwhile. "export" is FFV1 in Matroska, beside writing the plain file. All are medians.

    Raises ValueError for repeats below 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats = {repeats}: allowed is 1 or more")
    return [row for height, width in sizes for row in _rows(Geometry(height, width, BITS, "rggb"), repeats)]


def _rows(geometry: Geometry, repeats: int) -> list[RecordingRow]:
    samples = np.random.default_rng(1).integers(0, 2**BITS, (geometry.pixels, 1), np.uint16)
    frames = (
        RawFrame(FrameHeader("cam0", counter, 0, geometry, SECURE, 64.0, 0.01, 1.0, 300.0), samples, bytes(16))
        for counter in itertools.count()
    )
    octets = b"".join(map(bytes, Record.of(next(frames))))
    rows: list[RecordingRow] = []

    def add(operation: str, total_ms: float, plain_ms: float) -> None:
        rows.append(
            RecordingRow(
                operation=operation,
                height=geometry.height,
                width=geometry.width,
                bits=geometry.bits,
                frames_per_second=1000 / total_ms,
                megabytes_per_second=len(octets) / total_ms / 1000,
                total_ms=total_ms,
                ratio_to_plain_file=total_ms / plain_ms,
            )
        )

    with tempfile.TemporaryDirectory(prefix="keycam-bench-") as folder, (Path(folder) / "plain").open("w+b", 0) as plain:
        with RecordingWriter(Path(folder) / "many.keycam") as writer:
            write_ms, plain_write_ms = medians_ms([lambda: writer.write(next(frames)), lambda: plain.write(octets)], repeats)
        add("write", write_ms, plain_write_ms)
        recording, numbers = Recording(writer.path), itertools.cycle(range(writer.frames))
        offsets = itertools.cycle(range(0, writer.frames * len(octets), len(octets)))
        reads = [lambda: recording[next(numbers)], lambda: os.pread(plain.fileno(), len(octets), next(offsets))]
        add("read", *medians_ms(reads, repeats))
        with RecordingWriter(Path(folder) / "one.keycam") as writer:
            writer.write(next(frames))
        one = Recording(writer.path)
        exporting_ms = median_ms(lambda: list(export_video(one, Path(folder) / "one.mkv")), EXPORTS, warm_up=1)
        add("export", exporting_ms, plain_write_ms)
    return rows
