"""What stands before a camera that runs for days: scenes one after another, from the beginning again at their end."""

from collections.abc import Iterable, Iterator, Sized

from adc import RawFrame
from firmware_model.camera import Camera
from firmware_model.surroundings import Surroundings
from sensor_sim import Scene, SceneError


class EndlessScenes(Surroundings):
    """Scenes without an end.

    Parameters
    ----------
    source
        scenes that may be gone over again, such as `sensor_sim.scene.open_scene` gives; one alone is kept and not read again.
    """

    def __init__(self, source: Iterable[Scene]) -> None:
        self._source = source
        self._coming: Iterator[Scene] = iter(())
        self._still: Scene | None = None
        self._peeked: Scene | None = None

    def peek(self) -> Scene:
        """The scene that comes next, which comes again then. Raises SceneError as `next`."""
        self._peeked = self.next()
        return self._peeked

    def next(self) -> Scene:
        """The next scene, float32 (h, w, 3) of linear light. Raises SceneError where the source has none or breaks off."""
        if self._still is not None:
            return self._still
        if self._peeked is not None:
            scene, self._peeked = self._peeked, None
            return scene
        return self._from_source()

    def captured_by(self, camera: Camera) -> RawFrame:
        """The frame that a camera takes of the next scene."""
        return camera.capture(self.next())

    def close(self) -> None:
        """Let go of the source, such as a webcam."""
        self._coming = iter(())

    def _from_source(self) -> Scene:
        scene: Scene | None = next(self._coming, None)
        if scene is None:
            self._coming = iter(self._source)
            scene = next(self._coming, None)
        if scene is None:
            raise SceneError("source: it has no scene; allowed is a source of one or more")
        if isinstance(self._source, Sized) and len(self._source) == 1:
            self._still = scene
        return scene
