"""The symmetries of a raster: no attack on scrambled frames can tell a scene from its mirror image or a turned one."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def symmetric_cells(height: int, width: int) -> Iterator[NDArray[np.int64]]:
    """Where each cell of the raster goes, int64 (P,): for each of the 8 symmetries of a square, or the 4 of a rectangle."""
    cells = np.arange(height * width).reshape(height, width)
    for turns in range(4):
        turned = np.rot90(cells, turns)
        if turned.shape == cells.shape:
            yield turned.ravel().copy()
            yield turned[:, ::-1].ravel().copy()
