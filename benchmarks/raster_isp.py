"""The raster ISP that the keyed one is measured against: Numba kernels on a plain Bayer frame, without any order.

It does every step of `inference.isp` with that one's arithmetic on lines of samples, and writes each row of the picture
straight to its place: equal to it bit for bit, and with nothing in it that a plain camera's host would not have to do.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from adc import Geometry
from inference.isp import Corrections, IspSettings
from inference.isp.balance import bayer_sums, grey_world
from inference.isp.binning import bin_rows
from inference.isp.colours import red_at
from inference.isp.defects import replace_defects
from inference.isp.demosaic import BORDER
from inference.isp.development import SAMPLE_BITS, Development, develop_colour, development
from inference.isp.restoring import correct
from inference.isp.staging import BILINEAR, MALVAR, fill_window, pixel_line
from inference.isp.workspace import private

_NO_MAP = np.empty(0, np.float32)


def raster_isp(
    codes: NDArray[np.uint16], geometry: Geometry, black_level_dn: float, settings: IspSettings, corrections: Corrections | None
) -> NDArray[np.float32]:
    """Develop a plain Bayer raster, uint16 (H, W) in DN, to float32 (3, h, w), 0 to 1, in raster layout."""
    height, width = codes.shape
    samples = private("plain", codes.size, np.uint16)
    offset = corrections.sample_offset if corrections is not None else None
    gain = corrections.sample_gain if corrections is not None else None
    maps = (_NO_MAP if offset is None else offset, _NO_MAP if gain is None else gain)
    up = SAMPLE_BITS - geometry.bits
    _corrected(codes, up, *maps, np.float32(black_level_dn * 2**up), samples)
    if corrections is not None and corrections.replacements is not None:
        replace_defects(samples, 1, *corrections.replacements)
    red, crop = red_at(geometry), (0, 0, height, width)
    balance = settings.white_balance
    if balance == "grey-world":
        balance = grey_world(*bayer_sums(samples, width, crop, red), black_level_dn * 2**up)
    d = development(settings, balance, black_level_dn, geometry.bits)
    output = settings.output or (height, width)
    x = np.empty((3, *output), np.float32)
    if output == (height, width):
        maker = BILINEAR if settings.demosaic == "bilinear" else MALVAR
        _demosaiced(samples, height, width, maker, red, d, x.reshape(3, -1))
    else:
        _binned(samples, width, crop, output, red, d, x.reshape(3, -1))
    return x


@njit(cache=True, nogil=True, parallel=True)
def _corrected(
    codes: NDArray[np.uint16],
    up: int,
    offset: NDArray[np.float32],
    gain: NDArray[np.float32],
    black: np.float32,
    samples: NDArray[np.uint16],
) -> None:
    height, width = codes.shape
    for row in prange(height):
        line = samples[row * width : (row + 1) * width]
        for column in range(width):
            line[column] = np.uint16(codes[row, column] << up)
        correct(line, offset[row * width : (row + 1) * width], gain[row * width : (row + 1) * width], black)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _demosaiced(
    samples: NDArray[np.uint16],
    height: int,
    width: int,
    maker: int,
    red: tuple[int, int],
    d: Development,
    x: NDArray[np.float32],
) -> None:
    parts = 32
    for part in prange(parts):
        window = np.empty((5, width + 2 * BORDER), np.uint16)
        lines = np.empty((3, width), np.uint16)
        light = np.empty((3, width), np.float32)
        start, stop = height * part // parts, height * (part + 1) // parts
        for row in range(start, stop):
            fill_window(samples, width, row, window, row == start)
            pixel_line(samples, width, row, maker, red, window, lines[0], lines[1], lines[2])
            for c in range(3):
                own, source = light[c], lines[c]
                for column in range(own.size):
                    own[column] = np.float32(source[column])
            develop_colour(light[0], light[1], light[2], d, x, row * width, (row + 1) * width)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _binned(
    samples: NDArray[np.uint16],
    width: int,
    crop: tuple[int, int, int, int],
    output: tuple[int, int],
    red: tuple[int, int],
    d: Development,
    x: NDArray[np.float32],
) -> None:
    parts = 32
    for part in prange(parts):
        start, stop = output[0] * part // parts, output[0] * (part + 1) // parts
        bin_rows(samples, width, crop, output, 2, red, d, x, start, stop)
