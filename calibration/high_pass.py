"""The high-pass that keeps uneven light out of PRNU and DSNU."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

_KERNEL: NDArray[np.float64] = np.convolve(np.convolve(np.ones(7) / 7, np.ones(11) / 11), np.array([1, 2, 1]) / 4)
REACH = _KERNEL.size // 2
"""How far it sees, photosites."""
LEAST_SIDE = 2 * REACH + 1


def high_passed(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """An image (H, W), each side `LEAST_SIDE` or more, less its smooth part; beyond its edges it is mirrored.

    The smooth part is a 7x7 box, an 11x11 box and a 3x3 binomial one after another. Source: EMVA 1288 R4 Linear, section 8.
    Raises ValueError for a smaller image.
    """
    if min(image.shape) < LEAST_SIDE:
        raise ValueError(f"image = {image.shape[0]} x {image.shape[1]}: allowed is {LEAST_SIDE} or more photosites a side")
    smooth = correlate1d(correlate1d(image, _KERNEL, axis=0, mode="reflect"), _KERNEL, axis=1, mode="reflect")
    passed: NDArray[np.float64] = image - smooth
    return passed


def passed_shares() -> tuple[float, float]:
    """Which share of a variance it lets through: of what is white along one axis and constant along the other, and of white.

    1 - 2 h0 + sum h^2 for a kernel h with the middle h0. The variances are divided by it, so that white noise keeps its own.
    """
    middle, squares = float(_KERNEL[REACH]), float((_KERNEL**2).sum())
    return 1 - 2 * middle + squares, 1 - 2 * middle**2 + squares**2
