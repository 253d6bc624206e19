"""Binning: a pixel is the mean of a block of photosites, for each colour, gathered straight from the keyed samples."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from inference.isp.development import Development, develop_colour, develop_grey
from inference.isp.parts import PARTS

# Codes are summed as integers: a mean then does not depend on the order of its terms.


@njit(cache=True, nogil=True, error_model="numpy")
def bin_blocks(
    codes: NDArray[np.uint16],
    inverse: NDArray[np.uint32],
    order: NDArray[np.uint32],
    array: tuple[int, int],
    output: tuple[int, int],
    d: Development,
    x: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Bin mono or three-channel `codes` (positions, C) in DN into `x` (C, h * w), from output cell `start` to `stop`.

    `inverse` (positions,) says where each photosite of the (H, W) `array` was emitted; `order` (h * w,) is the output's.
    """
    rows, columns = array[0] // output[0], array[1] // output[1]
    sites = np.float32(rows * columns)
    colour = codes.shape[1] == 3
    for q in range(start, stop):
        row, column = order[q] // output[1] * rows, order[q] % output[1] * columns
        first = second = third = np.int64(0)
        for i in range(row, row + rows):
            for site in range(i * array[1] + column, i * array[1] + column + columns):
                e = inverse[site]
                first += np.int64(codes[e, 0])
                if colour:
                    second += np.int64(codes[e, 1])
                    third += np.int64(codes[e, 2])
        if colour:
            develop_colour(np.float32(first) / sites, np.float32(second) / sites, np.float32(third) / sites, d, x, q)
        else:
            x[0, q] = develop_grey(np.float32(first) / sites, d)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def bin_blocks_parallel(
    codes: NDArray[np.uint16],
    inverse: NDArray[np.uint32],
    order: NDArray[np.uint32],
    array: tuple[int, int],
    output: tuple[int, int],
    d: Development,
    x: NDArray[np.float32],
) -> None:
    """Do `bin_blocks` for all output cells on all threads."""
    for part in prange(PARTS):
        start, stop = order.size * part // PARTS, order.size * (part + 1) // PARTS
        bin_blocks(codes, inverse, order, array, output, d, x, start, stop)


@njit(cache=True, nogil=True, error_model="numpy")
def bin_bayer(
    codes: NDArray[np.uint16],
    inverse: NDArray[np.uint32],
    order: NDArray[np.uint32],
    array: tuple[int, int],
    output: tuple[int, int],
    red_at: tuple[int, int],
    d: Development,
    x: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Bin Bayer `codes` (positions, 1) in DN into `x` (3, h * w), as `bin_blocks`.

    `red_at` is red's (row, column) in a 2 x 2 tile.
    """
    rows, columns = array[0] // output[0], array[1] // output[1]
    width = array[1]
    red_row, red_column = red_at
    quarter, half = np.float32(rows * columns // 4), np.float32(rows * columns // 2)
    for q in range(start, stop):
        row, column = order[q] // output[1] * rows, order[q] % output[1] * columns
        red = green = blue = np.int64(0)
        for i in range(row, row + rows, 2):
            with_red, with_blue = (i + red_row) * width, (i + 1 - red_row) * width
            for j in range(column, column + columns, 2):
                under_red, under_blue = j + red_column, j + 1 - red_column
                red += np.int64(codes[inverse[with_red + under_red], 0])
                green += np.int64(codes[inverse[with_red + under_blue], 0])
                green += np.int64(codes[inverse[with_blue + under_red], 0])
                blue += np.int64(codes[inverse[with_blue + under_blue], 0])
        develop_colour(np.float32(red) / quarter, np.float32(green) / half, np.float32(blue) / quarter, d, x, q)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def bin_bayer_parallel(
    codes: NDArray[np.uint16],
    inverse: NDArray[np.uint32],
    order: NDArray[np.uint32],
    array: tuple[int, int],
    output: tuple[int, int],
    red_at: tuple[int, int],
    d: Development,
    x: NDArray[np.float32],
) -> None:
    """Do `bin_bayer` for all output cells on all threads."""
    for part in prange(PARTS):
        start, stop = order.size * part // PARTS, order.size * (part + 1) // PARTS
        bin_bayer(codes, inverse, order, array, output, red_at, d, x, start, stop)
