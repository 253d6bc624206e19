"""Vignetting: light that reaches the array at an angle spreads over more of it and sees a narrower aperture."""

import math

import numpy as np
from numpy.typing import NDArray


def vignetting_map(shape: tuple[int, int], corner_angle_deg: float) -> NDArray[np.float32]:
    """Relative illumination of an array of `shape` = (H, W): float32 (H, W), cos^4 of the angle, 1 in the middle.

    The angle's tangent grows in proportion to the distance from the middle and is `corner_angle_deg` in the corner's corner.
    Source: the natural vignetting of a thin lens; R. Kingslake, Optics in Photography, SPIE Press 1992, chapter 5.
    """
    height, width = shape
    slope = math.tan(math.radians(corner_angle_deg)) / (math.hypot(height, width) / 2)
    down = (slope * (np.arange(height) + 0.5 - height / 2)) ** 2
    across = (slope * (np.arange(width) + 0.5 - width / 2)) ** 2
    return ((1 + down[:, None] + across[None, :]) ** -2.0).astype(np.float32)


def apply_vignetting(electrons: NDArray[np.float32], illumination: NDArray[np.float32]) -> NDArray[np.float32]:
    """Expected photo-electrons (H, W, C) in e- of those that even light would make; `illumination` is (H, W)."""
    return electrons * illumination[:, :, None]
