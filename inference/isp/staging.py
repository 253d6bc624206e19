"""Staging: pixels are made row by row from the private raster, and put where the last step finds them close together.

A staged pixel is one 64-bit word, its three 16-bit samples from the low end: red, green, blue; a grey one has one.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from inference.isp.demosaic import BORDER, bilinear_line, continue_line, malvar_line
from inference.isp.parts import PARTS

BILINEAR, MALVAR, GREY, COLOUR = range(4)
"""What makes pixels of a raster: one of two demosaics, or nothing, for one or three samples at a photosite."""


@njit(cache=True, nogil=True, error_model="numpy")
def fill_window(raster: NDArray[np.uint16], width: int, row: int, window: NDArray[np.uint16], whole: bool) -> None:
    """Have `window` (5, W + 2 BORDER) hold the rows around `row`, row r in line r mod 5; only the newest one unless `whole`."""
    for other in range(row - BORDER if whole else row + BORDER, row + BORDER + 1):
        continue_line(raster, width, other, window[other % 5])


@njit(cache=True, nogil=True, error_model="numpy")
def pixel_line(
    raster: NDArray[np.uint16],
    width: int,
    row: int,
    maker: int,
    red_at: tuple[int, int],
    window: NDArray[np.uint16],
    red: NDArray[np.uint16],
    green: NDArray[np.uint16],
    blue: NDArray[np.uint16],
) -> None:
    """Make the pixels of one row of `raster` (H * W * C,): samples into `red`, `green`, `blue` (W,).

    `red_at` is red's place in a 2 x 2 tile and `window` as `fill_window` has it, where the `maker` is a demosaic.
    """
    if maker == GREY:
        for j in range(width):
            red[j] = raster[row * width + j]
    elif maker == COLOUR:
        for j in range(width):
            place = (row * width + j) * 3
            red[j], green[j], blue[j] = raster[place], raster[place + 1], raster[place + 2]
    else:
        along_red = (row & 1) == red_at[0]
        colour_at = red_at[1] if along_red else 1 - red_at[1]
        colour, other = (red, blue) if along_red else (blue, red)
        above, here, below = window[(row - 1) % 5], window[row % 5], window[(row + 1) % 5]
        if maker == BILINEAR:
            bilinear_line(above, here, below, colour_at, colour, green, other)
        else:
            far_above, far_below = window[(row - 2) % 5], window[(row + 2) % 5]
            malvar_line(far_above, above, here, below, far_below, colour_at, colour, green, other)


@njit(cache=True, nogil=True)
def pack(red: NDArray[np.uint16], green: NDArray[np.uint16], blue: NDArray[np.uint16], line: NDArray[np.uint64]) -> None:
    """Pack samples of three colours (n,) into the words of `line` (n,)."""
    for j in range(line.size):
        line[j] = np.uint64(red[j]) | np.uint64(green[j]) << np.uint64(16) | np.uint64(blue[j]) << np.uint64(32)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def stage_in_steps(
    raster: NDArray[np.uint16],
    width: int,
    maker: int,
    red_at: tuple[int, int],
    bucket: NDArray[np.uint8],
    first: NDArray[np.uint32],
    pixels: NDArray[np.uint64],
    positions: NDArray[np.uint32],
) -> None:
    """Stage all pixels bucket by bucket of an order in two steps (adc.shuffle): `pixels` and their `positions` (H * W,)."""
    chunks = first.shape[0]
    for chunk in prange(chunks):
        place = first[chunk].copy()
        begin, end = bucket.size * chunk // chunks, bucket.size * (chunk + 1) // chunks
        window = np.empty((5, width + 2 * BORDER), np.uint16)
        red, green, blue = np.zeros(width, np.uint16), np.zeros(width, np.uint16), np.zeros(width, np.uint16)
        line = np.empty(width, np.uint64)
        for row in range(begin // width, (end + width - 1) // width):
            if maker <= MALVAR:
                fill_window(raster, width, row, window, row == begin // width)
            pixel_line(raster, width, row, maker, red_at, window, red, green, blue)
            pack(red, green, blue, line)
            low, high = max(begin, row * width), min(end, (row + 1) * width)
            own_bucket = bucket[row * width : (row + 1) * width]
            for column in range(np.uint64(low - row * width), np.uint64(high - row * width)):
                chosen = own_bucket[column]
                at = place[chosen]
                place[chosen] = at + np.uint32(1)
                pixels[at] = line[column]
                positions[at] = np.uint32(row * width) + np.uint32(column)


@njit(cache=True, nogil=True, error_model="numpy")
def stage_rows(
    raster: NDArray[np.uint16],
    width: int,
    crop: tuple[int, int, int, int],
    maker: int,
    red_at: tuple[int, int],
    pixels: NDArray[np.uint64],
    start: int,
    stop: int,
) -> None:
    """Stage the pixels of a `crop` (top, left, h, w) row by row into `pixels` (h * w,), rows `start` to `stop` of it."""
    top, left, _, columns = crop
    window = np.empty((5, width + 2 * BORDER), np.uint16)
    red, green, blue = np.zeros(width, np.uint16), np.zeros(width, np.uint16), np.zeros(width, np.uint16)
    for row in range(start, stop):
        if maker <= MALVAR:
            fill_window(raster, width, top + row, window, row == start)
        pixel_line(raster, width, top + row, maker, red_at, window, red, green, blue)
        right = left + columns
        pack(red[left:right], green[left:right], blue[left:right], pixels[row * columns : (row + 1) * columns])


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def stage_rows_parallel(
    raster: NDArray[np.uint16],
    width: int,
    crop: tuple[int, int, int, int],
    maker: int,
    red_at: tuple[int, int],
    pixels: NDArray[np.uint64],
) -> None:
    """Do `stage_rows` for the whole crop on all threads."""
    for part in prange(PARTS):
        stage_rows(raster, width, crop, maker, red_at, pixels, crop[2] * part // PARTS, crop[2] * (part + 1) // PARTS)
