"""A camera move over a still photograph: zoom and pan along a smooth path."""

import math
from collections.abc import Iterator

import numpy as np

from sensor_sim.resample import Box, resample
from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.linear import Scene

CLOSEST = 0.4
"""Side of the closest view as a share of the picture's short side."""
BREATHS = 2
"""Number of times that a path goes from the whole picture to a part and back."""


class PanZoom:
    """Square views of a picture along a smooth path, from the whole short side to parts and back; may be gone over again.

    The first view is the largest square of the picture; the path never leaves the picture and follows from the seed.

    Parameters
    ----------
    image
        the photograph, float32 (H, W, 3) of linear light.
    frames
        number of views, at least 1.
    size
        side of a view in pixels, 1 to 65535.
    seed
        0 or more: where the path goes.

    Raises
    ------
    SceneError
        if a number is outside its range or the image is no scene.
    """

    def __init__(self, image: Scene, frames: int, size: int, seed: int) -> None:
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.float32 or not image.size:
            raise SceneError(f"image = {image.dtype} {image.shape}: allowed is float32 (H, W, 3)")
        if not frames >= 1:
            raise SceneError(f"frames = {frames}: allowed is 1 or more")
        if not 1 <= size <= 65535:
            raise SceneError(f"size = {size}: allowed is 1 to 65535")
        if not seed >= 0:
            raise SceneError(f"seed = {seed}: allowed is 0 or more")
        self._image, self._frames, self._size, self._seed = image, frames, size, seed

    def __len__(self) -> int:
        return self._frames

    def __iter__(self) -> Iterator[Scene]:
        for box in self.boxes():
            yield resample(self._image, (self._size, self._size), box)

    def boxes(self) -> list[Box]:
        """The square part of the picture that each view shows, in pixels of the picture."""
        height, width = self._image.shape[:2]
        phases = np.random.default_rng(self._seed).uniform(0, 2 * math.pi, 2)
        turn = 2 * math.pi * np.arange(self._frames) / self._frames
        # Zoom steps of equal ratio look even, so the logarithm of the side follows the cosine.
        side = min(height, width) * CLOSEST ** ((1 - np.cos(BREATHS * turn)) / 2)
        # A share of the free room between 0 and 1 keeps every view inside; 3 and 2 turns meet no view twice.
        top = (height - side) * (0.5 + 0.5 * np.sin(3 * turn + phases[0]))
        left = (width - side) * (0.5 + 0.5 * np.sin(2 * turn + phases[1]))
        return [Box(float(t), float(x), float(s), float(s)) for t, x, s in zip(top, left, side, strict=True)]
