"""A raster ISP of OpenCV calls, as a plain camera's host would write it: the second one that the keyed ISP is measured against.

It rounds in other places than `inference.isp` and mirrors edges in another way, so it is near to it and not equal.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from adc import Geometry
from inference.isp import Corrections, IspSettings
from inference.isp.colours import red_at
from inference.isp.tone import tone_curve

# OpenCV names a phase by the second row's second and third photosite, so that its "BG" is an array that begins with red.
_BILINEAR = {
    (0, 0): cv2.COLOR_BayerBG2RGB,
    (0, 1): cv2.COLOR_BayerGB2RGB,
    (1, 0): cv2.COLOR_BayerGR2RGB,
    (1, 1): cv2.COLOR_BayerRG2RGB,
}


def opencv_isp(
    codes: NDArray[np.uint16], geometry: Geometry, black_level_dn: float, settings: IspSettings, corrections: Corrections | None
) -> NDArray[np.float32]:
    """Develop a plain Bayer raster, uint16 (H, W) in DN, to float32 (3, h, w), 0 to 1; bilinear or binned.

    Raises ValueError for the Malvar demosaic, which OpenCV does not have.
    """
    if settings.demosaic != "bilinear":
        raise ValueError(f"demosaic = {settings.demosaic!r}: allowed is 'bilinear'")
    up: int = 2 ** (16 - geometry.bits)
    black, white = black_level_dn * up, (2**geometry.bits - 1 - black_level_dn) * up
    samples = codes * np.uint16(up)
    if corrections is not None:
        samples = _corrected(samples, black, corrections)
    red = red_at(geometry)
    if settings.output is None:
        colours = cv2.cvtColor(samples, _BILINEAR[red])
    else:
        size = settings.output[::-1]
        i, j = red
        greens = cv2.addWeighted(samples[i::2, 1 - j :: 2], 0.5, samples[1 - i :: 2, j::2], 0.5, 0)
        planes = (samples[i::2, j::2], greens, samples[1 - i :: 2, 1 - j :: 2])
        colours = cv2.merge([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])
    if settings.white_balance == "grey-world":
        means = np.array(cv2.mean(colours)[:3]) - black
        balance = means[1] / means
    else:
        balance = np.array(settings.white_balance)
    # Black level, scale, balance and colour matrix in one affine transform of the samples.
    matrix = np.array(settings.colour_matrix) * (balance * settings.gain / white)
    light = cv2.transform(colours.astype(np.float32), np.column_stack([matrix, -black * matrix.sum(axis=1)]))
    np.clip(light, 0, 1, out=light)
    if tone_curve(settings).size:
        light = _fine_curve(settings)[(light * np.float32(65535)).astype(np.uint16)]
    return np.stack(cv2.split(light))


def _corrected(samples: NDArray[np.uint16], black: float, corrections: Corrections) -> NDArray[np.uint16]:
    light = samples.astype(np.float32) - np.float32(black)
    if corrections.sample_offset is not None:
        light -= corrections.sample_offset.reshape(samples.shape)
    if corrections.sample_gain is not None:
        light *= corrections.sample_gain.reshape(samples.shape)
    light += np.float32(black + 0.5)
    fixed = np.clip(light, 0, 65535, out=light).astype(np.uint16)
    if corrections.replacements is not None:
        defects, begins, neighbours = corrections.replacements
        flat = fixed.reshape(-1)
        flat[defects] = np.add.reduceat(flat[neighbours].astype(np.int64), begins[:-1]) // np.diff(begins)
    return fixed


@lru_cache(maxsize=2)
def _fine_curve(settings: IspSettings) -> NDArray[np.float32]:
    curve = tone_curve(settings)
    places = np.linspace(0, curve.size - 1, 65536)
    return np.interp(places, np.arange(curve.size), curve).astype(np.float32)
