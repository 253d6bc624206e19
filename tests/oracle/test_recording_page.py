"""Recordings against a reader and a writer that were written from docs/recording.md alone."""

import re
from pathlib import Path

import numpy as np
import pytest

from adc import FrameHeader, Geometry, RawFrame
from inference.recording import Recording, RecordingWriter
from inference.recording.index import TITLE, IndexLine
from inference.recording.packing import pack
from tests.oracle import recording_page as page
from tests.recorded_frames import keyed_frame, noise_frames

PAGE = (Path(__file__).parents[2] / "docs" / "recording.md").read_text("utf-8")


def as_on_the_page(raw: RawFrame) -> page.Frame:
    return page.Frame(raw.header.to_bytes(), raw.samples.ravel().tolist(), raw.tag)


def record(folder: Path, frames: list[RawFrame], **options) -> None:
    with RecordingWriter(folder, **options) as writer:
        for number, raw in enumerate(frames):
            writer.write(raw, 1.5 * number)


@pytest.mark.parametrize("bits", range(7, 17))
@pytest.mark.parametrize("cfa", ["mono", "rggb", "rgb"])
def test_the_pages_reader_reads_what_we_write(tmp_path: Path, bits: int, cfa) -> None:
    frames = noise_frames(5, Geometry(6, 10, bits, cfa))
    record(tmp_path / "a", frames[:3], chunk_bytes=700)
    record(tmp_path / "a", frames[3:], append=True)
    assert page.read(tmp_path / "a") == [as_on_the_page(raw) for raw in frames]


@pytest.mark.parametrize("bits", range(7, 17))
def test_we_read_what_the_pages_writer_writes(tmp_path: Path, bits: int) -> None:
    frames = [keyed_frame(counter, Geometry(6, 10, bits, "rgb")) for counter in (0, 5, 7)]
    page.write(tmp_path / "a", [as_on_the_page(raw) for raw in frames], [0.0, 1.5, 3.0])
    recording = Recording(tmp_path / "a")
    assert [as_on_the_page(raw) for raw in recording] == [as_on_the_page(raw) for raw in frames]
    assert not recording.trouble
    # There is one way to write a recording: ours is the same to the byte.
    record(tmp_path / "b", frames)
    for name in ("chunk-000000.raw", "index.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("seed", range(8))
def test_both_readers_find_the_same_frames_in_damaged_recordings(tmp_path: Path, seed: int) -> None:
    record(tmp_path / "a", noise_frames(6))
    random = np.random.default_rng(seed)
    for file in (tmp_path / "a").iterdir():
        content = bytearray(file.read_bytes())
        for at in random.integers(len(page.TITLE) if file.name == "index.jsonl" else 0, len(content), 2).tolist():
            content[at] ^= 1 << int(random.integers(8))
        file.write_bytes(content[: len(content) - int(random.integers(20))])
    found = [as_on_the_page(raw) for raw in Recording(tmp_path / "a")]
    assert found == page.read(tmp_path / "a")
    assert 0 < len(found) < 6


def test_frames_are_found_without_an_index(tmp_path: Path) -> None:
    frames = noise_frames(3)
    record(tmp_path / "a", frames)
    found = page.frames_without_index((tmp_path / "a" / "chunk-000000.raw").read_bytes())
    assert [content[:-16][: len(raw.header.to_bytes())] for content, raw in zip(found, frames, strict=True)] == [
        raw.header.to_bytes() for raw in frames
    ]
    assert [content[-16:] for content in found] == [raw.tag for raw in frames]


def test_what_the_page_quotes_is_so() -> None:
    assert TITLE == page.TITLE
    assert page.TITLE.decode().strip() in PAGE
    members = re.findall(r"^\| `(\w+)` \| ", PAGE.split("Every other line names a frame")[1], re.MULTILINE)
    assert members == list(IndexLine.__dataclass_fields__)
    first, second = 0xABC, 0x123
    octets = [first % 256, first // 256 + 16 * (second % 16), second // 16]
    assert pack(np.array([first, second], np.uint16), 12).tolist() == octets


def test_headers_are_as_long_as_they_say(tmp_path: Path) -> None:
    record(tmp_path / "a", noise_frames(1))
    (frame,) = page.read(tmp_path / "a")
    assert FrameHeader.from_bytes(frame.header).to_bytes() == frame.header
