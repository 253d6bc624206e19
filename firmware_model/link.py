"""The shortest link: camera and host in one process."""

from collections.abc import Iterable, Iterator

from adc import RawFrame
from firmware_model.camera import Camera
from sensor_sim import Scene


class InProcessLink:
    """An iterable of frames: the camera captures a scene whenever the host takes a frame.

    Parameters
    ----------
    camera
        captures; whoever opened it closes it.
    scenes
        float32 (h, w, 3) of linear light each. Every iteration over the link goes over them again.
    """

    def __init__(self, camera: Camera, scenes: Iterable[Scene]) -> None:
        self._camera = camera
        self._scenes = scenes

    def __iter__(self) -> Iterator[RawFrame]:
        for scene in self._scenes:
            yield self._camera.capture(scene)
