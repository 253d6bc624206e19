"""From the mean code of a pixel's photosites to the pixel: black level, white balance, gain, colour matrix, tone curve."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from inference.isp.settings import Gamma, IspSettings

CURVE_SEGMENTS = 4096
"""Straight pieces of the tone curve: at most 2e-5 from sRGB, a 200th of an 8-bit step, and 16 KiB fit a core's first cache."""


class Development(NamedTuple):
    """The settings as the kernels take them, all float32.

    `black_level_dn` and `white_dn` are the codes' zero and span in DN; `factors` (3,) are white balance times gain;
    `matrix` is (3, 3); `curve` (CURVE_SEGMENTS + 1,) is the tone curve, empty where the picture stays linear.
    """

    black_level_dn: np.float32
    white_dn: np.float32
    factors: NDArray[np.float32]
    matrix: NDArray[np.float32]
    curve: NDArray[np.float32]


@lru_cache(maxsize=64)
def development(settings: IspSettings, black_level_dn: float, bits: int) -> Development:
    """Return the kernels' form of `settings` for codes of `bits` bits over `black_level_dn` (DN)."""
    return Development(
        black_level_dn=np.float32(black_level_dn),
        white_dn=np.float32(2**bits - 1 - black_level_dn),
        factors=np.array(settings.white_balance, np.float32) * np.float32(settings.gain),
        matrix=np.array(settings.colour_matrix, np.float32),
        curve=tone_curve(settings.gamma),
    )


@lru_cache(maxsize=2)
def tone_curve(gamma: Gamma) -> NDArray[np.float32]:
    """Return the curve's nodes over 0 to 1, float32 (CURVE_SEGMENTS + 1,), or none for "linear" (IEC 61966-2-1, 5.2)."""
    if gamma == "linear":
        return np.empty(0, np.float32)
    light = np.linspace(0, 1, CURVE_SEGMENTS + 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


# The kernels keep to float32 and to one order of operations, and are compiled without fast maths: so the picture is the
# same bit for bit in any emission order, on any number of threads, and in NumPy.
@njit(cache=True, nogil=True, error_model="numpy")
def tone(light: np.float32, curve: NDArray[np.float32]) -> np.float32:
    """Clip linear light to 0..1 and encode it by the curve."""
    clipped = light if light > np.float32(0) else np.float32(0)
    clipped = clipped if clipped < np.float32(1) else np.float32(1)
    if curve.size == 0:
        return clipped
    place = clipped * np.float32(CURVE_SEGMENTS)
    node = np.int64(place)
    if node == CURVE_SEGMENTS:  # white is the end of the last segment
        node -= np.int64(1)
    return curve[node] + (place - np.float32(node)) * (curve[node + 1] - curve[node])


@njit(cache=True, nogil=True, error_model="numpy")
def develop_grey(code_dn: np.float32, d: Development) -> np.float32:
    """Develop a mono pixel from its mean code (DN)."""
    return tone((code_dn - d.black_level_dn) / d.white_dn * d.factors[0], d.curve)


@njit(cache=True, nogil=True, error_model="numpy")
def develop_colour(
    red_dn: np.float32, green_dn: np.float32, blue_dn: np.float32, d: Development, x: NDArray[np.float32], q: int | np.int64
) -> None:
    """Develop a colour pixel from its mean codes (DN) into `x[:, q]`, x being (3, positions)."""
    red = (red_dn - d.black_level_dn) / d.white_dn * d.factors[0]
    green = (green_dn - d.black_level_dn) / d.white_dn * d.factors[1]
    blue = (blue_dn - d.black_level_dn) / d.white_dn * d.factors[2]
    for c in range(3):
        light = d.matrix[c, 0] * red + d.matrix[c, 1] * green + d.matrix[c, 2] * blue
        x[c, q] = tone(light, d.curve)
