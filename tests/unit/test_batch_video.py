"""Videos of a batch: masks come back exactly, stretches join to what one stretch would be, and a full disk is told."""

import resource
import signal
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from keycam.batch.video import Codec, VideoWriter, join
from tests.footage_files import picture

TIMES_S = np.cumsum([0.0, 0.04, 0.2, 0.04, 0.5, 0.01, 0.1, 0.1]).tolist()


def pictures(codec: Codec) -> list[NDArray[np.uint8]]:
    drawn = [picture(number, 48, 64) for number in range(len(TIMES_S))]
    return drawn if codec == "h264" else [shown[..., 0] for shown in drawn]


def written(path: Path, codec: Codec, first: int, last: int) -> Path:
    with VideoWriter(path, codec) as video:
        for shown, time_s in list(zip(pictures(codec), TIMES_S, strict=True))[first:last]:
            video.write(shown, time_s)
    return path


def read(path: Path, pixels: str) -> list[tuple[float, NDArray[np.uint8]]]:
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format=pixels)) for frame in container.decode(video=0)]


def test_masks_come_back_exactly(tmp_path: Path) -> None:
    found = read(written(tmp_path / "masks.mkv", "ffv1", 0, 8), "gray")
    assert [time_s for time_s, _ in found] == pytest.approx(TIMES_S, abs=1e-3)
    assert all(np.array_equal(ours, mask) for (_, ours), mask in zip(found, pictures("ffv1"), strict=True))


@pytest.mark.parametrize(("codec", "name", "pixels"), [("h264", "a.mp4", "rgb24"), ("ffv1", "a.mkv", "gray")])
def test_stretches_are_joined_frame_for_frame_with_their_times(tmp_path: Path, codec: Codec, name: str, pixels: str) -> None:
    parts = [written(tmp_path / f"{first}{name}", codec, first, first + 3) for first in (0, 3, 6)]
    join(parts, tmp_path / name)
    joined, apart = read(tmp_path / name, pixels), [frame for part in parts for frame in read(part, pixels)]
    assert [time_s for time_s, _ in joined] == pytest.approx(TIMES_S, abs=1e-3)
    assert all(np.array_equal(ours, theirs) for (_, ours), (_, theirs) in zip(joined, apart, strict=True))


def test_the_h264_is_what_every_browser_plays(tmp_path: Path) -> None:
    with av.open(str(written(tmp_path / "a.mp4", "h264", 0, 8))) as container:
        stream = container.streams.video[0]
        assert (stream.codec.name, stream.pix_fmt, stream.height, stream.width) == ("h264", "yuv420p", 48, 64)


def test_a_disk_without_room_is_an_error_of_the_system(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (480, 640), np.uint8)
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"), VideoWriter(tmp_path / "masks.mkv", "ffv1") as video:
            for number in range(10):
                video.write(noise, number / 25)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
