"""Read noise: the noise of the rest of the read-out, behind the photosite, stated as the electrons that would make it."""

import numpy as np
from numpy.typing import NDArray

from sensor_sim.streams import FrameStream


def apply_read_noise(signal_v: NDArray[np.float32], noise_v: float, random: FrameStream) -> NDArray[np.float32]:
    """Signals (rows, samples) in V with Gaussian noise of standard deviation `noise_v`; 0 changes nothing.

    `noise_v` is `read_noise_e` times the conversion gain. After the full well, and not limited to 0: volts have no well.
    """
    return signal_v + random.normals(signal_v.shape) * np.float32(noise_v) if noise_v else signal_v
