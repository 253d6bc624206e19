"""Full-well capacity: a photosite holds so many electrons and no more."""

import numpy as np
from numpy.typing import NDArray


def apply_full_well(electrons: NDArray[np.float32], full_well_e: float) -> NDArray[np.float32]:
    """Electrons held (any shape, e-) of electrons collected. After shot noise: a full photosite has none."""
    return np.minimum(electrons, np.float32(full_well_e))
