"""Photo-response non-uniformity: every photosite has its own gain, fixed when the die is made."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensor_sim.refuse import refuse_outside


@dataclass(frozen=True)
class Prnu:
    """Spread of photosite gains (EMVA 1288 Release 4.0 Linear, section 8).

    Attributes
    ----------
    spread_percent
        standard deviation of the gain over the array, in % of its mean, 0 to 30. 0 switches the effect off.
    """

    spread_percent: float = 0.0

    def __post_init__(self) -> None:
        refuse_outside("spread_percent", self.spread_percent, 0, 30)

    def gain_map(self, die: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Draw the die's gain map, float32 of `shape`, mean 1, dimensionless. Call once for a device."""
        gain = die.standard_normal(shape, dtype=np.float32)
        gain *= np.float32(self.spread_percent / 100)
        gain += np.float32(1)
        return np.maximum(gain, 0, out=gain)  # a photosite cannot create negative charge


def apply_prnu(electrons: NDArray[np.float32], gain_map: NDArray[np.float32]) -> NDArray[np.float32]:
    """Expected photo-electrons (rows, samples) in e-, each scaled by its gain (rows, samples). Before shot noise: a photosite
    counts what it collects."""
    return electrons * gain_map
