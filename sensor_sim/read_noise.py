"""Read noise: the voltage noise of a photosite's read-out, stated as the electrons that would make it."""

import numpy as np
from numpy.typing import NDArray


def apply_read_noise(electrons: NDArray[np.float32], read_noise_e: float, random: np.random.Generator) -> NDArray[np.float32]:
    """Electrons (any shape, e-) with Gaussian noise of standard deviation `read_noise_e`; 0 switches the effect off.

    After the full well, and not limited to 0: this noise is made in volts, where there is no well.
    """
    if read_noise_e == 0:
        return electrons
    noise = random.standard_normal(electrons.shape, dtype=np.float32)
    noise *= np.float32(read_noise_e)
    noise += electrons
    return noise
