"""Quantum efficiency: the share of the photons of each colour that becomes electrons."""

import numpy as np
from numpy.typing import NDArray


def apply_quantum_efficiency(photons: NDArray[np.float32], quantum_efficiency: tuple[float, float, float]) -> NDArray[np.float32]:
    """Expected photo-electrons (H, W, 3) in e- of expected photons (H, W, 3), by the efficiency of red, green and blue.

    Source: EMVA 1288 Release 4.0 Linear, section 2: mu_e = QE mu_p.
    """
    # Line by line: over an innermost axis of three, NumPy takes several times as long.
    height, width, _ = photons.shape
    shares = np.tile(np.array(quantum_efficiency, np.float32), width)
    return (photons.reshape(height, 3 * width) * shares).reshape(photons.shape)
