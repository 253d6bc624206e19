"""Binning: a pixel is the mean of a block of photosites, for each colour."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from inference.isp.development import Development, develop_colour, develop_grey
from inference.isp.parts import PARTS

# Samples are summed as integers: a mean then does not depend on the order of its terms.


@njit(cache=True, nogil=True, error_model="numpy")
def bin_rows(
    raster: NDArray[np.uint16],
    width: int,
    crop: tuple[int, int, int, int],
    output: tuple[int, int],
    tile: int,
    red_at: tuple[int, int],
    d: Development,
    picture: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Bin and develop a `crop` (top, left, H, W) of `raster`'s 16-bit samples into `picture` (3 or 1, h * w), some rows of it.

    `tile` is 2 for a Bayer raster, whose red is at `red_at` in each 2 x 2 tile of the crop, and else 1.
    """
    top, left, _, columns = crop
    down, across = crop[2] // output[0], columns // output[1]
    channels = picture.shape[0] if tile == 1 else 1
    sums = np.empty((3, columns), np.int64)
    lines = np.empty((3, output[1]), np.float32)
    sites = np.float32(down * across) / np.float32(tile * tile)
    for row in range(start, stop):
        sums[:] = 0
        for i in range(down):
            begin = ((top + row * down + i) * width + left) * channels
            line = raster[begin : begin + columns * channels]
            if tile == 1:
                for c in range(channels):
                    own = sums[c]
                    for j in range(columns):
                        own[j] += np.int64(line[j * channels + c])
            else:
                own = sums[i & 1]
                for j in range(columns):
                    own[j] += np.int64(line[j])
        if tile == 1:
            for c in range(channels):
                for column in range(output[1]):
                    lines[c, column] = np.float32(sums[c, column * across : (column + 1) * across].sum()) / sites
        else:
            with_red, with_blue = sums[red_at[0]], sums[1 - red_at[0]]
            for column in range(output[1]):
                red = green = blue = np.int64(0)
                for j in range(column * across, (column + 1) * across, 2):
                    red += with_red[j + red_at[1]]
                    green += with_red[j + 1 - red_at[1]] + with_blue[j + red_at[1]]
                    blue += with_blue[j + 1 - red_at[1]]
                lines[0, column] = np.float32(red) / sites
                lines[1, column] = np.float32(green) / (sites * np.float32(2))
                lines[2, column] = np.float32(blue) / sites
        begin, end = row * output[1], (row + 1) * output[1]
        if picture.shape[0] == 1:
            develop_grey(lines[0], d, picture[0, begin:end])
        else:
            develop_colour(lines[0], lines[1], lines[2], d, picture, begin, end)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def bin_rows_parallel(
    raster: NDArray[np.uint16],
    width: int,
    crop: tuple[int, int, int, int],
    output: tuple[int, int],
    tile: int,
    red_at: tuple[int, int],
    d: Development,
    picture: NDArray[np.float32],
) -> None:
    """Do `bin_rows` for all rows on all threads."""
    for part in prange(PARTS):
        start, stop = output[0] * part // PARTS, output[0] * (part + 1) // PARTS
        bin_rows(raster, width, crop, output, tile, red_at, d, picture, start, stop)


@njit(cache=True, nogil=True)
def put_in_order(picture: NDArray[np.float32], order: NDArray[np.uint32], x: NDArray[np.float32]) -> None:
    """Take the pixels of `picture` (C, n) in `order` (n,) into `x` (C, n)."""
    for c in range(picture.shape[0]):
        own, line = picture[c], x[c]
        for q in range(np.uint64(order.size)):
            line[q] = own[order[q]]
