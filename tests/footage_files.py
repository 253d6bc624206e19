"""Video files for tests, drawn and written with PyAV: moving shapes whose frames can be told from each other."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray


def picture(number: int, height: int, width: int) -> NDArray[np.uint8]:
    """A frame uint8 (height, width, 3): a gradient, a bar that moves, and stripes."""
    down, right = np.mgrid[:height, :width]
    shade = (255 * right / max(1, width - 1)).astype(np.uint8)
    frame = np.stack([shade, (255 * down / max(1, height - 1)).astype(np.uint8), 255 - shade], axis=-1)
    bar = slice(3 * number % width, 3 * number % width + max(1, width // 6))
    frame[height // 4 : height // 2, bar] = (250, 240, 20)
    frame[(down // 4 + number) % 8 == 0] //= 2
    return frame


def write_video(
    path: Path,
    frames: int,
    size: tuple[int, int] = (48, 64),
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    times_s: Sequence[float] | None = None,
    ticks_per_s: int = 1000,
    **options: str,
) -> Path:
    """A video of `frames` pictures of `size` (height, width), at 25 frames/s unless `times_s` says when each is shown."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = size
        stream.pix_fmt = pixels
        stream.codec_context.time_base = Fraction(1, ticks_per_s)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number, *size), format="rgb24")
            frame.pts = round(ticks_per_s * (number / 25 if times_s is None else times_s[number]))
            frame.time_base = Fraction(1, ticks_per_s)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def turn_quarter(path: Path) -> Path:
    """Mark an MP4 file as a phone does that was held upright: to be shown turned by 90 degrees. The file is changed."""
    content = bytearray(path.read_bytes())
    header = content.index(b"tkhd")
    identity = np.array([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000], ">i4").tobytes()
    matrix = content.index(identity, header)
    turned = np.array([0, 0x10000, 0, -0x10000, 0, 0, 0x10000 * 48, 0, 0x40000000], ">i4").tobytes()
    content[matrix : matrix + len(turned)] = turned
    path.write_bytes(content)
    return path


def spoil(path: Path) -> Path:
    """Overwrite what is in a tenth of a video's frames, in its middle, as bad sectors do.

    Never what the container puts around them: where that falls within a file depends on the encoder, which takes another path on
    another processor.
    """
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    first = len(packets) // 2
    for packet in packets[first : first + max(1, len(packets) // 10)]:
        begin = content.index(packet)
        content[begin : begin + len(packet)] = bytes(len(packet))
    path.write_bytes(content)
    return path


def cut_off(path: Path, share: float) -> Path:
    """Keep only the first `share` of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    return path
