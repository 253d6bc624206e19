"""The curve from linear light to the encoded picture: gamma, contrast and the user's own points in one table."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from inference.isp.settings import IspSettings

CURVE_SEGMENTS = 4096
"""Straight pieces of the curve: at most 2e-5 from sRGB, a 200th of an 8-bit step; two tables of them fit a core's first cache."""


@lru_cache(maxsize=64)
def tone_curve(settings: IspSettings) -> NDArray[np.float32]:
    """Return the curve's nodes over linear light 0 to 1, float32 (CURVE_SEGMENTS + 1,), or none where it is straight.

    In this order: sRGB (IEC 61966-2-1, 5.2) or nothing; contrast c as v^c / (v^c + (1 - v)^c), whose slope at mid-grey is
    c; the points, straight between them.
    """
    if settings.gamma == "linear" and settings.contrast == 1 and not settings.tone_points:
        return np.empty(0, np.float32)
    value = np.linspace(0, 1, CURVE_SEGMENTS + 1)
    if settings.gamma == "srgb":
        value = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    if settings.contrast != 1:
        rising, falling = value**settings.contrast, (1 - value) ** settings.contrast
        value = rising / (rising + falling)
    if settings.tone_points:
        value = np.interp(value, *np.transpose(settings.tone_points))
    return value.astype(np.float32)
