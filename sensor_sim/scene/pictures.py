"""The pictures of a data set as scenes."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.linear import Scene, linear_from_srgb


class ArraySource:
    """The pictures of an array as scenes, one by one; may be gone over again and indexed.

    Parameters
    ----------
    pictures
        uint8 (N, H, W, 3) of sRGB, such as the `data` of torchvision's CIFAR10. It is not copied.

    Raises
    ------
    SceneError
        if the array has another dtype or shape, or no picture.
    """

    def __init__(self, pictures: NDArray[np.uint8]) -> None:
        if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[3] != 3 or not pictures.size:
            raise SceneError(
                f"pictures = {pictures.dtype} {pictures.shape}: allowed is uint8 (N, H, W, 3) with at least one picture"
            )
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, number: int) -> Scene:
        return linear_from_srgb(self._pictures[number])

    def __iter__(self) -> Iterator[Scene]:
        return map(linear_from_srgb, self._pictures)
