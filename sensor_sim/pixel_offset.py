"""Pixel offset: the thresholds of the in-pixel transistors differ, a fixed pattern that correlated double sampling removes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensor_sim.refuse import refuse_outside


@dataclass(frozen=True)
class PixelOffset:
    """Spread of the photosites' offsets.

    Attributes
    ----------
    spread_v
        standard deviation over the array of what correlated double sampling removes, 0 to 1 V.
    residue_v
        standard deviation of what it leaves, 0 to 1 V: injected charge, leakage between the two samples. 0 and 0 switch the
        effect off.
    """

    spread_v: float = 0.0
    residue_v: float = 0.0

    def __post_init__(self) -> None:
        refuse_outside("spread_v", self.spread_v, 0, 1)
        refuse_outside("residue_v", self.residue_v, 0, 1)

    def offset_map(
        self, cds: bool, threshold: np.random.Generator, residue: np.random.Generator, shape: tuple[int, int]
    ) -> NDArray[np.float32]:
        """Draw the die's offsets, float32 of `shape` in V, as they appear with or without double sampling. Once for a device."""
        offset_v = np.float32(self.residue_v) * residue.standard_normal(shape, dtype=np.float32)
        if not cds:
            offset_v += np.float32(self.spread_v) * threshold.standard_normal(shape, dtype=np.float32)
        return offset_v


def apply_pixel_offset(signal_v: NDArray[np.float32], offset_map_v: NDArray[np.float32]) -> NDArray[np.float32]:
    """Signals (rows, samples) in V, each moved by its photosite's offset (rows, samples) in V."""
    return signal_v + offset_map_v
