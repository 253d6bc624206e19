"""Source-follower noise: the transistor that drives the column out of a photosite adds white noise to every sample."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensor_sim.refuse import refuse_outside
from sensor_sim.streams import FrameStream


@dataclass(frozen=True)
class SourceFollower:
    """White noise of the in-pixel amplifier.

    Attributes
    ----------
    noise_v
        standard deviation in one sample, 0 to 1 V. 0 switches the effect off.
    """

    noise_v: float = 0.0

    def __post_init__(self) -> None:
        refuse_outside("noise_v", self.noise_v, 0, 1)

    def sampled_noise_v(self, cds: bool) -> float:
        """Standard deviation in a signal, V: correlated double sampling takes the difference of two samples."""
        return self.noise_v * math.sqrt(2) if cds else self.noise_v


def apply_source_follower(signal_v: NDArray[np.float32], noise_v: float, random: FrameStream) -> NDArray[np.float32]:
    """Signals (rows, samples) in V with Gaussian noise of standard deviation `noise_v`; 0 changes nothing."""
    return signal_v + random.normals(signal_v.shape) * np.float32(noise_v) if noise_v else signal_v
