"""Shot noise: electrons are counted one by one, so their number is Poisson-distributed about its expectation."""

import numpy as np
from numpy.typing import NDArray

EXACT_BELOW_E = 64.0
"""Expectations below this are drawn from the Poisson distribution itself, in e-."""


def apply_shot_noise(expected_e: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Whole electrons collected, float32 in e-, where `expected_e` (any shape, 0 or more) are expected.

    Below `EXACT_BELOW_E` the draw is exactly Poisson. From there on it is the rounded second-order Cornish-Fisher expansion
    m + sqrt(m - 5/36) z + (z^2 - 1)/6 of a standard normal z, which keeps the mean m, and the variance m together with the
    1/12 of rounding; its distribution is within 1.4e-4 of Poisson's at every count, and closer the more electrons there are.

    Source: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 26.2.49, with a skewness of 1/sqrt(m).
    """
    electrons = rounded_expansion(np.maximum(expected_e, EXACT_BELOW_E), random)
    low = expected_e < EXACT_BELOW_E
    if low.any():
        electrons[low] = random.poisson(expected_e[low])
    return electrons


def rounded_expansion(expected_e: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Whole electrons, float32 in e-, by the expansion that `apply_shot_noise` states; `expected_e` at least 1 e-."""
    normal = random.standard_normal(expected_e.shape, dtype=np.float32)
    spread = np.sqrt(expected_e - np.float32(5 / 36))
    electrons = expected_e + normal * (spread + normal / np.float32(6)) + np.float32(0.5 - 1 / 6)
    return np.floor(electrons, out=electrons)
