"""What the demonstration looks at: the bundled photographs, a picture or a webcam, one shot after another."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sensor_sim import Scene
from sensor_sim.scene import PHOTOGRAPHS, CameraSource, PanZoom, load_photograph, read_image

VIEW_PX = 256
NETWORK_SIZE = (32, 32)


@dataclass(frozen=True, eq=False)
class Shot:
    """One scene, float32 (H, W, 3) of linear light, with the name of its source and what that shows."""

    name: str
    shows: str
    scene: Scene


class DemoScenes:
    """`frames` shots, the photographs in turn, each panned and zoomed over; iterate once."""

    def __init__(self, image: Path | None, camera: int | None, frames: int, seed: int) -> None:
        self._image, self._camera, self._frames, self._seed = image, camera, frames, seed
        self._sources = 1 if image is not None or camera is not None else min(len(PHOTOGRAPHS), frames)

    def __len__(self) -> int:
        return self._frames

    def shown(self, most: int) -> set[int]:
        """Numbers of the shots that a contact sheet of at most `most` rows shows.

        Of each photograph the view in the middle of its path, where the whole of it is seen; of one source equal shares.
        """
        if self._sources > 1:
            return {(first + last) // 2 for first, last in itertools.pairwise(self._starts()[: most + 1])}
        rows = min(most, self._frames)
        return {(2 * row + 1) * self._frames // (2 * rows) for row in range(rows)}

    def _starts(self) -> list[int]:
        """The first shot of each source, and behind the last one the number of shots."""
        return [self._frames * number // self._sources for number in range(self._sources + 1)]

    def __iter__(self) -> Iterator[Shot]:
        if self._camera is not None:
            name = f"camera {self._camera}"
            for _, scene in zip(range(self._frames), CameraSource(self._camera), strict=False):
                yield Shot(name, "what stands before the camera", scene)
        elif self._image is not None:
            for view in PanZoom(read_image(self._image), self._frames, VIEW_PX, self._seed):
                yield Shot(self._image.name, "the picture that was given", view)
        else:
            shares = itertools.pairwise(self._starts())
            for number, (photograph, (first, last)) in enumerate(zip(PHOTOGRAPHS, shares, strict=False)):
                for view in PanZoom(load_photograph(photograph.name), last - first, VIEW_PX, self._seed + number):
                    yield Shot(photograph.name, photograph.shows, view)
