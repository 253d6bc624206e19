"""A video file as scenes, decoded frame by frame."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.images import refuse_unless_filled
from sensor_sim.scene.linear import Scene, linear_from_srgb

VIDEO_SUFFIXES = (".avi", ".gif", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm")


class VideoSource:
    """The frames of a video file as scenes, in the order of showing; may be gone over again.

    Parameters
    ----------
    path
        a video file in any format that FFmpeg decodes. Its first video track is taken, as sRGB, turned upright.

    Raises
    ------
    SceneError
        if the file is missing, empty or no video; while iterating, if a frame cannot be decoded. A format made for streams, such
        as MKV, may be broken off: it ends with its last frame that is there.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        refuse_unless_filled(self.path, "video")
        next(iter(self))  # says before the first frame is wanted that the file is no video

    def __iter__(self) -> Iterator[Scene]:
        import av

        decoded = 0
        try:
            with av.open(str(self.path)) as container:
                if not container.streams.video:
                    raise SceneError(f"video = {self.path}: it has no video track; allowed is a file with one")
                container.streams.video[0].thread_type = "AUTO"
                for frame in container.decode(video=0):
                    upright = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
                    decoded += 1
                    yield linear_from_srgb(upright)
        except av.error.FFmpegError as error:
            where = f"frame {decoded} cannot be decoded" if decoded else "it cannot be decoded"
            raise SceneError(f"video = {self.path}: {where}; allowed is a complete video file such as MP4 or MKV") from error
        if not decoded:
            raise SceneError(f"video = {self.path}: it has no frames; allowed is a video of at least one frame")
