"""The black-level clamp: rows that no light reaches say where black is, and the converter's zero follows them."""

import numpy as np
from numpy.typing import NDArray


def clamp_shift_dn(optical_black: NDArray[np.uint16], black_level_dn: float) -> float:
    """What is added to the level of every sample, before it is rounded, so that black lies at its nominal code, DN.

    `optical_black` holds the codes of the optical-black rows, uint16 (rows, W, C), DN, converted like all others but without
    the clamp. The shift is the nominal level less their mean. Taken off the rounded codes instead, its fraction would be lost,
    up to half a DN; as a level it is not. The mean sees a dark level between two codes because noise and column offsets spread
    the codes; it sees none below code 0, so the black level must leave room for the noise.
    """
    return black_level_dn - float(optical_black.mean(dtype=np.float64))
