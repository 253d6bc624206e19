"""Which colour each photosite sees."""

import numpy as np
from numpy.typing import NDArray

from adc import Geometry

RED_AT = {"rggb": (0, 0), "grbg": (0, 1), "gbrg": (1, 0), "bggr": (1, 1)}
"""(row, column) of red in the 2 x 2 tile of each Bayer phase."""


def red_at(geometry: Geometry, top: int = 0, left: int = 0) -> tuple[int, int]:
    """(row, column) of red in the first 2 x 2 tile of a Bayer array's crop that begins at (top, left)."""
    row, column = RED_AT[geometry.cfa]
    return (row + top) % 2, (column + left) % 2


def colour_of_sites(geometry: Geometry) -> NDArray[np.int64]:
    """The colour of every photosite, int64 (H, W): 0 red, 1 green, 2 blue; 0 all over where the array is not a Bayer one."""
    colours = np.zeros((geometry.height, geometry.width), np.int64)
    if geometry.is_bayer:
        row, column = RED_AT[geometry.cfa]
        colours[:] = 1
        colours[row::2, column::2] = 0
        colours[1 - row :: 2, 1 - column :: 2] = 2
    return colours
