"""Defect replacement: a bad photosite shows the mean of the nearest good ones of its colour."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from adc import Geometry
from inference.isp.colours import colour_of_sites

Neighbours = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def nearest_good(defects: NDArray[np.bool_], geometry: Geometry) -> Neighbours:
    """Find what stands in for each defect of a map (H, W).

    The nearest good photosites of the defect's colour are all those at the smallest distance: four, fewer at an edge or
    beside other defects.

    Returns
    -------
    tuple
        the defects' places in the raster, int64 (D,); where each one's neighbours begin in the third array, int64 (D + 1,);
        the neighbours' places, int64.

    Raises
    ------
    ValueError
        if a colour has no good photosite.
    """
    colour = colour_of_sites(geometry)
    for each in np.unique(colour):
        if not np.any(~defects & (colour == each)):
            raise ValueError(f"defects = all photosites of colour {'rgb'[each]}: allowed is at least one good one")
    rows, columns = np.nonzero(defects)
    found = [_around(int(row), int(column), defects, colour) for row, column in zip(rows, columns, strict=True)]
    begins = np.cumsum([0, *(places.size for places in found)], dtype=np.int64)
    places = np.concatenate([np.empty(0, np.int64), *found])
    return rows * geometry.width + columns, begins, places


def _around(row: int, column: int, defects: NDArray[np.bool_], colour: NDArray[np.int64]) -> NDArray[np.int64]:
    width = defects.shape[1]
    reach = 2
    while True:
        top, left = max(row - reach, 0), max(column - reach, 0)
        window = (slice(top, row + reach + 1), slice(left, column + reach + 1))
        down, across = np.nonzero(~defects[window] & (colour[window] == colour[row, column]))
        distance = (down + top - row) ** 2 + (across + left - column) ** 2
        # A square window holds everything up to its reach, and only some of what is farther.
        if distance.size and distance.min() <= reach**2:
            nearest = distance == distance.min()
            return (down[nearest] + top) * width + across[nearest] + left
        reach *= 2


@njit(cache=True, nogil=True)
def replace_defects(
    raster: NDArray[np.uint16],
    channels: int,
    defects: NDArray[np.int64],
    begins: NDArray[np.int64],
    neighbours: NDArray[np.int64],
) -> None:
    """Replace the defects of `raster` (H * W * C,) by the mean of their neighbours, rounded half up, in every channel."""
    for i in range(defects.size):
        around = neighbours[begins[i] : begins[i + 1]]
        for channel in range(channels):
            total = np.int64(0)
            for place in around:
                total += np.int64(raster[place * channels + channel])
            raster[defects[i] * channels + channel] = (2 * total + around.size) // (2 * around.size)
