"""Grey-world white balance: the picture's mean is taken to be grey (Buchsbaum, J. Franklin Institute 310, 1980)."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from inference.isp.settings import NEUTRAL_BALANCE, Row

MOST_FACTOR = 8.0
"""A colour that is darker than that against green is a filter or a fault, not an illuminant."""


def grey_world(sums: NDArray[np.int64], counts: NDArray[np.int64], black: float) -> Row:
    """Factors of (red, green, blue) that make the three means equal to green's.

    `sums` and `counts` (3,) are of 16-bit samples over `black`. A picture no brighter than the black level in any colour
    keeps (1, 1, 1). Factors are held within 1/8 to 8.
    """
    light = [int(total) / int(count) - black for total, count in zip(sums, counts, strict=True)]
    if min(light) <= 0:
        return NEUTRAL_BALANCE
    red, blue = (min(max(light[1] / light[c], 1 / MOST_FACTOR), MOST_FACTOR) for c in (0, 2))
    return red, 1.0, blue


# Samples are summed as integers: a mean then depends neither on the order of its terms nor on the number of threads.


@njit(cache=True, nogil=True, parallel=True)
def bayer_sums(
    raster: NDArray[np.uint16], width: int, crop: tuple[int, int, int, int], red_at: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sums and counts, int64 (3,) each, of a Bayer `raster` (H * W,) within `crop`; `red_at` is red's place in its first tile."""
    top, left, height, columns = crop
    rows = np.zeros((height, 2), np.int64)
    for i in prange(height):
        begin = (top + i) * width + left
        line = raster[begin : begin + columns]
        even = odd = np.int64(0)
        for j in range(columns // 2):
            even += np.int64(line[2 * j])
            odd += np.int64(line[2 * j + 1])
        if columns % 2:
            even += np.int64(line[columns - 1])
        rows[i, 0], rows[i, 1] = even, odd
    sums, counts = np.zeros(3, np.int64), np.zeros(3, np.int64)
    for i in range(height):
        for j in range(2):
            along_red, under_red = (i & 1) == red_at[0], j == red_at[1]
            colour = (0 if under_red else 1) if along_red else (1 if under_red else 2)
            sums[colour] += rows[i, j]
            counts[colour] += (columns + 1 - j) // 2
    return sums, counts


@njit(cache=True, nogil=True)
def colour_sums(
    raster: NDArray[np.uint16], width: int, crop: tuple[int, int, int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Do `bayer_sums` for three samples a photosite, `raster` (H * W * 3,)."""
    top, left, height, columns = crop
    sums = np.zeros(3, np.int64)
    for i in range(top, top + height):
        for place in range((i * width + left) * 3, (i * width + left + columns) * 3, 3):
            for c in range(3):
                sums[c] += np.int64(raster[place + c])
    return sums, np.full(3, height * columns, np.int64)
