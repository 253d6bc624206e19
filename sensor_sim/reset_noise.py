"""Reset noise: the sense node is left with a random charge each time it is reset, which correlated double sampling removes."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensor_sim.refuse import refuse_outside
from sensor_sim.streams import FrameStream

BOLTZMANN_J_PER_K = 1.380649e-23


@dataclass(frozen=True)
class ResetNoise:
    """The reset of the sense node and whether its level is subtracted.

    Attributes
    ----------
    capacitance_f
        capacitance of the sense node, 0 to 1e-9 F. 0 switches the noise off.
    cds
        correlated double sampling: the level after reset is sampled too and subtracted. The reset noise and the pixel's offset
        cancel; the white noise of the source follower, sampled twice, has twice its variance.
    """

    capacitance_f: float = 0.0
    cds: bool = True

    def __post_init__(self) -> None:
        refuse_outside("capacitance_f", self.capacitance_f, 0, 1e-9)

    def noise_v(self, temperature_k: float) -> float:
        """Standard deviation that is left in a sample, V: sqrt(kT/C), and 0 with double sampling.

        Source: thermal noise of a capacitor; J. R. Janesick, Photon Transfer, SPIE Press 2007, chapter 11.
        """
        if self.cds or not self.capacitance_f:
            return 0.0
        return math.sqrt(BOLTZMANN_J_PER_K * temperature_k / self.capacitance_f)


def apply_reset_noise(signal_v: NDArray[np.float32], noise_v: float, random: FrameStream) -> NDArray[np.float32]:
    """Signals (rows, samples) in V with Gaussian noise of standard deviation `noise_v`; 0 changes nothing."""
    return signal_v + random.normals(signal_v.shape) * np.float32(noise_v) if noise_v else signal_v
