"""Which scene source a text means."""

from collections.abc import Iterable
from pathlib import Path

from sensor_sim.scene.camera import CameraSource
from sensor_sim.scene.charts import ChartSource
from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.images import IMAGE_SUFFIXES, ImageSource
from sensor_sim.scene.linear import Scene
from sensor_sim.scene.video import VIDEO_SUFFIXES, VideoSource


def open_scene(source: str) -> Iterable[Scene]:
    """The scenes of `source`: digits are a webcam's number, a URL a network camera, "chart:" and a name a test chart, else a
    folder, an image or a video file.

    Raises SceneError if it is none of these or cannot be read.
    """
    if source.isascii() and source.isdigit():
        return CameraSource(int(source))
    if source.startswith("chart:"):
        return ChartSource(source.removeprefix("chart:"))
    if "://" in source:
        return CameraSource(source)
    path = Path(source)
    suffix = path.suffix.lower()
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except OSError as error:
        raise SceneError(f"source = {source}: it cannot be opened ({error.strerror}); allowed is a readable path") from error
    if is_folder or suffix in IMAGE_SUFFIXES:
        return ImageSource(path)
    if suffix in VIDEO_SUFFIXES:
        return VideoSource(path)
    trouble = "this kind of file is unknown" if exists else "there is no such file or folder"
    kinds = ", ".join((*IMAGE_SUFFIXES, *VIDEO_SUFFIXES))
    shown = source if exists else source.rpartition("@")[2]  # an address without its scheme may hold a password
    raise SceneError(f"source = {shown}: {trouble}; allowed is a camera number, a URL, a folder of images, or a file of {kinds}")
