"""A developed picture whose pixels stay in a secret order."""

from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class KeyedImage:
    """Pixels in emission order and the order that they are in: `emitted[q] = pixel[order[q]]`.

    Attributes
    ----------
    x
        float32 (C, h, w), C = 3 or 1: the emitted pixels laid row by row, 0 to 1.
    order
        uint32 (h * w,): the raster position of each emitted pixel. Secret. It may be the frame key's own array:
        wiping the frame key may end this picture too.

    Raises
    ------
    ValueError
        if a type or a shape is another one.
    """

    x: NDArray[np.float32] = field(repr=False)
    order: NDArray[np.uint32] = field(repr=False)

    def __post_init__(self) -> None:
        if self.x.dtype != np.float32 or self.x.ndim != 3 or self.x.shape[0] not in (1, 3):
            raise ValueError(f"x = {self.x.dtype} {self.x.shape}: allowed is float32 (1, h, w) or (3, h, w)")
        positions = self.x.shape[1] * self.x.shape[2]
        if self.order.dtype != np.uint32 or self.order.shape != (positions,):
            raise ValueError(f"order = {self.order.dtype} {self.order.shape}: allowed is uint32 ({positions},)")

    def restore(self) -> NDArray[np.float32]:
        """Return the picture in raster layout, float32 (C, h, w), 0 to 1; for the key holder."""
        raster = np.empty((self.x.shape[0], self.order.size), np.float32)
        raster[:, self.order] = self.x.reshape(self.x.shape[0], -1)
        return raster.reshape(self.x.shape)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a KeyedImage holds a secret order and is never pickled")
