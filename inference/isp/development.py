"""From a pixel's colour samples to the pixel: black level, white balance, gain, colour matrix, tone curve."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from inference.isp.settings import IspSettings, Row
from inference.isp.tone import CURVE_SEGMENTS, tone_curve

SAMPLE_BITS = 16
"""Inside the processor every sample has 16 bits: a code of fewer bits is moved up, and a correction keeps a part of a DN."""


class Development(NamedTuple):
    """The settings as the kernels take them, all float32.

    `black` and `white` are the 16-bit samples' zero and span; `factors` (3,) are white balance times gain; `matrix` is
    (3, 3); `curve` and `slope` (CURVE_SEGMENTS + 1,) are the tone curve's nodes and the rises behind them, the last one 0,
    both empty where the picture stays linear.
    """

    black: np.float32
    white: np.float32
    factors: NDArray[np.float32]
    matrix: NDArray[np.float32]
    curve: NDArray[np.float32]
    slope: NDArray[np.float32]


def development(settings: IspSettings, white_balance: Row, black_level_dn: float, bits: int) -> Development:
    """Return the kernels' form of `settings` with its white balance found, for codes of `bits` bits over `black_level_dn`."""
    unit = 2 ** (SAMPLE_BITS - bits)
    curve = tone_curve(settings)
    return Development(
        black=np.float32(black_level_dn * unit),
        white=np.float32((2**bits - 1 - black_level_dn) * unit),
        factors=np.array(white_balance, np.float32) * np.float32(settings.gain),
        matrix=np.array(settings.colour_matrix, np.float32),
        curve=curve,
        slope=np.append(np.diff(curve), np.float32(0)) if curve.size else curve,
    )


# The kernels keep to float32 and to one order of operations, and are compiled without fast maths: so the picture is the
# same bit for bit in any emission order, on any number of threads, and in NumPy. Each step is a loop of its own over a
# short line that stays in the first cache: arithmetic then runs eight pixels at a time, which the table look-up cannot.


@njit(cache=True, nogil=True, error_model="numpy")
def develop_grey(grey: NDArray[np.float32], d: Development, x: NDArray[np.float32]) -> None:
    """Develop mono samples (n,) into `x` (n,), 0 to 1; `grey` is overwritten."""
    light_of(grey, d.black, d.white, d.factors[0])
    for j in range(x.size):
        x[j] = grey[j]
    encode(x, d.curve, d.slope)


@njit(cache=True, nogil=True, error_model="numpy")
def develop_colour(
    red: NDArray[np.float32],
    green: NDArray[np.float32],
    blue: NDArray[np.float32],
    d: Development,
    x: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Develop samples of three colours (n,) into `x[:, start:stop]`, x (3, positions), 0 to 1; they are overwritten."""
    light_of(red, d.black, d.white, d.factors[0])
    light_of(green, d.black, d.white, d.factors[1])
    light_of(blue, d.black, d.white, d.factors[2])
    for c in range(3):
        of_red, of_green, of_blue = d.matrix[c, 0], d.matrix[c, 1], d.matrix[c, 2]
        line = x[c, start:stop]
        for j in range(line.size):
            line[j] = of_red * red[j] + of_green * green[j] + of_blue * blue[j]
        encode(line, d.curve, d.slope)


@njit(cache=True, nogil=True, error_model="numpy")
def light_of(line: NDArray[np.float32], black: np.float32, white: np.float32, factor: np.float32) -> None:
    """Turn 16-bit samples into linear light, white being 1."""
    for j in range(line.size):
        line[j] = (line[j] - black) / white * factor


@njit(cache=True, nogil=True, error_model="numpy")
def encode(line: NDArray[np.float32], curve: NDArray[np.float32], slope: NDArray[np.float32]) -> None:
    """Clip linear light to 0..1 and encode it by the curve, in place."""
    if curve.size == 0:
        for j in range(line.size):
            line[j] = min(max(line[j], np.float32(0)), np.float32(1))
        return
    for j in range(line.size):
        line[j] = min(max(line[j], np.float32(0)), np.float32(1)) * np.float32(CURVE_SEGMENTS)
    for j in range(line.size):
        whole = np.int32(line[j])
        node = np.uint32(whole)
        line[j] = curve[node] + (line[j] - np.float32(whole)) * slope[node]
