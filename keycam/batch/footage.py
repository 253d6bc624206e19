"""Recorded footage: a video file or a set of pictures; what it holds, and any stretch of its frames."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import dropwhile, islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.recording.video import ATTACHMENT
from keycam.batch.broken_off import Reach
from sensor_sim.scene import Scene, SceneError, linear_from_srgb, read_image
from sensor_sim.scene.images import refuse_unless_filled

PICTURES_PER_S = 10.0
"""A set of pictures has no times of its own."""
MOST_NAMED = 3
_COMPLETE = "allowed is a complete video file such as MP4 or MKV"


class Survey(NamedTuple):
    """What a footage holds.

    Attributes
    ----------
    height, width
        Of its first frame, upright, px.
    time_s
        float64 (frames,), when each frame is shown, from the first one on, s.
    ticks
        int64 (frames,), by which a frame is found again: of a video the time stamps in the file, of pictures which of them; None
        where they are no help.
    missing
        What is not there or cannot be read beside these frames, in a sentence; None where nothing is.
    """

    height: int
    width: int
    time_s: NDArray[np.float64]
    ticks: NDArray[np.int64] | None
    missing: str | None = None


@dataclass(frozen=True)
class Video:
    """A video file; its first video track counts, turned upright as its rotation mark says."""

    path: Path

    def digest(self) -> str:
        """SHA-256 of the file. Raises SceneError where it cannot be read."""
        return hashlib.sha256(_content_digest(self.path)).hexdigest()

    def survey(self) -> Survey:
        """Go through the file once, without decoding it where its packets say enough. Raises SceneError."""
        with _opened(self.path) as (container, stream, frames):
            if any(one.name == ATTACHMENT for one in container.streams.attachments):
                allowed = f"allowed is footage, and for these frames 'keycam replay {self.path}'"
                raise SceneError(f"video = {self.path}: it is a recording of keyed frames, which show no scene; {allowed}")
            first = next(frames, None)
            if first is None:
                raise SceneError(f"video = {self.path}: it has no frames; allowed is a video of at least one frame")
            height, width = _upright(first).shape[:2]
            base, rate = stream.time_base, stream.average_rate or stream.guessed_rate or 25
        ticks, missing = self._packets()
        if ticks is None or ticks[0] != first.pts:
            with _opened(self.path) as (_, _, frames):
                shown = [frame.pts for frame in frames]
            if None in shown or base is None or any(b <= a for a, b in pairwise(shown)):
                return Survey(height, width, np.arange(len(shown)) / float(rate), None, missing)
            ticks = np.array(shown, np.int64)
        return Survey(height, width, (ticks - ticks[0]) * float(base), ticks, missing)

    def scenes(self, first: int, ticks: NDArray[np.int64] | None, count: int) -> Iterator[Scene]:
        """`count` frames from number `first` on, whose time stamps are `ticks` (count,).

        Raises SceneError where one of them is damaged or not there.
        """
        given = 0
        if first and ticks is not None:
            for frame in self._entered_at(ticks):
                given += 1
                yield linear_from_srgb(_upright(frame))
        if given == count:
            return
        with _opened(self.path) as (_, _, frames):
            for number, frame in enumerate(islice(frames, first + given, first + count), first + given):
                if frame.is_corrupt or (ticks is not None and frame.pts != ticks[number - first]):
                    raise SceneError(f"video = {self.path}: frame {number} cannot be decoded; {_COMPLETE}")
                given += 1
                yield linear_from_srgb(_upright(frame))
        if given < count:
            raise SceneError(f"video = {self.path}: it ends before frame {first + given}, which it has announced; {_COMPLETE}")

    def _entered_at(self, ticks: NDArray[np.int64]) -> Iterator[Any]:
        """The frames with these time stamps, entered in the middle of the file; as many of them as come out well.

        Some files cannot be entered everywhere: where only the time of decoding is known, or where pictures are refreshed part
        by part. What is missing is then found from the beginning.
        """
        try:
            with _opened(self.path) as (container, stream, frames):
                container.seek(int(ticks[0]), stream=stream)
                coming = dropwhile(lambda frame: frame.pts is not None and frame.pts < ticks[0], frames)
                for tick, frame in zip(ticks, coming, strict=False):
                    if frame.pts != tick or frame.is_corrupt:
                        return
                    yield frame
        except SceneError:
            return

    def _packets(self) -> tuple[NDArray[np.int64] | None, str | None]:
        """What the packets say: the time stamps of all frames in the order of showing, if they do, and what is missing."""
        ticks: list[int | None] = []
        packets, reach = 0, Reach()
        with _opened(self.path) as (container, stream, _):
            for packet in container.demux():
                reach.add(packet)
                if packet.stream.index == stream.index:
                    packets += packet.size > 0
                    if packet.size and not packet.is_discard and not packet.is_corrupt:
                        ticks.append(packet.pts)
            if "mp4" in container.format.name and packets < stream.frames:
                trouble = f"it is broken off, {packets} of its {stream.frames} frames are there"
                raise SceneError(f"video = {self.path}: {trouble}; {_COMPLETE}")
            short = reach.shortfall(container)
        missing = None if short is None else f"source = {self.path}: it is broken off, {short} and were done; {_COMPLETE}"
        if not ticks or None in ticks or len(set(ticks)) < len(ticks):
            return None, missing
        return np.sort(np.array(ticks, np.int64)), missing


@dataclass(frozen=True)
class Pictures:
    """Picture files in one folder, in the order of their names; the first one's size is that of all."""

    path: Path
    files: tuple[Path, ...]

    def digest(self) -> str:
        """SHA-256 over the files and their names; of one that cannot be read, over its name alone."""
        digest = hashlib.sha256()
        for file in self.files:
            try:
                content = _content_digest(file)
            except SceneError:
                content = b""
            digest.update(content if len(self.files) == 1 else os.fsencode(file.name) + b"\0" + content)
        return digest.hexdigest()

    def survey(self) -> Survey:
        """Look at every picture once: those that cannot be read are left out. Raises SceneError where none can."""
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
            looks = list(threads.map(_size_of, self.files))
        readable = np.array([number for number, look in enumerate(looks) if look is not None], np.int64)
        if not len(readable):
            read_image(self.files[0])  # says what is wrong with it
        height, width = looks[readable[0]] or (0, 0)
        time_s = readable / PICTURES_PER_S
        if len(readable) == len(looks):
            return Survey(height, width, time_s, None)
        unreadable = [file for file, look in zip(self.files, looks, strict=True) if look is None]
        return Survey(height, width, time_s, readable, self._without(unreadable))

    def scenes(self, first: int, ticks: NDArray[np.int64] | None, count: int) -> Iterator[Scene]:
        """`count` pictures from number `first` on, or those of the numbers `ticks`. Raises SceneError for an unreadable one."""
        return map(read_image, self.files[first : first + count] if ticks is None else [self.files[tick] for tick in ticks])

    def _without(self, files: Sequence[Path]) -> str:
        more = f" and {len(files) - MOST_NAMED} more" if len(files) > MOST_NAMED else ""
        names = ", ".join(file.name for file in files[:MOST_NAMED]) + more
        trouble = f"{len(files)} of its {len(self.files)} pictures cannot be read ({names}), all others were done"
        return f"source = {self.path}: {trouble}; allowed is complete pictures such as PNG or JPEG"


Footage = Video | Pictures


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any, Iterator[Any]]]:
    """A video's container, its first video stream, and the frames of that."""
    import av

    refuse_unless_filled(path, "video")
    try:
        with av.open(str(path)) as container:
            tracks = [one for one in container.streams.video if not one.disposition & av.stream.Disposition.attached_pic]
            if not tracks:
                raise SceneError(f"video = {path}: it has no video track; allowed is a file with one")
            tracks[0].thread_type = "AUTO"
            # By default damage is patched up with what the decoder makes of it, and nobody is told.
            tracks[0].codec_context.options = {"err_detect": "explode"}
            yield container, tracks[0], container.decode(tracks[0])
    except av.error.FFmpegError as error:
        raise SceneError(f"video = {path}: it cannot be decoded ({error.strerror}); {_COMPLETE}") from error


def _upright(frame: Any) -> NDArray[np.uint8]:
    picture: NDArray[np.uint8] = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
    return picture


def _content_digest(file: Path) -> bytes:
    try:
        with file.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").digest()
    except OSError as error:
        raise SceneError(f"source = {file}: it cannot be read ({error.strerror}); allowed is a readable file") from error


def _size_of(file: Path) -> tuple[int, int] | None:
    """Height and width of a picture, px; None where it cannot be read."""
    try:
        height, width = read_image(file).shape[:2]
    except SceneError:
        return None
    return height, width
