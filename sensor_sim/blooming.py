"""Blooming: the charge that a full photosite cannot hold runs over into its neighbours in the column."""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from sensor_sim.refuse import refuse_outside

_BLOCK = 128


@dataclass(frozen=True)
class Blooming:
    """What becomes of the charge above the full well.

    Attributes
    ----------
    drained_percent
        share that the anti-blooming drain takes, 0 to 100; the rest runs half up and half down the column until it finds room
        or leaves the array. 100 switches the effect off.
    """

    drained_percent: float = 100.0

    def __post_init__(self) -> None:
        refuse_outside("drained_percent", self.drained_percent, 0, 100)

    @property
    def is_on(self) -> bool:
        """Whether any charge runs over."""
        return self.drained_percent < 100


def apply_blooming(electrons: NDArray[np.float32], full_well_e: float, blooming: Blooming) -> NDArray[np.float32]:
    """Electrons (rows, samples) in e- after the excess has run over: nowhere above `full_well_e`. After shot noise.

    Charge is conserved up to the drained share and to what leaves the first and last row. The downward half is placed first.
    """
    well, half = np.float32(full_well_e), _running_half(blooming)
    held = np.minimum(electrons, well)
    for order in (range(len(held)), range(len(held) - 1, -1, -1)):
        carried = np.zeros(held.shape[1], np.float32)
        for row in order:
            taken = np.minimum(well - held[row], carried)
            held[row] += taken
            carried += np.maximum(electrons[row] - well, np.float32(0)) * half - taken
    return held


def bloom(electrons: NDArray[np.float32], full_well_e: float, blooming: Blooming) -> None:
    """`apply_blooming` in place, on all cores."""
    _bloom(electrons, np.float32(full_well_e), _running_half(blooming))


def _running_half(blooming: Blooming) -> np.float32:
    return np.float32((1 - blooming.drained_percent / 100) / 2)


@njit(cache=True, nogil=True, parallel=True)
def _bloom(electrons, well, half):  # type: ignore[no-untyped-def]
    rows, samples = electrons.shape
    for block in prange((samples + _BLOCK - 1) // _BLOCK):
        begin, end = block * _BLOCK, min((block + 1) * _BLOCK, samples)
        part = electrons[:, begin:end]
        overflows = False
        for y in range(rows):
            for x in range(end - begin):
                overflows |= part[y, x] > well
        if overflows:
            excess = np.empty((rows, end - begin), np.float32)
            for y in range(rows):
                for x in range(end - begin):
                    excess[y, x] = max(part[y, x] - well, np.float32(0)) * half
                    part[y, x] = min(part[y, x], well)
            for turn in range(2):
                carried = np.zeros(end - begin, np.float32)
                for step in range(rows):
                    y = step if turn == 0 else rows - 1 - step
                    for x in range(end - begin):
                        taken = min(well - part[y, x], carried[x])
                        part[y, x] += taken
                        carried[x] += excess[y, x] - taken
