"""Bilinear demosaic: the two colours that a Bayer photosite lacks are means of its nearest neighbours of that colour."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from inference.isp.development import Development, develop_colour

TILE_ROWS = 16
"""Rows that a private tile holds at once: enough that its two border rows cost little, far fewer than a camera has."""


@njit(cache=True, nogil=True)
def gather_tile(
    codes: NDArray[np.uint16], inverse: NDArray[np.uint32], height: int, width: int, top: int, tile: NDArray[np.uint16]
) -> None:
    """Gather the codes of rows `top` and below, and one more on every side, into `tile`; beyond the array they are mirrored.

    Mirroring about the edge's photosites, without repeating them, keeps the colours' places.
    """
    for i in range(tile.shape[0]):
        row = abs(top - 1 + i)
        row = row if row < height else 2 * height - 2 - row
        for j in range(width):
            tile[i, j + 1] = codes[inverse[row * width + j], 0]
        tile[i, 0] = tile[i, 2]
        tile[i, width + 1] = tile[i, width - 1]


@njit(cache=True, nogil=True, error_model="numpy")
def demosaic_rows(
    codes: NDArray[np.uint16],
    inverse: NDArray[np.uint32],
    height: int,
    width: int,
    red_at: tuple[int, int],
    d: Development,
    x: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Demosaic rows `start` to `stop` of Bayer `codes` (positions, 1) in DN into `x` (3, positions), both in the frame's order.

    `inverse` (positions,) says where each photosite was emitted; `red_at` is red's (row, column) in a 2 x 2 tile.
    """
    tile = np.empty((stop - start + 2, width + 2), np.uint16)
    gather_tile(codes, inverse, height, width, start, tile)
    two, four = np.float32(2), np.float32(4)
    for row in range(start, stop):
        i = row - start + 1
        for column in range(width):
            j = column + 1
            here = np.float32(tile[i, j])
            across = np.int64(tile[i, j - 1]) + np.int64(tile[i, j + 1])
            along = np.int64(tile[i - 1, j]) + np.int64(tile[i + 1, j])
            q = np.int64(inverse[row * width + column])
            if (row & 1 == red_at[0]) != (column & 1 == red_at[1]):
                if row & 1 == red_at[0]:
                    develop_colour(np.float32(across) / two, here, np.float32(along) / two, d, x, q)
                else:
                    develop_colour(np.float32(along) / two, here, np.float32(across) / two, d, x, q)
            else:
                green = np.float32(across + along) / four
                above = np.int64(tile[i - 1, j - 1]) + np.int64(tile[i - 1, j + 1])
                below = np.int64(tile[i + 1, j - 1]) + np.int64(tile[i + 1, j + 1])
                opposite = np.float32(above + below) / four
                if row & 1 == red_at[0]:
                    develop_colour(here, green, opposite, d, x, q)
                else:
                    develop_colour(opposite, green, here, d, x, q)


@njit(cache=True, nogil=True, error_model="numpy")
def demosaic(
    codes: NDArray[np.uint16],
    inverse: NDArray[np.uint32],
    array: tuple[int, int],
    red_at: tuple[int, int],
    d: Development,
    x: NDArray[np.float32],
) -> None:
    """Do `demosaic_rows` for the whole (H, W) `array`, tile by tile."""
    for start in range(0, array[0], TILE_ROWS):
        demosaic_rows(codes, inverse, array[0], array[1], red_at, d, x, start, min(start + TILE_ROWS, array[0]))


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def demosaic_parallel(
    codes: NDArray[np.uint16],
    inverse: NDArray[np.uint32],
    array: tuple[int, int],
    red_at: tuple[int, int],
    d: Development,
    x: NDArray[np.float32],
) -> None:
    """Do `demosaic_rows` for the whole (H, W) `array`, the tiles shared among all threads."""
    for part in prange((array[0] + TILE_ROWS - 1) // TILE_ROWS):
        start = part * TILE_ROWS
        demosaic_rows(codes, inverse, array[0], array[1], red_at, d, x, start, min(start + TILE_ROWS, array[0]))
