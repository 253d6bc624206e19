"""Recordings as lossless video, FFV1 in Matroska, and back: for archives and tools that take video.

A picture holds the samples of one frame as they were sent, row by row in emission order: whoever plays it sees what an
eavesdropper sees. Headers, tags and times lie in an attachment of the file, as JSON lines.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adc import FrameError, FrameHeader, Geometry, RawFrame
from inference.recording.errors import RecordingError
from inference.recording.index import check_received
from inference.recording.lines import opened, sealed
from inference.recording.reader import Recording
from inference.recording.record import Record

ATTACHMENT = "keycam-frames.jsonl"
MOST_ATTACHED_BYTES = 2**28
"""Longer ones are refused by FFmpeg's reader of Matroska; a frame takes some 350."""
_TITLE = sealed({"keycam export": 1})
_TICK_S = Fraction(1, 1000)  # Matroska's own


class ReceivedFrame(NamedTuple):
    """A frame and when the host had it, s since 1970 UTC."""

    raw: RawFrame
    received_s: float


def export_video(recording: Recording, path: str | Path) -> Iterator[RawFrame]:
    """Write the frames that can be read into an .mkv file, which is whole when the iteration ends; gives each when it is in.

    Raises RecordingError where there are no frames, too many for one file, or not all of one geometry that FFV1 takes, and
    OSError where the file cannot be written.
    """
    import av

    numbers, attached = _attachment(recording)
    geometry, first_s = recording[numbers[0]].header.geometry, recording.index[numbers[0]].received_s
    try:
        with av.open(str(path), "w", format="matroska") as container:
            stream: Any = container.add_stream("ffv1", rate=30, options={"level": "3", "slicecrc": "1"})
            stream.codec_context.time_base = _TICK_S
            stream.height, stream.width = geometry.height, geometry.width * geometry.channels
            stream.pix_fmt = _pixel_format(geometry)
            container.add_attachment(ATTACHMENT, "application/jsonl", attached)
            tick = -1
            for number in numbers:
                raw = recording[number]
                picture = av.VideoFrame.from_ndarray(_picture(raw, geometry), format=stream.pix_fmt)
                # The host's clock may stand still or be set back, and a video's may not.
                tick = max(tick + 1, round((recording.index[number].received_s - first_s) / _TICK_S))
                picture.pts, picture.time_base = tick, _TICK_S
                container.mux(stream.encode(picture))
                yield raw
            container.mux(stream.encode(None))
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        trouble = f"FFV1 does not take frames of {geometry.height} x {geometry.width} ({error.strerror})"
        raise RecordingError(f"recording = {recording.path}: {trouble}; allowed is 2 columns or more") from error


def import_video(path: str | Path) -> Iterator[ReceivedFrame]:
    """The frames of a file that `export_video` wrote, each exactly as it was recorded, which its CRC-32 says.

    Raises RecordingError for any other file, above all one that a lossy codec made of keyed frames, and for a damaged one.
    """
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise _refusal(path, "it has no video track")
            stream = container.streams.video[0]
            _refuse_other_codecs(path, stream.codec)
            lines = _lines(path, [one.data for one in container.streams.attachments if one.name == ATTACHMENT])
            stream.thread_type = "AUTO"
            for number, (picture, line) in enumerate(zip_longest(container.decode(stream), lines)):
                if picture is None or line is None:
                    pictures = number if picture is None else "more"
                    raise _refusal(path, f"it has the headers of {len(lines)} frames and {pictures} pictures")
                yield _frame(path, number, line, picture)
    except (av.error.FFmpegError, OSError) as error:
        raise _refusal(path, f"it cannot be read as a video ({error.strerror})") from error


def _attachment(recording: Recording) -> tuple[list[int], bytes]:
    """The numbers of the frames that can be read, and the lines that say what pictures do not."""
    numbers: list[int] = []
    lines = [_TITLE]
    for number, raw in recording.numbered():
        line = recording.index[number]
        said = {"received_s": line.received_s, "crc32": f"{line.crc32:08x}"}
        lines.append(sealed({**said, "header": raw.header.to_bytes().hex(), "tag": raw.tag.hex()}))
        numbers.append(number)
    if not numbers:
        raise RecordingError(f"recording = {recording.path}: it has no frame that can be read; allowed is one with some")
    attached = b"".join(lines)
    if len(attached) > MOST_ATTACHED_BYTES:
        most = MOST_ATTACHED_BYTES * len(numbers) // len(attached)
        raise RecordingError(f"recording = {recording.path}: it has {len(numbers)} frames; allowed is some {most} in one video")
    return numbers, attached


def _pixel_format(geometry: Geometry) -> str:
    return "gray" if geometry.bits == 8 else "gray16le"


def _picture(raw: RawFrame, geometry: Geometry) -> NDArray[Any]:
    if raw.header.geometry != geometry:
        raise RecordingError(f"geometry = {raw.header.geometry}: allowed is {geometry} in all frames of a video")
    picture = raw.samples.reshape(geometry.height, geometry.width * geometry.channels)
    return picture.astype(np.uint8) if geometry.bits == 8 else picture


def _lines(path: str | Path, attachments: list[bytes]) -> list[bytes]:
    if not attachments:
        raise _refusal(path, f"it has no attachment {ATTACHMENT} with the frames' headers and tags")
    title, *lines = attachments[0].splitlines(keepends=True) or [b""]
    if title != _TITLE:
        raise _refusal(path, f"its attachment {ATTACHMENT} is damaged, or of another version")
    return lines


def _refuse_other_codecs(path: str | Path, codec: Any) -> None:
    if codec.name == "ffv1":
        return
    if codec.lossy:
        why = "it smooths what looks like noise, so that no frame passes its tag or can be restored"
        raise _refusal(path, f"it is compressed with {codec.name}, a lossy codec, which destroys keyed frames: {why}")
    raise _refusal(path, f"it is compressed with {codec.name}")


def _frame(path: str | Path, number: int, line: bytes, picture: Any) -> ReceivedFrame:
    try:
        said = opened(line) or {}
        header = FrameHeader.from_bytes(bytes.fromhex(said["header"]))
        geometry = header.geometry
        if picture.format.name != _pixel_format(geometry):
            raise FrameError(f"pixel format = {picture.format.name}: allowed is {_pixel_format(geometry)}, as its header says")
        samples = picture.to_ndarray().astype(np.uint16).reshape(-1, geometry.channels)
        raw = RawFrame(header, samples, bytes.fromhex(said["tag"]))
        received_s, crc32 = said["received_s"], said["crc32"]
        check_received(received_s)
    except (ValueError, KeyError, TypeError) as error:
        raise _refusal(path, f"picture {number}: it is damaged ({error})") from error
    if f"{Record.of(raw).crc32:08x}" != crc32:
        raise _refusal(path, f"picture {number}: its CRC-32 does not fit, so that something has changed it")
    return ReceivedFrame(raw, received_s)


def _refusal(path: str | Path, trouble: str) -> RecordingError:
    return RecordingError(f"video = {path}: {trouble}; allowed is an .mkv file that 'keycam recording export' wrote")
